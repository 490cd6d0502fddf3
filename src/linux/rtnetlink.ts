/**
 * Links and addresses through rtnetlink. A request is answered inside the system call: the kernel
 * works in `send`, the acknowledgement waits in the socket when it returns.
 */
import { release } from "node:os";

import type { IpAddress } from "#units/address";
import {
  type AddressInfo,
  BATON_PROTO,
  isGone,
  type LinkInfo,
  type Outcome,
  type WorldEvent,
} from "#vrrp/engine/world";
import type { VirtualAddress } from "#vrrp/router/config";
import * as abi from "./abi.ts";
import { butLifetimes } from "./bpf.ts";
import { errnoName } from "./errno.ts";
import * as libc from "./ffi.ts";
import {
  MessageBuilder,
  messagesOf,
  type NetlinkMessage,
  NLM_F_ACK,
  NLM_F_CREATE,
  NLM_F_DUMP,
  NLM_F_DUMP_INTR,
  NLM_F_EXCL,
  NLM_F_REPLACE,
  NLM_F_REQUEST,
  NLMSG_DONE,
  NLMSG_ERROR,
} from "./netlink.ts";
import { acknowledged, NETLINK_ROUTE, openNetlink } from "./netlink-socket.ts";
import { attachFilter } from "./packet-socket.ts";
import { PrefixRoutes } from "./prefix-routes.ts";
import { type Result, success } from "./result.ts";
import {
  addressOf,
  appendAddress,
  appendAddressName,
  appendPrefixRoute,
  appendRouteQuestion,
  eventOf,
  familyOf,
  IFA_CACHEINFO,
  IFA_F_DADFAILED,
  IFA_F_TENTATIVE,
  IFA_PROTO,
  isLocalRoute,
  linkOf,
  NDA_DST,
  type NeighbourInfo,
  neighbourOf,
  type PrefixRoute,
  RTM_DELADDR,
  RTM_DELROUTE,
  RTM_GETADDR,
  RTM_GETLINK,
  RTM_GETNEIGH,
  RTM_GETROUTE,
  RTM_NEWADDR,
  RTM_NEWLINK,
  RTM_NEWNEIGH,
  RTM_NEWROUTE,
} from "./rtnetlink-messages.ts";
import { setReceiveBuffer } from "./socket-options.ts";

const RTMGRP_LINK = 0x1;
const RTMGRP_IPV4_IFADDR = 0x10;
const RTMGRP_IPV6_IFADDR = 0x100;
const MONITOR_BUFFER = 4 * 1_048_576;
/** How many datagrams are taken before others in the reactor have their turn. */
const READ_MAX = 256;
/**
 * A dump is repeated when something changed meanwhile; after this many tries the last one is used.
 */
const DUMP_TRIES = 5;

/** `marks` false: addresses are added as on a kernel that does not know IFA_PROTO. */
export interface AddressMarks {
  readonly marks: boolean;
}

/**
 * Whether this kernel keeps the mark of our addresses: IFA_PROTO, since Linux 5.18. Decided by the
 * version number; a vendor's older kernel that has it is taken for one without, which does no harm.
 */
export function keepsMarks(version: string = release()): boolean {
  const match = /^(\d+)\.(\d+)/.exec(version);
  if (match === null) return false;
  const [major, minor] = [Number(match[1]), Number(match[2])];
  return major > 5 || (major === 5 && minor >= 18);
}

/** Requests: one socket, one answer at a time. */
export class Rtnetlink {
  readonly fd: number;
  readonly builder: MessageBuilder = new MessageBuilder();
  /** The kernel keeps the mark of our addresses (IFA_PROTO), so that they are known by it. */
  readonly keepsMark: boolean;
  /** Addresses are marked as ours, whether the kernel keeps that or not. */
  readonly marks: boolean;
  readonly #buffer = new Uint8Array(262_144);
  readonly #prefixRoutes = new PrefixRoutes(this);
  #sequence = 1;

  constructor(fd: number, { marks }: AddressMarks) {
    this.fd = fd;
    this.marks = marks;
    this.keepsMark = marks && keepsMarks();
  }

  close(): void {
    libc.close(this.fd);
  }
  [Symbol.dispose](): void {
    this.close();
  }

