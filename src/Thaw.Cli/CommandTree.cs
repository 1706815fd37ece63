using System.CommandLine;
using Thaw.Cli.Configuration;

namespace Thaw.Cli;

/// <summary>Every verb of <c>thaw</c>: what the program runs is what the tests hold the documents against.</summary>
internal static class CommandTree
{
    public static RootCommand Root()
    {
        var root = new RootCommand("Thaw: WebRTC voice that never hangs on \"Connecting\".")
        {
            Verbs.Serve.Command(), Verbs.Relay.Command(), Verbs.Ports.Command(), Verbs.Bench.Command(), Verbs.Ice.Command(), Verbs.Audit.Command(), Verbs.Explain.Command(), Verbs.Causes.Command(),
        };
        ConfigOption.AddTo(root);
        return root;
    }
}
