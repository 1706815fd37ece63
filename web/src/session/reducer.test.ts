import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { explain, headline, waitingFor } from "../words/en.ts";
import type { Happening, SessionEvent } from "./events.ts";
import { budgets, deadlineOf, giveUpAt, limits, pendingStep, reduce } from "./reducer.ts";
import { initialState, isActive, stepIds } from "./state.ts";
import type { State } from "./state.ts";

const path = { route: "machine", protocol: "udp", local: "127.0.0.1:1", remote: "127.0.0.1:2" } as const;

/** Plays happenings 10 ms apart on attempt 1. */
function play(...happenings: Happening[]): State {
  return happenings.reduce((state, happening, i) => reduce(state, { ...happening, attempt: 1, at: 10 * i }), initialState);
}

const dialled: Happening[] = [{ type: "connect" }, { type: "microphone-opened", label: "Fake" }, { type: "peer-created", peer: 1 }, { type: "offer-sent" }];
const connected: Happening[] = [
  ...dialled,
  { type: "answer-applied", peer: 1 },
  { type: "ice-checking", peer: 1 },
  { type: "ice-connected", peer: 1 },
  { type: "dtls-connected", peer: 1 },
  { type: "channel-open", peer: 1 },
  { type: "bot-ready", agent: "echo" },
];
const later = (state: State, at: number, happening: Happening) => reduce(state, { ...happening, attempt: state.attempt, at });

describe("a call that goes well", () => {
  it("passes its steps in order and is connected at bot-ready", () => {
    const state = play(...connected, { type: "audio-out", peer: 1 }, { type: "audio-in", peer: 1 });
    expect(state.phase).toBe("connected");
    expect(stepIds.map((id) => state.steps[id].status)).toEqual(stepIds.map(() => "ok"));
    expect(state.readyAt! - state.dialledAt!).toBe(80);
    expect(headline(state)).toBe("Connected in 80\u00a0ms");
  });

  it("counts a step as done when a later one proves it", () => {
    const state = play(...dialled, { type: "answer-applied", peer: 1 }, { type: "channel-open", peer: 1 });
    expect([state.steps.ice.status, state.steps.dtls.status, state.steps.channel.status]).toEqual(["ok", "ok", "ok"]);
  });

  it("does not measure the permission prompt as connecting time", () => {
    const asked = play({ type: "connect" });
    const opened = later(asked, 9_000, { type: "microphone-opened", label: "" });
    expect(giveUpAt(opened)).toBe(9_000 + limits.connect);
    expect(opened.steps.offer.from).toBe(9_000);
  });
});

describe("nothing waits for ever", () => {
  it.each([
    ["microphone-unanswered", [{ type: "connect" }]],
    ["offer-not-made", dialled.slice(0, 3)],
    ["answer-unusable", dialled],
    ["ice-not-started", [...dialled, { type: "answer-applied", peer: 1 }]],
    ["ice-failed", connected.slice(0, 6)],
    ["dtls-failed", connected.slice(0, 7)],
    ["channel-not-open", connected.slice(0, 8)],
    ["no-bot-ready", connected.slice(0, 9)],
  ] as [string, Happening[]][])("gives up as %s at the limit", (code, happenings) => {
    const waiting = play(...happenings);
    const before = later(waiting, giveUpAt(waiting) - 1, { type: "tick" });
    expect(isActive(before.phase)).toBe(true);
    const after = later(before, giveUpAt(waiting), { type: "tick" });
    expect(after.phase).toBe("failed");
    expect(after.verdict?.code).toBe(code);
    expect(after.steps[after.verdict!.step].status).toBe("failed");
  });

  it("turns a step late at its budget and wakes for exactly that", () => {
    const waiting = play(...dialled);
    const due = waiting.steps.answer.from! + budgets.answer;
    expect(deadlineOf(waiting)).toBe(due);
    expect(later(waiting, due - 1, { type: "tick" })).toBe(waiting);
    expect(later(waiting, due, { type: "tick" }).steps.answer.status).toBe("late");
  });

  it("fails at once when the connection fails, and tells the path from the keys", () => {
    expect(play(...connected.slice(0, 6), { type: "peer-failed", peer: 1 }).verdict?.code).toBe("ice-failed");
    expect(play(...connected.slice(0, 7), { type: "peer-failed", peer: 1 }).verdict?.code).toBe("dtls-failed");
  });
});

