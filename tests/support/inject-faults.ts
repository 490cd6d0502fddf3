/**
 * Preloaded (`node --import`) into the process under test: calls of the system that our own code
 * makes fail now and then, as they do on a machine short of descriptors, memory, processes or
 * rights.
 *
 * FAULTS is JSON: `errnos` to choose from; `nth`: the n-th call of every place in the source fails,
 * or `rate`: every call fails with that probability; `seed`. It happens only while the file
 * FAULT_SWITCH exists. When it is taken away, and at the end, a line
 * `faults: N calls failed at M places` is written to stderr.
 */

import { ChildProcess } from "node:child_process";
import { existsSync, writeSync } from "node:fs";
import { createRequire, syncBuiltinESMExports } from "node:module";
import { Server, type Socket } from "node:net";
import { constants } from "node:os";
import { createRng } from "#units/rng";

interface Faults {
  readonly errnos: readonly string[];
  readonly nth?: number;
  readonly rate?: number;
  readonly seed: number;
}

const faults = JSON.parse(process.env["FAULTS"] ?? "null") as Faults | null;
const toggle = process.env["FAULT_SWITCH"] ?? "";
const require = createRequire(import.meta.url);
/** How often each place has called since the last change of the switch. */
const counts = new Map<string, number>();
const failedAt = new Set<string>();
let failed = 0;
let isOn = false;
let lookedAt = Number.NEGATIVE_INFINITY;
let isInside = false;
const draw = createRng(faults?.seed ?? 1).real;

function isSwitchedOn(): boolean {
  const at = performance.now();
  if (at - lookedAt < 2) return isOn;
  lookedAt = at;
  const before = isOn;
  isOn = existsSync(toggle);
  if (isOn && !before) counts.clear();
  // A daemon that ends by _exit(2) runs nothing at its end.
  if (before && !isOn) sayHowMany();
  return isOn;
}

const sayHowMany = (): void =>
  void writeSync(2, `faults: ${failed} calls failed at ${failedAt.size} places\n`);

/** The line of ours that calls, unless it only does so to be loaded or logged. */
function place(): string | undefined {
  const lines = (new Error().stack ?? "").split("\n").slice(3);
  const own = lines.find((line) => /\/src\/[\w/-]+\.ts:\d+/.test(line));
  // The log is what the tests look at, and counts its own failures.
  if (own?.includes("/src/daemon/log.ts") === true) return undefined;
  return /\/(src\/[\w/-]+\.ts:\d+)/.exec(own ?? "")?.[1];
}

/** The errno with which this call is to fail; undefined: it is carried out. */
function chosen(name: string): string | undefined {
  if (faults === null || isInside) return undefined;
  isInside = true;
  try {
    if (!isSwitchedOn()) return undefined;
    const at = place();
    if (at === undefined) return undefined;
    const key = `${name} ${at}`;
    const count = (counts.get(key) ?? 0) + 1;
    counts.set(key, count);
    if (faults.nth === undefined ? draw() >= (faults.rate ?? 0) : count !== faults.nth)
      return undefined;
    failed += 1;
    failedAt.add(key);
    return faults.errnos[Math.floor(draw() * faults.errnos.length)];
  } finally {
    isInside = false;
  }
}

function errorOf(code: string, syscall: string): NodeJS.ErrnoException {
  const number = (constants.errno as Readonly<Record<string, number>>)[code] ?? 5;
  return Object.assign(new Error(`${code}: injected, ${syscall}`), {
    code,
    syscall,
    errno: -number,
  });
}

type Call = (...args: unknown[]) => unknown;
type Module = Record<string, unknown>;

function wrap(
  module: Module,
  name: string,
  fail: (errno: string, args: unknown[]) => unknown,
): void {
  const original = module[name] as Call;
  const wrapped = function wrapped(this: unknown, ...args: unknown[]): unknown {
    const errno = chosen(name);
    return errno === undefined ? original.apply(this, args) : fail(errno, args);
  };
  module[name] = Object.assign(wrapped, original);
}

