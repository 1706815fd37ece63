using Thaw.Protocol;
using Thaw.Protocol.Dtls;

namespace Thaw.Fuzz;

/// <summary>
/// DTLS without cryptography, so that an input reaches what is behind it: a record is its content type and its content.
/// A handshake record each way connects, always with the same SRTP keys.
/// </summary>
internal sealed class PlainDtls : IDtlsEngineFactory
{
    public const byte CloseNotify = 20, Alert = 21, Handshake = 22, Data = 23;

    public CertificateFingerprint LocalFingerprint { get; } = CertificateFingerprint.Sha256Of("plain"u8);

    public IDtlsEngine Create(DtlsParameters parameters) => new Engine(parameters.Role);

    public static SrtpKeyingMaterial KeysOf(DtlsRole role)
    {
        byte[] client = new byte[16], server = [.. Enumerable.Repeat((byte)1, 16)], salt = new byte[12];
        return role is DtlsRole.Client
            ? new(SrtpProfile.AeadAes128Gcm, client, salt, server, salt)
            : new(SrtpProfile.AeadAes128Gcm, server, salt, client, salt);
    }

    private sealed class Engine(DtlsRole role) : IDtlsEngine
    {
        private readonly Queue<(OutputKind Kind, byte[] Payload, DtlsEvent? Event)> _outputs = [];
        private bool _isConnected, _isOver;
        private byte[] _lent = [];

        public void Start(Instant now)
        {
            if (role is DtlsRole.Client) Transmit(Handshake, []);
        }

        public void Receive(ReadOnlySpan<byte> datagram, Instant now)
        {
            if (_isOver) return;
            switch (datagram[0])
            {
                case Handshake when !_isConnected:
                    _isConnected = true;
                    if (role is DtlsRole.Server) Transmit(Handshake, []);
                    Raise(new DtlsEvent.Connected(KeysOf(role)));
                    break;
                case Data when _isConnected: _outputs.Enqueue((OutputKind.Data, datagram[1..].ToArray(), null)); break;
                case Alert: Raise(new DtlsEvent.Failed(DtlsFailure.AlertReceived, "an alert")); _isOver = true; break;
                case CloseNotify when _isConnected: Raise(new DtlsEvent.Closed()); _isOver = true; break;
            }
        }

        public void Advance(Instant now) { }

        public Output Poll(Span<byte> buffer, Instant now)
        {
            if (!_outputs.TryDequeue(out var next)) return Output.Idle(Instant.Never);
            _lent = next.Payload;
            return next.Kind switch
            {
                OutputKind.Transmit => Output.Transmit(_lent),
                OutputKind.Data => Output.Data(_lent),
                _ => Output.Event(next.Event!),
            };
        }

        public void Send(ReadOnlySpan<byte> data, Instant now)
        {
            if (_isConnected && !_isOver) Transmit(Data, data);
        }

        public void Close(Instant now)
        {
            if (_isConnected && !_isOver) Transmit(CloseNotify, []);
            _isOver = true;
        }

        public void Dispose() => _outputs.Clear();

        private void Transmit(byte type, ReadOnlySpan<byte> content) => _outputs.Enqueue((OutputKind.Transmit, [type, .. content], null));

        private void Raise(DtlsEvent happened) => _outputs.Enqueue((OutputKind.Event, [], happened));
    }
}
