/** JSON lines between a lab and its switch process, on file descriptor 3 of the switch. */

import type { Ipv4 } from "#units/address";
import type { Instant } from "#units/time";
import type { PortFault } from "./impair.ts";
import type { FabricDrop, FabricPlan, HavipBinding } from "./plan.ts";

export const CONTROL_FD = 3;

export interface PortDevice {
  readonly port: number;
  /** In the switch's namespace: the outer end of the guest's cable. */
  readonly device: string;
}

export type ToSwitch =
  /** Opens the devices that are not open yet, and closes those that are not named. */
  | { readonly type: "ports"; readonly ports: readonly PortDevice[] }
  | { readonly type: "plan"; readonly plan: FabricPlan }
  | { readonly type: "bind"; readonly binding: HavipBinding }
  /** Replaces the port's faults; an empty object heals it. */
  | { readonly type: "fault"; readonly port: number; readonly fault: PortFault }
  /**
   * Records everything that the guest on this port sends and receives; undefined ends the
   * recording.
   */
  | { readonly type: "capture"; readonly port: number; readonly file: string | undefined }
  /**
   * Answered by `stats` with the same id: by then everything that was sent before has been
   * done.
   */
  | { readonly type: "stats"; readonly id: number };

export type FromSwitch =
  | { readonly type: "ready" }
  /** A guest announced a HAVIP of its subnet: the control plane decides. */
  | {
      readonly type: "claim";
      readonly interfaceId: string;
      readonly vip: Ipv4;
      readonly at: Instant;
    }
  /** Frames that went nowhere: the first of its kind at once, then at most one message a second. */
  | {
      readonly type: "dropped";
      readonly port: number;
      readonly drop: FabricDrop;
      readonly count: number;
    }
  | { readonly type: "problem"; readonly text: string }
  | { readonly type: "stats"; readonly id: number; readonly ports: readonly PortStats[] };

export interface PortStats {
  readonly port: number;
  readonly device: string;
  /** The numbers of frames from the guest, to the guest, and refused by its device. */
  readonly received: number;
  readonly sent: number;
  readonly unsent: number;
  /**
   * The number of frames that found no room in the socket's buffer, because the switch was too
   * slow.
   */
  readonly overrun: number;
  readonly drops: Readonly<Record<string, number>>;
}
