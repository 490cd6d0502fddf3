/** `control.sock` in a lab's folder: one JSON object per line, a request and its answer. */

import type { ProbePart } from "#probes/probe-protocol";
import type { DaemonOrder } from "./daemon-orders.ts";
import type { FaultOrder } from "./fault-orders.ts";
import type { FaultRow } from "./fault-row.ts";
import type { LabText } from "./lab-messages.ts";

export type LabRequest =
  | { readonly command: "status" }
  | { readonly command: "exec"; readonly instance: string }
  | {
      readonly command: "fault";
      readonly instance: string;
      readonly order: Exclude<FaultOrder, { readonly kind: "wrong" }>;
    }
  /** The absolute path outside; without one the recording ends. */
  | { readonly command: "capture"; readonly instance: string; readonly file?: string | undefined }
  /** The programs of an instance: what a person at it would do, and what breaks. */
  | {
      readonly command: "daemon";
      readonly instance: string;
      readonly order: DaemonOrder;
      /**
       * With what starts a daemon (`start`, `restart`, `power-on`): the virtual address in its
       * keepalived.conf is this one from now on.
       */
      readonly address?: string | undefined;
    }
  /** After the answer, `LabNews` until the connection ends. */
  | { readonly command: "watch" }
  | { readonly command: "down" };

export type LabAnswer =
  | { readonly ok: true; readonly status: LabStatus }
  | { readonly ok: true; readonly exec: ExecTarget }
  | { readonly ok: true }
  | { readonly ok: false; readonly error: string; readonly text?: LabText };

export interface LabStatus {
  readonly pid: number;
  readonly switchPid?: number | undefined;
  readonly region: string;
  readonly rootless: boolean;
  /** A host outside, called internet. */
  readonly internet?: boolean | undefined;
  readonly subnets?:
    | readonly {
        readonly id: string;
        readonly name: string;
        readonly cidr: string;
        readonly vpc: string;
      }[]
    | undefined;
  readonly instances: readonly {
    readonly name: string;
    readonly instanceId: string;
    readonly interfaceId: string;
    readonly address: string;
    readonly subnetId: string;
    /**
     * The folder outside, which contains the instance's etc, log, var and run, and the output
     * of its commands.
     */
    readonly folder: string;
    /** Those of its faults that are set. */
    readonly faults: Readonly<Record<string, unknown>>;
    /** The same as they are written on the command line, and `unplug`. */
    readonly faultOrders: readonly string[];
    readonly commands: readonly { readonly command: string; readonly state: string }[];
    readonly received: number;
    readonly sent: number;
    readonly dropped: Readonly<Record<string, number>>;
  }[];
  readonly havips: readonly {
    readonly id: string;
    readonly name: string;
    readonly address: string;
    readonly state: "AVAILABLE" | "UNBIND";
    readonly instance?: string | undefined;
    readonly publicAddress?: string | undefined;
    readonly subnetId: string;
  }[];
}

/** What is probed: the HAVIP from the client in its subnet, its public address from outside. */
export type ProbeSide = "client" | "internet";

/** What a watching program hears. Times are milliseconds since 1970. */
export type LabNews =
  /** At the beginning, and after changes. */
  | {
      readonly news: "status";
      readonly status: LabStatus;
      /** The instances that have the address of the first HAVIP on their interface. */
      readonly holders: readonly string[];
      /** What is probed now; empty without a HAVIP. */
      readonly probed: readonly { readonly side: ProbeSide; readonly address: string }[];
    }
  /** Twenty times a second for each side. Lost under pressure, never queued. */
  | {
      readonly news: "probes";
      readonly side: ProbeSide;
      readonly parts: readonly (Omit<ProbePart, "from" | "mac"> & {
        readonly at: number;
        /** Who answered: the name of an instance. */
        readonly by: string | undefined;
      })[];
    }
  | {
      readonly news: "event";
      readonly at: number;
      readonly kind: "claim" | "moved" | "refused" | "output" | "ended" | "cloud";
      readonly instance: string | undefined;
      readonly text: LabText;
    }
  /** A fault and what was noticed of it: first while it is measured, then its result. */
  | { readonly news: "row"; readonly row: FaultRow };

export interface ExecTarget {
  /** The PID as a process outside must use it. */
  readonly pid: number;
  /** When it started (proc(5)), which shows whether the PID still belongs to that process. */
  readonly startTime: number;
  readonly rootless: boolean;
  /** Values for the environment, which the process outside makes itself. */
  readonly region: string;
}

export const SOCKET = "control.sock";
/** The API for programs outside the lab's namespaces; the process outside forwards to it. */
export const API_SOCKET = "api.sock";
