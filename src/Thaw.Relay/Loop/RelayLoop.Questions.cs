using System.Threading.Channels;
using Thaw.Protocol;
using Thaw.Protocol.Turn;

namespace Thaw.Relay.Loop;

/// <summary>Something about a server that only its own thread may look at.</summary>
internal abstract class LoopQuestion
{
    public abstract void Answer(TurnServer server, Instant now);

    public abstract void GiveUp();
}

internal sealed partial class RelayLoop
{
    private const int WaitingQuestions = 8; // each a short pause of the loop; who asks more often is told that it is busy

    private readonly Channel<LoopQuestion> _questions = Channel.CreateBounded<LoopQuestion>(new BoundedChannelOptions(WaitingQuestions) { SingleReader = true });
    private long _roundedAt;

    /// <summary>When it last went round, which it does every second: a loop that hangs does not.</summary>
    public Instant RoundedAt => new(Volatile.Read(ref _roundedAt));

    /// <summary>Asks on the loop's thread; one question is answered a turn.</summary>
    /// <exception cref="RelayBusyException">Too many wait already, or the loop has ended.</exception>
    public Task<T> AskAsync<T>(Func<TurnServer, Instant, T> ask)
    {
        var question = new Question<T>(ask);
        if (!_questions.Writer.TryWrite(question))
            return Task.FromException<T>(new RelayBusyException(Ended.IsCompleted ? $"Loop {Name} has ended." : $"Loop {Name} has other questions to answer."));
        WakeIfAsleep();
        return question.Answered;
    }

    private void AnswerQuestion()
    {
        if (_questions.Reader.TryRead(out var question)) question.Answer(Server, _now);
    }

    private void EndQuestions()
    {
        _questions.Writer.TryComplete();
        while (_questions.Reader.TryRead(out var question)) question.GiveUp();
    }

    private sealed class Question<T>(Func<TurnServer, Instant, T> ask) : LoopQuestion
    {
        private readonly TaskCompletionSource<T> _answered = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task<T> Answered => _answered.Task;

        public override void Answer(TurnServer server, Instant now)
        {
            try
            {
                _answered.TrySetResult(ask(server, now));
            }
            catch (Exception e)
            {
                _answered.TrySetException(e); // the asker's bug: nobody's packets wait for it
            }
        }

        public override void GiveUp() => _answered.TrySetException(new RelayBusyException("The loop has ended."));
    }
}
