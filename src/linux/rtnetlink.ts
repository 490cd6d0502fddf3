/**
 * Links and addresses through rtnetlink. A request is answered inside the system call: the kernel works in `send`, the
 * acknowledgement waits in the socket when it returns.
 */
import type { VirtualAddress } from "#core/config";
import {
  type AddressInfo,
  BATON_PROTO,
  type Failure,
  type LinkInfo,
  OK,
  type Outcome,
  type WorldEvent,
} from "#ports/world";
import { type Ipv4, ipv4, type Mac, macFromBytes } from "#units/address";
import * as abi from "./abi.ts";
import { errnoName } from "./errno.ts";
import * as libc from "./ffi.ts";
import {
  attributesOf,
  be32Of,
  MessageBuilder,
  messagesOf,
  type NetlinkMessage,
  NLM_F_ACK,
  NLM_F_ACK_TLVS,
  NLM_F_CAPPED,
  NLM_F_CREATE,
  NLM_F_DUMP,
  NLM_F_REPLACE,
  NLM_F_REQUEST,
  NLMSG_DONE,
  NLMSG_ERROR,
  textOf,
  u32Of,
} from "./netlink.ts";
import { type Result, success } from "./result.ts";

const NETLINK_ROUTE = 0;
const SOL_NETLINK = 270;
const NETLINK_EXT_ACK = 11;
const RTMGRP_LINK = 0x1;
const RTMGRP_IPV4_IFADDR = 0x10;
const RTM_NEWLINK = 16;
const RTM_DELLINK = 17;
const RTM_GETLINK = 18;
const RTM_NEWADDR = 20;
const RTM_DELADDR = 21;
const RTM_GETADDR = 22;
const IFLA_ADDRESS = 1;
const IFLA_IFNAME = 3;
const IFLA_MTU = 4;
const IFA_ADDRESS = 1;
const IFA_LOCAL = 2;
const IFA_LABEL = 3;
const IFA_BROADCAST = 4;
const IFA_CACHEINFO = 6;
const IFA_FLAGS = 8;
const IFA_PROTO = 11;
const IFA_F_SECONDARY = 0x01;
const FOREVER = 0xffffffff;
const NLMSGERR_ATTR_MSG = 1;
const MONITOR_BUFFER = 4 * 1_048_576;

function openSocket(groups: number): Result<number> {
  const flags = abi.SOCK_RAW | abi.SOCK_CLOEXEC | (groups === 0 ? 0 : abi.SOCK_NONBLOCK);
  const fd = libc.socket(abi.AF_NETLINK, flags, NETLINK_ROUTE);
  if (fd < 0) return libc.failure("socket(NETLINK_ROUTE)");
  const address = new Uint8Array(12);
  const view = new DataView(address.buffer);
  view.setUint16(0, abi.AF_NETLINK, true);
  view.setUint32(8, groups, true);
  libc.setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, Int32Array.of(1), 4);
  if (libc.bind(fd, address, address.length) !== 0) {
    const failure = libc.failure("bind(NETLINK_ROUTE)");
    libc.close(fd);
    return failure;
  }
  return success(fd);
}

/** Requests: one socket, one answer at a time. */
export class Rtnetlink {
  readonly fd: number;
  readonly builder: MessageBuilder = new MessageBuilder();
  readonly #buffer = new Uint8Array(262_144);
  #sequence = 1;

  constructor(fd: number) {
    this.fd = fd;
  }

  close(): void {
    libc.close(this.fd);
  }
  [Symbol.dispose](): void {
    this.close();
  }

  links(): Result<readonly LinkInfo[]> {
    const links: LinkInfo[] = [];
    this.#start(RTM_GETLINK, NLM_F_DUMP).u32(0).u32(0).u32(0).u32(0);
    const outcome = this.transact("RTM_GETLINK", (message) => {
      const link = message.type === RTM_NEWLINK ? linkOf(message.payload) : undefined;
      if (link !== undefined) links.push(link);
    });
    return outcome.ok ? success(links) : outcome;
  }

