/** What the network is given. JSON-safe: it crosses the pipe to the switch process. */
import type { Ipv4, Mac } from "#units/address";

export interface FabricPlan {
  readonly subnets: readonly SubnetPlan[];
  readonly guests: readonly GuestPlan[];
  /** Elastic addresses and the inside addresses that they stand for, one to one. */
  readonly elastic: readonly ElasticPlan[];
  /** HAVIPs, bound or not. */
  readonly havips: readonly HavipBinding[];
  /** The port behind which the internet is, if there is one. */
  readonly internetPort: number | undefined;
}

export interface SubnetPlan {
  readonly id: string;
  readonly vpcId: string;
  readonly network: Ipv4;
  readonly prefix: number;
  readonly gateway: Ipv4;
  readonly gatewayMac: Mac;
  /** The platform turns this off by default. */
  readonly multicast: boolean;
}

/** A network interface of an instance, plugged into a port of the switch. */
export interface GuestPlan {
  readonly port: number;
  readonly interfaceId: string;
  readonly subnetId: string;
  readonly mac: Mac;
  readonly addresses: readonly Ipv4[];
  /** The allow list for incoming packets; undefined allows everything. */
  readonly ingress: readonly SecurityRule[] | undefined;
}

export interface SecurityRule {
  /** The IP protocol number; undefined for every protocol. */
  readonly protocol: number | undefined;
  readonly ports: { readonly from: number; readonly to: number } | undefined;
  readonly source: { readonly network: Ipv4; readonly prefix: number } | undefined;
}

export interface HavipBinding {
  readonly subnetId: string;
  readonly address: Ipv4;
  /** The interface that holds it; undefined if none does. */
  readonly interfaceId: string | undefined;
}

export interface ElasticPlan {
  readonly public: Ipv4;
  readonly vpcId: string;
  readonly inside: Ipv4;
}

/** Why a frame went nowhere, with what was compared. */
export type FabricDrop =
  | { readonly kind: "port-cut" }
  | { readonly kind: "port-not-forwarding" }
  | { readonly kind: "lost" }
  /** A fault of the path between two ports. */
  | { readonly kind: "one-way"; readonly to: number }
  /** An announcement of a HAVIP that a fault kept from the control plane. */
  | { readonly kind: "claim-swallowed"; readonly address: Ipv4 }
  | { readonly kind: "claim-limited"; readonly address: Ipv4 }
  | { readonly kind: "unknown-port"; readonly port: number }
  | { readonly kind: "too-short"; readonly length: number }
  | { readonly kind: "spoofed-mac"; readonly found: Mac; readonly own: Mac }
  | { readonly kind: "spoofed-address"; readonly found: Ipv4 }
  /** ARP for an address that is neither the guest's own nor a HAVIP of its subnet. */
  | { readonly kind: "not-a-havip"; readonly address: Ipv4 }
  | { readonly kind: "not-ipv4"; readonly etherType: number }
  | { readonly kind: "bad-header" }
  | { readonly kind: "multicast-off"; readonly destination: Ipv4 }
  | { readonly kind: "broadcast"; readonly destination: Ipv4 }
  | { readonly kind: "no-such-address"; readonly destination: Ipv4 }
  | { readonly kind: "havip-unbound"; readonly destination: Ipv4 }
  | { readonly kind: "no-elastic-address"; readonly source: Ipv4 }
  | { readonly kind: "security-group"; readonly protocol: number; readonly source: Ipv4 }
  | { readonly kind: "ttl-exceeded" };