describe("a server that has given up", () => {
  const gaveUp = { type: "server-gave-up", peer: 1, detail: "No connection after 1 attempt." } as const;

  it.each([
    ["ice-not-started", "ice", [...dialled, { type: "answer-applied", peer: 1 }]],
    ["ice-failed", "ice", connected.slice(0, 6)],
    ["dtls-failed", "dtls", connected.slice(0, 7)],
    ["channel-not-open", "channel", connected.slice(0, 8)],
  ] as [string, string, Happening[]][])("ends the attempt at once as %s, in its words", (code, step, happenings) => {
    const state = play(...happenings, gaveUp);
    expect(state.phase).toBe("failed");
    expect(state.verdict).toEqual({ code, step, detail: gaveUp.detail });
  });

  it("ends nothing that stands, that is being mended, or that another connection has taken over", () => {
    expect(play(...connected, gaveUp).phase).toBe("connected");
    expect(play(...connected, { type: "ice-interrupted", peer: 1 }, gaveUp).phase).toBe("reconnecting");
    expect(play(...dialled, { type: "peer-created", peer: 2 }, gaveUp).phase).toBe("connecting");
  });
});

describe("an offer that comes to nothing", () => {
  const refused = { type: "offer-failed", fault: { kind: "http", status: 409, detail: "UDP looks blocked" } } as const;

  it("is a wait while the client tries again", () => {
    const state = play(...dialled, { type: "offer-failed", fault: { kind: "unreachable" } });
    expect(state.phase).toBe("connecting");
    expect(state.steps.answer.status).toBe("late");
    expect(waitingFor(state, pendingStep(state))).toContain("Trying again");
  });

  it("is quoted in the server's own words", () => {
    const state = play(...dialled, refused, { type: "client-failed", detail: "rejected" });
    expect(state.verdict).toEqual({ code: "offer-rejected", step: "answer", status: 409, detail: "UDP looks blocked" });
  });

  it("names the last reason when the limit comes first", () => {
    const state = play(...dialled, { type: "offer-failed", fault: { kind: "timeout" } });
    expect(later(state, giveUpAt(state), { type: "tick" }).verdict?.code).toBe("server-silent");
  });

  it("is forgotten once an answer came", () => {
    const state = play(...dialled, refused, { type: "peer-created", peer: 2 }, { type: "offer-sent" }, { type: "answer-applied", peer: 2 });
    expect(state.offerFault).toBeUndefined();
    expect(state.tries).toBe(2);
  });
});

describe("a call that breaks", () => {
  it("reconnects over a new connection", () => {
    const broken = play(...connected, { type: "ice-interrupted", peer: 1 });
    expect(broken.phase).toBe("reconnecting");
    const again = [
      { type: "peer-created", peer: 2 },
      { type: "offer-sent" },
      { type: "answer-applied", peer: 2 },
      { type: "channel-open", peer: 2 },
    ] as Happening[];
    const state = again.reduce((s, happening, i) => later(s, 6_000 + i, happening), broken);
    expect([state.phase, state.recoveries]).toEqual(["connected", 1]);
  });

  it("is connected again when the old path comes back", () => {
    const state = play(...connected, { type: "ice-interrupted", peer: 1 }, { type: "ice-connected", peer: 1 });
    expect([state.phase, state.recoveries]).toEqual(["connected", 1]);
  });

  it("says that it waits for the path, not for the agent", () => {
    const broken = play(...connected, { type: "ice-interrupted", peer: 1 });
    expect(pendingStep(broken)).toBe("ice");
    expect(waitingFor(broken, "ice")).toContain("path to return");
  });

  it("is lost when it does not recover in time", () => {
    const broken = play(...connected, { type: "ice-interrupted", peer: 1 });
    const state = later(broken, giveUpAt(broken), { type: "tick" });
    expect([state.phase, state.verdict?.code]).toEqual(["failed", "connection-lost"]);
  });

  it("ends without blame when the server says goodbye", () => {
    expect(play(...connected, { type: "peer-left" }).phase).toBe("ended");
  });
});

