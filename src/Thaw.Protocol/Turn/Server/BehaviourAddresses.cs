namespace Thaw.Protocol.Turn;

/// <summary>
/// Where a server of NAT behaviour discovery (RFC 5780 §6) hears and answers in one family: at each of two ports of each of
/// two addresses, all four of which its host listens at; or at two ports of one address, where it has no other.
/// </summary>
/// <param name="Primary">A1 and P1.</param>
/// <param name="Alternate">A2 and P2.</param>
public sealed record BehaviourAddresses(TransportAddress Primary, TransportAddress Alternate)
{
    /// <summary>Else only the port can be changed, and there is no OTHER-ADDRESS.</summary>
    public bool HasTwoAddresses => !Primary.SameAddress(Alternate);

    public bool Contains(TransportAddress listener)
        => (listener.SameAddress(Primary) || listener.SameAddress(Alternate)) && (listener.Port == Primary.Port || listener.Port == Alternate.Port)
            && listener.Protocol == Primary.Protocol;

    /// <summary>Table 1 of §6.1.</summary>
    /// <param name="heardAt">One of the four.</param>
    public TransportAddress Change(TransportAddress heardAt, bool address, bool port)
    {
        bool isPrimary = heardAt.SameAddress(Primary) != address;
        bool isFirstPort = heardAt.Port == Primary.Port != port;
        return (isPrimary || !HasTwoAddresses ? Primary : Alternate).WithPort(isFirstPort ? Primary.Port : Alternate.Port);
    }
}
