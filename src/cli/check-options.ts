/** What `baton check` accepts, and what it means. */

import { defineCommand } from "#command-line/command";
import {
  type Command,
  flag,
  type Line,
  oneOf,
  text,
  UsageError,
  value,
  values,
} from "#command-line/definition";
import type { CommandIo } from "#command-line/io";
import type { Language } from "#diagnostics/diagnostic";
import { CLOUDS, type CloudVendor } from "#keepalived/rules/cloud-vendor";

export type Format = "text" | "json" | "sarif" | "github";

export interface CheckOptions {
  readonly files: readonly string[];
  readonly configId: string | undefined;
  readonly format: Format;
  readonly language: Language;
  readonly cloud: CloudVendor | undefined;
  readonly live: boolean;
  readonly fix: boolean;
  /** Print every finding, even if one code has thousands of them. */
  readonly all: boolean;
}

const OPTIONS = {
  "use-file": values(
    text("FILE", "文件"),
    text(
      "the file (default /etc/keepalived/keepalived.conf)",
      "配置文件（默认 /etc/keepalived/keepalived.conf）",
    ),
    { short: "f", completes: "files" },
  ),
  "config-id": value(
    text("ID", "ID"),
    text(
      "which of the lines that begin with @ID count (default: this host's name)",
      "以 @ID 开头的行按哪台机器判断（默认为本机主机名）",
    ),
    { short: "i" },
  ),
  cloud: value(
    text("NAME", "名称"),
    text(
      `advice for ${CLOUDS.join(", ")} (default: guessed from the file)`,
      `针对 ${CLOUDS.join("、")} 给出建议（默认根据文件推测）`,
    ),
    { accepts: oneOf(CLOUDS) },
  ),
  live: flag(
    text(
      "look at this machine too: interfaces, addresses, scripts, kernel settings, firewall, VRRP routers that are heard; with a havip block or a key in the environment also at what the cloud reports of the addresses",
      "同时检查本机：网卡、地址、脚本、内核参数、防火墙、收到的 VRRP 通告；配置了 havip 或环境变量中有密钥时，还会查询云平台上这些地址的情况",
    ),
  ),
  fix: flag(text("write the certain corrections into the file", "把有把握的修正写入文件")),
  all: flag(
    text(
      "every finding, also of a kind that there are hundreds of",
      "列出全部结果，同类结果有数百条时也不省略",
    ),
  ),
  json: flag(text("output for programs", "供程序读取的输出")),
  sarif: flag(
    text(
      "output for code hosts and editors (SARIF 2.1.0)",
      "供代码托管平台和编辑器读取的输出（SARIF 2.1.0）",
    ),
  ),
  github: flag(text("output for GitHub Actions", "供 GitHub Actions 读取的输出")),
} as const;

const FORMATS = ["json", "sarif", "github"] as const;

function readOptions(line: Line<typeof OPTIONS>): CheckOptions {
  const { options, operands, language } = line;
  const asked = FORMATS.filter((one) => options[one]);
  const [format = "text", other] = asked;
  if (other !== undefined) {
    throw new UsageError(
      text(
        `\`--${format}\` and \`--${other}\` are two forms of the output; give one`,
        `\`--${format}\` 与 \`--${other}\` 是两种输出格式，请只用一个`,
      ),
    );
  }
  return {
    files: [...options["use-file"], ...operands],
    configId: options["config-id"],
    format,
    language,
    cloud: CLOUDS.find((one) => one === options.cloud),
    live: options.live,
    fix: options.fix,
    all: options.all,
  };
}

/** @param run does the work; its result is the exit status */
export const checkCommand = (
  run: (options: CheckOptions, io: CommandIo) => Promise<number>,
): Command =>
  defineCommand({
    name: "check",
    summary: text(
      "Reads a keepalived.conf and reports what is wrong with it, with place, reason and correction. With two files, it also compares them as the two nodes of one pair.",
      "检查 keepalived.conf，指出其中的问题，并给出位置、原因和改法。给出两个文件时，还会把它们当作一对主备节点互相比较。",
    ),
    options: OPTIONS,
    operands: [
      {
        name: text("FILE", "文件"),
        about: text("the same as -f FILE", "同 -f 文件"),
        isOptional: true,
        most: Infinity,
        completes: "files",
      },
    ],
    examples: [
      { line: "baton check", about: text("this machine's file", "本机的配置文件") },
      { line: "baton check a.conf b.conf", about: text("a pair of nodes", "一对主备节点") },
      {
        line: "sudo baton check --live",
        about: text("also against this machine", "同时对照本机的实际情况"),
      },
      { line: "baton check --fix x.conf", about: text("and correct it", "并改正") },
    ],
    notes: text(
      `Exit status: 0 fine or warnings only, 5 errors: keepalived would run it, baton run only with --compat, 4 it would not run, 6 a script that others can change, 2 wrong usage.`,
      `退出码：0 没有问题或只有警告，5 有错误：keepalived 仍会运行，baton run 须加 --compat，4 无法运行，6 脚本可被他人修改，2 用法错误。`,
    ),
    run: async (line) => await run(readOptions(line), line.io),
  });
