/**
 * One daemon without network (supervisor-process.ts): started, asked, watched. For tests and
 * tools/fuzz-supervisor.ts.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const MAIN = fileURLToPath(new URL("./supervisor-process.ts", import.meta.url));
const INJECTOR = new URL("./inject-faults.ts", import.meta.url).href;
const OUTPUT_MAX = 4_000_000;

export interface DriverOptions {
  /** An empty folder of ours. */
  readonly folder: string;
  readonly config: string;
  readonly faults?: object | undefined;
  readonly env?: Readonly<Record<string, string>>;
  readonly args?: readonly string[];
}

export interface Ended {
  readonly code: number | null;
  readonly signal: string | null;
}

export class SupervisorDriver {
  readonly folder: string;
  readonly child: ChildProcess;
  /** All that it wrote, from its beginning cut if it is too much. */
  output = "";
  ended: Ended | undefined;
  readonly #whenEnded: Promise<Ended>;
  readonly #toggle: string;

  constructor({ folder, config, faults, env = {}, args = [] }: DriverOptions) {
    this.folder = folder;
    this.#toggle = join(folder, "faults-on");
    mkdirSync(join(folder, "engine"), { recursive: true });
    writeFileSync(join(folder, "a.conf"), config);
    const preload = faults === undefined ? [] : ["--import", INJECTOR];
    const run = ["-f", join(folder, "a.conf"), "--runtime-dir", join(folder, "run"), ...args];
    const flags = ["--disable-warning=ExperimentalWarning", "--disable-sigusr1"];
    this.child = spawn(process.execPath, [...flags, ...preload, MAIN, ...run], {
      stdio: ["ignore", "ignore", "pipe"],
      env: {
        ...process.env,
        HOME: "/nonexistent",
        FAKE_ENGINE_DIR: join(folder, "engine"),
        ...(faults === undefined
          ? {}
          : { FAULTS: JSON.stringify(faults), FAULT_SWITCH: this.#toggle }),
        ...env,
      },
    });
    this.child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.output = (this.output + text).slice(-OUTPUT_MAX);
    });
    this.#whenEnded = new Promise((resolve) => {
      this.child.once("close", (code, signal) => {
        this.ended = { code, signal };
        resolve(this.ended);
      });
    });
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  get socket(): string {
    return join(this.folder, "run", "control.sock");
  }

  faults(areOn: boolean): void {
    if (areOn) writeFileSync(this.#toggle, "");
    else rmSync(this.#toggle, { force: true });
  }

  /** The first line of the answer; undefined: none came in time. */
  async ask(request: object, milliseconds = 5_000): Promise<string | undefined> {
    if (!existsSync(this.socket)) return undefined;
    return await new Promise((resolve) => {
      const socket = connect(this.socket);
      let text = "";
      const end = (answer: string | undefined): void => {
        socket.destroy();
        resolve(answer);
      };
      socket.setTimeout(milliseconds, () => end(undefined));
      socket.once("error", () => end(undefined));
      socket.once("close", () => end(undefined));
      socket.setEncoding("utf8").on("data", (chunk: string) => {
        text += chunk;
        if (text.includes("\n")) end(text.slice(0, text.indexOf("\n")));
      });
      socket.write(`${JSON.stringify(request)}\n`);
    });
  }

  /** Asks until it is so, or throws with the end of what was written. */
  async until(what: string, isTrue: () => boolean | Promise<boolean>, seconds = 30): Promise<void> {
    const end = performance.now() + seconds * 1_000;
    while (!(await isTrue())) {
      if (this.ended !== undefined || performance.now() > end) {
        const how = this.ended === undefined ? "" : `, ended ${JSON.stringify(this.ended)}`;
        throw new Error(`not within ${seconds} s: ${what}${how}\n${this.output.slice(-4_000)}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  /** An orderly end; one that does not come is an end by SIGKILL, with what was written. */
  async stop(seconds = 30): Promise<Ended> {
    this.child.kill("SIGTERM");
    const timer = setTimeout(() => this.child.kill("SIGKILL"), seconds * 1_000);
    const ended = await this.#whenEnded;
    clearTimeout(timer);
    return ended;
  }

  async whenEnded(): Promise<Ended> {
    return await this.#whenEnded;
  }

  /** Lines of the log in which this stands. */
  lines(pattern: RegExp): readonly string[] {
    return this.output.split("\n").filter((line) => pattern.test(line));
  }
}
