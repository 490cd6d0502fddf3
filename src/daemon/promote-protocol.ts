/** `baton promote` on the control socket and over HTTP: what is asked, and what became of it. */
import type { Text } from "./switch-protocol.ts";

export interface PromoteRequest {
  /** An instance or a sync group with a gate; undefined: the only one there is. */
  readonly name?: string;
  /** This node's data counts, whatever the other node's has more. */
  readonly acceptLoss?: true;
  readonly dryRun?: true;
  readonly why?: string;
}

export interface PromoteAnswer {
  readonly name: string;
  readonly kind: "instance" | "group";
  /** "promoted": it serves the address. "would-promote": nothing speaks against it. */
  readonly outcome: "promoted" | "would-promote" | "refused";
  readonly reason:
    | "promoted"
    | "already"
    | "would"
    | "failed"
    | "owned"
    | "fault"
    | "conflict"
    | "not-eligible"
    | "answered"
    | "no-answer";
  /** Of this promotion. */
  readonly epoch?: number;
  readonly text: Text;
}
