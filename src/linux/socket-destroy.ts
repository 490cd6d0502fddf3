/**
 * Connections of an address that this node gives up: how many there are, and their end.
 *
 * SOCK_DESTROY does to a socket what its program cannot be asked to: the connection is aborted, and
 * its client gets an RST, so that it connects again at once. A client that only reads would
 * otherwise wait for ever: what it waits for no longer leaves, and it sends nothing that the new
 * owner could refuse.
 *
 * The RST leaves with the address as its source, which has to be there: after `removeAddress` the
 * kernel finds no route for it and sends nothing. So connections are reset before the address is
 * removed.
 *
 * Not seen here: connections that end in another network namespace (a container behind a port
 * mapping), UDP, and connections with an IPv6 address.
 */
import { OK, type Outcome } from "#vrrp/engine/world";
import { MSG_DONTWAIT } from "./abi.ts";
import * as libc from "./ffi.ts";
import { MessageBuilder, messagesOf, NLMSG_DONE, NLMSG_ERROR } from "./netlink.ts";
import { acknowledged, openNetlink } from "./netlink-socket.ts";
import { type Result, success } from "./result.ts";
import {
  appendDestroy,
  emitDumpSockets,
  type SocketFilter,
  type SocketId,
  socketOf,
} from "./socket-diag-messages.ts";

const NETLINK_SOCK_DIAG = 4;
const FAMILIES: readonly number[] = [2, 10];
const CALL = "SOCK_DIAG";
const DESTROY = "SOCK_DESTROY";
/** Connections that end with one system call: half a millisecond of the kernel's work. */
const AT_ONCE = 100;
/** Conditions of one question. */
const CONDITIONS_MAX = 1_000;
/** Looked for again: a handshake may have been under way. */
const ROUNDS = 3;

class SocketDiag {
  readonly #fd: number;
  readonly #buffer = new Uint8Array(65_536);
  readonly #builder = new MessageBuilder();
  readonly #pause: () => Promise<void>;
  #sequence = 1;

  constructor(fd: number, pause: () => Promise<void>) {
    this.#fd = fd;
    this.#pause = pause;
  }

  /** Calls back for each part of the kernel's answer: some hundred connections. */
  async find(
    filter: SocketFilter,
    onFound: (sockets: readonly SocketId[]) => void,
  ): Promise<Outcome> {
    const { addresses, ports } = filter;
    const each = Math.max(1, Math.floor(CONDITIONS_MAX / Math.max(1, ports?.length ?? 1)));
    for (const family of FAMILIES) {
      for (let from = 0; from < addresses.length; from += each) {
        const part = { addresses: addresses.slice(from, from + each), ports };
        const outcome = await this.#dump(family, part, onFound);
        // A machine without IPv6 has no such connections.
        if (!outcome.ok && (family === FAMILIES[0] || outcome.errno !== "ENOENT")) return outcome;
      }
    }
    return OK;
  }

  async #dump(
    family: number,
    filter: SocketFilter,
    onFound: (sockets: readonly SocketId[]) => void,
  ): Promise<Outcome> {
    const sequence = this.#sequence++;
    const request = emitDumpSockets(this.#builder, sequence, family, filter);
    if (libc.send(this.#fd, request, request.length, 0) < 0) return libc.failure(CALL);
    for (;;) {
      const length = libc.recv(this.#fd, this.#buffer, this.#buffer.length, 0);
      if (length < 0) {
        const failure = libc.failure(CALL);
        if (failure.errno === "EINTR") continue;
        return failure.errno === "EAGAIN" ? { ...failure, errno: "ETIMEDOUT" } : failure;
      }
      const found: SocketId[] = [];
      for (const message of messagesOf(this.#buffer.subarray(0, length))) {
        if (message.sequence !== sequence) continue;
        if (message.type === NLMSG_DONE || message.type === NLMSG_ERROR) {
          onFound(found);
          return acknowledged(message, CALL);
        }
        const socket = socketOf(message);
        if (socket !== undefined) found.push(socket);
      }
      onFound(found);
      await this.#pause();
    }
  }

  /** At most `AT_ONCE` of them. How many were ended; one that has ended by itself is no failure. */
  destroy(sockets: readonly SocketId[]): Result<number> {
    const first = this.#sequence;
    this.#builder.clear();
    for (const socket of sockets) appendDestroy(this.#builder, this.#sequence++, socket);
    const request = this.#builder.bytes();
    if (libc.send(this.#fd, request, request.length, 0) < 0) return libc.failure(DESTROY);
    let gone = 0;
    for (;;) {
      const length = libc.recv(this.#fd, this.#buffer, this.#buffer.length, MSG_DONTWAIT);
      if (length < 0) {
        const failure = libc.failure(DESTROY);
        if (failure.errno === "EINTR") continue;
        return failure.errno === "EAGAIN" ? success(sockets.length - gone) : failure;
      }
      for (const message of messagesOf(this.#buffer.subarray(0, length))) {
        if (message.type !== NLMSG_ERROR || message.sequence < first) continue;
        const answer = acknowledged(message, DESTROY);
        if (!answer.ok && answer.errno !== "ENOENT") return answer;
        if (!answer.ok) gone += 1;
      }
    }
  }

  [Symbol.dispose](): void {
    libc.close(this.#fd);
  }
}

function openSocketDiag(pause: () => Promise<void>): Result<SocketDiag> {
  const fd = openNetlink(NETLINK_SOCK_DIAG, 0);
  return fd.ok ? success(new SocketDiag(fd.value, pause)) : fd;
}

const isNone = ({ addresses, ports }: SocketFilter): boolean =>
  addresses.length === 0 || ports?.length === 0;

const immediate = async (): Promise<void> =>
  await new Promise<void>((resolve) => setImmediate(resolve));

/**
 * How many connections there are. The kernel's walk over 20,000 takes 15 ms, and their list as
 * much again, with pauses between the parts of it.
 *
 * ENOENT or EPROTONOSUPPORT: a kernel without inet_diag (CONFIG_INET_TCP_DIAG).
 *
 * @param pause after some hundred of them, so that others have their turn
 */
export async function countSockets(
  filter: SocketFilter,
  pause: () => Promise<void> = immediate,
): Promise<Result<number>> {
  if (isNone(filter)) return success(0);
  const diag = openSocketDiag(pause);
  if (!diag.ok) return diag;
  using socket = diag.value;
  let count = 0;
  const outcome = await socket.find(filter, (found) => {
    count += found.length;
  });
  return outcome.ok ? success(count) : outcome;
}

/**
 * Ends the connections; how many there were. Clients hear of it only while the address is there.
 * 10,000 take a tenth of a second.
 *
 * EOPNOTSUPP: a kernel without CONFIG_INET_DIAG_DESTROY.
 *
 * @param pause after each hundred, so that others have their turn
 */
export async function destroySockets(
  filter: SocketFilter,
  pause: () => Promise<void> = immediate,
): Promise<Result<number>> {
  if (isNone(filter)) return success(0);
  const diag = openSocketDiag(pause);
  if (!diag.ok) return diag;
  using socket = diag.value;
  let count = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const all: SocketId[] = [];
    // All of them first: the kernel's walk would leave some out if others vanish meanwhile.
    const outcome = await socket.find(filter, (found) => all.push(...found));
    if (!outcome.ok) return outcome;
    if (all.length === 0) break;
    for (let from = 0; from < all.length; from += AT_ONCE) {
      const ended = socket.destroy(all.slice(from, from + AT_ONCE));
      if (!ended.ok) return ended;
      count += ended.value;
      await pause();
    }
  }
  return success(count);
}
