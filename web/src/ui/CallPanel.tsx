import { giveUpAt, pendingStep } from "../session/reducer.ts";
import { isActive } from "../session/state.ts";
import type { State } from "../session/state.ts";
import { agentSpeaks, givingUpIn, headline, idleHint, page, waitingFor } from "../words/en.ts";
import { useNow, useRead, useSession } from "./useSession.ts";
import { VerdictCard } from "./VerdictCard.tsx";

export function CallPanel() {
  const session = useSession();
  const state = useRead((s) => s.state());
  const active = isActive(state.phase);

  return (
    <section className="panel call" aria-label={page.call}>
      <h2 className="headline" data-testid="headline">
        {headline(state)}
      </h2>
      <Hint state={state} />
      {state.verdict && <VerdictCard verdict={state.verdict} />}

      <div className="controls">
        <button
          type="button"
          className="primary"
          data-testid="connect"
          onClick={() => (active ? session.disconnect() : session.connect())}
        >
          {buttonText(state)}
        </button>
        <MicrophoneChooser />
      </div>

      <Speech state={state} />
      {state.playbackBlocked && (
        <p className="notice">
          <button type="button" data-testid="hear" onClick={() => session.speaker.resume()}>
            {page.clickToHear}
          </button>
          {page.clickToHearWhy}
        </p>
      )}
      {state.microphoneSilent && <p className="notice">{page.microphoneSilent}</p>}
      {state.notice && <p className="notice">{state.notice}</p>}
      <Announcement state={state} />
    </section>
  );
}

function buttonText({ phase }: State) {
  switch (phase) {
    case "microphone":
    case "connecting":
      return page.cancel;
    case "connected":
    case "reconnecting":
      return page.disconnect;
    case "failed":
      return page.again;
    default:
      return page.connect;
  }
}

/** The line under the headline: what we are waiting for now and for how long at most. */
function Hint({ state }: { state: State }) {
  const waiting = state.phase === "microphone" || state.phase === "connecting" || state.phase === "reconnecting";
  const now = useNow(waiting, 250);
  if (state.phase === "failed") return null;
  const left = Math.max(0, Math.ceil((giveUpAt(state) - Math.max(now, state.startedAt)) / 1000));
  return (
    <p className="hint" data-testid="hint">
      {waiting ? waitingFor(state, pendingStep(state)) : idleHint(state)}
      {waiting && <span className="countdown"> {givingUpIn(left)}</span>}
    </p>
  );
}

/** For screen readers: the headline, and what is missing only once it is late, so that a quick call is not a stream of words. */
function Announcement({ state }: { state: State }) {
  const step = pendingStep(state);
  const late = state.steps[step].status === "late" ? waitingFor(state, step) : "";
  return (
    <p className="visually-hidden" role="status" aria-live="polite">
      {headline(state)} {late}
    </p>
  );
}

function Speech({ state }: { state: State }) {
  const up = state.phase === "connected" || state.phase === "reconnecting";
  return (
    <ul className="speech" aria-label={page.voiceActivity} data-shown={up}>
      <li data-on={state.youSpeak} data-testid="you-speak">
        {state.youSpeak ? page.youSpeak : page.youAreQuiet}
      </li>
      <li data-on={state.agentSpeaks} data-testid="agent-speaks">
        {agentSpeaks(state)}
      </li>
    </ul>
  );
}

function MicrophoneChooser() {
  const session = useSession();
  const devices = useRead((s) => s.devices());
  const chosen = useRead((s) => s.deviceId());
  const on = useRead((s) => s.microphoneOn());
  return (
    <div className="chooser">
      <label htmlFor="microphone">{page.microphone}</label>
      <select id="microphone" data-testid="microphone" value={chosen ?? ""} onChange={(e) => session.useMicrophone(e.target.value)}>
        <option value="">{page.defaultMicrophone}</option>
        {devices
          .filter((d) => d.deviceId !== "default")
          .map((d) => (
            <option key={d.deviceId} value={d.deviceId}>
              {d.label || d.deviceId.slice(0, 8)}
            </option>
          ))}
      </select>
      <button type="button" className="quiet" data-testid="mute" aria-pressed={!on} onClick={() => session.enableMicrophone(!on)}>
        {on ? page.mute : page.unmute}
      </button>
    </div>
  );
}
