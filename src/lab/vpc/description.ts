/**
 * A lab to build, as described by lab files and the demonstration. Names are chosen by the
 * user, ids by the cloud.
 */
import type { SecurityRule } from "../network/plan.ts";

export interface LabDescription {
  readonly region: string;
  readonly vpcs: readonly VpcDescription[];
  /** An outside host with its own address, from which elastic addresses can be reached. */
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
  /** Undefined if the cloud is to pick one. */
  readonly address: string | undefined;
  readonly ingress: readonly SecurityRule[] | undefined;
  /** Shell commands, started with the instance. */
  readonly run: readonly string[];
  /**
   * Path inside → text. An instance has its own folders for /etc/keepalived, /var/log,
   * /var/keepalived, /var/lib/baton and /run.
   */
  readonly files: Readonly<Record<string, string>>;
}

export interface HavipDescription {
  readonly name: string;
  readonly address: string | undefined;
  /** The names of the instances that may claim it; undefined for all in the subnet. */
  readonly members: readonly string[] | undefined;
  /** Apply for a public address and bind it. */
  readonly eip: boolean;
}
