const firstAsk = 3_000; // a call that can connect has by then, but for bad lines; and the server's earliest verdict is due
const askEvery = 500; // what a person waits longer for it than need be
const askLimit = 2_000;

/**
 * What the server says of an attempt that it has given up: it knows long before the browser does. Asked from 3 s after the
 * answer on. Undefined once `over`, or from a server that does not say such things: this page serves others too.
 */
export async function finalVerdict(pcId: string, over: AbortSignal): Promise<string | undefined> {
  for (let wait = firstAsk; await passed(wait, over); wait = askEvery) {
    const said = await ask(pcId, over);
    if (over.aborted || said === "nothing") return undefined;
    if (said !== "later") return said.detail;
  }
  return undefined;
}

async function ask(pcId: string, over: AbortSignal): Promise<{ readonly detail: string } | "later" | "nothing"> {
  try {
    const signal = AbortSignal.any([over, AbortSignal.timeout(askLimit)]);
    const response = await fetch(`/api/calls/${encodeURIComponent(pcId)}/verdict`, { signal, cache: "no-store" });
    const body = await response.text(); // whole, also where it says nothing, or the connection is not free for the next
    if (response.status === 202 || response.status >= 500) return "later";
    return response.status === 200 ? read(body) : "nothing";
  } catch {
    return "later"; // lost or late: nothing is known
  }
}

function read(body: string): { readonly detail: string } | "nothing" {
  try {
    const { status, detail } = JSON.parse(body) as { status?: unknown; detail?: unknown };
    return status === "final" && typeof detail === "string" ? { detail } : "nothing";
  } catch {
    return "nothing"; // a page for every path, as some servers have
  }
}

/** False as soon as it is over. */
function passed(ms: number, over: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    if (over.aborted) return resolve(false);
    const ended = () => {
      clearTimeout(timer);
      resolve(false);
    };
    const timer = setTimeout(() => {
      over.removeEventListener("abort", ended);
      resolve(true);
    }, ms);
    over.addEventListener("abort", ended, { once: true });
  });
}
