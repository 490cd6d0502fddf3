/**
 * One promotion or demotion: database and script in their order, within one deadline. A promotion
 * ends at the first that refuses. A demotion that is not planned goes on with the database when its
 * script has failed: the less of a primary is left, the better.
 */

import type { Database, Answer as DatabaseAnswer } from "#databases/port/database";
import type { GatePlan, GateScript } from "#keepalived/plan/run-plan";
import { toMillis } from "#units/time";
import { failureText } from "./contain.ts";
import { runGateScript, type ScriptEnd, type ScriptRun } from "./gate-script.ts";
import type { GateOutcome } from "./gate-status.ts";
import { databaseDied, notCarriedOut, scriptFailed, timeOver } from "./gate-texts.ts";
import type { Launcher } from "./launcher.ts";
import type { NotifySubject } from "./notify-command.ts";
import type { Text } from "./switch-protocol.ts";

export interface GateAsk {
  readonly kind: "promote" | "demote";
  /** As `BATON_REASON` says it. */
  readonly reason: string;
  readonly isPlanned: boolean;
  /** The other node, if one is known. */
  readonly peer: string | undefined;
  readonly timeoutMs: number;
  readonly priority: number;
  readonly epoch: number;
  readonly acceptLoss: boolean;
  /** It was primary, and nobody knows whether others have everything that it acknowledged. */
  readonly isMarked: boolean;
  /** Of `rejoin`, where it is needed: instead of `demote`. */
  readonly program?: GateScript;
}

export interface RunEnd {
  readonly outcome: GateOutcome;
  /** Why not, or what a database said of a success. */
  readonly text?: Text;
  /** False: neither script nor database was asked. */
  readonly hasBegun: boolean;
}

/** On the way from the engine, and for its own reckoning. */
const LATE_MS = 100;

type StepEnd = Omit<RunEnd, "hasBegun">;

export interface GateRunParts {
  /** The run of the same unit before this one: two at once would undo each other. */
  readonly earlier: GateRun | undefined;
  /** What comes first, within the same deadline; a text is why the run may not begin. */
  readonly before: () => Promise<Text | undefined>;
  readonly subject: NotifySubject;
  readonly plan: Pick<GatePlan, "promote" | "demote">;
  readonly database: Database | undefined;
  readonly launcher: Pick<Launcher, "start">;
}

export class GateRun {
  readonly ask: GateAsk;
  readonly #startedMs = performance.now();
  readonly at: Date = new Date();
  /** Never rejects. */
  readonly ended: Promise<RunEnd>;
  readonly #parts: GateRunParts;
  readonly #over: PromiseWithResolvers<"late" | "ended"> = Promise.withResolvers();
  /** Resolves when nothing of the run before runs here. */
  readonly #alone: Promise<void>;
  #isOver = false;
  #hasBegun = false;
  #script: ScriptRun | undefined;

  constructor(ask: GateAsk, parts: GateRunParts) {
    this.ask = ask;
    this.#parts = parts;
    this.#alone = parts.earlier?.end() ?? Promise.resolve();
    this.ended = this.#carryOut();
  }

