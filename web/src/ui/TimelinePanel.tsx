import { stepIds } from "../session/state.ts";
import type { State, Step, StepId } from "../session/state.ts";
import { describePath, lateNote, milliseconds, page, scaleMark, statusNames, stepNames, triesNote } from "../words/en.ts";
import { limits } from "../session/reducer.ts";
import { useNow, useRead } from "./useSession.ts";

export function TimelinePanel() {
  const state = useRead((s) => s.state());
  const now = useNow(moving(state), 50);
  const range = rangeOf(state, now);
  return (
    <section className="panel timeline" aria-labelledby="steps-title">
      <div className="panel-head">
        <h2 id="steps-title">{page.steps}</h2>
        <span>{page.stepsUnit}</span>
      </div>
      <Axis range={range} />
      <ol data-testid="steps">
        {stepIds.map((id) => (
          <Row key={id} id={id} step={state.steps[id]} state={state} now={now} range={range} />
        ))}
      </ol>
      <Vitals state={state} />
    </section>
  );
}

interface RowProps {
  readonly id: StepId;
  readonly step: Step;
  readonly state: State;
  readonly now: number;
  readonly range: number;
}

function Row({ id, step, state, now, range }: RowProps) {
  const base = id === "microphone" ? state.startedAt : state.baseAt;
  const end = step.to ?? (isMoving(step) ? Math.max(now, step.from ?? base) : undefined);
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
        {id !== "microphone" && step.from !== undefined && end !== undefined && !old && <Bar from={(step.from - base) / range} to={(end - base) / range} />}
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
  const left = 100 * Math.min(Math.max(from, 0), 1);
  const width = 100 * Math.min(to, 1) - left;
  return <span className="bar" style={{ left: `${left}%`, width: `max(3px, ${width}%)` }} />;
}

function Axis({ range }: { range: number }) {
  return (
    <div className="axis" aria-hidden="true">
      <div>
        {[0, 0.5, 1].map((part) => (
          <span key={part} style={{ left: `${100 * part}%` }}>
            {scaleMark(range * part)}
          </span>
        ))}
      </div>
    </div>
  );
}

const ranges = [200, 500, 1_000, 2_000, 5_000, 10_000, 20_000];

/** As on an instrument: the finest of a few fixed ranges into which everything so far fits. */
function rangeOf(state: State, now: number): number {
  const ends = stepIds.filter((id) => id !== "microphone").map((id) => {
    const step = state.steps[id];
    return (step.to ?? (isMoving(step) ? now : state.baseAt)) - state.baseAt;
  });
  const last = Math.max(...ends);
  return ranges.find((range) => last <= range) ?? limits.recover;
}

const isMoving = (step: Step) => step.status === "active" || step.status === "late";
const moving = (state: State) => stepIds.some((id) => isMoving(state.steps[id]));

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
