import type { OfferFault } from "./session/state.ts";

export interface RequestListener {
  offerSent(): void;
  offerFailed(fault: OfferFault): void;
  /** By the server's name for the connection. */
  answered(pcId: string): void;
}

/** A candidate request that is never answered would hold the client in `connecting` although everything else is up. */
const candidateLimit = 3_000;

/**
 * Watches the client's requests to one endpoint, for the times and for the words in which a server refuses; and binds
 * them to the attempt, which the client does not: what is still under way when the attempt ends is cancelled.
 */
export function watchRequests(endpoint: string, attempt: AbortSignal, listener: RequestListener): () => void {
  const native = globalThis.fetch;
  const target = new URL(endpoint, location.href).href;

  const watched: typeof fetch = async (input, init) => {
    const url = input instanceof Request ? input.url : new URL(input, location.href).href;
    if (url !== target || attempt.aborted) return native(input, init);

    const method = (init?.method ?? (input instanceof Request ? input.method : "GET")).toUpperCase();
    const own = init?.signal ?? (input instanceof Request ? input.signal : undefined);
    const signals = [attempt, ...(own ? [own] : []), ...(method === "PATCH" ? [AbortSignal.timeout(candidateLimit)] : [])];
    const bound = { ...init, signal: AbortSignal.any(signals) };
    if (method !== "POST") return native(input, bound);

    listener.offerSent();
    const response = await native(input, bound).catch((e: unknown) => {
      if (!attempt.aborted) listener.offerFailed({ kind: own?.aborted ? "timeout" : "unreachable" });
      throw e;
    });
    if (!response.ok && !attempt.aborted) {
      const detail = await detailOf(response.clone());
      listener.offerFailed({ kind: "http", status: response.status, detail });
    }
    if (response.ok) void pcIdOf(response.clone()).then((pcId) => pcId !== undefined && !attempt.aborted && listener.answered(pcId));
    return response;
  };
  globalThis.fetch = watched;

  return () => {
    if (globalThis.fetch === watched) globalThis.fetch = native;
  };
}

/** The server's own words: `{"detail": "…"}`, or plain text; a proxy's HTML page is not worth quoting. */
async function detailOf(response: Response): Promise<string> {
  const body = await response.text().catch(() => "");
  try {
    const { detail } = JSON.parse(body) as { detail?: unknown };
    return typeof detail === "string" ? detail : body.slice(0, 300);
  } catch {
    return /^\s*</.test(body) ? response.statusText : body.slice(0, 300).trim() || response.statusText;
  }
}

async function pcIdOf(answer: Response): Promise<string | undefined> {
  const { pc_id } = ((await answer.json().catch(() => null)) ?? {}) as { pc_id?: unknown };
  return typeof pc_id === "string" && pc_id !== "" ? pc_id : undefined;
}
