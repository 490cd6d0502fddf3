/**
 * A platform under a lab's nodes that decides where the virtual address is (src/lab/vpc), as the
 * lab sees it.
 */
import type { Instant, Micros } from "#units/time";
import type { LabNetwork } from "./network.ts";

export interface LabCloud {
  readonly network: LabNetwork;
  /** Name of the host from which public addresses are reached. */
  readonly outsideClient: string;
  /** How programs on a node find the control plane. */
  environmentOf(node: string): Readonly<Record<string, string | undefined>>;
  /** Node to which the platform sends the address's traffic. */
  holder(): string | undefined;
  /** Instance id of that node, as the cloud writes it. */
  holderId(): string | undefined;
  /**
   * The last move of the window: from the first claim of the node that has it now until it had
   * it.
   */
  moveWithin(from: Instant, to: Instant): Micros | undefined;
  /** Longest time the platform is known to take for a move. */
  readonly claimLatency: Micros;
  close(): Promise<void>;
}

/** What was seen of the platform during one fault. */
export interface CloudView {
  readonly before: string | undefined;
  readonly after: string | undefined;
  /** Part of the outage that no daemon can shorten. */
  readonly platformMilliseconds: number | undefined;
  /** Through the elastic address; undefined: none is bound. */
  readonly outageMilliseconds: number | undefined;
  readonly lost: number | undefined;
}
