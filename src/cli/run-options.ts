/**
 * The options of `baton run`: its own, and all of keepalived's, so that a unit file or a script that starts keepalived needs
 * no other change than the program's name. Read as getopt_long reads them: `-nlD`, `-f FILE`, `-fFILE`, `--use-file=FILE`.
 */

import type { CloudQuestion } from "#daemon/cloud-source";
import type { LogFormat } from "#daemon/log";
import type { Language } from "#diagnostics/diagnostic";
import { languageOf, readLanguage } from "#diagnostics/language";
import { RUNTIME_DIR } from "./control-client.ts";

export interface RunOptions {
  /** Undefined: the default file. */
  readonly file: string | undefined;
  readonly runtimeDir: string;
  readonly logFormat: LogFormat;
  readonly logDetail: boolean;
  readonly language: Language;
  readonly configId: string | undefined;
  /** Of the supervisor, and of the engine (keepalived's VRRP child). */
  readonly pidFiles: readonly string[];
  readonly enginePidFile: string | undefined;
  /** What happens to the routers is appended there, for `baton replay`. */
  readonly recordFile: string | undefined;
  readonly isTest: boolean;
  readonly testLog: string | undefined;
  readonly isCompatible: boolean;
  readonly umask: number | undefined;
  /** Ask the cloud whether it agrees about the addresses. Undefined: do not. */
  readonly cloud: CloudQuestion | undefined;
  /** keepalived's options that change nothing here, with the reason. */
  readonly ignored: readonly Ignored[];
}

export interface Ignored {
  readonly option: string;
  readonly why: IgnoredWhy;
}

export type IgnoredWhy =
  | "log-is-stderr"
  | "vrrp-only"
  | "always-released"
  | "always-respawned"
  | "no-snmp"
  | "not-needed";

export type RunRequest =
  | { readonly kind: "run"; readonly options: RunOptions }
  | { readonly kind: "help"; readonly language: Language }
  | { readonly kind: "version" }
  | { readonly kind: "signal-number"; readonly number: number }
  /** Exit status 2. */
  | { readonly kind: "usage"; readonly problem: UsageProblem; readonly language: Language };

export type UsageProblem =
  | { readonly kind: "unknown-option"; readonly option: string }
  | { readonly kind: "missing-value"; readonly option: string }
  | { readonly kind: "needless-value"; readonly option: string }
  | {
      readonly kind: "bad-value";
      readonly option: string;
      readonly value: string;
      readonly wanted: string;
    }
  | { readonly kind: "no-operand"; readonly word: string }
  | { readonly kind: "namespace"; readonly name: string }
  | { readonly kind: "checkers-only" };

type Argument = "none" | "required" | "optional";
interface Option {
  readonly long: string;
  readonly short?: string;
  readonly argument: Argument;
  /** What it is for; keepalived's that change nothing name their reason. */
  readonly use: Use;
}
type Use =
  | "file"
  | "runtime-dir"
  | "log-format"
  | "detail"
  | "lang"
  | "config-id"
  | "pid"
  | "engine-pid"
  | "test"
  | "compat"
  | "umask"
  | "record"
  | "cloud"
  | "cloud-region"
  | "cloud-instance"
  | "help"
  | "version"
  | "signum"
  | "namespace"
  | "checkers-only"
  /** Exactly what Baton does anyway. */
  | "so-it-is"
  | IgnoredWhy;

const option = (long: string, short: string | undefined, argument: Argument, use: Use): Option => ({
  long,
  argument,
  use,
  ...(short === undefined ? {} : { short }),
});

