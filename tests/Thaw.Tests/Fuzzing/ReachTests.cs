using Thaw.Fuzz.Targets;
using Xunit;

namespace Thaw.Tests.Fuzzing;

/// <summary>A corpus that no longer gets anywhere would pass every other test.</summary>
public sealed class ReachTests
{
    [Fact]
    public void A_recorded_caller_gets_as_far_as_an_open_data_channel()
        => Assert.True(PeerTarget.Connects(File.ReadAllBytes(Repository.PathOf("fuzz", "corpus", "peer", "plain-connect"))));

    // A message of another handshake is read to its end, and found out by the first signature over it.
    [Theory]
    [InlineData("client-honest", "connected")]
    [InlineData("client-message-1", "decrypt_error")]
    [InlineData("client-message-1-in-pieces", "decrypt_error")]
    [InlineData("client-message-11", "decrypt_error")]
    [InlineData("client-message-15", "decrypt_error")]
    [InlineData("client-message-16", "decrypt_error")]
    [InlineData("server-honest", "connected")]
    [InlineData("server-message-2", "decrypt_error")]
    [InlineData("server-message-11", "decrypt_error")]
    [InlineData("server-message-11-in-pieces", "decrypt_error")]
    [InlineData("server-message-12", "decrypt_error")]
    [InlineData("server-message-13", "connected")] // the same in every handshake
    public void A_replaced_handshake_message_is_read_to_its_end(string seed, string outcome)
        => Assert.Contains(outcome, DtlsHandshakeTarget.Play(File.ReadAllBytes(Repository.PathOf("fuzz", "corpus", "dtls-handshake", seed))), StringComparison.Ordinal);

    [Theory]
    [InlineData("relayed", 3)] // an indication, and channel data twice: it has no transaction to mend
    [InlineData("relayed-sha256", 3)]
    [InlineData("second-family", 1)]
    public void A_turn_servers_answers_get_as_far_as_relayed_packets(string seed, int delivered)
        => Assert.Equal(delivered, TurnClientTarget.Play(File.ReadAllBytes(Repository.PathOf("fuzz", "corpus", "turn-client", seed))));
}
