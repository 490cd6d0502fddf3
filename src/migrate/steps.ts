/**
 * The next thing to do, from the journal and from what is observed of the machine. Nothing is
 * remembered in between, so that a program that was killed is followed by another that goes on, or
 * back, from wherever the machine is.
 *
 *   apply   no mark ──begin──> "begun" ──perform, until it holds──> "done"
 *   undo    "done" ──begin──> "begun" ──perform the reverse, until it holds──> no mark
 *
 * A step that holds already is not performed. Every action is safe to repeat.
 */
import { type Direction, type Journal, STEPS, type Step } from "./journal.ts";

/** The machine, as far as steps depend on it. */
export interface Observed {
  /** The text of the drop-in; undefined if there is none. */
  readonly dropIn: string | undefined;
  /** systemd has read the unit files as they are. */
  readonly isLoaded: boolean;
  readonly keepalived: {
    readonly isActive: boolean;
    readonly isEnabled: boolean;
    /** Processes of keepalived in this network namespace, of the unit or not. */
    readonly processes: readonly number[];
  };
  readonly baton: {
    readonly isActive: boolean;
    readonly isEnabled: boolean;
    /** The control socket answers, and the engine behind it. */
    readonly answers: boolean;
  };
  /** Virtual addresses that are on this machine now. */
  readonly addresses: readonly string[];
}

export type Command =
  | { readonly kind: "systemctl"; readonly args: readonly string[] }
  | { readonly kind: "write"; readonly path: string; readonly text: string }
  | { readonly kind: "remove"; readonly path: string };

export type Action =
  | { readonly kind: "mark"; readonly step: Step; readonly progress: "begun" | "done" | undefined }
  | { readonly kind: "perform"; readonly step: Step; readonly commands: readonly Command[] }
  /** It was performed, and the machine is not as it should be. */
  | { readonly kind: "failed"; readonly step: Step }
  | { readonly kind: "finished" };

/** @param tried the step that was performed just now, and given time */
export function nextAction(journal: Journal, observed: Observed, tried?: Step): Action {
  return journal.direction === "apply"
    ? nextOfApply(journal, observed, tried)
    : nextOfUndo(journal, observed, tried);
}

function nextOfApply(journal: Journal, observed: Observed, tried: Step | undefined): Action {
  for (const step of STEPS) {
    const progress = journal.progress[step];
    if (progress === "done") continue;
    if (progress === undefined) return { kind: "mark", step, progress: "begun" };
    if (isApplied(step, journal, observed)) return { kind: "mark", step, progress: "done" };
    if (tried === step) return { kind: "failed", step };
    return { kind: "perform", step, commands: commandsOf(step, journal, "apply", observed) };
  }
  return { kind: "finished" };
}

function nextOfUndo(journal: Journal, observed: Observed, tried: Step | undefined): Action {
  for (const step of STEPS.toReversed()) {
    const progress = journal.progress[step];
    if (progress === undefined) continue;
    if (isUndone(step, journal, observed)) return { kind: "mark", step, progress: undefined };
    if (tried === step) return { kind: "failed", step };
    // Half undone it is not done any more, if somebody goes on with the migration after all.
    if (progress === "done") return { kind: "mark", step, progress: "begun" };
    return { kind: "perform", step, commands: commandsOf(step, journal, "undo", observed) };
  }
  return { kind: "finished" };
}

export function isApplied(step: Step, { dropIn }: Journal, observed: Observed): boolean {
  const { keepalived, baton } = observed;
  switch (step) {
    case "carry-over":
      return observed.dropIn === dropIn.text && observed.isLoaded;
    case "enable-baton":
      return baton.isEnabled;
    case "disable-keepalived":
      return !keepalived.isEnabled;
    case "stop-keepalived":
      // With an address that nobody gives up, a peer's take-over would make two owners. If Baton
      // runs already (a reboot came in between), the addresses are its own.
      return (
        !keepalived.isActive &&
        keepalived.processes.length === 0 &&
        (baton.isActive || observed.addresses.length === 0)
      );
    case "start-baton":
      return baton.isActive && baton.answers;
  }
}

export function isUndone(step: Step, { before }: Journal, observed: Observed): boolean {
  const { keepalived, baton } = observed;
  switch (step) {
    case "carry-over":
      return observed.dropIn === before.dropIn && observed.isLoaded;
    case "enable-baton":
      return baton.isEnabled === before.batonEnabled;
    case "disable-keepalived":
      return keepalived.isEnabled === before.keepalivedEnabled;
    case "stop-keepalived":
      return keepalived.isActive && keepalived.processes.length > 0 && !baton.isActive;
    case "start-baton":
      return !baton.isActive;
  }
}

/**
 * In the plan for people too: what is shown is what is done.
 *
 * @param observed whether the other daemon runs, which a reboot in between may have started.
 * Conflicts= would stop it too, but not every unit file has it. Undefined: as the plan expects it.
 */
export function commandsOf(
  step: Step,
  journal: Journal,
  direction: Direction,
  observed?: Observed,
): readonly Command[] {
  const { keepalivedUnit, batonUnit, dropIn, before } = journal;
  const forth = direction === "apply";
  switch (step) {
    case "carry-over": {
      const text = forth ? dropIn.text : before.dropIn;
      const { path } = dropIn;
      return [
        text === undefined ? { kind: "remove", path } : { kind: "write", path, text },
        systemctl("daemon-reload"),
      ];
    }
    case "enable-baton":
      return [systemctl(forth || before.batonEnabled ? "enable" : "disable", batonUnit)];
    case "disable-keepalived":
      return [systemctl(forth || !before.keepalivedEnabled ? "disable" : "enable", keepalivedUnit)];
    case "stop-keepalived":
      return forth
        ? [systemctl("stop", keepalivedUnit)]
        : [...stopIf(observed?.baton.isActive, batonUnit), systemctl("start", keepalivedUnit)];
    case "start-baton":
      return forth
        ? [...stopIf(observed?.keepalived.isActive, keepalivedUnit), systemctl("start", batonUnit)]
        : [systemctl("stop", batonUnit)];
  }
}

const stopIf = (isActive: boolean | undefined, unit: string): readonly Command[] =>
  isActive === true ? [systemctl("stop", unit)] : [];

const systemctl = (...args: readonly string[]): Command => ({ kind: "systemctl", args });