describe("what is over stays over", () => {
  it("ignores words of another attempt", () => {
    const state = play(...dialled);
    expect(reduce(state, { type: "bot-ready", attempt: 2, at: 99 })).toBe(state);
  });

  it("ignores words of an older connection", () => {
    const state = play(...dialled, { type: "peer-created", peer: 2 });
    expect(later(state, 99, { type: "peer-failed", peer: 1 })).toBe(state);
  });

  it("ignores everything after hanging up", () => {
    const idle = play(...dialled, { type: "hang-up" });
    expect(idle.phase).toBe("idle");
    expect(later(idle, 99, { type: "bot-ready" })).toBe(idle);
  });
});

describe("any order of events", () => {
  const peer = fc.integer({ min: 1, max: 3 });
  const happening: fc.Arbitrary<Happening> = fc.oneof(
    fc.constantFrom<Happening>(
      { type: "connect" },
      { type: "tick" },
      { type: "microphone-opened", label: "Fake" },
      { type: "microphone-failed", fault: "denied", detail: "" },
      { type: "offer-sent" },
      { type: "offer-failed", fault: { kind: "unreachable" } },
      { type: "offer-failed", fault: { kind: "http", status: 503, detail: "later" } },
      { type: "bot-ready" },
      { type: "peer-left" },
      { type: "agent-error", detail: "no", fatal: true },
      { type: "client-failed", detail: "no" },
      { type: "hang-up" },
    ),
    peer.map((n) => ({ type: "path-selected", peer: n, path }) as const),
    peer.map((n) => ({ type: "server-gave-up", peer: n, detail: "no path" }) as const),
    fc
      .tuple(
        fc.constantFrom(
          "peer-created",
          "answer-applied",
          "ice-checking",
          "ice-connected",
          "ice-interrupted",
          "dtls-connected",
          "peer-failed",
          "channel-open",
          "audio-out",
          "audio-in",
        ),
        peer,
      )
      .map(([type, n]) => ({ type, peer: n }) as Happening),
  );
  const event: fc.Arbitrary<[Happening, number, number]> = fc.tuple(happening, fc.integer({ min: 1, max: 2 }), fc.integer({ min: 0, max: 3_000 }));

  it("ends connected, idle or explained, within the limits", () => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 60 }), (events) => {
        let at = 0;
        let state = initialState;
        for (const [happened, attempt, pause] of events) {
          at += pause;
          state = reduce(state, { ...happened, attempt, at } as SessionEvent);
          expect(headline(state)).not.toMatch(/undefined|NaN/);
        }
        if (isActive(state.phase) && state.phase !== "connected") {
          expect(giveUpAt(state)).toBeLessThanOrEqual(at + Math.max(limits.recover, limits.connect, limits.microphone));
          state = later(state, giveUpAt(state), { type: "tick" });
        }
        expect(["idle", "connected", "failed", "ended"]).toContain(state.phase);
        if (state.phase === "failed") expect(explain(state.verdict!).todo.length).toBeGreaterThan(0);
      }),
      { seed: 7860, numRuns: 1_000 },
    );
  });

  it("never sets the timer of an idle page", () => {
    expect(deadlineOf(initialState)).toBe(Infinity);
  });
});