  addresses(): Result<readonly AddressInfo[]> {
    const addresses: AddressInfo[] = [];
    this.#start(RTM_GETADDR, NLM_F_DUMP).u8(abi.AF_INET).u8(0).u16(0).u32(0);
    const outcome = this.transact("RTM_GETADDR", (message) => {
      const address = message.type === RTM_NEWADDR ? addressOf(message.payload) : undefined;
      if (address !== undefined) addresses.push(address);
    });
    return outcome.ok ? success(addresses) : outcome;
  }

  /** Adds the address or gives it a new lifetime; 0 seconds is for ever. */
  setAddress(interfaceIndex: number, address: VirtualAddress, seconds: number): Outcome {
    const lifetime = seconds === 0 ? FOREVER : seconds;
    const preferred = address.deprecated === true ? 0 : lifetime;
    this.#start(RTM_NEWADDR, NLM_F_ACK | NLM_F_CREATE | NLM_F_REPLACE);
    this.#addressBody(interfaceIndex, address);
    if (address.broadcast !== undefined)
      this.builder.attributeBe32(IFA_BROADCAST, address.broadcast);
    if (address.label !== undefined) this.builder.attributeText(IFA_LABEL, address.label);
    this.builder
      .attributeU32(IFA_CACHEINFO, preferred, lifetime, 0, 0)
      .attributeU32(IFA_FLAGS, 0)
      .attributeU8(IFA_PROTO, BATON_PROTO);
    return this.transact("RTM_NEWADDR");
  }

  /** An address that is not there is as good as removed. */
  removeAddress(interfaceIndex: number, address: VirtualAddress): Outcome {
    this.#start(RTM_DELADDR, NLM_F_ACK);
    this.#addressBody(interfaceIndex, address);
    const outcome = this.transact("RTM_DELADDR");
    return !outcome.ok && (outcome.errno === "EADDRNOTAVAIL" || outcome.errno === "ENODEV")
      ? OK
      : outcome;
  }

  #addressBody(interfaceIndex: number, address: VirtualAddress): void {
    this.builder
      .u8(abi.AF_INET)
      .u8(address.prefix)
      .u8(0)
      .u8(address.scope)
      .u32(interfaceIndex)
      .attributeBe32(IFA_LOCAL, address.address)
      .attributeBe32(IFA_ADDRESS, address.peer ?? address.address);
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
      const length = libc.recv(this.fd, this.#buffer, this.#buffer.length, 0);
      if (length < 0) {
        if (errnoName(libc.errno()) === "EINTR") continue;
        return libc.failure(call);
      }
      for (const message of messagesOf(this.#buffer.subarray(0, length))) {
        // Left over from a request that was given up.
        if (message.sequence !== this.#sequence) continue;
        if (message.type === NLMSG_DONE) return OK;
        if (message.type === NLMSG_ERROR) return acknowledged(message, call);
        onMessage?.(message);
      }
    }
  }
}

function acknowledged(message: NetlinkMessage, call: string): Outcome {
  const { payload, flags } = message;
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
  const error = payload.length >= 4 ? -view.getInt32(0, true) : 0;
  if (error === 0) return OK;
  const failure: Failure = { ok: false, errno: errnoName(error), call };
  if ((flags & NLM_F_ACK_TLVS) === 0 || payload.length < 20) return failure;
  // The kernel's words come behind the request it quotes, or behind its header only.
  const quoted = (flags & NLM_F_CAPPED) !== 0 ? 16 : view.getUint32(4, true);
  const detail = textOf(attributesOf(payload, 4 + ((quoted + 3) & ~3)).get(NLMSGERR_ATTR_MSG));
  return detail === undefined ? failure : { ...failure, detail };
}

export function openRtnetlink(): Result<Rtnetlink> {
  const fd = openSocket(0);
  return fd.ok ? success(new Rtnetlink(fd.value)) : fd;
}

/** News of links and IPv4 addresses. */
export class RtnetlinkMonitor {
  readonly fd: number;
  readonly #buffer = new Uint8Array(65_536);
  readonly #requests: Rtnetlink;

  constructor(fd: number, requests: Rtnetlink) {
    this.fd = fd;
    this.#requests = requests;
  }

  close(): void {
    libc.close(this.fd);
    this.#requests.close();
  }

