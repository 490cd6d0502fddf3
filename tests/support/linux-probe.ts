/**
 * Asks an address for echoes and for its MAC with frames made by hand, so that no table of
 * neighbours stands between.
 */
import { ETH_P_ALL } from "#linux/abi";
import { now } from "#linux/clock";
import { openPacketSocket, type PacketSocket } from "#linux/packet-socket";
import { Reactor } from "#linux/reactor";
import { must, mustDo } from "#linux/result";
import { type IpAddress, type Ipv4, type Ipv6, ipv6At, isIpv6, printIp } from "#units/address";
import { after, fromMillis, type Instant } from "#units/time";
import { arpRequest, emitArp, parseArp } from "#vrrp/wire/arp";
import { writeU16 } from "#vrrp/wire/bytes";
import { checksumOf, sum16 } from "#vrrp/wire/checksum";
import {
  ETHER_TYPE_IPV4,
  ETHER_TYPE_IPV6,
  ETHERNET_HEADER_LENGTH as ETHERNET,
  emitEthernetHeader,
  etherTypeOf,
} from "#vrrp/wire/ethernet";
import {
  ICMP_ECHO_HEADER_LENGTH as ECHO,
  emitIcmpEcho,
  emitIcmpv6Request,
  parseIcmpEcho,
  TYPE_ECHO_REPLY_V6,
} from "#vrrp/wire/icmp-echo";
import { IPV4_HEADER_LENGTH as IPV4, ipv4SourceAt, PROTOCOL_ICMP } from "#vrrp/wire/ipv4-fields";
import { emitIpv4Header } from "#vrrp/wire/ipv4-packet";
import { IPV6_HEADER_LENGTH as IPV6, IPV6_OFFSET, PROTOCOL_ICMPV6 } from "#vrrp/wire/ipv6-fields";
import { emitIpv6Header, sumPseudoHeaderAt } from "#vrrp/wire/ipv6-packet";
import {
  emitNeighbour,
  NEIGHBOUR_FRAME_LENGTH,
  neighbourSolicitation,
  parseNeighbour,
} from "#vrrp/wire/neighbour";
import type { Side } from "./linux-net.ts";

/** The identifier of the echo requests. */
const ID = 7;

export interface Question {
  /** "arp" is neighbour discovery for an IPv6 address. */
  readonly kind: "echo" | "arp";
  readonly sentAt: Instant;
  answeredAt: Instant | undefined;
}

export class Probe {
  readonly questions: Question[] = [];
  readonly #from: Side;
  readonly #to: Side;
  readonly #target: IpAddress;
  readonly #socket: PacketSocket;
  readonly #reactor = new Reactor();
  readonly #buffer = new Uint8Array(2048);
  #sequence = 0;

