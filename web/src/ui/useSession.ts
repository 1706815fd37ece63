import { createContext, useContext, useEffect, useState, useSyncExternalStore } from "react";
import type { Session } from "../session/session.ts";

export const SessionContext = createContext<Session | undefined>(undefined);

export function useSession(): Session {
  const session = useContext(SessionContext);
  if (!session) throw new Error("outside of SessionContext");
  return session;
}

/** Rerenders when what `read` returns is another value. */
export function useRead<T>(read: (session: Session) => T): T {
  const session = useSession();
  return useSyncExternalStore(session.subscribe, () => read(session));
}

/** The page's clock, ticking only while `running`. */
export function useNow(running: boolean, every: number): number {
  const [now, setNow] = useState(() => performance.now());
  useEffect(() => {
    if (!running) return;
    const timer = setInterval(() => setNow(performance.now()), every);
    return () => clearInterval(timer);
  }, [running, every]);
  return now;
}

/** Calls `draw` with each frame while `running`; four times a second for people who asked for less motion. */
export function useFrames(running: boolean, draw: () => void) {
  useEffect(() => {
    draw();
    if (!running) return;
    if (matchMedia("(prefers-reduced-motion: reduce)").matches) {
      const timer = setInterval(draw, 250);
      return () => clearInterval(timer);
    }
    let frame = requestAnimationFrame(function next() {
      draw();
      frame = requestAnimationFrame(next);
    });
    return () => cancelAnimationFrame(frame);
  }, [running, draw]);
}
