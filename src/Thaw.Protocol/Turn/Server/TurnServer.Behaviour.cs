using System.Buffers.Binary;
using Thaw.Protocol.Stun;

namespace Thaw.Protocol.Turn;

/// <summary>
/// NAT behaviour discovery (RFC 5780). Each answer costs its asker one of the few that a source may draw unproven, is never
/// longer than what a padded request was, and leaves the asked port of the source's own address alone where it is a system's.
/// </summary>
public sealed partial class TurnServer
{
    private const uint ChangeAddress = 4, ChangePort = 2; // RFC 5780 §7.2
    private const int LeastResponsePort = 1024;           // RFC 6335 §6: below are system ports, where no NAT keeps a mapping

    /// <summary>
    /// One of each family; none: such requests are refused with 420, as those of a client that asks anywhere else or over a
    /// stream are. A host sets it before it starts, once its ports are known.
    /// </summary>
    public IReadOnlyList<BehaviourAddresses> Behaviour { get; set; } = [];

    /// <summary>For a host that answers something itself before the client has proven its address, such as a DTLS hello.</summary>
    public bool TryTakeUnproven(TransportAddress source, Instant now)
        => MayAnswer(new Asked(new FiveTuple(source, default), default, default, false, false), now);

    private BehaviourAddresses? BehaviourAt(TransportAddress listener)
    {
        foreach (var addresses in Behaviour)
            if (addresses.Contains(listener)) return addresses;
        return null;
    }

    // The asker has a right to an answer: its budget has been asked.
    private void AnswerBehaviour(in StunReader request, in Asked asked, BehaviourAddresses addresses)
    {
        if (request.FindUnknown(UnderstoodInBehaviour, stackalloc ushort[1]) > 0)
        {
            RefuseUnknown(request, UnderstoodInBehaviour, asked, identity: null);
            return;
        }

        uint change = 0;
        if (request.TryFind(StunAttributeType.ChangeRequest, out var flags) && !flags.TryReadUInt32(out change))
        {
            RefuseFlaw(asked, StunAttributeType.ChangeRequest);
            return;
        }

        if ((change & ChangeAddress) != 0 && !addresses.HasTwoAddresses)
        {
            RefuseUnknown(request, UnderstoodInBinding, asked, identity: null);
            return;
        }

        var client = asked.FiveTuple.Client;
        bool isPadded = request.TryFind(StunAttributeType.Padding, out var padding);
        if (request.TryFind(StunAttributeType.ResponsePort, out var port) && (isPadded || !TryReadPort(port, ref client))) // §6.1: not both
        {
            RefuseFlaw(asked, StunAttributeType.ResponsePort);
            return;
        }

        var origin = addresses.Change(asked.FiveTuple.Server, (change & ChangeAddress) != 0, (change & ChangePort) != 0);
        var writer = Begin(asked, StunClass.SuccessResponse);
        writer.AddXorAddress(StunAttributeType.XorMappedAddress, asked.FiveTuple.Client);
        writer.AddAddress(StunAttributeType.MappedAddress, asked.FiveTuple.Client); // §6.1: whoever rewrites addresses in packets betrays itself
        writer.AddAddress(StunAttributeType.ResponseOrigin, origin);
        if (addresses.HasTwoAddresses) writer.AddAddress(StunAttributeType.OtherAddress, addresses.Change(asked.FiveTuple.Server, address: true, port: true));
        if (isPadded) Pad(ref writer, request, asked, padding.Value.Length);
        Finish(ref writer, asked, identity: null);
        (_pendingSource, _pendingDestination) = (origin, client);
    }

    // As long as the request, if that is longer than an answer without: it fills the path's MTU if the request did.
    private static void Pad(scoped ref StunWriter writer, in StunReader request, in Asked asked, int most)
    {
        int others = writer.Finish().Length + StunHeader.AttributeLength + (asked.WantsFingerprint ? StunHeader.AttributeLength + sizeof(uint) : 0);
        writer.Add(StunAttributeType.Padding, stackalloc byte[Math.Clamp(request.Length - others, 0, most)]);
    }

    private void RefuseFlaw(in Asked asked, StunAttributeType flaw) => Refuse(asked, identity: null, StunErrorCode.BadRequest, new TurnRefusal.BadAttribute(flaw));

    // §7.5: 16 bits and two bytes of padding, which some count as a part of it and some do not.
    private static bool TryReadPort(in StunAttribute attribute, ref TransportAddress client)
    {
        if (attribute.Value.Length is not (2 or 4)) return false;
        ushort port = BinaryPrimitives.ReadUInt16BigEndian(attribute.Value);
        if (port < LeastResponsePort && port != client.Port) return false;
        client = client.WithPort(port);
        return true;
    }
}
