/**
 * What the control plane remembers, one interface per table. Plain JSON-safe data: rows go to disk
 * and to `/_baton/state` as they are. Unset is null, never undefined, so that JSON keeps it. Ids
 * are the cloud's (`havip-` and eight of `[a-z0-9]`); instants are microseconds of the emulator's
 * clock since 1970.
 */
import type { Ipv4, Mac } from "#units/address";
import type { Instant } from "#units/time";

export interface TagRow {
  readonly key: string;
  readonly value: string;
}

export interface VpcRow {
  readonly id: string;
  readonly name: string;
  readonly network: Ipv4;
  readonly prefix: number;
  readonly multicast: boolean;
  readonly dnsServers: readonly string[];
  readonly domainName: string;
  readonly publishRoutes: boolean;
  readonly publishRoutesIpv6: boolean;
  readonly tags: readonly TagRow[];
  readonly createdAt: Instant;
}

export interface SubnetRow {
  readonly id: string;
  readonly vpcId: string;
  readonly name: string;
  readonly network: Ipv4;
  readonly prefix: number;
  readonly zone: string;
  readonly broadcast: boolean;
  readonly cdcId: string;
  readonly routeTableId: string;
  readonly tags: readonly TagRow[];
  readonly createdAt: Instant;
}

/** Every VPC has one, its main table, from its creation to its deletion. */
export interface RouteTableRow {
  readonly id: string;
  readonly vpcId: string;
  readonly name: string;
  readonly main: boolean;
  readonly tags: readonly TagRow[];
  readonly createdAt: Instant;
}

/** Which instance the network considers the address's holder. */
export interface Holder {
  readonly networkInterfaceId: string;
  /** Empty only when the address was bound by hand to an interface without instance. */
  readonly instanceId: string;
}

export interface AssociationRow {
  readonly instanceId: string;
  readonly instanceType: "CVM" | "ENI";
}

export interface HavipRow {
  readonly id: string;
  readonly vpcId: string;
  readonly subnetId: string;
  readonly name: string;
  readonly vip: Ipv4;
  readonly holder: Holder | null;
  /**
   * A claim that was accepted and takes effect at `dueAt`, after the platform's delay
   * (`PlatformProfile.claimLatency`).
   */
  readonly claim: { readonly holder: Holder; readonly dueAt: Instant } | null;
  /** Null until the first claim. */
  readonly flushedAt: Instant | null;
  /** If true, only those in `associations` may claim. */
  readonly checkAssociate: boolean;
  readonly associations: readonly AssociationRow[];
  readonly eipId: string | null;
  /** The task that works on it; no other may start meanwhile. */
  readonly busy: string | null;
  /** True once its deletion was accepted: it cannot be claimed any more. */
  readonly deleting: boolean;
  readonly tags: readonly TagRow[];
  readonly createdAt: Instant;
}

export type EipStatus =
  | "CREATING"
  | "BINDING"
  | "BIND"
  | "UNBINDING"
  | "UNBIND"
  | "OFFLINING"
  | "BIND_ENI";

export interface EipTarget {
  readonly instanceType: "HAVIP" | "CVM" | "ENI";
  readonly instanceId: string;
  readonly networkInterfaceId: string | null;
  readonly privateAddress: Ipv4 | null;
}

export interface EipRow {
  readonly id: string;
  readonly name: string;
  readonly address: Ipv4;
  readonly status: EipStatus;
  readonly target: EipTarget | null;
  readonly bandwidth: number;
  readonly addressType: string;
  readonly isp: string;
  readonly chargeType: string;
  readonly busy: string | null;
  readonly tags: readonly TagRow[];
  readonly createdAt: Instant;
}

export interface InterfaceAddress {
  readonly address: Ipv4;
  readonly primary: boolean;
  readonly description: string;
  readonly state: "PENDING" | "AVAILABLE" | "DELETING" | "MIGRATING";
}

