/** Seeded randomness for ids and hardware addresses: the same seed gives the same cloud. */
import type { Mac } from "#units/address";

export interface Random {
  /** 0 to 2^32 - 1 */
  next(): number;
  /** The eight characters after the prefix of an id. */
  tail(): string;
  /** An address of the range that KVM gives to guests. */
  mac(): Mac;
}

const ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789";

export function makeRandom(seed: number): Random {
  let state = seed >>> 0;
  // SplitMix32: a Weyl sequence through a finalizer; every seed gives another start of the full period.
  const next = (): number => {
    state = (state + 0x9e3779b9) >>> 0;
    let z = state;
    z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
    return (z ^ (z >>> 15)) >>> 0;
  };
  return {
    next,
    tail: () => Array.from({ length: 8 }, () => ALPHABET.charAt(next() % ALPHABET.length)).join(""),
    mac: () => (0x525400 * 0x1000000 + (next() & 0xffffff)) as Mac,
  };
}
