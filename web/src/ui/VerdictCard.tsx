import type { Verdict } from "../session/state.ts";
import { explain, page, quoted } from "../words/en.ts";

export function VerdictCard({ verdict }: { verdict: Verdict }) {
  const { why, todo } = explain(verdict);
  const words = quoted(verdict);
  return (
    <div className="verdict" role="alert" data-testid="verdict" data-code={verdict.code}>
      <p>{why}</p>
      {words && (
        <p className="quote">
          <span className="label">{page.details}</span>
          <q data-testid="quoted">{words}</q>
        </p>
      )}
      <p className="label">{page.todo}</p>
      <ul>
        {todo.map((line) => (
          <li key={line}>{line}</li>
        ))}
      </ul>
    </div>
  );
}
