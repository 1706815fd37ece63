import { createRoot } from "react-dom/client";
import { Session } from "./session/session.ts";
import "./style.css";
import { exposeTestSurface } from "./testSurface.ts";
import { App } from "./ui/App.tsx";
import { SessionContext } from "./ui/useSession.ts";

const asked = new URLSearchParams(location.search);
const session = new Session({ raw: asked.has("raw"), patient: asked.has("patient") });
exposeTestSurface(session);

createRoot(document.getElementById("root")!).render(
  <SessionContext value={session}>
    <App />
  </SessionContext>,
);
