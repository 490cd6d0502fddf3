/**
 * The process groups of the scripts that run now, remembered in the runtime directory as long as
 * they run, so that a new supervisor can end what a killed one left: an old MASTER script must not
 * finish after a new BACKUP script.
 *
 * A file is named after the group and holds the boot and the start time of its leader
 * (proc_pid_stat(5), field 22), so that a number that has been given to somebody else since is left
 * alone. Root sends signals on the word of these files, so only files of our own in a folder of our
 * own count.
 */
import { lstatSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { readOwnFile, removeFile, writeOwnFile } from "./own-files.ts";

export interface RunningGroup {
  signal(signal: NodeJS.Signals): void;
  leaderEnded(): void;
}

export class RunningGroups {
  #folder: string | undefined;

  /** @param folder undefined: nothing is remembered */
  constructor(folder: string | undefined) {
    this.#folder = folder;
    if (folder === undefined) return;
    try {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      const { uid, mode } = lstatSync(folder);
      if (uid !== process.geteuid?.() || (mode & 0o022) !== 0) this.#folder = undefined;
    } catch {
      // A full or read-only disk: scripts matter more than remembering them.
    }
  }

  add(leader: number, argv: readonly string[]): RunningGroup {
    const file = this.#folder === undefined ? undefined : join(this.#folder, String(leader));
    const startTime = startTimeOf(leader);
    if (file !== undefined && startTime !== undefined) {
      // A failure: as above.
      const command = argv.join(" ").replaceAll("\n", " ");
      writeOwnFile(file, `${bootId()} ${startTime} ${command}\n`, 0o600);
    }
    let isLeaderAlive = true;
    return {
      signal(signal) {
        // A dead leader's number stays reserved while its group has members, and may belong to
        // anybody afterwards.
        if (isLeaderAlive || hasMembers(leader)) signalGroup(leader, signal);
      },
      leaderEnded() {
        isLeaderAlive = false;
        if (file !== undefined) removeFile(file);
      },
    };
  }

  /**
   * What an earlier supervisor left running. The number of groups that were sent the signal, with
   * their commands.
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
/** Another after every start of the machine: start times begin anew then. */
function bootId(): string {
  try {
    boot ??= readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
  } catch {
    return "unknown";
  }
  return boot;
}

/**
 * A clock tick count as text, or undefined if there is no such process (a zombie counts as none).
 */
export function startTimeOf(pid: number): string | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The name in parentheses may contain anything, so count from the last parenthesis.
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
    return fields[0] === "Z" ? undefined : fields[19];
  } catch {
    return undefined;
  }
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
    // Gone already.
  }
}
