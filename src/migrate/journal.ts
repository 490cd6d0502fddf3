/**
 * What `baton migrate` keeps on the disk: what was there before, what is to be there, and how far
 * it has come. It is written before a step begins and after it was seen to be done, so that
 * whatever ends the program, the next one knows every step that may have touched the machine.
 */

/** In the order in which they are carried out; they are undone in the reverse order. */
export const STEPS = [
  /** A drop-in of Baton's unit with what keepalived's unit and command line say. */
  "carry-over",
  /**
   * Before keepalived is disabled: a reboot between the two finds both enabled, and Conflicts= has
   * systemd start one of them. The other way round it would find none.
   */
  "enable-baton",
  "disable-keepalived",
  /** It hands the address over (priority 0), so a backup that listens has it. */
  "stop-keepalived",
  "start-baton",
] as const;

export type Step = (typeof STEPS)[number];

export type Direction = "apply" | "undo";

/** What `systemctl is-enabled` says: "enabled", "disabled", "static" … */
export interface Before {
  readonly keepalivedEnabled: boolean;
  readonly batonEnabled: boolean;
  /** The text of a file that was at the drop-in's place. */
  readonly dropIn: string | undefined;
}

export interface Journal {
  readonly version: 1;
  /** ISO 8601, for people. */
  readonly startedAt: string;
  readonly direction: Direction;
  readonly before: Before;
  readonly keepalivedUnit: string;
  readonly batonUnit: string;
  readonly dropIn: { readonly path: string; readonly text: string };
  /** Virtual addresses: none of them may be left behind by keepalived. */
  readonly addresses: readonly string[];
  /** A step that is not named was not begun, or has been undone. */
  readonly progress: Readonly<Partial<Record<Step, "begun" | "done">>>;
}

export type Phase = "applying" | "applied" | "undoing" | "undone";

export function phaseOf({ direction, progress }: Journal): Phase {
  if (direction === "undo") {
    return STEPS.some((step) => progress[step] !== undefined) ? "undoing" : "undone";
  }
  return STEPS.every((step) => progress[step] === "done") ? "applied" : "applying";
}

export const turned = (journal: Journal, direction: Direction): Journal => ({
  ...journal,
  direction,
});

export function marked(
  journal: Journal,
  step: Step,
  progress: "begun" | "done" | undefined,
): Journal {
  const { [step]: _, ...others } = journal.progress;
  return {
    ...journal,
    progress: progress === undefined ? others : { ...others, [step]: progress },
  };
}
