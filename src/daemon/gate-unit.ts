/**
 * The gate of one instance or sync group, in the supervisor: runs what the router asks for, one
 * run at a time, and knows whether the unit may be promoted at all.
 *
 *   promote asked -> mark on the disk -> database, script -> answer
 *   demote asked  -> script, database -> answer -> mark taken back, if it was planned
 *
 * Whoever was primary and lost the address without a plan is marked, through restarts, until it has
 * shown that it follows: another node may have been promoted, and taken writes. It is shown by the
 * database itself, by a `demote` with BATON_REASON=rejoin, or because nobody else has become
 * master: a BACKUP that could hear all the time has heard none for its detection time.
 */

import type { Comparison, Database, OpenDatabase, Standing } from "#databases/port/database";
import type { Language } from "#diagnostics/diagnostic";
import type { EventLog } from "#events/event-log";
import type { NewEvent } from "#events/record";
import type { GatePlan, GateScript } from "#keepalived/plan/run-plan";
import type { RunCounts, RunResult } from "#metrics/reading";
import { toMillis } from "#units/time";
import { failureText } from "./contain.ts";
import { type GateAsk, GateRun, type RunEnd } from "./gate-run.ts";
import type { GateKind, GateResult, UnitStatus } from "./gate-status.ts";
import { watchSuccessor } from "./gate-successor.ts";
import {
  eligibleText,
  MARKED,
  NOT_LOOKED,
  notKept,
  provedText,
  runText,
  whyNoSuccessor,
} from "./gate-texts.ts";
import { type Heard, UnitMark } from "./gate-unit-mark.ts";
import type { Launcher } from "./launcher.ts";
import type { Log } from "./log.ts";
import type { NotifySubject } from "./notify-command.ts";
import type { Text } from "./switch-protocol.ts";

export interface GateUnitOptions {
  readonly subject: NotifySubject;
  readonly launcher: Pick<Launcher, "start">;
  readonly openDatabase: OpenDatabase;
  readonly log: Log;
  readonly language: Language;
  readonly events: Pick<EventLog, "record">;
  /** Undefined: nothing outlasts the daemon. */
  readonly stateDir: string | undefined;
  /** Undefined: the engine does not answer. */
  readonly heard: () => Promise<Heard | undefined>;
  readonly answer: (run: number, outcome: "done" | "refused") => void;
  readonly eligible: (isEligible: boolean) => void;
  /** After a planned demotion: another node's service has been promoted. */
  readonly successorServes: () => void;
  /** The status is another one. */
  readonly changed: () => void;
}

/** `number`: of the router; undefined: nobody waits for the answer. */
export type UnitRequest = Omit<GateAsk, "epoch" | "acceptLoss" | "isMarked"> & {
  readonly number: number | undefined;
};

interface Current {
  readonly run: GateRun;
  number: number | undefined;
}

/** From attempt to attempt to show that it follows; the last one is repeated. */
const REJOIN_MS = [250, 500, 1_000, 2_000, 4_000, 8_000, 15_000, 30_000];
/** A node that was just demoted needs a moment to follow: what does not last is no news. */
const NEWS_MS = 3_000;
/** A server that is read-only for a moment is left alone. */
const RESTORE_MS = 1_000;
/** What an operator has decided counts for so long, if no promotion comes of it. */
const ACCEPTED_MS = 60_000;