  links(): Result<readonly LinkInfo[]> {
    return this.#dump("RTM_GETLINK", RTM_NEWLINK, linkOf, () =>
      this.#start(RTM_GETLINK, NLM_F_DUMP).u32(0).u32(0).u32(0).u32(0),
    );
  }

  /** Of both families. */
  addresses(): Result<readonly AddressInfo[]> {
    return this.#dump("RTM_GETADDR", RTM_NEWADDR, addressOf, () =>
      this.#start(RTM_GETADDR, NLM_F_DUMP).u8(abi.AF_UNSPEC).u8(0).u16(0).u32(0),
    );
  }

  /** The tables of ARP and of neighbour discovery. */
  neighbours(): Result<readonly NeighbourInfo[]> {
    return this.#dump("RTM_GETNEIGH", RTM_NEWNEIGH, neighbourOf, () =>
      this.#start(RTM_GETNEIGH, NLM_F_DUMP).u8(abi.AF_UNSPEC).u8(0).u16(0).u32(0).u32(0),
    );
  }

  /**
   * One entry of the table of neighbours; undefined: there is none, or the kernel (before 5.0) does
   * not answer such questions.
   */
  neighbour(interfaceIndex: number, address: IpAddress): NeighbourInfo | undefined {
    this.#start(RTM_GETNEIGH, NLM_F_ACK)
      .u8(familyOf(address))
      .u8(0)
      .u16(0)
      .u32(interfaceIndex)
      .u32(0)
      .attributeIp(NDA_DST, address);
    let found: NeighbourInfo | undefined;
    const outcome = this.transact("RTM_GETNEIGH", ({ type, payload }) => {
      if (type === RTM_NEWNEIGH) found = neighbourOf(payload);
    });
    return outcome.ok ? found : undefined;
  }

  #dump<T>(
    call: string,
    type: number,
    parse: (payload: Uint8Array) => T | undefined,
    start: () => void,
  ): Result<readonly T[]> {
    for (let tries = 1; ; tries++) {
      const found: T[] = [];
      let interrupted = false;
      start();
      const outcome = this.transact(call, (message) => {
        interrupted ||= (message.flags & NLM_F_DUMP_INTR) !== 0;
        const one = message.type === type ? parse(message.payload) : undefined;
        if (one !== undefined) found.push(one);
      });
      if (!outcome.ok) return outcome;
      if (!interrupted || tries === DUMP_TRIES) return success(found);
    }
  }

  /** Adds the address or gives it a new lifetime; 0 seconds is for ever. */
  setAddress(interfaceIndex: number, address: VirtualAddress, seconds: number): Outcome {
    this.#start(RTM_NEWADDR, NLM_F_ACK | NLM_F_CREATE | NLM_F_REPLACE);
    appendAddress(this.builder, { interfaceIndex, address, seconds }, this.marks);
    const outcome = this.transact("RTM_NEWADDR");
    return outcome.ok ? this.#prefixRoutes.add(interfaceIndex, address) : outcome;
  }

  /** An address that is not there is as good as removed. */
  removeAddress(interfaceIndex: number, address: VirtualAddress): Outcome {
    this.#start(RTM_DELADDR, NLM_F_ACK);
    appendAddressName(this.builder, interfaceIndex, address);
    const outcome = this.transact("RTM_DELADDR");
    return outcome.ok || isGone(outcome)
      ? this.#prefixRoutes.remove(interfaceIndex, address)
      : outcome;
  }

  /** What is sent to this address on this device ends here. */
  isLocal(interfaceIndex: number, address: IpAddress): boolean {
    appendRouteQuestion(this.#start(RTM_GETROUTE, NLM_F_ACK), interfaceIndex, address);
    let isLocal = false;
    const outcome = this.transact("RTM_GETROUTE", (message) => {
      isLocal ||= isLocalRoute(message);
    });
    return outcome.ok && isLocal;
  }

  addRoute(route: PrefixRoute): Outcome {
    appendPrefixRoute(this.#start(RTM_NEWROUTE, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL), route);
    return this.transact("RTM_NEWROUTE");
  }

  removeRoute(route: PrefixRoute): Outcome {
    appendPrefixRoute(this.#start(RTM_DELROUTE, NLM_F_ACK), route);
    return this.transact("RTM_DELROUTE");
  }

  /** Begins a request in `builder`. */
  start(type: number, flags: number): MessageBuilder {
    return this.#start(type, flags);
  }

  #start(type: number, flags: number): MessageBuilder {
    this.#sequence = (this.#sequence + 1) >>> 0;
    return this.builder.start(type, flags | NLM_F_REQUEST, this.#sequence);
  }

  /** Sends what `builder` holds and reads until its acknowledgement or the end of the dump. */
  transact(call: string, onMessage?: (message: NetlinkMessage) => void): Outcome {
    const request = this.builder.bytes();
    if (libc.send(this.fd, request, request.length, 0) < 0) return libc.failure(call);
    for (;;) {
      const length = libc.recv(this.fd, this.#buffer, this.#buffer.length, abi.MSG_TRUNC);
      if (length < 0) {
        const failure = libc.failure(call);
        if (failure.errno === "EINTR") continue;
        return failure.errno === "EAGAIN" ? { ...failure, errno: "ETIMEDOUT" } : failure;
      }
      if (length > this.#buffer.length) return { ok: false, errno: "EMSGSIZE", call };
      for (const message of messagesOf(this.#buffer.subarray(0, length))) {
        // It is left over from a request that was given up.
        if (message.sequence !== this.#sequence) continue;
        if (message.type === NLMSG_DONE || message.type === NLMSG_ERROR)
          return acknowledged(message, call);
        onMessage?.(message);
      }
    }
  }
}

export function openRtnetlink(marks: AddressMarks = { marks: true }): Result<Rtnetlink> {
  const fd = openNetlink(NETLINK_ROUTE, 0);
  return fd.ok ? success(new Rtnetlink(fd.value, marks)) : fd;
}

/** News of links and addresses. */
export class RtnetlinkMonitor {
  readonly fd: number;
  readonly #buffer = new Uint8Array(65_536);
  readonly #requests: Rtnetlink;
  #lost = false;

  constructor(fd: number, requests: Rtnetlink) {
    this.fd = fd;
    this.#requests = requests;
  }

  close(): void {
    libc.close(this.fd);
    this.#requests.close();
  }

  /** No news of what the socket with this address sets (address-lifetimes.ts). */
  passOver(port: number): Outcome {
    const program = butLifetimes({
      type: RTM_NEWADDR,
      port,
      markAttribute: IFA_PROTO,
      mark: BATON_PROTO,
      lifetimeAttribute: IFA_CACHEINFO,
      flags: IFA_F_TENTATIVE | IFA_F_DADFAILED,
    });
    return attachFilter(this.fd, program);
  }

  /** Everything there is now, to begin with. */
  snapshot(): Result<{
    readonly links: readonly LinkInfo[];
    readonly addresses: readonly AddressInfo[];
  }> {
    const links = this.#requests.links();
    if (!links.ok) return links;
    const addresses = this.#requests.addresses();
    if (!addresses.ok) return addresses;
    return success({ links: links.value, addresses: addresses.value });
  }

  /**
   * What has arrived, up to a bound: the descriptor stays readable if there is more. After a loss,
   * one `resync` with all there is in the place of everything else.
   */
  read(): readonly WorldEvent[] {
    if (this.#lost) return this.#resync();
    const events: WorldEvent[] = [];
    for (let taken = 0; taken < READ_MAX; taken++) {
      const length = this.#receive();
      if (length === "empty") break;
      if (length === "lost") return this.#resync();
      for (const message of messagesOf(this.#buffer.subarray(0, length))) {
        const event = eventOf(message);
        if (event !== undefined) events.push(event);
      }
    }
    return events;
  }

  /**
   * The kernel reports a loss (ENOBUFS) before the older messages that still wait. Those must not
   * be applied after the dump: they may announce an address that was removed later, in a message
   * that was lost. So the queue is emptied first.
   */
  #resync(): readonly WorldEvent[] {
    this.#lost = true;
    while (this.#receive() !== "empty");
    const links = this.#requests.links();
    const addresses = this.#requests.addresses();
    // Without memory for the answer either: the next call tries again.
    if (!links.ok || !addresses.ok) return [];
    this.#lost = false;
    return [{ kind: "resync", links: links.value, addresses: addresses.value }];
  }

  #receive(): number | "empty" | "lost" {
    for (;;) {
      const flags = abi.MSG_DONTWAIT | abi.MSG_TRUNC;
      const length = libc.recv(this.fd, this.#buffer, this.#buffer.length, flags);
      if (length > this.#buffer.length) return "lost";
      if (length >= 0) return length;
      const error = errnoName(libc.errno());
      if (error === "ENOBUFS") return "lost";
      if (error !== "EINTR") return "empty";
    }
  }
}

/** @param receiveBuffer bytes of news that may wait before the kernel drops some */
export function openMonitor(receiveBuffer: number = MONITOR_BUFFER): Result<RtnetlinkMonitor> {
  const fd = openNetlink(NETLINK_ROUTE, RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR);
  if (!fd.ok) return fd;
  setReceiveBuffer(fd.value, receiveBuffer);
  const requests = openRtnetlink();
  if (requests.ok) return success(new RtnetlinkMonitor(fd.value, requests.value));
  libc.close(fd.value);
  return requests;
}
