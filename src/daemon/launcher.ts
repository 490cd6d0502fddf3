/**
 * From a command of the configuration to a running program: which user runs it, whether it
 * exists, and whether it is safe.
 */
import { spawnSync } from "node:child_process";
import { isAbsolute, resolve } from "node:path";
import type { Language } from "#diagnostics/diagnostic";
import type { CommandPlan } from "#keepalived/plan/run-plan";
import { type Identity, type Resolved, resolveIdentity } from "./account.ts";
import { errnoOf } from "./contain.ts";
import type { Log } from "./log.ts";
import { daemonMessages } from "./messages.ts";
import { OutputTail } from "./output-tail.ts";
import { type CommandEnd, type RunningCommand, runCommand } from "./run-command.ts";
import type { RunningGroups } from "./running-groups.ts";
import { DEFAULT_PATH, scriptEnvironment } from "./script-environment.ts";
import { type Inspection, inspectProgram } from "./script-security.ts";
import { problemSentence, type StartProblem } from "./start-problem.ts";

/** A command that can be run, whichever part of the configuration it comes from. */
export type Launchable = Pick<CommandPlan, "argv" | "user">;

export class Launcher {
  readonly #groups: RunningGroups;
  readonly #log: Log;
  readonly #language: Language;
  readonly #prefix: readonly string[];
  readonly #warned = new Set<string>();
  readonly #identities = new Map<string, KnownUser>();
  /** `enable_script_security`: insecure scripts are not run at all. */
  isStrict = false;

  constructor(
    groups: RunningGroups,
    log: Log,
    language: Language,
    prefix: readonly string[] = deathSignalPrefix(),
  ) {
    this.#groups = groups;
    this.#log = log;
    this.#language = language;
    this.#prefix = prefix;
  }

  /** `onEnd` is called exactly once, and never before this returns. */
  start(
    command: Launchable,
    environment: Readonly<Record<string, string>>,
    onEnd: (end: CommandEnd) => void,
    discardsOutput = false,
  ): RunningCommand {
    const prepared = this.#prepare(command);
    if (prepared.kind === "problem") {
      setImmediate(() => onEnd({ kind: "notStarted", problem: prepared.problem }));
      return { signal: () => undefined, output: new OutputTail() };
    }
    const { path, identity, base } = prepared;
    const { argv } = command;
    const request = {
      path,
      identity: withoutSupplementaryGroups(identity),
      argv,
      environment: { ...base, ...environment },
      prefix: this.#prefix,
      discardsOutput,
    };
    return runCommand(request, this.#groups, onEnd);
  }

  /** The name of the user that it runs as, or would run as. */
  userOf(command: Launchable): string {
    const { resolved } = this.#identity(command.user);
    return resolved.kind === "identity" ? resolved.identity.name : (command.user?.user ?? "");
  }

  /** Called at a reload: everything is looked up again. */
  forget(): void {
    this.#identities.clear();
    this.#warned.clear();
  }

  /**
   * Looked up once: asking a directory service can take time, which a supervisor that starts
   * scripts every second does not have. If something could not be found, it is looked up again
   * after a while.
   */
  #identity(user: CommandPlan["user"]): KnownUser {
    const key = JSON.stringify(user ?? null);
    const known = this.#identities.get(key);
    const isFresh = known !== undefined && performance.now() - known.at < PROBLEM_KEPT_MS;
    if (known !== undefined && (isFresh || known.resolved.kind === "identity")) return known;
    const self = ourselves();
    const resolved = resolveIdentity(user, self);
    const base =
      resolved.kind === "identity"
        ? scriptEnvironment(resolved.identity, self.uid, process.env)
        : {};
    const found = { resolved, base, at: performance.now() };
    this.#identities.set(key, found);
    return found;
  }

  #prepare(command: Launchable): Prepared {
    const [program] = command.argv;
    if (program === undefined || program === "") return unable({ kind: "nothing-to-run" });
    const { resolved, base } = this.#identity(command.user);
    if (resolved.kind === "problem") return resolved;
    const { identity } = resolved;
    const inspected = inspect(program, identity);
    if (inspected.kind === "refused") return unable(inspected);
    if (inspected.kind !== "fine") {
      if (inspected.kind !== "insecure" || this.isStrict) return unable(inspected);
      this.#warnOnce(inspected);
    }
    return { kind: "ready", path: inspected.path, identity, base };
  }

  #warnOnce(problem: Extract<StartProblem, { kind: "insecure" }>): void {
    if (this.#warned.has(problem.path)) return;
    this.#warned.add(problem.path);
    this.#log(
      "warning",
      `${daemonMessages(this.#language).insecure}: ${problemSentence(problem, this.#language)}`,
      {
        problem,
      },
    );
  }
}

/**
 * Files may change or vanish between two checks, and so may the folder that the daemon was
 * started in.
 */
function inspect(
  program: string,
  identity: Identity,
): Inspection | Extract<StartProblem, { kind: "refused" }> {
  try {
    const asked = program.includes("/") && !isAbsolute(program) ? resolve(program) : program;
    const search = (process.env["PATH"] ?? DEFAULT_PATH).split(":");
    return inspectProgram(asked, identity, ourselves().uid === 0, search);
  } catch (error) {
    return { kind: "refused", path: program, errno: errnoOf(error) };
  }
}

const PROBLEM_KEPT_MS = 30_000;

interface KnownUser {
  readonly resolved: Resolved;
  /** What the user's scripts find in their environment. */
  readonly base: Readonly<Record<string, string>>;
  readonly at: number;
}

type Prepared =
  | {
      readonly kind: "ready";
      readonly path: string;
      readonly identity: Identity;
      readonly base: Readonly<Record<string, string>>;
    }
  | { readonly kind: "problem"; readonly problem: StartProblem };

const unable = (problem: StartProblem): Prepared => ({ kind: "problem", problem });

const ourselves = (): { readonly uid: number; readonly gid: number } => ({
  uid: process.geteuid?.() ?? 0,
  gid: process.getegid?.() ?? 0,
});

/**
 * As in keepalived, even a script of root does not have the groups that the daemon was started
 * with.
 */
function withoutSupplementaryGroups(identity: Identity): Identity {
  const self = ourselves();
  if (self.uid !== 0) return identity;
  return { ...identity, uid: identity.uid ?? self.uid, gid: identity.gid ?? self.gid };
}

/**
 * util-linux has had this option since 2.33. BusyBox has a `setpriv` without it, so it is tried
 * once.
 */
export function deathSignalPrefix(): readonly string[] {
  const prefix = ["/usr/bin/setpriv", "--pdeathsig", "TERM", "--"];
  const [program = "", ...args] = prefix;
  const trial = spawnSync(program, [...args, "/bin/true"], {
    stdio: "ignore",
    timeout: 1_000,
    env: {},
  });
  return trial.status === 0 ? prefix : [];
}
