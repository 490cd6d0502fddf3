/**
 * What a host's network does to frames, implemented with nf_tables: VRRP packets are lost at
 * random where they arrive, and ARP is limited at the switch port where it enters. The switch's
 * limit concerns answers as well as announcements: it cannot distinguish them.
 */
import type { Namespace } from "#linux/namespace";
import type { NftExpression } from "#linux/nft-expressions";
import { NFPROTO_BRIDGE, NFPROTO_IPV4 } from "#linux/nft-messages";
import { type NftSocket, openNftSocket } from "#linux/nft-socket";
import { must, mustDo } from "#linux/result";
import { ETHER_TYPE_ARP, ETHERNET_OFFSET } from "#vrrp/wire/ethernet";
import { IPV4_OFFSET, PROTOCOL_VRRP } from "#vrrp/wire/ipv4-fields";

const TABLE = "lab";
/** NF_INET_PRE_ROUTING and NF_BR_PRE_ROUTING, before anybody else. */
const FIRST = { number: 0, priority: -300 };
const ETHER_ARP = Uint8Array.of(ETHER_TYPE_ARP >>> 8, ETHER_TYPE_ARP & 0xff);

export interface ArpLimit {
  readonly perSecond: number;
  readonly burst: number;
}

/** Sets rules in one namespace; every call replaces the chain of that name. */
export class Impairments {
  readonly #socket: NftSocket;

  constructor(namespace: Namespace) {
    this.#socket = namespace.within(() => must(openNftSocket()));
  }

  /** @param part the fraction, 0 to 1, of the VRRP packets that arrive in this namespace */
  loseVrrp(part: number): void {
    const below = new Uint8Array(4);
    new DataView(below.buffer).setUint32(0, Math.min(part * 2 ** 32, 2 ** 32 - 1));
    this.#replace(
      NFPROTO_IPV4,
      "vrrp",
      part === 0
        ? []
        : [
            { kind: "load", header: "network", offset: IPV4_OFFSET.protocol, length: 1 },
            { kind: "compare", operator: "equal", bytes: Uint8Array.of(PROTOCOL_VRRP) },
            { kind: "load-random" },
            { kind: "compare", operator: "below", bytes: below },
            { kind: "drop" },
          ],
    );
  }

  /**
   * Called in the bridge's namespace: limits the ARP frames that this MAC address sends.
   * Undefined removes the limit.
   */
  limitArp(name: string, mac: Uint8Array, limit: ArpLimit | undefined): void {
    this.#replace(
      NFPROTO_BRIDGE,
      `arp-${name}`,
      limit === undefined
        ? []
        : [
            { kind: "load", header: "link", offset: ETHERNET_OFFSET.source, length: mac.length },
            { kind: "compare", operator: "equal", bytes: mac },
            {
              kind: "load",
              header: "link",
              offset: ETHERNET_OFFSET.type,
              length: ETHER_ARP.length,
            },
            { kind: "compare", operator: "equal", bytes: ETHER_ARP },
            { kind: "over-rate", ...limit },
            { kind: "drop" },
          ],
    );
  }

  #replace(family: number, chain: string, rule: readonly NftExpression[]): void {
    const batch = this.#socket.batch();
    batch.addTable(family, TABLE);
    batch.addChain(family, TABLE, chain, FIRST);
    batch.flushChain(family, TABLE, chain);
    if (rule.length > 0) batch.addRule(family, TABLE, chain, rule);
    mustDo(this.#socket.commit(batch));
  }

  close(): void {
    this.#socket[Symbol.dispose]();
  }
}
