namespace Thaw.Voice.Rtvi;

/// <summary>RTVI messages without data.</summary>
public enum RtviNotice
{
    UserStartedSpeaking,
    UserStoppedSpeaking,
    BotStartedSpeaking,
    BotStoppedSpeaking,
    BotLlmStarted,
    BotLlmStopped,
    BotTtsStarted,
    BotTtsStopped,
    UserMuteStarted,
    UserMuteStopped,
}