export class GateUnit {
  readonly #options: GateUnitOptions;
  readonly #mark: UnitMark;
  #plan: GatePlan;
  #database: Database | undefined;
  #standing: Standing | undefined;
  #current: Current | undefined;
  /** Promoted, and no demotion has begun since. */
  #isPrimary = false;
  #acceptedUntil: number | undefined;
  /** As the engine knows it. */
  #knownEligible: boolean | undefined;
  /** As the log and the events have it. */
  #newsEligible: boolean | undefined;
  #newsTimer: NodeJS.Timeout | undefined;
  #restoring: NodeJS.Timeout | undefined;
  /** Of the last promotion. */
  #priority = 0;
  #attempts = 0;
  #timer: NodeJS.Timeout | undefined;
  #isArmed = false;
  #last: GateResult | undefined;
  /** Of the last demotion that was asked for: why it was not done. */
  #refusal: Text | undefined;
  #isClosed = false;
  #endWatch: () => void = () => undefined;
  readonly #listeners = new Set<(result: GateResult) => void>();
  readonly #counts: Record<GateKind, Record<RunResult, number>> = {
    promote: zero(),
    demote: zero(),
    rejoin: zero(),
  };

  constructor(plan: GatePlan, options: GateUnitOptions) {
    this.#options = options;
    this.#plan = plan;
    const { stateDir, log, language } = options;
    this.#mark = new UnitMark({ stateDir, unit: plan.unit, log, language });
    this.#mark.read();
    if (!this.#hasDemotion) this.#mark.unmark();
    this.#openDatabase();
    this.#arm();
  }

  get plan(): GatePlan {
    return this.#plan;
  }

  /** What runs goes on, with the commands that it began with. */
  configure(plan: GatePlan): void {
    const isSame = JSON.stringify(plan.database) === JSON.stringify(this.#plan.database);
    this.#plan = plan;
    if (!isSame) {
      this.#closeDatabase();
      this.#openDatabase();
    }
    if (!this.#hasDemotion) this.#mark.unmark();
    this.#notifyEngine();
  }

  /** Undefined: not known yet. */
  get isEligible(): boolean | undefined {
    if (this.#isPrimary || this.#isAccepted) return true;
    if (this.#mark.marked !== undefined) return false;
    return this.#plan.database === undefined ? true : this.#standing?.eligible;
  }

  get why(): readonly Text[] {
    if (this.isEligible === true) return [];
    const { marked } = this.#mark;
    const found = marked === undefined ? [] : [MARKED[marked]];
    if (this.#plan.database === undefined) return found;
    return [...found, ...(this.#standing === undefined ? [NOT_LOOKED] : this.#standing.why)];
  }

  get isPrimary(): boolean {
    return this.#isPrimary;
  }

  get isRunning(): boolean {
    return this.#current !== undefined;
  }

  get demotes(): boolean {
    return this.#hasDemotion;
  }

  get refusal(): Text | undefined {
    return this.#refusal;
  }

  /** Whether a planned demotion would be refused, as far as is known without asking for one. */
  async obstacle(): Promise<Text | undefined> {
    const standing = await this.#database?.look().catch(() => undefined);
    return standing === undefined ? undefined : whyNoSuccessor(standing);
  }

  get counts(): Readonly<Record<GateKind, RunCounts>> {
    return this.#counts;
  }

  status(): UnitStatus {
    const run = this.#current?.run;
    return {
      unit: this.#plan.unit,
      why: this.why,
      epoch: this.#mark.epoch,
      marked: this.#mark.marked !== undefined,
      ...(run !== undefined && {
        running: { kind: kindOf(run.ask), reason: run.ask.reason, seconds: run.tookMs / 1_000 },
      }),
      ...(this.#last !== undefined && { last: this.#last }),
      ...(this.#standing !== undefined && { database: this.#standing }),
    };
  }

  // ---- what the engine asks for --------------------------------------------------------------

  /** What a new engine gets with its configuration. */
  forEngine(): boolean | undefined {
    this.#knownEligible = this.isEligible;
    this.#awaitNews();
    return this.#knownEligible;
  }

  request(request: UnitRequest): void {
    const earlier = this.#current;
    this.#endWatch();
    if (request.kind === "demote") this.#beginDemotion(request, earlier?.run.ask.kind);
    else this.#priority = request.priority;
    const epoch = request.kind === "promote" ? this.#mark.next() : this.#mark.epoch;
    const isMarked = this.#mark.marked !== undefined;
    const ask: GateAsk = { ...request, epoch, acceptLoss: this.#isAccepted, isMarked };
    const { subject, launcher } = this.#options;
    const run = new GateRun(ask, {
      earlier: earlier?.run,
      before: async () => (ask.kind === "promote" ? await this.#mayBegin(ask) : undefined),
      subject,
      launcher,
      plan: this.#plan,
      database: this.#database,
    });
    const current = { run, number: request.number };
    this.#current = current;
    clearTimeout(this.#timer);
    this.#options.changed();
    void run.ended.then((end) => this.#ended(current, end));
  }

  /** Nobody waits for this run any more. */
  cancel(number: number): void {
    if (this.#current?.number === number) void this.#current.run.end();
  }

  async compare(): Promise<Comparison["result"]> {
    try {
      return (await this.#database?.compare())?.result ?? "unknown";
    } catch (error) {
      this.#options.log("warning", `(${this.#plan.unit}) ${failureText(error)}`);
      return "unknown";
    }
  }

  /** Numbers of the next engine begin anew: no answer of this one's may reach it. */
  engineGone(): void {
    if (this.#current !== undefined) this.#current.number = undefined;
    this.#knownEligible = undefined;
  }

  /** It owns the address already, without a promotion of ours. */
  assumePrimary(): void {
    this.#isPrimary = true;
    this.#mark.unmark();
    this.#mark.next();
    this.#mark.note(this.#hasDemotion);
  }

  /** The engine died as master: what stands behind its address goes too. */
  engineDied(priority: number): void {
    if (!this.#isPrimary && this.#current?.run.ask.kind !== "promote") return;
    const about = { isPlanned: false, peer: undefined, number: undefined, priority };
    const timeoutMs = toMillis(this.#plan.demoteTimeout);
    this.request({ kind: "demote", reason: "engine-died", timeoutMs, ...about });
  }

  /** A link failed: a master elsewhere would not have been heard. */
  couldNotHear(): void {
    this.#mark.couldNotHear();
  }

  // ---- what operators ask for ----------------------------------------------------------------

  /** They accept what this node's data lacks: it counts as eligible for a while. */
  accept(): void {
    this.#acceptedUntil = performance.now() + ACCEPTED_MS;
    this.#notifyEngine();
    setTimeout(() => this.#notifyEngine(), ACCEPTED_MS + 1).unref();
  }

  /** Calls back with the end of each promotion; the result ends that. */
  onPromotion(listener: (result: GateResult) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Resolves when nothing of it runs: what does may go on for so long. */
  async finish(milliseconds: number): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    clearTimeout(this.#newsTimer);
    clearTimeout(this.#restoring);
    const run = this.#current?.run;
    if (run !== undefined) {
      const timer = setTimeout(() => void run.end(), milliseconds);
      await run.ended;
      clearTimeout(timer);
    }
    await this.#mark.settled();
    this.#endWatch();
    this.#closeDatabase();
  }

  // ---- runs ----------------------------------------------------------------------------------

  /** A text: why a promotion may not begin. */
  async #mayBegin({ reason, acceptLoss }: GateAsk): Promise<Text | undefined> {
    const { marked, path } = this.#mark;
    if (marked !== undefined && !acceptLoss && reason !== "taken-back") return MARKED[marked];
    const failed = await this.#mark.keep(this.#hasDemotion);
    return failed === undefined ? undefined : notKept(path, failed);
  }

  #beginDemotion(request: UnitRequest, running: GateAsk["kind"] | undefined): void {
    const { reason, isPlanned, number } = request;
    if (reason === "rejoin") return;
    // A router demotes what it has promoted, also one that a reload has given another name.
    const had = this.#isPrimary || running === "promote" || number !== undefined;
    this.#isPrimary = false;
    this.#acceptedUntil = undefined;
    if (had && !isPlanned && reason !== "refused" && this.#hasDemotion) this.#mark.lost(reason);
  }

  #ended(current: Current, end: RunEnd): void {
    const { run, number } = current;
    const isLast = this.#current === current;
    if (isLast) this.#current = undefined;
    if (run.ask.kind === "promote") this.#learnPromotion(end, isLast);
    else if (isLast) this.#learnDemotion(run.ask, end);
    const isAnswer = isLast && number !== undefined && end.outcome !== "ended";
    if (isAnswer) this.#options.answer(number, end.outcome === "done" ? "done" : "refused");
    if (isAnswer && run.ask.isPlanned && end.outcome === "done") this.#watchSuccessor();
    this.#record(run, end);
    this.#notifyEngine();
    this.#options.changed();
    if (run.ask.reason !== "rejoin") this.#attempts = 0;
    this.#arm();
  }

  #learnPromotion({ outcome, hasBegun }: RunEnd, isLast: boolean): void {
    if (isLast && outcome === "done") {
      this.#isPrimary = true;
      this.#acceptedUntil = undefined;
      this.#mark.unmark();
    } else if (hasBegun && this.#hasDemotion && !this.#isPrimary) this.#mark.failed("refused");
  }

  #learnDemotion({ reason, isPlanned }: GateAsk, { outcome }: RunEnd): void {
    const isDone = outcome === "done";
    if (reason === "rejoin") {
      if (isDone) void this.#rejoined();
    } else if (isPlanned || reason === "refused") {
      if (isDone) this.#clear();
      // A move that is refused is taken back: the promotion that follows says what this node is.
      else if (reason !== "switch" && this.#hasDemotion) this.#mark.failed(reason);
    } else if (isDone) this.#mark.demoted();
  }

  #watchSuccessor(): void {
    const database = this.#database;
    if (database === undefined) return;
    this.#endWatch = watchSuccessor({
      look: async () => await database.look(),
      serves: this.#options.successorServes,
      forMs: toMillis(this.#plan.promoteTimeout),
    });
  }

  #record(run: GateRun, { outcome, text }: RunEnd): void {
    const { at, tookMs } = run;
    const { reason, epoch } = run.ask;
    const kind = kindOf(run.ask);
    const before = this.#last;
    const said = text === undefined ? {} : { text };
    const last: GateResult = { kind, reason, outcome, at: at.toISOString(), tookMs, ...said };
    // Why a promotion failed is what people ask, and not that it could be undone.
    const isUndone = reason === "refused" && outcome === "done" && before?.kind === "promote";
    if (!isUndone) this.#last = last;
    this.#counts[kind][RESULT[outcome]] += 1;
    if (kind === "demote") this.#refusal = outcome === "done" ? undefined : text;
    if (kind === "promote") for (const listener of this.#listeners) listener(last);
    // What is tried again and again is said once.
    const isRepeated = before?.kind === kind && before.reason === reason && kind !== "promote";
    if (isRepeated && before.outcome === outcome && outcome !== "done") return;
    const isFine = outcome === "done" || outcome === "ended";
    this.#news(
      isFine ? "info" : kind === "rejoin" ? "warning" : "error",
      runText({ kind, reason, outcome, milliseconds: tookMs, epoch, text }),
      { what: kind, reason, outcome, milliseconds: tookMs, epoch, ...said },
    );
  }

  #news(
    severity: NewEvent["severity"],
    text: Text,
    data: Extract<NewEvent, { readonly kind: "gate" }>["data"],
  ): void {
    const { log, events, language, subject } = this.#options;
    log(severity, `(${this.#plan.unit}) ${text[language]}`, { gate: data });
    const about = subject.kind === "GROUP" ? { group: subject.name } : { instance: subject.name };
    events.record({ kind: "gate", severity, ...about, text, data });
  }

  // ---- the mark ------------------------------------------------------------------------------

  /** Without one nobody could ever show that it is no primary any more. */
  get #hasDemotion(): boolean {
    return this.#plan.demote !== undefined || this.#plan.database !== undefined;
  }

  get #isAccepted(): boolean {
    return this.#acceptedUntil !== undefined && performance.now() < this.#acceptedUntil;
  }

  /** It is no primary, and has nothing that others lack. */
  #clear(how?: "follows" | "no-master"): void {
    const wasMarked = this.#mark.marked !== undefined;
    this.#mark.unmark();
    this.#mark.note(false);
    if (how !== undefined && wasMarked)
      this.#news("info", provedText(how), { what: "proved", how });
  }

  get #isFree(): boolean {
    return this.#current === undefined && !this.#isPrimary && !this.#isClosed;
  }

  #arm(): void {
    clearTimeout(this.#timer);
    this.#isArmed = this.#isFree && this.#hasToShow;
    if (!this.#isArmed) return;
    const wait = REJOIN_MS[Math.min(this.#attempts, REJOIN_MS.length - 1)] ?? 0;
    this.#timer = setTimeout(() => void this.#show(), wait);
    this.#timer.unref();
  }

  /** Tries to show that it follows, or that there is nobody to follow. */
  async #show(): Promise<void> {
    const heard = await this.#options.heard();
    this.#isArmed = false;
    if (!this.#isFree || !this.#hasToShow) return;
    this.#attempts += 1;
    if (heard?.isBackup === true) {
      const owed = this.#mark.demotionOwed;
      if (heard.master !== undefined) return this.#demoteAgain("rejoin", heard.master);
      if (owed !== undefined) return this.#demoteAgain(owed, undefined);
      if (this.#mark.marked !== undefined && this.#mark.isShownByNoMaster(heard)) {
        this.#clear("no-master");
        this.#notifyEngine();
        this.#options.changed();
      }
    }
    this.#arm();
  }

  #demoteAgain(reason: string, peer: string | undefined): void {
    const program = reason === "rejoin" ? this.#rejoinProgram : undefined;
    const database = this.#plan.database?.demoteTimeout ?? 0;
    const timeoutMs =
      program === undefined
        ? toMillis(this.#plan.demoteTimeout)
        : toMillis(program.timeout) + database / 1_000;
    const about = { isPlanned: false, number: undefined, priority: 0 };
    const how = program === undefined ? {} : { program };
    this.request({ kind: "demote", reason, peer, timeoutMs, ...about, ...how });
  }

  /** It is marked, or its database has to be started anew to follow. */
  get #hasToShow(): boolean {
    if (this.#mark.marked !== undefined) return true;
    return this.#standing?.needsRejoin === true && this.#rejoinProgram !== undefined;
  }

  /** A database that can follow as it is, or does, is left alone. */
  get #rejoinProgram(): GateScript | undefined {
    const { rejoin, database } = this.#plan;
    if (database === undefined) return rejoin;
    const isDown = this.#standing?.role === "unreachable";
    const isNeeded = this.#standing?.needsRejoin === true || isDown;
    return database.rejoin === "auto" && isNeeded ? rejoin : undefined;
  }

  /** A database says itself whether it follows. */
  async #rejoined(): Promise<void> {
    if (this.#database === undefined) this.#clear("follows");
    else {
      const standing = await this.#database.look().catch(() => undefined);
      if (standing !== undefined) this.#stands(standing);
    }
    this.#notifyEngine();
  }

  // ---- the database --------------------------------------------------------------------------

  #openDatabase(): void {
    const { database, unit } = this.#plan;
    this.#standing = undefined;
    if (database === undefined) return;
    this.#database = this.#options.openDatabase(unit, database, (standing) => {
      this.#stands(standing);
      this.#notifyEngine();
      this.#options.changed();
    });
  }

  #closeDatabase(): void {
    const closing = this.#database;
    this.#database = undefined;
    void closing?.close().catch(() => undefined);
  }

  #stands(standing: Standing): void {
    const wasAway = this.#standing?.role === "unreachable";
    this.#standing = standing;
    // A server that has come back is not left waiting for the next attempt.
    if (wasAway && standing.role !== "unreachable") {
      this.#attempts = 0;
      this.#arm();
    }
    if (this.#isPrimary && isReadOnlyPrimary(standing)) this.#restore();
    const follows = standing.role === "replica" && standing.follows && !standing.isWritable;
    if (follows && this.#mark.marked !== undefined && this.#isFree) this.#clear("follows");
    if (!this.#isArmed && this.#hasToShow) this.#arm();
  }

  /**
   * The address is served here, and nobody takes writes: the server was restarted, or another node
   * has made it read-only for a promotion of its own that came to nothing.
   */
  #restore(): void {
    if (this.#restoring !== undefined) return;
    this.#restoring = setTimeout(() => {
      this.#restoring = undefined;
      void this.#database?.look().then((standing) => {
        const isIdle = this.#isPrimary && this.#current === undefined && !this.#isClosed;
        if (!isIdle || !isReadOnlyPrimary(standing)) return;
        const timeoutMs = toMillis(this.#plan.promoteTimeout);
        const about = { isPlanned: false, peer: undefined, number: undefined };
        const priority = this.#priority;
        this.request({ kind: "promote", reason: "taken-back", timeoutMs, priority, ...about });
      });
    }, RESTORE_MS);
    this.#restoring.unref();
  }

  /** The engine, when it is another answer than before; not while a promotion changes it. */
  #notifyEngine(): void {
    const { isEligible } = this;
    if (isEligible === undefined || isEligible === this.#knownEligible) return;
    if (this.#current?.run.ask.kind === "promote") return;
    this.#knownEligible = isEligible;
    this.#options.eligible(isEligible);
    this.#awaitNews();
  }

  #awaitNews(): void {
    const { isEligible } = this;
    if (isEligible === undefined || isEligible === this.#newsEligible) return;
    clearTimeout(this.#newsTimer);
    this.#newsTimer = setTimeout(() => this.#reportEligible(), NEWS_MS);
    this.#newsTimer.unref();
  }

  #reportEligible(): void {
    const { isEligible, why } = this;
    if (isEligible === undefined || isEligible === this.#newsEligible) return;
    const isFirst = this.#newsEligible === undefined;
    this.#newsEligible = isEligible;
    // The first one is news only if it is bad.
    if (isFirst && isEligible) return;
    const data = { what: "eligible", eligible: isEligible, why } as const;
    this.#news(isEligible ? "info" : "warning", eligibleText(isEligible, why), data);
  }
}

/** A peer that takes writes is another matter: two primaries. */
const isReadOnlyPrimary = ({ role, isWritable, peer }: Standing): boolean =>
  role !== "unreachable" && !isWritable && peer?.isWritable !== true;

const RESULT: Readonly<Record<GateResult["outcome"], RunResult>> = {
  done: "succeeded",
  refused: "failed",
  late: "timeout",
  ended: "not-started",
};

const kindOf = ({ kind, reason }: Pick<GateAsk, "kind" | "reason">): GateKind =>
  reason === "rejoin" ? "rejoin" : kind;

const zero = (): Record<RunResult, number> => ({
  succeeded: 0,
  failed: 0,
  timeout: 0,
  "not-started": 0,
});
