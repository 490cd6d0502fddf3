/**
 * Questions about sockets as bytes (linux/sock_diag.h, linux/inet_diag.h). Pure.
 *
 * A dump asks for the TCP sockets of one family in some states; a small program that the kernel
 * runs for each socket picks those with our local addresses and ports, so that a machine with a
 * hundred thousand connections does not have to send them all.
 */

import { type IpAddress, isIpv6, writeIp } from "#units/address";
import { AF_INET, AF_INET6 } from "./abi.ts";
import { type MessageBuilder, type NetlinkMessage, NLM_F_DUMP, NLM_F_REQUEST } from "./netlink.ts";

export const SOCK_DIAG_BY_FAMILY = 20;
const SOCK_DESTROY = 21;
const IPPROTO_TCP = 6;
const INET_DIAG_REQ_BYTECODE = 1;
const BC_JUMP = 1;
const BC_SOURCE = 7;
const ANY_PORT = -1;
/**
 * struct inet_diag_bc_op; with a struct inet_diag_hostcond (family u8, bits of the prefix u8, port
 * i32 at 4), which an address follows.
 */
const JUMP_SIZE = 4;
const SOURCE_SIZE = 12;
/** struct inet_diag_sockid; in struct inet_diag_msg it follows four bytes. */
const ID_SIZE = 48;
const ID_AT = 4;
/** `idiag_uid`: behind the id, expires, rqueue and wqueue. */
const USER_AT = ID_AT + ID_SIZE + 12;
/**
 * TCP states (net/tcp_states.h): everything that is a connection. Not LISTEN, nor CLOSE, nor
 * TIME_WAIT, of which the client knows already.
 */
const CONNECTIONS = [1, 2, 3, 4, 5, 8, 9, 11, 12].reduce((mask, state) => mask | (1 << state), 0);

/** Which sockets: those with one of these local addresses, and with one of these local ports. */
export interface SocketFilter {
  readonly addresses: readonly IpAddress[];
  /** Undefined: every port. */
  readonly ports?: readonly number[] | undefined;
}

/** A connection as the kernel names it; its cookie keeps another with the same addresses apart. */
export interface SocketId {
  readonly family: number;
  readonly id: Uint8Array;
}

/** All connections of `filter` of one family. IPv6 has those of servers that listen on `::`. */
export function emitDumpSockets(
  builder: MessageBuilder,
  sequence: number,
  family: number,
  filter: SocketFilter,
): Uint8Array {
  builder.start(SOCK_DIAG_BY_FAMILY, NLM_F_REQUEST | NLM_F_DUMP, sequence);
  appendHead(builder, family);
  for (let word = 0; word < ID_SIZE / 4; word++) builder.u32(0);
  return builder.attribute(INET_DIAG_REQ_BYTECODE, program(filter)).bytes();
}

/** struct inet_diag_req_v2 without its id. */
const appendHead = (builder: MessageBuilder, family: number): MessageBuilder =>
  builder.u8(family).u8(IPPROTO_TCP).u8(0).u8(0).u32(CONNECTIONS);

/** One connection by its ends, as the machine at `from` has it. Addresses as on the wire. */
export interface SocketEnds {
  readonly family: number;
  readonly from: Uint8Array;
  readonly fromPort: number;
  readonly to: Uint8Array;
  readonly toPort: number;
}

export function emitGetSocket(
  builder: MessageBuilder,
  sequence: number,
  { family, from, fromPort, to, toPort }: SocketEnds,
): Uint8Array {
  const id = new Uint8Array(ID_SIZE);
  const view = new DataView(id.buffer);
  view.setUint16(0, fromPort);
  view.setUint16(2, toPort);
  id.set(from, 4);
  id.set(to, 20);
  // INET_DIAG_NOCOOKIE: whichever has these ends.
  id.fill(0xff, ID_SIZE - 8);
  builder.start(SOCK_DIAG_BY_FAMILY, NLM_F_REQUEST, sequence);
  appendHead(builder, family);
  for (let at = 0; at < ID_SIZE; at += 4) builder.u32(view.getUint32(at, true));
  return builder.bytes();
}

/** The user who has the socket; undefined: an answer that is cut short. */
export function userOf({ payload }: NetlinkMessage): number | undefined {
  if (payload.length < USER_AT + 4) return undefined;
  return new DataView(payload.buffer, payload.byteOffset).getUint32(USER_AT, true);
}

/** To be sent with others in one message buffer; only a failure is answered. */
export function appendDestroy(builder: MessageBuilder, sequence: number, socket: SocketId): void {
  builder.append(SOCK_DESTROY, NLM_F_REQUEST, sequence);
  appendHead(builder, socket.family);
  const { id } = socket;
  const view = new DataView(id.buffer, id.byteOffset, id.byteLength);
  for (let at = 0; at < ID_SIZE; at += 4) builder.u32(view.getUint32(at, true));
}

/** Undefined: not a socket. */
export function socketOf({ type, payload }: NetlinkMessage): SocketId | undefined {
  if (type !== SOCK_DIAG_BY_FAMILY || payload.length < ID_AT + ID_SIZE) return undefined;
  // The payload is a part of a buffer that is used again.
  return { family: payload[0] ?? AF_INET, id: payload.slice(ID_AT, ID_AT + ID_SIZE) };
}

/** The kernel's number of the socket; no other has had it since the machine was started. */
export const cookieOf = ({ id }: SocketId): bigint =>
  new DataView(id.buffer, id.byteOffset, id.byteLength).getBigUint64(ID_SIZE - 8, true);

/** One condition behind the other; whichever holds jumps to the end, which accepts. */
function program({ addresses, ports }: SocketFilter): Uint8Array {
  const pairs = addresses.flatMap((address) =>
    (ports ?? [ANY_PORT]).map((port) => ({ address, port, size: SOURCE_SIZE + sizeOf(address) })),
  );
  const last = pairs.length - 1;
  const length = pairs.reduce((sum, { size }) => sum + size, last * JUMP_SIZE);
  const bytes = new Uint8Array(length);
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const [place, { address, port, size }] of pairs.entries()) {
    view.setUint8(at, BC_SOURCE);
    view.setUint8(at + 1, size);
    // Behind the jump is the next condition; behind the last one nothing is, which refuses.
    view.setUint16(at + 2, size + JUMP_SIZE, true);
    view.setUint8(at + 4, isIpv6(address) ? AF_INET6 : AF_INET);
    view.setUint8(at + 5, sizeOf(address) * 8);
    view.setInt32(at + 8, port, true);
    writeIp(address, bytes, at + SOURCE_SIZE);
    at += size;
    if (place === last) break;
    view.setUint8(at, BC_JUMP);
    view.setUint8(at + 1, JUMP_SIZE);
    view.setUint16(at + 2, length - at, true);
    at += JUMP_SIZE;
  }
  return bytes;
}

const sizeOf = (address: IpAddress): number => (isIpv6(address) ? 16 : 4);
