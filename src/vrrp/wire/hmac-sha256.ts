/**
 * HMAC-SHA256 (RFC 2104) with the key's two blocks hashed once, when the key is read: a message of
 * one or two blocks then costs two or three compressions and allocates nothing.
 */
import {
  compress,
  finish,
  paddedLength,
  SHA256_BLOCK,
  SHA256_LENGTH,
  type Sha256State,
  sha256,
  sha256State,
  writeState,
} from "./sha256.ts";

const INNER_PAD = 0x36;
const OUTER_PAD = 0x5c;

/** A key, as the states behind its blocks; the key itself is not kept. */
export interface HmacKey {
  readonly inner: Sha256State;
  readonly outer: Sha256State;
}

/** @param key any length; more than a block is hashed first (RFC 2104 section 2) */
export function hmacKey(key: Uint8Array): HmacKey {
  const short = key.length > SHA256_BLOCK ? sha256(key) : key;
  const behind = (pad: number): Sha256State => {
    const block = new Uint8Array(SHA256_BLOCK).fill(pad);
    for (const [at, byte] of short.entries()) block[at] = byte ^ pad;
    const state = sha256State();
    compress(state, block, 0);
    return state;
  };
  return { inner: behind(INNER_PAD), outer: behind(OUTER_PAD) };
}

const state = sha256State();
const outerBlock = new Uint8Array(paddedLength(SHA256_LENGTH));

/** Room for a message of `length` bytes and what is written behind it. */
export const hmacRoom = paddedLength;

/**
 * Writes the 32 bytes of the HMAC of `message[0, length)` to `into` from `at` on; up to
 * `hmacRoom(length)`, what is behind the message is written over.
 */
export function hmacSha256(
  key: HmacKey,
  message: Uint8Array,
  length: number,
  into: Uint8Array,
  at: number,
): void {
  state.set(key.inner);
  finish(state, message, length, SHA256_BLOCK);
  writeState(state, outerBlock, 0);
  state.set(key.outer);
  finish(state, outerBlock, SHA256_LENGTH, SHA256_BLOCK);
  writeState(state, into, at);
}
