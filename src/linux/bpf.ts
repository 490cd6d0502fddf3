/**
 * Classic BPF programs for sockets (linux/filter.h, linux/bpf_common.h). Pure: instructions in,
 * bytes out.
 */
import type { Mac } from "#units/address";
import { assert } from "#units/assert";
import {
  ETHER_TYPE_ARP,
  ETHER_TYPE_IPV4,
  ETHERNET_HEADER_LENGTH,
  ETHERNET_OFFSET,
} from "#vrrp/wire/ethernet";
import { IPV4_OFFSET } from "#vrrp/wire/ipv4-fields";
import {
  IPV6_HEADER_LENGTH,
  IPV6_OFFSET,
  NEIGHBOUR_ADVERTISEMENT,
  NEIGHBOUR_SOLICITATION,
  PROTOCOL_ICMPV6,
} from "#vrrp/wire/ipv6-fields";
import { AF_INET6, PACKET_OUTGOING, SOCK_FILTER } from "./abi.ts";

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
/** BPF_LD | BPF_W | BPF_IND, BPF_LD | BPF_B | BPF_IND: from the other register on. */
const LOAD_WORD_FROM = 0x40;
const LOAD_BYTE_FROM = 0x50;
/** BPF_LD | BPF_IMM, BPF_LDX | BPF_IMM */
const LOAD_NUMBER = 0x00;
const LOAD_OTHER_NUMBER = 0x01;
/** BPF_ST, BPF_LDX | BPF_MEM, BPF_MISC | BPF_TAX */
const STORE = 0x02;
const LOAD_OTHER_STORED = 0x61;
const COPY_TO_OTHER = 0x07;
/** BPF_LD | BPF_H | BPF_IND: behind the header of the length in X. */
const LOAD_HALF_BEHIND = 0x48;
/** BPF_LDX | BPF_B | BPF_MSH: X is the length of the IPv4 header at this offset. */
const LENGTH_OF_IPV4_HEADER = 0xb1;
/** BPF_JMP | BPF_JEQ | BPF_K */
const JUMP_IF_EQUAL = 0x15;
/** BPF_JMP | BPF_JEQ | BPF_X */
const JUMP_IF_EQUAL_OTHER = 0x1d;
/** BPF_JMP | BPF_JSET | BPF_K */
const JUMP_IF_ANY = 0x45;
/** BPF_RET | BPF_K */
const RETURN = 0x06;
/** SKF_AD_OFF + SKF_AD_PKTTYPE: not a byte of the frame but what the kernel knows about it. */
const PACKET_TYPE = -0x1000 + 4;
/**
 * SKF_AD_OFF + SKF_AD_NLATTR: where, from this offset on, the attribute of the type in the
 * other register is; 0: there is none.
 */
const NETLINK_ATTRIBUTE = -0x1000 + 12;
/** SKF_NET_OFF: from the IPv6 header on, also where the socket's packets begin behind it. */
const NETWORK_HEADER = -0x100000;
/** SKF_LL_OFF: counted from the Ethernet header, also where the packet begins behind it. */
const FRAME = -0x200000;
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
 * Neighbour solicitations and advertisements of others, on a socket that receives ETH_P_IPV6 only.
 * What stands behind an extension header is none (RFC 6980 forbids fragments of them).
 */
