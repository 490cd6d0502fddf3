/**
 * The process groups of running scripts, recorded in the runtime directory as long as they run,
 * so that a new supervisor can end what a killed one left: an old MASTER script must not finish
 * after a new BACKUP script.
 *
 * A file is named after the group and holds the boot and the start time of its leader
 * (proc_pid_stat(5), field 22), so that a group with the same number that was started since is
 * left alone. Root sends signals because of these files, so only our own files in a folder of
 * our own count.
 */
import { lstatSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { statOf } from "#linux/proc-files";
import { readOwnFile, removeFile, writeOwnFile } from "./own-files.ts";

export interface RunningGroup {
  signal(signal: NodeJS.Signals): void;
  leaderEnded(): void;
}

export class RunningGroups {
  #folder: string | undefined;

  /** @param folder undefined if nothing is to be recorded */
  constructor(folder: string | undefined) {
    this.#folder = folder;
    if (folder === undefined) return;
    try {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      const { uid, mode } = lstatSync(folder);
      if (uid !== process.geteuid?.() || (mode & 0o022) !== 0) this.#folder = undefined;
    } catch {
      // The disk is full or read-only: running scripts matters more than recording them.
    }
  }

  add(leader: number, argv: readonly string[]): RunningGroup {
    const file = this.#folder === undefined ? undefined : join(this.#folder, String(leader));
    const startTime = startTimeOf(leader);
    if (file !== undefined && startTime !== undefined) {
      // After a failure: as above.
      const command = argv.join(" ").replaceAll("\n", " ");
      writeOwnFile(file, `${bootId()} ${startTime} ${command}\n`, 0o600);
    }
    let isLeaderAlive = true;
    return {
      signal(signal) {
        // A dead leader's number stays reserved while its group has members, and may be reused
        // afterwards.
        if (isLeaderAlive || hasMembers(leader)) signalGroup(leader, signal);
      },
      leaderEnded() {
        isLeaderAlive = false;
        if (file !== undefined) removeFile(file);
      },
    };
  }

  /**
   * Sends a signal to what an earlier supervisor left running. Returns the commands of the
   * groups that were sent the signal.
   */
  endLeftovers(signal: NodeJS.Signals): readonly string[] {
    const ended: string[] = [];
    for (const name of this.#files()) {
      const file = join(this.#folder ?? "", name);
      const [boot, startTime, ...command] = (readOwnFile(file) ?? "").trim().split(" ");
      const isOurs = boot === bootId() && startTime !== undefined;
      if (isOurs && startTimeOf(Number(name)) === startTime) {
        signalGroup(Number(name), signal);
        ended.push(command.join(" "));
      } else removeFile(file);
    }
    return ended;
  }

  #files(): readonly string[] {
    if (this.#folder === undefined) return [];
    try {
      return readdirSync(this.#folder).filter((name) => /^[1-9][0-9]*$/.test(name));
    } catch {
      return [];
    }
  }
}

let boot: string | undefined;
/**
 * A value that differs after every start of the machine, because start times begin anew then.
 */
function bootId(): string {
  try {
    boot ??= readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
  } catch {
    return "unknown";
  }
  return boot;
}

/**
 * The start time in clock ticks, as text. Undefined if there is no such process (a zombie
 * counts as none).
 */
export function startTimeOf(pid: number): string | undefined {
  const stat = statOf(`/proc/${pid}`);
  return stat?.state === "Z" ? undefined : stat?.startTime;
}

function hasMembers(group: number): boolean {
  try {
    process.kill(-group, 0);
    return true;
  } catch {
    return false;
  }
}

function signalGroup(group: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-group, signal);
  } catch {
    // It is gone already.
  }
}
