import { selectedPath } from "./session/path.ts";
import type { Path } from "./session/path.ts";
import type { PeerHappening } from "./session/events.ts";

export interface Recording {
  /** The newest connection; the client keeps it private. */
  readonly peer: RTCPeerConnection | undefined;
  readonly channel: RTCDataChannel | undefined;
  /** Stops listening and puts the browser's constructor back. */
  stop(): void;
  /** Closes what the client left open. */
  close(): void;
}

export interface Listener {
  happened(happening: PeerHappening): void;
  remoteAudio(stream: MediaStream): void;
  message(direction: "in" | "out", data: unknown): void;
  candidate(line: CandidateNote): void;
}

/** For reports: each candidate as it was found, each STUN or TURN server that answered with an error. */
export type CandidateNote =
  | { readonly peer: number; readonly candidate: string }
  | { readonly peer: number; readonly url: string; readonly code: number; readonly text: string };

/**
 * Watches the peer connections that an unmodified client makes. It adds listeners and changes nothing: the client tells
 * us only a coarse state, and looks at `iceConnectionState`, which Chromium never sets to `failed` when no pair works.
 */
export function record(listener: Listener): Recording {
  const Native = globalThis.RTCPeerConnection;
  const peers: RTCPeerConnection[] = [];
  let channel: RTCDataChannel | undefined;
  let listening = true;

  class RecordedPeerConnection extends Native {
    constructor(configuration?: RTCConfiguration) {
      super(configuration);
      const peer = peers.push(this);
      if (listening) watchPeer(this, peer, listener, () => listening);
    }

    override createDataChannel(label: string, options?: RTCDataChannelInit) {
      const created = super.createDataChannel(label, options);
      channel = created;
      if (listening) watchChannel(created, peers.indexOf(this) + 1, listener, () => listening);
      return created;
    }
  }
  globalThis.RTCPeerConnection = RecordedPeerConnection;

  return {
    get peer() {
      return peers.at(-1);
    },
    get channel() {
      return channel;
    },
    stop() {
      listening = false;
      if (globalThis.RTCPeerConnection === RecordedPeerConnection) globalThis.RTCPeerConnection = Native;
    },
    close() {
      for (const pc of peers) pc.close();
    },
  };
}

function watchPeer(pc: RTCPeerConnection, peer: number, listener: Listener, listening: () => boolean) {
  const happened = (type: Exclude<PeerHappening["type"], "path-selected" | "server-gave-up">) => listening() && listener.happened({ type, peer });
  happened("peer-created");

  pc.addEventListener("signalingstatechange", () => {
    if (pc.signalingState !== "stable" || !pc.currentRemoteDescription) return;
    happened("answer-applied");
    const dtls = pc.getSenders()[0]?.transport;
    dtls?.addEventListener("statechange", () => dtls.state === "connected" && happened("dtls-connected"));
    // In mid-call too: where UDP stops, TCP or a relay takes over.
    dtls?.iceTransport.addEventListener("selectedcandidatepairchange", async () => {
      const path = selectedPath(await pc.getStats());
      if (path && listening()) listener.happened({ type: "path-selected", peer, path });
    });
  });
  pc.addEventListener("iceconnectionstatechange", () => {
    if (pc.iceConnectionState === "checking") happened("ice-checking");
    if (pc.iceConnectionState === "connected" || pc.iceConnectionState === "completed") {
      happened("ice-connected");
      void watchMedia(pc, peer, listener, listening);
    }
    if (pc.iceConnectionState === "disconnected") happened("ice-interrupted");
  });
  pc.addEventListener("connectionstatechange", () => {
    if (pc.connectionState === "connected") happened("dtls-connected");
    if (pc.connectionState === "failed") happened("peer-failed");
  });
  pc.addEventListener("track", ({ track }) => {
    if (track.kind !== "audio" || !listening()) return;
    listener.remoteAudio(new MediaStream([track]));
    track.addEventListener("unmute", () => happened("audio-in"), { once: true });
  });
  pc.addEventListener("icecandidate", ({ candidate }) => {
    if (candidate && listening()) listener.candidate({ peer, candidate: candidate.candidate });
  });
  pc.addEventListener("icecandidateerror", ({ url, errorCode, errorText }) => {
    if (listening()) listener.candidate({ peer, url, code: errorCode, text: errorText });
  });
}

function watchChannel(channel: RTCDataChannel, peer: number, listener: Listener, listening: () => boolean) {
  channel.addEventListener("open", () => listening() && listener.happened({ type: "channel-open", peer }));
  channel.addEventListener("message", ({ data }) => listening() && listener.message("in", data));
  const send = channel.send.bind(channel) as (data: unknown) => void;
  channel.send = (data: unknown) => {
    send(data);
    if (listening()) listener.message("out", data);
  };
}

/** The path and the first packet out have no event of their own; statistics show them. */
async function watchMedia(pc: RTCPeerConnection, peer: number, listener: Listener, listening: () => boolean) {
  let pathSeen = false;
  for (let look = 0; look < 100 && listening() && pc.connectionState !== "closed"; look++) {
    const report = await pc.getStats();
    if (!listening()) return;

    const path: Path | undefined = pathSeen ? undefined : selectedPath(report);
    if (path) listener.happened({ type: "path-selected", peer, path });
    pathSeen ||= path !== undefined;

    const sent = [...report.values()].some((s) => s.type === "outbound-rtp" && s.kind === "audio" && s.packetsSent > 0);
    if (sent) listener.happened({ type: "audio-out", peer });
    if (sent && pathSeen) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
