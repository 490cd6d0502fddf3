/** What a machine and its faults know of the rest of its daemon: supervisor, and gates. */
import type { Micros } from "#units/time";
import type { FromEngine } from "#vrrp/engine/engine-link";
import type { DemoteReason } from "#vrrp/router/reason";
import type { GateView, SupervisorView } from "./cluster-view.ts";
import type { GateMessage } from "./observer.ts";

/**
 * The other process of the daemon (`supervisor.ts`), as far as machine and faults have to do with
 * it.
 */
export interface MachineSupervisor extends SupervisorView {
  /** SIGSTOP. */
  isStopped: boolean;
  start(): void;
  /** SIGTERM: hand over, end. `then` runs when the engine has ended. */
  stop(then: () => void): void;
  /** kill -9 of the supervisor: the engine sees the pipe's end. */
  crash(): void;
  /** It is gone, and so is whoever could see it. */
  vanish(): void;
  /** SIGCONT, or the whole machine runs again. */
  continue(): void;
  /** SIGHUP. */
  reload(): void;
  receive(message: FromEngine): void;
  engineEnded(how: "stopped" | "died"): void;
  /** A whole IPv4 packet for its own raw sockets. */
  hears(packet: Uint8Array): void;
}

/** The daemon's side of its gates (`gate-runner.ts`), as far as the processes know it. */
export interface MachineGate extends GateView {
  receive(message: GateMessage): void;
  /** For `configure`. */
  eligible(): readonly { readonly unit: string; readonly eligible: boolean }[];
  /** Another engine, or another supervisor. */
  forget(): void;
  /** A supervisor starts; the service manager has ended what an earlier one had begun. */
  restart(): void;
  powerOff(): void;
  /** In place of an engine that died. */
  demote(unit: string, reason: DemoteReason, micros: Micros): void;
  /** `baton promote --accept-loss`. */
  acceptLoss(unit: string): void;
}
