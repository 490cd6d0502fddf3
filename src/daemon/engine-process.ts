/**
 * The engine as the supervisor sees it: a child process with a socket pair. When one is started,
 * killed and started again is decided elsewhere (src/vrrp/supervisor/engine-life.ts).
 */

import { type ChildProcess, spawn } from "node:child_process";
import type { Duplex } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { programUrl } from "#units/installation";
import { Lines } from "#units/lines";
import type { Instant } from "#units/time";
import type { EngineDurations } from "#vrrp/engine/engine-durations";
import type {
  BriefSnapshot,
  FromEngine,
  InstanceSnapshot,
  SessionSnapshot,
  ToEngine,
} from "#vrrp/engine/engine-link";
import { printToEngine } from "#vrrp/engine/engine-link-lines";
import type { Pauses } from "#vrrp/engine/lateness";
import { errnoOf } from "./contain.ts";
import { withLockFile } from "./engine-lock.ts";

/** As bin/baton starts the supervisor (docs/adr/0024). */
const NODE_OPTIONS = [
  "--disable-warning=ExperimentalWarning",
  "--disable-sigusr1",
  "--max-semi-space-size=1",
  "--memory-saver-mode",
  "--no-maglev",
  "--single-threaded-gc",
  "--no-separate-gc-phases",
  "--expose-gc",
];
const MAIN = fileURLToPath(programUrl("daemon/engine-start-main"));
/**
 * How long to wait, after the end of the process, for the end of its pipe, which usually comes
 * first.
 */
const LAST_OUTPUT_MS = 2;
/** The longest line there may be; messages are far shorter. */
const LINE_MAX = 64 * 1024 * 1024;

export interface Snapshot<I extends BriefSnapshot = InstanceSnapshot> {
  readonly at: Instant;
  readonly instances: readonly I[];
  /** What the engine said of itself; undefined: nothing. */
  readonly pauses?: Pauses | undefined;
  readonly durations?: EngineDurations | undefined;
  readonly sessions?: readonly SessionSnapshot[] | undefined;
}

/** The first instances of a snapshot, or those from a place on. */
type Answer = Extract<FromEngine, { type: "snapshot" | "brief" }>;
type Part<I> = Pick<Answer, "at" | "more"> & { readonly instances: readonly I[] };
type Question = Pick<Extract<ToEngine, { type: "snapshot" }>, "from" | "empty" | "brief">;
/** Undefined: it was not answered in time. */
type Ask<I> = (question: Question) => Promise<Part<I> | undefined>;

interface Read<I extends BriefSnapshot> {
  readonly snapshot: Snapshot<I> | undefined;
  /** False: its parts may be of different configurations. */
  readonly isWhole: boolean;
}

/** After so many that were not whole, what there is has to do: reloads follow each other. */
const TRIES_MAX = 3;

export interface EngineEvents {
  message(message: FromEngine): void;
  /** Called at once, when the engine is gone. */
  exited(): void;
  /** Called a moment later with how it ended: the name of a signal, or its exit status. */
  reaped(pid: number | undefined, how: string): void;
  /** It wrote something that cannot be acted upon, and is killed for it. */
  unreadable(line: string, error: unknown): void;
}

export interface EngineOptions {
  /** The program and its arguments; undefined for the real one. */
  readonly program?: readonly string[] | undefined;
  /** Further arguments, computed anew for each process. */
  readonly more?: () => readonly string[];
  /** Where its lock is (engine-lock.ts); undefined if it has none. */
  readonly runtimeDir?: string | undefined;
}

export class EngineProcess {
  readonly #events: EngineEvents;
  readonly #options: EngineOptions;
  readonly #asked = new Map<number, (answer: Answer | undefined) => void>();
  #child: ChildProcess | undefined;
  #pipe: Duplex | undefined;
  readonly #lines = new Lines();
  #nextId = 1;
  /** How many have been taken over. */
  #configurations = 0;
  #pauses: Extract<FromEngine, { type: "pauses" }> | undefined;
  #sessions: readonly SessionSnapshot[] | undefined;

