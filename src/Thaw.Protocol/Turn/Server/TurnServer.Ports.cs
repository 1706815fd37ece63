using System.Buffers.Binary;

namespace Thaw.Protocol.Turn;

public sealed partial class TurnServer
{
    private const int MaxTries = 64; // asked of the host in one Allocate: foreign programs may sit in the range

    /// <summary>A port kept for the next Allocate of the same user (RFC 8656 §7.2).</summary>
    private sealed record Reservation(RelayedTransportAddress Relayed, string Account, Instant ExpiresAt);

    private readonly Dictionary<ulong, Reservation> _reservations = [];
    private readonly Dictionary<string, int> _used = []; // relayed addresses by account; as long as RelayedCount at most

    private RelayedTransportAddress? Open(Allocation allocation, bool isIPv4, in Wish wish, Instant now)
    {
        if (RelayOf(isIPv4) is not { } address) return null;

        int first = _options.FirstRelayPort, count = _options.LastRelayPort - first + 1;
        int start = NextRandom(count); // RFC 8656 §7.2: unpredictable
        for (int i = 0, tries = 0; i < count && tries < MaxTries; i++)
        {
            int port = first + (start + i) % count;
            if (wish.IsEven && port % 2 != 0) continue;
            var local = address.Local.WithPort((ushort)port);
            if (_relayed.ContainsKey(local)) continue;

            if (!wish.ReservesNext)
            {
                tries++;
                if (TryOpen(address, port, allocation.Identity.Account) is not { } relayed) continue;
                relayed.Allocation = allocation;
                return relayed;
            }

            if (port == _options.LastRelayPort || _relayed.ContainsKey(local.WithPort((ushort)(port + 1)))) continue;
            tries++;
            if (TryOpenPair(address, port, allocation, now) is { } even) return even;
        }

        return null;
    }

    private RelayedTransportAddress? TryOpenPair(RelayAddress address, int port, Allocation allocation, Instant now)
    {
        string account = allocation.Identity.Account;
        if (TryOpen(address, port, account) is not { } even) return null;
        if (TryOpen(address, port + 1, account) is not { } odd)
        {
            Shut(even, account);
            return null;
        }

        Span<byte> bytes = stackalloc byte[sizeof(ulong)];
        _random.GetBytes(bytes);
        ulong token = BinaryPrimitives.ReadUInt64BigEndian(bytes);
        if (!_reservations.TryAdd(token, new Reservation(odd, account, now + ReservationLifetime)))
        {
            Shut(even, account);
            Shut(odd, account);
            return null;
        }

        _nextReservation = Instant.Earlier(_nextReservation, now + ReservationLifetime);
        even.Allocation = allocation;
        allocation.ReservationToken = token;
        return even;
    }

    private RelayedTransportAddress? TryOpen(RelayAddress address, int port, string account)
    {
        var relayed = new RelayedTransportAddress(address.Local.WithPort((ushort)port), address.Announced.WithPort((ushort)port));
        if (!_ports.TryOpen(relayed)) return null;
        _relayed.Add(relayed.Local, relayed);
        _used[account] = _used.GetValueOrDefault(account) + 1;
        return relayed;
    }

    private void Shut(RelayedTransportAddress relayed, string account)
    {
        relayed.Allocation = null;
        _relayed.Remove(relayed.Local);
        if (--_used[account] == 0) _used.Remove(account);
        _ports.Close(relayed);
    }

    private bool TakeReserved(Allocation allocation, ulong token)
    {
        if (!_reservations.TryGetValue(token, out var reservation) || reservation.Account != allocation.Identity.Account) return false;

        _reservations.Remove(token);
        reservation.Relayed.Allocation = allocation;
        if (reservation.Relayed.Local.IsIPv4) allocation.IPv4 = reservation.Relayed;
        else allocation.IPv6 = reservation.Relayed;
        return true;
    }

    private int NextRandom(int below)
    {
        Span<byte> bytes = stackalloc byte[sizeof(ulong)];
        _random.GetBytes(bytes);
        return (int)(BinaryPrimitives.ReadUInt64BigEndian(bytes) % (ulong)below); // of 2^64: the bias is nothing
    }
}
