/**
 * One BFD session in asynchronous mode (RFC 5880 6.8): a step machine without clock, socket or
 * text. Demand mode of the neighbour is respected, ours is never asked for; there is no echo
 * function and no authentication.
 */
import { after, earliest, fromSeconds, type Instant, type Micros, micros } from "#units/time";
import { type ControlPacket, DIAGNOSTIC, type SessionState } from "./control-packet.ts";

export interface SessionConfig {
  /** Unsigned, 32 bits, not 0, unique among this machine's sessions. */
  readonly discriminator: number;
  readonly desiredMinTx: Micros;
  readonly requiredMinRx: Micros;
  /** 1 to 255: the neighbour declares the session down after so many packets that did not come. */
  readonly detectMultiplier: number;
  /** Between packets while the session is not Up; at least a second counts (RFC 5880 6.8.3). */
  readonly idleTx: Micros;
  /** Nothing is sent before the neighbour has spoken (RFC 5880 6.1). */
  readonly isPassive: boolean;
}

/** What the neighbour said last. */
export interface Remote {
  readonly state: SessionState;
  /** 0: not known. */
  readonly discriminator: number;
  readonly desiredMinTx: Micros;
  /** 0: it wants no periodic packets. */
  readonly minRx: Micros;
  readonly detectMultiplier: number;
  readonly isDemand: boolean;
}

/** Intervals that we announced to the neighbour. */
interface Announced {
  readonly desiredMinTx: Micros;
  readonly requiredMinRx: Micros;
  /**
   * What we announced before, as long as the neighbour has not answered the poll about the change:
   * until then we send no slower than it expects, and expect no more than it sends (RFC 5880
   * 6.8.3). Undefined if there is no poll.
   */
  readonly before: Pick<Announced, "desiredMinTx" | "requiredMinRx"> | undefined;
}

export interface Session {
  readonly state: SessionState;
  readonly diagnostic: number;
  readonly remote: Remote;
  readonly announced: Announced;
  /** Undefined if no packet is due. */
  readonly sendAt: Instant | undefined;
  readonly lastSentAt: Instant | undefined;
  /** When the neighbour counts as gone; undefined if nothing of it is awaited. */
  readonly expiresAt: Instant | undefined;
}

export type SessionEvent =
  | { readonly kind: "packetReceived"; readonly packet: ControlPacket }
  /** The deadline of `deadlineOf` has come. */
  | { readonly kind: "timeReached" }
  /** The configuration given to `step` is another one than before. */
  | { readonly kind: "configChanged" }
  /** An operator takes the session down (RFC 5880 6.8.16), and back. */
  | { readonly kind: "disabled" }
  | { readonly kind: "enabled" };

export type SessionEffect =
  | { readonly kind: "send"; readonly packet: ControlPacket }
  | {
      readonly kind: "stateChanged";
      readonly from: SessionState;
      readonly to: SessionState;
      /** A number of `DIAGNOSTIC`: why it left Up. */
      readonly diagnostic: number;
    };

export interface SessionStep {
  readonly session: Session;
  readonly effects: readonly SessionEffect[];
}

/** What a packet is sent a quarter early at the most; the last of one only a tenth late. */
const JITTER = 0.25;
const JITTER_OF_ONE = 0.15;
const SLOWEST_WHEN_DOWN = fromSeconds(1);
const NOBODY: Remote = {
  state: "down",
  discriminator: 0,
  desiredMinTx: micros(0),
  // Until it says otherwise (RFC 5880 6.8.1).
  minRx: micros(1),
  detectMultiplier: 0,
  isDemand: false,
};

/** A session that has not spoken yet; its first packet is due at once, unless it is passive. */
export function openSession(config: SessionConfig, now: Instant): Session {
  return {
    state: "down",
    diagnostic: DIAGNOSTIC.none,
    remote: NOBODY,
    announced: {
      desiredMinTx: idle(config),
      requiredMinRx: config.requiredMinRx,
      before: undefined,
    },
    sendAt: config.isPassive ? undefined : now,
    lastSentAt: undefined,
    expiresAt: undefined,
  };
}

export const deadlineOf = ({ sendAt, expiresAt }: Session): Instant | undefined =>
  earliest(sendAt, expiresAt);

