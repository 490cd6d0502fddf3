/**
 * What of keepalived's unit concerns whatever runs in its place: its order among other units, its
 * environment and its limits. It becomes a drop-in of Baton's unit. What describes keepalived's own
 * process (its type, its PID file, how it is stopped) is Baton's own affair; the rest is listed, so
 * that somebody may decide about it.
 */
import { splitQuoted, type UnitLine } from "./unit-file.ts";

const CARRIED: Readonly<Record<string, RegExp>> = {
  Unit: /^(?:After|Before|Wants|Requires|Requisite|BindsTo|PartOf|OnFailure|OnSuccess|RequiresMountsFor|JoinsNamespaceOf)$/,
  Service:
    /^(?:Environment|EnvironmentFile|PassEnvironment|Nice|Limit\w+|OOMScoreAdjust|CPUAffinity|CPUWeight|IOWeight|MemoryMin|MemoryLow|Slice|NetworkNamespacePath)$/,
};

/** Baton's unit says it itself. */
const OWN: Readonly<Record<string, RegExp>> = {
  Unit: /^(?:Description|Documentation|Conflicts|StartLimit\w+|DefaultDependencies)$/,
  Service:
    /^(?:Type|ExecStart|ExecReload|PIDFile|KillMode|KillSignal|Restart\w*|Timeout\w*Sec|NotifyAccess|GuessMainPID|RuntimeDirectory\w*|StateDirectory\w*|RemainAfterExit)$/,
  Install: /^/,
};

/** Those of keepalived's packages. */
const CONDITION = /^ConditionFileNotEmpty$/;

export interface Carried {
  readonly carried: readonly UnitLine[];
  /** Neither carried over nor keepalived's own: somebody has to look. */
  readonly left: readonly UnitLine[];
}

export function sortUnit(lines: readonly UnitLine[]): Carried {
  const isCarried = ({ section, key }: UnitLine): boolean => CARRIED[section]?.test(key) === true;
  const isOwn = ({ section, key, value }: UnitLine): boolean =>
    OWN[section]?.test(key) === true ||
    (section === "Unit" && CONDITION.test(key) && value.endsWith("/keepalived.conf"));
  return {
    carried: lines.filter(isCarried),
    left: lines.filter((line) => !isCarried(line) && !isOwn(line)),
  };
}

export interface DropInOptions {
  readonly keepalivedUnit: string;
  readonly carried: readonly UnitLine[];
  /** The path of `baton`, as its unit has it. */
  readonly program: string;
  /** What follows `baton run`. */
  readonly args: readonly string[];
}

export function printDropIn({ keepalivedUnit, carried, program, args }: DropInOptions): string {
  const command = [program, "run", ...args].map(quoteArgument).join(" ");
  const sectionOf = (section: string): readonly string[] =>
    carried.filter((one) => one.section === section).map(({ key, value }) => `${key}=${value}`);
  const unit = sectionOf("Unit");
  return [
    `# Made by \`baton migrate\` from ${keepalivedUnit}; \`baton migrate --undo\` removes it.`,
    ...(unit.length === 0 ? [] : ["[Unit]", ...unit]),
    "[Service]",
    ...sectionOf("Service"),
    "ExecStart=",
    `ExecStart=${command} $BATON_OPTIONS`,
    "",
  ].join("\n");
}

/** systemd.service(5): `%` and `$` have a meaning unless doubled. */
export function quoteArgument(argument: string): string {
  const escaped = argument.replaceAll("%", "%%").replaceAll("$", "$$$$");
  const isPlain = /^[\w@%+=:,./$-]+$/.test(escaped) && splitQuoted(escaped).length === 1;
  return isPlain ? escaped : `"${escaped.replace(/["\\]/g, "\\$&").replaceAll("\n", "\\n")}"`;
}
