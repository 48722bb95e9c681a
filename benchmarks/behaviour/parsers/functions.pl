# Prints the functions of Perl files, as PPI (Debian: libppi-perl) finds them.
use strict;
use warnings;
use JSON::PP ();
use PPI;

my %all;
for my $path (@ARGV) {
    my $document = PPI::Document->new($path) or do { $all{$path} = undef; next };
    $document->index_locations;
    my @found;
    for my $sub (@{ $document->find('PPI::Statement::Sub') || [] }) {
        next if $sub->isa('PPI::Statement::Scheduled') || !$sub->name || !$sub->block || !$sub->block->finish;
        push @found, [ $sub->name, $sub->line_number, $sub->block->finish->line_number ];
    }
    $all{$path} = \@found;
}
print JSON::PP->new->encode(\%all);
