namespace Thaw.Net;

/// <summary>The host cannot do what was asked; the message says what to change.</summary>
public sealed class PeerHostException(PeerHostError error, string message, Exception? inner = null)
    : Exception(message, inner)
{
    public PeerHostError Error { get; } = error;

    internal static PeerHostException SessionClosed() => new(PeerHostError.SessionClosed, "The session is closed.");

    internal static PeerHostException HostStopped() => new(PeerHostError.HostStopped, "The host has stopped.");
}

public enum PeerHostError { PortInUse, PortNotAllowed, NoAddress, BadIceServer, TooManySessions, SessionClosed, SessionCrashed, HostStopped }
