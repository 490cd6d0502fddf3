/**
 * Every signal that would end the daemon, from its first instruction on: kept until somebody can
 * obey it, then passed on. `main.ts` imports this before anything else, so it imports nothing of
 * ours.
 *
 * What is left is Node.js's own start (some 40 ms before our first instruction), in which a SIGHUP
 * ends it like any program: it resets what it inherits, and no PID file names it yet.
 *
 * SIGTERM, SIGINT and SIGQUIT keep their default until there is something to hand over
 * (`keepStops`): before that, being ended is what they ask for. Real-time signals are beyond
 * Node.js: src/linux/signals.ts.
 */

/** What a signal asks of the daemon. */
export type Wish =
  | "stop"
  | "reload"
  /** keepalived: DATA, STATS and JSON. All of them are one file here. */
  | "dump"
  /** keepalived zeroes its statistics then. */
  | "clear"
  | "nothing";

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
  SIGUSR1: "dump",
  SIGUSR2: "dump",
  SIGALRM: "nothing",
  SIGVTALRM: "nothing",
  SIGPROF: "nothing",
  SIGIO: "nothing",
  SIGPWR: "nothing",
  SIGSTKFLT: "nothing",
  SIGXCPU: "nothing",
  // A log reader that went away is found out by the next line, not by dying.
  SIGPIPE: "nothing",
};
const STOPS: readonly NodeJS.Signals[] = ["SIGTERM", "SIGINT", "SIGQUIT"];

let receive: Receive | undefined;
/** One of each is enough: two reloads that nobody could carry out yet are one. */
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

/** Has a signal asked to stop that nobody has obeyed yet? */
export const isStopKept = (): boolean => [...kept.values()].some(({ wish }) => wish === "stop");

/** Somebody obeys from now on, first what was kept. */
export function obeySignals(what: Receive): void {
  receive = what;
  const earlier = [...kept.values()];
  kept.clear();
  for (const asked of earlier) what(asked);
}
