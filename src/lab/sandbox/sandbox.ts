/**
 * A cage for everything the lab starts: its own process, mount and network namespace.
 *
 * When the first process of a process namespace ends, in whatever way, all others end with it,
 * and namespaces, interfaces and mounts that are no longer used disappear with their processes.
 * So Ctrl-C, a crash of ours or `kill -9` leave nothing behind, and no list of things to clean
 * up can be wrong.
 *
 * Without root the cage is also a user namespace in which we are root, if the kernel allows
 * that.
 *
 * util-linux's `unshare` makes the cage: Node.js has threads from the start, and a
 * multi-threaded process may not create a user namespace for itself.
 */

import { spawn, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { Socket } from "node:net";
import type { Language } from "#diagnostics/diagnostic";
import { listProcesses } from "./proc.ts";
import { makeScratch } from "./scratch.ts";

const MARK = "BATON_LAB_SANDBOX";
/** The cage's end of a socket to the process outside; when it closes, that process is gone. */
const CHANNEL = 3;

export interface SandboxCommand {
  readonly argv: readonly string[];
  readonly rootless: boolean;
}

export type SandboxOutcome =
  | ({ readonly kind: "allowed" } & SandboxCommand)
  | { readonly kind: "refused"; readonly detail: string };

export const isInsideSandbox = (): boolean => process.env[MARK] === "1";

/** Finds out whether a cage can be made here, by making one. */
export function probeSandbox(): SandboxOutcome {
  const rootless = process.getuid?.() !== 0;
  const argv = [
    ...dyingWithUs(),
    "unshare",
    ...(rootless ? ["--user", "--map-root-user"] : []),
    "--net",
    "--mount",
    "--pid",
    "--fork",
    "--kill-child",
    "--mount-proc",
  ];
  // The lab makes more network namespaces and mounts inside, so both are tried.
  const trial = ["unshare", "--net", "sh", "-c", "mount -t tmpfs none /mnt"];
  const result = spawnSync(argv[0] ?? "", [...argv.slice(1), ...trial], { encoding: "utf8" });
  if (result.status === 0) return { kind: "allowed", argv, rootless };
  return { kind: "refused", detail: result.error?.message ?? result.stderr.trim() };
}

/**
 * `kill -9` leaves this process no chance to act: then the kernel has to end `unshare`, and
 * with it the cage.
 */
function dyingWithUs(): readonly string[] {
  const prefix = ["setpriv", "--pdeathsig", "KILL"] as const;
  const [program, ...args] = prefix;
  // It is part of util-linux like `unshare`, but small systems may lack it. The channel closes
  // in any case.
  return spawnSync(program, [...args, "true"], { stdio: "ignore" }).status === 0 ? prefix : [];
}

/** What a user without the right to make a cage reads. */
export function explainRefusal(detail: string, lang: Language): string {
  const reason = detail === "" ? "" : `\n  (${detail})`;
  return lang === "zh-CN"
    ? `这里不允许创建网络命名空间，无法运行。请用 root 运行，或者允许普通用户创建用户命名空间：${reason}
  Debian:       sysctl kernel.unprivileged_userns_clone=1
  Ubuntu 24.04: sysctl kernel.apparmor_restrict_unprivileged_userns=0
  容器内:       docker run --privileged …`
    : `Network namespaces cannot be created here, so there is nothing to run in. Run as root, or allow users to create them:${reason}
  Debian:       sysctl kernel.unprivileged_userns_clone=1
  Ubuntu 24.04: sysctl kernel.apparmor_restrict_unprivileged_userns=0
  in a container: docker run --privileged …`;
}

/**
 * Runs the command in a cage, on our terminal, and returns its exit code. Signals are passed
 * on; if this process dies unexpectedly, the cage sees the channel close.
 */
export function runInSandbox(sandbox: SandboxCommand, command: readonly string[]): Promise<number> {
  // A shell is the cage's first process because that one must collect orphans, which Node.js
  // does not.
  const inner = ["sh", "-c", '"$0" "$@"; exit $?', ...command];
  const child = spawn(sandbox.argv[0] ?? "", [...sandbox.argv.slice(1), ...inner], {
    stdio: ["inherit", "inherit", "inherit", "pipe"],
    env: { ...process.env, [MARK]: "1" },
  });
  const channel = child.stdio[CHANNEL];
  if (channel instanceof Socket) {
    channel.on("error", () => {});
    channel.on("data", (bytes) => {
      // Each line is a question; two may come in one chunk.
      const questions = String(bytes).split("\n").length - 1;
      const answer = `${JSON.stringify(outsidePids(child.pid ?? 0))}\n`;
      channel.write(answer.repeat(questions));
    });
    for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
      process.on(name, () => channel.end());
    }
  }
  return new Promise((resolve) => {
    child.on("error", () => resolve(127));
    child.on("exit", (code) => resolve(code ?? 1));
  });
}

