/**
 * Classic BPF programs for sockets (linux/filter.h, linux/bpf_common.h). Pure: instructions in,
 * bytes out.
 */
import { assert } from "#units/assert";
import {
  ETHER_TYPE_ARP,
  ETHER_TYPE_IPV4,
  ETHERNET_HEADER_LENGTH,
  ETHERNET_OFFSET,
} from "#vrrp/wire/ethernet";
import { IPV4_OFFSET } from "#vrrp/wire/ipv4-fields";
import { PACKET_OUTGOING, SOCK_FILTER } from "./abi.ts";

export interface BpfInstruction {
  readonly code: number;
  /** Instructions to skip when a comparison holds, and when it does not. */
  readonly whenTrue: number;
  readonly whenFalse: number;
  readonly value: number;
}

/** BPF_LD | BPF_W | BPF_ABS */
const LOAD_WORD = 0x20;
/** BPF_LD | BPF_H | BPF_ABS */
const LOAD_HALF = 0x28;
/** BPF_LD | BPF_B | BPF_ABS */
const LOAD_BYTE = 0x30;
/** BPF_JMP | BPF_JEQ | BPF_K */
const JUMP_IF_EQUAL = 0x15;
/** BPF_RET | BPF_K */
const RETURN = 0x06;
/** SKF_AD_OFF + SKF_AD_PKTTYPE: not a byte of the frame but what the kernel knows about it. */
const PACKET_TYPE = -0x1000 + 4;
const INSTRUCTIONS_MAX = 4096;
const WHOLE_FRAME = 0xffffffff;

const instruction = (code: number, value: number, whenTrue = 0, whenFalse = 0): BpfInstruction => ({
  code,
  whenTrue,
  whenFalse,
  value: value >>> 0,
});

/**
 * Refuses what this machine sends itself. PACKET_IGNORE_OUTGOING says the same since Linux 4.20;
 * the program says it to older kernels too.
 */
export const NOT_OUTGOING: readonly BpfInstruction[] = [
  instruction(LOAD_WORD, PACKET_TYPE),
  instruction(JUMP_IF_EQUAL, PACKET_OUTGOING, 0, 1),
  instruction(RETURN, 0),
  instruction(RETURN, WHOLE_FRAME),
];

/**
 * IPv4 with this protocol, the first `length` bytes of each frame, on a socket that receives
 * ETH_P_IP only.
 */
export const protocolOnly = (protocol: number, length: number): readonly BpfInstruction[] => [
  instruction(LOAD_BYTE, ETHERNET_HEADER_LENGTH + IPV4_OFFSET.protocol),
  instruction(JUMP_IF_EQUAL, protocol, 0, 1),
  instruction(RETURN, length),
  instruction(RETURN, 0),
];

/**
 * Refuses netlink messages of one type that a request of one socket has caused.
 *
 * @param port the socket's address, which the messages carry
 */
export const notCausedBy = (type: number, port: number): readonly BpfInstruction[] => [
  instruction(LOAD_HALF, NLMSG_TYPE_OFFSET),
  instruction(JUMP_IF_EQUAL, inHostOrder(type, 2), 0, 3),
  instruction(LOAD_WORD, NLMSG_PORT_OFFSET),
  instruction(JUMP_IF_EQUAL, inHostOrder(port, 4), 0, 1),
  instruction(RETURN, 0),
  instruction(RETURN, WHOLE_FRAME),
];
/** Refuses what begins with a netlink message of one of these types. */
export const butTypes = (types: readonly number[]): readonly BpfInstruction[] => [
  instruction(LOAD_HALF, NLMSG_TYPE_OFFSET),
  ...types.map((type, place) =>
    instruction(JUMP_IF_EQUAL, inHostOrder(type, 2), types.length - place, 0),
  ),
  instruction(RETURN, WHOLE_FRAME),
  instruction(RETURN, 0),
];
/** struct nlmsghdr: length u32, type u16, flags u16, sequence u32, port u32. */
const NLMSG_TYPE_OFFSET = 4;
const NLMSG_PORT_OFFSET = 12;

/** Programs load numbers in network order, and netlink has them in that of the machine. */
function inHostOrder(value: number, size: 2 | 4): number {
  const view = new DataView(new ArrayBuffer(4));
  if (size === 2) view.setUint16(0, value, true);
  else view.setUint32(0, value, true);
  return size === 2 ? view.getUint16(0) : view.getUint32(0);
}

/** ARP, and IPv4 with this protocol, on a socket that receives every type, untagged. */
export const arpAndProtocol = (protocol: number): readonly BpfInstruction[] => [
  instruction(LOAD_HALF, ETHERNET_OFFSET.type),
  instruction(JUMP_IF_EQUAL, ETHER_TYPE_ARP, 3, 0),
  instruction(JUMP_IF_EQUAL, ETHER_TYPE_IPV4, 0, 3),
  instruction(LOAD_BYTE, ETHERNET_HEADER_LENGTH + IPV4_OFFSET.protocol),
  instruction(JUMP_IF_EQUAL, protocol, 0, 1),
  instruction(RETURN, WHOLE_FRAME),
  instruction(RETURN, 0),
];

/** Refuses everything. */
export const NOTHING: readonly BpfInstruction[] = [instruction(RETURN, 0)];

/** struct sock_filter[] in host order. */
export function emitBpf(program: readonly BpfInstruction[]): Uint8Array {
  assert(
    program.length > 0 && program.length <= INSTRUCTIONS_MAX,
    `a BPF program of ${program.length} instructions`,
  );
  const bytes = new Uint8Array(program.length * SOCK_FILTER.size);
  const view = new DataView(bytes.buffer);
  for (const [place, { code, whenTrue, whenFalse, value }] of program.entries()) {
    const at = place * SOCK_FILTER.size;
    view.setUint16(at + SOCK_FILTER.code, code, true);
    view.setUint8(at + SOCK_FILTER.jt, whenTrue);
    view.setUint8(at + SOCK_FILTER.jf, whenFalse);
    view.setUint32(at + SOCK_FILTER.k, value, true);
  }
  return bytes;
}
