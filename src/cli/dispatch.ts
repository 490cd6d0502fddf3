/** `baton COMMAND`: finds the command and imports only it, so that every start is quick. */
import type { Language } from "#diagnostics/diagnostic";
import { LANGUAGE_VARIABLE, languageOf, readLanguage } from "#diagnostics/language";
import type { Command, CommandIo } from "./io.ts";

interface Entry {
  readonly load: () => Promise<Command>;
  readonly en: string;
  readonly zh: string;
}

const COMMANDS: Readonly<Record<string, Entry>> = {
  run: {
    load: async () => (await import("./run.ts")).command,
    en: "run the daemon in the foreground",
    zh: "在前台运行守护进程",
  },
  check: {
    load: async () => (await import("./check.ts")).command,
    en: "find what is wrong with a keepalived.conf",
    zh: "检查 keepalived.conf 的问题",
  },
  status: {
    load: async () => (await import("./status.ts")).command,
    en: "show who owns what, and since when",
    zh: "显示当前状态",
  },
  explain: {
    load: async () => (await import("./explain.ts")).command,
    en: "say why an instance or a sync group is in its state, or what a code like VR2104 means",
    zh: "解释实例或同步组的状态，或 VR2104 这样的编号",
  },
  reload: {
    load: async () => (await import("./reload.ts")).command,
    en: "make the daemon read its configuration again",
    zh: "让守护进程重新读取配置",
  },
  release: {
    load: async () => (await import("./release.ts")).command,
    en: "remove addresses that a dead daemon left behind",
    zh: "清除已退出的守护进程遗留的地址",
  },
  config: {
    load: async () => (await import("./config.ts")).command,
    en: "format a configuration, or show its effective values",
    zh: "格式化配置，或显示生效的值",
  },
  cloud: {
    load: async () => (await import("./cloud.ts")).command,
    en: "run the emulated cloud",
    zh: "运行云平台模拟器",
  },
  havip: {
    load: async () => (await import("./havip.ts")).command,
    en: "apply for, list, bind and release HAVIPs",
    zh: "申请、查看、绑定、释放 HAVIP",
  },
  eip: {
    load: async () => (await import("./eip.ts")).command,
    en: "manage elastic public addresses",
    zh: "管理弹性公网 IP",
  },
  replay: {
    load: async () => (await import("./replay.ts")).command,
    en: "give a recording to the core again and tell why it decided as it did",
    zh: "重放录制文件，并解释每个决定",
  },
  lab: {
    load: async () => (await import("./lab.ts")).command,
    en: "a VPC in a box: networks, instances, faults",
    zh: "单机 VPC 实验环境",
  },
};

function usage(language: Language): string {
  const english = language === "en";
  const width = Math.max(...Object.keys(COMMANDS).map((name) => name.length));
  const lines = Object.entries(COMMANDS).map(
    ([name, entry]) => `  ${name.padEnd(width)}  ${english ? entry.en : entry.zh}`,
  );
  const head = english
    ? "usage: baton [--lang en|zh-CN] COMMAND [ARGUMENT ...]"
    : "用法：baton [--lang en|zh-CN] 命令 [参数 ...]";
  const foot = english
    ? "`baton help COMMAND` says more, `baton explain VR2104` tells about a finding."
    : "`baton help 命令` 显示详细说明，`baton explain VR2104` 解释检查结果的编号。";
  return `${head}\n\n${lines.join("\n")}\n\n${foot}\n`;
}

const IS_HELP: ReadonlySet<string> = new Set(["help", "--help", "-h"]);

