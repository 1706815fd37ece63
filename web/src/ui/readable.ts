/** One line for one data-channel message: its type first, then what it carries. */
export function readable(data: unknown): string {
  if (typeof data !== "string") return `binary, ${sizeOf(data).toLocaleString("en")} bytes`;
  try {
    const { type, data: body, message } = JSON.parse(data) as { type?: unknown; data?: unknown; message?: unknown };
    if (typeof type !== "string") return clipped(data);
    const rest = body ?? message;
    return clipped(rest === undefined ? type : `${type} ${JSON.stringify(rest)}`);
  } catch {
    return clipped(data);
  }
}

const clipped = (text: string) => (text.length > 200 ? `${text.slice(0, 200)}…` : text);

function sizeOf(data: unknown): number {
  if (data instanceof Blob) return data.size;
  return data instanceof ArrayBuffer || ArrayBuffer.isView(data) ? data.byteLength : 0;
}
