/**
 * Seeded random numbers: one seed decides everything, and a stream can be split so that one
 * concern's draws do not move another's. Seeds of the simulator that once failed are kept
 * (tests/seeds), so the streams must never change.
 */

export interface Rng {
  /** 0 to 1, 1 excluded. */
  readonly real: () => number;
  /** A whole number, both ends included. */
  between(min: number, max: number): number;
  chance(probability: number): boolean;
  pick<T>(list: readonly T[]): T;
  /** A new stream that depends on this one's seed and the label only, not on how much was drawn. */
  split(label: string): Rng;
}

/**
 * SplitMix32 seeds an sfc32 generator (public domain designs): fast, small, and good enough for
 * faults.
 */
export function createRng(seed: number): Rng {
  let a = mix(seed);
  let b = mix(seed ^ 0x9e3779b9);
  let c = mix(seed ^ 0x85ebca6b);
  let counter = 1;
  const next = (): number => {
    const t = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + t) | 0;
    return (t >>> 0) / 4_294_967_296;
  };
  for (let i = 0; i < 12; i++) next();
  return {
    real: next,
    between: (min, max) => min + Math.floor(next() * (max - min + 1)),
    chance: (probability) => probability > 0 && next() < probability,
    pick: <T>(list: readonly T[]): T => list[Math.floor(next() * list.length)] as T,
    split: (label) => createRng(hash(seed, label)),
  };
}

function mix(value: number): number {
  let z = (value + 0x9e3779b9) | 0;
  z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
  z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
  return (z ^ (z >>> 15)) | 0;
}

function hash(seed: number, label: string): number {
  let value = mix(seed);
  for (let i = 0; i < label.length; i++) value = mix(value ^ label.charCodeAt(i));
  return value;
}
