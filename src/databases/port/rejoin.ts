/** A former primary that is to follow the new one. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Answer, Text } from "./database.ts";
import type { Steps } from "./steps.ts";
import * as texts from "./texts.ts";

export type Rejoin =
  | { readonly kind: "follows" }
  /** It was given the primary to follow just now. */
  | { readonly kind: "begun" }
  | { readonly kind: "refused"; readonly code: string; readonly text: Text };

export const refusedRejoin = (code: string, text: Text): Rejoin => ({
  kind: "refused",
  code,
  text,
});

const POLL_MS = 50;

/**
 * Ok only if it follows now.
 *
 * @param attempt looks, and does what is to be done; a text: the server does not answer
 */
export async function rejoinUntil(
  steps: Steps,
  attempt: () => Promise<Rejoin | Text>,
): Promise<Answer> {
  for (;;) {
    const done = await attempt();
    if ("en" in done) return { ok: false, code: "unreachable", text: done };
    if (done.kind === "follows") return { ok: true, details: steps.print() };
    if (done.kind === "refused") return { ok: false, code: done.code, text: done.text };
    if (steps.isLate) return { ok: false, code: "late", text: texts.receivingLate };
    await sleep(POLL_MS);
  }
}
