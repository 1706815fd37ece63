using System.Security.Cryptography;
using System.Text;
using Thaw.Protocol;
using Thaw.Protocol.Stun;

namespace Thaw.Probes.Lines;

/// <summary>What a server answered to one question, in the words that matter here.</summary>
/// <param name="Code">0 for success.</param>
internal sealed record StunAnswer(int Code, string Reason, TransportAddress Mapped, string? Realm, string? Software, TimeSpan RoundTrip)
{
    /// <summary>As a reader finds it in a capture.</summary>
    public string Quote => Code == 0 ? "success" : $"{Code}{(Reason.Length > 0 ? $" {Reason}" : "")}";
}

/// <summary>One request without a credential, repeated until it is answered or the line's owner has had enough.</summary>
internal static class StunQuestion
{
    private const uint Udp = 17U << 24; // RFC 8656 §18.7: REQUESTED-TRANSPORT

    private static readonly TimeSpan FirstRepeat = TimeSpan.FromMilliseconds(250); // doubling: four in the first 2.5 s

    public static Task<StunAnswer> BindingAsync(Line line, TimeProvider time, CancellationToken cancel) => AskAsync(line, StunMethod.Binding, time, cancel);

    /// <summary>Whoever asks like this is told the realm, or is in without a password.</summary>
    public static Task<StunAnswer> AllocateAsync(Line line, TimeProvider time, CancellationToken cancel) => AskAsync(line, StunMethod.Allocate, time, cancel);

    private static async Task<StunAnswer> AskAsync(Line line, StunMethod method, TimeProvider time, CancellationToken cancel)
    {
        var transaction = TransactionId.Next(RandomNumberGenerator.Create());
        byte[] request = Write(method, transaction), buffer = new byte[Output.BufferLength];
        long began = time.GetTimestamp();
        using var done = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        await line.SendAsync(request, cancel);
        var repeating = line.Server.Protocol is TransportProtocol.Udp ? RepeatAsync(line, request, time, done.Token) : Task.CompletedTask;
        try
        {
            while (true)
            {
                int length = await line.ReceiveAsync(buffer, cancel);
                if (Read(buffer.AsSpan(0, length), transaction, time.GetElapsedTime(began)) is { } answer) return answer;
            }
        }
        finally
        {
            await done.CancelAsync();
            await repeating.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private static async Task RepeatAsync(Line line, byte[] request, TimeProvider time, CancellationToken cancel)
    {
        for (var pause = FirstRepeat; ; pause *= 2)
        {
            await Task.Delay(pause, time, cancel);
            await line.SendAsync(request, cancel);
        }
    }

    private static byte[] Write(StunMethod method, TransactionId transaction)
    {
        var writer = new StunWriter(new byte[64], method, StunClass.Request, transaction);
        if (method is StunMethod.Allocate) writer.Add(StunAttributeType.RequestedTransport, Udp);
        return writer.Finish().ToArray();
    }

    private static StunAnswer? Read(ReadOnlySpan<byte> message, TransactionId transaction, TimeSpan roundTrip)
    {
        if (StunReader.TryRead(message, out var answer) is not null || answer.Transaction != transaction || answer.Class is not (StunClass.SuccessResponse or StunClass.ErrorResponse)) return null;

        int code = 0;
        string reason = "";
        if (answer.Class is StunClass.ErrorResponse)
        {
            code = -1; // an error without a number
            if (answer.TryFind(StunAttributeType.ErrorCode, out var error) && error.TryReadError(out int said, out var words)) (code, reason) = (said, Text(words));
        }

        if (!answer.TryReadXorAddress(StunAttributeType.XorMappedAddress, out var mapped)
            && !(answer.TryFind(StunAttributeType.MappedAddress, out var plain) && plain.TryReadAddress(out mapped))) mapped = default;
        return new StunAnswer(code, reason, mapped,
            answer.TryFind(StunAttributeType.Realm, out var realm) ? Text(realm.Value) : null,
            answer.TryFind(StunAttributeType.Software, out var software) ? Text(software.Value) : null, roundTrip);
    }

    // A stranger's words, for a terminal.
    private static string Text(ReadOnlySpan<byte> utf8)
    {
        const int most = 80;
        string text = Encoding.UTF8.GetString(utf8);
        return new string([.. text.Take(most).Select(c => char.IsControl(c) || char.IsSurrogate(c) ? '?' : c)]);
    }
}
