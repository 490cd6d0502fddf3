/** What is said of servers whatever their kind. Pure. */
import type { ServerStanding, Standing, Text } from "./database.ts";

export const UNREACHABLE = {
  role: "unreachable",
  isWritable: false,
  follows: false,
} as const satisfies ServerStanding;

/**
 * Of a database that does not answer.
 *
 * @param peer undefined: there is none
 */
export const unreachableStanding = (why: Text, peer: ServerStanding | undefined): Standing => ({
  ...UNREACHABLE,
  ...(peer === undefined ? {} : { peer }),
  eligible: false,
  why: [why],
});
