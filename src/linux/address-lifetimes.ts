/**
 * New lifetimes for many addresses with one system call: the kernel works through all messages of a
 * datagram inside `send`. Only the last one asks for an acknowledgement; what is refused is always
 * answered. A socket of its own, so that the news of it is known by its port and can be passed
 * over.
 */
import type { Instant } from "#units/time";
import { type AddressLifetime, type Failure, OK, type Outcome } from "#vrrp/engine/world";
import { now } from "./clock.ts";
import * as libc from "./ffi.ts";
import {
  MessageBuilder,
  messagesOf,
  NLM_F_ACK,
  NLM_F_CREATE,
  NLM_F_REPLACE,
  NLM_F_REQUEST,
  NLMSG_ERROR,
} from "./netlink.ts";
import { acknowledged, NETLINK_ROUTE, openNetlink, portOf } from "./netlink-socket.ts";
import { type Result, success } from "./result.ts";
import { appendAddress, RTM_NEWADDR } from "./rtnetlink-messages.ts";

const CALL = "RTM_NEWADDR";
/** Of one datagram: about 100 bytes each, and the answers to all of them fit into the socket. */
const MESSAGES_MAX = 64;
/**
 * Of one datagram, where there is something else to do soon. For each message the kernel takes the
 * lock of all addresses and routes anew, and a program of ordinary priority that has it may not be
 * running: 30 to 50 ms were measured with six busy programs.
 */
const MESSAGES_FEW = 4;
const FLAGS = NLM_F_REQUEST | NLM_F_CREATE | NLM_F_REPLACE;

export class AddressLifetimes {
  /** The socket's address. */
  readonly port: number;
  readonly #fd: number;
  readonly #marks: boolean;
  readonly #builder = new MessageBuilder();
  readonly #buffer = new Uint8Array(16_384);
  #sequence = 0;

  constructor(fd: number, port: number, marks: boolean) {
    this.#fd = fd;
    this.port = port;
    this.#marks = marks;
  }

  close(): void {
    libc.close(this.#fd);
  }
  [Symbol.dispose](): void {
    this.close();
  }

  /**
   * Undefined: all were set; otherwise the outcome of each.
   *
   * @param until no datagram is sent from then on: what is left has no outcome
   */
  set(
    all: readonly AddressLifetime[],
    until?: Instant,
    clock: () => Instant = now,
  ): readonly Outcome[] | undefined {
    const most = until === undefined ? MESSAGES_MAX : MESSAGES_FEW;
    let outcomes: Outcome[] | undefined;
    for (let from = 0; from < all.length; from += most) {
      if (until !== undefined && clock() >= until)
        return (outcomes ?? all.map(() => OK)).slice(0, from);
      const part = all.slice(from, from + most);
      const first = this.#append(part);
      this.#send(first, part.length, (place, failure) => {
        outcomes ??= all.map(() => OK);
        outcomes[from + place] = failure;
      });
    }
    return outcomes;
  }

  /** The sequence number of the first. */
  #append(part: readonly AddressLifetime[]): number {
    const first = (this.#sequence + 1) >>> 0;
    for (const [place, one] of part.entries()) {
      this.#sequence = (this.#sequence + 1) >>> 0;
      const flags = place === part.length - 1 ? FLAGS | NLM_F_ACK : FLAGS;
      if (place === 0) this.#builder.start(RTM_NEWADDR, flags, this.#sequence);
      else this.#builder.append(RTM_NEWADDR, flags, this.#sequence);
      appendAddress(this.#builder, one, this.#marks);
    }
    return first;
  }

  #send(first: number, count: number, refused: (place: number, failure: Failure) => void): void {
    const request = this.#builder.bytes();
    let answered = libc.send(this.#fd, request, request.length, 0) < 0 ? 0 : undefined;
    // What is not known to be refused may be so: whoever asks will ask again.
    const fail = (failure: Failure): void => {
      for (let place = answered ?? 0; place < count; place++) refused(place, failure);
    };
    if (answered !== undefined) return fail(libc.failure(CALL));
    answered = 0;
    while (answered < count) {
      const length = libc.recv(this.#fd, this.#buffer, this.#buffer.length, 0);
      if (length < 0) {
        const failure = libc.failure(CALL);
        if (failure.errno === "EINTR") continue;
        return fail(failure.errno === "EAGAIN" ? { ...failure, errno: "ETIMEDOUT" } : failure);
      }
      for (const message of messagesOf(this.#buffer.subarray(0, length))) {
        const place = (message.sequence - first) >>> 0;
        // It is left over from a request that was given up.
        if (message.type !== NLMSG_ERROR || place >= count) continue;
        const outcome = acknowledged(message, CALL);
        if (!outcome.ok) refused(place, outcome);
        answered = place + 1;
      }
    }
  }
}

/**
 * In the calling thread's network namespace.
 *
 * @param marks false: as on a kernel that does not know IFA_PROTO
 */
export function openAddressLifetimes(marks: boolean): Result<AddressLifetimes> {
  const fd = openNetlink(NETLINK_ROUTE, 0);
  if (!fd.ok) return fd;
  const port = portOf(fd.value);
  if (port.ok) return success(new AddressLifetimes(fd.value, port.value, marks));
  libc.close(fd.value);
  return port;
}