/** How long nothing may come before the neighbour counts as gone (RFC 5880 6.8.4). */
export function detectionTime({ remote, announced }: Session): Micros {
  const rx = Math.max(announced.requiredMinRx, announced.before?.requiredMinRx ?? 0);
  return micros(remote.detectMultiplier * Math.max(rx, remote.desiredMinTx));
}

/** Between two packets of ours, before jitter (RFC 5880 6.8.2). */
export function transmitInterval({ remote, announced }: Session): Micros {
  const tx = Math.min(
    announced.desiredMinTx,
    announced.before?.desiredMinTx ?? announced.desiredMinTx,
  );
  return micros(Math.max(tx, remote.minRx));
}

/**
 * @param jitter 0 to 1: which part of the room for jitter this packet takes, so that two
 * machines do not send in step (RFC 5880 6.8.7)
 */
export function step(
  config: SessionConfig,
  session: Session,
  event: SessionEvent,
  now: Instant,
  jitter: number,
): SessionStep {
  const at = { now, jitter };
  switch (event.kind) {
    case "packetReceived":
      return received(config, session, event.packet, at);
    case "timeReached":
      return timeReached(config, session, at);
    case "configChanged":
      return settle(config, session, announce(config, session), at);
    case "disabled":
      return session.state === "admin-down"
        ? { session, effects: [] }
        : enter(
            config,
            { ...session, expiresAt: undefined },
            "admin-down",
            DIAGNOSTIC.administrativelyDown,
            at,
          );
    case "enabled":
      return session.state === "admin-down"
        ? enter(config, { ...session, remote: NOBODY }, "down", DIAGNOSTIC.none, at)
        : { session, effects: [] };
  }
}

interface Moment {
  readonly now: Instant;
  readonly jitter: number;
  /** A packet is due: its time has come, or there is news. */
  readonly isDue?: boolean;
  /** The neighbour polls: it is answered at once, out of turn. */
  readonly isAsked?: boolean;
}

/** RFC 5880 6.8.6, after the checks that `parseControlPacket` has made. */
function received(
  config: SessionConfig,
  session: Session,
  packet: ControlPacket,
  moment: Moment,
): SessionStep {
  const at = { ...moment, isAsked: packet.isPoll };
  const remote: Remote = {
    state: packet.state,
    discriminator: packet.myDiscriminator,
    desiredMinTx: packet.desiredMinTx,
    minRx: packet.requiredMinRx,
    detectMultiplier: packet.detectMultiplier,
    isDemand: packet.isDemand,
  };
  const announced = packet.isFinal
    ? { ...session.announced, before: undefined }
    : session.announced;
  const heard: Session = { ...session, remote, announced };
  const awaited = { ...heard, expiresAt: after(at.now, detectionTime(heard)) };
  if (session.state === "admin-down")
    return settle(config, session, { ...heard, expiresAt: undefined }, at);
  const next = answerTo(session.state, packet.state);
  if (next === session.state) return settle(config, session, awaited, at);
  return enter(config, awaited, next, diagnosticOf(next, session), at);
}

/** The table of RFC 5880 6.2. */
function answerTo(ours: SessionState, theirs: SessionState): SessionState {
  if (theirs === "admin-down") return "down";
  switch (ours) {
    case "admin-down":
      return "admin-down";
    case "down":
      return theirs === "down" ? "init" : theirs === "init" ? "up" : "down";
    case "init":
      return theirs === "down" ? "init" : "up";
    case "up":
      return theirs === "down" ? "down" : "up";
  }
}

/** RFC 5880 6.8.6: why it is down is said until it is up again. */
function diagnosticOf(next: SessionState, { diagnostic }: Session): number {
  if (next === "down") return DIAGNOSTIC.neighborSignaledDown;
  return next === "up" ? DIAGNOSTIC.none : diagnostic;
}

