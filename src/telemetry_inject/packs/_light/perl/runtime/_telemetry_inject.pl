# SPDX-License-Identifier: Apache-2.0
# The runtime helper of telemetry-inject: spans without a dependency, as OTLP/JSON lines in a file.
#
# They go to telemetry/<service>-<pid>.jsonl under the working directory; TELEMETRY_INJECT_FILE names another file
# ("{pid}" and "{service}" are filled in). TELEMETRY_INJECT_DISABLED=true or OTEL_SDK_DISABLED=true switches it off.
# It never dies into the program and never prints. Whether a sub died is not recorded: an object that goes out of
# scope is not told.
package TelemetryInject;
use strict;
use warnings;

my $LIMIT = 200;    # spans kept before they are written
my ($off, $current, @spans, $path, $service, $state, $writer);
my $clock;

BEGIN {
    local ($@, $!, $?);
    my $fine = eval { require Time::HiRes; Time::HiRes->can('time') };
    $clock = $fine ? sub { sprintf '%d000', $fine->() * 1_000_000 } : sub { time() . '000000000' };
}

# A generator of our own: the program's may be seeded, and has to give what it gave.
sub _random {
    my ($digits) = @_;
    my $text = '';
    while (length $text < $digits) {
        $state ^= ($state << 13) & 0xffffffff;
        $state ^= $state >> 17;
        $state ^= ($state << 5) & 0xffffffff;
        $text .= sprintf '%08x', $state & 0xffffffff;
    }
    return $text;
}

sub _set_up {
    $off = 0;
    $writer = $$;
    for my $name ('TELEMETRY_INJECT_DISABLED', 'OTEL_SDK_DISABLED') {
        $off = 1 if defined $ENV{$name} and lc $ENV{$name} eq 'true';
    }
    my ($address) = "@{[ \\my $here ]}" =~ /0x([0-9a-f]+)/ ? hex(substr $1, -8) : 1;
    $state = ((time() * 69069) ^ ($$ * 2654435761) ^ $address) & 0xffffffff || 1;
    if (open my $device, '<:raw', '/dev/urandom') {
        my $bytes = '';
        $state = unpack('L', $bytes) || 1 if 4 == (sysread($device, $bytes, 4) || 0);
        close $device;
    }
    my $program = $0;
    $program =~ s{^.*[/\\]}{};
    $program =~ s{\.p[lm]$}{};
    $service = $ENV{OTEL_SERVICE_NAME} || $program;
    $service =~ s/[^A-Za-z0-9_.-]/_/g;
    $path = $ENV{TELEMETRY_INJECT_FILE} || 'telemetry/{service}-{pid}.jsonl';
    $path =~ s/\{service\}/$service/g;
    if ($path !~ m{\A(?:/|[A-Za-z]:)}) {
        require Cwd;
        $path = Cwd::getcwd() . "/$path";
    }
    return;
}

sub enter {
    my ($name) = @_;
    local ($@, $!, $?, $_);
    my $span = eval {
        _set_up() unless defined $off;
        return undef if $off;
        my $parent = $current;
        my $made = bless {
            name => $name, parent => $parent, id => _random(16), process => $$,
            trace => $parent ? $parent->{trace} : _random(32), start => $clock->(),
        };
        $current = $made;
        require Scalar::Util;
        Scalar::Util::weaken($current);    # the sub's variable alone keeps it
        $made;
    };
    return $span;
}

sub DESTROY {
    my ($span) = @_;
    local ($@, $!, $?, $_);
    eval {
        my $finish = $clock->();
        my $parent = $span->{parent};
        $current = $parent;
        if ($parent) { Scalar::Util::weaken($current) }
        return if $span->{process} != $$;    # forked meanwhile: the parent tells of it
        if ($writer != $$) {    # a child: what was not written yet is the parent's
            $writer = $$;
            @spans = ();
        }
        my $above = $parent ? qq("parentSpanId":"$parent->{id}",) : '';
        push @spans, qq({"traceId":"$span->{trace}","spanId":"$span->{id}",$above"name":"$span->{name}","kind":1,)
            . qq("startTimeUnixNano":"$span->{start}","endTimeUnixNano":"$finish","attributes":[{"key":)
            . qq("code.function.name","value":{"stringValue":"$span->{name}"}}]});
        flush() if @spans >= $LIMIT;
        1;
    };
    return;
}

sub flush {
    return unless @spans and $writer == $$;
    my $text = '{"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"' . $service
        . qq("}},{"key":"process.pid","value":{"intValue":"$$"}}]},"scopeSpans":[{"scope":{"name":"telemetry-inject"},)
        . '"spans":[' . join(',', @spans) . "]}]}]}\n";
    @spans = ();
    my $target = $path;
    $target =~ s/\{pid\}/$$/g;
    my @folders = split m{/}, $target;
    for my $end (1 .. $#folders - 1) {
        my $folder = join '/', @folders[0 .. $end];
        mkdir $folder unless -d $folder;
    }
    if (open my $file, '>>:raw', $target) {
        syswrite $file, $text;
        close $file;
    }
    return;
}

# What the program gave stays the program's status: a `local $?` would make it 0.
END { my $status = $?; local ($@, $!); eval { flush() }; $? = $status }

1;
