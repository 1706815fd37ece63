using System.Security.Cryptography;
using Thaw.Net.Addresses;
using Thaw.Protocol;

namespace Thaw.Relay.Admin;

/// <summary>
/// Addresses as <c>public-1f3a90c2:50000</c>: who reaches it, a token that is the same for the same address, the port.
/// The token is keyed anew in each process: nobody can try all addresses until one fits, nor compare two days.
/// </summary>
internal sealed class AddressTokens
{
    private readonly byte[] _key = RandomNumberGenerator.GetBytes(32);

    public string Of(TransportAddress address, bool isShown)
    {
        if (isShown) return address.Port == 0 ? address.Address.ToString() : address.ToString();

        Span<byte> bytes = stackalloc byte[16], hash = stackalloc byte[HMACSHA256.HashSizeInBytes];
        HMACSHA256.HashData(_key, bytes[..address.WriteAddress(bytes)], hash);
        string port = address.Port == 0 ? "" : $":{address.Port}";
        string stream = address.Protocol is TransportProtocol.Tcp ? "/tcp" : "";
        return $"{Class(address)}-{Convert.ToHexStringLower(hash[..4])}{port}{stream}";
    }

    private static string Class(TransportAddress address) => AddressScopes.Of(address.Address) switch
    {
        AddressScope.Loopback => "loopback",
        AddressScope.LinkLocal => "link",
        AddressScope.Private => "private",
        AddressScope.SharedByProvider => "provider",
        AddressScope.Global => "public",
        _ => "reserved",
    };
}