  constructor(events: EngineEvents, options: EngineOptions = {}) {
    this.#events = events;
    this.#options = options;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** True if a new process waits for its configuration. */
  start(): boolean {
    const child = this.#spawn();
    const pipe = child?.stdio?.[3] as Duplex | null | undefined;
    // There was a lack of descriptors, memory or processes.
    if (child === undefined || pipe === null || pipe === undefined) {
      child?.on("error", (error) => this.#events.reaped(undefined, error.message));
      return false;
    }
    this.#child = child;
    this.#pipe = pipe;
    this.#lines.clear();
    this.#pauses = undefined;
    this.#sessions = undefined;
    pipe.setEncoding("utf8");
    pipe.on("data", (text: string) => {
      if (this.#child === child) this.#receive(text);
    });
    // Whichever comes first: the process is reaped, or its end of the pipe is closed.
    const gone = (): void => this.#gone(child);
    pipe.on("error", () => undefined);
    pipe.once("end", gone);
    pipe.once("close", gone);
    child.once("exit", (code, signal) => {
      this.#events.reaped(child.pid, signal ?? `exit ${code ?? "?"}`);
      // Its last messages, which may say that it is MASTER, are read before its end is acted
      // upon.
      if (pipe.readableEnded) gone();
      else setTimeout(gone, LAST_OUTPUT_MS);
    });
    child.once("error", (error) => {
      this.#events.reaped(child.pid, error.message);
      gone();
    });
    return true;
  }

  #spawn(): ChildProcess | undefined {
    const { program = [...NODE_OPTIONS, MAIN], more, runtimeDir } = this.#options;
    try {
      return withLockFile(runtimeDir, (lock) => {
        const locks = lock === undefined ? [] : ["--lock"];
        return spawn(process.execPath, [...program, ...(more?.() ?? []), ...locks], {
          stdio: ["ignore", "ignore", "inherit", "pipe", lock ?? "ignore"],
          env: process.env,
        });
      });
    } catch (error) {
      this.#events.reaped(undefined, errnoOf(error));
      return undefined;
    }
  }

  send(message: ToEngine): void {
    this.#pipe?.write(`${printToEngine(message)}\n`);
  }

  /**
   * The engine's present state, asked for in parts; undefined if one is not answered in time. If
   * instances came or went meanwhile, it is asked again.
   *
   * @param pauseMs between two parts: an engine with many routers gets on with their advertisements
   */
  async snapshot(timeoutMs: number, pauseMs = 0): Promise<Snapshot | undefined> {
    return await this.#read<InstanceSnapshot>(pauseMs, async (question) => {
      const answer = await this.#ask(timeoutMs, question);
      return answer?.type === "snapshot" ? answer : undefined;
    });
  }

  /** The same for a table. */
  async brief(timeoutMs: number): Promise<Snapshot<BriefSnapshot> | undefined> {
    return await this.#read<BriefSnapshot>(0, async (question) => {
      return await this.#ask(timeoutMs, { ...question, brief: true });
    });
  }

  async #read<I extends BriefSnapshot>(
    pauseMs: number,
    ask: Ask<I>,
  ): Promise<Snapshot<I> | undefined> {
    for (let tries = 1; ; tries++) {
      const { snapshot, isWhole } = await this.#readAll(pauseMs, ask);
      if (!isWhole && tries < TRIES_MAX) continue;
      if (snapshot === undefined) return undefined;
      return {
        ...snapshot,
        pauses: this.#pauses?.pauses,
        durations: this.#pauses?.durations,
        sessions: this.#sessions,
      };
    }
  }

  async #readAll<I extends BriefSnapshot>(pauseMs: number, ask: Ask<I>): Promise<Read<I>> {
    const configurations = this.#configurations;
    const first = await ask({});
    if (first === undefined || first.more === undefined) return { snapshot: first, isWhole: true };
    const instances = [...first.instances];
    const total = instances.length + first.more;
    for (;;) {
      if (pauseMs > 0) await sleep(pauseMs);
      const part = await ask({ from: instances.length });
      if (part === undefined) return { snapshot: undefined, isWhole: true };
      instances.push(...part.instances);
      const { at, more = 0 } = part;
      const isSame = configurations === this.#configurations && total === instances.length + more;
      if (more === 0 || part.instances.length === 0 || !isSame)
        return { snapshot: { at, instances }, isWhole: isSame };
    }
  }

  /** Costs it next to nothing, however many routers it has. */
  async isAnswering(timeoutMs: number): Promise<boolean> {
    return (await this.#ask(timeoutMs, { empty: true })) !== undefined;
  }

  async #ask(timeoutMs: number, more: Question): Promise<Answer | undefined> {
    const id = this.#nextId++;
    return await new Promise((resolve) => {
      const timer = setTimeout(() => this.#answer(id, undefined), timeoutMs);
      this.#asked.set(id, (answer) => {
        clearTimeout(timer);
        resolve(answer);
      });
      this.send({ type: "snapshot", id, ...more });
    });
  }

  kill(): void {
    this.#child?.kill("SIGKILL");
  }

  #answer(id: number, answer: Answer | undefined): void {
    this.#asked.get(id)?.(answer);
    this.#asked.delete(id);
  }

  #receive(text: string): void {
    const lines = this.#lines.add(text);
    // This is half a line of a dying process, or a malformed one. The reaction is the same.
    if (this.#lines.pending > LINE_MAX || !lines.every((line) => this.#take(line))) this.kill();
  }

  /** False if the message is impossible. */
  #take(line: string): boolean {
    try {
      const message = JSON.parse(line) as FromEngine;
      if (message.type === "configuring") this.#configurations += 1;
      if (message.type === "pauses") {
        this.#pauses = message;
        this.#sessions = undefined;
      }
      if (message.type === "sessions") this.#sessions = message.sessions;
      if (message.type === "snapshot" || message.type === "brief")
        this.#answer(message.id, message);
      else this.#events.message(message);
      return true;
    } catch (error) {
      this.#events.unreadable(line, error);
      return false;
    }
  }

  #gone(child: ChildProcess): void {
    if (this.#child !== child) return;
    this.#child = undefined;
    this.#pipe = undefined;
    for (const id of this.#asked.keys()) this.#answer(id, undefined);
    // It may be alive with its pipe closed, and there must never be two engines.
    child.kill("SIGKILL");
    this.#events.exited();
  }
}
