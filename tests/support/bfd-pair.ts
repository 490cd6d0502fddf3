/** Two BFD sessions and the link between them, in virtual time. */
import { after, earliestOf, type Instant, instant, type Micros } from "#units/time";
import {
  type ControlPacket,
  emitControlPacket,
  parseControlPacket,
} from "#vrrp/bfd/control-packet";
import {
  deadlineOf,
  openSession,
  type Session,
  type SessionConfig,
  type SessionEvent,
  step,
} from "#vrrp/bfd/session";

export interface Sent {
  readonly at: Instant;
  readonly packet: ControlPacket;
}

export interface Change {
  readonly at: Instant;
  readonly from: string;
  readonly to: string;
  readonly diagnostic: number;
}

export class BfdEnd {
  config: SessionConfig;
  session: Session;
  readonly sent: Sent[] = [];
  readonly changes: Change[] = [];
  readonly #jitter: () => number;

  constructor(config: SessionConfig, now: Instant, jitter: () => number) {
    this.config = config;
    this.session = openSession(config, now);
    this.#jitter = jitter;
  }

  take(event: SessionEvent, now: Instant): readonly ControlPacket[] {
    const { session, effects } = step(this.config, this.session, event, now, this.#jitter());
    this.session = session;
    const packets: ControlPacket[] = [];
    for (const effect of effects) {
      if (effect.kind === "stateChanged") this.changes.push({ at: now, ...effect });
      else packets.push(effect.packet);
    }
    for (const packet of packets) this.sent.push({ at: now, packet });
    return packets;
  }
}

/** How a packet goes: after how long it arrives, or undefined if it is lost. */
export type Way = (from: number, now: Instant, packet: ControlPacket) => Micros | undefined;

export class BfdPair {
  readonly ends: readonly [BfdEnd, BfdEnd];
  now: Instant = instant(1_000_000);
  way: Way;
  #underway: { readonly to: number; readonly at: Instant; readonly bytes: Uint8Array }[] = [];

  constructor(configs: readonly [SessionConfig, SessionConfig], way: Way, jitter: () => number) {
    this.way = way;
    const [a, b] = configs;
    this.ends = [new BfdEnd(a, this.now, jitter), new BfdEnd(b, this.now, jitter)];
  }

  /** Gives an end an event, and the link what it sends. */
  give(side: 0 | 1, event: SessionEvent): void {
    for (const packet of this.ends[side].take(event, this.now)) {
      const delay = this.way(side, this.now, packet);
      if (delay === undefined) continue;
      const bytes = new Uint8Array(24);
      emitControlPacket(bytes, packet);
      this.#underway.push({ to: 1 - side, at: after(this.now, delay), bytes });
    }
  }

  run(duration: Micros): void {
    const until = after(this.now, duration);
    for (;;) {
      const next = earliestOf([
        ...this.ends.map(({ session }) => deadlineOf(session)),
        ...this.#underway.map(({ at }) => at),
      ]);
      if (next === undefined || next > until) break;
      this.now = next;
      const arrived = this.#underway.filter(({ at }) => at <= next);
      this.#underway = this.#underway.filter(({ at }) => at > next);
      for (const { to, bytes } of arrived) {
        const parsed = parseControlPacket(bytes);
        if (parsed.kind === "control")
          this.give(to as 0 | 1, { kind: "packetReceived", packet: parsed.packet });
      }
      for (const side of [0, 1] as const) {
        const deadline = deadlineOf(this.ends[side].session);
        if (deadline !== undefined && deadline <= this.now)
          this.give(side, { kind: "timeReached" });
      }
    }
    this.now = until;
  }
}
