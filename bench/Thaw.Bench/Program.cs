using System.CommandLine;
using Thaw.Bench.Connect;

var root = new RootCommand("Measures Thaw; README.md beside this project has the figures and how they came about.") { ConnectBench.Command() };
return await root.Parse(args).InvokeAsync();
