/** `control.sock` in a lab's folder: one JSON object per line, a request and its answer. */

import type { FaultOrder } from "./fault-orders.ts";
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
  }[];
}

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
