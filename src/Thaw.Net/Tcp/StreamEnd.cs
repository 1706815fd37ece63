namespace Thaw.Net.Tcp;

/// <summary>Why a TCP connection is over, or was never taken.</summary>
public enum StreamEnd
{
    Full,            // refused: the host has as many as it may
    TooManyFromThere, // refused: that address, or IPv6 /64, has as many as it may
    NotForUs,        // what came first was no check of a session here
    NoCheckInTime,   // connected and then proved nothing: a slow loris, or a peer that went another way
    FrameTooLong,    // more than a datagram may have: no peer of ours, or no longer in step
    Idle,            // said nothing for longer than consent lasts
    Stalled,         // did not read what we sent
    PeerClosed,
    SessionEnded,
    HostStopped,
}
