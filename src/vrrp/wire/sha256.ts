/**
 * SHA-256 (RFC 6234) without allocation, over a state that the caller keeps: an HMAC is then begun
 * from the state behind its key block, where node:crypto starts anew for every packet. This room
 * knows no Node.js; tests compare it with node:crypto.
 */
import { readU8, readU16 } from "./bytes.ts";

export const SHA256_BLOCK = 64;
export const SHA256_LENGTH = 32;
/** Bytes behind a message that hold its length in bits. */
const LENGTH_BYTES = 8;

/** The intermediate hash value: eight integers of 32 bits. */
export type Sha256State = Int32Array;

/** The first `count` primes: their roots are the constants (RFC 6234 5.1 and 6.1). */
function primes(count: number): readonly number[] {
  const found: number[] = [];
  for (let n = 2; found.length < count; n++)
    if (found.every((prime) => n % prime !== 0)) found.push(n);
  return found;
}

/** The first 32 bits of the fractional part. A double has enough of them. */
const fraction = (root: number): number => ((root - Math.floor(root)) * 0x1_0000_0000) | 0;

const K: Int32Array = Int32Array.from(primes(64), (prime) => fraction(Math.cbrt(prime)));
const INITIAL: Sha256State = Int32Array.from(primes(8), (prime) => fraction(Math.sqrt(prime)));

/** One for all: a block is finished within the call. */
const W = new Int32Array(64);

/** Of no message yet. */
export const sha256State = (): Sha256State => INITIAL.slice();

/** Adds the 64 bytes at `at`. */
export function compress(state: Sha256State, bytes: Uint8Array, at: number): void {
  for (let t = 0; t < 16; t++) {
    const place = at + t * 4;
    W[t] = (readU16(bytes, place) << 16) | readU16(bytes, place + 2);
  }
  for (let t = 16; t < 64; t++) {
    const x = word(W, t - 15);
    const y = word(W, t - 2);
    const s0 = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3);
    const s1 = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10);
    W[t] = (word(W, t - 16) + s0 + word(W, t - 7) + s1) | 0;
  }
  let a = word(state, 0);
  let b = word(state, 1);
  let c = word(state, 2);
  let d = word(state, 3);
  let e = word(state, 4);
  let f = word(state, 5);
  let g = word(state, 6);
  let h = word(state, 7);
  for (let t = 0; t < 64; t++) {
    const s1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
    const t1 = (h + s1 + ((e & f) ^ (~e & g)) + word(K, t) + word(W, t)) | 0;
    const s0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
    const t2 = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    h = g;
    g = f;
    f = e;
    e = (d + t1) | 0;
    d = c;
    c = b;
    b = a;
    a = (t1 + t2) | 0;
  }
  state[0] = word(state, 0) + a;
  state[1] = word(state, 1) + b;
  state[2] = word(state, 2) + c;
  state[3] = word(state, 3) + d;
  state[4] = word(state, 4) + e;
  state[5] = word(state, 5) + f;
  state[6] = word(state, 6) + g;
  state[7] = word(state, 7) + h;
}

const word = (of: Int32Array, at: number): number => of[at] ?? 0;

/** Room for what is written behind a message of `length` bytes: up to whole blocks. */
export const paddedLength = (length: number): number =>
  Math.ceil((length + 1 + LENGTH_BYTES) / SHA256_BLOCK) * SHA256_BLOCK;

/**
 * Adds `bytes[0, length)` as the end of a message, of which `before` bytes (whole blocks) are in
 * the state already. What is behind `length`, up to `paddedLength`, is written over.
 */
export function finish(
  state: Sha256State,
  bytes: Uint8Array,
  length: number,
  before: number,
): void {
  const end = paddedLength(length);
  bytes.fill(0, length, end);
  bytes[length] = 0x80;
  // Messages here are far below 2^29 bytes.
  const bits = (before + length) * 8;
  bytes[end - 4] = bits >>> 24;
  bytes[end - 3] = bits >>> 16;
  bytes[end - 2] = bits >>> 8;
  bytes[end - 1] = bits;
  for (let at = 0; at < end; at += SHA256_BLOCK) compress(state, bytes, at);
}

/** The hash value as 32 bytes. */
export function writeState(state: Sha256State, into: Uint8Array, at: number): void {
  for (let n = 0; n < SHA256_LENGTH; n++)
    into[at + n] = word(state, n >>> 2) >>> (24 - (n & 3) * 8);
}

/** Of a whole message; for tests, and keys. */
export function sha256(message: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(paddedLength(message.length));
  bytes.set(message);
  const state = sha256State();
  finish(state, bytes, message.length, 0);
  const into = new Uint8Array(SHA256_LENGTH);
  writeState(state, into, 0);
  return into;
}

/** Equal bytes, in a time that does not depend on which of them differ. */
export function isSameDigest(
  a: Uint8Array,
  aAt: number,
  b: Uint8Array,
  bAt: number,
  length: number,
): boolean {
  let differs = 0;
  for (let n = 0; n < length; n++) differs |= readU8(a, aAt + n) ^ readU8(b, bAt + n);
  return differs === 0;
}
