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
  /** Absolute path outside; without one the recording ends. */
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
     * Outside; below it are etc, log, var and run of the instance, and the output of its
     * commands.
     */
    readonly folder: string;
    /** Of its faults, those that are set. */
    readonly faults: Readonly<Record<string, unknown>>;
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
  /** As a process outside must name it. */
  readonly pid: number;
  /** When it started (proc(5)), by which one knows that the number is still that process. */
  readonly startTime: number;
  readonly rootless: boolean;
  /** For the environment, which the process outside makes itself. */
  readonly region: string;
}

export const SOCKET = "control.sock";
/** The API for programs outside the lab's namespaces; the process outside forwards to it. */
export const API_SOCKET = "api.sock";
