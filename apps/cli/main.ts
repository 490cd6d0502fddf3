/** `baton COMMAND`: finds the command and imports only it, so that every start is quick. */
import type { Command, CommandIo } from "./io.ts";
import { languageOf } from "./language.ts";

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

function usage(io: CommandIo): string {
  const english = languageOf(io.env) === "en";
  const width = Math.max(...Object.keys(COMMANDS).map((name) => name.length));
  const lines = Object.entries(COMMANDS).map(
    ([name, entry]) => `  ${name.padEnd(width)}  ${english ? entry.en : entry.zh}`,
  );
  const head = english ? "usage: baton COMMAND [ARGUMENT ...]" : "用法：baton 命令 [参数 ...]";
  const foot = english ? "`baton COMMAND --help` says more." : "`baton 命令 --help` 显示详细说明。";
  return `${head}\n\n${lines.join("\n")}\n\n${foot}\n`;
}

async function main(argv: readonly string[], io: CommandIo): Promise<number> {
  const [name, ...rest] = argv;
  if (name === "--version" || name === "-v" || name === "version") {
    const { VERSION } = await import("../daemon/status.ts");
    io.stdout(`baton ${VERSION}\n`);
    return 0;
  }
  if (name === undefined || name === "--help" || name === "-h" || name === "help") {
    if (name === undefined) io.stderr(usage(io));
    else io.stdout(usage(io));
    return name === undefined ? 2 : 0;
  }
  const entry = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (entry === undefined) {
    const text = languageOf(io.env) === "en" ? "there is no command" : "没有命令";
    io.stderr(`baton: ${text} ${name}\n\n${usage(io)}`);
    return 2;
  }
  const command = await entry.load();
  return await command(rest, io);
}

const io: CommandIo = {
  stdout: (text) => void process.stdout.write(text),
  stderr: (text) => void process.stderr.write(text),
  env: process.env,
  isTty: process.stdout.isTTY === true,
};

// A reader that has seen enough (`baton status --watch | head`) is no error.
process.stdout.on("error", (error: NodeJS.ErrnoException) =>
  process.exit(error.code === "EPIPE" ? 0 : 1),
);

// Nor is a full disk behind stderr a reason to end: there is nowhere left to say so.
process.stderr.on("error", () => undefined);

try {
  process.exitCode = await main(process.argv.slice(2), io);
} catch (error) {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  process.stderr.write(`baton: internal error: ${text}\n`);
  process.exitCode = 70;
}