export async function dispatch(argv: readonly string[], given: CommandIo): Promise<number> {
  const start = readGlobalOptions(helpLanguageFirst(argv), given);
  if (typeof start === "number") return start;
  const { words } = start;
  const io = inOwnLanguage(words, start.io);
  const language = languageOf(io.env);
  const [name, ...rest] = words;
  if (name === "--version" || name === "-v" || name === "version") {
    const { VERSION } = await import("#daemon/status");
    io.stdout(`baton ${VERSION}\n`);
    return 0;
  }
  if (name === undefined) {
    io.stderr(usage(language));
    return 2;
  }
  const [topic] = rest;
  if (IS_HELP.has(name)) {
    if (topic === undefined || IS_HELP.has(topic)) {
      io.stdout(usage(language));
      return 0;
    }
    // A code has a page, which `explain` prints; everything else is the command's own help.
    return await runCommand(/^VR\d{4}$/i.test(topic) ? ["explain", topic] : [topic, "--help"], io);
  }
  return await runCommand(words, io);
}

async function runCommand([name = "", ...args]: readonly string[], io: CommandIo): Promise<number> {
  const entry = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (entry === undefined) return await noSuchCommand(name, io);
  const command = await entry.load();
  return await command(args, io);
}

async function noSuchCommand(name: string, io: CommandIo): Promise<number> {
  const { nearest } = await import("#units/nearest");
  const near = nearest(name, Object.keys(COMMANDS));
  const language = languageOf(io.env);
  const en = language === "en";
  const what = en ? `there is no command \`${name}\`` : `没有命令 \`${name}\``;
  // A misspelled word needs the right one, not the whole list.
  const help =
    near === undefined
      ? `\n\n${usage(language)}`
      : `${en ? `; did you mean \`${near}\`?` : `，是否要用 \`${near}\`？`}\n`;
  io.stderr(`baton: ${what}${help}`);
  return 2;
}

/** `baton help --lang zh-CN`, `baton help run --lang zh-CN`: help has no other option, so that one may stand anywhere. */
function helpLanguageFirst(argv: readonly string[]): readonly string[] {
  const [first = ""] = argv;
  const at = argv.findIndex((word) => word === "--lang" || word.startsWith("--lang="));
  if (!IS_HELP.has(first) || at < 1) return argv;
  const count = argv[at] === "--lang" ? 2 : 1;
  return [...argv.slice(at, at + count), ...argv.slice(0, at), ...argv.slice(at + count)];
}

/** The command's own `--lang` holds for its complaints too, even when nothing else of the line can be read. */
function inOwnLanguage(words: readonly string[], io: CommandIo): CommandIo {
  // What follows is a command line of somebody else (`baton lab exec a -- ls --lang=fr`).
  const own = words.slice(0, endOf(words));
  const at = own.findIndex((word) => word === "--lang" || word.startsWith("--lang="));
  const text = own[at] === "--lang" ? own[at + 1] : own[at]?.slice("--lang=".length);
  const language = text === undefined ? undefined : readLanguage(text);
  return language === undefined ? io : { ...io, env: { ...io.env, [LANGUAGE_VARIABLE]: language } };
}

function endOf(words: readonly string[]): number {
  const at = words.findIndex((word) => word === "--" || word === "exec");
  return at < 0 ? words.length : at;
}

/** `--lang` before the command holds for it as if the environment said so; its own `--lang` still wins. */
function readGlobalOptions(
  argv: readonly string[],
  io: CommandIo,
): { readonly words: readonly string[]; readonly io: CommandIo } | number {
  const [first = "", second] = argv;
  if (first !== "--lang" && !first.startsWith("--lang=")) return { words: argv, io };
  const isTwoWords = first === "--lang";
  const value = isTwoWords ? second : first.slice("--lang=".length);
  const language = value === undefined ? undefined : readLanguage(value);
  if (language === undefined) {
    const en = languageOf(io.env) === "en";
    const given = value ?? "";
    io.stderr(
      en
        ? `baton: \`--lang\` is en or zh-CN, not \`${given}\`\n`
        : `baton: \`--lang\` 应为 en 或 zh-CN，而不是 \`${given}\`\n`,
    );
    return 2;
  }
  return {
    words: argv.slice(isTwoWords ? 2 : 1),
    io: { ...io, env: { ...io.env, [LANGUAGE_VARIABLE]: language } },
  };
}
