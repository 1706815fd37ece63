using System.Security.Cryptography;
using Org.BouncyCastle.Tls;
using Thaw.Dtls.Crypto;
using Thaw.Protocol;

namespace Thaw.Dtls;

/// <summary>
/// The first exchange of a server that strangers reach (RFC 6347 §4.2.1): a ClientHello without our cookie is answered with
/// one and forgotten. The cookie is a MAC over both addresses and the hello, by a key that lives a minute. One owner.
/// </summary>
public sealed class HelloVerifier : IDisposable
{
    /// <summary>A cookie is good for one to two of these.</summary>
    public static readonly TimeSpan KeyLifetime = TimeSpan.FromMinutes(1);

    private readonly BclTlsCrypto _crypto;
    private readonly Answer _answer = new();
    private readonly byte[] _path = new byte[2 * 19];
    private DtlsVerifier _current;
    private DtlsVerifier? _previous;
    private Instant _renewAt;

    public HelloVerifier(RandomNumberGenerator random, Instant now)
    {
        _crypto = new BclTlsCrypto(random);
        _current = new DtlsVerifier(_crypto);
        _renewAt = now + KeyLifetime;
    }

    /// <summary>Whether it looks like a ClientHello that can be answered at all: cheap, to be asked first.</summary>
    public static bool IsClientHello(ReadOnlySpan<byte> datagram) => ClientHello.TryRead(datagram, out _);

    /// <param name="answer">A HelloVerifyRequest to send back, never longer than the datagram; lent until the next call.</param>
    /// <returns>The hello, if its sender has shown that it gets what is sent to its address.</returns>
    public VerifiedHello? Verify(
        ReadOnlySpan<byte> datagram, TransportAddress client, TransportAddress server, Instant now, out ReadOnlySpan<byte> answer)
    {
        answer = default;
        if (!ClientHello.TryRead(datagram, out var hello)) return null;
        Renew(now);

        byte[] bytes = datagram.ToArray();
        WritePath(client, server);
        var request = Try(_current, bytes);
        if (request is null && !hello.Cookie.IsEmpty && _previous is not null)
        {
            var fresh = _answer.Taken;
            request = Try(_previous, bytes);
            _answer.Taken = fresh;
        }

        if (request is not null) return new VerifiedHello(request, hello);
        if (_answer.Taken is { } verify && verify.Length <= datagram.Length) answer = verify;
        return null;
    }

    public void Dispose() => _crypto.Dispose();

    private DtlsRequest? Try(DtlsVerifier verifier, byte[] datagram)
    {
        _answer.Taken = null;
        try
        {
            return verifier.VerifyRequest(_path, datagram, 0, datagram.Length, _answer);
        }
        catch (Exception) // whatever hostile bytes did to BouncyCastle
        {
            return null;
        }
    }

    private void Renew(Instant now)
    {
        if (now < _renewAt) return;
        _previous = now < _renewAt + KeyLifetime ? _current : null;
        _current = new DtlsVerifier(_crypto);
        _renewAt += KeyLifetime * (1 + (now - _renewAt).Ticks / KeyLifetime.Ticks);
    }

    private void WritePath(TransportAddress client, TransportAddress server)
    {
        Array.Clear(_path);
        Write(client, _path.AsSpan(0, 19));
        Write(server, _path.AsSpan(19));

        static void Write(TransportAddress address, Span<byte> to)
        {
            to[0] = (byte)address.WriteAddress(to[1..]);
            to[17] = (byte)(address.Port >> 8);
            to[18] = (byte)address.Port;
        }
    }

    private sealed class Answer : DatagramSender
    {
        public byte[]? Taken { get; set; }

        public int GetSendLimit() => 256; // a HelloVerifyRequest has 60 bytes

        public void Send(byte[] buf, int off, int len) => Taken = buf[off..(off + len)];

        public void Send(ReadOnlySpan<byte> buffer) => Taken = buffer.ToArray();
    }
}

/// <summary>A ClientHello whose sender has proven its address: what a handshake begins with.</summary>
public sealed class VerifiedHello
{
    private readonly byte[] _random;

    internal VerifiedHello(DtlsRequest request, ClientHello hello)
    {
        Request = request;
        MessageSequence = hello.MessageSequence;
        _random = hello.Random.ToArray();
    }

    internal DtlsRequest Request { get; }

    internal ushort MessageSequence { get; }

    /// <summary>The datagram begins another handshake than this, and is not this hello once more.</summary>
    public bool IsOtherThan(ReadOnlySpan<byte> datagram) => ClientHello.TryRead(datagram, out var hello) && !hello.Random.SequenceEqual(_random);
}
