import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { finalVerdict } from "./verdict.ts";

const final = () => Response.json({ status: "final", outcome: "failed", detail: "No connection after 1 attempt." });
const open = () => Response.json({ status: "open" }, { status: 202 });
type Reply = (init: RequestInit) => Response | Promise<Response>;

/** Asks a server that replies with these in turn, the last of them again and again. */
function asking(...replies: Reply[]) {
  const over = new AbortController();
  const asked: { at: number; url: string }[] = [];
  const start = Date.now();
  vi.stubGlobal("fetch", async (url: string, init: RequestInit) => {
    asked.push({ at: Date.now() - start, url });
    return replies[Math.min(asked.length, replies.length) - 1]!(init);
  });
  let said: { at: number; verdict: string | undefined } | undefined;
  void finalVerdict("Peer 1", over.signal).then((verdict) => (said = { at: Date.now() - start, verdict }));
  return { over, asked, said: () => said };
}

beforeEach(() => {
  vi.useFakeTimers();
  vi.spyOn(AbortSignal, "timeout").mockImplementation((ms) => {
    const late = new AbortController();
    setTimeout(() => late.abort(), ms);
    return late.signal;
  });
});

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

describe("the server's verdict", () => {
  it("is asked for every half second from 3 s on, until it is final", async () => {
    const call = asking(open, open, final);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(call.asked.map(({ at }) => at)).toEqual([3_000, 3_500, 4_000]);
    expect(call.asked[0]!.url).toBe("/api/calls/Peer%201/verdict");
    expect(call.said()).toEqual({ at: 4_000, verdict: "No connection after 1 attempt." });
  });

  it("is not asked for by a call that connects in time", async () => {
    const call = asking(open);
    await vi.advanceTimersByTimeAsync(2_999);
    call.over.abort();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(call.asked).toEqual([]);
    expect(call.said()).toEqual({ at: 2_999, verdict: undefined });
  });

  it("does not matter once the call is up, even if it was under way", async () => {
    let answer: (response: Response) => void = () => undefined;
    const call = asking(() => new Promise((resolve) => (answer = resolve)));
    await vi.advanceTimersByTimeAsync(3_500);
    call.over.abort();
    answer(final());
    await vi.advanceTimersByTimeAsync(60_000);
    expect(call.asked.length).toBe(1);
    expect(call.said()?.verdict).toBeUndefined();
  });

  it.each([
    ["404", () => Response.json({ detail: "Not Found" }, { status: 404 })],
    ["405", () => new Response("", { status: 405 })],
    ["a page", () => new Response("<!doctype html>")],
    ["null", () => Response.json(null)],
    ["another contract", () => Response.json({ status: "final" })],
  ] as [string, Reply][])("is nothing to wait for where the server says %s", async (_, reply) => {
    const call = asking(reply);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(call.asked.length).toBe(1);
    expect(call.said()).toEqual({ at: 3_000, verdict: undefined });
  });

  it.each([
    ["is busy", () => Response.json({ detail: "Too many requests" }, { status: 503 }), 3_500],
    ["cannot be reached", () => Promise.reject(new TypeError("Failed to fetch")), 3_500],
    [
      "does not answer",
      ({ signal }: RequestInit) => new Promise<Response>((_, reject) => signal!.addEventListener("abort", () => reject(new DOMException("", "AbortError")))),
      5_500,
    ],
  ] as [string, Reply, number][])("is asked for again where the server %s", async (_, reply, at) => {
    const call = asking(reply, final);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(call.said()).toEqual({ at, verdict: "No connection after 1 attempt." });
  });
});
