using Thaw.Interop.Tests;

[assembly: Xunit.AssemblyFixture(typeof(Chromium))]
[assembly: Xunit.AssemblyFixture(typeof(Servers))]

// Most of the long tests wait for a client's own timers and cost nothing meanwhile.
[assembly: Xunit.v3.Parallelization(MaxThreads = 3)]
