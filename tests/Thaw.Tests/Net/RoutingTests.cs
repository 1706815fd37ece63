using System.Net;
using System.Text;
using Thaw.Net.Loop;
using Thaw.Protocol;
using Xunit;

namespace Thaw.Tests.Net;

public sealed class RoutingTests
{
    private static readonly Instant Start = new(0);
    private readonly RouteTable _table = new();

    [Fact]
    public void A_username_fragment_leads_to_its_session_and_after_a_restart_the_old_one_still_does_for_30_seconds()
    {
        var session = NewSession();
        session.Routes.Follow("0first", Start);
        session.Routes.Follow("0second", Start + TimeSpan.FromSeconds(10));

        Assert.True(_table.TryFind("0first"u8, out var byOld) && byOld == session);
        Assert.True(_table.TryFind("0second"u8, out var byNew) && byNew == session);
        Assert.Equal(Start + TimeSpan.FromSeconds(40), session.Routes.NextExpiry);

        session.Routes.Follow("0second", Start + TimeSpan.FromSeconds(40));
        Assert.False(_table.TryFind("0first"u8, out _));
        Assert.True(_table.TryFind("0second"u8, out _));
        Assert.Equal(Instant.Never, session.Routes.NextExpiry);
    }

    [Fact]
    public void A_restart_storm_keeps_a_bounded_number_of_aliases()
    {
        var session = NewSession();
        for (int i = 0; i < 1000; i++) session.Routes.Follow($"0generation{i}", Start);

        Assert.Equal(SessionRoutes.MaxUfrags, _table.UfragCount);
        Assert.True(_table.TryFind("0generation999"u8, out _));
    }

    [Fact]
    public void Naming_a_strangers_address_does_not_take_its_flow_but_proving_the_password_there_does()
    {
        var (victim, thief) = (NewSession(), NewSession());
        victim.Routes.Claim(FlowTo(1), proven: true);

        thief.Routes.Claim(FlowTo(1), proven: false);
        Assert.Equal(victim, Owner(FlowTo(1)));

        thief.Routes.Claim(FlowTo(1), proven: true);
        Assert.Equal(thief, Owner(FlowTo(1)));

        victim.Routes.Claim(FlowTo(1), proven: true); // its next check
        Assert.Equal(victim, Owner(FlowTo(1)));
    }

    [Fact]
    public void A_session_that_goes_takes_its_entries_along_and_no_one_elses()
    {
        var (one, two) = (NewSession(), NewSession());
        one.Routes.Follow("0one", Start);
        one.Routes.Follow("0one-again", Start);
        one.Routes.Claim(FlowTo(1), proven: false);
        one.Routes.Claim(FlowTo(2), proven: true);
        two.Routes.Follow("0two", Start);
        two.Routes.Claim(FlowTo(2), proven: true);

        one.Routes.Clear();

        Assert.Equal((1, 1), (_table.FlowCount, _table.UfragCount));
        Assert.Equal(two, Owner(FlowTo(2)));
    }

    [Fact]
    public void A_session_that_sends_everywhere_holds_a_bounded_number_of_flows_the_latest_ones()
    {
        var session = NewSession();
        for (ushort port = 1; port <= 1000; port++) session.Routes.Claim(FlowTo(port), proven: false);

        Assert.Equal(SessionRoutes.MaxFlows, _table.FlowCount);
        Assert.Equal(session, Owner(FlowTo(1000)));
        Assert.Null(Owner(FlowTo(1)));
    }

    [Fact]
    public void Lookups_survive_any_length_and_allocate_nothing()
    {
        var session = NewSession();
        session.Routes.Follow("0here", Start);
        session.Routes.Claim(FlowTo(1), proven: true);
        byte[] longest = Encoding.ASCII.GetBytes(new string('x', 5000));
        Find();

        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 1000; i++) Find();
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);

        void Find()
        {
            bool right = _table.TryFind("0here"u8, out _) && !_table.TryFind(longest, out _) && !_table.TryFind([], out _)
                && _table.TryFind(FlowTo(1), out _);
            if (!right) throw new InvalidOperationException();
        }
    }

    private Session? Owner(Flow flow) => _table.TryFind(flow, out var session) ? session : null;

    // Routes know neither peer nor loop.
    private Session NewSession() => new(null!, null!, null!, _table, 16);

    private static readonly TransportAddress Local = new(IPAddress.Loopback, 7860);

    private static readonly TransportAddress Remote = new(IPAddress.Parse("192.0.2.1"), 0);

    private static Flow FlowTo(ushort port) => new(Local, Remote.WithPort(port));
}
