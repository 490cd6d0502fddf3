/**
 * One machine's table of MAC addresses (ARP, neighbour discovery), as Linux keeps it for the
 * unicast peers it sends to (net/core/neighbour.c, net/ipv4/arp.c, net/ipv6/ndisc.c).
 *
 *   absent, failed ──packet──> incomplete ──answer──> known
 *                              three questions, a second apart, then failed
 *   known ──packet after 15 to 45 s──> doubted ──answer──> known
 *                              5 s, then three questions to itself, then failed
 *
 * The first packet asks at once; what follows waits with it and goes out with the answer. Who is
 * asked answers and learns who asked, unconfirmed: its own next packet begins the doubt. None of it
 * needs a process: the kernel answers for the machine's own address also while engine and
 * supervisor are stopped or dead.
 *
 * Coarser than Linux: an entry's age is looked at when a packet is sent, and questions that were
 * due while the whole machine stood still are asked when it goes on.
 */
import { BROADCAST_MAC, type IpAddress, type Mac } from "#units/address";
import type { Rng } from "#units/rng";
import type { EventQueue } from "./event-queue.ts";
import { arpSender, arpTarget } from "./frame-fields.ts";
import {
  answerFrame,
  type NeighbourMessage,
  questionFrame,
  readNeighbourMessage,
} from "./neighbour-frames.ts";
import type { Frame } from "./segment.ts";

/** `retrans_time_ms`, `mcast_solicit` and `ucast_solicit`, `delay_first_probe_time`. */
const ASK_EVERY = 1_000_000;
const QUESTIONS = 3;
const DOUBT = 5_000_000;
/** Half of `base_reachable_time_ms` to one and a half of it. */
const TRUSTED_MIN = 15_000_000;
const TRUSTED_MAX = 45_000_000;
/**
 * `unres_qlen_bytes` (212,992) by what a short packet takes up in the kernel (about 768). The
 * oldest goes first.
 */
const WAITING_MAX = 277;

interface Waiting {
  readonly bytes: Uint8Array;
  readonly sentAt: number;
}

export type NeighbourState = State["kind"];
type State =
  | { readonly kind: "incomplete"; readonly waiting: Waiting[] }
  | { readonly kind: "known"; readonly mac: Mac; readonly trustedUntil: number }
  /** Still used. */
  | { readonly kind: "doubted"; readonly mac: Mac }
  | { readonly kind: "failed" };

interface Entry {
  readonly address: IpAddress;
  state: State;
  /** Counts changes of `state`: a timer of an earlier one is void. */
  round: number;
  /** Fell due while the machine stood still. */
  owed: (() => void) | undefined;
}

export interface NeighbourParts {
  readonly queue: EventQueue;
  readonly rng: Rng;
  readonly mac: Mac;
  readonly address: IpAddress;
  /** The machine runs; else its timers stand still. */
  readonly runs: () => boolean;
  /** Would the kernel answer a question for this address? */
  readonly isOurs: (address: IpAddress) => boolean;
  /** `lag`: the sender is that much behind; `sentAt`: when the packet was given to the kernel. */
  readonly transmit: (frame: Frame, lag: number, sentAt: number) => void;
  /** A packet that waited will not be sent. */
  readonly dropped: (to: IpAddress, packet: Uint8Array) => void;
  readonly changed: (address: IpAddress, state: NeighbourState) => void;
}

export class Neighbours {
  readonly #parts: NeighbourParts;
  readonly #table = new Map<IpAddress, Entry>();

  constructor(parts: NeighbourParts) {
    this.#parts = parts;
  }

  /** What is sent to it waits, or would. */
  isUnresolved(address: IpAddress): boolean {
    const kind = this.#table.get(address)?.state.kind;
    return kind === "incomplete" || kind === "failed";
  }

