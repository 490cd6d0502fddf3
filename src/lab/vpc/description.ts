/**
 * A lab to build: what lab files and the demonstration say. Names are the reader's own; ids
 * are the cloud's.
 */
import type { SecurityRule } from "../network/plan.ts";

export interface LabDescription {
  readonly region: string;
  readonly vpcs: readonly VpcDescription[];
  /** Host outside with an address of its own, to reach elastic addresses from. */
  readonly internet: boolean;
}

export interface VpcDescription {
  readonly name: string;
  readonly cidr: string;
  readonly multicast: boolean;
  readonly subnets: readonly SubnetDescription[];
}

export interface SubnetDescription {
  readonly name: string;
  readonly cidr: string;
  readonly instances: readonly InstanceDescription[];
  readonly havips: readonly HavipDescription[];
}

export interface InstanceDescription {
  /** Unique in the whole lab. */
  readonly name: string;
  /** Undefined: the cloud picks one. */
  readonly address: string | undefined;
  readonly ingress: readonly SecurityRule[] | undefined;
  /** Shell commands, started with the instance. */
  readonly run: readonly string[];
  /**
   * Path inside → text. Below /etc/keepalived, /var/log, /var/keepalived and /run an instance
   * has folders of its own.
   */
  readonly files: Readonly<Record<string, string>>;
}

export interface HavipDescription {
  readonly name: string;
  readonly address: string | undefined;
  /** Names of the instances that may claim it; undefined: everybody in the subnet. */
  readonly members: readonly string[] | undefined;
  /** Apply for a public address and bind it. */
  readonly eip: boolean;
}
