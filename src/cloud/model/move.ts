/** Pointing a HAVIP at another holder. */
import type { Instant } from "#units/time";
import type { HavipRow, Holder } from "./rows.ts";

export const isSameHolder = (a: Holder | null, b: Holder | null): boolean =>
  a?.networkInterfaceId === b?.networkInterfaceId && a?.instanceId === b?.instanceId;

/** FlushedTime changes only when the holder changes. */
export const moveTo = (havip: HavipRow, holder: Holder, at: Instant): HavipRow =>
  isSameHolder(havip.holder, holder)
    ? { ...havip, claim: null }
    : { ...havip, holder, claim: null, flushedAt: at };
