/**
 * The supervisor's end of the process that talks to databases (databases-main.ts): started when a
 * database or a check of one is configured, killed when it writes nothing any more, started again
 * when it ends, a little later each time.
 *
 * What is asked while there is none, or is lost with one, is answered at once: a check has found
 * out nothing. A promotion or demotion is asked of the next process once more, while there is
 * time: both may be begun twice. Another configuration waits until those under way have ended.
 */

import { type ChildProcess, spawn } from "node:child_process";
import { statSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type {
  Answer,
  CheckOutcome,
  Comparison,
  OpenDatabase,
  Remark,
  Standing,
  SurveyAsk,
  Text,
} from "#databases/port/database";
import {
  ALIVE_MS,
  type CheckTarget,
  type DatabaseAsk,
  type DatabasesConfiguration,
  type DatabaseUnit,
  type FromDatabases,
  type ToDatabases,
} from "#databases/protocol";
import { programUrl } from "#units/installation";
import { Lines } from "#units/lines";
import { errnoOf } from "./contain.ts";
import type { Log } from "./log.ts";
import { OutputLines } from "./output-lines.ts";

const MAIN = fileURLToPath(programUrl("daemon/databases-main"));
const NODE_OPTIONS = [
  "--disable-warning=ExperimentalWarning",
  "--disable-sigusr1",
  "--max-semi-space-size=1",
  "--memory-saver-mode",
];
const UNHEARD_MS = 4 * ALIVE_MS;
const RESTART_FIRST_MS = 100;
const RESTART_MAX_MS = 10_000;
/** One that lived so long had no fault that every start has. */
const STABLE_MS = 60_000;
const LINE_MAX = 4 * 1_048_576;
/** How much longer than its deadline an answer may take before it is given up. */
const GRACE_MS = 250;
const LOOK_MS = 10_000;
const PENDING_MAX = 1_000;
/** So long a promotion or demotion keeps a reload from taking effect here. */
const RELOAD_WAIT_MS = 10_000;

const NOTHING: DatabasesConfiguration = { units: [], checks: [] };

interface OpenUnit {
  readonly unit: DatabaseUnit;
  readonly onStanding: (standing: Standing) => void;
}

/** A promotion or demotion. */
interface Task {
  readonly open: OpenUnit;
  /** Milliseconds of the wall clock since 1970. */
  readonly deadline: number;
}

export type { CheckOutcome, Remark, SurveyAsk };

/** @param ageMs of the question that is not answered */
type OnDoubt = (target: CheckTarget, ageMs: number) => void;

type Reply = Extract<FromDatabases, { readonly id: number }>;

export interface DatabaseProcessOptions {
  readonly log: Log;
  /** The program and its arguments; undefined for the real one. */
  readonly program?: readonly string[] | undefined;
}

const GONE: Text = {
  en: "the process that talks to databases has ended and is started again",
  "zh-CN": "与数据库通信的进程已结束，正在重新启动",
};
const DIED: Answer = { ok: false, code: "gate-process-died", text: GONE };
const LATE: Answer = {
  ok: false,
  code: "late",
  text: { en: "no answer in time", "zh-CN": "未及时应答" },
};

export const lostStanding = (why: Text): Standing => ({
  role: "unreachable",
  isWritable: false,
  follows: false,
  eligible: false,
  why: [why],
});

export class DatabaseProcess {
  readonly #options: DatabaseProcessOptions;
  readonly #pending = new Map<number, (reply: Reply | undefined) => void>();
  readonly #open = new Map<string, OpenUnit>();
  #checks: readonly CheckTarget[] = [];
  #onDoubt: OnDoubt = () => undefined;
  /** Of the process that runs. */
  #configuration: DatabasesConfiguration = NOTHING;
  #isChanging = false;
  /** Of the configuration and the credentials files: another one needs another process. */
  #key = "";
  #child: ChildProcess | undefined;
  readonly #lines = new Lines();
  #heardAt = 0;
  #startedAt = 0;
  #restartMs = RESTART_FIRST_MS;
  #restart: NodeJS.Timeout | undefined;
  #watch: NodeJS.Timeout | undefined;
  /** Promotions and demotions under way, by unit: the newest counts, others are not asked again. */
  readonly #tasks = new Map<string, Task>();
  #reload: NodeJS.Timeout | undefined;
  readonly #awaitStart = new Set<() => void>();
  #nextId = 1;

  constructor(options: DatabaseProcessOptions) {
    this.#options = options;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Resolves its asks for as long as it is open. What is opened together is one configuration. */
  openDatabase: OpenDatabase = (unit, plan, onStanding) => {
    const open: OpenUnit = { unit: { unit, database: plan }, onStanding };
    this.#open.set(unit, open);
    this.#change();
    return {
      look: async () => {
        const reply = await this.#ask(unit, { kind: "look" }, LOOK_MS);
        return reply?.type === "looked" ? reply.standing : lostStanding(GONE);
      },
      promote: async (ask) => await this.#carryOut(open, { kind: "promote", ...ask }, ask.deadline),
      demote: async (ask) => await this.#carryOut(open, { kind: "demote", ...ask }, ask.deadline),
      compare: async (): Promise<Comparison> => {
        const reply = await this.#ask(unit, { kind: "compare" }, LOOK_MS);
        return reply?.type === "compared" ? reply.comparison : { result: "unknown" };
      },
      close: async () => {
        // It may have been opened again since, with other settings.
        if (this.#open.get(unit) === open) this.#open.delete(unit);
        this.#change();
        await Promise.resolve();
      },
    };
  };

  /**
   * All checks of databases that may be asked for from now on.
   *
   * @param onDoubt a server that answered a run does not answer now
   */
  setChecks(checks: readonly CheckTarget[], onDoubt: OnDoubt = () => undefined): void {
    this.#checks = checks;
    this.#onDoubt = onDoubt;
    this.#change();
  }

  /** A reload also finds credentials files that were written anew. */
  #change(): void {
    if (this.#isChanging) return;
    this.#isChanging = true;
    queueMicrotask(() => {
      this.#isChanging = false;
      this.#configure(false);
    });
  }

  /**
   * Starts, replaces or ends the process; nothing if nothing has changed.
   *
   * @param isNow whatever it is doing
   */
  #configure(isNow: boolean): void {
    const units = [...this.#open.values()].map(({ unit }) => unit);
    const configuration: DatabasesConfiguration = { units, checks: this.#checks };
    const key = keyOf(configuration);
    if (key === this.#key) return;
    if (!isNow && this.#isAtWork) {
      this.#reload ??= setTimeout(() => this.#configure(true), RELOAD_WAIT_MS);
      this.#reload.unref();
      return;
    }
    clearTimeout(this.#reload);
    this.#reload = undefined;
    this.#key = key;
    this.#end();
    this.#configuration = configuration;
    this.#restartMs = RESTART_FIRST_MS;
    if (configuration.units.length > 0 || configuration.checks.length > 0) this.#start();
  }

  /** For a gate that there still is: what is done for another one ends with its process. */
  get #isAtWork(): boolean {
    return [...this.#tasks.keys()].some((unit) => this.#open.has(unit));
  }

  /** @param target one of the configuration's; `unknown` if it is not, or there is no process */
  async check(target: CheckTarget, timeoutMs: number): Promise<CheckOutcome> {
    const wanted = JSON.stringify(target);
    const check = this.#configuration.checks.findIndex((one) => JSON.stringify(one) === wanted);
    if (check < 0) return { ok: "unknown", why: GONE };
    const id = this.#nextId++;
    const reply = await this.#send({ type: "check", id, check, timeoutMs }, timeoutMs + GRACE_MS);
    return reply?.type === "checked" ? reply.outcome : { ok: "unknown", why: GONE };
  }

  async #carryOut(open: OpenUnit, ask: DatabaseAsk, deadline: number): Promise<Answer> {
    const { unit } = open.unit;
    const task: Task = { open, deadline };
    this.#tasks.set(unit, task);
    try {
      return await this.#askUntilAnswered(task, ask);
    } finally {
      if (this.#tasks.get(unit) === task) this.#tasks.delete(unit);
      if (this.#tasks.size === 0) this.#change();
    }
  }

  /** By each process that dies meanwhile once. */
  async #askUntilAnswered(task: Task, ask: DatabaseAsk): Promise<Answer> {
    const { open, deadline } = task;
    const { unit } = open.unit;
    for (;;) {
      const child = this.#child;
      const reply = await this.#ask(unit, ask, deadline - Date.now() + GRACE_MS);
      if (reply?.type === "answer") return reply.answer;
      if (child !== undefined && child === this.#child) return LATE;
      await this.#started(deadline - Date.now());
      const isWanted = this.#tasks.get(unit) === task && this.#open.get(unit) === open;
      if (!isWanted || this.#child === undefined || Date.now() >= deadline) return DIED;
    }
  }

  /** Resolves when there is a process, or after that time. */
  async #started(ms: number): Promise<void> {
    if (this.#child !== undefined || ms <= 0) return;
    await new Promise<void>((resolve) => {
      const end = (): void => {
        clearTimeout(timer);
        this.#awaitStart.delete(end);
        resolve();
      };
      const timer = setTimeout(end, ms);
      this.#awaitStart.add(end);
    });
  }

  #endWaits(): void {
    for (const end of this.#awaitStart) end();
  }

  async #ask(unit: string, ask: DatabaseAsk, ms: number): Promise<Reply | undefined> {
    return await this.#send({ type: "ask", id: this.#nextId++, unit, ask }, ms);
  }

  /** Undefined: no process, or no answer in time. */
  async #send(
    message: Extract<ToDatabases, { readonly id: number }>,
    ms: number,
  ): Promise<Reply | undefined> {
    if (this.#child === undefined || this.#pending.size >= PENDING_MAX) return undefined;
    return await new Promise((resolve) => {
      const timer = setTimeout(() => this.#settle(message.id, undefined), Math.max(1, ms));
      this.#pending.set(message.id, (reply) => {
        clearTimeout(timer);
        resolve(reply);
      });
      this.#write(message);
    });
  }

  #settle(id: number, reply: Reply | undefined): void {
    this.#pending.get(id)?.(reply);
    this.#pending.delete(id);
  }

  #write(message: ToDatabases): void {
    this.#child?.stdin?.write(`${JSON.stringify(message)}\n`);
  }

  #start(): void {
    this.#restart = undefined;
    const child = this.#spawn();
    if (child === undefined) return this.#again();
    this.#child = child;
    this.#lines.clear();
    this.#startedAt = performance.now();
    this.#heardAt = this.#startedAt;
    child.stdout?.setEncoding("utf8");
    child.stdout?.on("data", (text: string) => {
      if (this.#child === child) this.#receive(text);
    });
    const output = new OutputLines(
      (line) => this.#options.log("error", `databases: ${line}`),
      (lines) => this.#options.log("warning", `databases: ${lines} more lines`),
    );
    child.stderr?.on("data", (chunk: Uint8Array) => output.add(chunk));
    for (const stream of [child.stdin, child.stdout, child.stderr])
      stream?.on("error", () => undefined);
    const gone = (how: string): void => {
      output.end();
      this.#gone(child, how);
    };
    child.once("exit", (code, signal) => gone(signal ?? `exit ${code ?? "?"}`));
    child.once("error", (error) => gone(errnoOf(error)));
    this.#watch = setInterval(() => this.#heard(), ALIVE_MS);
    this.#write({ type: "configure", configuration: this.#configuration });
    this.#endWaits();
  }

  #spawn(): ChildProcess | undefined {
    try {
      const program = this.#options.program ?? [...NODE_OPTIONS, MAIN];
      return spawn(process.execPath, [...program], {
        stdio: ["pipe", "pipe", "pipe"],
        env: { PATH: process.env["PATH"], TZ: process.env["TZ"] },
      });
    } catch (error) {
      this.#options.log("error", `databases: ${errnoOf(error)}`);
      return undefined;
    }
  }

  #heard(): void {
    if (performance.now() - this.#heardAt < UNHEARD_MS) return;
    this.#options.log("error", "databases: the process writes nothing any more and is killed");
    this.#child?.kill("SIGKILL");
  }

  #receive(text: string): void {
    this.#heardAt = performance.now();
    const lines = this.#lines.add(text);
    const isReadable = this.#lines.pending <= LINE_MAX && lines.every((line) => this.#take(line));
    if (!isReadable) this.#child?.kill("SIGKILL");
  }

  /** False if the message is impossible. */
  #take(line: string): boolean {
    try {
      const message = JSON.parse(line) as FromDatabases;
      if (message.type === "standing") {
        this.#open.get(message.unit)?.onStanding(message.standing);
      } else if (message.type === "doubt") {
        const target = this.#configuration.checks[message.check];
        if (target !== undefined) this.#onDoubt(target, message.ageMs);
      } else if ("id" in message) this.#settle(message.id, message);
      return true;
    } catch (error) {
      this.#options.log("error", `databases: ${errnoOf(error)}: ${line.slice(0, 200)}`);
      return false;
    }
  }

  #gone(child: ChildProcess, how: string): void {
    if (this.#child !== child) return;
    this.#child = undefined;
    clearInterval(this.#watch);
    this.#options.log("error", `databases: the process has ended (${how}) and is started again`);
    this.#lose();
    this.#again();
  }

  /** Whoever waits for an answer gets none. */
  #lose(): void {
    for (const id of this.#pending.keys()) this.#settle(id, undefined);
    for (const { unit } of this.#configuration.units)
      this.#open.get(unit)?.onStanding(lostStanding(GONE));
  }

  #again(): void {
    if (performance.now() - this.#startedAt > STABLE_MS) this.#restartMs = RESTART_FIRST_MS;
    this.#restart = setTimeout(() => this.#start(), this.#restartMs);
    this.#restartMs = Math.min(2 * this.#restartMs, RESTART_MAX_MS);
  }

  #end(): void {
    clearTimeout(this.#restart);
    clearInterval(this.#watch);
    const child = this.#child;
    this.#child = undefined;
    this.#lose();
    // It ends with its input; one that hangs does not.
    child?.stdin?.end();
    child?.kill("SIGKILL");
  }

  close(): void {
    this.#open.clear();
    this.#checks = [];
    this.#key = "";
    clearTimeout(this.#reload);
    this.#end();
    this.#endWaits();
    this.#configuration = NOTHING;
  }
}

/** A changed password is a changed configuration. */
function keyOf(configuration: DatabasesConfiguration): string {
  const { units, checks } = configuration;
  const files = new Set([
    ...units.map(({ database }) => database.credentialsFile),
    ...checks.map(({ credentialsFile }) => credentialsFile),
  ]);
  const changes = [...files].map((file) => (file === undefined ? "" : changeOf(file)));
  return JSON.stringify([configuration, changes]);
}

function changeOf(file: string): string {
  try {
    const { ino, mtimeMs, ctimeMs } = statSync(file);
    return `${ino} ${mtimeMs} ${ctimeMs}`;
  } catch (error) {
    return errnoOf(error);
  }
}
