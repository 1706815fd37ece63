using Thaw.Dtls;
using Thaw.Protocol;
using Thaw.Protocol.Turn;
using Thaw.Relay.Dtls;
using Thaw.Relay.Udp;

namespace Thaw.Relay.Loop;

internal sealed partial class RelayLoop
{
    private readonly Dictionary<TransportAddress, EdgeSocket> _dtlsListeners = [];
    private DtlsClients? _dtls;

    /// <summary>A little old; 0 without DTLS.</summary>
    public int DtlsSessions => _dtls?.Count ?? 0;

    public int DtlsHandshakes => _dtls?.Handshakes ?? 0;

    public long DtlsRefused => _dtls?.Refused ?? 0;

    public long DtlsDropped => _dtls?.Dropped ?? 0;

    /// <summary>Before <see cref="Start"/>.</summary>
    public void AddDtlsListener(EdgeSocket socket, DtlsAcceptor acceptor, Func<ServerCertificate> certificate, int limit)
    {
        _dtls ??= new DtlsClients(acceptor, certificate, Server, TransmitRecord, _random, _options.StreamDeadlines, limit, _clock.Now);
        _dtlsListeners.Add(socket.Local, socket);
        socket.IsDtls = true;
    }

    private void HearDtls(EdgeSocket socket, TransportAddress source, ReadOnlySpan<byte> datagram)
    {
        _dtls!.Receive(new Datagram(source, socket.Local, datagram), _now);
        RunDtlsErrands();
    }

    // What clients say is heard only when their engines have been drained: an answer goes through an engine again.
    private void RunDtlsErrands()
    {
        while (_dtls!.TryTake(out var errand))
        {
            var (client, server) = errand.FiveTuple;
            if (errand.Message is { } message)
            {
                if (ChannelData.IsChannelData(message)) FromClientOnChannel(errand.FiveTuple, message);
                else Hear(client, server, message);
            }
            else
            {
                Server.Disconnected(errand.FiveTuple, _now);
                DrainServer();
            }
        }
    }

    private void AdvanceDtls()
    {
        if (_dtls is null || _dtls.WakeAt > _now) return;
        _dtls.Advance(_now);
        RunDtlsErrands();
    }

    private void CloseDtls()
    {
        if (_dtls is null) return;
        _dtls.Close(_now);
        RunDtlsErrands();
    }

    private void TransmitRecord(FiveTuple fiveTuple, ReadOnlySpan<byte> datagram)
    {
        if (_dtlsListeners.TryGetValue(fiveTuple.Server, out var listener)) _edge.Send(listener, fiveTuple.Client, datagram);
    }
}
