using System.CommandLine;
using Thaw.Bench.Connect;
using Thaw.Bench.Offers;
using Thaw.Bench.Sessions;

var root = new RootCommand("Measures Thaw; README.md beside this project has the figures and how they came about.") { ConnectBench.Command(), SessionsBench.Command(), OffersBench.Command(), Host.Command() };
return await root.Parse(args).InvokeAsync();
