using System.Net;

namespace Thaw.Relay.Admin;

/// <summary>Where whoever runs a relay may watch it.</summary>
public sealed record RelayAdminOptions
{
    /// <summary>0 takes a free one.</summary>
    public int Port { get; init; }

    /// <summary>Beyond this machine only with a <see cref="Token"/>.</summary>
    public IPAddress Address { get; init; } = IPAddress.Loopback;

    /// <summary>What a request must carry as <c>Authorization: Bearer</c>; empty: nothing. Health and readiness are told to all.</summary>
    public string Token { get; init; } = "";
}
