/** A netlink socket to nf_tables: sends transactions and waits for their acknowledgement. */
import { OK, type Outcome } from "#ports/world";
import { MSG_DONTWAIT } from "./abi.ts";
import * as libc from "./ffi.ts";
import { MessageBuilder, messagesOf, NLMSG_ERROR } from "./netlink.ts";
import { acknowledged, NETLINK_NETFILTER, openNetlink } from "./netlink-socket.ts";
import { emitGetGeneration, NftBatch } from "./nft-messages.ts";
import { type Result, success } from "./result.ts";

const CALL = "nf_tables";

export class NftSocket {
  readonly #fd: number;
  readonly #buffer = new Uint8Array(65_536);
  #sequence = 1;

  constructor(fd: number) {
    this.#fd = fd;
  }

  batch(): NftBatch {
    return new NftBatch(this.#sequence);
  }

  /** Sends the transaction. The first error decides; without any, the last message is acknowledged. */
  commit(batch: NftBatch): Outcome {
    const { bytes, last } = batch.finish();
    // The end of the batch has a number too.
    this.#sequence = last + 2;
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
        const isOurs = message.sequence >= batch.first && message.sequence <= last + 1;
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
 * In the calling thread's network namespace, or why there can be none: EPROTONOSUPPORT or EOPNOTSUPP (and the like) where
 * the kernel has no nf_tables, EPERM without CAP_NET_ADMIN.
 */
export function openNftSocket(): Result<NftSocket> {
  const fd = openNetlink(NETLINK_NETFILTER, 0);
  if (!fd.ok) return fd;
  const probe = probeGeneration(fd.value);
  if (probe.ok) return success(new NftSocket(fd.value));
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
