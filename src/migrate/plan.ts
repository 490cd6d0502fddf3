/** A migration that has not begun: what would be written, run, and be different. */
import { printDropIn, sortUnit } from "./drop-in.ts";
import type { Facts } from "./facts.ts";
import type { Journal } from "./journal.ts";
import type { UnitLine } from "./unit-file.ts";

export interface PlanOptions {
  /** `-f`: another file than keepalived's. */
  readonly file: string | undefined;
  /** Errors of the file are accepted, as by `baton run --compat`. */
  readonly isCompatible: boolean;
  /** ISO 8601. */
  readonly startedAt: string;
  /** The text that is at the drop-in's place now. */
  readonly dropInBefore: string | undefined;
}

export interface Plan {
  readonly journal: Journal;
  /** Lines of keepalived's unit that nobody carries over. */
  readonly left: readonly UnitLine[];
}

export const dropInPath = (unit: string): string =>
  `/etc/systemd/system/${unit}.d/50-keepalived.conf`;

export function makePlan({ keepalived, baton, instances }: Facts, options: PlanOptions): Plan {
  const { carried, left } = sortUnit(keepalived.unitLines);
  const text = printDropIn({
    keepalivedUnit: keepalived.unit,
    carried,
    program: baton.program ?? "/usr/bin/baton",
    args: [
      ...keepalived.args,
      ...(options.file === undefined ? [] : ["-f", options.file]),
      ...(options.isCompatible ? ["--compat"] : []),
    ],
  });
  return {
    left,
    journal: {
      version: 1,
      startedAt: options.startedAt,
      direction: "apply",
      before: {
        keepalivedEnabled: keepalived.isEnabled,
        batonEnabled: baton.isEnabled,
        dropIn: options.dropInBefore,
      },
      keepalivedUnit: keepalived.unit,
      batonUnit: baton.unit,
      dropIn: { path: dropInPath(baton.unit), text },
      addresses: [...new Set(instances.flatMap((one) => one.addresses))],
      progress: {},
    },
  };
}
