namespace Thaw.Protocol.Sctp;

/// <summary>How a loss was noticed: by T3-rtx or by three missing reports (RFC 9260 §6.3.3, §7.2.4).</summary>
public enum SctpRetransmission { Timeout, Fast }

public enum MessageRefusal { NotOpen, TooLarge, SendBufferFull, UnknownPpid, NoSuchChannel, MalformedDcep, StreamInUse, TooManyChannels }