export const NEIGHBOUR_DISCOVERY: readonly BpfInstruction[] = [
  instruction(LOAD_WORD, PACKET_TYPE),
  instruction(JUMP_IF_EQUAL, PACKET_OUTGOING, 6, 0),
  instruction(LOAD_BYTE, ETHERNET_HEADER_LENGTH + IPV6_OFFSET.nextHeader),
  instruction(JUMP_IF_EQUAL, PROTOCOL_ICMPV6, 0, 4),
  instruction(LOAD_BYTE, ETHERNET_HEADER_LENGTH + IPV6_HEADER_LENGTH),
  instruction(JUMP_IF_EQUAL, NEIGHBOUR_SOLICITATION, 1, 0),
  instruction(JUMP_IF_EQUAL, NEIGHBOUR_ADVERTISEMENT, 0, 1),
  instruction(RETURN, WHOLE_FRAME),
  instruction(RETURN, 0),
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

/** IPv4 with UDP to this port, on a raw socket, which is given no fragments. */
export const udpTo = (port: number): readonly BpfInstruction[] => [
  instruction(LENGTH_OF_IPV4_HEADER, 0),
  instruction(LOAD_HALF_BEHIND, DESTINATION_PORT_OFFSET),
  instruction(JUMP_IF_EQUAL, port, 0, 1),
  instruction(RETURN, WHOLE_FRAME),
  instruction(RETURN, 0),
];
/** RFC 768: source port u16, destination port u16. */
const DESTINATION_PORT_OFFSET = 2;

/**
 * Of what is sent to IPv6 groups only what is sent to these: a raw socket receives for every group
 * that some program of the machine has joined.
 *
 * @param groups sixteen bytes each
 */
export function onlyGroups(groups: readonly Uint8Array[]): readonly BpfInstruction[] {
  const destination = NETWORK_HEADER + IPV6_OFFSET.destination;
  const program = [
    instruction(LOAD_BYTE, destination),
    instruction(JUMP_IF_EQUAL, 0xff, 1, 0),
    instruction(RETURN, WHOLE_FRAME),
  ];
  for (const group of groups) {
    const view = new DataView(group.buffer, group.byteOffset, group.byteLength);
    for (let at = 0; at < 16; at += 4) {
      program.push(instruction(LOAD_WORD, destination + at));
      // Behind the pairs that are left, and the return, is the next group.
      const toNext = ((12 - at) / 4) * 2 + 1;
      program.push(instruction(JUMP_IF_EQUAL, view.getUint32(at), 0, toNext));
    }
    program.push(instruction(RETURN, WHOLE_FRAME));
  }
  return [...program, instruction(RETURN, 0)];
}

/** By what news of a new lifetime is known among other news of addresses. */
export interface LifetimeNews {
  /** RTM_NEWADDR */
  readonly type: number;
  /** Of the socket that sets them: news of IPv4 carries it. */
  readonly port: number;
  /** IFA_PROTO and IFA_CACHEINFO, by which that of IPv6 is known, and our number of the first. */
  readonly markAttribute: number;
  readonly mark: number;
  readonly lifetimeAttribute: number;
  /** IFA_F_TENTATIVE and IFA_F_DADFAILED: then it is news all the same. */
  readonly flags: number;
}

/**
 * Refuses news that an address which we have set has a new lifetime. Of IPv6 the kernel does not
 * say who caused it: it is one of ours, and older than its lifetime.
 */
export function butLifetimes(news: LifetimeNews): readonly BpfInstruction[] {
  const [ACCEPT, REFUSE] = [25, 26];
  const program: readonly (readonly [code: number, value: number, to?: number, orTo?: number])[] = [
    [LOAD_HALF, NLMSG_TYPE_OFFSET],
    [JUMP_IF_EQUAL, inHostOrder(news.type, 2), 2, ACCEPT],
    [LOAD_BYTE, IFA_FAMILY_OFFSET],
    [JUMP_IF_EQUAL, AF_INET6, 6, 4],
    [LOAD_WORD, NLMSG_PORT_OFFSET],
    [JUMP_IF_EQUAL, inHostOrder(news.port, 4), REFUSE, ACCEPT],
    [LOAD_BYTE, IFA_FLAGS_OFFSET],
    [JUMP_IF_ANY, news.flags, ACCEPT, 8],
    [LOAD_NUMBER, IFA_ATTRIBUTES_OFFSET],
    [LOAD_OTHER_NUMBER, news.markAttribute],
    [LOAD_WORD, NETLINK_ATTRIBUTE],
    [JUMP_IF_EQUAL, 0, ACCEPT, 12],
    [COPY_TO_OTHER, 0],
    [LOAD_BYTE_FROM, 4],
    [JUMP_IF_EQUAL, news.mark, 15, ACCEPT],
    [LOAD_NUMBER, IFA_ATTRIBUTES_OFFSET],
    [LOAD_OTHER_NUMBER, news.lifetimeAttribute],
    [LOAD_WORD, NETLINK_ATTRIBUTE],
    [JUMP_IF_EQUAL, 0, ACCEPT, 19],
    [COPY_TO_OTHER, 0],
    // struct ifa_cacheinfo behind the attribute's head: preferred, valid, created, updated.
    [LOAD_WORD_FROM, 4 + 8],
    [STORE, 0],
    [LOAD_WORD_FROM, 4 + 12],
    [LOAD_OTHER_STORED, 0],
    [JUMP_IF_EQUAL_OTHER, 0, ACCEPT, REFUSE],
    [RETURN, WHOLE_FRAME],
    [RETURN, 0],
  ];
  return program.map(([code, value, to, orTo], at) =>
    to === undefined || orTo === undefined
      ? instruction(code, value)
      : instruction(code, value, to - at - 1, orTo - at - 1),
  );
}
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
/** struct ifaddrmsg behind it: family u8, prefix u8, flags u8, scope u8, index u32. */
const IFA_FAMILY_OFFSET = 16;
const IFA_FLAGS_OFFSET = 18;
const IFA_ATTRIBUTES_OFFSET = 24;

/** Programs load numbers in network order, and netlink has them in that of the machine. */
function inHostOrder(value: number, size: 2 | 4): number {
  const view = new DataView(new ArrayBuffer(4));
  if (size === 2) view.setUint16(0, value, true);
  else view.setUint32(0, value, true);
  return size === 2 ? view.getUint16(0) : view.getUint32(0);
}

/**
 * Whole IPv4 packets of this protocol that another machine has sent from this MAC address, on a
 * socket that receives ETH_P_IP only, without Ethernet header.
 */
export const protocolFrom = (protocol: number, mac: Mac): readonly BpfInstruction[] => [
  instruction(LOAD_WORD, PACKET_TYPE),
  instruction(JUMP_IF_EQUAL, PACKET_OUTGOING, 7, 0),
  instruction(LOAD_BYTE, IPV4_OFFSET.protocol),
  instruction(JUMP_IF_EQUAL, protocol, 0, 5),
  instruction(LOAD_WORD, FRAME + ETHERNET_OFFSET.source),
  instruction(JUMP_IF_EQUAL, Math.floor(mac / 0x10000), 0, 3),
  instruction(LOAD_HALF, FRAME + ETHERNET_OFFSET.source + 4),
  instruction(JUMP_IF_EQUAL, mac % 0x10000, 0, 1),
  instruction(RETURN, WHOLE_FRAME),
  instruction(RETURN, 0),
];

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
