using System.CommandLine;
using Thaw.Bench.Connect;
using Thaw.Bench.Relay;
using Thaw.Bench.Sessions;

var root = new RootCommand("Measures Thaw; README.md beside this project has the figures and how they came about.") { ConnectBench.Command(), SessionsBench.Command(), RelayBench.Command(), Host.Command() };
return await root.Parse(args).InvokeAsync();
