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
 * mapping), and UDP.
 */
import { isIpv6 } from "#units/address";
import { OK, type Outcome } from "#vrrp/engine/world";
import { AF_INET, AF_INET6, MSG_DONTWAIT } from "./abi.ts";
import * as libc from "./ffi.ts";
import { MessageBuilder, messagesOf, NLMSG_DONE, NLMSG_ERROR } from "./netlink.ts";
import { acknowledged, NETLINK_SOCK_DIAG, openNetlink } from "./netlink-socket.ts";
import { type Result, success } from "./result.ts";
import {
  appendDestroy,
  cookieOf,
  emitDumpSockets,
  type SocketFilter,
  type SocketId,
  socketOf,
} from "./socket-diag-messages.ts";

const FAMILIES: readonly number[] = [AF_INET, AF_INET6];
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
  #sequence = 1;

  constructor(fd: number) {
    this.#fd = fd;
  }

  /** Each part of the kernel's answer: some hundred connections. */
  *find(filter: SocketFilter): Generator<readonly SocketId[], Outcome, void> {
    const { addresses, ports } = filter;
    const each = Math.max(1, Math.floor(CONDITIONS_MAX / Math.max(1, ports?.length ?? 1)));
    for (const family of FAMILIES) {
      // A server that listens on `::` has the connections of IPv4 addresses among those of IPv6.
      const some = family === AF_INET6 ? addresses : addresses.filter((one) => !isIpv6(one));
      for (let from = 0; from < some.length; from += each) {
        const part = { addresses: some.slice(from, from + each), ports };
        const outcome = yield* this.#dump(family, part);
        // A machine without IPv6 has no such connections.
        if (!outcome.ok && (family === FAMILIES[0] || outcome.errno !== "ENOENT")) return outcome;
      }
    }
    return OK;
  }

  *#dump(family: number, filter: SocketFilter): Generator<readonly SocketId[], Outcome, void> {
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
      let end: Outcome | undefined;
      for (const message of messagesOf(this.#buffer.subarray(0, length))) {
        if (message.sequence !== sequence) continue;
        if (message.type === NLMSG_DONE || message.type === NLMSG_ERROR)
          end = acknowledged(message, CALL);
        else {
          const socket = socketOf(message);
          if (socket !== undefined) found.push(socket);
        }
      }
      if (found.length > 0) yield found;
      if (end !== undefined) return end;
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

function openSocketDiag(): Result<SocketDiag> {
  const fd = openNetlink(NETLINK_SOCK_DIAG, 0);
  return fd.ok ? success(new SocketDiag(fd.value)) : fd;
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
  const found = await listSockets(filter, pause);
  return found.ok ? success(found.value.length) : found;
}

/** As `countSockets`: which they are. */
async function listSockets(
  filter: SocketFilter,
  pause: () => Promise<void>,
): Promise<Result<readonly SocketId[]>> {
  if (isNone(filter)) return success([]);
  const diag = openSocketDiag();
  if (!diag.ok) return diag;
  using socket = diag.value;
  const all: SocketId[] = [];
  const parts = socket.find(filter);
  for (;;) {
    const part = parts.next();
    if (part.done === true) return part.value.ok ? success(all) : part.value;
    all.push(...part.value);
    await pause();
  }
}

/**
 * The names of the connections that there are: one keeps its name, and no other ever has it. Who
 * waits for some to end asks again and looks whether their names are still there.
 */
export async function connectionNames(
  filter: SocketFilter,
  pause: () => Promise<void> = immediate,
): Promise<Result<ReadonlySet<bigint>>> {
  const found = await listSockets(filter, pause);
  return found.ok ? success(new Set(found.value.map(cookieOf))) : found;
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
  const diag = openSocketDiag();
  if (!diag.ok) return diag;
  using socket = diag.value;
  let count = 0;
  for (let round = 0; round < ROUNDS; round++) {
    // All of them first: the kernel's walk would leave some out if others vanish meanwhile.
    const all = await listSockets(filter, pause);
    if (!all.ok) return all;
    if (all.value.length === 0) break;
    for (let from = 0; from < all.value.length; from += AT_ONCE) {
      const ended = socket.destroy(all.value.slice(from, from + AT_ONCE));
      if (!ended.ok) return ended;
      count += ended.value;
      await pause();
    }
  }
  return success(count);
}

/**
 * As `destroySockets`, without a pause, for a process without an event loop; ETIMEDOUT: some are
 * left when `isOver` says that it has taken long enough, which is asked after each hundred. So a
 * hundred are ended in any case.
 */
export function destroySocketsNow(filter: SocketFilter, isOver: () => boolean): Outcome {
  if (isNone(filter)) return OK;
  const diag = openSocketDiag();
  if (!diag.ok) return diag;
  using socket = diag.value;
  for (let round = 0; round < ROUNDS; round++) {
    const ended = destroyEach(socket, filter, isOver);
    if (!ended.ok) return ended;
    if (ended.value === 0) break;
  }
  return OK;
}

/** One walk of the kernel over the connections, which are ended as they come; how many. */
function destroyEach(
  socket: SocketDiag,
  filter: SocketFilter,
  isOver: () => boolean,
): Result<number> {
  let count = 0;
  let hasBegun = false;
  // Two sockets: the answer to the question comes in parts, and so do those to the requests.
  const requests = openSocketDiag();
  if (!requests.ok) return requests;
  using request = requests.value;
  const parts = socket.find(filter);
  for (;;) {
    const part = parts.next();
    if (part.done === true) return part.value.ok ? success(count) : part.value;
    for (let from = 0; from < part.value.length; from += AT_ONCE) {
      if (hasBegun && isOver()) return { ok: false, errno: "ETIMEDOUT", call: DESTROY };
      hasBegun = true;
      const ended = request.destroy(part.value.slice(from, from + AT_ONCE));
      if (!ended.ok) return ended;
      count += ended.value;
    }
  }
}
