/**
 * Carries a migration out, forth or back, step by step. What decides is #migrate/steps; here the
 * journal is written, commands are run, and the machine is looked at.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { type Direction, type Journal, marked, type Step, turned } from "#migrate/journal";
import {
  type Action,
  type Command,
  isApplied,
  isUndone,
  nextAction,
  type Observed,
} from "#migrate/steps";

/** The machine and the disk; tests have others. */
export interface Ports {
  observe(journal: Journal): Promise<Observed>;
  /** Undefined if it was done, otherwise what went wrong. */
  perform(command: Command): Promise<string | undefined>;
  /** On the disk when it returns; what went wrong, or undefined. */
  write(journal: Journal): string | undefined;
  /** Before the first command of a step. */
  onStep(step: Step, direction: Direction): void;
  /** Waits a little before looking again. */
  pause(): Promise<void>;
}

export interface Trouble {
  readonly step: Step;
  readonly direction: Direction;
  /** What the system said; empty if it said nothing. */
  readonly why: string;
}

export interface Carried {
  readonly journal: Journal;
  /** Empty: all went well. */
  readonly troubles: readonly Trouble[];
  /** It ended between two steps; the journal knows where. */
  readonly isStuck: boolean;
}

/** How often a machine is looked at again after a command, before a step counts as failed. */
const LOOKS = 100;
/** The same after a command that failed: systemd may still be at it. */
const LOOKS_AFTER_FAILURE = 5;
const PAUSE_MS = 150;

export const pause = async (): Promise<void> => {
  await sleep(PAUSE_MS);
};

/**
 * A step that fails is taken back with all before it. On the way back to keepalived that is so only
 * if keepalived does not start: then Baton, which was stopped for it, starts again.
 */
export async function carryOut(start: Journal, ports: Ports): Promise<Carried> {
  const troubles: Trouble[] = [];
  let journal = start;
  let tried: Step | undefined;
  let why = "";
  const turn = (step: Step, reason: string): void => {
    const { direction } = journal;
    troubles.push({ step, direction, why: reason });
    journal = turned(journal, direction === "apply" ? "undo" : "apply");
    tried = undefined;
  };
  for (;;) {
    const observed = await ports.observe(journal);
    const action: Action = nextAction(journal, observed, tried);
    switch (action.kind) {
      case "finished":
        return { journal, troubles, isStuck: false };
      case "mark": {
        journal = marked(journal, action.step, action.progress);
        tried = undefined;
        const failure = ports.write(journal);
        // On the way back a full disk must not stop us: what is marked there only saves work.
        const isForth = journal.direction === "apply" && start.direction === "apply";
        if (failure !== undefined && isForth) turn(action.step, failure);
        break;
      }
      case "perform":
        ports.onStep(action.step, journal.direction);
        why = await performAll(action.commands, ports);
        await untilHolds(action.step, journal, ports, why === "" ? LOOKS : LOOKS_AFTER_FAILURE);
        tried = action.step;
        break;
      case "failed": {
        const { step } = action;
        const { direction } = journal;
        if (direction !== start.direction || (direction === "undo" && step !== "stop-keepalived")) {
          troubles.push({ step, direction, why });
          return { journal, troubles, isStuck: true };
        }
        turn(step, why);
        // If it cannot be written, the next call finds the steps all the same.
        void ports.write(journal);
        break;
      }
    }
  }
}

async function performAll(commands: readonly Command[], ports: Ports): Promise<string> {
  for (const command of commands) {
    const failure = await ports.perform(command);
    // What a failed command was to prepare is not there.
    if (failure !== undefined) return failure;
  }
  return "";
}

async function untilHolds(
  step: Step,
  journal: Journal,
  ports: Ports,
  looks: number,
): Promise<void> {
  const holds = journal.direction === "apply" ? isApplied : isUndone;
  for (let left = looks; left > 0; left--) {
    if (holds(step, journal, await ports.observe(journal))) return;
    await ports.pause();
  }
}
