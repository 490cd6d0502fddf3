/** The words of `baton check`. */

import type { Language } from "#diagnostics/diagnostic";
import { languageOf, readLanguage } from "#diagnostics/language";
import { CLOUDS, type CloudVendor } from "#keepalived/rules/cloud-vendor";
import { languageAmong } from "./language.ts";
import { needsValue, noSuchLanguage, noSuchOption } from "./usage-mistakes.ts";

export type Format = "text" | "json" | "sarif" | "github";

export interface CheckOptions {
  readonly files: readonly string[];
  readonly configId: string | undefined;
  readonly format: Format;
  readonly language: Language;
  readonly cloud: CloudVendor | undefined;
  readonly live: boolean;
  readonly fix: boolean;
  /** Every finding, also of a code of which there are thousands. */
  readonly all: boolean;
}

export type ParsedOptions =
  | { readonly kind: "options"; readonly options: CheckOptions }
  | { readonly kind: "help"; readonly language: Language }
  | { readonly kind: "usage"; readonly message: string; readonly language: Language };

export const CHECK_USAGE: Readonly<Record<Language, string>> = {
  en: `baton check: reads a keepalived.conf and says what is wrong with it

  baton check [-f FILE | FILE …] [options]

With two files, it also compares them as the two nodes of one pair.

  -f, --use-file FILE   the file (default /etc/keepalived/keepalived.conf)
  -i, --config-id ID    whose lines among those that begin with @ID (default: this host's name)
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
`,
  "zh-CN": `baton check：检查 keepalived.conf，指出其中的问题

  baton check [-f 文件 | 文件 …] [选项]

给出两个文件时，还会把它们当作一对主备节点互相比较。

  -f, --use-file 文件   配置文件（默认 /etc/keepalived/keepalived.conf）
  -i, --config-id ID    以 @ID 开头的行按哪台机器判断（默认为本机主机名）
      --lang 语言       en 或 zh-CN（默认取自 LC_ALL、LC_MESSAGES、LANG）
      --cloud 名称      针对 ${CLOUDS.join("、")} 给出建议（默认根据文件推测）
      --live            同时检查本机：网卡、地址、脚本、内核参数、防火墙、收到的 VRRP 通告；
                        配置了 havip 或环境变量中有密钥时，还会查询云平台上这些地址的情况
      --fix             把有把握的修正写入文件
      --all             列出全部结果，同类结果有数百条时也不省略
      --json            供程序读取的输出
      --sarif           供代码托管平台和编辑器读取的输出（SARIF 2.1.0）
      --github          供 GitHub Actions 读取的输出

退出码：0 没有问题或只有警告，5 有错误但仍可运行，4 无法运行，
6 脚本可被他人修改，2 用法错误。
`,
};

interface Draft {
  files: string[];
  configId: string | undefined;
  format: Format;
  language: Language;
  cloud: CloudVendor | undefined;
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
  // Also for what is wrong before it.
  draft.language = languageAmong(words, env);
  const usage = (message: string): ParsedOptions => ({
    kind: "usage",
    message,
    language: draft.language,
  });
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
    if (name === "--help") return { kind: "help", language: draft.language };
    const takesValue = VALUES.has(name);
    const value = takesValue ? words[++at] : undefined;
    if (takesValue && value === undefined) return usage(needsValue(word, draft.language));
    const problem = apply(draft, name, value ?? "");
    if (problem !== undefined) return usage(problem);
  }
  return { kind: "options", options: draft };
}

/** `--lang=zh-CN` and `-f=FILE` are two words. */
function splitWord(word: string): readonly string[] {
  const match = /^(--[a-z-]+)=(.*)$/s.exec(word);
  return match === null ? [word] : [match[1] ?? "", match[2] ?? ""];
}

const OPTIONS: readonly string[] = [
  "--use-file",
  "--config-id",
  "--lang",
  "--cloud",
  "--live",
  "--fix",
  "--all",
  "--json",
  "--sarif",
  "--github",
  "--help",
];

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
      if (language === undefined) return noSuchLanguage(value, draft.language);
      draft.language = language;
      return undefined;
    }
    case "--cloud": {
      const cloud = CLOUDS.find((one) => one === value);
      if (cloud === undefined) {
        return draft.language === "en"
          ? `\`--cloud\` is one of ${CLOUDS.join(", ")}, not \`${value}\``
          : `\`--cloud\` 应为 ${CLOUDS.join("、")} 之一，而不是 \`${value}\``;
      }
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
      return noSuchOption(name, OPTIONS, draft.language);
  }
}
