/**
 * One router of keepalived beside the same router of Baton. What keepalived does is known by its
 * advertisements (and, on its own machine, by its addresses); what Baton would do, by the
 * transitions of the shadow's router, which gets the same packets. Both are given some time to
 * agree: the tolerance.
 *
 *   keepalived took over, the shadow too         took-over, or took-over-later
 *   keepalived took over, the shadow did not     took-over-earlier, preempted, returned
 *   the shadow took over, keepalived did not     did-not-take-over
 *   both gave up                                 gave-up
 *   the shadow gave up, keepalived advertises    did-not-yield
 *   keepalived gave up, the shadow did not       yielded, released, stopped-advertising
 *
 * After a difference the shadow goes on from what keepalived did (adopt.ts).
 */
import { compareIp, type IpAddress } from "#units/address";
import {
  after,
  type Centis,
  earliest,
  fromCentis,
  type Instant,
  type Micros,
  micros,
} from "#units/time";
import type { Priority } from "#units/vrrp";
import type { Instance } from "#vrrp/engine/instance";
import type { Reason } from "#vrrp/router/reason";
import type { RouterState } from "#vrrp/router/state";
import { detection, publicState } from "#vrrp/router/step";
import { masterDown } from "#vrrp/router/timing";
import { asBackup, asMaster, slackOf, withPriority } from "./adopt.ts";
import type { What } from "./finding.ts";
import { addressesOf, type Mismatch } from "./own-advert.ts";
import { type VerdictContext, verdictOf } from "./verdict.ts";

export interface ComparisonParts {
  readonly instance: Instance;
  readonly tolerance: VerdictContext["tolerance"];
  readonly checkPeriod: Micros;
  readonly adopt: (state: RouterState) => void;
  readonly report: (
    at: Instant,
    what: What,
    packets: readonly number[],
    context: VerdictContext,
  ) => void;
}

/** An advertisement of one of the routers; `packet`: its number in the capture. */
export interface SeenAdvert {
  readonly from: IpAddress;
  readonly priority: Priority;
  readonly interval: Centis;
  readonly at: Instant;
  readonly packet: number | undefined;
}

/** What keepalived is, as far as it shows. */
type Actual =
  /** Not seen yet: it may be BACKUP, or not run. */
  | { readonly kind: "unknown" }
  | { readonly kind: "backup" }
  | { readonly kind: "owner"; readonly last: SeenAdvert }
  /** Gone, or not able to own the address; it may have come back without being seen. */
  | {
      readonly kind: "absent";
      readonly why: "released" | "no-advertisement" | "ended";
      readonly lastAt: Instant;
    };

/** A decision of one of the two that the other has not taken yet. */
type Open =
  | {
      readonly kind: "take-over";
      readonly at: Instant;
      readonly reason: Reason;
      readonly until: Instant;
      readonly instead: IpAddress | undefined;
    }
  | { readonly kind: "yield"; readonly at: Instant; readonly reason: Reason }
  | {
      readonly kind: "early";
      readonly advert: SeenAdvert;
      readonly before: RouterState;
      readonly until: Instant;
    }
  | { readonly kind: "release"; readonly advert: SeenAdvert; readonly until: Instant }
  /** Its address went away, and nothing else was seen yet. */
  | { readonly kind: "loss"; readonly at: Instant; readonly until: Instant };

/** From keepalived's first advertisement to its address. */
const CONFIRMED_WITHIN = micros(1_000_000);
/** What keepalived may need from its start until its timers run. */
const START_UP = 200_000;

type TakeOver = Extract<Open, { kind: "take-over" }>;

export class Comparison {
  readonly #parts: ComparisonParts;
  #actual: Actual = { kind: "unknown" };
  #open: Open | undefined;
  /** The router that last advertised itself as master; `released`: it has sent priority 0 since. */
  #rival: (SeenAdvert & { readonly released: boolean }) | undefined;
  /** The first decision depends on what was before, which nobody has seen. */
  #isSettled = false;
  readonly #startedAt: Instant;
  #keptReported = false;
  #hasAddress = false;
  /** The addresses of its machine are seen. */
  #isLive = false;
  /** Its own advertisement, while its address is not there yet. */
  #unconfirmed: SeenAdvert | undefined;
  /** Since its start it has neither heard nor decided anything. */
  #isFresh = false;
  /** Fields that were reported. */
  readonly #mismatches = new Set<Mismatch["field"]>();
  #gaveUpAt: Instant | undefined;
  /** Decisions that cannot be compared. */
  skipped = 0;

