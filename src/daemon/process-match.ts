/**
 * vrrp_track_process: which processes count, and when their number makes the tracker go up or
 * down. Pure.
 *
 * As keepalived 2.2.7 has it: `process` is compared with the kernel's short name of a process; with
 * `full_command`, with parameters or with `param_match` it is compared with the first word of the
 * command line, as it is.
 */
import { after, earliest, type Instant, type Micros } from "#units/time";

export interface ProcessPattern {
  /** The program and its parameters, one string each; blanks within one are kept. */
  readonly argv: readonly string[];
  /**
   * "exact": these parameters and no others. "partial": these come first. "initial": the same,
   * and the last may be longer. "none": parameters are ignored.
   */
  readonly paramMatch: "exact" | "initial" | "partial" | "none";
  readonly fullCommand: boolean;
}

export interface SeenProcess {
  /** The kernel's name, 15 bytes at most (proc_pid_comm(5)). */
  readonly comm: string;
  readonly argv: readonly string[];
}

const COMM_MAX = 15;

export function matchesProcess(pattern: ProcessPattern, seen: SeenProcess): boolean {
  const [wanted = "", ...parameters] = pattern.argv;
  const [program = "", ...given] = seen.argv;
  const isFull = pattern.fullCommand || pattern.paramMatch !== "none";
  if (isFull ? program !== wanted : !isNamed(wanted, program, seen.comm)) return false;
  switch (pattern.paramMatch) {
    case "none":
      return true;
    case "exact":
      return isPrefix(parameters, given) && parameters.length === given.length;
    case "partial":
      return isPrefix(parameters, given);
    case "initial":
      // keepalived compares the joined parameters without the end of the last one.
      return given.join("\0").startsWith(parameters.join("\0"));
  }
}

const isPrefix = (parameters: readonly string[], given: readonly string[]): boolean =>
  parameters.every((one, at) => one === given[at]);

/**
 * keepalived finds nothing here by a path or by a name that is too long for the kernel,
 * although it is clear what is meant.
 */
const isNamed = (wanted: string, program: string, comm: string): boolean =>
  wanted.includes("/") ? program === wanted : comm === shortName(wanted);

/** The kernel keeps this many bytes, not characters. */
const shortName = (name: string): string =>
  new TextDecoder().decode(new TextEncoder().encode(name).subarray(0, COMM_MAX));

export interface QuorumConfig {
  readonly quorum: number;
  readonly quorumMax: number | undefined;
  /** How long the number has to be within limits before the tracker goes up. */
  readonly forkDelay: Micros;
  /** How long it has to be outside them before the tracker goes down. */
  readonly terminateDelay: Micros;
}

export interface QuorumState {
  readonly result: "unknown" | "up" | "down";
  /** When the tracker changes, if the number stays across the limit until then. */
  readonly turnsAt: Instant | undefined;
}

export const unknownQuorum: QuorumState = { result: "unknown", turnsAt: undefined };

export const quorumDeadline = (state: QuorumState): Instant | undefined => earliest(state.turnsAt);

export function stepQuorum(
  config: QuorumConfig,
  state: QuorumState,
  count: number,
  now: Instant,
): QuorumState {
  const isRight =
    count >= config.quorum && (config.quorumMax === undefined || count <= config.quorumMax);
  const seen = isRight ? "up" : "down";
  // The first count takes effect at once, like the first result of a script.
  if (state.result === "unknown") return { result: seen, turnsAt: undefined };
  if (state.result === seen) return { result: seen, turnsAt: undefined };
  const delay = isRight ? config.forkDelay : config.terminateDelay;
  const turnsAt = state.turnsAt ?? after(now, delay);
  return now >= turnsAt ? { result: seen, turnsAt: undefined } : { ...state, turnsAt };
}
