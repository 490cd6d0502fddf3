/** The words of `baton check`. */
import { CLOUDS, type Cloud } from "#config/rules/cloud";
import type { Language } from "#diagnostics/diagnostic";
import { languageOf, readLanguage } from "./language.ts";

export type Format = "text" | "json" | "sarif" | "github";

export interface CheckOptions {
  readonly files: readonly string[];
  readonly configId: string | undefined;
  readonly format: Format;
  readonly language: Language;
  readonly cloud: Cloud | undefined;
  readonly live: boolean;
  readonly fix: boolean;
  /** Every finding, also of a code of which there are thousands. */
  readonly all: boolean;
}

export type ParsedOptions =
  | { readonly kind: "options"; readonly options: CheckOptions }
  | { readonly kind: "help" }
  | { readonly kind: "usage"; readonly message: string };

export const CHECK_USAGE: string = `baton check: reads a keepalived.conf and says what is wrong with it

  baton check [-f FILE | FILE …] [options]

With two files, it also compares them as the two nodes of one pair.

  -f, --use-file FILE   the file (default /etc/keepalived/keepalived.conf)
  -i, --config-id ID    judge @conditions for this machine (default: this host's name)
      --lang LANG       en or zh-CN (default: from LC_ALL, LC_MESSAGES, LANG)
      --cloud NAME      advice for ${CLOUDS.join(", ")} (default: guessed from the file)
      --live            look at this machine too: interfaces, addresses, scripts, kernel settings, firewall,
                        VRRP routers that are heard; with a havip block or a key in the environment also at
                        what the cloud says of the addresses
      --fix             write the certain corrections into the file
      --all             every finding, also of a kind that there are hundreds of
      --json            output for programs
      --sarif           output for code hosts and editors (SARIF 2.1.0)
      --github          output for GitHub Actions

Exit status: 0 fine or warnings only, 5 errors but it would run, 4 it would not run,
6 a script that others can change, 2 wrong usage.
`;

interface Draft {
  files: string[];
  configId: string | undefined;
  format: Format;
  language: Language;
  cloud: Cloud | undefined;
  live: boolean;
  fix: boolean;
  all: boolean;
}

const SHORT: Readonly<Record<string, string>> = {
  "-f": "--use-file",
  "-i": "--config-id",
  "-h": "--help",
};

export function parseCheckOptions(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): ParsedOptions {
  const draft: Draft = {
    files: [],
    configId: undefined,
    format: "text",
    language: languageOf(env),
    cloud: undefined,
    live: false,
    fix: false,
    all: false,
  };
  const words = args.flatMap(splitWord);
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? "";
    if (word === "--") {
      draft.files.push(...words.slice(at + 1));
      break;
    }
    if (!word.startsWith("-") || word === "-") {
      draft.files.push(word);
      continue;
    }
    const name = SHORT[word] ?? word;
    if (name === "--help") return { kind: "help" };
    const needsValue = VALUES.has(name);
    const value = needsValue ? words[++at] : undefined;
    if (needsValue && value === undefined) return usage(`${word} needs a value`);
    const problem = apply(draft, name, value ?? "");
    if (problem !== undefined) return usage(problem);
  }
  return { kind: "options", options: draft };
}

const usage = (message: string): ParsedOptions => ({ kind: "usage", message });

/** `--lang=zh-CN` and `-f=FILE` are two words. */
function splitWord(word: string): readonly string[] {
  const match = /^(--[a-z-]+)=(.*)$/s.exec(word);
  return match === null ? [word] : [match[1] ?? "", match[2] ?? ""];
}

const VALUES: ReadonlySet<string> = new Set(["--use-file", "--config-id", "--lang", "--cloud"]);

function apply(draft: Draft, name: string, value: string): string | undefined {
  switch (name) {
    case "--use-file":
      draft.files.push(value);
      return undefined;
    case "--config-id":
      draft.configId = value;
      return undefined;
    case "--lang": {
      const language = readLanguage(value);
      if (language === undefined) return `--lang ${value}: en or zh-CN`;
      draft.language = language;
      return undefined;
    }
    case "--cloud": {
      const cloud = CLOUDS.find((one) => one === value);
      if (cloud === undefined) return `--cloud ${value}: one of ${CLOUDS.join(", ")}`;
      draft.cloud = cloud;
      return undefined;
    }
    case "--json":
    case "--sarif":
    case "--github":
      draft.format = name === "--json" ? "json" : name === "--sarif" ? "sarif" : "github";
      return undefined;
    case "--live":
      draft.live = true;
      return undefined;
    case "--all":
      draft.all = true;
      return undefined;
    case "--fix":
      draft.fix = true;
      return undefined;
    default:
      return `there is no option ${name}`;
  }
}
