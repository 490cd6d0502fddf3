/**
 * The BFD sessions of this machine: packets and deadlines go to the session that they are for, and
 * routers that track it hear whether the neighbour is there. Until a session has come up it counts
 * as down, as with keepalived.
 */
import { after, earliest, fromSeconds, type Instant } from "#units/time";
import type { SessionState } from "../bfd/control-packet.ts";
import {
  DATAGRAM_LENGTH,
  type Datagram,
  emitDatagram,
  FIRST_SOURCE_PORT,
  parseDatagram,
} from "../bfd/datagram.ts";
import {
  deadlineOf,
  openSession,
  type Session,
  type SessionConfig,
  type SessionEvent,
  step,
} from "../bfd/session.ts";
import { hasCome, isSameSession, type SessionPlan, sessionConfig } from "../bfd/session-plan.ts";
import type { EngineContext } from "./context.ts";
import type { SessionSnapshot } from "./engine-link.ts";
import type { Trackers } from "./trackers.ts";
import type { BfdPort, Outcome } from "./world.ts";

/** The port of another daemon may become free. */
const OPEN_AGAIN = fromSeconds(5);
/** Of one session: its neighbour is not there, and every packet fails. */
const REPORT_AGAIN = fromSeconds(60);
const SOURCE_PORTS = 65_536 - FIRST_SOURCE_PORT;

/** One session and what it needs to send. */
interface Running {
  plan: SessionPlan;
  config: SessionConfig;
  session: Session;
  since: Instant;
  readonly sourcePort: number;
  sent: number;
  received: number;
  /** Of its neighbour, but not what a session takes. */
  refused: number;
  reportAt: Instant;
}

export class BfdSessions {
  readonly #context: EngineContext;
  readonly #trackers: Pick<Trackers, "remember" | "changed">;
  readonly #packet = new Uint8Array(DATAGRAM_LENGTH);
  #all: readonly Running[] = [];
  #openAt: Instant | undefined;
  #isOpen = false;
  #made = 0;
  #random = 1;

  constructor(context: EngineContext, trackers: Pick<Trackers, "remember" | "changed">) {
    this.#context = context;
    this.#trackers = trackers;
  }

  get isEmpty(): boolean {
    return this.#all.length === 0;
  }

  /**
   * At the start and at a reload, before routers are given the state of what they track. The same
   * session goes on; one that is gone says so to its neighbour.
   */
  configure(plans: readonly SessionPlan[], now: Instant): void {
    const before = this.#all;
    const next = plans.map((plan): Running => {
      const known = before.find((one) => isSameSession(one.plan, plan));
      return known ?? this.#create(plan, now);
    });
    for (const one of before) if (!next.includes(one)) this.#end(one, now);
    this.#all = next;
    if (next.length === 0) return this.#close();
    this.#open(now);
    for (const [index, one] of next.entries()) {
      const plan = plans[index] ?? one.plan;
      if (before.includes(one)) this.#change(one, plan, now);
      else this.#trackers.remember({ kind: "bfd", name: plan.name, result: "down" });
    }
  }

