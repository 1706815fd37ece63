using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Net;

namespace Thaw.Protocol;

/// <summary>What carries the bytes between two transport addresses; TLS and DTLS are what is inside.</summary>
public enum TransportProtocol : byte { Udp, Tcp }

/// <summary>
/// The combination of an IP address, a transport protocol and its port (RFC 8445 §4): the UDP and the TCP port of one
/// number are two addresses. A plain value: comparing, hashing and passing it on allocate nothing. An IPv4-mapped IPv6
/// address and its IPv4 address are the same value.
/// </summary>
public readonly record struct TransportAddress
{
    private static readonly UInt128 MappedPrefix = (UInt128)0xFFFF << 32; // RFC 4291 §2.5.5.2

    private readonly UInt128 _address;

    private TransportAddress(UInt128 address, ushort port, TransportProtocol protocol = TransportProtocol.Udp)
    {
        _address = address;
        Port = port;
        Protocol = protocol;
    }

    public TransportAddress(IPAddress address, ushort port)
    {
        Span<byte> bytes = stackalloc byte[16];
        bool fits = address.TryWriteBytes(bytes, out int length);
        System.Diagnostics.Debug.Assert(fits);
        this = length == 4 ? FromIPv4(bytes[..4], port) : FromIPv6(bytes, port);
    }

    public ushort Port { get; }

    public TransportProtocol Protocol { get; }

    public bool IsIPv4 => _address >> 32 == 0xFFFF;

    public bool IsIPv6 => !IsIPv4 && this != default;

    /// <summary>127.0.0.0/8 or ::1.</summary>
    public bool IsLoopback => IsIPv4 ? (byte)(_address >> 24) == 127 : _address == 1;

    /// <summary>169.254.0.0/16 or fe80::/10.</summary>
    public bool IsLinkLocal => IsIPv4 ? (ushort)(_address >> 16) == 0xA9FE : (ushort)(_address >> 118) == 0xFE80 >> 6;

    /// <summary>4 or 16: what <see cref="WriteAddress"/> writes.</summary>
    public int AddressLength => IsIPv4 ? 4 : 16;

    /// <summary>Allocates: for display and for the edge to the socket API, not for the packet path.</summary>
    public IPAddress Address
    {
        get
        {
            Span<byte> bytes = stackalloc byte[16];
            return new IPAddress(bytes[..WriteAddress(bytes)]);
        }
    }

    public static TransportAddress FromIPv4(ReadOnlySpan<byte> address, ushort port)
        => new(MappedPrefix | BinaryPrimitives.ReadUInt32BigEndian(address), port);

    public static TransportAddress FromIPv6(ReadOnlySpan<byte> address, ushort port)
        => new(BinaryPrimitives.ReadUInt128BigEndian(address), port);

    public static bool TryParse([NotNullWhen(true)] string? address, int port, out TransportAddress parsed)
    {
        parsed = default;
        if (port is < 0 or > ushort.MaxValue || !IPAddress.TryParse(address, out var ip)) return false;
        parsed = new TransportAddress(ip, (ushort)port);
        return true;
    }

    public TransportAddress WithPort(ushort port) => new(_address, port, Protocol);

    public TransportAddress Over(TransportProtocol protocol) => new(_address, Port, protocol);

    public bool SameAddress(TransportAddress other) => _address == other._address;

    /// <summary>Writes the 4 or 16 address bytes in network order and returns how many.</summary>
    public int WriteAddress(Span<byte> destination)
    {
        if (IsIPv4)
        {
            BinaryPrimitives.WriteUInt32BigEndian(destination, (uint)_address);
            return 4;
        }

        BinaryPrimitives.WriteUInt128BigEndian(destination, _address);
        return 16;
    }

    // One mixing instead of one for each part: packets are looked up by address. HashCode is seeded anew in every process.
    public override int GetHashCode() => HashCode.Combine((ulong)_address, (ulong)(_address >> 64), Port | (int)Protocol << 16);

    /// <summary><c>192.0.2.1:3478</c>, <c>[2001:db8::1]:3478</c>; over TCP with <c>/tcp</c> behind it.</summary>
    public override string ToString() => new IPEndPoint(Address, Port) + (Protocol is TransportProtocol.Tcp ? "/tcp" : "");
}
