/** What a new resource is called, and the hardware address of a new interface. */
import type { Mac } from "#units/address";
import type { Rng } from "#units/rng";

const ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789".split("");

/** The eight characters after the prefix of an id. */
export const idTail = (rng: Rng): string =>
  Array.from({ length: 8 }, () => rng.pick(ALPHABET)).join("");

/** An address of the range that KVM gives to guests. */
export const guestMac = (rng: Rng): Mac => (0x525400 * 0x1000000 + rng.between(0, 0xffffff)) as Mac;
