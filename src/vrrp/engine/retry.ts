/** When an instance tries again what the kernel refused, or what somebody else undid. */
import type { Instant } from "#units/time";
import type { Instance } from "./instance.ts";

const FIRST_RETRY = 5_000_000;
const LAST_RETRY = 300_000_000;

/**
 * Each try comes later than the one before, unless the trouble had been over for a while. Three
 * addresses refused at once are one try (sim seed 4257: 160 s of waiting after the second).
 */
export function scheduleRetry(instance: Instance, now: Instant): void {
  const { retrySetAt } = instance;
  if (retrySetAt === now && instance.retryAt !== undefined) return;
  if (retrySetAt !== undefined && now - retrySetAt > 2 * LAST_RETRY) instance.retryDelay = 0;
  instance.retrySetAt = now;
  instance.retryDelay = Math.min(LAST_RETRY, Math.max(FIRST_RETRY, instance.retryDelay * 2));
  instance.retryAt = (now + instance.retryDelay) as Instant;
}