  constructor(parts: ComparisonParts, startedAt: Instant) {
    this.#parts = parts;
    this.#startedAt = startedAt;
  }

  get isOwner(): boolean {
    return this.#actual.kind === "owner";
  }

  deadline(): Instant | undefined {
    const open = this.#open;
    const until = open !== undefined && "until" in open ? open.until : undefined;
    return earliest(until, this.#overdueAt());
  }

  #overdueAt(): Instant | undefined {
    if (this.#actual.kind !== "owner") return undefined;
    const { last } = this.#actual;
    // While nobody answers ARP for its peer, its advertisements wait in the kernel, unseen. The
    // address on this machine shows that it is owner, until another one is heard.
    const isRivalHeard = this.#rival !== undefined && this.#rival.at > last.at;
    if (this.#hasAddress && !isRivalHeard) return undefined;
    const interval = fromCentis(last.interval);
    return after(last.at, micros(interval + slackOf(interval, this.#parts.tolerance)));
  }

  /** keepalived runs here, and has the address or not: what is known at the start. */
  begin(isOwner: boolean, at: Instant): void {
    const { state, config } = this.#parts.instance;
    this.#isLive = addressesOf(config).length > 0;
    this.#hasAddress = isOwner;
    if (!isOwner) {
      this.#actual = { kind: "backup" };
      return;
    }
    const { advertInterval: interval } = config.router;
    const from = state.source ?? (0 as IpAddress);
    const last = { from, priority: state.effectivePriority, interval, at, packet: undefined };
    this.#actual = { kind: "owner", last };
    this.#adoptMaster(at);
  }

  /** It has just been started, as BACKUP; the shadow too. */
  started(hasAddress: boolean): void {
    this.#actual = { kind: "backup" };
    this.#isSettled = true;
    this.#isFresh = true;
    this.#isLive = addressesOf(this.#parts.instance.config).length > 0;
    this.#hasAddress = hasAddress;
  }

  ended(at: Instant): void {
    const isOwner = this.#actual.kind === "owner";
    const lastAt = this.#actual.kind === "owner" ? this.#actual.last.at : at;
    const isReleased = this.#open?.kind === "release";
    this.#actual = { kind: "absent", why: "ended", lastAt };
    this.#open = undefined;
    if (isOwner && !isReleased) this.#report(at, { kind: "stopped-advertising", ended: true });
    this.#adoptBackup(at);
  }

  /** @param mismatch what in it cannot come from the configuration */
  ownAdvert(advert: SeenAdvert, mismatch?: Mismatch): void {
    if (mismatch !== undefined && !this.#mismatches.has(mismatch.field)) {
      this.#mismatches.add(mismatch.field);
      this.#report(advert.at, mismatch, advert);
    }
    if (advert.priority === 0) return this.#ownRelease(advert);
    // keepalived sets its address a moment after its first advertisement. Without it this is one
    // that has waited in the kernel for its peer's MAC address, from before it gave up.
    if (this.#isLive && !this.#hasAddress && this.#actual.kind !== "owner") {
      this.#unconfirmed = advert;
      return;
    }
    // It was sent just before its router heard the better one.
    const gaveUpAt = this.#gaveUpAt;
    if (gaveUpAt !== undefined && advert.at <= after(gaveUpAt, this.#parts.tolerance)) return;
    const actual = this.#actual;
    this.#actual = { kind: "owner", last: advert };
    switch (actual.kind) {
      case "unknown":
        if (!this.#isMaster) this.#adoptMaster(advert.at);
        break;
      case "owner":
        this.#goesOn(advert);
        break;
      case "backup":
        this.#tookOver(advert);
        break;
      case "absent":
        this.#returned(advert, actual);
        break;
    }
    this.#isSettled = true;
    this.#isFresh = false;
    this.#keptReported = false;
    this.#parts.adopt(withPriority(this.#state, advert.priority));
  }

  get #state(): RouterState {
    return this.#parts.instance.state;
  }

  get #isMaster(): boolean {
    return this.#state.phase.kind === "master";
  }

  #goesOn(advert: SeenAdvert): void {
    const open = this.#open;
    if (open?.kind === "yield") {
      const late = micros(advert.at - open.at);
      if (late <= this.#allowedFor(open.reason)) return;
      this.#open = undefined;
      const what = { kind: "did-not-yield", micros: late, reason: open.reason } as const;
      this.#report(advert.at, what, advert);
      this.#adoptMaster(advert.at);
    } else if (open === undefined && !this.#isMaster) this.#adoptMaster(advert.at);
    else if (open?.kind === "loss") this.#open = undefined;
  }

  /** A failed check is noticed when it is run. */
  #allowedFor(reason: Reason): Micros {
    const { tolerance, checkPeriod } = this.#parts;
    const isCheck = reason.kind === "fault" && reason.causes.some(({ kind }) => kind === "tracker");
    return micros(isCheck ? tolerance + checkPeriod : tolerance);
  }

  #tookOver(advert: SeenAdvert): void {
    const open = this.#open;
    const { tolerance } = this.#parts;
    if (open?.kind === "take-over") {
      this.#open = undefined;
      return this.#report(advert.at, this.#tookOverAfter(open, advert), advert);
    }
    if (this.#isMaster) return;
    if (!this.#isSettled) {
      this.skipped += 1;
      return this.#adoptMaster(advert.at);
    }
    const until = after(advert.at, tolerance);
    this.#open = { kind: "early", advert, before: this.#state, until };
  }

  #tookOverAfter({ at, reason }: TakeOver, advert: SeenAdvert): What {
    const late = micros(advert.at - at);
    const allowed = this.#parts.tolerance + (this.#isFresh ? START_UP : 0);
    if (late <= allowed) return { kind: "took-over", micros: late, reason };
    const isIgnored = reason.kind === "master-released" && late > this.#waitAfterRelease();
    const kind = isIgnored ? "priority-0-ignored" : "took-over-later";
    return { kind, micros: late, reason };
  }

  /** After it, a backup has not waited the skew time but the whole detection time. */
  #waitAfterRelease(): number {
    const { config } = this.#parts.instance;
    const { router } = config;
    const full = masterDown(router, router.advertInterval, this.#state.effectivePriority);
    return full - fromCentis(router.advertInterval) * 1.5;
  }

  #returned(advert: SeenAdvert, actual: Extract<Actual, { kind: "absent" }>): void {
    const open = this.#open;
    const rival = this.#aliveRival(advert.at);
    const { preempt } = this.#parts.instance.config.router;
    const couldPreempt = preempt && rival !== undefined && rival.priority < advert.priority;
    if (rival !== undefined && actual.why === "no-advertisement" && !couldPreempt) {
      const away = micros(advert.at - actual.lastAt);
      this.#report(advert.at, { kind: "returned", away, other: rival.from }, advert, rival);
    } else if (open?.kind === "take-over") this.#returnedAsBackup(open, advert);
    else this.skipped += 1;
    this.#open = undefined;
    if (!this.#isMaster) this.#adoptMaster(advert.at);
  }

  /**
   * Nobody has seen since when it has been BACKUP again. A take-over that can be explained is one
   * of a backup; otherwise it may have come back later than the shadow.
   */
  #returnedAsBackup(open: TakeOver, advert: SeenAdvert): void {
    const what = this.#tookOverAfter(open, advert);
    if (verdictOf(what, this.#context()).verdict === "unexplained") this.skipped += 1;
    else this.#report(advert.at, what, advert);
  }

  #ownRelease(advert: SeenAdvert): void {
    if (this.#actual.kind === "backup" || this.#actual.kind === "absent") return;
    const open = this.#open;
    if (open?.kind === "yield") return this.#gaveUp(open.reason, advert);
    if (open?.kind === "release") return;
    const until = after(advert.at, this.#parts.tolerance);
    this.#open = { kind: "release", advert, until };
    this.#actual = { kind: "owner", last: advert };
  }

  #gaveUp(reason: Reason, advert: SeenAdvert | undefined, at = advert?.at): void {
    this.#open = undefined;
    this.#actual = { kind: "backup" };
    this.#gaveUpAt = at;
    if (at !== undefined) this.#report(at, { kind: "gave-up", reason }, advert);
  }

  /** @param isAccepted the shadow has taken it as an advertisement of its router */
  otherAdvert(advert: SeenAdvert, isAccepted: boolean): void {
    if (!isAccepted) return;
    if (advert.priority === 0) {
      if (this.#rival?.from === advert.from) this.#rival = { ...this.#rival, released: true };
      return;
    }
    this.#rival = { ...advert, released: false };
    this.#isSettled = true;
    this.#isFresh = false;
    if (this.#actual.kind === "unknown" && advert.at > this.#knownBackupAt())
      this.#actual = { kind: "backup" };
    const open = this.#open;
    if (open?.kind === "take-over" && open.reason.kind !== "preempts") {
      const until = Math.max(advert.at, after(open.at, this.#parts.tolerance)) as Instant;
      this.#open = { ...open, instead: advert.from, until };
    }
    this.#checkKept(advert);
  }

  /** A router that is seen to accept a master for longer than an interval is BACKUP. */
  #knownBackupAt(): Instant {
    const interval = fromCentis(this.#parts.instance.config.router.advertInterval);
    return after(this.#startedAt, micros(interval + slackOf(interval, this.#parts.tolerance)));
  }

  #checkKept({ from, at, packet }: SeenAdvert): void {
    if (!this.#hasAddress || this.#keptReported || this.#actual.kind !== "absent") return;
    this.#keptReported = true;
    const packets = packet === undefined ? [] : [packet];
    this.#parts.report(at, { kind: "address-kept", owner: from }, packets, this.#context());
  }

  /** Its virtual address has come to or gone from this machine. */
  addressChanged(isThere: boolean, at: Instant): void {
    if (this.#hasAddress === isThere) return;
    this.#hasAddress = isThere;
    if (isThere) return this.#addressAppeared(at);
    if (this.#actual.kind !== "owner") return;
    const open = this.#open;
    if (open?.kind === "yield") return this.#gaveUp(open.reason, undefined, at);
    if (open !== undefined) return;
    this.#open = { kind: "loss", at, until: after(at, this.#parts.tolerance) };
  }

  /** keepalived sets its addresses right after its first advertisement, also an unseen one. */
  #addressAppeared(at: Instant): void {
    const sent = this.#unconfirmed;
    this.#unconfirmed = undefined;
    if (this.#actual.kind === "owner") return;
    if (sent !== undefined && at <= after(sent.at, CONFIRMED_WITHIN)) return this.ownAdvert(sent);
    const { state, config } = this.#parts.instance;
    const from = state.source ?? (0 as IpAddress);
    const { effectivePriority: priority } = state;
    const { advertInterval: interval } = config.router;
    this.ownAdvert({ from, priority, interval, at, packet: undefined });
  }

  /** The shadow's router has entered another state. */
  transition(wasMaster: boolean, isMaster: boolean, reason: Reason, at: Instant): void {
    if (wasMaster === isMaster) return;
    const open = this.#open;
    if (isMaster) {
      if (open?.kind === "early") {
        this.#open = undefined;
        const early = micros(open.advert.at - at);
        this.#report(at, { kind: "took-over", micros: early, reason }, open.advert);
      } else if (this.#isEligible) {
        const { router } = this.#parts.instance.config;
        const full = masterDown(router, router.advertInterval, this.#state.effectivePriority);
        const until = after(at, micros(2 * full));
        this.#open = { kind: "take-over", at, reason, until, instead: undefined };
      }
      return;
    }
    if (open?.kind === "take-over") return this.#didNotTakeOver(open, at);
    if (this.#actual.kind !== "owner") return;
    if (open?.kind === "release") return this.#gaveUp(reason, open.advert);
    if (open?.kind === "loss") return this.#gaveUp(reason, undefined, at);
    this.#open = { kind: "yield", at, reason };
  }

  /** BACKUP; or it may be again, after a fault that cannot be seen from outside. */
  get #isEligible(): boolean {
    const actual = this.#actual;
    if (actual.kind === "absent") return actual.why === "released";
    return actual.kind === "backup" && this.#isSettled;
  }

  /** What is due: nothing else has happened until `now`. */
  onTime(now: Instant): void {
    const open = this.#open;
    if (open !== undefined && "until" in open && now >= open.until) this.#decide(open, now);
    const overdueAt = this.#overdueAt();
    if (overdueAt !== undefined && now >= overdueAt) this.#lost(now);
  }

  #decide(open: Exclude<Open, { kind: "yield" }>, now: Instant): void {
    switch (open.kind) {
      case "early":
        this.#open = undefined;
        return this.#tookOverEarlier(open, now);
      case "take-over":
        return this.#didNotTakeOver(open, now);
      case "release":
        this.#open = undefined;
        this.#actual = { kind: "absent", why: "released", lastAt: open.advert.at };
        this.#report(open.advert.at, { kind: "released" }, open.advert);
        return this.#adoptBackup(now);
      case "loss":
        return this.#lost(now);
    }
  }

  #tookOverEarlier({ advert, before }: Extract<Open, { kind: "early" }>, now: Instant): void {
    const { preempt } = this.#parts.instance.config.router;
    const rival = this.#aliveRival(advert.at);
    if (!preempt && rival !== undefined) {
      const what = { kind: "preempted", over: rival.from, theirs: rival.priority } as const;
      this.#report(advert.at, what, advert, rival);
    } else {
      const { phase, reason } = before;
      const left = phase.kind === "backup" ? micros(phase.masterDownAt - advert.at) : undefined;
      const what = { kind: "took-over-earlier", micros: left, state: publicState(phase), reason };
      this.#report(advert.at, what as What, advert);
    }
    this.#adoptMaster(now);
  }

  #didNotTakeOver(open: TakeOver, now: Instant): void {
    this.#open = undefined;
    const { reason, instead } = open;
    if (this.#actual.kind === "absent") {
      if (this.#isMaster) this.#adoptBackup(now);
      return;
    }
    const what = { kind: "did-not-take-over", micros: micros(now - open.at), reason, instead };
    this.#report(now, what as What);
    if (!this.#isMaster) return;
    // keepalived has been BACKUP since the link is back.
    const isSinceThen = reason.kind === "link-back-in-time";
    this.#adoptBackup(now, isSinceThen ? open.at : now);
  }

  /** It was owner, and shows no longer that it is. */
  #lost(now: Instant): void {
    const actual = this.#actual;
    const open = this.#open;
    if (actual.kind !== "owner") return;
    const { last } = actual;
    if (open?.kind === "yield") return this.#gaveUp(open.reason, undefined, open.at);
    this.#open = undefined;
    const rival = this.#rival;
    const isBeaten = rival !== undefined && rival.at >= last.at && this.#isStronger(rival, last);
    if (isBeaten) {
      this.#actual = { kind: "backup" };
      const { from: to, priority: theirs } = rival;
      this.#report(now, { kind: "yielded", to, theirs, ours: last.priority }, last, rival);
    } else {
      this.#actual = { kind: "absent", why: "no-advertisement", lastAt: last.at };
      this.#report(now, { kind: "stopped-advertising", ended: false }, last);
    }
    this.#adoptBackup(now);
  }

  /** The tie-break of RFC 9568 6.4.3. */
  #isStronger(rival: SeenAdvert, own: SeenAdvert): boolean {
    return (
      rival.priority > own.priority ||
      (rival.priority === own.priority && compareIp(rival.from, own.from) > 0)
    );
  }

  #aliveRival(at: Instant): SeenAdvert | undefined {
    const rival = this.#rival;
    if (rival === undefined || rival.released) return undefined;
    const interval = fromCentis(rival.interval);
    return at - rival.at <= interval + slackOf(interval, this.#parts.tolerance) ? rival : undefined;
  }

  #adoptMaster(at: Instant): void {
    this.#parts.adopt(asMaster(this.#parts.instance.config.router, this.#state, at));
  }

  #adoptBackup(at: Instant, since = at): void {
    const { router } = this.#parts.instance.config;
    // A lost link keeps it in FAULT.
    if (this.#state.phase.kind === "fault") return;
    this.#parts.adopt(asBackup(router, this.#state, this.#aliveRival(at), since, at));
  }

  #context(): VerdictContext {
    const { instance, tolerance } = this.#parts;
    const config = instance.config.router;
    const { effectivePriority, heard } = this.#state;
    const interval = this.#rival?.interval ?? config.advertInterval;
    const wait = detection(config, this.#state, interval, heard?.priority ?? 0);
    const leaseWait = micros(wait - masterDown(config, interval, effectivePriority));
    return { config, tolerance, leaseWait };
  }

  #report(at: Instant, what: What, ...adverts: readonly (SeenAdvert | undefined)[]): void {
    const packets = adverts.flatMap((one) => one?.packet ?? []);
    this.#parts.report(
      at,
      what,
      packets.toSorted((a, b) => a - b),
      this.#context(),
    );
  }
}