/** keepalived(8); the letters are its own. */
const OPTIONS: readonly Option[] = [
  option("use-file", "f", "required", "file"),
  option("runtime-dir", undefined, "required", "runtime-dir"),
  option("log-format", undefined, "required", "log-format"),
  option("lang", undefined, "required", "lang"),
  option("compat", undefined, "none", "compat"),
  option("record", undefined, "required", "record"),
  option("cloud", undefined, "optional", "cloud"),
  option("cloud-region", undefined, "required", "cloud-region"),
  option("cloud-instance", undefined, "required", "cloud-instance"),
  option("log-detail", "D", "none", "detail"),
  option("config-id", "i", "required", "config-id"),
  option("pid", "p", "required", "pid"),
  option("vrrp_pid", "r", "required", "engine-pid"),
  option("config-test", "t", "optional", "test"),
  option("umask", "u", "required", "umask"),
  option("help", "h", "none", "help"),
  option("version", "v", "none", "version"),
  option("signum", undefined, "required", "signum"),
  option("namespace", "s", "required", "namespace"),
  option("check", "C", "none", "checkers-only"),
  option("dont-fork", "n", "none", "so-it-is"),
  option("log-console", "l", "none", "so-it-is"),
  option("vrrp", "P", "none", "so-it-is"),
  option("no-syslog", "G", "none", "so-it-is"),
  option("release-vips", "X", "none", "so-it-is"),
  option("all", undefined, "none", "vrrp-only"),
  option("no_bfd", "B", "none", "so-it-is"),
  option("dont-release-vrrp", "V", "none", "always-released"),
  option("dont-respawn", "R", "none", "always-respawned"),
  option("dont-release-ipvs", "I", "none", "vrrp-only"),
  option("checkers_pid", "c", "required", "vrrp-only"),
  option("bfd_pid", "b", "required", "vrrp-only"),
  option("dump-conf", "d", "none", "not-needed"),
  option("log-facility", "S", "required", "log-is-stderr"),
  option("log-file", "g", "optional", "log-is-stderr"),
  option("flush-log-file", undefined, "none", "log-is-stderr"),
  option("address-monitoring", "a", "none", "not-needed"),
  option("all-config", "e", "optional", "not-needed"),
  option("core-dump", "m", "none", "not-needed"),
  option("core-dump-pattern", "M", "optional", "not-needed"),
  option("mem-check-log", "L", "none", "not-needed"),
  option("perf", undefined, "optional", "not-needed"),
  option("debug", undefined, "optional", "not-needed"),
  option("snmp", "x", "none", "no-snmp"),
  option("snmp-agent-socket", "A", "required", "no-snmp"),
];

export const RUN_OPTION_NAMES: readonly string[] = OPTIONS.map((one) => `--${one.long}`);

/** The signals a script may ask for by keepalived's names and numbers; what each does is in src/daemon/signals.ts. */
const SIGNALS: Readonly<Record<string, number>> = {
  STOP: 15,
  RELOAD: 1,
  DATA: 10,
  STATS: 12,
  STATS_CLEAR: 63,
  JSON: 36,
};

interface Given {
  readonly option: Option;
  /** As it was written. */
  readonly name: string;
  readonly value: string | undefined;
}

export function readRunOptions(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): RunRequest {
  const split = splitArguments(args);
  const asked = "given" in split ? lastOf(split.given, "lang") : undefined;
  const language = readLanguage(asked ?? "") ?? languageOf(env);
  if ("kind" in split) return { kind: "usage", problem: split, language };
  const { given } = split;
  const has = (use: Use): boolean => given.some((one) => one.option.use === use);
  if (has("help")) return { kind: "help", language };
  if (has("version")) return { kind: "version" };
  const problem = findProblem(given);
  if (problem !== undefined) return { kind: "usage", problem, language };
  const signal = lastOf(given, "signum");
  if (signal !== undefined) return { kind: "signal-number", number: SIGNALS[signal] ?? 0 };
  const umask = lastOf(given, "umask");
  const test = given.find((one) => one.option.use === "test");
  return {
    kind: "run",
    options: {
      file: lastOf(given, "file"),
      runtimeDir: lastOf(given, "runtime-dir") ?? RUNTIME_DIR,
      logFormat: lastOf(given, "log-format") === "json" ? "json" : "text",
      logDetail: has("detail"),
      language,
      configId: lastOf(given, "config-id"),
      pidFiles: given.flatMap((one) => (one.option.use === "pid" ? [one.value ?? ""] : [])),
      enginePidFile: lastOf(given, "engine-pid"),
      recordFile: lastOf(given, "record"),
      isTest: test !== undefined,
      testLog: test?.value,
      isCompatible: has("compat"),
      umask: umask === undefined ? undefined : Number.parseInt(umask, 8),
      cloud: has("cloud")
        ? {
            endpoint: lastOf(given, "cloud"),
            region: lastOf(given, "cloud-region"),
            instanceId: lastOf(given, "cloud-instance"),
            credentialsFile: undefined,
          }
        : undefined,
      ignored: given.flatMap((one) => {
        const why = IGNORED.find((word) => word === one.option.use);
        return why === undefined ? [] : [{ option: one.name, why }];
      }),
    },
  };
}

