/** Which of several servers has the others' data. Pure. */
import { type Compared, compareHistories } from "../port/compare.ts";
import type { Comparison } from "../port/database.ts";
import { type Facts, isWritable } from "./facts.ts";
import { type History, hasAll, printHistory } from "./history.ts";

export const compare = (
  own: Facts | undefined,
  peers: readonly (Facts | undefined)[],
): Comparison =>
  compareHistories(comparedOf(own), peers.map(comparedOf), { hasAll, print: printHistory });

const comparedOf = (facts: Facts | undefined): Compared<History> | undefined =>
  facts === undefined
    ? undefined
    : { history: facts.history, isWritable: isWritable(facts), server: facts.runId };
