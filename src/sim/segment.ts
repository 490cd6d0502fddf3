/**
 * One segment: a learning switch with a port for each machine, each client and an unknown peer.
 *
 * A frame passes, in this order: the sender's port (link up, forwarding yet, announcement limiter),
 * the cut between two ports (one way or both), loss, delay, duplication; and at its arrival the
 * receiver's port once more. Frames between two ports keep their order unless reordering is asked
 * for.
 */
import { BROADCAST_MAC, type Mac } from "#units/address";
import type { Rng } from "#units/rng";
import type { EventQueue } from "./event-queue.ts";

export interface Frame {
  readonly from: Mac;
  readonly to: Mac;
  /** `garp`: an announcement, gratuitous ARP; `arp`: an ordinary question or answer. */
  readonly kind: "vrrp" | "garp" | "arp";
  /**
   * A whole IPv4 packet, or a whole Ethernet frame of type ARP, as the engine's sockets give them.
   */
  readonly bytes: Uint8Array;
}

export interface NetworkConditions {
  /** Microseconds. */
  readonly latencyMin: number;
  readonly latencyMax: number;
  readonly loss: number;
  readonly duplication: number;
  /** Share of frames that are held up by up to `reorderMicros`. */
  readonly reordering: number;
  readonly reorderMicros: number;
}

export interface Port {
  readonly id: number;
  readonly mac: Mac;
  /** Frames of other kinds are not delivered: nothing there looks at them. */
  readonly hears: readonly Frame["kind"][];
  /** The machine's end has carrier. */
  up: boolean;
  /** A switch port may take seconds after link-up before it forwards. */
  forwardsFrom: number;
  receive: (frame: Frame, sentAt: number) => void;
  /** Announcements a second let through from this port; undefined: no limit. */
  arpLimit: { readonly perSecond: number; readonly burst: number } | undefined;
  arpTokens: number;
  arpFilledAt: number;
}

export class Segment {
  readonly #queue: EventQueue;
  readonly #rng: Rng;
  readonly #arpRng: Rng;
  readonly #ports: Port[] = [];
  /** Learned on a frame's way through: MAC to port. */
  readonly #learned = new Map<Mac, Port>();
  readonly #vrrpCuts = new Cuts();
  readonly #cuts = new Cuts();
  readonly #lastArrival = new Map<number, number>();
  /** Extra conditions while a fault lasts, on top of `base`. */
  base: NetworkConditions;
  extraLoss = 0;
  extraLatency = 0;
  extraReordering = 0;
  /** A frame was lost between these two ports. */
  onLoss: (from: Port, to: Port, frame: Frame) => void = () => {};
  /**
   * An announcement came from this port, and the switch let it in (limiter, link, forwarding) or
   * not.
   */
  onArp: (from: Port, frame: Frame, passed: boolean) => void = () => {};
  /** Who hears whom has changed. */
  onChange: () => void = () => {};

  constructor(queue: EventQueue, rng: Rng, base: NetworkConditions) {
    this.#queue = queue;
    this.#rng = rng;
    this.#arpRng = rng.split("arp");
    this.base = base;
  }

  attach(mac: Mac, receive: Port["receive"], hears: Port["hears"]): Port {
    const port: Port = {
      id: this.#ports.length,
      mac,
      hears,
      up: true,
      forwardsFrom: 0,
      receive,
      arpLimit: undefined,
      arpTokens: 0,
      arpFilledAt: 0,
    };
    this.#ports.push(port);
    return port;
  }

  /** Nothing passes from one port to the other, until it is healed as often as it was cut. */
  cut(from: number, to: number): void {
    this.#cuts.add(from, to);
    this.onChange();
  }

  heal(from: number, to: number): void {
    this.#cuts.remove(from, to);
    this.onChange();
  }

  /** Advertisements alone do not pass: a filter, a switch that keeps multicast to itself. */
  cutVrrp(from: number, to: number): void {
    this.#vrrpCuts.add(from, to);
    this.onChange();
  }

  healVrrp(from: number, to: number): void {
    this.#vrrpCuts.remove(from, to);
    this.onChange();
  }

  changed(): void {
    this.onChange();
  }

