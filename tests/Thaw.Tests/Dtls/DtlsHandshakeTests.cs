using Thaw.Dtls;
using Thaw.Protocol;
using Thaw.Protocol.Dtls;
using Xunit;

namespace Thaw.Tests.Dtls;

public sealed class DtlsHandshakeTests
{
    [Fact]
    public void Both_roles_connect_in_two_round_trips_with_mirrored_keys()
    {
        using var world = new DtlsWorld(latencyMs: 10).Start().RunUntil(() => false, seconds: 1);

        Assert.True(world.BothConnected);
        var (client, server) = (world.Client.Keys!, world.Server.Keys!);
        Assert.Equal(SrtpProfile.AeadAes128Gcm, client.Profile);
        Assert.Equal(SrtpProfile.AeadAes128Gcm, server.Profile);
        Assert.Equal(client.LocalMasterKey, server.RemoteMasterKey);
        Assert.Equal(client.LocalMasterSalt, server.RemoteMasterSalt);
        Assert.Equal(client.RemoteMasterKey, server.LocalMasterKey);
        Assert.Equal(client.RemoteMasterSalt, server.LocalMasterSalt);
        Assert.NotEqual(client.LocalMasterKey, client.RemoteMasterKey);
        Assert.Equal((16, 12), (client.LocalMasterKey.Length, client.LocalMasterSalt.Length)); // RFC 7714 §12.3

        var connected = Assert.Single(world.Client.Saw<Observation.DtlsConnected>());
        Assert.Equal(TimeSpan.FromMilliseconds(40), connected.Duration);
        Assert.Equal("TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", connected.CipherSuite);
        Assert.Equal(Instant.Never, world.Client.WakeAt);
        Assert.Equal(Instant.Never, world.Server.WakeAt);
    }

    [Fact]
    public void Each_flight_is_one_datagram_within_the_mtu()
    {
        using var world = new DtlsWorld().Connect();

        Assert.Equal([1, 5], world.Client.Saw<Observation.DtlsFlightSent>().Select(f => f.Flight));
        Assert.Equal([4, 6], world.Server.Saw<Observation.DtlsFlightSent>().Select(f => f.Flight));
        Assert.Equal(2, world.Client.Sent.Count);
        Assert.Equal(2, world.Server.Sent.Count);
        Assert.All([.. world.Client.Sent, .. world.Server.Sent], s => Assert.InRange(s.Datagram.Length, 1, 1200));
        Assert.Empty(world.Client.Saw<Observation.DtlsFlightRetransmitted>());
        Assert.Empty(world.Server.Saw<Observation.DtlsFlightRetransmitted>());
    }

    [Fact]
    public void A_small_mtu_fragments_the_messages()
    {
        using var host = new BouncyCastleDtls(new DtlsOptions { Mtu = 256 });
        using var world = new DtlsWorld(host, host).Connect();

        Assert.All([.. world.Client.Sent, .. world.Server.Sent], s => Assert.InRange(s.Datagram.Length, 1, 256));
        Assert.InRange(world.Server.Sent.Count, 4, 8);
    }