  /** `bytes`: a whole packet. */
  send(to: IpAddress, bytes: Uint8Array, lag: number): void {
    const { queue, isOurs } = this.#parts;
    const { now } = queue;
    // By the loopback device, and not into a socket bound to this one: priority 0 to whoever used
    // our address.
    if (!this.#table.has(to) && isOurs(to)) return;
    const entry = this.#entry(to);
    if (entry.state.kind === "failed") this.#search(entry, lag);
    const { state } = entry;
    if (state.kind === "incomplete") {
      if (state.waiting.length === WAITING_MAX) this.#drop(to, state.waiting.splice(0, 1));
      state.waiting.push({ bytes, sentAt: now });
      return;
    }
    if (state.kind === "failed") return;
    if (state.kind === "known" && now >= state.trustedUntil) this.#doubt(entry, state.mac);
    this.#transmit(state.mac, bytes, lag, now);
  }

  /** Any frame of ARP or neighbour discovery that reached the machine. */
  receive(frame: Frame): void {
    const { isOurs } = this.#parts;
    const sender = arpSender(frame.bytes);
    // An ARP frame from one of our own addresses is no question to us (a martian source).
    const isForUs = !isOurs(sender) && isOurs(arpTarget(frame.bytes));
    if (!isForUs && !this.#table.has(sender)) return;
    const message = readNeighbourMessage(frame.bytes);
    if (message === undefined) return;
    if (message.kind === "question" && isForUs) {
      // Whoever asks whether an address is in use has none.
      this.#learn(message, "heard");
      this.#sendFrame(answerFrame(this.#parts.mac, message, frame.bytes), 0);
    } else if (this.#table.has(sender)) {
      // An announcement, somebody's question to another, or an answer; only the last, sent to us,
      // proves anything.
      const isAnswer = message.kind === "answer" && frame.to === this.#parts.mac;
      this.#learn(message, isAnswer ? "answered" : "heard");
    }
  }

  /** The carrier is lost, or the device, or the power. */
  clear(): void {
    if (this.#table.size === 0) return;
    for (const entry of this.#table.values()) {
      entry.round += 1;
      if (entry.state.kind === "incomplete") this.#drop(entry.address, entry.state.waiting);
    }
    this.#table.clear();
  }

  /** The machine runs again. */
  thaw(): void {
    for (const entry of this.#table.values()) {
      const { owed } = entry;
      entry.owed = undefined;
      owed?.();
    }
  }

  #entry(address: IpAddress): Entry {
    const known = this.#table.get(address);
    if (known !== undefined) return known;
    const entry: Entry = { address, state: { kind: "failed" }, round: 0, owed: undefined };
    this.#table.set(address, entry);
    return entry;
  }

  #learn({ sender, mac }: NeighbourMessage, how: "answered" | "heard"): void {
    if (sender === undefined) return;
    const { queue, rng } = this.#parts;
    const entry = this.#entry(sender);
    const { state } = entry;
    const isNews = state.kind === "incomplete" || state.kind === "failed" || state.mac !== mac;
    if (how === "heard" && !isNews) return;
    const trusted = how === "answered" ? rng.between(TRUSTED_MIN, TRUSTED_MAX) : 0;
    this.#enter(entry, { kind: "known", mac, trustedUntil: queue.now + trusted });
    if (state.kind !== "incomplete") return;
    for (const { bytes, sentAt } of state.waiting) this.#transmit(mac, bytes, 0, sentAt);
  }

  #search(entry: Entry, lag: number): void {
    this.#enter(entry, { kind: "incomplete", waiting: [] });
    this.#ask(entry, BROADCAST_MAC, QUESTIONS, lag);
  }

  #doubt(entry: Entry, mac: Mac): void {
    this.#enter(entry, { kind: "doubted", mac });
    this.#in(entry, DOUBT, () => this.#ask(entry, mac, QUESTIONS, 0));
  }

  #ask(entry: Entry, to: Mac, left: number, lag: number): void {
    if (left === 0) return this.#fail(entry);
    const { mac, address } = this.#parts;
    this.#sendFrame(questionFrame(mac, address, entry.address, to), lag);
    this.#in(entry, ASK_EVERY, () => this.#ask(entry, to, left - 1, 0));
  }

  #fail(entry: Entry): void {
    const { state } = entry;
    this.#enter(entry, { kind: "failed" });
    if (state.kind === "incomplete") this.#drop(entry.address, state.waiting);
  }

  #enter(entry: Entry, state: State): void {
    const before = entry.state.kind;
    entry.state = state;
    entry.round += 1;
    entry.owed = undefined;
    if (state.kind !== before) this.#parts.changed(entry.address, state.kind);
  }

  /** Later, if the entry's state is the same by then. */
  #in(entry: Entry, delay: number, run: () => void): void {
    const { round } = entry;
    this.#parts.queue.in(delay, () => {
      if (entry.round !== round) return;
      if (this.#parts.runs()) run();
      else entry.owed = run;
    });
  }

  #sendFrame(frame: Frame, lag: number): void {
    const { queue, transmit } = this.#parts;
    transmit(frame, lag, queue.now);
  }

  #transmit(to: Mac, bytes: Uint8Array, lag: number, sentAt: number): void {
    const { mac, transmit } = this.#parts;
    transmit({ from: mac, to, kind: "vrrp", bytes }, lag, sentAt);
  }

  #drop(to: IpAddress, waiting: readonly Waiting[]): void {
    for (const { bytes } of waiting) this.#parts.dropped(to, bytes);
  }
}
