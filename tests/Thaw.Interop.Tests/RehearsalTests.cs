using Microsoft.Extensions.Logging;
using Thaw.Voice;
using Xunit;

namespace Thaw.Interop.Tests;

public sealed class RehearsalTests
{
    [Fact]
    public async Task A_rehearsal_that_takes_too_long_is_noted_and_holds_up_no_start()
    {
        var noted = new Noting();

        await Rehearsal.RunAsync(noted, within: TimeSpan.FromMilliseconds(1), TestContext.Current.CancellationToken).WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);

        Assert.Contains("rehearsal failed", Assert.Single(noted.Lines), StringComparison.Ordinal);
    }

    private sealed class Noting : ILogger
    {
        public List<string> Lines { get; } = [];

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
            => Lines.Add(formatter(state, exception));
    }
}
