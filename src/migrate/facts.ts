/** What has to be known of a machine with keepalived before anything is decided. */
import type { UnitLine } from "./unit-file.ts";

/** Paths, PIDs and times as the machine says them. */
export interface Facts {
  readonly isRoot: boolean;
  readonly hasSystemd: boolean;
  readonly keepalived: KeepalivedFacts;
  readonly baton: BatonFacts;
  readonly configFile: string;
  readonly instances: readonly InstanceFacts[];
  /** Keywords of blocks for load balancing, which stay keepalived's. */
  readonly balancing: readonly string[];
  /** What `baton run -t` would end with: 4 would not run, 5 errors, 6 security, 1 unreadable. */
  readonly checkStatus: number;
  /** Undefined: all was listened to. Otherwise where not, and why. */
  readonly notListened: { readonly interface: string; readonly why: string } | undefined;
}

export interface KeepalivedFacts {
  readonly unit: string;
  /** The unit is known to systemd. */
  readonly hasUnit: boolean;
  readonly isActive: boolean;
  readonly isEnabled: boolean;
  readonly mainPid: number | undefined;
  /** "2.2.7"; undefined if it did not say. */
  readonly version: string | undefined;
  /** Its arguments without the program: of the running process, else of the unit. */
  readonly args: readonly string[];
  readonly argsFrom: "process" | "unit" | "nowhere";
  /** Arguments of the unit as it is now, if the running process has others. */
  readonly argsAtNextStart: readonly string[] | undefined;
  /** Why `baton run` refuses the arguments, in the language asked for. */
  readonly argsRefused: string | undefined;
  readonly unitLines: readonly UnitLine[];
  /** Processes in this network namespace that are not the unit's. */
  readonly strays: readonly number[];
  /** Units that systemd stops along with it (RequiredBy=, BoundBy=, ConsistsOf=). */
  readonly stoppedAlong: readonly string[];
}

export interface BatonFacts {
  readonly unit: string;
  readonly hasUnit: boolean;
  /** The program in its ExecStart=. */
  readonly program: string | undefined;
  readonly isActive: boolean;
  readonly isEnabled: boolean;
  /** Somebody answers on the control socket, or claims an address of the file. */
  readonly runs: boolean;
}

export interface InstanceFacts {
  readonly name: string;
  readonly interface: string | undefined;
  readonly vrid: number;
  readonly priority: number;
  readonly intervalSeconds: number;
  readonly addresses: readonly string[];
  /** Those of its addresses that are on this machine: keepalived owns them. */
  readonly owned: readonly string[];
  /** Other routers of its VRID that were heard. */
  readonly heard: readonly { readonly address: string; readonly priority: number }[];
}

export const ownsAny = ({ owned }: InstanceFacts): boolean => owned.length > 0;

/**
 * How long an instance that nobody else takes over has no owner: the detection time of this node,
 * to which the start of the daemon is added.
 */
export const detectionSeconds = ({ intervalSeconds, priority }: InstanceFacts): number =>
  (3 + (256 - priority) / 256) * intervalSeconds;
