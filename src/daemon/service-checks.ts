/**
 * `check NAME { … }`: asks services as check-schedule.ts says, without a process. A run that has
 * no answer in time is given up at once, so a service that hangs has failed after `timeout`, and
 * again with each interval.
 */
import type { Language } from "#diagnostics/diagnostic";
import type { EventLog } from "#events/event-log";
import { printCheckTarget } from "#keepalived/plan/checks";
import type { CheckPlan, CheckTarget } from "#keepalived/plan/run-plan";
import { now as presentTime } from "#linux/clock";
import type { CheckReading } from "#metrics/reading";
import { after, elapsed, type Instant, instant, toMillis, toSeconds } from "#units/time";
import type { TrackerResult } from "#vrrp/engine/engine-link";
import {
  type CheckEvent,
  type CheckState,
  checkDeadline,
  startCheck,
  stepCheck,
} from "./check-schedule.ts";
import { CheckTable, reportResult } from "./check-table.ts";
import { type AskDatabase, loadProbe } from "./checks/load-probe.ts";
import { bad, type Found, isDatabase, type Probe, type Text } from "./checks/probe.ts";
import * as texts from "./checks/texts.ts";
import { failureText, isShortage } from "./contain.ts";
import type { ScriptStatus } from "./control-protocol.ts";
import type { Log } from "./log.ts";
import { daemonMessages } from "./messages.ts";
import type { RunTally } from "./run-tally.ts";

export interface ServiceChecksOptions {
  readonly log: Log;
  readonly language: Language;
  readonly events: EventLog;
  readonly report: (name: string, result: "up" | "down") => void;
  readonly askDatabase: AskDatabase;
  /** Undefined for the real ones. */
  readonly time?: Time;
  readonly load?: (plan: CheckPlan) => Promise<Probe>;
}

export interface Time {
  readonly now: () => Instant;
  /** Returns what takes it back. */
  readonly wait: (milliseconds: number, act: () => void) => () => void;
}

interface Check {
  plan: CheckPlan;
  /** Of its target. */
  readonly probe: Promise<Probe>;
  readonly tally: RunTally;
  state: CheckState;
  cancelWait: (() => void) | undefined;
  run: CurrentRun | undefined;
  last: LastRun | undefined;
  isOver: boolean;
  /** How many runs in a row have found out nothing. */
  unknowns: number;
}

interface CurrentRun {
  readonly abort: AbortController;
  readonly at: Date;
  readonly startedAt: number;
}

interface LastRun {
  readonly at: Date;
  readonly exit: LastExit;
  readonly milliseconds: number;
  readonly text: Text;
}

/** As in `lastExit` of a script. */
type LastExit = 0 | "failed" | "timeout";

/**
 * What has to be found out: a node that cannot ask for so many runs is itself unhealthy, and from
 * then on each of them counts as a failure.
 */
const UNKNOWNS_MAX = 10;
/** A timer that fires so late belongs to a process that could not read the answer either. */
const LATE_MS = 100;

export class ServiceChecks {
  readonly #options: ServiceChecksOptions;
  readonly #time: Time;
  readonly #checks: CheckTable<CheckPlan, Check>;