  constructor(from: Side, to: Side, target: IpAddress) {
    this.#from = from;
    this.#to = to;
    this.#target = target;
    const { index } = from.link;
    this.#socket = from.namespace.within(() =>
      must(openPacketSocket(index, { protocol: ETH_P_ALL })),
    );
    this.#reactor.add(this.#socket.fd, () => this.#receive());
  }

  /** One echo request and one for the MAC, the latter first. */
  ask(): void {
    this.#sequence += 1;
    if (isIpv6(this.#target)) this.#ask6(this.#target);
    else this.#ask4(this.#target);
  }

  #ask4(target: Ipv4): void {
    const { link, address } = this.#from;
    const arp = new Uint8Array(64);
    this.#send("arp", arp.subarray(0, emitArp(arp, arpRequest(link.mac, address, target))));
    const frame = new Uint8Array(ETHERNET + IPV4 + ECHO);
    emitEthernetHeader(frame, this.#to.link.mac, link.mac, ETHER_TYPE_IPV4);
    const packet = frame.subarray(ETHERNET);
    const header = { source: address, destination: target, ttl: 64, id: 1 };
    emitIpv4Header(packet, { ...header, protocol: PROTOCOL_ICMP }, ECHO);
    const echo = { kind: "request", id: ID, sequence: this.#sequence, payloadLength: 0 } as const;
    emitIcmpEcho(packet.subarray(IPV4), echo);
    this.#send("echo", frame);
  }

  #ask6(target: Ipv6): void {
    const { link, address6: source } = this.#from;
    const question = new Uint8Array(NEIGHBOUR_FRAME_LENGTH);
    emitNeighbour(question, neighbourSolicitation(link.mac, source, target));
    this.#send("arp", question);
    const frame = new Uint8Array(ETHERNET + IPV6 + ECHO);
    emitEthernetHeader(frame, this.#to.link.mac, link.mac, ETHER_TYPE_IPV6);
    const header = { source, destination: target, hopLimit: 64, nextHeader: PROTOCOL_ICMPV6 };
    emitIpv6Header(frame, header, ECHO, ETHERNET);
    const message = frame.subarray(ETHERNET + IPV6);
    emitIcmpv6Request(message, ID, this.#sequence);
    const sum = sumPseudoHeaderAt(frame, ETHERNET, ECHO) + sum16(message, 0, ECHO);
    writeU16(message, 2, checksumOf(sum));
    this.#send("echo", frame);
  }

  /** Takes answers until `until`. */
  listen(until: Instant): void {
    while (now() < until) this.#reactor.wait(until);
  }

  /** Asks once and says who answered within `milliseconds`. */
  answers(milliseconds: number): { readonly echo: boolean; readonly arp: boolean } {
    const first = this.questions.length;
    this.ask();
    this.listen(after(now(), fromMillis(milliseconds)));
    const asked = this.questions.slice(first);
    const isAnswered = (kind: Question["kind"]): boolean =>
      asked.some((one) => one.kind === kind && one.answeredAt !== undefined);
    return { echo: isAnswered("echo"), arp: isAnswered("arp") };
  }

  [Symbol.dispose](): void {
    this.#socket.close();
  }

  #send(kind: Question["kind"], frame: Uint8Array): void {
    this.questions.push({ kind, sentAt: now(), answeredAt: undefined });
    mustDo(this.#socket.send(frame));
  }

  #receive(): void {
    for (;;) {
      const length = this.#socket.receive(this.#buffer);
      if (length === 0) return;
      const at = now();
      if (etherTypeOf(this.#buffer) === ETHER_TYPE_IPV6) this.#receive6(length, at);
      else this.#receive4(length, at);
    }
  }

  #receive4(length: number, at: Instant): void {
    const arp = parseArp(this.#buffer, 0, length);
    if (arp.kind === "arp") {
      const { operation, senderAddress } = arp.arp;
      if (operation === "reply" && senderAddress === this.#target) this.#answered("arp", at);
      return;
    }
    // Another probe of the same host hears the answers too.
    if (ipv4SourceAt(this.#buffer, ETHERNET) !== this.#target) return;
    const echo = parseIcmpEcho(this.#buffer, ETHERNET + IPV4, length - ETHERNET - IPV4);
    if (echo.kind === "echo" && echo.echo.kind === "reply")
      this.#answered("echo", at, echo.echo.sequence);
  }

  #receive6(length: number, at: Instant): void {
    const found = parseNeighbour(this.#buffer, length);
    if (found.kind === "neighbour") {
      const { kind, target } = found.neighbour;
      if (kind === "advertisement" && target === this.#target) this.#answered("arp", at);
      return;
    }
    const message = this.#buffer.subarray(ETHERNET + IPV6, length);
    const isReply = message[0] === TYPE_ECHO_REPLY_V6 && message[5] === ID;
    if (isReply && ipv6At(this.#buffer, ETHERNET + IPV6_OFFSET.source) === this.#target)
      this.#answered("echo", at, (message[6] ?? 0) * 256 + (message[7] ?? 0));
  }

  /**
   * A reply about a MAC does not say which question it answers; the kernel answers in order, so it
   * is the oldest open one.
   */
  #answered(kind: Question["kind"], at: Instant, sequence?: number): void {
    const ofKind = this.questions.filter((one) => one.kind === kind);
    const question =
      sequence === undefined
        ? ofKind.findLast((one) => one.answeredAt === undefined && one.sentAt <= at)
        : ofKind[sequence - 1];
    if (question !== undefined) question.answeredAt = at;
  }
}

/**
 * The kernel joins the group in which an IPv6 address is asked for a moment after the address was
 * added; until then questions are lost.
 */
export function awaitAnswers(from: Side, to: Side, target: IpAddress): void {
  using probe = new Probe(from, to, target);
  for (const until = after(now(), fromMillis(10_000)); now() < until; ) {
    const { echo, arp } = probe.answers(20);
    if (echo && arp) return;
  }
  throw new Error(`${printIp(target)} does not answer`);
}
