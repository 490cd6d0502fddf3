/** One way of asking a service whether it is well; each kind has a file here. */
import type { Language } from "#diagnostics/diagnostic";
import type { CheckTarget } from "#keepalived/plan/run-plan";

export type Text = Readonly<Record<Language, string>>;

export type Found =
  | { readonly kind: "good"; readonly text: Text }
  /** `errno`: of the call that was refused; a shortage here says nothing about a service. */
  | { readonly kind: "bad"; readonly text: Text; readonly errno?: string }
  /** Nothing was found out about the service. */
  | { readonly kind: "unknown"; readonly text: Text };

export interface Run {
  readonly timeoutMs: number;
  /** Aborted when the time is over, or nobody wants to know: whatever is open is closed. */
  readonly signal: AbortSignal;
}

/** Does not reject; ends soon after `signal`, with any answer. */
export type Probe = (run: Run) => Promise<Found>;

export const good = (text: Text): Found => ({ kind: "good", text });
export const bad = (text: Text, errno?: string): Found => ({
  kind: "bad",
  text,
  ...(errno !== undefined && { errno }),
});

/** Of the operating system, of a library of Node.js, or the name of the error. */
export function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { code } = error as NodeJS.ErrnoException;
  return typeof code === "string" && code !== "" ? code : error.name;
}

type DatabaseTarget = Extract<CheckTarget, { readonly kind: "mysql" | "postgresql" | "redis" }>;

/** Asked by a process of its own (src/databases). */
export const isDatabase = (target: CheckTarget): target is DatabaseTarget =>
  target.kind === "mysql" || target.kind === "postgresql" || target.kind === "redis";
