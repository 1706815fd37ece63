using BenchmarkDotNet.Attributes;
using Thaw.Protocol;
using Thaw.Protocol.Rtp;
using Thaw.Protocol.Srtp;

namespace Thaw.Bench;

/// <summary>One voice packet out, and one out and in again.</summary>
[MemoryDiagnoser]
public class SrtpBenchmarks : IDisposable
{
    private readonly byte[] _buffer = new byte[RtpHeader.Length + 240 + SrtpSession.MaxOverhead];
    private byte[] _payload = [];
    private SrtpSession _alice = null!, _bob = null!;
    private ushort _sequenceNumber;

    [Params(SrtpProfile.AeadAes128Gcm, SrtpProfile.Aes128CmHmacSha1_80)]
    public SrtpProfile Profile { get; set; }

    [Params(80, 160, 240)]
    public int PayloadLength { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        byte[] key1 = [.. Enumerable.Range(0, 16).Select(i => (byte)i)], key2 = [.. Enumerable.Range(100, 16).Select(i => (byte)i)];
        byte[] salt = new byte[Profile is SrtpProfile.AeadAes128Gcm ? 12 : 14];
        _alice = new SrtpSession(new(Profile, key1, salt, key2, salt));
        _bob = new SrtpSession(new(Profile, key2, salt, key1, salt));
        _payload = new byte[PayloadLength];
    }

    [GlobalCleanup]
    public void Dispose()
    {
        _alice.Dispose();
        _bob.Dispose();
        GC.SuppressFinalize(this);
    }

    [Benchmark]
    public int Protect()
    {
        int length = RtpWriter.Write(_buffer, new(7, 111, _sequenceNumber++, 0, false), _payload);
        return _alice.Protect(_buffer, length);
    }

    [Benchmark]
    public DropReason? ProtectAndUnprotect() => _bob.TryUnprotect(_buffer.AsSpan(0, Protect()), out _);
}
