const askLimit = 3_000; // asked while the microphone opens; who gives up too soon has no relay, which may be the only way
const soonestRenewal = 30_000;

export interface IceConfiguration {
  readonly iceServers: RTCIceServer[];
  readonly iceTransportPolicy: RTCIceTransportPolicy;
  /** Milliseconds until it expires; undefined for never. */
  readonly lasts?: number;
}

const none: IceConfiguration = { iceServers: [], iceTransportPolicy: "all" };

/** The servers that this page's server uses itself. None from a server that knows of no such thing, or is late: calls do without. */
export async function askForIceServers(over: AbortSignal): Promise<IceConfiguration> {
  try {
    const signal = AbortSignal.any([over, AbortSignal.timeout(askLimit)]);
    const response = await fetch("/api/ice-servers", { signal, cache: "no-store" });
    return response.ok ? read((await response.json()) as unknown) : none;
  } catch {
    return none;
  }
}

/** Passes on new ones whenever half of what there was is over: connections that begin in mid-call must not be given expired ones. */
export async function renewIceServers(first: IceConfiguration, over: AbortSignal, take: (renewed: IceConfiguration) => void) {
  let { lasts } = first;
  while (lasts !== undefined && (await passed(Math.max(lasts / 2, soonestRenewal), over))) {
    const renewed = await askForIceServers(over);
    if (over.aborted) return;
    if (renewed.iceServers.length > 0) take(renewed);
    lasts = renewed.lasts ?? (renewed.iceServers.length > 0 ? undefined : lasts / 2);
  }
}

// Another program may answer at this path: only what a connection takes is passed on.
function read(body: unknown): IceConfiguration {
  const { iceServers, iceTransportPolicy, ttl } = (body ?? {}) as { iceServers?: unknown; iceTransportPolicy?: unknown; ttl?: unknown };
  if (!Array.isArray(iceServers) || !iceServers.every(isServer)) return none;
  return {
    iceServers,
    iceTransportPolicy: iceTransportPolicy === "relay" ? "relay" : "all",
    ...(typeof ttl === "number" && ttl > 0 ? { lasts: ttl * 1_000 } : {}),
  };
}

function isServer(value: unknown): value is RTCIceServer {
  const { urls } = (value ?? {}) as { urls?: unknown };
  return Array.isArray(urls) && urls.length > 0 && urls.every((url) => typeof url === "string");
}

/** False as soon as it is over. */
function passed(ms: number, over: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    if (over.aborted) return resolve(false);
    const ended = () => {
      clearTimeout(timer);
      resolve(false);
    };
    const timer = setTimeout(() => {
      over.removeEventListener("abort", ended);
      resolve(true);
    }, Math.min(ms, 2 ** 31 - 1));
    over.addEventListener("abort", ended, { once: true });
  });
}
