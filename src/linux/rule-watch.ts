/**
 * Rules of nf_tables that another program removes (`nft flush ruleset`, a firewall's reload) are
 * put back, and it is logged.
 */
import { printFailure } from "#vrrp/engine/world";
import { now } from "./clock.ts";
import { openFenceWatch } from "./fence-watch.ts";
import type { Reactor } from "./reactor.ts";
import type { Result } from "./result.ts";

/** Microseconds. Who removes them again and again is logged once a minute. */
const LOG_PAUSE = 60_000_000;

/**
 * As long as the process lives. Where the kernel sends no news, the next request puts everything
 * back.
 *
 * @param what "the rules of …"
 * @param restore true: something was missing, and is back
 */
export function putBackRules(
  reactor: Reactor,
  warn: (text: string) => void,
  what: string,
  restore: () => Result<boolean>,
): void {
  const watched = openFenceWatch();
  if (!watched.ok) return;
  const watch = watched.value;
  let loggedAt: number | undefined;
  reactor.add(watch.fd, () => {
    if (!watch.read()) return;
    const restored = restore();
    if (restored.ok && !restored.value) return;
    const at = now();
    if (loggedAt !== undefined && at - loggedAt < LOG_PAUSE) return;
    loggedAt = at;
    warn(
      restored.ok
        ? `another program removed ${what} (nft flush ruleset, a firewall's reload): they are back`
        : `another program removed ${what}, and they cannot be put back: ${printFailure(restored)}`,
    );
  });
}
