import { afterEach, describe, expect, it, vi } from "vitest";
import { renewedServers, start } from "./start.ts";

const alive = new AbortController().signal;
const answering = (status: number, body: string) => () => Promise.resolve(new Response(body, { status }));
const plain = { endpoint: "/api/offer", iceServers: [] };

describe("a session from /start", () => {
  afterEach(() => vi.useRealTimers());

  it("has an endpoint and servers", async () => {
    const iceServers = [{ urls: ["turn:192.0.2.1:3478"], username: "u", credential: "c" }];
    const given = await start(alive, answering(200, JSON.stringify({ sessionId: "a/b", iceConfig: { iceServers } })));
    expect(given).toEqual({ endpoint: "/sessions/a%2Fb/api/offer", iceServers });
  });

  it.each([
    [404, '{"detail":"Not Found"}'],
    [503, '{"detail":"Too many sessions."}'],
    [200, "<html>"],
    [200, "null"],
    [200, '{"iceConfig":null}'],
    [200, '{"sessionId":"","iceConfig":{"iceServers":"none"}}'],
    [200, '{"iceConfig":{"iceServers":[null]}}'],
  ])("is done without where the server says %i %s", async (status, body) => {
    expect(await start(alive, answering(status, body))).toEqual(plain);
  });

  it("is done without where the server is silent for four seconds", async () => {
    vi.spyOn(AbortSignal, "timeout").mockImplementation((after) => {
      expect(after).toBe(4_000);
      return AbortSignal.abort();
    });
    const silent: typeof fetch = (_, init) => new Promise((_, refuse) => (init!.signal!.aborted ? refuse(new Error("late")) : undefined));
    expect(await start(alive, silent)).toEqual(plain);
    vi.restoreAllMocks();
  });
});

describe("servers in mid-call", () => {
  it.each([
    [{ type: "ice-servers", iceServers: [{ urls: ["turn:a"] }], ttl: 60 }, [{ urls: ["turn:a"] }]],
    [{ type: "ice-servers", iceServers: null }, undefined],
    [{ type: "other", iceServers: [] }, undefined],
    [null, undefined],
  ])("of %j are %j", (message, servers) => expect(renewedServers(message)).toEqual(servers));
});
