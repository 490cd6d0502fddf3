/** Which of several servers has the others' data, by histories that are partly in common. Pure. */
import type { Comparison } from "./database.ts";

export interface Compared<H> {
  readonly history: H;
  readonly isWritable: boolean;
  /** Of this run of the server: another one has another. Undefined: not known. */
  readonly server: string | undefined;
}

export interface Histories<H> {
  /** Whether `one` has everything of `other`. Undefined: nobody can say. */
  readonly hasAll: (one: H, other: H) => boolean | undefined;
  readonly print: (history: H) => string;
}

/** Of all peers: one that cannot be compared, or has diverged, decides. */
export function compareHistories<H>(
  own: Compared<H> | undefined,
  peers: readonly (Compared<H> | undefined)[],
  histories: Histories<H>,
): Comparison {
  if (own === undefined || peers.length === 0) return { result: "unknown" };
  const all = peers.map((theirs) => compareTwo(own, theirs, histories));
  const of = (result: Comparison["result"]): Comparison | undefined =>
    all.find((one) => one.result === result);
  const found = of("unknown") ?? of("diverged");
  if (found !== undefined) return found;
  const [ours, theirs] = [of("ours"), of("theirs")];
  if (ours !== undefined && theirs !== undefined) return { ...theirs, result: "diverged" };
  return theirs ?? ours ?? { result: "equal" };
}

function compareTwo<H>(
  own: Compared<H>,
  theirs: Compared<H> | undefined,
  { hasAll, print }: Histories<H>,
): Comparison {
  // One server, and nothing is known of the other one.
  const isSame = own.server !== undefined && own.server === theirs?.server;
  if (theirs === undefined || isSame) return { result: "unknown" };
  const ours = hasAll(own.history, theirs.history);
  const others = hasAll(theirs.history, own.history);
  const difference = `here ${print(own.history)}, there ${print(theirs.history)}`;
  if (ours === undefined || others === undefined) return { result: "unknown", difference };
  if (ours && others) return equal(own, theirs);
  if (!ours && !others) return { result: "diverged", difference };
  return { result: ours ? "ours" : "theirs", difference };
}

/** With the same data the one that takes writes is the one to stay with. */
function equal<H>(own: Compared<H>, theirs: Compared<H>): Comparison {
  if (own.isWritable === theirs.isWritable) return { result: "equal" };
  return { result: own.isWritable ? "ours" : "theirs", difference: "equal" };
}
