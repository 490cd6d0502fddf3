/** Which of two has the other's data. Pure. */
import type { Comparison } from "../port/database.ts";
import { type Facts, isWritable } from "./facts.ts";
import { hasAll, printHistory } from "./history.ts";

/** Of all peers: one that cannot be compared, or has diverged, decides. */
export function compare(own: Facts | undefined, peers: readonly (Facts | undefined)[]): Comparison {
  if (own === undefined || peers.length === 0) return { result: "unknown" };
  const all = peers.map((theirs): Comparison => {
    if (theirs === undefined || isSame(own, theirs)) return { result: "unknown" };
    const [ours, others] = [
      hasAll(own.history, theirs.history),
      hasAll(theirs.history, own.history),
    ];
    const difference = `here ${printHistory(own.history)}, there ${printHistory(theirs.history)}`;
    if (ours === undefined || others === undefined) return { result: "unknown", difference };
    if (ours && others) return equal(own, theirs);
    if (!ours && !others) return { result: "diverged", difference };
    return { result: ours ? "ours" : "theirs", difference };
  });
  const of = (result: Comparison["result"]): Comparison | undefined =>
    all.find((one) => one.result === result);
  const found = of("unknown") ?? of("diverged");
  if (found !== undefined) return found;
  const [ours, theirs] = [of("ours"), of("theirs")];
  if (ours !== undefined && theirs !== undefined) return { ...theirs, result: "diverged" };
  return theirs ?? ours ?? { result: "equal" };
}

/** One server, and nothing is known of the other one. */
const isSame = ({ runId }: Facts, theirs: Facts): boolean =>
  runId !== undefined && runId === theirs.runId;

/** With the same data the one that takes writes is the one to stay with. */
function equal(own: Facts, theirs: Facts): Comparison {
  const [here, there] = [isWritable(own), isWritable(theirs)];
  if (here === there) return { result: "equal" };
  return { result: here ? "ours" : "theirs", difference: "equal" };
}