  #create(plan: SessionPlan, now: Instant): Running {
    const number = this.#made++;
    // Unique here, and another one after a restart: the neighbour may still know the former.
    const discriminator = (((now & 0xffffff) << 8) | (number & 0xff)) >>> 0 || 1;
    const config = sessionConfig(plan, discriminator);
    return {
      plan,
      config,
      session: openSession(config, now),
      since: now,
      sourcePort: FIRST_SOURCE_PORT + (number % SOURCE_PORTS),
      sent: 0,
      received: 0,
      refused: 0,
      reportAt: now,
    };
  }

  #change(one: Running, plan: SessionPlan, now: Instant): void {
    one.plan = plan;
    one.config = sessionConfig(plan, one.config.discriminator);
    this.#step(one, { kind: "configChanged" }, now);
  }

  #open(now: Instant): void {
    if (this.#isOpen) return;
    const { bfd } = this.#context.world;
    const outcome = bfd?.open() ?? NOBODY_LISTENS;
    this.#isOpen = outcome.ok;
    this.#openAt = outcome.ok ? undefined : after(now, OPEN_AGAIN);
    if (outcome.ok) return;
    const { errno, call } = outcome;
    this.#context.world.emit({ type: "sessionsClosed", errno, call });
  }

  #close(): void {
    if (this.#isOpen) this.#context.world.bfd?.close();
    this.#isOpen = false;
    this.#openAt = undefined;
  }

  /** The neighbours hear that it is on purpose (RFC 5880 6.8.16). */
  stop(now: Instant): void {
    for (const one of this.#all) this.#end(one, now);
    this.#all = [];
    this.#close();
  }

  #end(one: Running, now: Instant): void {
    const { effects } = step(one.config, one.session, { kind: "disabled" }, now, 0);
    for (const effect of effects) if (effect.kind === "send") this.#send(one, effect.packet, now);
  }

  deadline(): Instant | undefined {
    let first: Instant | undefined;
    for (const { session } of this.#all) first = earliest(first, deadlineOf(session));
    return earliest(first, this.#openAt);
  }

  /** Fires what is due. Everything that has arrived was handed over before. */
  onTime(now: Instant): void {
    if (this.#openAt !== undefined && now >= this.#openAt) this.#open(now);
    for (const one of this.#all) {
      const deadline = deadlineOf(one.session);
      if (deadline !== undefined && deadline <= now) this.#step(one, { kind: "timeReached" }, now);
    }
  }

  /** A whole IPv4 packet with UDP to the port of BFD. */
  packet(bytes: Uint8Array, now: Instant): void {
    const parsed = parseDatagram(bytes);
    if (parsed.kind === "drop") {
      const from = this.#all.find(({ plan }) => plan.neighbor === parsed.source);
      if (from !== undefined) from.refused += 1;
      return;
    }
    const one = this.#sessionOf(parsed.datagram);
    if (one === undefined) return;
    if (!hasCome(one.plan, parsed.datagram.ttl)) {
      one.refused += 1;
      return;
    }
    one.received += 1;
    this.#step(one, { kind: "packetReceived", packet: parsed.datagram.packet }, now);
  }

  /**
   * By our discriminator, or by the addresses as long as the neighbour does not know it (RFC 5880
   * 6.8.6, RFC 5881 3). It must be the neighbour who sends in both cases.
   */
  #sessionOf({ source, destination, packet }: Datagram): Running | undefined {
    const { yourDiscriminator: wanted } = packet;
    const one = this.#all.find(
      ({ plan, config }) =>
        plan.neighbor === source &&
        (plan.source === undefined || plan.source === destination) &&
        (wanted === 0 || wanted === config.discriminator),
    );
    if (one !== undefined || wanted === 0) return one;
    const of = this.#all.find(({ plan }) => plan.neighbor === source);
    if (of !== undefined) of.refused += 1;
    return undefined;
  }

  #step(one: Running, event: SessionEvent, now: Instant): void {
    const { session, effects } = step(one.config, one.session, event, now, this.#jitter());
    one.session = session;
    for (const effect of effects) {
      if (effect.kind === "send") this.#send(one, effect.packet, now);
      else this.#changed(one, effect, now);
    }
  }

  #changed(
    one: Running,
    { from, to, diagnostic }: { from: SessionState; to: SessionState; diagnostic: number },
    now: Instant,
  ): void {
    one.since = now;
    const { name, neighbor } = one.plan;
    this.#context.world.emit({ type: "session", name, neighbor, from, to, diagnostic, at: now });
    if (from !== "up" && to !== "up") return;
    this.#trackers.changed({ kind: "bfd", name, result: to === "up" ? "up" : "down" }, now);
  }

  #send(one: Running, packet: Parameters<typeof emitDatagram>[2], now: Instant): void {
    const { plan, sourcePort } = one;
    const { neighbor: destination, ttl } = plan;
    const fields = { source: plan.source, destination, ttl, sourcePort, id: one.sent };
    emitDatagram(this.#packet, fields, packet);
    one.sent += 1;
    const port: BfdPort | undefined = this.#isOpen ? this.#context.world.bfd : undefined;
    if (port === undefined) return;
    const outcome = port.send(this.#packet, destination);
    if (outcome.ok || now < one.reportAt) return;
    one.reportAt = after(now, REPORT_AGAIN);
    const { errno, call } = outcome;
    this.#context.world.emit({ type: "sessionUnsent", name: plan.name, errno, call });
  }

  /** 0 to 1, of a small generator: neighbours must not send in step, nothing more. */
  #jitter(): number {
    this.#random = (Math.imul(this.#random, 1_664_525) + 1_013_904_223) >>> 0;
    return this.#random / 0x1_0000_0000;
  }

  snapshot(): readonly SessionSnapshot[] {
    return this.#all.map(({ plan, session, since, sent, received, refused }) => ({
      name: plan.name,
      neighbor: plan.neighbor,
      state: session.state,
      since,
      diagnostic: session.diagnostic,
      remoteState: session.remote.state,
      sent,
      received,
      refused,
    }));
  }
}

const NOBODY_LISTENS: Outcome = { ok: false, errno: "ENOSYS", call: "BFD" };