  get tookMs(): number {
    return Math.round(performance.now() - this.#startedMs);
  }

  /** Nobody wants it any more. Resolves when nothing of it, or of a run before it, runs here. */
  async end(): Promise<void> {
    // The engine's time is over a moment before the one that is counted here.
    const why = this.#leftMs < LATE_MS ? "late" : "ended";
    this.#isOver = true;
    this.#over.resolve(why);
    await Promise.all([this.#alone, this.#script?.end(why)]);
  }

  async #carryOut(): Promise<RunEnd> {
    let end: StepEnd;
    try {
      await this.#alone;
      // One that waited for its turn in vain records nothing either.
      const text = this.#isOver ? undefined : await this.#parts.before();
      end = text === undefined ? await this.#carryOutSteps() : refused(text);
    } catch (error) {
      end = refused(notCarriedOut(failureText(error)));
    }
    return { ...end, hasBegun: this.#hasBegun };
  }

  async #carryOutSteps(): Promise<StepEnd> {
    const { ask } = this;
    const { plan } = this.#parts;
    if (ask.kind === "promote") {
      const first = await this.#askDatabase();
      if (first.outcome !== "done") return first;
      const then = await this.#runScript(plan.promote);
      return then.outcome === "done" ? first : then;
    }
    const first = await this.#runScript(ask.program ?? plan.demote);
    if (first.outcome === "ended" || (first.outcome !== "done" && ask.isPlanned)) return first;
    const then = await this.#askDatabase();
    return first.outcome === "done" ? then : first;
  }

  get #leftMs(): number {
    return this.ask.timeoutMs - (performance.now() - this.#startedMs);
  }

  /** By the wall clock, as scripts and databases have it. */
  get #deadlineMs(): number {
    return this.at.getTime() + this.ask.timeoutMs;
  }

  async #runScript(script: GateScript | undefined): Promise<StepEnd> {
    if (this.#isOver) return ENDED;
    if (script === undefined) return DONE;
    this.#hasBegun = true;
    const { subject, launcher } = this.#parts;
    const { argv, user } = script.command;
    const { kind, reason, peer, epoch, priority, isMarked } = this.ask;
    this.#script = runGateScript({
      launcher,
      command: { argv: [...argv, subject.kind, subject.name, this.#state, `${priority}`], user },
      environment: {
        BATON_EPOCH: String(epoch),
        BATON_REASON: reason,
        BATON_PEER: peer ?? "",
        BATON_MARKED: isMarked ? "1" : "0",
        BATON_DEADLINE: (this.#deadlineMs / 1_000).toFixed(3),
      },
      timeoutMs: Math.min(this.#leftMs, toMillis(script.timeout)),
    });
    return runEnd(kind, await this.#script.ended);
  }

  get #state(): "MASTER" | "BACKUP" | "FAULT" | "STOP" {
    if (this.ask.kind === "promote") return "MASTER";
    if (this.ask.reason === "stop") return "STOP";
    return this.ask.reason === "fault" ? "FAULT" : "BACKUP";
  }

  async #askDatabase(): Promise<StepEnd> {
    const { database } = this.#parts;
    if (this.#isOver) return ENDED;
    if (database === undefined) return DONE;
    this.#hasBegun = true;
    const { kind, reason, isPlanned, peer, acceptLoss } = this.ask;
    const about = { reason, deadline: this.#deadlineMs, ...(peer !== undefined && { peer }) };
    const answer =
      kind === "promote"
        ? database.promote({ ...about, acceptLoss })
        : database.demote({ ...about, isPlanned });
    const late = Promise.withResolvers<StepEnd>();
    const isLate: StepEnd = { outcome: "late", text: timeOver(kind) };
    const timer = setTimeout(() => late.resolve(isLate), Math.max(0, this.#leftMs));
    try {
      return await Promise.race([
        answer.then(answered),
        late.promise,
        this.#over.promise.then((why) => (why === "late" ? isLate : ENDED)),
      ]);
    } catch (error) {
      return refused(databaseDied(failureText(error)));
    } finally {
      clearTimeout(timer);
    }
  }
}

const DONE: StepEnd = { outcome: "done" };
const ENDED: StepEnd = { outcome: "ended" };
const refused = (text: Text): StepEnd => ({ outcome: "refused", text });

function answered(answer: DatabaseAnswer): StepEnd {
  if (!answer.ok) return refused(answer.text);
  const { details } = answer;
  return details === undefined ? DONE : { ...DONE, text: { en: details, "zh-CN": details } };
}

function runEnd(kind: GateAsk["kind"], end: ScriptEnd): StepEnd {
  switch (end.kind) {
    case "done":
      return DONE;
    case "ended":
      return ENDED;
    case "late":
      return { outcome: "late", text: scriptFailed(kind, end) };
    case "failed":
    case "notStarted":
      return refused(scriptFailed(kind, end));
  }
}
