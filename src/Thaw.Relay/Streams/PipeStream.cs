using System.Buffers;
using System.IO.Pipelines;

namespace Thaw.Relay.Streams;

/// <summary>Somebody else's connection as a stream. Its owner closes it.</summary>
internal sealed class PipeStream(IDuplexPipe transport) : Stream
{
    public override bool CanRead => true;

    public override bool CanWrite => true;

    public override bool CanSeek => false;

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (true)
        {
            var read = await transport.Input.ReadAsync(cancellationToken);
            var part = read.Buffer.Slice(0, Math.Min(read.Buffer.Length, buffer.Length));
            int length = (int)part.Length;
            part.CopyTo(buffer.Span);
            transport.Input.AdvanceTo(part.End);
            if (length > 0 || read.IsCompleted) return length;
        }
    }

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var flush = await transport.Output.WriteAsync(buffer, cancellationToken);
        if (flush.IsCompleted || flush.IsCanceled) throw new IOException("The connection is closed.");
    }

    public override void Flush() { }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();
}
