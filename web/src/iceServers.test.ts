import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { askForIceServers, renewIceServers } from "./iceServers.ts";

const servers = [{ urls: ["turn:a.example:3478?transport=udp"], username: "u", credential: "p" }];
const none = { iceServers: [], iceTransportPolicy: "all" };
const over = () => new AbortController();

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

describe("ICE servers", () => {
  it("come from the server, with their policy and their time", async () => {
    vi.stubGlobal("fetch", async () => Response.json({ iceServers: servers, iceTransportPolicy: "relay", expiresAt: "2026-05-01T00:00:00Z", ttl: 60 }));
    expect(await askForIceServers(over().signal)).toEqual({ iceServers: servers, iceTransportPolicy: "relay", lasts: 60_000 });
  });

  it.each([
    ["another server", () => new Response("Not found", { status: 404 })],
    ["a page for every path", () => new Response("<html>")],
    ["null", () => Response.json(null)],
    ["no list", () => Response.json({ iceServers: null })],
    ["what is no server", () => Response.json({ iceServers: [{ urls: "turn:a" }, 5] })],
    ["no network", () => Promise.reject(new TypeError("Failed to fetch"))],
  ])("are none from %s", async (_, reply) => {
    vi.stubGlobal("fetch", async () => reply());
    expect(await askForIceServers(over().signal)).toEqual(none);
  });

  it("are not waited for longer than 3 s", async () => {
    vi.stubGlobal("fetch", (_: string, { signal }: RequestInit) => new Promise((_, reject) => signal!.addEventListener("abort", () => reject(signal!.reason))));
    let got: unknown;
    void askForIceServers(over().signal).then((configuration) => (got = configuration));
    await vi.advanceTimersByTimeAsync(2_999);
    expect(got).toBeUndefined();
    await vi.advanceTimersByTimeAsync(1);
    expect(got).toEqual(none);
  });

  it("are renewed at half of their time until the call is over", async () => {
    const asked: number[] = [];
    const start = Date.now();
    vi.stubGlobal("fetch", async () => {
      asked.push(Date.now() - start);
      return Response.json({ iceServers: servers, ttl: 3600 });
    });
    const call = over();
    const taken = vi.fn();
    void renewIceServers({ iceServers: servers, iceTransportPolicy: "all", lasts: 3_600_000 }, call.signal, taken);
    await vi.advanceTimersByTimeAsync(2 * 3_600_000);
    expect(asked).toEqual([1_800_000, 3_600_000, 5_400_000, 7_200_000]);
    expect(taken).toHaveBeenCalledTimes(4);
    call.abort();
    await vi.advanceTimersByTimeAsync(3_600_000);
    expect(asked).toHaveLength(4);
  });

  it("are asked for again, sooner each time, where the server has none", async () => {
    vi.stubGlobal("fetch", async () => new Response("", { status: 503 }));
    const taken = vi.fn();
    void renewIceServers({ iceServers: servers, iceTransportPolicy: "all", lasts: 240_000 }, over().signal, taken);
    await vi.advanceTimersByTimeAsync(600_000);
    expect(taken).not.toHaveBeenCalled();
    vi.stubGlobal("fetch", async () => Response.json({ iceServers: servers }));
    await vi.advanceTimersByTimeAsync(30_000);
    expect(taken).toHaveBeenCalledOnce();
  });
});
