/** A netlink socket to nf_tables: sends transactions and waits for their acknowledgement. */

import type { IpAddress } from "#units/address";
import { OK, type Outcome } from "#vrrp/engine/world";
import { MSG_DONTWAIT } from "./abi.ts";
import * as libc from "./ffi.ts";
import {
  MessageBuilder,
  messagesOf,
  type NetlinkMessage,
  NLMSG_DONE,
  NLMSG_ERROR,
} from "./netlink.ts";
import { acknowledged, NETLINK_NETFILTER, openNetlink } from "./netlink-socket.ts";
import {
  elementsOf,
  emitGetElements,
  emitGetGeneration,
  emitGetRules,
  generationOf,
  isRuleOf,
  keysOf,
  NftBatch,
  type PreparedBatch,
} from "./nft-messages.ts";
import { type Result, success } from "./result.ts";

const CALL = "nf_tables";
const FIRST = 1;
/** Other programs' transactions may come between looking and deleting. */
const TRIES_MAX = 5;
/**
 * A number has 32 bits. A thousand routers with ten advertisements a second use them up in a month,
 * and an answer to a number beyond them would be waited for in vain. They begin anew before that,
 * with more left than any transaction has messages.
 */
const LAST = 2 ** 32 - 2 ** 20;

export class NftSocket {
  readonly #fd: number;
  readonly #buffer = new Uint8Array(65_536);
  readonly #builder = new MessageBuilder();
  #sequence: number;

  constructor(fd: number, sequence: number) {
    this.#fd = fd;
    this.#sequence = sequence;
  }

  /** One at a time: a new one takes the place of the last. */
  batch(generation?: number): NftBatch {
    return new NftBatch(this.#sequence, generation, this.#builder);
  }

  /** The present number of the ruleset. */
  generation(): Result<number> {
    let found: number | undefined;
    const request = emitGetGeneration(new MessageBuilder(), this.#sequence);
    const outcome = this.#ask(request, (message) => {
      found ??= generationOf(message);
    });
    if (!outcome.ok) return outcome;
    return found === undefined ? { ok: false, errno: "ENODATA", call: CALL } : success(found);
  }

  /** Addresses in a set; ENOENT: there is no such set. */
  elements(family: number, table: string, set: string): Result<readonly IpAddress[]> {
    return this.#dump(family, table, set, elementsOf);
  }

  /** As `elements`, of a set with any kind of key. */
  keys(family: number, table: string, set: string): Result<readonly Uint8Array[]> {
    // The buffer is used again by the next message.
    return this.#dump(family, table, set, (message) => keysOf(message).map((key) => key.slice()));
  }

