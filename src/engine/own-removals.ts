/**
 * The kernel tells us of our own removals too, a moment later, and by then the address may be ours again (moved between
 * two instances, a new label): that must not look as if somebody else had removed it.
 */
import type { AddressInfo } from "#ports/world";
import type { Instant } from "#units/time";

/** News that has not come by then never will. */
const PATIENCE = 1_000_000;

type Place = Pick<AddressInfo, "index" | "address" | "prefix">;

export class OwnRemovals {
  readonly #expected = new Map<string, { count: number; at: Instant }>();

  /** We have removed it; the kernel will say so once. */
  expect(place: Place, now: Instant): void {
    const known = this.#expected.get(keyOf(place));
    this.#expected.set(keyOf(place), { count: (known?.count ?? 0) + 1, at: now });
  }

  /** Is this news of our own removal? Each is believed once. */
  isOwn(place: Place, now: Instant): boolean {
    const known = this.#expected.get(keyOf(place));
    if (known === undefined) return false;
    known.count -= 1;
    const isFresh = now - known.at <= PATIENCE;
    if (known.count === 0 || !isFresh) this.#expected.delete(keyOf(place));
    return isFresh;
  }

  /** Notifications were lost: none is to be expected any more. */
  forget(): void {
    this.#expected.clear();
  }
}

const keyOf = ({ index, address, prefix }: Place): string => `${index}/${address}/${prefix}`;
