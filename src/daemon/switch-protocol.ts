/** A planned move on the control socket and over HTTP: what is asked, and what became of it. */
import type { SwitchRefusal } from "#vrrp/engine/engine-link";
import type { TakenBack } from "#vrrp/router/event";

export interface SwitchRequest {
  /** Instances and sync groups; an instance of a group stands for the group. */
  readonly names?: readonly string[];
  /** Everything this node owns. */
  readonly all?: true;
  /** The address of the peer that is to have it. */
  readonly to?: string;
  /** Until then somebody has taken over, or the move is taken back. */
  readonly waitSeconds?: number;
  readonly dryRun?: true;
  /** Ends an earlier move: this node may preempt again. */
  readonly back?: true;
  readonly why?: string;
}

export type Text = Readonly<Record<"en" | "zh-CN", string>>;

export interface SwitchAnswer {
  /**
   * "moved": all of it; "partly": some of it. "would-move": with `dryRun`, nothing speaks against
   * any of it; "back": with `back`, which nothing can speak against.
   */
  readonly outcome: "moved" | "would-move" | "back" | "refused" | "partly";
  readonly units: readonly SwitchUnit[];
}

/** An instance that is in no group, or a sync group, which moves as one. */
export interface SwitchUnit {
  readonly name: string;
  readonly kind: "instance" | "group";
  /** "would-move": nothing speaks against it. */
  readonly outcome: "moved" | "stays" | "not-owner" | "would-move";
  /** The address of who was heard. */
  readonly successor?: string;
  /** From the successor's first advertisement until this node let go. */
  readonly bothAnsweredMs?: number;
  /** From the request until this node let go. */
  readonly tookMs?: number;
  readonly reason?: SwitchReason;
  /** It has a gate: nobody takes its address from a living owner, `back` or not. */
  readonly gate?: true;
  readonly text: Text;
}

/** What is known of a peer that did not take over. */
export interface KnownPeer {
  readonly address: string;
  /** It does not answer ARP. */
  readonly unresolved: boolean;
  readonly heardSecondsAgo: number | undefined;
  readonly priority: number | undefined;
}

export type SwitchReason =
  | { readonly kind: Exclude<SwitchRefusal["kind"], KindWithMore> }
  | {
      readonly kind: "not-owner";
      readonly state: string;
      readonly master?: string;
    }
  | { readonly kind: "rival" | "would-not-win"; readonly other: string }
  | { readonly kind: "not-a-peer" | "never-heard"; readonly to: string }
  | { readonly kind: "unanswered"; readonly peers: readonly string[] }
  | {
      readonly kind: Exclude<TakenBack, "group">;
      readonly waitedMs: number;
      readonly peers: readonly KnownPeer[];
    }
  | { readonly kind: "engine-does-not-answer" | "engine-gone" }
  /** The operator wanted it gone, and nobody has taken over. */
  | { readonly kind: "gave-up" }
  /** It left MASTER for another reason than the move. */
  | { readonly kind: "lost"; readonly state: string }
  | { readonly kind: "not-peers-of-all"; readonly to: string };

type KindWithMore =
  | "not-owner"
  | "rival"
  | "would-not-win"
  | "not-a-peer"
  | "never-heard"
  | "unanswered";
