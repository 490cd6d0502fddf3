/** A planned move under way: what the engine says of each of its routers, until all have ended. */
import { printIp } from "#units/address";
import type { FromEngine } from "#vrrp/engine/engine-link";
import type { TakenBack } from "#vrrp/router/event";

type Message<T extends FromEngine["type"]> = Extract<FromEngine, { readonly type: T }>;

/** How it ended for one router. */
export type MemberEnd =
  /** Without a successor: the rest of its group has moved, or the operator wanted it gone. */
  | {
      readonly kind: "moved";
      readonly successor: string | undefined;
      readonly tookMs: number;
      readonly bothMs: number;
    }
  | { readonly kind: "stays"; readonly why: TakenBack; readonly waitedMs: number }
  | { readonly kind: "lost"; readonly state: string }
  | { readonly kind: "engine-gone" };

const toMs = (micros: number): number => micros / 1_000;

export class SwitchRun {
  readonly members: readonly string[];
  /** When all have ended, in the order of `members`. */
  readonly ended: Promise<readonly MemberEnd[]>;
  readonly #ends = new Map<string, MemberEnd>();
  readonly #resolve: (ends: readonly MemberEnd[]) => void;

  constructor(members: readonly string[]) {
    const { promise, resolve } = Promise.withResolvers<readonly MemberEnd[]>();
    this.members = members;
    this.ended = promise;
    this.#resolve = resolve;
  }

  reported({ instance, report }: Message<"report">): void {
    if (report.kind === "switched") {
      const { to, took, both } = report;
      const times = { tookMs: toMs(took), bothMs: toMs(both) };
      this.#end(instance, { kind: "moved", successor: printIp(to), ...times });
    } else if (report.kind === "switch-taken-back") {
      this.#end(instance, { kind: "stays", why: report.why, waitedMs: toMs(report.waited) });
    }
  }

  /** A report follows the transition of a move, and of a stall; anything else ends it. */
  changed({ instance, to, reason }: Message<"transition">): void {
    if (reason.kind === "switched" || reason.kind === "stalled") return;
    if (reason.kind !== "group" && reason.kind !== "gave-up")
      return this.#end(instance, { kind: "lost", state: to });
    const tookMs = reason.kind === "gave-up" ? toMs(reason.waited) : 0;
    this.#end(instance, { kind: "moved", successor: undefined, tookMs, bothMs: 0 });
  }

  engineGone(): void {
    for (const one of this.members) this.#end(one, { kind: "engine-gone" });
  }

  #end(instance: string, end: MemberEnd): void {
    if (!this.members.includes(instance) || this.#ends.has(instance)) return;
    this.#ends.set(instance, end);
    const ends = this.members.flatMap((one) => this.#ends.get(one) ?? []);
    if (ends.length === this.members.length) this.#resolve(ends);
  }
}
