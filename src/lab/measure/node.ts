/**
 * One machine of the lab: a network namespace with eth0, private folders, and a daemon that can
 * be killed or stopped.
 */
import type { ChildProcess } from "node:child_process";
import {
  appendFileSync,
  chmodSync,
  closeSync,
  existsSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { type Namespace, spawnIn } from "#linux/namespace";
import { makeNodeFolders, nodeMounts } from "../sandbox/folders.ts";
import { isAlive, readProcess, signal } from "../sandbox/proc.ts";
import { type DaemonKind, type DaemonPids, daemonArgv, daemonPids } from "./daemon.ts";
import type { LabNetwork } from "./network.ts";
import { type NodeAddress, type Profile, printConfig, readExample } from "./profile.ts";

const STOP_MILLISECONDS = 10_000;
const POLL_MILLISECONDS = 5;
const STARTED = "--- started by the lab";

export interface NodeOptions {
  readonly name: string;
  readonly namespace: Namespace;
  readonly network: LabNetwork;
  /** How the node's programs find the platform, if it is to be asked whether it agrees. */
  readonly cloudEnvironment?: Readonly<Record<string, string | undefined>> | undefined;
  readonly folder: string;
  readonly kind: DaemonKind;
  readonly profile: Profile;
  readonly addresses: NodeAddress;
}

interface Running {
  readonly child: ChildProcess;
  readonly pid: number;
  readonly ended: Promise<void>;
}

export class LabNode {
  readonly name: string;
  readonly address: string;
  readonly folder: string;
  readonly namespace: Namespace;
  readonly kind: DaemonKind;
  readonly #options: NodeOptions;
  #running: Running | undefined;

  constructor(options: NodeOptions) {
    this.#options = options;
    this.name = options.name;
    this.address = options.addresses.address;
    this.folder = options.folder;
    this.namespace = options.namespace;
    this.kind = options.kind;
    makeNodeFolders(this.folder);
    for (const name of ["notify_action.sh", "do_sth.sh"] as const) {
      this.#write("etc", name, readExample(name));
      chmodSync(join(this.folder, "etc", name), 0o755);
    }
    this.configure(printConfig(options.profile, options.addresses));
    this.setService("up");
  }

  /** Writes keepalived.conf; a running daemon reads it on SIGHUP. */
  configure(text: string): void {
    this.#write("etc", "keepalived.conf", text);
  }

  #write(folder: string, name: string, text: string): void {
    writeFileSync(join(this.folder, folder, name), text);
  }

  /**
   * A file of the node, by its folder outside (`etc`, `log`, `var`, `run`). Undefined if it
   * does not exist.
   */
  readFile(folder: string, name: string): string | undefined {
    try {
      return readFileSync(join(this.folder, folder, name), "utf8");
    } catch {
      return undefined;
    }
  }

  /**
   * The last state that the daemon has logged since it was started. Both daemons log
   * keepalived's texts. (keepalived cannot run notify scripts in a user namespace: it requires
   * setgroups, which is forbidden there.)
   */
  loggedState(): string | undefined {
    return this.loggedStates().at(-1);
  }

  /**
   * All states since the daemon was started, in order: looking only now and then would miss
   * short ones.
   */
  loggedStates(): readonly string[] {
    const log = existsSync(this.logFile) ? readFileSync(this.logFile, "utf8") : "";
    const current = log.slice(log.lastIndexOf(STARTED));
    return [...current.matchAll(/Entering (\w+) STATE/g)].map(([, state = ""]) => state);
  }

  /** What the tutorial's notify script wrote last. */
  notifiedState(): string | undefined {
    return this.readFile("var", "state");
  }

  get logFile(): string {
    return join(this.folder, "daemon.log");
  }

  /** Runs a program in the node, with its folders. */
  spawn(argv: readonly string[], output: "ignore" | "pipe" | number): ChildProcess {
    return spawnIn(this.namespace, argv, {
      mounts: nodeMounts(this.folder),
      env: { ...process.env, ...this.#options.cloudEnvironment },
      stdio: ["ignore", output, output],
      detached: true,
    });
  }

  startDaemon(): Promise<void> {
    if (this.isRunning()) throw new Error(`the daemon on ${this.name} runs already`);
    rmSync(join(this.folder, "var", "state"), { force: true });
    appendFileSync(this.logFile, `${STARTED}: ${this.kind}\n`);
    const log = openSync(this.logFile, "a");
    const child = this.spawn(
      daemonArgv(this.kind, this.#options.cloudEnvironment !== undefined),
      log,
    );
    closeSync(log);
    const { pid } = child;
    return new Promise((resolve, reject) => {
      child.once("error", reject);
      if (pid === undefined) return;
      const ended = new Promise<void>((done) => {
        child.once("exit", (code, name) => {
          appendFileSync(this.logFile, `--- ended: ${name ?? `exit code ${code}`}\n`);
          done();
        });
      });
      this.#running = { child, pid, ended };
      resolve();
    });
  }

  isRunning(): boolean {
    return this.#running !== undefined && isAlive(this.#running.pid);
  }

  pids(): DaemonPids | undefined {
    if (this.#running === undefined) return undefined;
    return daemonPids(this.kind, this.#running.pid);
  }

  async untilDaemonEnded(): Promise<void> {
    const running = this.#running;
    if (running === undefined) return;
    const timer = setTimeout(() => signal(running.pid, "SIGKILL"), STOP_MILLISECONDS);
    await running.ended;
    clearTimeout(timer);
    this.#running = undefined;
  }

  signalSupervisor(name: NodeJS.Signals): Promise<void> {
    const pids = this.#mustRun();
    signal(pids.supervisor, name);
    return this.#afterDeadly(name, pids);
  }

  signalEngine(name: NodeJS.Signals): Promise<void> {
    const { engine } = this.#mustRun();
    if (engine === undefined) throw new Error(`${this.kind} on ${this.name} has no engine process`);
    signal(engine, name);
    return Promise.resolve();
  }

  /** Kills both processes at once: neither may live long enough to see the other end. */
  signalAll(name: NodeJS.Signals): Promise<void> {
    const pids = this.#mustRun();
    const both = [pids.engine, pids.supervisor].filter((pid) => pid !== undefined);
    if (name === "SIGKILL") for (const pid of both) signal(pid, "SIGSTOP");
    for (const pid of both) signal(pid, name);
    return this.#afterDeadly(name, pids);
  }

  /** A killed supervisor is forgotten here once it is gone, so that `startDaemon` may follow. */
  async #afterDeadly(name: NodeJS.Signals, pids: DaemonPids): Promise<void> {
    if (name === "SIGKILL") {
      await this.untilDaemonEnded();
      // The other process may need a moment to notice (parent death signal, closed pipe).
      if (pids.engine !== undefined) await untilGone(pids.engine, STOP_MILLISECONDS);
    }
  }

  #mustRun(): DaemonPids {
    const pids = this.pids();
    if (pids === undefined) throw new Error(`no daemon runs on ${this.name}`);
    return pids;
  }

  setCable(cable: "plugged" | "unplugged"): void {
    this.#options.network.setPort(this.name, cable === "plugged");
  }

  /** Sets whether its switch port passes frames; the cable stays plugged in. */
  setForwarding(port: "forwarding" | "blocked"): void {
    this.#options.network.setForwarding(this.name, port === "forwarding");
  }

  setPartition(nodes: "apart" | "together"): void {
    this.#options.network.setNodesApart(nodes === "apart");
  }

  setService(state: "up" | "down"): void {
    this.#write("etc", "service-state", `${state}\n`);
  }

  /** Removes the virtual address, as a reboot would. */
  forgetVirtualAddress(): void {
    this.#options.network.removeAddress(this.name, this.#options.addresses.virtualAddress);
  }

  /** The last lines of the daemon's log, for explanations of failures. */
  logTail(lines: number): string {
    if (!existsSync(this.logFile)) return "(never started)";
    return readFileSync(this.logFile, "utf8").trimEnd().split("\n").slice(-lines).join("\n");
  }

  async stopDaemon(): Promise<void> {
    const pids = this.pids();
    if (pids === undefined) return;
    for (const pid of [pids.engine, pids.supervisor]) {
      if (pid !== undefined && readProcess(pid)?.state === "T") signal(pid, "SIGCONT");
    }
    signal(pids.supervisor, "SIGTERM");
    await this.untilDaemonEnded();
  }
}

async function untilGone(pid: number, milliseconds: number): Promise<void> {
  const until = performance.now() + milliseconds;
  while (isAlive(pid) && performance.now() < until) {
    await new Promise((resolve) => {
      setTimeout(resolve, POLL_MILLISECONDS);
    });
  }
}
