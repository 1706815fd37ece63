/** Where this attempt makes its offers, and the servers that its browser gathers from. */
export interface Start {
  readonly endpoint: string;
  readonly iceServers: RTCIceServer[];
}

/** A server that gives out no sessions, or none now, is called without one. */
const plain: Start = { endpoint: "/api/offer", iceServers: [] };

/** Meanwhile the microphone opens; a server that takes longer than this gets its offer all the same. */
const startLimit = 4_000;

export async function start(attempt: AbortSignal, ask: typeof fetch = fetch): Promise<Start> {
  try {
    const response = await ask("/start", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ transport: "webrtc", createDailyRoom: false, enableDefaultIceServers: false }),
      signal: AbortSignal.any([attempt, AbortSignal.timeout(startLimit)]),
    });
    return response.ok ? read(await response.json()) : plain;
  } catch {
    return plain;
  }
}

function read(answer: unknown): Start {
  const { sessionId, iceConfig } = (answer ?? {}) as { sessionId?: unknown; iceConfig?: { iceServers?: unknown } | null };
  return {
    endpoint: typeof sessionId === "string" && sessionId !== "" ? `/sessions/${encodeURIComponent(sessionId)}/api/offer` : plain.endpoint,
    iceServers: serversOf(iceConfig?.iceServers) ?? [],
  };
}

/** What a server says in mid-call, before the credentials that it gave expire: for the connections that may still come. */
export function renewedServers(message: unknown): RTCIceServer[] | undefined {
  const { type, iceServers } = (message ?? {}) as { type?: unknown; iceServers?: unknown };
  return type === "ice-servers" ? serversOf(iceServers) : undefined;
}

function serversOf(list: unknown): RTCIceServer[] | undefined {
  return Array.isArray(list) && list.every((server: unknown) => server !== null && typeof server === "object" && "urls" in server) ? (list as RTCIceServer[]) : undefined;
}
