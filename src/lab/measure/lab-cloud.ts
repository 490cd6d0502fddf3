/**
 * A platform under a lab's nodes that decides where the virtual address is (src/lab/vpc), as the
 * lab sees it.
 */
import type { Instant, Micros } from "#units/time";
import type { LabNetwork } from "./network.ts";

export interface LabCloud {
  readonly network: LabNetwork;
  /** The name of the host from which public addresses are reached. */
  readonly outsideClient: string;
  /** How programs on a node find the control plane. */
  environmentOf(node: string): Readonly<Record<string, string | undefined>>;
  /** The node to which the platform sends the address's traffic. */
  holder(): string | undefined;
  /** The instance id of that node in the cloud. */
  holderId(): string | undefined;
  /**
   * The last move of the window: from the first claim of the node that has it now until it had
   * it.
   */
  moveWithin(from: Instant, to: Instant): Micros | undefined;
  /** The longest time that the platform is known to take for a move. */
  readonly claimLatency: Micros;
  close(): Promise<void>;
}

/** What was seen of the platform during one fault. */
export interface CloudView {
  readonly before: string | undefined;
  readonly after: string | undefined;
  /** The part of the outage that no daemon can shorten. */
  readonly platformMilliseconds: number | undefined;
  /** Measured through the elastic address; undefined if none is bound. */
  readonly outageMilliseconds: number | undefined;
  readonly lost: number | undefined;
  readonly proberPauseMilliseconds: number | undefined;
}
