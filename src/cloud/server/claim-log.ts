/**
 * Refused claims, as lines of the log: the first of a kind for an address from an interface at
 * once, then at most one a second with how many there were. So a guest that runs wild cannot
 * flood the log.
 */
import type { ClaimRefusal } from "../model/claim.ts";
import { printClaimRefusal } from "./claim-text.ts";

const GAP_MS = 1_000;
/** How many combinations of kind, address and interface are remembered. */
const KEPT_MAX = 1_000;

interface Entry {
  readonly lastLoggedAt: number;
  /** The number not logged since. */
  readonly count: number;
}

export class ClaimLog {
  readonly #entries = new Map<string, Entry>();

  /** The line to write now, if any. `nowMillis` is by the real clock. */
  refused(
    vip: string,
    interfaceId: string,
    reason: ClaimRefusal,
    nowMillis: number,
  ): string | undefined {
    const key = `${interfaceId}/${vip}/${reason.kind}`;
    const entry = this.#entries.get(key);
    if (entry !== undefined && Math.abs(nowMillis - entry.lastLoggedAt) < GAP_MS) {
      this.#entries.set(key, { ...entry, count: entry.count + 1 });
      return undefined;
    }
    if (this.#entries.size >= KEPT_MAX) this.#entries.clear();
    this.#entries.set(key, { lastLoggedAt: nowMillis, count: 0 });
    const times = entry === undefined || entry.count === 0 ? "" : ` (${entry.count + 1} times)`;
    return `claim of ${vip} by ${interfaceId} refused: ${printClaimRefusal(reason)}${times}`;
  }
}
