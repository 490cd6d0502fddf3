/**
 * Asks an address for echoes and for its MAC with frames made by hand, so that no ARP table stands
 * between.
 */
import { ETH_P_ALL } from "#linux/abi";
import { now } from "#linux/clock";
import { openPacketSocket, type PacketSocket } from "#linux/packet-socket";
import { Reactor } from "#linux/reactor";
import { must, mustDo } from "#linux/result";
import type { Ipv4 } from "#units/address";
import { after, fromMillis, type Instant } from "#units/time";
import { arpRequest, emitArp, parseArp } from "#vrrp/wire/arp";
import {
  ETHER_TYPE_IPV4,
  ETHERNET_HEADER_LENGTH as ETHERNET,
  emitEthernetHeader,
} from "#vrrp/wire/ethernet";
import { ICMP_ECHO_HEADER_LENGTH as ECHO, emitIcmpEcho, parseIcmpEcho } from "#vrrp/wire/icmp-echo";
import { IPV4_HEADER_LENGTH as IPV4, ipv4SourceAt, PROTOCOL_ICMP } from "#vrrp/wire/ipv4-fields";
import { emitIpv4Header } from "#vrrp/wire/ipv4-packet";
import type { Side } from "./linux-net.ts";

export interface Question {
  readonly kind: "echo" | "arp";
  readonly sentAt: Instant;
  answeredAt: Instant | undefined;
}

export class Probe {
  readonly questions: Question[] = [];
  readonly #from: Side;
  readonly #to: Side;
  readonly #target: Ipv4;
  readonly #socket: PacketSocket;
  readonly #reactor = new Reactor();
  readonly #buffer = new Uint8Array(2048);
  #sequence = 0;

  constructor(from: Side, to: Side, target: Ipv4) {
    this.#from = from;
    this.#to = to;
    this.#target = target;
    const { index } = from.link;
    this.#socket = from.namespace.within(() =>
      must(openPacketSocket(index, { protocol: ETH_P_ALL })),
    );
    this.#reactor.add(this.#socket.fd, () => this.#receive());
  }

  /** One echo request and one ARP request, the latter first. */
  ask(): void {
    const arp = new Uint8Array(64);
    const length = emitArp(arp, arpRequest(this.#from.link.mac, this.#from.address, this.#target));
    this.#send("arp", arp.subarray(0, length));
    const frame = new Uint8Array(ETHERNET + IPV4 + ECHO);
    emitEthernetHeader(frame, this.#to.link.mac, this.#from.link.mac, ETHER_TYPE_IPV4);
    const packet = frame.subarray(ETHERNET);
    emitIpv4Header(
      packet,
      {
        source: this.#from.address,
        destination: this.#target,
        ttl: 64,
        id: 1,
        protocol: PROTOCOL_ICMP,
      },
      ECHO,
    );
    this.#sequence += 1;
    emitIcmpEcho(packet.subarray(IPV4), {
      kind: "request",
      id: 7,
      sequence: this.#sequence,
      payloadLength: 0,
    });
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
      const arp = parseArp(this.#buffer, 0, length);
      if (arp.kind === "arp") {
        const { operation, senderAddress } = arp.arp;
        if (operation === "reply" && senderAddress === this.#target) this.#answered("arp", at);
        continue;
      }
      // Another probe of the same host hears the answers too.
      if (ipv4SourceAt(this.#buffer, ETHERNET) !== this.#target) continue;
      const echo = parseIcmpEcho(this.#buffer, ETHERNET + IPV4, length - ETHERNET - IPV4);
      if (echo.kind === "echo" && echo.echo.kind === "reply")
        this.#answered("echo", at, echo.echo.sequence);
    }
  }

  /**
   * An ARP reply does not say which question it answers; the kernel answers in order, so it is the
   * oldest open one.
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
