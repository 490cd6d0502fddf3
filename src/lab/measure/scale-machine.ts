/**
 * One machine with one daemon and many instances, and the peer at the other end of its cables.
 * The daemon is the one that is shipped, with its own copy of Node.js: memory that the instruments
 * would share with it is then not divided by their number (PSS).
 */
import { type ChildProcess, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  closeSync,
  copyFileSync,
  existsSync,
  openSync,
  readFileSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { now } from "#linux/clock";
import { addHostAddress, changeLink, createVeth } from "#linux/links";
import { createNamespace, type Namespace, spawnIn } from "#linux/namespace";
import { NotifySocket } from "#linux/notify-socket";
import { must, mustDo } from "#linux/result";
import {
  openMonitor,
  openRtnetlink,
  type Rtnetlink,
  type RtnetlinkMonitor,
} from "#linux/rtnetlink";
import { mustReadIpv4 } from "#probes/must-read";
import type { IpAddress } from "#units/address";
import { assert } from "#units/assert";
import { elapsed, type Instant, toMillis } from "#units/time";
import { makeNodeFolders, nodeMounts } from "../sandbox/folders.ts";
import { isAlive, signal, treeOf } from "../sandbox/proc.ts";
import { AdvertPeer } from "./advert-peer.ts";
import { CONFIG_FILE, type DaemonKind, daemonArgv, findKeepalived } from "./daemon.ts";
import type { WireFlood } from "./flood-frames.ts";
import { type FloodAnswer, startFlood } from "./flood-sender.ts";
import {
  HOST_PREFIX,
  printScaleConfig,
  SCALE_SCRIPT,
  type ScaleInterface,
  type ScaleShape,
  scaleInterfaces,
} from "./scale-config.ts";

const POLL_MILLISECONDS = 1;
const STOP_MILLISECONDS = 15_000;

/**
 * Milliseconds after the daemon's program was executed; undefined if it did not happen in time.
 */
export interface StartUp {
  readonly ready: number | undefined;
  readonly first: number | undefined;
  readonly last: number | undefined;
}

export interface ScaleMachineOptions {
  readonly kind: DaemonKind;
  readonly folder: string;
  readonly shape: ScaleShape;
  readonly environment?: Readonly<Record<string, string>>;
  /** Options of `baton run` besides the usual ones. */
  readonly daemonArgs?: readonly string[];
}

export class ScaleMachine {
  readonly kind: DaemonKind;
  readonly shape: ScaleShape;
  readonly folder: string;
  readonly peer: AdvertPeer;
  readonly #interfaces: readonly ScaleInterface[];
  readonly #namespace: Namespace;
  readonly #peerNamespace: Namespace;
  readonly #rtnetlink: Rtnetlink;
  readonly #monitor: RtnetlinkMonitor;
  readonly #notify: NotifySocket;
  readonly #virtual: ReadonlySet<IpAddress>;
  readonly #present = new Set<IpAddress>();
  #changes = 0;
  readonly #environment: Readonly<Record<string, string>>;
  readonly #daemonArgs: readonly string[];
  #child: ChildProcess | undefined;
  #logSize = 0;

  constructor(options: ScaleMachineOptions) {
    const { kind, folder, shape, environment = {}, daemonArgs = [] } = options;
    this.#daemonArgs = daemonArgs;
    this.kind = kind;
    this.shape = shape;
    this.folder = folder;
    this.#environment = environment;
    makeNodeFolders(folder);
    writeFileSync(join(folder, "etc", "keepalived.conf"), printScaleConfig(shape));
    if (shape.script !== undefined) {
      const file = join(folder, "etc", basename(SCALE_SCRIPT));
      writeFileSync(file, `#!/bin/sh\n${shape.script}\n`, { mode: 0o755 });
    }
    this.#interfaces = scaleInterfaces(shape.instances);
    this.#virtual = new Set(
      this.#interfaces.flatMap(({ routers }) => routers.map((one) => mustReadIpv4(one.address))),
    );
    this.#namespace = createNamespace(`${kind}-scale`);
    this.#peerNamespace = createNamespace(`${kind}-peer`);
    this.#rtnetlink = this.#namespace.within(() => must(openRtnetlink()));
    connect(this.#rtnetlink, this.#peerNamespace, this.#interfaces);
    this.#monitor = this.#namespace.within(() => must(openMonitor()));
    allowManyDatagrams();
    this.#notify = new NotifySocket(join(folder, "notify"));
    const centis = Math.round(shape.advertSeconds * 100);
    this.peer = new AdvertPeer(this.#peerNamespace, {
      interfaces: this.#interfaces,
      centis,
      ...(shape.password !== undefined && { password: shape.password }),
    });
  }

  /**
   * Frames to the daemon's first interface, from the peer's end of the cable.
   *
   * @param frames how many at most
   */
  flood(flood: WireFlood, rate: number, frames?: number): () => Promise<FloodAnswer> {
    const [plan] = this.#interfaces;
    assert(plan !== undefined, "a machine without interfaces");
    const { password, advertSeconds } = this.shape;
    const target = { plan, password, centis: Math.round(advertSeconds * 100) };
    return startFlood(this.#peerNamespace, { flood, target, rate, frames, seed: 1 });
  }

  /** Carries `work` out on the daemon's machine. */
  within<T>(work: () => T): T {
    return this.#namespace.within(work);
  }

  /** A program on the daemon's machine, with pipes; it ends with this process. */
  spawn(argv: readonly string[]): ChildProcess {
    const stdio = ["pipe", "pipe", "inherit"] as const;
    return spawnIn(this.#namespace, argv, { stdio: [...stdio], diesWithParent: true });
  }

  get logFile(): string {
    return join(this.folder, "daemon.log");
  }

  get pid(): number {
    const pid = this.#child?.pid;
    if (pid === undefined) throw new Error(`${this.kind} was not started`);
    return pid;
  }

  isRunning(): boolean {
    return this.#child?.pid !== undefined && isAlive(this.#child.pid);
  }

  present(): number {
    this.#readAddresses();
    return this.#present.size;
  }

  /** How often virtual addresses have come and gone. */
  changes(): number {
    this.#readAddresses();
    return this.#changes;
  }

  /** What the daemon has reported to its service manager since the last call. */
  notifications(): readonly string[] {
    return this.#notify.read();
  }

  /** Starts the daemon and waits until it is ready and, as master, has all addresses. */
  async start(seconds: number): Promise<StartUp> {
    this.notifications();
    this.#readAddresses();
    const child = this.#spawnAtGate();
    this.#child = child;
    // The shell and its namespace exist already: the measurement begins with the daemon's own
    // exec.
    await once(child.stdout ?? child, "data");
    const wanted = this.shape.role === "master" ? this.#virtual.size : 0;
    const begin = now();
    child.stdin?.end("go\n");
    const at: { ready?: Instant; first?: Instant; last?: Instant } = {};
    while (elapsed(begin, now()) < seconds * 1_000_000) {
      await sleep(POLL_MILLISECONDS);
      if (!this.isRunning()) throw new Error(`${this.kind} ended\n${this.logTail(20)}`);
      if (at.ready === undefined && this.#isReady()) at.ready = now();
      const present = this.present();
      if (present > 0) at.first ??= now();
      if (present === this.#virtual.size) at.last ??= now();
      const isComplete = wanted === 0 || at.last !== undefined;
      if (at.ready !== undefined && isComplete) break;
    }
    const since = (instant: Instant | undefined): number | undefined =>
      instant === undefined ? undefined : toMillis(elapsed(begin, instant));
    return { ready: since(at.ready), first: since(at.first), last: since(at.last) };
  }

  /**
   * keepalived notifies nobody but a parent that is systemd (PID 1); its counterpart is the last
   * instance's first state in the log.
   */
  #isReady(): boolean {
    if (this.kind === "baton") {
      return this.notifications().some((text) => /^READY=1$/m.test(text));
    }
    const size = statSync(this.logFile, { throwIfNoEntry: false })?.size ?? 0;
    if (size === this.#logSize) return false;
    this.#logSize = size;
    // With a script to wait for, the state of the beginning is not reported.
    const first = this.shape.script === undefined ? / STATE \(init\)/g : / BACKUP STATE$/gm;
    const states = readFileSync(this.logFile, "utf8").match(first);
    return (states?.length ?? 0) >= this.shape.instances;
  }

  #spawnAtGate(): ChildProcess {
    const log = openSync(this.logFile, "a");
    const gate = 'echo here; read go; exec "$@" </dev/null >&2';
    const mounts = nodeMounts(this.folder);
    const daemon = [...argvOf(this.kind), ...this.#daemonArgs];
    const child = spawnIn(this.#namespace, ["sh", "-c", gate, "sh", ...daemon], {
      mounts: { ...mounts, bind: [...mounts.bind, ...ownCopies(dirname(this.folder))] },
      env: { ...process.env, ...this.#environment, NOTIFY_SOCKET: this.#notify.path },
      stdio: ["pipe", "pipe", log],
      detached: true,
    });
    closeSync(log);
    return child;
  }

  #readAddresses(): void {
    for (let events = this.#monitor.read(); events.length > 0; events = this.#monitor.read()) {
      for (const event of events) {
        if (event.kind === "resync") {
          // News was lost in a flood of other addresses: what is there still has not moved.
          const found = new Set(event.addresses.map(({ address }) => address));
          for (const gone of [...this.#present].filter((one) => !found.has(one))) this.#lose(gone);
          for (const address of found) this.#note(address);
        } else if (event.kind === "address") this.#note(event.address.address);
        else if (event.kind === "addressGone") this.#lose(event.address.address);
      }
    }
  }

  #lose(address: IpAddress): void {
    if (this.#present.delete(address)) this.#changes += 1;
  }

  #note(address: IpAddress): void {
    if (!this.#virtual.has(address) || this.#present.has(address)) return;
    this.#present.add(address);
    this.#changes += 1;
  }

  signal(name: NodeJS.Signals): void {
    signal(this.pid, name);
  }

  async stop(): Promise<void> {
    const child = this.#child;
    if (child?.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "exit");
    const pids = treeOf(child.pid);
    const timer = setTimeout(() => {
      for (const pid of pids) signal(pid, "SIGKILL");
    }, STOP_MILLISECONDS);
    signal(child.pid, "SIGTERM");
    await ended;
    clearTimeout(timer);
  }

  /** No orderly stop is needed: the addresses disappear with the namespaces. */
  async close(): Promise<void> {
    const child = this.#child;
    if (child?.pid !== undefined && child.exitCode === null && child.signalCode === null) {
      const ended = once(child, "exit");
      const pids = treeOf(child.pid);
      for (const pid of pids) signal(pid, "SIGSTOP");
      for (const pid of pids) signal(pid, "SIGKILL");
      await ended;
    }
    await this.peer.close();
    this.#notify.close();
    this.#monitor.close();
    this.#rtnetlink.close();
    this.#namespace.close();
    this.#peerNamespace.close();
  }

  logTail(lines: number): string {
    if (!existsSync(this.logFile)) return "(no log)";
    return readFileSync(this.logFile, "utf8").trimEnd().split("\n").slice(-lines).join("\n");
  }
}

/**
 * As systemd does at boot: ten, the kernel's default, are fewer than the states that a daemon with
 * many instances reports while we sleep, and the one that says READY would be lost with them.
 */
function allowManyDatagrams(): void {
  writeFileSync("/proc/sys/net/unix/max_dgram_qlen", "512");
}

function connect(
  rtnetlink: Rtnetlink,
  peer: Namespace,
  interfaces: readonly ScaleInterface[],
): void {
  const far = peer.within(() => must(openRtnetlink()));
  try {
    for (const one of interfaces) {
      const end = { name: one.peerName, namespace: peer.fd };
      mustDo(createVeth(rtnetlink, { name: one.name }, end));
      bringUp(rtnetlink, one.name, one.address);
      bringUp(far, one.peerName, one.peerAddress);
    }
  } finally {
    far.close();
  }
}

function bringUp(rtnetlink: Rtnetlink, name: string, address: string): void {
  const index = must(rtnetlink.links()).find((link) => link.name === name)?.index;
  if (index === undefined) throw new Error(`no interface ${name}`);
  mustDo(changeLink(rtnetlink, index, { up: true }));
  mustDo(addHostAddress(rtnetlink, index, mustReadIpv4(address), HOST_PREFIX));
}

/** keepalived without -D: details of every address would be work that Baton does not do. */
function argvOf(kind: DaemonKind): readonly string[] {
  if (kind === "baton") return daemonArgv(kind);
  const program = findKeepalived() ?? "keepalived";
  const pidFiles = ["-p", "/run/keepalived.pid", "-r", "/run/keepalived-vrrp.pid"];
  return [program, "-n", "-l", "-f", CONFIG_FILE, ...pidFiles];
}

/**
 * Node.js and the library of foreign functions, each under its own name but another file. They stay
 * in the folder for the machines that follow.
 */
function ownCopies(folder: string): readonly (readonly [string, string])[] {
  return [process.execPath, loadedKoffi()]
    .filter((path) => path !== undefined)
    .map((path, index) => {
      const copy = join(folder, `of-the-daemon-${index}`);
      if (!existsSync(copy)) copyFileSync(path, copy);
      return [copy, path] as const;
    });
}

function loadedKoffi(): string | undefined {
  const maps = readFileSync("/proc/self/maps", "utf8");
  return /\S+koffi\S*\.node$/m.exec(maps)?.[0];
}

/** A daemon that was asked answers the next question at once after that time: it has rested. */
const BETWEEN_COMMANDS_MILLISECONDS = 600;

/** The milliseconds that each run of a command takes. Throws if it fails. */
export async function timeCommand(
  argv: readonly string[],
  times: number,
): Promise<readonly number[]> {
  const [program = "", ...args] = argv;
  const taken: number[] = [];
  while (taken.length < times) {
    const begin = performance.now();
    const result = spawnSync(program, args, { stdio: ["ignore", "ignore", "pipe"] });
    if (result.status !== 0) throw new Error(`${argv.join(" ")}: ${result.stderr.toString()}`);
    taken.push(performance.now() - begin);
    await sleep(BETWEEN_COMMANDS_MILLISECONDS);
  }
  return taken;
}
