/**
 * The kernel reports our own removals too, a moment later, and by then the address may be ours
 * again (moved between two instances, a new label): that must not look as if somebody else had
 * removed it.
 */

import { isInNetwork, isIpv6 } from "#units/address";
import type { Instant } from "#units/time";
import type { AddressPlace } from "./instance.ts";
import type { AddressInfo } from "./world.ts";

/** A notification that has not come by then never will. */
const TIMEOUT = 1_000_000;

export class OwnRemovals {
  readonly #expected = new Map<
    string,
    { readonly place: AddressPlace; count: number; at: Instant }
  >();

  /** We have removed it; the kernel will report that once. */
  expect(place: AddressPlace, now: Instant): void {
    const known = this.#expected.get(keyOf(place));
    this.#expected.set(keyOf(place), {
      place,
      count: (known?.count ?? 0) + 1,
      at: now,
    });
  }

  /** Is this the notification of our own removal? Each is expected once. */
  isOwn(place: AddressPlace, now: Instant): boolean {
    const known = this.#expected.get(keyOf(place));
    if (known === undefined) return false;
    known.count -= 1;
    const isFresh = now - known.at <= TIMEOUT;
    if (known.count === 0 || !isFresh) this.#expected.delete(keyOf(place));
    return isFresh;
  }

  /**
   * With the primary address of a subnet the kernel removes its secondary ones, unless
   * `promote_secondaries` is set, and reports them first. So a secondary one that goes while the
   * primary's removal is still to be reported went by our doing.
   */
  isFollowing(gone: AddressInfo, now: Instant): boolean {
    // Of IPv6 each address stands alone.
    if (!gone.secondary || isIpv6(gone.address)) return false;
    for (const { place, at } of this.#expected.values()) {
      const { index, address, prefix } = place;
      if (index !== gone.index || prefix !== gone.prefix || now - at > TIMEOUT) continue;
      if (isInNetwork(address, gone.address, prefix)) return true;
    }
    return false;
  }

  /** Notifications were lost: none is to be expected any more. */
  forget(): void {
    this.#expected.clear();
  }
}

const keyOf = ({ index, address, prefix }: AddressPlace): string => `${index}/${address}/${prefix}`;
