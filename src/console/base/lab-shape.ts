/**
 * `/api/lab/…`: what the laboratory page and its server agree on. Pure.
 *
 * `GET /api/lab/stream` sends server-sent events with `news` as their name and all of it as data;
 * `POST /api/lab/orders` takes a `LabOrder`. Times are milliseconds since 1970.
 */

import type { Language } from "#diagnostics/diagnostic";

export interface LabInstance {
  readonly name: string;
  readonly instanceId: string;
  readonly address: string;
  readonly subnetId: string;
  /** As they are ordered: `loss 30% vrrp`, `unplug`. */
  readonly faultOrders: readonly string[];
  /** `running`, `not started`, `exit 0`, `SIGKILL`. */
  readonly commands: readonly { readonly command: string; readonly state: string }[];
}

export interface LabHavip {
  readonly id: string;
  readonly name: string;
  readonly address: string;
  readonly state: "AVAILABLE" | "UNBIND";
  /** The name of the instance to which the platform has bound it. */
  readonly instance?: string | undefined;
  readonly publicAddress?: string | undefined;
}

export interface LabSubnet {
  readonly id: string;
  readonly name: string;
  readonly cidr: string;
  readonly vpc: string;
}

export type ProbeSide = "client" | "internet";

/** Ten milliseconds of probes. */
export interface ProbePart {
  readonly at: number;
  readonly sent: number;
  readonly lost: number;
  /** Microseconds; absent if none was answered. */
  readonly fastest?: number | undefined;
  readonly slowest?: number | undefined;
  /** The instance that answered. */
  readonly by?: string | undefined;
}

/** A fault, and what was noticed of it. */
export interface FaultRow {
  readonly id: number;
  readonly at: number;
  readonly instance: string;
  /** `cut`, `loss 30% vrrp`, `daemon stop`. */
  readonly order: string;
  readonly state: "measuring" | "done";
  readonly before: readonly string[];
  readonly after: readonly string[];
  readonly boundBefore?: string | undefined;
  readonly boundAfter?: string | undefined;
  readonly outageMilliseconds?: number | undefined;
  readonly lost?: number | undefined;
  readonly sent?: number | undefined;
  readonly pauseMilliseconds?: number | undefined;
  readonly outsideOutageMilliseconds?: number | undefined;
  readonly outsideLost?: number | undefined;
  readonly bothMilliseconds?: number | undefined;
}

export interface LabStatus {
  readonly region: string;
  readonly internet?: boolean | undefined;
  readonly subnets?: readonly LabSubnet[] | undefined;
  readonly instances: readonly LabInstance[];
  readonly havips: readonly LabHavip[];
}

export type LabNews =
  | {
      readonly news: "status";
      readonly status: LabStatus;
      /** Who has the address of the first HAVIP on its interface. */
      readonly holders: readonly string[];
      readonly probed: readonly { readonly side: ProbeSide; readonly address: string }[];
    }
  | { readonly news: "probes"; readonly side: ProbeSide; readonly parts: readonly ProbePart[] }
  | {
      readonly news: "event";
      readonly at: number;
      readonly kind: "claim" | "moved" | "refused" | "output" | "ended" | "cloud";
      readonly instance?: string | undefined;
      readonly text: Readonly<Record<Language, string>>;
    }
  | { readonly news: "row"; readonly row: FaultRow };

export type LabOrder =
  /** As `baton lab fault` takes it. */
  | { readonly instance: string; readonly fault: string }
  | {
      readonly instance: string;
      readonly daemon: string;
      /** With what starts a daemon: of the HAVIP that its keepalived.conf is to have. */
      readonly address?: string;
    };
