/**
 * From single results of a check to "up" and "down" (keepalived's rise and fall): the first result counts at once, later
 * ones only when enough agree.
 */
export interface Verdict {
  readonly result: "unknown" | "up" | "down";
  /** How many results in a row said the opposite of `result`; once it has turned, how many agreed. */
  readonly consecutive: number;
}

export const UNKNOWN: Verdict = { result: "unknown", consecutive: 0 };

export function judgeResult(verdict: Verdict, ok: boolean, rise: number, fall: number): Verdict {
  const said = ok ? "up" : "down";
  if (verdict.result === "unknown") return { result: said, consecutive: 1 };
  if (said === verdict.result) return { result: said, consecutive: 0 };
  const consecutive = verdict.consecutive + 1;
  const needed = ok ? rise : fall;
  return consecutive >= needed ? { result: said, consecutive: 0 } : { ...verdict, consecutive };
}
