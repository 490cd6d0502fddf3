/** A node as the page knows it. Pure. */
import type { Status } from "#daemon/control-protocol";
import type { Failure } from "./failure.ts";
import type { NodeEntry } from "./session-shape.ts";

export interface NodeView {
  readonly entry: NodeEntry;
  /** How a person is shown it (`withNames`). */
  readonly name: string;
  /** The last one; undefined until there is one. */
  readonly status: Status | undefined;
  /** Why there is none now. */
  readonly failure: Failure | undefined;
  /** How much the node's clock is ahead of the browser's; undefined if it was not measured. */
  readonly clockAheadMs: number | undefined;
  /** When the status came, by the browser's clock. */
  readonly at: number;
}

/**
 * The name that the console was given for it, else its host name once that is known, with its
 * address where several have the same.
 */
export function withNames(nodes: readonly NodeView[]): readonly NodeView[] {
  const own = ({ entry, status }: NodeView): string => entry.name ?? status?.host ?? entry.address;
  const counts = new Map<string, number>();
  for (const node of nodes) counts.set(own(node), (counts.get(own(node)) ?? 0) + 1);
  return nodes.map((node) => {
    const name = own(node);
    const isAlone = counts.get(name) === 1 || name === node.entry.address;
    return { ...node, name: isAlone ? name : `${name} (${node.entry.address})` };
  });
}
