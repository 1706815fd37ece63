import { stepIds } from "../session/state.ts";
import type { State, Step, StepId } from "../session/state.ts";
import { describePath, lateNote, milliseconds, page, statusNames, stepNames, triesNote } from "../words/en.ts";
import { limits } from "../session/reducer.ts";
import { useNow, useRead } from "./useSession.ts";

export function TimelinePanel() {
  const state = useRead((s) => s.state());
  return (
    <section className="panel timeline" aria-labelledby="steps-title">
      <div className="panel-head">
        <h2 id="steps-title">{page.steps}</h2>
        <span>{page.stepsUnit}</span>
      </div>
      <Axis />
      <ol data-testid="steps">
        {stepIds.map((id) => (
          <Row key={id} id={id} step={state.steps[id]} state={state} />
        ))}
      </ol>
      <Vitals state={state} />
    </section>
  );
}

function Row({ id, step, state }: { id: StepId; step: Step; state: State }) {
  const moving = step.status === "active" || step.status === "late";
  const now = useNow(moving, 50);
  const base = id === "microphone" ? state.startedAt : state.baseAt;
  const end = step.to ?? (moving ? Math.max(now, step.from ?? base) : undefined);
  const old = end !== undefined && end < base;
  const note = noteOf(id, step, state);

  return (
    <li className="step" data-step={id} data-status={step.status}>
      <span className="step-status">
        <span className="visually-hidden">{statusNames[step.status]}</span>
      </span>
      <span className="step-name">
        {stepNames[id]}
        {note && <span className="step-note"> {note}</span>}
      </span>
      <span className="step-bar" aria-hidden="true">
        {id !== "microphone" && step.from !== undefined && end !== undefined && !old && <Bar from={step.from - base} to={end - base} />}
      </span>
      <span className="step-time">{end === undefined || old ? page.none : milliseconds(end - base)}</span>
    </li>
  );
}

function noteOf(id: StepId, step: Step, state: State): string {
  if (id === "microphone") return state.microphone ?? "";
  if (id === "offer") return triesNote(state.tries);
  if (id === "ice" && step.status === "ok" && state.path) return describePath(state.path);
  return step.status === "late" && state.phase === "connected" ? lateNote(id) : "";
}

function Bar({ from, to }: { from: number; to: number }) {
  const [left, right] = [position(from), position(to)];
  return <span className="bar" style={{ left: `${left}%`, width: `max(3px, ${right - left}%)` }} />;
}

function Axis() {
  return (
    <div className="axis" aria-hidden="true">
      <div>
        {[0, 10, 100, 1_000, 10_000].map((ms) => (
          <span key={ms} style={{ left: `${position(ms)}%` }}>
            {ms >= 1_000 ? `${ms / 1_000} s` : ms}
          </span>
        ))}
      </div>
    </div>
  );
}

/** One fixed logarithmic scale up to the limit: 10 ms and 10 s are both readable, and no bar moves once drawn. */
function position(ms: number): number {
  const clamped = Math.min(Math.max(ms, 0), limits.connect);
  return (100 * Math.log10(1 + clamped / 10)) / Math.log10(1 + limits.connect / 10);
}

function Vitals({ state: { vitals, path } }: { state: State }) {
  const decimals = (value: number | undefined, unit: string) => (value === undefined ? page.none : `${value.toFixed(value < 10 ? 1 : 0)} ${unit}`);
  const facts = [
    { term: page.roundTrip, value: decimals(vitals?.roundTripMs, "ms") },
    { term: page.jitter, value: decimals(vitals?.jitterMs, "ms") },
    { term: page.lost, value: vitals?.lost?.toLocaleString("en") ?? page.none },
    { term: page.codec, value: vitals?.codec ?? page.none },
    { term: page.path, value: path ? `${path.local} → ${path.remote}` : page.none },
  ];
  return (
    <dl className="vitals" data-testid="vitals">
      {facts.map(({ term, value }) => (
        <div key={term}>
          <dt>{term}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
