/** A node as the page knows it. Pure. */
import type { Status } from "#daemon/control-protocol";
import type { Failure } from "./failure.ts";
import type { NodeEntry } from "./session-shape.ts";

export interface NodeView {
  readonly entry: NodeEntry;
  /** The last one; undefined until there is one. */
  readonly status: Status | undefined;
  /** Why there is none now. */
  readonly failure: Failure | undefined;
  /** How much the node's clock is ahead of the browser's; undefined if it was not measured. */
  readonly clockAheadMs: number | undefined;
  /** When the status came, by the browser's clock. */
  readonly at: number;
}

/** Its host name once it is known. */
export const nameOf = ({ entry, status }: NodeView): string => status?.node ?? entry.address;