function timeReached(config: SessionConfig, session: Session, at: Moment): SessionStep {
  const { expiresAt, sendAt } = session;
  if (expiresAt !== undefined && at.now >= expiresAt) {
    // Who speaks next may have been restarted and have another discriminator (RFC 5880 6.8.1).
    const forgotten = { ...session, remote: NOBODY, expiresAt: undefined };
    return session.state === "init" || session.state === "up"
      ? enter(config, forgotten, "down", DIAGNOSTIC.detectionTimeExpired, at)
      : settle(config, session, forgotten, at);
  }
  if (sendAt === undefined || at.now < sendAt) return { session, effects: [] };
  return settle(config, session, session, { ...at, isDue: true });
}

/** Another state: the neighbour hears of it at once. */
function enter(
  config: SessionConfig,
  session: Session,
  to: SessionState,
  diagnostic: number,
  at: Moment,
): SessionStep {
  const entered = announce(config, { ...session, state: to, diagnostic });
  const changed = { kind: "stateChanged", from: session.state, to, diagnostic } as const;
  const { session: next, effects } = settle(config, session, entered, { ...at, isDue: true });
  return { session: next, effects: [changed, ...effects] };
}

/** What the neighbour is to know from now on; while Up a change needs its answer. */
function announce(config: SessionConfig, session: Session): Session {
  const { state, announced } = session;
  const desiredMinTx = state === "up" ? config.desiredMinTx : idle(config);
  const { requiredMinRx } = config;
  const isSame =
    desiredMinTx === announced.desiredMinTx && requiredMinRx === announced.requiredMinRx;
  if (state !== "up")
    return { ...session, announced: { desiredMinTx, requiredMinRx, before: undefined } };
  if (isSame) return session;
  const before = {
    desiredMinTx: Math.min(
      announced.desiredMinTx,
      announced.before?.desiredMinTx ?? announced.desiredMinTx,
    ),
    requiredMinRx: Math.max(announced.requiredMinRx, announced.before?.requiredMinRx ?? 0),
  } as Pick<Announced, "desiredMinTx" | "requiredMinRx">;
  return { ...session, announced: { desiredMinTx, requiredMinRx, before } };
}

const idle = ({ desiredMinTx, idleTx }: SessionConfig): Micros =>
  micros(Math.max(SLOWEST_WHEN_DOWN, desiredMinTx, idleTx));

/** Sends what is to be sent now, and says when the next packet is due. */
function settle(
  config: SessionConfig,
  previous: Session,
  session: Session,
  { now, jitter, isDue = false, isAsked = false }: Moment,
): SessionStep {
  const isPaused = !sendsPeriodically(config, session);
  const isSent = isAsked || (isDue && !isPaused);
  const effects: SessionEffect[] = isSent
    ? [{ kind: "send", packet: packetOf(config, session, isAsked) }]
    : [];
  if (isPaused) return { session: { ...session, sendAt: undefined }, effects };
  const interval = transmitInterval(session);
  const isKept = !isDue && session.sendAt !== undefined && interval === transmitInterval(previous);
  if (isKept) return { session, effects };
  const lastSentAt = isDue ? now : session.lastSentAt;
  const room = config.detectMultiplier === 1 ? JITTER_OF_ONE : JITTER;
  const pause = micros(interval * (1 - JITTER + room * jitter));
  const next = lastSentAt === undefined ? now : Math.max(now, after(lastSentAt, pause));
  return { session: { ...session, lastSentAt, sendAt: next as Instant }, effects };
}

function sendsPeriodically({ isPassive }: SessionConfig, session: Session): boolean {
  const { state, remote, announced } = session;
  if (isPassive && remote.discriminator === 0) return false;
  if (remote.minRx === 0) return false;
  const isDemand = remote.isDemand && state === "up" && remote.state === "up";
  return !isDemand || announced.before !== undefined;
}

/** RFC 5880 6.8.7; a packet that answers a poll does not ask itself. */
const packetOf = (config: SessionConfig, session: Session, isFinal: boolean): ControlPacket => ({
  state: session.state,
  diagnostic: session.diagnostic,
  isPoll: session.announced.before !== undefined && !isFinal,
  isFinal,
  isDemand: false,
  detectMultiplier: config.detectMultiplier,
  myDiscriminator: config.discriminator,
  yourDiscriminator: session.remote.discriminator,
  desiredMinTx: session.announced.desiredMinTx,
  requiredMinRx: session.announced.requiredMinRx,
  requiredMinEchoRx: micros(0),
});