function wrapFiles(): void {
  const fs = require("node:fs") as Module;
  for (const name of Object.keys(fs)) {
    if (!name.endsWith("Sync") || name === "existsSync" || typeof fs[name] !== "function") continue;
    const original = fs[name] as Call;
    wrap(fs, name, (errno, args) => {
      // A descriptor is gone in any case (close(2)).
      if (name === "closeSync") original(...args);
      throw errorOf(errno, name.slice(0, -4));
    });
  }
  wrap(fs, "watch", (errno) => {
    throw errorOf(errno, "watch");
  });
  wrap(fs, "write", (errno, args) =>
    setImmediate(() => (args.at(-1) as Call)(errorOf(errno, "write"), 0)),
  );
}

/**
 * As Node.js has it: want of descriptors is an event of a child without pipes, want of memory is
 * thrown.
 */
function wrapProcesses(): void {
  const module = require("node:child_process") as Module;
  wrap(module, "spawn", (errno) => {
    if (errno === "ENOMEM" || errno === "EIO") throw errorOf(errno, "spawn");
    const child = new ChildProcess();
    process.nextTick(() => child.emit("error", errorOf(errno, "spawn")));
    return child;
  });
  wrap(module, "spawnSync", (errno) => ({ status: null, error: errorOf(errno, "spawnSync") }));
  for (const name of ["kill", "cwd"])
    wrap(process as unknown as Module, name, (errno) => {
      throw errorOf(errno, name);
    });
}

function wrapNetwork(): void {
  const net = require("node:net") as Module;
  const Original = net["Socket"] as new (options?: unknown) => Socket;
  net["Socket"] = new Proxy(Original, {
    construct(target, args, newTarget: new () => Socket): Socket {
      const options = args[0] as { readonly fd?: number } | undefined;
      const errno = options?.fd === undefined ? undefined : chosen("new Socket");
      if (errno !== undefined) throw errorOf(errno, "open");
      return Reflect.construct(target, args, newTarget) as Socket;
    },
  });
  const prototype = Server.prototype as unknown as Record<"emit", Call>;
  const { emit } = prototype;
  Server.prototype.emit = function emitOrFail(this: Server, ...args: unknown[]): boolean {
    const isDue = args[0] === "connection" && draw() < (faults?.rate ?? 0.2) && isSwitchedOn();
    if (!isDue) return emit.apply(this, args) as boolean;
    failed += 1;
    (args[1] as Socket).destroy();
    return emit.call(this, "error", errorOf("EMFILE", "accept")) as boolean;
  } as typeof Server.prototype.emit;
  for (const name of ["node:http", "node:https"])
    wrap(require(name) as Module, "request", (errno) => {
      throw errorOf(errno, "connect");
    });
  wrap(globalThis as unknown as Module, "fetch", async (errno) => {
    await Promise.resolve();
    throw new TypeError("fetch failed", { cause: errorOf(errno, "connect") });
  });
}

/** The C library: -1, and the error number where koffi keeps it. */
function wrapLibrary(): void {
  const koffi = require("koffi") as Module;
  const load = koffi["load"] as Call;
  const errno = koffi["errno"] as () => number;
  let injected: number | undefined;
  koffi["errno"] = () => injected ?? errno();
  const CANNOT_FAIL = /clock_gettime|getpid|getppid|if_nametoindex|intptr_t signal|pthread_sigmask/;
  koffi["load"] = (...args: unknown[]) => {
    const library = load(...args) as Module;
    const bind = (library["func"] as Call).bind(library);
    return {
      symbol: (library["symbol"] as Call).bind(library),
      func: (declaration: string): unknown => {
        const call = bind(declaration) as Call;
        if (CANNOT_FAIL.test(declaration)) return call;
        const name = /(\w+)\(/.exec(declaration)?.[1] ?? declaration;
        return (...given: unknown[]): unknown => {
          const code = chosen(name);
          injected = undefined;
          if (code === undefined) return call(...given);
          injected = (constants.errno as Readonly<Record<string, number>>)[code] ?? 5;
          // A descriptor that is to be closed would be lost; close(2) lets go of it in any case.
          if (name === "close") call(...given);
          return -1;
        };
      },
    };
  };
}

if (faults !== null) {
  wrapFiles();
  wrapProcesses();
  wrapNetwork();
  wrapLibrary();
  syncBuiltinESMExports();
  process.on("exit", () => {
    isInside = true;
    sayHowMany();
    if (process.env["FAULTS_SHOWN"] !== undefined)
      for (const at of failedAt) writeSync(2, `  ${at}\n`);
  });
}