  /** How many rules a chain has; none where it is missing. */
  ruleCount(family: number, table: string, chain: string): Result<number> {
    let found = 0;
    const request = emitGetRules(new MessageBuilder(), this.#sequence, family, table, chain);
    const outcome = this.#ask(request, (message) => {
      if (isRuleOf(message, table, chain)) found += 1;
    });
    return outcome.ok ? success(found) : outcome;
  }

  #dump<T>(
    family: number,
    table: string,
    set: string,
    read: (message: NetlinkMessage) => readonly T[],
  ): Result<readonly T[]> {
    const found: T[] = [];
    const request = emitGetElements(new MessageBuilder(), this.#sequence, family, table, set);
    const outcome = this.#ask(request, (message) => {
      for (const one of read(message)) found.push(one);
    });
    return outcome.ok ? success(found) : outcome;
  }

  /** Sends a question and reads its answer to the end. */
  #ask(request: Uint8Array, onMessage: (message: NetlinkMessage) => void): Outcome {
    const sequence = this.#sequence;
    this.#continueAt(sequence + 1);
    if (libc.send(this.#fd, request, request.length, 0) < 0) return libc.failure(CALL);
    for (;;) {
      const length = libc.recv(this.#fd, this.#buffer, this.#buffer.length, 0);
      if (length < 0) {
        const failure = libc.failure(CALL);
        if (failure.errno === "EINTR") continue;
        return failure.errno === "EAGAIN" ? { ...failure, errno: "ETIMEDOUT" } : failure;
      }
      for (const message of messagesOf(this.#buffer.subarray(0, length))) {
        if (message.sequence !== sequence) continue;
        if (message.type === NLMSG_DONE || message.type === NLMSG_ERROR)
          return acknowledged(message, CALL);
        onMessage(message);
      }
    }
  }

  #continueAt(sequence: number): void {
    this.#sequence = sequence > LAST ? FIRST : sequence;
  }

  commit(batch: NftBatch): Outcome {
    const { bytes, last } = batch.finish();
    return this.#transact(bytes, batch.first, last);
  }

  /**
   * What `prepare` has read of the ruleset still holds when its batch is carried out; where another
   * program's transaction comes between, it is asked again.
   *
   * @param prepare fills the batch; undefined: nothing is to be done
   * @returns what `prepare` returned for the transaction that was carried out
   */
  commitUnchanged<T>(prepare: (batch: NftBatch) => Result<T | undefined>): Result<T | undefined> {
    for (let tries = 1; ; tries++) {
      const generation = this.generation();
      if (!generation.ok) return generation;
      const batch = this.batch(generation.value);
      const prepared = prepare(batch);
      if (!prepared.ok || prepared.value === undefined) return prepared;
      const outcome = this.commit(batch);
      if (outcome.ok) return prepared;
      if (outcome.errno !== "ERESTART" || tries === TRIES_MAX) return outcome;
    }
  }

  /** A transaction that was made before, once more. */
  repeat(prepared: PreparedBatch): Outcome {
    return this.#transact(prepared.bytes, this.#sequence, prepared.renumber(this.#sequence));
  }

  /**
   * Sends the transaction. The first error decides; without any, the last message is acknowledged.
   */
  #transact(bytes: Uint8Array, first: number, last: number): Outcome {
    // The end of the batch has a number too.
    this.#continueAt(last + 2);
    if (libc.send(this.#fd, bytes, bytes.length, 0) < 0) return libc.failure(CALL);
    let flags = 0;
    let outcome: Outcome | undefined;
    for (;;) {
      const length = libc.recv(this.#fd, this.#buffer, this.#buffer.length, flags);
      if (length < 0) {
        const failure = libc.failure(CALL);
        if (failure.errno === "EINTR") continue;
        if (outcome !== undefined) return outcome;
        return failure.errno === "EAGAIN" ? { ...failure, errno: "ETIMEDOUT" } : failure;
      }
      for (const message of messagesOf(this.#buffer.subarray(0, length))) {
        const isOurs = message.sequence >= first && message.sequence <= last + 1;
        if (message.type !== NLMSG_ERROR || !isOurs) continue;
        const answer = acknowledged(message, CALL);
        if (!answer.ok) outcome ??= answer;
        else if (message.sequence === last) return outcome ?? OK;
      }
      // After an error the kernel may name others; all of them are in the socket already.
      if (outcome !== undefined) flags = MSG_DONTWAIT;
    }
  }

  [Symbol.dispose](): void {
    libc.close(this.#fd);
  }
}

/**
 * In the calling thread's network namespace, or why there can be none: EPROTONOSUPPORT or
 * EOPNOTSUPP (and the like) where the kernel has no nf_tables, EPERM without CAP_NET_ADMIN.
 */
export function openNftSocket(sequence = FIRST): Result<NftSocket> {
  const fd = openNetlink(NETLINK_NETFILTER, 0);
  if (!fd.ok) return fd;
  const probe = probeGeneration(fd.value);
  if (probe.ok) return success(new NftSocket(fd.value, sequence));
  libc.close(fd.value);
  return probe;
}

function probeGeneration(fd: number): Outcome {
  const request = emitGetGeneration(new MessageBuilder(), 0);
  if (libc.send(fd, request, request.length, 0) < 0) return libc.failure(CALL);
  const buffer = new Uint8Array(4096);
  for (;;) {
    const length = libc.recv(fd, buffer, buffer.length, 0);
    if (length < 0) {
      const failure = libc.failure(CALL);
      if (failure.errno !== "EINTR") return failure;
      continue;
    }
    for (const message of messagesOf(buffer.subarray(0, length))) {
      if (message.type === NLMSG_ERROR) return acknowledged(message, CALL);
    }
  }
}

/** For several transactions: the kernel takes none that is longer than the socket's buffer. */
export function inParts<T>(all: readonly T[], most: number): readonly (readonly T[])[] {
  const count = Math.ceil(all.length / most);
  return Array.from({ length: count }, (_, n) => all.slice(n * most, (n + 1) * most));
}
