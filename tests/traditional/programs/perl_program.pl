#!/usr/bin/perl
use strict;
use warnings;

=head1 DOC

sub fake {
}

=cut

sub total {
    my (@items) = @_;
    my $sum = 0;
    for my $i (@items) {
        $sum += $i if $i =~ m{^\d+$}; # }
    }
    return wantarray ? ($sum, 1) : $sum;
}

sub fail
{
    my ($text) = @_;
    die "bad $text\n" unless $text =~ /}/;
    return;
}

sub one { return 1 }

my @x = total(1, 2, "x");
print "@x ", scalar(total(3)), "\n";
eval { fail("z") }; print "err: $@";
local $? = 3;
print one(), "\n";
print <<"EOT";
sub other {
}
EOT
exit 2;
