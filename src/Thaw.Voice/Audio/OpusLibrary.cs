using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;

namespace Thaw.Voice.Audio;

/// <summary>libopus as the operating system provides it. Found once; a process without it does G.711.</summary>
public sealed unsafe class OpusLibrary
{
    private static readonly Lazy<(OpusLibrary? Library, string Text)> Found = new(Load);

    // opus_encoder_ctl is variadic. The Apple arm64 convention passes variadic arguments on the stack, so there the
    // first six registers behind (encoder, request) are filled with nothing.
    private static readonly bool VariadicOnStack = OperatingSystem.IsMacOS() && RuntimeInformation.ProcessArchitecture is Architecture.Arm64;

    internal readonly delegate* unmanaged[Cdecl]<int, int, int, int*, nint> EncoderCreate;
    internal readonly delegate* unmanaged[Cdecl]<nint, short*, int, byte*, int, int> Encode;
    internal readonly delegate* unmanaged[Cdecl]<nint, void> EncoderDestroy;
    internal readonly delegate* unmanaged[Cdecl]<int, int, int*, nint> DecoderCreate;
    internal readonly delegate* unmanaged[Cdecl]<nint, byte*, int, short*, int, int, int> Decode;
    internal readonly delegate* unmanaged[Cdecl]<nint, void> DecoderDestroy;
    internal readonly delegate* unmanaged[Cdecl]<byte*, int, int, int> PacketSamples;
    private readonly nint _encoderCtl;

    private OpusLibrary(nint library)
    {
        EncoderCreate = (delegate* unmanaged[Cdecl]<int, int, int, int*, nint>)NativeLibrary.GetExport(library, "opus_encoder_create");
        Encode = (delegate* unmanaged[Cdecl]<nint, short*, int, byte*, int, int>)NativeLibrary.GetExport(library, "opus_encode");
        EncoderDestroy = (delegate* unmanaged[Cdecl]<nint, void>)NativeLibrary.GetExport(library, "opus_encoder_destroy");
        DecoderCreate = (delegate* unmanaged[Cdecl]<int, int, int*, nint>)NativeLibrary.GetExport(library, "opus_decoder_create");
        Decode = (delegate* unmanaged[Cdecl]<nint, byte*, int, short*, int, int, int>)NativeLibrary.GetExport(library, "opus_decode");
        DecoderDestroy = (delegate* unmanaged[Cdecl]<nint, void>)NativeLibrary.GetExport(library, "opus_decoder_destroy");
        PacketSamples = (delegate* unmanaged[Cdecl]<byte*, int, int, int>)NativeLibrary.GetExport(library, "opus_packet_get_nb_samples");
        _encoderCtl = NativeLibrary.GetExport(library, "opus_encoder_ctl");

        var version = (delegate* unmanaged[Cdecl]<byte*>)NativeLibrary.GetExport(library, "opus_get_version_string");
        Version = Marshal.PtrToStringUTF8((nint)version()) ?? "libopus";
    }

    /// <summary>For example <c>libopus 1.3.1</c>.</summary>
    public string Version { get; }

    /// <summary>True with the library, or false with the reason in words.</summary>
    public static bool TryFind([NotNullWhen(true)] out OpusLibrary? library, out string text)
    {
        (library, text) = Found.Value;
        return library is not null;
    }

    internal int EncoderCtl(nint encoder, int request, int value)
        => VariadicOnStack
            ? ((delegate* unmanaged[Cdecl]<nint, int, nint, nint, nint, nint, nint, nint, nint, int>)_encoderCtl)(
                encoder, request, 0, 0, 0, 0, 0, 0, value)
            : ((delegate* unmanaged[Cdecl]<nint, int, int, int>)_encoderCtl)(encoder, request, value);

    private static (OpusLibrary? Library, string Text) Load()
    {
        string[] names = FileNames();
        foreach (string name in names)
        {
            if (!NativeLibrary.TryLoad(name, out nint handle)) continue;
            try
            {
                var library = new OpusLibrary(handle);
                return (library, library.Version);
            }
            catch (EntryPointNotFoundException missing)
            {
                return (null, $"{name} is not libopus: {missing.Message}");
            }
        }

        return (null, $"none of {string.Join(", ", names)} is installed");
    }

    private static string[] FileNames()
    {
        if (OperatingSystem.IsWindows()) return ["opus.dll", "libopus-0.dll", "libopus.dll"];
        if (OperatingSystem.IsMacOS())
            return ["libopus.0.dylib", "libopus.dylib", "/opt/homebrew/lib/libopus.0.dylib", "/usr/local/lib/libopus.0.dylib"];
        return ["libopus.so.0", "libopus.so"];
    }
}