const IGNORED: readonly IgnoredWhy[] = [
  "log-is-stderr",
  "vrrp-only",
  "always-released",
  "always-respawned",
  "no-snmp",
  "not-needed",
];

const lastOf = (given: readonly Given[], use: Use): string | undefined =>
  given.findLast((one) => one.option.use === use)?.value;

function findProblem(given: readonly Given[]): UsageProblem | undefined {
  for (const { option: known, name, value = "" } of given) {
    const bad = (wanted: string): UsageProblem => ({
      kind: "bad-value",
      option: name,
      value,
      wanted,
    });
    if (known.use === "log-format" && value !== "text" && value !== "json")
      return bad("text, json");
    if (known.use === "lang" && readLanguage(value) === undefined) return bad("en, zh-CN");
    if (known.use === "umask" && !/^[0-7]{1,4}$/.test(value)) return bad("0-0777");
    if (known.use === "signum" && !Object.hasOwn(SIGNALS, value))
      return bad(Object.keys(SIGNALS).join(", "));
    if (known.use === "namespace") return { kind: "namespace", name: value };
    if (known.use === "checkers-only") return { kind: "checkers-only" };
  }
  return undefined;
}

function splitArguments(
  args: readonly string[],
): { readonly given: readonly Given[] } | UsageProblem {
  const given: Given[] = [];
  for (let i = 0; i < args.length; i++) {
    const word = args[i] ?? "";
    const take = (): string | undefined => {
      i += 1;
      return args[i];
    };
    if (word === "--") {
      const operand = args[i + 1];
      return operand === undefined ? { given } : { kind: "no-operand", word: operand };
    }
    const read = word.startsWith("--")
      ? readLong(word, take)
      : word.startsWith("-") && word !== "-"
        ? readShort(word, take)
        : ({ kind: "no-operand", word } as const);
    if ("kind" in read) return read;
    given.push(...read);
  }
  return { given };
}

function readLong(word: string, take: () => string | undefined): readonly Given[] | UsageProblem {
  const [name = "", ...rest] = word.slice(2).split("=");
  const value = word.includes("=") ? rest.join("=") : undefined;
  // keepalived writes some with an underscore; nobody should have to remember which.
  const known = OPTIONS.find((one) => one.long.replaceAll("_", "-") === name.replaceAll("_", "-"));
  const written = `--${name}`;
  if (known === undefined) return { kind: "unknown-option", option: written };
  if (known.argument === "none" && value !== undefined)
    return { kind: "needless-value", option: written };
  const given = known.argument === "required" ? (value ?? take()) : value;
  if (known.argument === "required" && given === undefined)
    return { kind: "missing-value", option: written };
  return [{ option: known, name: written, value: given }];
}

function readShort(word: string, take: () => string | undefined): readonly Given[] | UsageProblem {
  const given: Given[] = [];
  for (let at = 1; at < word.length; at++) {
    const letter = word[at] ?? "";
    const name = `-${letter}`;
    const known = OPTIONS.find((one) => one.short === letter);
    if (known === undefined) return { kind: "unknown-option", option: name };
    if (known.argument === "none") {
      given.push({ option: known, name, value: undefined });
      continue;
    }
    const rest = word.slice(at + 1);
    const value =
      rest !== "" ? rest.replace(/^=/, "") : known.argument === "required" ? take() : undefined;
    if (known.argument === "required" && value === undefined)
      return { kind: "missing-value", option: name };
    return [...given, { option: known, name, value }];
  }
  return given;
}
