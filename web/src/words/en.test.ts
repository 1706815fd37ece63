import { describe, expect, it } from "vitest";
import { initialState, stepIds } from "../session/state.ts";
import type { VerdictCode } from "../session/state.ts";
import { explain, milliseconds, quoted, statusNames, stepNames, waitingFor } from "./en.ts";

const codes: VerdictCode[] = [
  "microphone-denied",
  "microphone-dismissed",
  "microphone-missing",
  "microphone-busy",
  "microphone-insecure",
  "microphone-unsupported",
  "microphone-unknown",
  "microphone-unanswered",
  "server-unreachable",
  "server-silent",
  "offer-rejected",
  "server-error",
  "answer-unusable",
  "offer-not-made",
  "ice-not-started",
  "ice-failed",
  "dtls-failed",
  "channel-not-open",
  "no-bot-ready",
  "client-error",
  "agent-error",
  "peer-left-early",
  "connection-lost",
];

describe("every verdict", () => {
  it.each(codes)("%s says what happened, why, and what to do", (code) => {
    const { title, why, todo } = explain({ code, step: "answer" });
    expect(title).toMatch(/^[A-Z].*[^.]$/);
    expect(why).toMatch(/^[A-Z].*\.$/);
    expect(todo.length).toBeGreaterThan(0);
    for (const line of todo) expect(line).toMatch(/^[A-Z].*[.?]$/);
  });

  it("has a title of its own", () => {
    const titles = codes.map((code) => explain({ code, step: "answer" }).title);
    expect(new Set(titles).size).toBe(codes.length);
  });

  it("quotes the other side only if it said something", () => {
    expect(quoted({ code: "offer-rejected", step: "answer", status: 409, detail: "no" })).toBe("HTTP 409: no");
    expect(quoted({ code: "server-error", step: "answer", status: 502, detail: "" })).toBe("HTTP 502");
    expect(quoted({ code: "ice-failed", step: "ice" })).toBe("");
  });
});

describe("every step", () => {
  it.each(stepIds)("%s has a name", (id) => expect(stepNames[id]).toMatch(/\w/));

  it.each(["microphone", "offer", "answer", "ice", "dtls", "channel", "ready"] as const)("waiting for %s is a sentence", (id) => {
    expect(waitingFor(initialState, id)).toMatch(/^[A-Z].*\.$/);
  });

  it("has a word for each status", () => expect(Object.values(statusNames).every((word) => word.length > 0)).toBe(true));
});

describe("times", () => {
  it.each([
    [0.4, "0 ms"],
    [1234, "1,234 ms"],
    [12_345, "12.3 s"],
  ])("%d reads %s", (ms, words) => expect(milliseconds(ms)).toBe(words.replace(" ", "\u00a0")));
});
