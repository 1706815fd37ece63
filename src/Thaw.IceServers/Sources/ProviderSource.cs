namespace Thaw.IceServers.Sources;

/// <summary>A source that is asked over HTTP. What differs between providers is how the question and the answer are spelt.</summary>
internal sealed class ProviderSource(string name, Func<ProviderClient, IceServerRequest, CancellationToken, Task<IceServerGrant>> ask, ProviderClient client) : IIceServerSource
{
    public string Name => name;

    public bool IsLocal => false;

    public async ValueTask<IceServerGrant> MintAsync(IceServerRequest request, CancellationToken cancel)
    {
        try
        {
            return await ask(client, request, cancel);
        }
        catch (InvalidOperationException e) // JSON that no text can be made of
        {
            throw new IceSourceException("the answer has text in it that is none", inner: e);
        }
    }

    public override string ToString() => Name;
}