  constructor(options: ServiceChecksOptions) {
    this.#options = options;
    const time = options.time ?? REAL_TIME;
    this.#time = time;
    this.#checks = new CheckTable({
      now: () => time.now(),
      targetOf: ({ target }) => target,
      begin: (plan, tally) => this.#begin(plan, tally),
      schedule: (check) => this.#schedule(check),
      end,
      runOf: ({ run }) => (run === undefined ? "idle" : "running"),
    });
  }

  configure(plans: readonly CheckPlan[]): void {
    this.#checks.configure(plans);
  }

  /**
   * A database has stopped answering between two runs: the next one begins now.
   *
   * @param ageMs of the question that is not answered
   */
  doubt(target: CheckTarget, ageMs: number): void {
    const wanted = JSON.stringify(target);
    for (const check of this.#checks.all) {
      const { plan } = check;
      if (check.isOver || JSON.stringify(plan.target) !== wanted) continue;
      // Enough of the run is left for an answer to arrive.
      const age = Math.min(ageMs * 1_000, plan.timeout / 2, plan.interval / 2);
      const since = instant(this.#time.now() - Math.max(0, age));
      this.#feed(check, { kind: "doubted", since });
    }
  }

  results(): readonly TrackerResult[] {
    return this.#checks.results();
  }

  status(): readonly ScriptStatus[] {
    const { language } = this.#options;
    return this.#checks.all.map(({ plan, state, last }) => ({
      name: plan.name,
      check: plan.target.kind,
      command: [plan.target.kind, printCheckTarget(plan.target)],
      user: "",
      intervalSeconds: toSeconds(plan.interval),
      result: state.result,
      lastRunAt: last?.at.toISOString(),
      lastExit: last?.exit,
      lastMilliseconds: last?.milliseconds,
      lastOutput: last?.text[language] ?? "",
      ...(last !== undefined && { found: last.text }),
      consecutive: state.consecutive,
    }));
  }

  readings(): readonly CheckReading[] {
    return this.#checks.readings();
  }

  /** What is open is closed. */
  stop(): void {
    this.#checks.stop();
  }

  #begin(plan: CheckPlan, tally: RunTally): Check {
    const { askDatabase, load } = this.#options;
    const probe = load === undefined ? loadProbe(plan.target, askDatabase) : load(plan);
    const check: Check = {
      plan,
      probe,
      tally,
      state: startCheck(plan, this.#time.now()),
      cancelWait: undefined,
      run: undefined,
      last: undefined,
      isOver: false,
      unknowns: 0,
    };
    // Loading takes longer than some time-outs. Whoever runs it learns why it could not be loaded.
    const begin = (): void => {
      if (check.isOver) return;
      check.state = startCheck(check.plan, this.#time.now());
      this.#schedule(check);
    };
    probe.then(begin, begin);
    return check;
  }

  #schedule(check: Check): void {
    check.cancelWait?.();
    check.cancelWait = undefined;
    const due = checkDeadline(check.state);
    if (check.isOver || due === undefined) return;
    const wait = Math.max(0, Math.ceil(toMillis(elapsed(this.#time.now(), due))));
    check.cancelWait = this.#time.wait(wait, () => {
      const isSuspect = this.#isSuspect(check, due);
      const isExcused = isSuspect && check.unknowns < UNKNOWNS_MAX;
      this.#feed(check, { kind: "timeReached", isExcused }, isSuspect);
    });
  }

  /** If the run has timed out now, that says nothing about the service. */
  #isSuspect({ plan }: Check, due: Instant): boolean {
    // The process that asks databases ends each run itself: it is that process that hangs.
    const isAskedElsewhere = isDatabase(plan.target);
    return isAskedElsewhere || toMillis(elapsed(due, this.#time.now())) > LATE_MS;
  }

  #feed(check: Check, event: CheckEvent, isSuspect = false): void {
    const { state, effects } = stepCheck(check.plan, check.state, event, this.#time.now());
    check.state = state;
    let isGivenUp = false;
    for (const effect of effects) {
      switch (effect.kind) {
        case "start":
          this.#start(check);
          break;
        case "terminate":
          this.#giveUp(check, isSuspect);
          isGivenUp = true;
          break;
        case "kill":
          break;
        case "result":
          this.#changed(check, effect.result);
          break;
      }
    }
    // Unlike a process it has ended with that: what was due meanwhile is started.
    if (isGivenUp) this.#feed(check, { kind: "finished", ok: false });
    else this.#schedule(check);
  }

  #start(check: Check): void {
    const run: CurrentRun = {
      abort: new AbortController(),
      at: new Date(),
      startedAt: performance.now(),
    };
    check.run = run;
    const due = check.state.run?.actAt ?? after(this.#time.now(), check.plan.timeout);
    const timeoutMs = toMillis(elapsed(this.#time.now(), due));
    const ask = { timeoutMs, signal: run.abort.signal };
    void this.#ask(check, ask).then((found) => {
      if (check.isOver || check.run !== run) return;
      this.#found(check, run, found);
    });
  }

  async #ask(check: Check, run: Parameters<Probe>[0]): Promise<Found> {
    try {
      const probe = await check.probe;
      return await probe(run);
    } catch (error) {
      this.#options.log("error", `check ${check.plan.name}: ${failureText(error)}`);
      return bad(texts.internal(error instanceof Error ? error.message : String(error)));
    }
  }

  #found(check: Check, run: CurrentRun, found: Found): void {
    check.run = undefined;
    if (this.#isUnknown(check, found)) {
      this.#feed(check, { kind: "unable" });
      return;
    }
    const ok = found.kind === "good";
    this.#remember(check, run, ok ? 0 : "failed", found.text);
    this.#feed(check, { kind: "finished", ok });
  }

  /** True as long as the last result is the best one known. */
  #isUnknown(check: Check, found: Found): boolean {
    const errno = found.kind === "bad" && isShort(found.errno) ? found.errno : undefined;
    if (found.kind !== "unknown" && errno === undefined) {
      check.unknowns = 0;
      return false;
    }
    this.#foundNothing(check, errno ?? found.text[this.#options.language]);
    return check.unknowns <= UNKNOWNS_MAX;
  }

  #foundNothing(check: Check, why: string): void {
    check.unknowns += 1;
    if (check.unknowns !== 1) return;
    const { log, language } = this.#options;
    const { name } = check.plan;
    log("warning", daemonMessages(language).keepsLast(`check ${name}`, why), { script: name });
  }

  #giveUp(check: Check, isSuspect: boolean): void {
    const { run, plan } = check;
    if (run === undefined) return;
    check.run = undefined;
    run.abort.abort();
    const text = texts.timedOut(toSeconds(plan.timeout));
    if (isSuspect) this.#foundNothing(check, text[this.#options.language]);
    else check.unknowns = 0;
    if (check.unknowns === 0 || check.unknowns > UNKNOWNS_MAX)
      this.#remember(check, run, "timeout", text);
  }

  #remember(check: Check, run: CurrentRun, exit: LastExit, text: Text): void {
    const milliseconds = Math.round(performance.now() - run.startedAt);
    const before = check.last;
    check.last = { at: run.at, exit, milliseconds, text };
    check.tally.ended(exit, milliseconds);
    const isNews = before?.exit !== exit || (exit !== 0 && before.text.en !== text.en);
    if (!isNews || (before === undefined && exit === 0)) return;
    const { log, language } = this.#options;
    const line = daemonMessages(language).asked(check.plan.name, text[language], milliseconds);
    log(exit === 0 ? "info" : "warning", line, { script: check.plan.name, exit, milliseconds });
  }

  #changed(check: Check, result: CheckState["result"]): void {
    const { name } = check.plan;
    reportResult(this.#options, name, result, check.last?.exit, check.last?.text);
  }
}

/** Ports to connect from are a resource of this machine too. */
const isShort = (errno: string | undefined): boolean =>
  isShortage(errno) || errno === "EADDRNOTAVAIL";

function end(check: Check): void {
  check.isOver = true;
  check.cancelWait?.();
  check.run?.abort.abort();
  check.run = undefined;
}

const REAL_TIME: Time = {
  now: presentTime,
  wait: (milliseconds, act) => {
    // Answers that are there are read before a time-out counts.
    let later: NodeJS.Immediate | undefined;
    const timer = setTimeout(() => {
      later = setImmediate(act);
    }, milliseconds);
    return () => {
      clearTimeout(timer);
      clearImmediate(later);
    };
  },
};