  /** Would a frame get through now, loss aside? */
  reaches(from: Port, to: Port): boolean {
    const { now } = this.#queue;
    return (
      from.up &&
      to.up &&
      from.forwardsFrom <= now &&
      to.forwardsFrom <= now &&
      !this.#cuts.has(from.id, to.id)
    );
  }

  /** Would an advertisement? */
  hears(to: Port, from: Port): boolean {
    return !this.#vrrpCuts.has(from.id, to.id) && this.reaches(from, to);
  }

  /**
   * `lag`: the sender is that much behind (a slow system call before this one). `sentAt`: when it
   * was given to the sender's kernel, where it may have waited.
   */
  send(from: Port, frame: Frame, lag = 0, sentAt: number = this.#queue.now): void {
    const isConnected = from.up && from.forwardsFrom <= this.#queue.now;
    if (frame.kind === "garp") {
      const passes = this.#letsThrough(from);
      this.onArp(from, frame, passes && isConnected);
      if (!passes) return;
    }
    if (isConnected) this.#learned.set(frame.from, from);
    const only = frame.to === BROADCAST_MAC ? undefined : this.#learned.get(frame.to);
    for (const port of this.#ports) {
      if (port === from || (only !== undefined && only !== port)) continue;
      if (port.hears.includes(frame.kind)) this.#transfer(from, port, frame, lag, sentAt);
    }
  }

  #transfer(from: Port, to: Port, frame: Frame, lag: number, sentAt: number): void {
    const rng = this.#rngOf(frame);
    const { base } = this;
    const passes = frame.kind === "vrrp" ? this.hears(to, from) : this.reaches(from, to);
    if (!passes) return this.onLoss(from, to, frame);
    if (rng.chance(base.loss + this.extraLoss)) return this.onLoss(from, to, frame);
    this.#deliver(from, to, frame, lag, sentAt);
    if (rng.chance(base.duplication))
      this.#deliver(from, to, frame, lag + rng.between(0, base.reorderMicros), sentAt);
  }

  #deliver(from: Port, to: Port, frame: Frame, lag: number, sentAt: number): void {
    const rng = this.#rngOf(frame);
    const { base } = this;
    let at =
      this.#queue.now + lag + this.extraLatency + rng.between(base.latencyMin, base.latencyMax);
    if (rng.chance(base.reordering + this.extraReordering)) {
      at += rng.between(0, base.reorderMicros);
    } else {
      const pair = pairOf(from.id, to.id);
      at = Math.max(at, this.#lastArrival.get(pair) ?? 0);
      this.#lastArrival.set(pair, at);
    }
    this.#queue.at(at, () => {
      if (to.up && to.forwardsFrom <= this.#queue.now) to.receive(frame, sentAt);
      else this.onLoss(from, to, frame);
    });
  }

  /** What happens to the ordinary ARP frames of a run does not move what happens to all others. */
  #rngOf(frame: Frame): Rng {
    return frame.kind === "arp" ? this.#arpRng : this.#rng;
  }

  #letsThrough(port: Port): boolean {
    const { arpLimit } = port;
    if (arpLimit === undefined) return true;
    const { now } = this.#queue;
    const gained = ((now - port.arpFilledAt) * arpLimit.perSecond) / 1_000_000;
    port.arpTokens = Math.min(arpLimit.burst, port.arpTokens + gained);
    port.arpFilledAt = now;
    if (port.arpTokens < 1) return false;
    port.arpTokens -= 1;
    return true;
  }
}

/** One-way cuts between ports; several faults may have made the same one. */
class Cuts {
  /** How often each was made. */
  readonly #times = new Map<number, number>();

  add(from: number, to: number): void {
    const pair = pairOf(from, to);
    this.#times.set(pair, (this.#times.get(pair) ?? 0) + 1);
  }

  remove(from: number, to: number): void {
    const pair = pairOf(from, to);
    const times = (this.#times.get(pair) ?? 0) - 1;
    if (times <= 0) this.#times.delete(pair);
    else this.#times.set(pair, times);
  }

  has(from: number, to: number): boolean {
    return this.#times.size > 0 && this.#times.has(pairOf(from, to));
  }
}

const pairOf = (from: number, to: number): number => from * 64 + to;
