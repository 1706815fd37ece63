namespace Thaw.Diagnosis.Facts;

// What happens before there is a connection: the page, its permission, the calls of signalling.
public abstract partial record Fact
{
    /// <param name="Agent">The browser or the library, with its version.</param>
    /// <param name="System">The operating system.</param>
    /// <param name="Platform">Where a server runs: cloud-run, docker, …</param>
    public sealed record Environment(
        bool? IsSecureContext = null, bool? HasMediaDevices = null, bool? IsOnline = null, string? Agent = null, string? System = null, string? Platform = null) : Fact;

    /// <summary>What the browser says that it would do.</summary>
    public sealed record Permission(PermissionState State, string Device = "microphone") : Fact;

    /// <param name="Error">Of getUserMedia: NotAllowedError, NotFoundError, NotReadableError, …</param>
    public sealed record Capture(CaptureStep Step, string? Error = null, string? Message = null) : Fact;

    public sealed record Devices(int AudioInputs, int? AudioOutputs = null) : Fact;

    /// <summary>What the application around the connection did.</summary>
    public sealed record Client(ClientStep Step, string? Detail = null) : Fact;

    /// <summary>A request of signalling. Neither status nor error: it has left.</summary>
    /// <param name="Error">No answer at all; how fetch put it.</param>
    /// <param name="Detail">The beginning of the answer's body.</param>
    /// <param name="Host">Of the URL, without port.</param>
    /// <param name="Via">A tunnel or proxy that the answer's headers name.</param>
    /// <param name="IsEnd">The request says that there are no more candidates.</param>
    public sealed record Http(
        HttpStep Step, string Method = "POST", int? Status = null, string? Error = null, double? TookMs = null, string? Detail = null,
        string? Host = null, bool? IsCrossOrigin = null, string? Via = null, bool IsEnd = false) : Fact;

    public sealed record Configured(IReadOnlyList<IceServer> Servers, IcePolicy Policy = IcePolicy.All) : Fact;

    /// <summary>The constructor of the peer connection threw.</summary>
    public sealed record SetupFailed(string Error, string? Message = null, string? Url = null) : Fact;

    /// <summary>The attempt is over: connected, closed, failed, timeout, abandoned.</summary>
    public sealed record Ended(string Reason, string? Detail = null) : Fact;

    /// <summary>It was still going on at that time. So that silence can be told from the end of a recording.</summary>
    public sealed record Still : Fact;
}

/// <param name="ExpiresInS">Seconds that a user name with an expiry had left, by the clock of whoever tells; negative: over.</param>
public sealed record IceServer(IReadOnlyList<string> Urls, bool HasUsername = false, bool HasCredential = false, double? ExpiresInS = null);

public enum PermissionState { Prompt, Granted, Denied }

public enum CaptureStep { Asked, Granted, Failed }

public enum ClientStep { Connect, Retry, GaveUp }

public enum HttpStep { Start, Offer, Candidates, Preflight }

public enum IcePolicy { All, Relay }
