using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;

namespace Thaw.Protocol.Sdp;

public sealed partial record SdpCandidate
{
    private const int MaxLength = 1024;

    private static readonly SearchValues<char> IPv6Chars = SearchValues.Create("0123456789abcdefABCDEF:.");
    private static readonly SearchValues<char> IPv4Chars = SearchValues.Create("0123456789.");
    private static readonly SearchValues<char> NameChars = SearchValues.Create(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._");

    /// <summary>Takes <c>a=candidate:…</c>, <c>candidate:…</c> or what follows. Extensions we do not know are left out.</summary>
    public static bool TryParse(ReadOnlySpan<char> line, [NotNullWhen(true)] out SdpCandidate? candidate)
    {
        candidate = null;
        if (line.Length > MaxLength) return false;

        line = line.Trim();
        if (line.StartsWith("a=")) line = line[2..];
        if (line.StartsWith("candidate:", StringComparison.OrdinalIgnoreCase)) line = line["candidate:".Length..];

        var words = new SdpWords(line);
        var foundation = words.Next();
        if (foundation.Length is 0 or > 64 || !SdpText.IsToken(foundation)) return false; // 32 by RFC 8839 §5.1
        if (!SdpText.TryNumber(words.Next(), 1, 256, out long component)) return false;   // RFC 8839 §5.1
        var transport = words.Next();
        if (!SdpText.TryNumber(words.Next(), 0, uint.MaxValue, out long priority)) return false;
        var host = words.Next();
        if (!SdpText.TryNumber(words.Next(), 0, ushort.MaxValue, out long port)) return false;
        if (!words.Next().Equals("typ", StringComparison.OrdinalIgnoreCase)) return false;
        var type = words.Next();
        if (type.IsEmpty) return false;

        bool isLiteral = TryAddress(host, (ushort)port, out var address);
        if (!isLiteral && !IsHostName(host)) return false;

        candidate = WithExtensions(ref words, new SdpCandidate
        {
            Foundation = foundation.ToString(),
            Component = (int)component,
            Transport = TransportOf(transport),
            Priority = (uint)priority,
            Address = isLiteral ? address : null,
            HostName = isLiteral ? null : host.ToString(),
            Port = (ushort)port,
            Type = TypeOf(type),
        });
        return true;
    }

    private static SdpCandidate WithExtensions(ref SdpWords words, SdpCandidate candidate)
    {
        var raddr = ReadOnlySpan<char>.Empty;
        ushort rport = 0;

        while (words.Next() is { IsEmpty: false } name && words.Next() is { IsEmpty: false } value)
        {
            switch (name)
            {
                case "raddr": raddr = value; break;
                case "rport" when Number(value) is <= ushort.MaxValue and var number: rport = (ushort)number; break;
                case "tcptype" when SdpText.IsToken(value): candidate = candidate with { TcpType = value.ToString() }; break;
                case "ufrag" when SdpText.IsIceText(value, 1): candidate = candidate with { Ufrag = value.ToString() }; break;
                case "generation": candidate = candidate with { Generation = Number(value) }; break;
                case "network-id": candidate = candidate with { NetworkId = Number(value) }; break;
            }
        }

        return TryAddress(raddr, rport, out var related) ? candidate with { Related = related } : candidate;
    }

    private static uint? Number(ReadOnlySpan<char> text)
        => SdpText.TryNumber(text, 0, uint.MaxValue, out long number) ? (uint)number : null;

    private static SdpCandidateTransport TransportOf(ReadOnlySpan<char> name)
        => name.Equals("udp", StringComparison.OrdinalIgnoreCase) ? SdpCandidateTransport.Udp
            : name.Equals("tcp", StringComparison.OrdinalIgnoreCase) ? SdpCandidateTransport.Tcp
            : SdpCandidateTransport.Other;

    private static SdpCandidateType TypeOf(ReadOnlySpan<char> name) => name switch
    {
        "host" => SdpCandidateType.Host,
        "prflx" => SdpCandidateType.PeerReflexive,
        "srflx" => SdpCandidateType.ServerReflexive,
        "relay" => SdpCandidateType.Relayed,
        _ => SdpCandidateType.Other,
    };

    // IPAddress also takes "1", "0x7f.1", octal and "[::1]:80"; an SDP address is none of these (RFC 8866 §9).
    private static bool TryAddress(ReadOnlySpan<char> text, ushort port, out TransportAddress address)
    {
        address = default;
        if (text.Contains(':'))
        {
            int zone = text.IndexOf('%'); // names an interface of the peer's, so it means nothing here
            if (zone >= 0) text = text[..zone];
            if (text.ContainsAnyExcept(IPv6Chars) || !IPAddress.TryParse(text, out var ip)) return false;
            address = new TransportAddress(ip, port);
            return true;
        }

        Span<byte> bytes = stackalloc byte[4];
        for (int i = 0; i < 4; i++)
        {
            int dot = i < 3 ? text.IndexOf('.') : text.Length;
            if (dot is < 1 or > 3 || !byte.TryParse(text[..dot], NumberStyles.None, CultureInfo.InvariantCulture, out bytes[i])) return false;
            if (dot > 1 && text[0] == '0') return false;
            text = i < 3 ? text[(dot + 1)..] : text;
        }

        address = TransportAddress.FromIPv4(bytes, port);
        return true;
    }

    // A name of digits and dots only is a mistyped address, and a colon is never part of a name.
    private static bool IsHostName(ReadOnlySpan<char> text)
        => text.Length is > 0 and <= 253 // RFC 1035 §2.3.4
            && !text.ContainsAnyExcept(NameChars) && text.ContainsAnyExcept(IPv4Chars);
}
