using System.Runtime.InteropServices;

namespace Thaw.Voice.Audio;

/// <summary>Opus (RFC 6716, RFC 7587) through libopus, decoded straight to mono at the agent's rate.</summary>
public sealed unsafe class OpusDecoder : AudioDecoder
{
    private const int RtpClockRate = 48000; // RFC 7587 §4.1, whatever the audio's rate

    private readonly OpusLibrary _opus;
    private readonly OpusHandle _decoder;

    /// <param name="sampleRate">8, 12, 16, 24 or 48 kHz.</param>
    public OpusDecoder(OpusLibrary opus, int sampleRate)
    {
        (_opus, SampleRate) = (opus, sampleRate);
        int error;
        _decoder = new OpusHandle(opus.DecoderCreate(sampleRate, 1, &error), opus.DecoderDestroy);
        OpusHandle.ThrowOn(error, "opus_decoder_create");
    }

    public override int ClockRate => RtpClockRate;

    public override int SampleRate { get; }

    public override int DurationOf(ReadOnlySpan<byte> payload)
    {
        if (payload.IsEmpty) return 0;
        fixed (byte* data = payload) return int.Max(0, _opus.PacketSamples(data, payload.Length, RtpClockRate));
    }

    public override int Decode(ReadOnlySpan<byte> payload, Span<short> pcm) => payload.IsEmpty ? 0 : Decode(payload, pcm, fec: 0);

    public override void Conceal(Span<short> pcm, ReadOnlySpan<byte> following)
    {
        // With FEC libopus conceals what the copy does not cover; without a next packet it conceals everything.
        if (Decode(following, pcm, fec: following.IsEmpty ? 0 : 1) != pcm.Length) pcm.Clear();
    }

    public override void Dispose() => _decoder.Dispose();

    private int Decode(ReadOnlySpan<byte> payload, Span<short> pcm, int fec)
    {
        using var lease = new OpusHandle.Lease(_decoder);
        fixed (byte* data = payload)
        fixed (short* samples = pcm)
            return int.Max(0, _opus.Decode(lease.Pointer, data, payload.Length, samples, pcm.Length, fec)); // negative: not Opus
    }
}

/// <summary>Opus for speech: VoIP mode, about 32 kbit/s, with in-band FEC for a few per cent of loss.</summary>
public sealed unsafe class OpusEncoder : AudioEncoder
{
    private const int RtpClockRate = 48000;      // RFC 7587 §4.1
    private const int ApplicationVoip = 2048;    // opus_defines.h
    private const int SetBitrate = 4002;
    private const int SetComplexity = 4010;
    private const int SetInbandFec = 4012;
    private const int SetPacketLossPercent = 4014;

    private readonly OpusLibrary _opus;
    private readonly OpusHandle _encoder;

    /// <param name="sampleRate">8, 12, 16, 24 or 48 kHz.</param>
    public OpusEncoder(OpusLibrary opus, int sampleRate, int bitrate = 32_000)
    {
        (_opus, SampleRate) = (opus, sampleRate);
        int error;
        _encoder = new OpusHandle(opus.EncoderCreate(sampleRate, 1, ApplicationVoip, &error), opus.EncoderDestroy);
        OpusHandle.ThrowOn(error, "opus_encoder_create");

        Set(SetBitrate, bitrate);
        Set(SetComplexity, 5); // half the processor time of 10, hardly audible for speech
        Set(SetInbandFec, 1);
        Set(SetPacketLossPercent, 5);
    }

    public override int ClockRate => RtpClockRate;

    public override int SampleRate { get; }

    public override int Encode(ReadOnlySpan<short> pcm, Span<byte> payload)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(pcm.Length, FrameLength);

        using var lease = new OpusHandle.Lease(_encoder);
        fixed (short* samples = pcm)
        fixed (byte* data = payload)
        {
            int length = _opus.Encode(lease.Pointer, samples, pcm.Length, data, payload.Length);
            return length >= 0 ? length : throw new InvalidOperationException($"opus_encode: error {length}");
        }
    }

    public override void Dispose() => _encoder.Dispose();

    private void Set(int request, int value)
    {
        using var lease = new OpusHandle.Lease(_encoder);
        OpusHandle.ThrowOn(_opus.EncoderCtl(lease.Pointer, request, value), "opus_encoder_ctl");
    }
}

/// <summary>An encoder's or decoder's native state.</summary>
internal sealed unsafe class OpusHandle : SafeHandle
{
    private readonly delegate* unmanaged[Cdecl]<nint, void> _destroy;

    public OpusHandle(nint state, delegate* unmanaged[Cdecl]<nint, void> destroy) : base(0, ownsHandle: true)
    {
        _destroy = destroy;
        SetHandle(state);
    }

    public override bool IsInvalid => handle == 0;

    public static void ThrowOn(int error, string function)
    {
        if (error != 0) throw new InvalidOperationException($"{function}: error {error}"); // OPUS_OK is 0
    }

    protected override bool ReleaseHandle()
    {
        _destroy(handle);
        return true;
    }

    /// <summary>Keeps the state alive through a native call.</summary>
    public readonly ref struct Lease
    {
        private readonly OpusHandle _handle;

        public Lease(OpusHandle handle)
        {
            bool added = false;
            handle.DangerousAddRef(ref added);
            _handle = handle;
        }

        public nint Pointer => _handle.handle;

        public void Dispose() => _handle.DangerousRelease();
    }
}