export interface InterfaceRow {
  readonly id: string;
  readonly vpcId: string;
  readonly subnetId: string;
  readonly name: string;
  readonly description: string;
  readonly groups: readonly string[];
  readonly mac: Mac;
  /** The primary interface of an instance is created and deleted with it (EniType 1). */
  readonly primary: boolean;
  readonly addresses: readonly InterfaceAddress[];
  readonly state: "PENDING" | "AVAILABLE" | "ATTACHING" | "DETACHING" | "DELETING";
  readonly attachment: {
    readonly instanceId: string;
    readonly deviceIndex: number;
    readonly attachedAt: Instant;
  } | null;
  readonly attachType: number;
  readonly qosLevel: string;
  readonly busy: string | null;
  readonly tags: readonly TagRow[];
  readonly createdAt: Instant;
}

/** What an accepted call still has to do. */
export type Work =
  /** The task of a repeated call has no work of its own: it ends with the first call's. */
  | { readonly kind: "follow" }
  | { readonly kind: "deleteHavip"; readonly havipId: string }
  | { readonly kind: "bindEip"; readonly havipId: string; readonly eipId: string }
  | { readonly kind: "unbindEip"; readonly havipId: string; readonly eipId: string }
  | { readonly kind: "allocateEips"; readonly eipIds: readonly string[] }
  | { readonly kind: "releaseEips"; readonly eipIds: readonly string[] }
  | { readonly kind: "associateEip"; readonly eipId: string }
  | { readonly kind: "disassociateEip"; readonly eipId: string }
  | { readonly kind: "createInterface"; readonly interfaceId: string }
  | { readonly kind: "attachInterface"; readonly interfaceId: string; readonly instanceId: string }
  | { readonly kind: "detachInterface"; readonly interfaceId: string }
  | { readonly kind: "deleteInterface"; readonly interfaceId: string }
  | { readonly kind: "assignAddresses"; readonly interfaceId: string }
  | {
      readonly kind: "migrateAddress";
      readonly fromId: string;
      readonly toId: string;
      readonly address: Ipv4;
    };

export interface WorkRow {
  /** The id of its task. */
  readonly id: string;
  readonly dueAt: Instant;
  readonly work: Work;
}

/** The visible part of asynchronous work, which is kept after the work has ended. */
export interface TaskRow {
  readonly id: string;
  /** "request": polled by the RequestId of its call. "numbered": by a number. */
  readonly kind: "request" | "numbered";
  readonly status: "RUNNING" | "SUCCESS" | "FAILED";
  readonly resourceIds: readonly string[];
}

/** A ClientToken that was used: the request, and the answer to repeat. */
export interface TokenRow {
  /** Action, slash, token. */
  readonly id: string;
  /** A digest of the parameters. */
  readonly fingerprint: string;
  /** The fields of the first answer, as JSON. */
  readonly answer: string;
  /**
   * The task of the first call: polling must also work with the RequestId of a repeated call.
   */
  readonly taskId: string | null;
}

/**
 * The token bucket for gratuitous ARP of an interface or of an address. A restart empties this
 * table, as in a switch.
 */
export interface BucketRow {
  readonly id: string;
  readonly tokens: number;
  readonly at: Instant;
}

export interface CounterRow {
  readonly id: string;
  readonly value: number;
}

export interface Tables {
  readonly vpcs: VpcRow;
  readonly subnets: SubnetRow;
  readonly routeTables: RouteTableRow;
  readonly havips: HavipRow;
  readonly eips: EipRow;
  readonly interfaces: InterfaceRow;
  readonly works: WorkRow;
  readonly tasks: TaskRow;
  readonly tokens: TokenRow;
  readonly buckets: BucketRow;
  readonly counters: CounterRow;
}
export type TableName = keyof Tables;

export const TABLE_NAMES: readonly TableName[] = [
  "vpcs",
  "subnets",
  "routeTables",
  "havips",
  "eips",
  "interfaces",
  "works",
  "tasks",
  "tokens",
  "buckets",
  "counters",
];

/** Tables that need not survive a restart. */
export const isVolatile = (table: TableName): boolean => table === "buckets";
