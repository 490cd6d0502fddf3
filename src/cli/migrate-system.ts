/**
 * What `baton migrate` asks of the machine and does to it: systemctl (without a shell), processes,
 * addresses and one file.
 */
import { spawn } from "node:child_process";
import {
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmdirSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { networkInterfaces } from "node:os";
import { dirname } from "node:path";
import { errnoOf } from "#daemon/contain";
import { closeQuietly, readShortFile } from "#daemon/own-files";
import { namespaceOf, numbersIn, statOf, textOf } from "#linux/proc-files";
import type { Journal } from "#migrate/journal";
import type { Command, Observed } from "#migrate/steps";
import { ask } from "./control-client.ts";
import { syncFolder } from "./replace-file.ts";

export const KEEPALIVED_UNIT = "keepalived.service";
export const BATON_UNIT = "baton.service";

/** Longer than any `TimeoutStopSec=` of the two units. */
const SYSTEMCTL_MS = 150_000;
const OUTPUT_MAX = 1_000_000;

export interface Ran {
  /** Null if it was ended, or could not be started. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly timeoutMs?: number;
  /** The program has it as its descriptor 3. */
  readonly fd?: number;
}

/** In a session of its own: Ctrl-C at our terminal must not end it halfway. */
export function run(
  program: string,
  args: readonly string[],
  { timeoutMs = SYSTEMCTL_MS, fd }: RunOptions = {},
): Promise<Ran> {
  return new Promise((resolve) => {
    const child = spawn(program, [...args], {
      stdio: ["ignore", "pipe", "pipe", fd ?? "ignore"],
      env: { PATH: process.env["PATH"] ?? "/usr/sbin:/usr/bin:/sbin:/bin", LC_ALL: "C" },
      detached: true,
    });
    let [stdout, stderr] = ["", ""];
    child.stdout?.on("data", (chunk: Buffer) => {
      if (stdout.length < OUTPUT_MAX) stdout += chunk.toString();
    });
    child.stderr?.on("data", (chunk: Buffer) => {
      if (stderr.length < OUTPUT_MAX) stderr += chunk.toString();
    });
    const timer = setTimeout(() => child.kill("SIGKILL"), timeoutMs);
    child.once("error", (error) => {
      clearTimeout(timer);
      resolve({ code: null, stdout, stderr: `${program}: ${errnoOf(error)}` });
    });
    child.once("close", (code) => {
      clearTimeout(timer);
      resolve({ code, stdout, stderr });
    });
  });
}

/** Properties of a unit, as `systemctl show` prints them; empty if it cannot be asked. */
export async function showUnit(unit: string): Promise<ReadonlyMap<string, string>> {
  const { code, stdout } = await run("systemctl", ["show", unit]);
  if (code !== 0) return new Map();
  return new Map(
    stdout.split("\n").flatMap((line) => {
      const at = line.indexOf("=");
      return at < 1 ? [] : [[line.slice(0, at), line.slice(at + 1)] as const];
    }),
  );
}

export const isEnabled = (unit: ReadonlyMap<string, string>): boolean =>
  (unit.get("UnitFileState") ?? "").startsWith("enabled");

/** A unit that stops is not gone yet. */
export const isActive = (unit: ReadonlyMap<string, string>): boolean =>
  !["", "inactive", "failed"].includes(unit.get("ActiveState") ?? "");

/**
 * The processes of keepalived that share this network namespace. It runs as root; anybody may give
 * a program its name.
 */
export function keepalivedProcesses(): readonly number[] {
  const own = namespaceOf("/proc/self");
  return numbersIn("/proc").filter((pid) => {
    const folder = `/proc/${pid}`;
    const isNamed = textOf(`${folder}/comm`) === "keepalived";
    return isNamed && namespaceOf(folder) === own && isRoots(folder);
  });
}

/** Its effective user is root, or whoever we are. */
function isRoots(folder: string): boolean {
  const user = /^Uid:\s+\d+\s+(\d+)/m.exec(textOf(`${folder}/status`))?.[1];
  return user === "0" || (user !== undefined && Number(user) === process.geteuid?.());
}

const VERSION_MS = 3_000;
const OTHERS_WRITE = 0o022;

/**
 * The program that a process runs, which an upgrade may have replaced on the disk; its descriptor,
 * because the process may be another one by the time that it is used. Undefined if somebody else
 * than root may write the program.
 */
export function openProgram(pid: number): number | undefined {
  let fd: number | undefined;
  try {
    fd = openSync(`/proc/${pid}/exe`, constants.O_RDONLY);
    const { uid, mode } = fstatSync(fd);
    const isOurs = uid === 0 || uid === process.geteuid?.();
    if (isOurs && (mode & OTHERS_WRITE) === 0) return fd;
  } catch {
    // It has ended, or is not ours to look at.
  }
  closeQuietly(fd);
  return undefined;
}

/** What keepalived says of its version; undefined if it does not, or is not run as root here. */
export async function versionOf(pid: number): Promise<string | undefined> {
  const fd = openProgram(pid);
  if (fd === undefined) return undefined;
  try {
    const options = { timeoutMs: VERSION_MS, fd };
    const { stdout, stderr } = await run("/proc/self/fd/3", ["-v"], options);
    return /Keepalived v(\d+(?:\.\d+)*)/.exec(`${stderr}${stdout}`)?.[1];
  } finally {
    closeSync(fd);
  }
}

/** Text of a file of /proc with NUL between its parts; empty if it cannot be read. */
export function readParts(path: string): readonly string[] {
  try {
    return readFileSync(path, "utf8").split("\0").slice(0, -1);
  } catch {
    return [];
  }
}

export const parentOf = (pid: number): number | undefined => statOf(`/proc/${pid}`)?.parent;

export const addressesHere = (): ReadonlySet<string> =>
  new Set(Object.values(networkInterfaces()).flatMap((all = []) => all.map((one) => one.address)));

export async function observe(journal: Journal, runtimeDir: string): Promise<Observed> {
  const [keepalived, baton] = await Promise.all([
    showUnit(journal.keepalivedUnit),
    showUnit(journal.batonUnit),
  ]);
  const here = addressesHere();
  // A systemd that does not answer says nothing of what has ended.
  const mayRun = (unit: ReadonlyMap<string, string>): boolean => unit.size === 0 || isActive(unit);
  return {
    dropIn: readShortFile(journal.dropIn.path),
    isLoaded: baton.get("NeedDaemonReload") === "no",
    keepalived: {
      isActive: mayRun(keepalived),
      isEnabled: isEnabled(keepalived),
      processes: keepalivedProcesses(),
    },
    baton: {
      isActive: mayRun(baton),
      isEnabled: isEnabled(baton),
      answers: await batonAnswers(runtimeDir),
    },
    addresses: journal.addresses.filter((address) => here.has(address)),
  };
}

async function batonAnswers(runtimeDir: string): Promise<boolean> {
  const asked = await ask(runtimeDir, { command: "status" });
  if (asked.kind === "unreachable" || !asked.answer.ok) return false;
  return "status" in asked.answer && asked.answer.status.engineAnswers;
}

/** Undefined if it was done, otherwise what went wrong, as the system says it. */
export async function perform(command: Command): Promise<string | undefined> {
  switch (command.kind) {
    case "systemctl": {
      const { code, stderr, stdout } = await run("systemctl", command.args);
      return code === 0 ? undefined : `${stderr}${stdout}`.trim() || `exit status ${code}`;
    }
    case "write":
      try {
        mkdirSync(dirname(command.path), { recursive: true, mode: 0o755 });
        writeDurable(command.path, command.text, 0o644);
        return undefined;
      } catch (error) {
        return `${command.path}: ${errnoOf(error)}`;
      }
    case "remove":
      return removeWithFolder(command.path);
  }
}

function removeWithFolder(path: string): string | undefined {
  // A program that was killed may have left the second.
  for (const one of [path, freshOf(path)]) {
    try {
      unlinkSync(one);
    } catch (error) {
      if (errnoOf(error) !== "ENOENT") return `${one}: ${errnoOf(error)}`;
    }
  }
  try {
    // Made by us, or empty all the same.
    rmdirSync(dirname(path));
  } catch {
    // Somebody else has a drop-in there.
  }
  return undefined;
}

const freshOf = (path: string): string => `${path}.new`;

/** The old text or the new one, whatever ends us or the machine. Throws what the system says. */
export function writeDurable(path: string, text: string | Uint8Array, mode: number): void {
  const fresh = freshOf(path);
  const { O_WRONLY, O_CREAT, O_TRUNC, O_NOFOLLOW } = constants;
  const fd = openSync(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, mode);
  try {
    writeFileSync(fd, text);
    fchmodSync(fd, mode);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
  renameSync(fresh, path);
  syncFolder(dirname(path));
}
