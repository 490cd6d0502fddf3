/**
 * `auth_hmac` of one instance: signs what it sends, and says of what it receives whether a peer has
 * signed it and not sent it before. Behaviour of keepalived 2.4.2 and later; where this differs, it
 * says so.
 *
 * What is received is looked at in this order, so that a flood of forgeries costs little: form,
 * age, key, HMAC, replay. `check` changes nothing; `accept` then remembers what was checked last.
 *
 * Age, with `anti_replay time`: the sender's clock and ours may differ by the window. When *our*
 * clock is set, keepalived refuses all its peers until it is set back, and becomes a second master.
 * Here a sender that was accepted by the calendar stays acceptable if it goes on as the monotonic
 * clock says, within the same window: what it signs is as new as before.
 *
 * Replay: what a sender signs grows. The last of each sender is kept, of so many at most, also over
 * a reload. Where it lies outside the window of our clock (both clocks were set back) it lapses
 * once nothing was accepted for as long as the window. keepalived lets it lapse at once.
 */
import type { IpAddress } from "#units/address";
import type { Instant } from "#units/time";
import type { SigningConfig } from "../router/config.ts";
import { type HmacKey, hmacKey } from "../wire/hmac-sha256.ts";
import { IPV4_HEADER_LENGTH, ipVersionAt } from "../wire/ipv4-fields.ts";
import { IPV6_HEADER_LENGTH } from "../wire/ipv6-fields.ts";
import {
  copySignature,
  countUp,
  coverSignature,
  isLater,
  isSignature,
  isSignedWith,
  keyIdAt,
  readStamp,
  reservedAt,
  type Stamp,
  secondsBetween,
  sign,
  stampAt,
  typeAt,
} from "../wire/signature.ts";
import { SIGNATURE_LENGTH, type SignatureDrop, type SignedParts } from "../wire/vrrp-packet.ts";

const SECOND = 1_000_000;
/** Senders remembered in a multicast group; the one heard longest ago goes. keepalived: 4. */
const SENDERS_MAX = 32;

/** What a sender has last signed. */
interface Mark extends Stamp {
  /** When that was accepted. */
  at: Instant;
  /** The last one of the right age by the calendar, and when. */
  byCalendar: number;
  byCalendarAt: Instant;
}

export class Signing {
  #config: SigningConfig;
  #keys: ReadonlyMap<number, HmacKey>;
  #marks = new Map<IpAddress, Mark>();
  readonly #sent: Stamp = { seconds: 0, low: 0 };
  #hasSent = false;
  /** What `check` has read last. */
  readonly #read: Stamp = { seconds: 0, low: 0 };
  #isByCalendar = true;
  readonly #clock: Stamp = { seconds: 0, low: 0 };
  /** Of the packet that was checked last: our clock is ahead of its sender's by so many seconds. */
  skew = 0;

  constructor(config: SigningConfig) {
    this.#config = config;
    this.#keys = keysOf(config);
  }

