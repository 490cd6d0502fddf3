/** The switch process as the lab sees it: messages in, claims and refusals out. */
import type { ChildProcess } from "node:child_process";
import { createInterface } from "node:readline";
import { Duplex } from "node:stream";
import { fileURLToPath } from "node:url";
import { type Namespace, spawnIn } from "#linux/namespace";
import { programUrl } from "#units/installation";
import { CONTROL_FD, type FromSwitch, type PortStats, type ToSwitch } from "./switch-protocol.ts";

const PROGRAM = fileURLToPath(programUrl("lab/network/switch-main"));
const QUIET = "--disable-warning=ExperimentalWarning";

export interface SwitchListener {
  claim(message: Extract<FromSwitch, { type: "claim" }>): void;
  dropped(message: Extract<FromSwitch, { type: "dropped" }>): void;
  problem(text: string): void;
}

export class Switch {
  readonly #child: ChildProcess;
  readonly #pipe: Duplex;
  readonly #waiting = new Map<number, (ports: readonly PortStats[]) => void>();
  #requests = 0;
  #closing = false;

  /** @param seed for the random numbers that faults use */
  constructor(namespace: Namespace, listener: SwitchListener, seed: number) {
    this.#child = spawnIn(namespace, [process.execPath, QUIET, PROGRAM, `${seed}`], {
      stdio: ["ignore", "ignore", "inherit", "pipe"],
      diesWithParent: true,
      detached: true,
    });
    this.#child.on("exit", (code, signal) => {
      // Without its switch a lab is a set of dead cables, and nothing observed afterwards means
      // anything.
      if (!this.#closing) throw new Error(`the switch ended: ${signal ?? `exit code ${code}`}`);
    });
    const pipe = this.#child.stdio[CONTROL_FD];
    if (!(pipe instanceof Duplex)) throw new Error("the switch has no pipe");
    this.#pipe = pipe;
    // The exit of the switch is noticed elsewhere; readline would pass on the pipe's error.
    pipe.on("error", () => {});
    createInterface({ input: pipe })
      .on("line", (line) => this.#hear(JSON.parse(line) as FromSwitch, listener))
      .on("error", () => {});
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  #hear(message: FromSwitch, listener: SwitchListener): void {
    switch (message.type) {
      case "ready":
        return;
      case "claim":
        return listener.claim(message);
      case "dropped":
        return listener.dropped(message);
      case "problem":
        return listener.problem(message.text);
      case "stats":
        this.#waiting.get(message.id)?.(message.ports);
        this.#waiting.delete(message.id);
        return;
    }
  }

  send(message: ToSwitch): void {
    this.#pipe.write(`${JSON.stringify(message)}\n`);
  }

  /** This is also a way to wait until everything sent before is in effect. */
  stats(): Promise<readonly PortStats[]> {
    this.#requests += 1;
    const id = this.#requests;
    return new Promise((resolve) => {
      this.#waiting.set(id, resolve);
      this.send({ type: "stats", id });
    });
  }

  close(): Promise<void> {
    this.#closing = true;
    return new Promise((resolve) => {
      if (this.#child.exitCode !== null || this.#child.signalCode !== null) return resolve();
      this.#child.once("exit", () => resolve());
      this.#pipe.end();
      const timer = setTimeout(() => this.#child.kill("SIGKILL"), 500);
      timer.unref();
    });
  }
}
