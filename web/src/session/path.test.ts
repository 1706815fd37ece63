import { describe, expect, it } from "vitest";
import { describePath } from "../words/en.ts";
import { pathOf, selectedPath } from "./path.ts";

const host = (address: string) => ({ candidateType: "host", protocol: "udp", address, port: 5000 });

describe("a path in words", () => {
  it.each([
    [host("127.0.0.1"), host("127.0.0.1"), "Direct over UDP, on this machine"],
    [host("fd00::2"), host("fd00::2"), "Direct over UDP, on this machine"],
    [host("192.168.1.5"), host("192.168.1.9"), "Direct over UDP, same network"],
    [{ ...host("10.0.0.2"), candidateType: "prflx" }, host("172.20.0.3"), "Direct over UDP, same network"],
    [{ ...host("203.0.113.7"), candidateType: "srflx" }, host("198.51.100.1"), "Direct over UDP, through a router"],
    [host("192.168.1.5"), host("198.51.100.1"), "Direct over UDP, through a router"],
    [host("2001:db8::5"), host("2001:db8:1::1"), "Direct over UDP"],
    [{ ...host("198.51.100.9"), candidateType: "relay", relayProtocol: "tls" }, host("10.0.0.1"), "Through a relay over TLS"],
    [{ ...host("10.0.0.2"), protocol: "tcp" }, host("10.0.0.1"), "Direct over TCP, same network"],
    [host(""), host("10.0.0.1"), "Direct over UDP, same network"],
  ])("%j to %j is %s", (local, remote, words) => {
    expect(describePath(pathOf(local, remote))).toBe(words);
  });

  it("brackets an IPv6 address and says when the browser hides one", () => {
    const { local, remote } = pathOf({ candidateType: "prflx" }, host("fd00::2"));
    expect([local, remote]).toEqual(["hidden", "[fd00::2]:5000"]);
  });
});

describe("the selected pair", () => {
  const candidates = [
    ["L", { id: "L", type: "local-candidate", ...host("10.0.0.2") }],
    ["R", { id: "R", type: "remote-candidate", ...host("10.0.0.1") }],
  ] as const;
  const report = (...stats: { id: string; [k: string]: unknown }[]) =>
    new Map<string, unknown>([...candidates, ...stats.map((s) => [s.id, s] as const)]) as unknown as RTCStatsReport;
  const pair = { id: "P", type: "candidate-pair", localCandidateId: "L", remoteCandidateId: "R" };

  it("is the transport's where the browser has that", () => {
    const found = selectedPath(report({ id: "T", type: "transport", selectedCandidatePairId: "P" }, pair));
    expect(found?.remote).toBe("10.0.0.1:5000");
  });

  it("is the one marked selected in Firefox", () => {
    expect(selectedPath(report({ ...pair, selected: true }))?.local).toBe("10.0.0.2:5000");
  });

  it("is nobody's while checks are still running", () => {
    expect(selectedPath(report({ ...pair, state: "in-progress" }))).toBeUndefined();
  });
});
