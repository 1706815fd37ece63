import { createRoot } from "react-dom/client";
import { Session } from "./session/session.ts";
import "./style.css";
import { exposeTestSurface } from "./testSurface.ts";
import { App } from "./ui/App.tsx";
import { SessionContext } from "./ui/useSession.ts";

const session = new Session(new URLSearchParams(location.search).has("raw"));
exposeTestSurface(session);

createRoot(document.getElementById("root")!).render(
  <SessionContext value={session}>
    <App />
  </SessionContext>,
);
