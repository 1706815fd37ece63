import { useState } from "react";
import type { FormEvent } from "react";
import { page } from "../words/en.ts";
import { readable } from "./readable.ts";
import { useRead, useSession } from "./useSession.ts";

const shown = 40;

export function MessagesPanel() {
  const session = useSession();
  const connected = useRead((s) => s.state().phase === "connected");
  useRead((s) => s.messagesSeen);
  const [text, setText] = useState("");

  const send = (e: FormEvent) => {
    e.preventDefault();
    if (text.trim() === "" || !connected) return;
    session.sendText(text.trim());
    setText("");
  };

  const messages = session.messages.slice(-shown).reverse();
  return (
    <section className="panel messages" aria-labelledby="messages-title">
      <h2 id="messages-title">{page.messages}</h2>
      <form onSubmit={send}>
        <label className="visually-hidden" htmlFor="text">
          {page.messageLabel}
        </label>
        <input id="text" data-testid="text" value={text} placeholder={page.messageLabel} autoComplete="off" onChange={(e) => setText(e.target.value)} />
        <button type="submit" className="quiet" data-testid="send" disabled={!connected}>
          {page.send}
        </button>
      </form>
      {messages.length === 0 ? (
        <p className="empty">{page.noMessages}</p>
      ) : (
        <ol data-testid="messages" tabIndex={0} aria-label={page.messages}>
          {messages.map(({ at, direction, data }, i) => (
            <li key={session.messagesSeen - i} data-direction={direction}>
              <time>{((at - session.state().startedAt) / 1000).toFixed(2)}</time>
              <span className="arrow">
                <span className="visually-hidden">{direction === "in" ? page.received : page.sent}</span>
              </span>
              <code>{readable(data)}</code>
            </li>
          ))}
        </ol>
      )}
    </section>
  );
}
