/** Token buckets for gratuitous ARP. */
import type { Instant } from "#units/time";
import { elapsed, toSeconds } from "#units/time";
import type { Draft } from "./cloud-state.ts";
import type { Rate } from "./platform-profile.ts";

/** Takes a token and returns true if there is one. A clock that was set back adds no tokens. */
export function takeToken(draft: Draft, id: string, rate: Rate, now: Instant): boolean {
  const bucket = draft.get("buckets", id) ?? { tokens: rate.burst, at: now };
  const rested = Math.max(0, toSeconds(elapsed(bucket.at, now))) * rate.perSecond;
  const tokens = Math.min(rate.burst, bucket.tokens + rested);
  if (tokens < 1) return false;
  draft.put("buckets", { id, tokens: tokens - 1, at: now });
  return true;
}
