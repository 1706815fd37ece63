import { useCallback, useRef } from "react";
import type { Levels, Side } from "../media/levels.ts";
import { isActive } from "../session/state.ts";
import { page } from "../words/en.ts";
import { drawTrace } from "./trace.ts";
import { useFrames, useRead, useSession } from "./useSession.ts";

const floor = -60; // dBFS at the left end of the scale

export function SoundPanel() {
  const { levels } = useSession();
  const running = useRead((s) => isActive(s.state().phase));
  return (
    <section className="panel sound" aria-labelledby="sound-title">
      <h2 id="sound-title">{page.levels}</h2>
      <Trace levels={levels} running={running} />
      <Meter levels={levels} running={running} side="you" label={page.yourLevel} />
      <Meter levels={levels} running={running} side="agent" label={page.agentLevel} />
      <div className="meter-scale" aria-hidden="true">
        {[-60, -48, -36, -24, -12, 0].map((db) => (
          <span key={db}>{db === 0 ? "0 dB" : `−${-db}`}</span>
        ))}
      </div>
    </section>
  );
}

function Meter({ levels, running, side, label }: { levels: Levels; running: boolean; side: Side; label: string }) {
  const bar = useRef<HTMLDivElement>(null);
  const shown = useRef({ level: 0, held: 0 });

  const draw = useCallback(() => {
    const { rms, peak } = levels.last(side);
    const level = scaled(rms);
    const before = shown.current;
    // Up at once, down slowly, as a needle does.
    before.level = running ? Math.max(level, before.level - 0.02) : 0;
    before.held = running ? Math.max(scaled(peak), before.held - 0.005) : 0;
    const element = bar.current;
    if (!element) return;
    element.style.setProperty("--level", before.level.toFixed(3));
    element.style.setProperty("--held", before.held.toFixed(3));
    const now = String(Math.round(floor * (1 - before.level)));
    if (element.getAttribute("aria-valuenow") !== now) element.setAttribute("aria-valuenow", now);
  }, [levels, side, running]);
  useFrames(running, draw);

  return (
    <div className="meter">
      <span className="meter-label">{label}</span>
      <div
        ref={bar}
        className={`meter-bar ${side}`}
        role="meter"
        aria-label={label}
        aria-valuemin={floor}
        aria-valuemax={0}
        aria-valuenow={floor}
        data-testid={`meter-${side}`}
      >
        <div className="meter-fill" />
        <div className="meter-held" />
      </div>
    </div>
  );
}

function Trace({ levels, running }: { levels: Levels; running: boolean }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const drawn = useRef(-1);
  const draw = useCallback(() => {
    if (!canvas.current || drawn.current === levels.history.count) return;
    drawn.current = levels.history.count;
    drawTrace(canvas.current, levels.history, scaled);
  }, [levels]);
  useFrames(running, draw);
  return (
    <figure className="trace">
      <div>
        <canvas ref={canvas} role="img" aria-label={page.traceLabel} />
      </div>
      <figcaption aria-hidden="true">
        <span>{page.tenSeconds}</span>
        <span>{page.now}</span>
      </figcaption>
    </figure>
  );
}

function scaled(amplitude: number): number {
  const db = 20 * Math.log10(Math.max(amplitude, 1e-6));
  return Math.min(1, Math.max(0, 1 - db / floor));
}
