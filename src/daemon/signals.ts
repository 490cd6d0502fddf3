/**
 * Catches every signal that would end the daemon, from its first instruction on: a signal is
 * kept until a handler is ready for it, and then passed on. `main.ts` imports this before
 * anything else, so it imports no other file of ours.
 *
 * The start of Node.js itself (some 40 ms before our first instruction) is not covered: a
 * SIGHUP then ends it like any program. Node.js resets the signal handling that it inherits,
 * but no PID file names the process yet.
 *
 * SIGTERM, SIGINT and SIGQUIT keep their default until there is something to hand over
 * (`keepStops`): before that, ending the process is the right thing to do. Real-time signals
 * are beyond Node.js: src/linux/signals.ts.
 */

/** What a signal asks of the daemon. */
export type Wish =
  | "stop"
  | "reload"
  /** keepalived's DATA, STATS, STATS_CLEAR and JSON: dump files. */
  | DumpWish
  /** The log file is opened again by its name. */
  | "reopen"
  | "nothing";

export type DumpWish = "data" | "stats" | "clear" | "json";

export interface Asked {
  readonly wish: Wish;
  readonly signal: string;
}

type Receive = (asked: Asked) => void;

/**
 * Standard signals that by default would end the process without a fault of its own (signal(7)).
 */
const WISHES: Readonly<Partial<Record<NodeJS.Signals, Wish>>> = {
  SIGHUP: "reload",
  SIGUSR1: "data",
  SIGUSR2: "stats",
  SIGALRM: "nothing",
  SIGVTALRM: "nothing",
  SIGPROF: "nothing",
  SIGIO: "nothing",
  SIGPWR: "nothing",
  SIGSTKFLT: "nothing",
  SIGXCPU: "nothing",
  // The next log line finds out that its reader has gone; the process must not die from it.
  SIGPIPE: "nothing",
};
const STOPS: readonly NodeJS.Signals[] = ["SIGTERM", "SIGINT", "SIGQUIT"];

let receive: Receive | undefined;
/** One of each is enough: two reloads that could not be carried out yet count as one. */
const kept = new Map<string, Asked>();
let isCatching = false;
let isKeepingStops = false;

/** A signal has come, however it was caught. */
export function take(signal: string, wish: Wish): void {
  const asked = { signal, wish };
  if (receive === undefined) kept.set(signal, asked);
  else receive(asked);
}

export function catchSignals(): void {
  if (isCatching) return;
  isCatching = true;
  for (const [signal, wish] of Object.entries(WISHES)) process.on(signal, () => take(signal, wish));
}

/** From now on there is something to hand over. */
export function keepStops(): void {
  catchSignals();
  if (isKeepingStops) return;
  isKeepingStops = true;
  for (const signal of STOPS) process.on(signal, () => take(signal, "stop"));
}

/** Whether a signal has asked to stop that has not been obeyed yet. */
export const isStopKept = (): boolean => [...kept.values()].some(({ wish }) => wish === "stop");

/** Installs the handler; signals that were kept are passed to it first. */
export function obeySignals(what: Receive): void {
  receive = what;
  const earlier = [...kept.values()];
  kept.clear();
  for (const asked of earlier) what(asked);
}