  /** Another configuration: keys and rules are its, what was signed and heard is still known. */
  reconfigure(config: SigningConfig, isPeer: (address: IpAddress) => boolean): void {
    this.#config = config;
    this.#keys = keysOf(config);
    for (const address of this.#marks.keys()) if (!isPeer(address)) this.#marks.delete(address);
  }

  /** What it sends has a signature; not with `mode receive-only`. */
  get signs(): boolean {
    return this.#config.mode !== "receive-only";
  }

  get window(): number {
    return this.#config.window;
  }

  /** The clocks differ so much that it should be known before packets are refused. */
  get isSkewed(): boolean {
    return this.#config.antiReplay === "time" && Math.abs(this.skew) * 2 > this.#config.window;
  }

  /**
   * Signs packets that say the same to several peers, which a single signature serves.
   *
   * @param unixTime of the calendar, microseconds
   */
  sign(packets: readonly { readonly packet: Uint8Array }[], unixTime: number): void {
    const first = packets[0]?.packet;
    const key = this.#keys.get(this.#config.active);
    if (first === undefined || key === undefined) return;
    this.#nextStamp(unixTime);
    const isIpv6 = ipVersionAt(first, 0) === 6;
    const pdu = isIpv6 ? IPV6_HEADER_LENGTH : IPV4_HEADER_LENGTH;
    const parts = { pdu, trailer: first.length - SIGNATURE_LENGTH };
    sign(first, parts, key, this.#config.active, this.#sent);
    for (let place = 1; place < packets.length; place++) {
      const other = packets[place]?.packet;
      if (other !== undefined) copySignature(first, other);
    }
    if (!isIpv6) return;
    for (let place = 0; place < packets.length; place++) {
      const each = packets[place]?.packet;
      if (each !== undefined) coverSignature(each);
    }
  }

  /**
   * The clock, or one more than the last where it has not moved or was set back. Set back by more
   * than the window, what goes on from the last would be refused for its age.
   */
  #nextStamp(unixTime: number): void {
    const [clock, sent] = [this.#clock, this.#sent];
    stampAt(unixTime, clock);
    const { antiReplay, window } = this.#config;
    const isBeyond = antiReplay === "time" && secondsBetween(sent.seconds, clock.seconds) > window;
    if (!this.#hasSent || isBeyond || isLater(clock, sent)) {
      sent.seconds = clock.seconds;
      sent.low = clock.low;
    } else countUp(sent);
    this.#hasSent = true;
  }

  /**
   * Undefined: accepted. Nothing is remembered of it until `accept`.
   *
   * @param signed undefined: no signature follows
   */
  check(
    packet: Uint8Array,
    signed: SignedParts | undefined,
    source: IpAddress,
    unixTime: number,
    now: Instant,
  ): SignatureDrop | undefined {
    const { mode, window, antiReplay } = this.#config;
    this.skew = 0;
    if (signed === undefined) return mode === "enforce" ? { kind: "missing-signature" } : undefined;
    const { trailer } = signed;
    if (!isSignature(packet, trailer)) {
      const [type, reserved] = [typeAt(packet, trailer), reservedAt(packet, trailer)];
      return { kind: "malformed-signature", type, reserved };
    }
    readStamp(packet, trailer, this.#read);
    const mark = this.#marks.get(source);
    stampAt(unixTime, this.#clock);
    this.skew = secondsBetween(this.#clock.seconds, this.#read.seconds);
    this.#isByCalendar = Math.abs(this.skew) <= window;
    if (antiReplay === "time" && !this.#isByCalendar && !this.#goesOn(mark, now))
      return { kind: "stale-signature", seconds: this.skew, window };
    const keyId = keyIdAt(packet, trailer);
    const key = this.#keys.get(keyId);
    if (key === undefined) return { kind: "unknown-key", keyId };
    if (!isSignedWith(packet, signed, key)) return { kind: "wrong-signature", keyId };
    if (mark === undefined || isLater(this.#read, mark) || this.#hasLapsed(mark, now))
      return undefined;
    const seconds = secondsBetween(mark.seconds, this.#read.seconds);
    return { kind: "replayed-signature", seconds };
  }

  /** The clocks have moved as much as the monotonic one since the calendar was last right. */
  #goesOn(mark: Mark | undefined, now: Instant): boolean {
    if (mark === undefined) return false;
    const theirs = secondsBetween(this.#read.seconds, mark.byCalendar);
    return Math.abs(theirs - (now - mark.byCalendarAt) / SECOND) <= this.#config.window;
  }

  #hasLapsed(mark: Mark, now: Instant): boolean {
    const { antiReplay, window } = this.#config;
    if (antiReplay !== "time" || !this.#isByCalendar) return false;
    if (now - mark.at <= window * SECOND) return false;
    return Math.abs(secondsBetween(mark.seconds, this.#clock.seconds)) > window;
  }

  /** What was checked last, with a signature, came from `source`. */
  accept(source: IpAddress, now: Instant): void {
    const { seconds, low } = this.#read;
    const mark = this.#marks.get(source);
    if (mark === undefined) {
      if (this.#marks.size >= SENDERS_MAX) this.#forgetOldest();
      this.#marks.set(source, { seconds, low, at: now, byCalendar: seconds, byCalendarAt: now });
      return;
    }
    mark.seconds = seconds;
    mark.low = low;
    mark.at = now;
    if (!this.#isByCalendar) return;
    mark.byCalendar = seconds;
    mark.byCalendarAt = now;
  }

  #forgetOldest(): void {
    let oldest: IpAddress | undefined;
    let at = Number.POSITIVE_INFINITY;
    for (const [source, mark] of this.#marks) {
      if (mark.at >= at) continue;
      oldest = source;
      at = mark.at;
    }
    if (oldest !== undefined) this.#marks.delete(oldest);
  }
}

function keysOf({ keys }: SigningConfig): ReadonlyMap<number, HmacKey> {
  return new Map(keys.map(({ id, secret }) => [id, hmacKey(bytesOf(secret.reveal()))]));
}

const bytesOf = (hex: string): Uint8Array =>
  Uint8Array.from({ length: hex.length / 2 }, (_, at) =>
    Number.parseInt(hex.slice(at * 2, at * 2 + 2), 16),
  );
