/** Where a line begins in its file, and how far it is indented: for corrections that insert a line. */

const LOOK_BACK_MAX = 2_048;

/** The place itself where the line begins too far away. */
export function startOfLine(text: string, at: number): number {
  const base = Math.max(0, at - LOOK_BACK_MAX);
  const found = text.slice(base, at).lastIndexOf("\n");
  return found < 0 && base > 0 ? at : base + found + 1;
}

export function indentOf(text: string, at: number): string {
  const start = startOfLine(text, at);
  return /^[ \t]*/.exec(text.slice(start, at))?.[0] ?? "";
}