const SCRATCH = "BATON_LAB_SCRATCH";

/**
 * This very program again, in a cage, with a folder for its files that is removed when the cage
 * is gone.
 */
export async function runSelfInSandbox(sandbox: SandboxCommand): Promise<number> {
  const scratch = makeScratch();
  process.env[SCRATCH] = scratch.folder;
  try {
    const self = [process.execPath, ...process.execArgv, ...process.argv.slice(1)];
    return await runInSandbox(sandbox, self);
  } finally {
    scratch.remove();
  }
}

/** The folder, inside. */
export function scratchFolder(): string {
  const scratch = process.env[SCRATCH];
  if (scratch === undefined) throw new Error(`${SCRATCH} is not set`);
  return scratch;
}

/** Process ids of the cage: the id inside → the id as a terminal outside knows it. */
function outsidePids(unsharePid: number): Record<string, number> {
  const all = listProcesses();
  const inside = new Set([unsharePid]);
  for (const pid of inside) for (const info of all) if (info.parent === pid) inside.add(info.pid);
  const pids: Record<string, number> = {};
  for (const pid of inside) {
    const line = readStatusLine(pid, "NSpid");
    const own = line?.split(/\s+/).at(-1);
    if (own !== undefined && pid !== unsharePid) pids[own] = pid;
  }
  return pids;
}

function readStatusLine(pid: number, key: string): string | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/status`, "utf8");
    return text
      .split("\n")
      .find((line) => line.startsWith(`${key}:`))
      ?.trim();
  } catch {
    return undefined;
  }
}

export interface Outside {
  /** Our process ids → those that a terminal outside the cage must use. */
  pids(): Promise<ReadonlyMap<number, number>>;
  close(): void;
}

/**
 * The connection to the process outside. `onGone` runs once, when that process asks us to end
 * or has died.
 */
export function connectOutside(onGone: () => void): Outside | undefined {
  if (!isInsideSandbox()) return undefined;
  const socket = new Socket({ fd: CHANNEL, readable: true, writable: true });
  let text = "";
  /** The waiting callers in order: two may ask at once, and both are answered. */
  const waiting: ((pids: ReadonlyMap<number, number>) => void)[] = [];
  socket.on("data", (bytes) => {
    text += bytes.toString("utf8");
    for (let end = text.indexOf("\n"); end >= 0; end = text.indexOf("\n")) {
      const pids = JSON.parse(text.slice(0, end)) as Record<string, number>;
      text = text.slice(end + 1);
      const known = Object.entries(pids).map(([inner, outer]) => [Number(inner), outer] as const);
      waiting.shift()?.(new Map(known));
    }
  });
  socket.once("end", onGone);
  socket.once("error", onGone);
  socket.unref();
  return {
    pids: () =>
      new Promise((resolve) => {
        waiting.push(resolve);
        socket.write("pids\n");
      }),
    close: () => socket.destroy(),
  };
}
