using System.Buffers.Text;
using System.IO.Pipelines;
using System.Text;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.WebUtilities;

namespace Thaw.Voice.Http;

/// <summary>
/// Kestrel answers what it cannot parse (a bad request line, a header over the limit, no Host) before any middleware,
/// with an empty body that the stock client then fails to parse. No hook of Kestrel's offers that body, so this looks
/// at what leaves the connection: an error without a body gets one.
/// </summary>
internal static class KestrelErrors
{
    public static void Describe(ListenOptions listen) => listen.Use(next => async connection =>
    {
        var transport = connection.Transport;
        connection.Transport = new DescribedTransport(transport.Input, new DescribingWriter(transport.Output));
        try
        {
            await next(connection);
        }
        finally
        {
            connection.Transport = transport;
        }
    });

    /// <summary>Gives a bare error response its body in place. Returns the response's new length.</summary>
    internal static int Describe(Span<byte> room, int length)
    {
        const int StatusAt = 9; // after "HTTP/1.1 "
        var head = room[..length];
        if (length < 32 || !head.StartsWith("HTTP/1."u8) || head[StatusAt] is not ((byte)'4' or (byte)'5')) return length;

        var empty = "\r\nContent-Length: 0\r\n"u8;
        int at = head.IndexOf(empty);
        if (at < 0 || !head.EndsWith("\r\n\r\n"u8) || !Utf8Parser.TryParse(head.Slice(StatusAt, 3), out int status, out _)) return length;

        byte[] body = ErrorBodies.Utf8(ReasonPhrases.GetReasonPhrase(status));
        byte[] fields = Encoding.ASCII.GetBytes($"\r\nContent-Type: application/json; charset=utf-8\r\nContent-Length: {body.Length}\r\n");
        int longer = length - empty.Length + fields.Length + body.Length;
        if (longer > room.Length) return length;

        head[(at + empty.Length)..].CopyTo(room[(at + fields.Length)..]);
        fields.CopyTo(room[at..]);
        body.CopyTo(room[(longer - body.Length)..]);
        return longer;
    }

    private sealed class DescribedTransport(PipeReader input, PipeWriter output) : IDuplexPipe
    {
        public PipeReader Input { get; } = input;
        public PipeWriter Output { get; } = output;
    }

    private sealed class DescribingWriter(PipeWriter inner) : PipeWriter
    {
        private Memory<byte> _lent;

        public override bool CanGetUnflushedBytes => inner.CanGetUnflushedBytes;

        public override long UnflushedBytes => inner.UnflushedBytes;

        public override Memory<byte> GetMemory(int sizeHint = 0)
        {
            _lent = inner.GetMemory(sizeHint);
            return _lent;
        }

        public override Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

        public override void Advance(int bytes)
        {
            inner.Advance(_lent.Length >= bytes ? Describe(_lent.Span, bytes) : bytes);
            _lent = default;
        }

        public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default) => inner.FlushAsync(cancellationToken);

        public override void CancelPendingFlush() => inner.CancelPendingFlush();

        public override void Complete(Exception? exception = null) => inner.Complete(exception);

        public override ValueTask CompleteAsync(Exception? exception = null) => inner.CompleteAsync(exception);
    }
}
