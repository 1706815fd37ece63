import { isActive } from "../session/state.ts";
import { page } from "../words/en.ts";
import { CallPanel } from "./CallPanel.tsx";
import { Mark } from "./Mark.tsx";
import { MessagesPanel } from "./MessagesPanel.tsx";
import { SoundPanel } from "./SoundPanel.tsx";
import { TimelinePanel } from "./TimelinePanel.tsx";
import { useRead } from "./useSession.ts";

export function App() {
  const phase = useRead((s) => s.state().phase);
  return (
    <div className="page" data-phase={phase} data-active={isActive(phase)}>
      <header className="masthead">
        <Mark />
        <h1>Thaw</h1>
        <p>{page.tagline}</p>
      </header>
      <main className="panels">
        <div className="column">
          <CallPanel />
          <SoundPanel />
        </div>
        <div className="column">
          <TimelinePanel />
          <MessagesPanel />
        </div>
      </main>
      <footer className="colophon">
        <span>{page.offline}</span>
        <a href="THIRD-PARTY-NOTICES.txt">{page.licences}</a>
      </footer>
    </div>
  );
}