  /** Everything that has arrived. After a loss, one `resync` with all there is. */
  read(): readonly WorldEvent[] {
    const events: WorldEvent[] = [];
    for (;;) {
      const length = libc.recv(this.fd, this.#buffer, this.#buffer.length, abi.MSG_DONTWAIT);
      if (length >= 0) {
        for (const message of messagesOf(this.#buffer.subarray(0, length))) {
          const event = eventOf(message);
          if (event !== undefined) events.push(event);
        }
        continue;
      }
      const error = errnoName(libc.errno());
      if (error === "EINTR") continue;
      if (error !== "ENOBUFS") return events;
      const links = this.#requests.links();
      const addresses = this.#requests.addresses();
      if (links.ok && addresses.ok) {
        events.push({ kind: "resync", links: links.value, addresses: addresses.value });
      }
    }
  }
}

export function openMonitor(): Result<RtnetlinkMonitor> {
  const fd = openSocket(RTMGRP_LINK | RTMGRP_IPV4_IFADDR);
  if (!fd.ok) return fd;
  libc.setsockopt(fd.value, abi.SOL_SOCKET, abi.SO_RCVBUFFORCE, Int32Array.of(MONITOR_BUFFER), 4);
  const requests = openRtnetlink();
  if (requests.ok) return success(new RtnetlinkMonitor(fd.value, requests.value));
  libc.close(fd.value);
  return requests;
}

function eventOf(message: NetlinkMessage): WorldEvent | undefined {
  const { type, payload } = message;
  if (type === RTM_NEWLINK || type === RTM_DELLINK) {
    const link = linkOf(payload);
    if (link === undefined) return undefined;
    return type === RTM_NEWLINK
      ? { kind: "link", link }
      : { kind: "linkGone", index: link.index, name: link.name };
  }
  if (type === RTM_NEWADDR || type === RTM_DELADDR) {
    const address = addressOf(payload);
    if (address === undefined) return undefined;
    return { kind: type === RTM_NEWADDR ? "address" : "addressGone", address };
  }
  return undefined;
}

/** struct ifinfomsg: family u8, pad, type u16, index i32, flags u32, change u32 */
function linkOf(payload: Uint8Array): LinkInfo | undefined {
  if (payload.length < 16) return undefined;
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
  const attributes = attributesOf(payload, 16);
  const name = textOf(attributes.get(IFLA_IFNAME));
  // A bridge reports its ports' states in messages of its own family, without being asked.
  if (name === undefined || payload[0] !== 0) return undefined;
  const flags = view.getUint32(8, true);
  const mac = attributes.get(IFLA_ADDRESS);
  const working = abi.IFF_UP | abi.IFF_RUNNING;
  return {
    index: view.getInt32(4, true),
    name,
    mac: mac?.length === 6 ? macFromBytes(mac) : (0 as Mac),
    mtu: u32Of(attributes.get(IFLA_MTU)) ?? 0,
    up: (flags & working) === working,
    arp: (flags & abi.IFF_NOARP) === 0,
    multicast: (flags & abi.IFF_MULTICAST) !== 0,
  };
}

/** struct ifaddrmsg: family u8, prefix u8, flags u8, scope u8, index u32 */
function addressOf(payload: Uint8Array): AddressInfo | undefined {
  if (payload.length < 8 || payload[0] !== abi.AF_INET) return undefined;
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
  const attributes = attributesOf(payload, 8);
  const address: Ipv4 | undefined = addressIn(
    attributes.get(IFA_LOCAL) ?? attributes.get(IFA_ADDRESS),
  );
  if (address === undefined) return undefined;
  const flags = u32Of(attributes.get(IFA_FLAGS)) ?? payload[2] ?? 0;
  const label = textOf(attributes.get(IFA_LABEL));
  return {
    index: view.getUint32(4, true),
    address,
    prefix: payload[1] ?? 32,
    secondary: (flags & IFA_F_SECONDARY) !== 0,
    proto: attributes.get(IFA_PROTO)?.[0] ?? 0,
    ...(label === undefined ? {} : { label }),
  };
}

function addressIn(value: Uint8Array | undefined): Ipv4 | undefined {
  const number = be32Of(value);
  return number === undefined ? undefined : ipv4(number);
}
