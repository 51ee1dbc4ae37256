# Verifies each message named on the command line with Mail::DKIM; one line of JSON-like words each.
use strict;
use warnings;
use Net::DNS;
use Mail::DKIM::Verifier;
use Mail::DKIM::DNS;

my $port = shift @ARGV;
Mail::DKIM::DNS::resolver(
    Net::DNS::Resolver->new(nameservers => ['127.0.0.1'], port => $port, recurse => 1));
for my $path (@ARGV) {
    open my $file, '<:raw', $path or die "$path: $!";
    local $/;
    my $message = <$file>;
    my $dkim = Mail::DKIM::Verifier->new();
    $dkim->PRINT($message);
    $dkim->CLOSE();
    my @results = map { $_->algorithm . '=' . $_->result_detail } $dkim->signatures;
    print $dkim->result, ' | ', join(', ', @results), "\n";
}