    [Fact]
    public void The_server_reports_the_hello_and_both_report_a_start()
    {
        using var world = new DtlsWorld().Connect();

        var hello = Assert.Single(world.Server.Saw<Observation.DtlsClientHelloReceived>());
        Assert.Equal(1, hello.Datagrams);
        Assert.InRange(hello.Bytes, 80, 300);
        Assert.False(hello.OffersDtls13);
        Assert.Equal([(ushort)SrtpProfile.AeadAes128Gcm, (ushort)SrtpProfile.Aes128CmHmacSha1_80], hello.OfferedProfiles);
        Assert.Equal(DtlsRole.Server, Assert.Single(world.Server.Saw<Observation.DtlsHandshakeStarted>()).Role);
        Assert.Equal(DtlsRole.Client, Assert.Single(world.Client.Saw<Observation.DtlsHandshakeStarted>()).Role);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_wrong_fingerprint_fails_both_sides_with_bad_certificate(bool serverIsDeceived)
    {
        using var stranger = new BouncyCastleDtls();
        using var world = new DtlsWorld(
            serverExpects: serverIsDeceived ? stranger.LocalFingerprint : null,
            clientExpects: serverIsDeceived ? null : stranger.LocalFingerprint).Start().RunFor(1);
        var deceived = serverIsDeceived ? world.Server : world.Client;
        var peer = world.PeerOf(deceived);

        Assert.Equal(DtlsFailure.FingerprintMismatch, deceived.Failed!.Reason);
        Assert.Contains(stranger.LocalFingerprint.ToString(), deceived.Failed.Detail);
        Assert.Equal(stranger.LocalFingerprint, Assert.Single(deceived.Saw<Observation.DtlsCertificateMismatch>()).Expected);
        Assert.Equal(42, Assert.Single(deceived.Saw<Observation.DtlsAlertRaised>()).Description); // RFC 5246 §7.2.2: bad_certificate

        Assert.Equal(DtlsFailure.AlertReceived, peer.Failed!.Reason);
        Assert.Contains("bad_certificate", peer.Failed.Detail);
        Assert.False(world.BothConnected);
        Assert.Null(deceived.Keys);
    }

    [Fact]
    public void A_client_hello_that_spans_datagrams_is_reassembled_in_any_order()
    {
        using var world = new DtlsWorld();
        world.Network = (from, datagram) => from == world.Client && world.Client.Sent.Count == 1
            ? Datagrams.Fragment(datagram, 100).AsEnumerable().Reverse()
            : [datagram];
        world.Connect();

        var hello = Assert.Single(world.Server.Saw<Observation.DtlsClientHelloReceived>());
        Assert.Equal(Datagrams.Fragment(world.Client.Sent[0].Datagram, 100).Count, hello.Datagrams);
        Assert.Equal(world.Client.Sent[0].Datagram.Length - 25, hello.Bytes);
        Assert.Empty(world.Server.Saw<Observation.DtlsFlightRetransmitted>());
    }

    [Fact]
    public void A_browsers_two_datagram_hello_with_dtls_1_3_first_is_answered_with_1_2()
    {
        using var world = new DtlsWorld { Network = (_, _) => [] };
        world.Start();
        List<byte[]> hello = Datagrams.Fragment(Datagrams.OfferDtls13(world.Client.Sent[0].Datagram), 1175);
        Assert.Equal(2, hello.Count);

        world.Deliver(world.Server, hello[0]);
        Assert.Empty(world.Server.Sent);
        world.Deliver(world.Server, hello[1]);

        var seen = Assert.Single(world.Server.Saw<Observation.DtlsClientHelloReceived>());
        Assert.True(seen.OffersDtls13);
        Assert.Equal((2, true), (seen.Datagrams, seen.Bytes > 1175));
        Assert.Equal(4, Assert.Single(world.Server.Saw<Observation.DtlsFlightSent>()).Flight);
        Assert.Equal([0xFE, 0xFD], world.Server.Sent[0].Datagram[25..27]); // ServerHello.server_version
    }

    [Fact]
    public void A_silent_peer_ends_in_a_timeout_that_says_how_far_it_came()
    {
        using var host = new BouncyCastleDtls();
        using var world = new DtlsWorld(host, host) { Network = (_, _) => [] }.Start().RunFor(20);

        Assert.Equal(DtlsFailure.HandshakeTimeout, world.Client.Failed!.Reason);
        Assert.Equal(DtlsFailure.HandshakeTimeout, world.Server.Failed!.Reason);
        Assert.Contains("no answer to 14 ClientHellos", world.Client.Failed.Detail);
        Assert.Contains("no ClientHello arrived", world.Server.Failed.Detail);
        Assert.Empty(world.Server.Sent);
        Assert.Empty(world.Client.Saw<Observation.DtlsAlertRaised>());
        Assert.Equal(0, host.HandshakesInFlight);

        double[] sentAt = [.. world.Client.Sent.Select(s => (s.At - new Instant(0)).TotalMilliseconds)];
        Assert.Equal([0, 50, 150, 350, 750, 1550, 2350, 3150, 3950, 4750, 5550, 6350, 7150, 7950], sentAt);
    }

    [Fact]
    public void A_server_waiting_for_the_client_repeats_its_flight_and_then_gives_up()
    {
        using var world = new DtlsWorld(latencyMs: 0);
        world.Network = (from, datagram) => from == world.Client && world.Client.Sent.Count == 1 ? [datagram] : [];
        world.Start().RunFor(20);

        double[] sentAt = [.. world.Server.Sent.Select(s => (s.At - new Instant(0)).TotalMilliseconds)];
        Assert.Equal([0, 50, 150, 350], sentAt[..4]);
        Assert.Equal(DtlsFailure.HandshakeTimeout, world.Server.Failed!.Reason);
        Assert.Contains("no complete answer to flight 4, sent 14 times", world.Server.Failed.Detail);
        Assert.Equal(13, world.Server.Saw<Observation.DtlsFlightRetransmitted>()[^1].Attempt);
    }

    [Fact]
    public void A_peer_without_a_common_profile_is_told_and_named()
    {
        using var world = new DtlsWorld();
        world.Network = (from, datagram) => [from == world.Client ? Datagrams.ReplaceProfiles(datagram, 0x0008) : datagram]; // AES-256-GCM
        world.Start().RunFor(1);

        Assert.Equal(DtlsFailure.NoCommonProfile, world.Server.Failed!.Reason);
        Assert.Contains("0x0008", world.Server.Failed.Detail);
        Assert.Equal(DtlsFailure.AlertReceived, world.Client.Failed!.Reason);
        Assert.Equal([0x0008, 0x0008], Assert.Single(world.Server.Saw<Observation.DtlsClientHelloReceived>()).OfferedProfiles);
    }
}
