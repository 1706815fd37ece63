using System.Buffers.Binary;
using Thaw.Protocol.Stun;

namespace Thaw.Protocol.Turn;

public sealed partial class TurnServer
{
    private const int MaxTries = 64; // asked of the host in one Allocate: foreign programs may sit in the range

    private readonly byte[] _randomBytes = new byte[512];
    private int _randomUsed = 512; // none is left

    /// <summary>A port of the range at random (RFC 8656 §7.2: unpredictable), already booked.</summary>
    private RelayedTransportAddress? Open(Allocation allocation, bool isIPv4, in Wish wish, Instant now)
    {
        if (RelayOf(isIPv4) is not { } address) return null;

        int first = _options.FirstRelayPort, count = _options.LastRelayPort - first + 1;
        int start = NextRandom(count);
        for (int i = 0, tries = 0; i < count && tries < MaxTries; i++)
        {
            int port = first + (start + i) % count;
            if (wish.IsEven && port % 2 != 0) continue;
            if (IsTaken(address.Local.WithPort((ushort)port)) || _ledger.IsReserved(address.Local.WithPort((ushort)port))) continue;
            if (wish.ReservesNext && port == _options.LastRelayPort) continue;

            tries++;
            var relayed = wish.ReservesNext ? TryOpenPair(address, port, allocation, now) : TryOpen(address, port, wish.Protocol);
            if (relayed is null) continue;
            relayed.Allocation = allocation;
            return relayed;
        }

        return null;
    }

    // The odd port is opened to see that it can be, and promised; whoever claims it opens it.
    private RelayedTransportAddress? TryOpenPair(RelayAddress address, int port, Allocation allocation, Instant now)
    {
        if (IsTaken(address.Local.WithPort((ushort)(port + 1))) || TryOpen(address, port) is not { } even) return null;

        Span<byte> bytes = stackalloc byte[sizeof(ulong)];
        _random.GetBytes(bytes);
        ulong token = BinaryPrimitives.ReadUInt64BigEndian(bytes);
        if (TryOpen(address, port + 1) is { } odd)
        {
            Shut(odd);
            if (_ledger.TryReserve(token, new Reservation(odd.Local, allocation.Identity.Account, now + ReservationLifetime)))
            {
                _nextReservation = Instant.Earlier(_nextReservation, now + ReservationLifetime);
                allocation.ReservationToken = token;
                return even;
            }
        }

        Shut(even);
        return null;
    }

    // One number is never a UDP and a TCP port at once: what somebody was told is his.
    private bool IsTaken(TransportAddress local)
        => _ports.IsOpen(local) || (_options.RelaysTcp && _ports.IsOpen(local.Over(TransportProtocol.Tcp)));

    private RelayedTransportAddress? TryOpen(RelayAddress address, int port, TransportProtocol protocol = TransportProtocol.Udp)
    {
        var relayed = new RelayedTransportAddress(address.Local.WithPort((ushort)port).Over(protocol), address.Announced.WithPort((ushort)port).Over(protocol));
        if (!_ports.TryOpen(relayed)) return null;
        _relayed.Add(relayed.Local, relayed);
        return relayed;
    }

    private void Shut(RelayedTransportAddress relayed)
    {
        relayed.Allocation = null;
        _relayed.Remove(relayed.Local);
        _ports.Close(relayed);
    }

    private (int Code, TurnRefusal Refusal)? TakeReserved(Allocation allocation, ulong token, Instant now)
    {
        string account = allocation.Identity.Account;
        if (_ledger.TryClaim(token, account, now) is not { } reservation)
            return (StunErrorCode.InsufficientCapacity, new TurnRefusal.NoSuchReservation());

        if (RelayOf(reservation.Local.IsIPv4) is not { } address || TryOpen(address, reservation.Local.Port) is not { } relayed)
        {
            _ledger.Release(account); // another program was quicker
            return (StunErrorCode.InsufficientCapacity, new TurnRefusal.PortsExhausted());
        }

        relayed.Allocation = allocation;
        if (relayed.Local.IsIPv4) allocation.IPv4 = relayed;
        else allocation.IPv6 = relayed;
        return null;
    }

    private void ExpireReservations(Instant now)
    {
        _nextReservation = Instant.Never;
        _ledger.Expire(now);
    }

    private int NextRandom(int below)
    {
        if (_randomUsed == _randomBytes.Length)
        {
            _random.GetBytes(_randomBytes); // asking costs more than all else about a port, however few bytes it is for
            _randomUsed = 0;
        }

        var bytes = _randomBytes.AsSpan(_randomUsed, sizeof(ulong));
        _randomUsed += bytes.Length;
        return (int)(BinaryPrimitives.ReadUInt64BigEndian(bytes) % (ulong)below); // of 2^64: the bias is nothing
    }
}
