/**
 * The programs of a lab's instances: started in the order of the lab file, stopped, killed and
 * suspended as a person would, or as machines break.
 */
import type { ChildProcess } from "node:child_process";
import { createWriteStream, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { readCommandLine, readProcess, signal, treeOf } from "../sandbox/proc.ts";
import { type DaemonOrder, withVirtualAddress } from "./daemon-orders.ts";
import type { LabInstance } from "./lab-instance.ts";
import { bilingual } from "./lab-messages.ts";
import { LabMistake } from "./lab-mistake.ts";

const CONFIG_FILE = "/etc/keepalived/keepalived.conf";
const SERVICE_FILE = "/etc/keepalived/service-state";
const ENGINE = /engine-(?:start-)?main\.(?:ts|js)$/;
const END_MS = 10_000;
const CLOSE_MS = 2_000;
const POLL_MS = 10;

export interface ProgramOutput {
  /** A line of a program's output. */
  line(instance: string, text: string): void;
  ended(instance: string, command: string, how: string): void;
}

interface Program {
  readonly command: string;
  readonly child: ChildProcess;
  state: string;
}

export class Programs {
  readonly #instance: LabInstance;
  readonly #output: ProgramOutput;
  /** The running one, or the last, of each command. */
  readonly #programs = new Map<string, Program>();
  #isClosing = false;

  constructor(instance: LabInstance, output: ProgramOutput) {
    this.#instance = instance;
    this.#output = output;
  }

  states(): readonly { readonly command: string; readonly state: string }[] {
    const { run } = this.#instance.launched.description;
    return run.map((command) => ({
      command,
      state: this.#programs.get(command)?.state ?? "not started",
    }));
  }

  /** Starts those of the instance's commands that do not run. */
  startAll(): void {
    const { run } = this.#instance.launched.description;
    for (const command of run) {
      if (this.#programs.get(command)?.state !== "running") this.#start(command);
    }
  }

  #start(command: string): void {
    const { name } = this.#instance.launched;
    const { folder } = this.#instance;
    mkdirSync(folder, { recursive: true });
    const child = this.#instance.spawn(["/bin/sh", "-c", command], ["ignore", "pipe", "pipe"]);
    const log = createWriteStream(join(folder, "output.log"), { flags: "a" });
    const program: Program = { command, child, state: "running" };
    this.#programs.set(command, program);
    for (const stream of [child.stdout, child.stderr]) {
      if (stream === null) continue;
      createInterface({ input: stream })
        .on("line", (text) => {
          log.write(`${text}\n`);
          this.#output.line(name, text);
        })
        .on("error", () => undefined);
    }
    child.on("close", (code, signalName) => {
      log.end();
      program.state = signalName ?? `exit ${code}`;
      if (!this.#isClosing) this.#output.ended(name, command, program.state);
    });
    child.on("error", (error) => this.#output.ended(name, command, error.message));
  }

  /**
   * Carries out an order. What concerns the network of a power failure is the caller's.
   *
   * @throws LabMistake if there is nothing to do it to
   */
  async carryOut(order: DaemonOrder, address: string | undefined): Promise<void> {
    switch (order) {
      case "start":
      case "power-on":
        if (address !== undefined) this.#setAddress(address);
        return this.startAll();
      case "stop":
        return this.#signalAll("SIGTERM", "leaders");
      case "restart":
        this.#signalAll("SIGTERM", "leaders");
        await this.#untilEnded();
        if (address !== undefined) this.#setAddress(address);
        return this.startAll();
      case "kill-engine": {
        const engines = this.#running().flatMap((one) => enginesOf(one));
        if (engines.length === 0) throw this.#nothingRuns();
        for (const pid of engines) void signal(pid, "SIGKILL");
        return;
      }
      case "kill-all":
      case "power-off": {
        // Neither process may live long enough to see the other end.
        if (order === "kill-all" || this.#running().length > 0) {
          this.#signalAll("SIGSTOP", "everything");
          this.#signalAll("SIGKILL", "everything");
        }
        return await this.#untilEnded();
      }
      case "hang":
        return this.#signalAll("SIGSTOP", "everything");
      case "continue":
        return this.#signalAll("SIGCONT", "everything");
      case "service-down":
      case "service-up":
        return this.#instance.write(SERVICE_FILE, order === "service-up" ? "up\n" : "down\n");
    }
  }

  #setAddress(address: string): void {
    const path = join(this.#instance.folder, "etc", "keepalived.conf");
    let changed: string | undefined;
    try {
      changed = withVirtualAddress(readFileSync(path, "utf8"), address);
    } catch {
      // Without the file there is no block either.
    }
    const { name } = this.#instance.launched;
    if (changed === undefined)
      throw new LabMistake(
        bilingual(
          `${name} has no ${CONFIG_FILE} with a virtual_ipaddress block`,
          `${name} 上没有含 virtual_ipaddress 段的 ${CONFIG_FILE}`,
        ),
      );
    this.#instance.write(CONFIG_FILE, changed);
  }

  #running(): readonly Program[] {
    return [...this.#programs.values()].filter(({ state }) => state === "running");
  }

  #nothingRuns(): LabMistake {
    const { name } = this.#instance.launched;
    return new LabMistake(bilingual(`nothing runs on ${name}`, `${name} 上没有正在运行的程序`));
  }

  /** @param whom the programs themselves, or also what they started */
  #signalAll(name: NodeJS.Signals, whom: "leaders" | "everything"): void {
    const running = this.#running();
    if (running.length === 0) throw this.#nothingRuns();
    for (const program of running) {
      const tree = treeOf(program.child.pid ?? 0);
      const chosen = whom === "everything" ? tree : [leaderOf(program, tree)];
      for (const pid of chosen) void signal(pid, name);
    }
  }

  async #untilEnded(): Promise<void> {
    const until = performance.now() + END_MS;
    while (this.#running().length > 0 && performance.now() < until) await sleep(POLL_MS);
    for (const { child } of this.#running()) signalGroup(child.pid, "SIGKILL");
    while (this.#running().length > 0) await sleep(POLL_MS);
  }

  /** They get SIGTERM and two seconds to end. */
  async close(): Promise<void> {
    this.#isClosing = true;
    const running = this.#running();
    const ended = running.map(
      ({ child }) =>
        new Promise<void>((resolve) => {
          child.once("close", () => resolve());
          signalGroup(child.pid, "SIGTERM");
          signalGroup(child.pid, "SIGCONT");
        }),
    );
    const timer = setTimeout(() => {
      for (const { child } of running) signalGroup(child.pid, "SIGKILL");
    }, CLOSE_MS);
    await Promise.all(ended);
    clearTimeout(timer);
  }
}

const enginesOf = ({ child }: Program): readonly number[] =>
  treeOf(child.pid ?? 0).filter((pid) => readCommandLine(pid).some((word) => ENGINE.test(word)));

/** The supervisor of a daemon: a shell between it and us would not pass a signal on. */
function leaderOf(program: Program, tree: readonly number[]): number {
  const first = tree[0] ?? 0;
  const [engine] = enginesOf(program);
  return engine === undefined ? first : (readProcess(engine)?.parent ?? first);
}

/** A program on an instance leads a process group of its own: the shell and what it started. */
function signalGroup(pid: number | undefined, name: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, name);
  } catch {
    // It is gone already.
  }
}
