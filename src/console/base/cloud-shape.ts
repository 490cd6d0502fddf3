/** `/api/cloud/…`: what the HAVIP page and its server (src/console-server) agree on. Pure. */

/** `GET /api/cloud/havips`; every path takes `?region=`. */
export interface HavipList {
  readonly region: string;
  readonly havips: readonly CloudHavip[];
}

export interface CloudHavip {
  readonly id: string;
  readonly name: string;
  readonly address: string;
  /** UNBIND until an instance announces it, then AVAILABLE. */
  readonly state: string;
  readonly vpcId: string;
  readonly subnetId: string;
  /** Who has it; empty while nobody has. */
  readonly instanceId: string;
  readonly interfaceId: string;
  /** Empty without an elastic address. */
  readonly publicAddress: string;
  /** Only members of `range` may take it. Fixed when it is applied for. */
  readonly checksRange: boolean;
  /** Instances (ins-…) or interfaces (eni-…), never both. */
  readonly range: readonly string[];
  readonly createdAt: string;
  /** When it moved last; undefined if it never has. */
  readonly movedAt?: string;
}

/** `GET /api/cloud/choices`: what the dialogs offer. */
export interface CloudChoices {
  readonly vpcs: readonly CloudVpc[];
  readonly subnets: readonly CloudSubnet[];
  readonly addresses: readonly ElasticAddress[];
  readonly interfaces: readonly CloudInterface[];
  /** The quota of HAVIPs in a VPC, if the platform says it. */
  readonly havipsPerVpc?: number;
}

export interface CloudVpc {
  readonly id: string;
  readonly name: string;
  readonly cidr: string;
}

export interface CloudSubnet {
  readonly id: string;
  readonly vpcId: string;
  readonly name: string;
  readonly cidr: string;
  readonly zone: string;
  /** Addresses that nobody has. */
  readonly free: number;
}

export interface ElasticAddress {
  readonly id: string;
  readonly name: string;
  readonly address: string;
  /** UNBIND: it can be bound. */
  readonly status: string;
}

export interface CloudInterface {
  readonly id: string;
  readonly name: string;
  readonly address: string;
  readonly subnetId: string;
  readonly isPrimary: boolean;
  /** Empty if it is attached to nothing. */
  readonly instanceId: string;
}

/** `POST /api/cloud/havips`: applies for one. */
export interface Application {
  readonly vpcId: string;
  readonly subnetId: string;
  readonly name: string;
  /** Without it the platform gives a free one. */
  readonly address?: string;
  readonly checksRange: boolean;
  /** Only with `checksRange`: at most ten, of one kind. */
  readonly range: readonly string[];
}

/**
 * `POST /api/cloud/havips/ID`: one change. The answer is `{ havip }`, null after a release, and
 * comes when the platform has finished.
 */
export type HavipChange =
  | { readonly change: "rename"; readonly name: string }
  | { readonly change: "release" }
  | { readonly change: "bind"; readonly address: string }
  | { readonly change: "unbind" }
  | { readonly change: "add-to-range"; readonly ids: readonly string[] }
  | { readonly change: "take-from-range"; readonly ids: readonly string[] };

export interface ChangedHavip {
  readonly havip: CloudHavip | null;
}
