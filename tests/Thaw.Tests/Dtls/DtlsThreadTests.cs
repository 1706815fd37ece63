using Thaw.Dtls;
using Thaw.Protocol;
using Thaw.Protocol.Dtls;
using Xunit;

namespace Thaw.Tests.Dtls;

public sealed class DtlsThreadTests
{
    [Fact]
    public void An_idle_server_holds_no_thread_and_garbage_gives_it_none()
    {
        using var host = new BouncyCastleDtls();
        using var world = new DtlsWorld(host, host);
        world.Server.Engine.Start(world.Now);
        foreach (byte[] garbage in (byte[][])[[], [22], [0, 1, 0, 0], new byte[1500], [22, 0xFE, 0xFD, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 1, 0]])
            world.Deliver(world.Server, garbage);

        Assert.Equal(0, host.Fibres.Threads);
        Assert.Equal(5, world.Server.Saw<Observation.DatagramDropped>().Length);
    }

    [Fact]
    public void Fifty_handshakes_at_once_share_threads_and_give_them_back()
    {
        var host = new BouncyCastleDtls();
        DtlsWorld[] worlds = [.. Enumerable.Range(0, 50).Select(_ => new DtlsWorld(host, host))];
        foreach (var world in worlds) world.Start();
        foreach (var world in worlds) world.RunUntil(() => world.Server.Sent.Count > 0);
        Assert.Equal(100, host.HandshakesInFlight);
        Assert.Equal(100, host.Fibres.Threads);

        foreach (var world in worlds) world.RunUntil(() => world.BothConnected);
        Assert.All(worlds, world => Assert.True(world.BothConnected));
        Assert.Equal(0, host.HandshakesInFlight);
        Assert.True(SpinWait.SpinUntil(() => host.Fibres.Threads <= 4, 5000), "idle threads beyond the few kept must end");

        using (var next = new DtlsWorld(host, host).Connect()) Assert.InRange(host.Fibres.Threads, 1, 4);

        foreach (var world in worlds) world.Dispose();
        host.Dispose();
        Assert.True(SpinWait.SpinUntil(() => host.Fibres.Threads == 0, 5000), "a disposed host keeps no thread");
    }

    [Fact]
    public void Leaving_in_the_middle_releases_the_thread()
    {
        var host = new BouncyCastleDtls();
        foreach (double runFor in (double[])[0.001, 0.011, 0.021, 0.031])
        {
            var world = new DtlsWorld(host, host).Start().RunFor(runFor);
            Assert.InRange(host.HandshakesInFlight, 1, 2);
            world.Server.Engine.Close(world.Now);
            world.Client.Engine.Dispose();
            Assert.Equal(0, host.HandshakesInFlight);
            world.Dispose();
        }

        var deserted = new DtlsWorld(host, host) { Network = (_, _) => [] };
        deserted.Start().RunFor(10);
        Assert.Equal(0, host.HandshakesInFlight);
        host.Dispose();
        Assert.True(SpinWait.SpinUntil(() => host.Fibres.Threads == 0, 5000));
    }

    [Fact]
    public void Beyond_the_limit_a_handshake_waits_its_turn()
    {
        using var host = new BouncyCastleDtls(new DtlsOptions { MaxHandshakes = 2 });
        using var first = new DtlsWorld(host, host) { Network = (_, _) => [] };
        first.Start();
        first.Deliver(first.Server, first.Client.Sent[0].Datagram); // both fibres are taken

        using var second = new DtlsWorld(host, host);
        second.Start().RunFor(1);
        Assert.Equal(2, Assert.Single(second.Client.Saw<Observation.DtlsHandshakeQueued>()).InFlight);
        Assert.Empty(second.Client.Sent);

        first.Dispose();
        second.RunUntil(() => second.BothConnected);
        Assert.True(second.BothConnected);
    }

    [Fact]
    public void A_handshake_that_never_gets_its_turn_says_so()
    {
        using var host = new BouncyCastleDtls(new DtlsOptions { MaxHandshakes = 1 });
        using var world = new DtlsWorld(host, host).Start().RunFor(9); // the client has the only fibre

        Assert.Equal(DtlsFailure.TooManyHandshakes, world.Server.Failed!.Reason);
        Assert.Equal(DtlsFailure.HandshakeTimeout, world.Client.Failed!.Reason);
        Assert.Equal(0, host.HandshakesInFlight);
    }

    [Fact]
    public async Task Loops_on_several_threads_may_share_one_host()
    {
        using var host = new BouncyCastleDtls();
        bool[] connected = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() =>
            Enumerable.Range(0, 10).All(_ =>
            {
                using var world = new DtlsWorld(host, host).Start();
                return world.RunUntil(() => world.BothConnected).BothConnected;
            }))));

        Assert.All(connected, Assert.True);
        Assert.Equal(0, host.HandshakesInFlight);
    }

    [Fact]
    public void Certificates_of_two_hosts_differ_and_are_valid_now()
    {
        using var one = new BouncyCastleDtls();
        using var two = new BouncyCastleDtls();

        Assert.NotEqual(one.LocalFingerprint, two.LocalFingerprint);
        Assert.Equal("sha-256", one.LocalFingerprint.Algorithm);
    }
}
