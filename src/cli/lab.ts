/** `baton lab`: a VPC in a box, from outside its sandbox. */
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { createConnection, createServer, type Server } from "node:net";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { defineCommand } from "#command-line/command";
import {
  type Command,
  flag,
  type Line,
  missingOperand,
  type Operand,
  text,
  UsageError,
  value,
} from "#command-line/definition";
import { errnoOf } from "#daemon/contain";
import { LANGUAGE_VARIABLE } from "#diagnostics/language";
import { readOwner, readProcess } from "#lab/sandbox/proc";
import { explainRefusal, probeSandbox, runInSandbox } from "#lab/sandbox/sandbox";
import { FAULT_NAMES, FAULT_USAGE, readFault } from "#lab/vpc/fault-orders";
import { readLabFile, type Unreadable } from "#lab/vpc/lab-file";
import {
  API_SOCKET,
  type ExecTarget,
  type LabAnswer,
  type LabRequest,
} from "#lab/vpc/lab-protocol";
import { programUrl } from "#units/installation";
import { askLab, isLabName, labFolder, takeLab, unsafeSentence } from "./lab-folder.ts";
import { printLabStatus } from "./lab-text.ts";
import { unreadableSentence } from "./read-regular.ts";

const MAIN = fileURLToPath(programUrl("lab/vpc/lab-main"));

const COMMON = {
  name: value(
    text("NAME", "名称"),
    text(
      "of the lab, for more than one at a time (default: default)",
      "实验环境的名称，用于同时运行多个（默认 default）",
    ),
    {
      accepts: {
        test: isLabName,
        wanted: text(
          "a name of letters, digits and `-` that begins with no `-`",
          "由字母、数字和 `-` 组成、不以 `-` 开头的名称",
        ),
      },
    },
  ),
  json: flag(
    text("for programs; `up` prints an event a line", "供程序读取的输出；`up` 每行输出一个事件"),
  ),
} as const;

const UP_OPTIONS = {
  file: value(
    text("LAB.yaml", "LAB.yaml"),
    text(
      "networks, instances and HAVIPs (default: the HAVIP tutorial)",
      "网络、实例和 HAVIP（默认为 HAVIP 教程的环境）",
    ),
    { short: "f", completes: "files" },
  ),
  "by-hand": flag(
    text(
      "the tutorial's machines without its HAVIP, and with nothing started",
      "只有教程的机器：不申请 HAVIP，也不启动程序",
    ),
  ),
  api: value(
    text("HOST:PORT", "地址:端口"),
    text(
      "where the cloud's API can be reached from this machine (default 127.0.0.1, a free port)",
      "本机访问云 API 的地址（默认 127.0.0.1 的空闲端口）",
    ),
  ),
} as const;

const CAPTURE_OPTIONS = { stop: flag(text("end the recording", "结束录制")) } as const;

type LabLine = Line<typeof COMMON>;
type UpLine = Line<typeof COMMON & typeof UP_OPTIONS>;
type CaptureLine = Line<typeof COMMON & typeof CAPTURE_OPTIONS>;

const INSTANCE: Operand = {
  name: text("INSTANCE", "实例"),
  about: text("its name in the lab file", "实验环境文件中的名称"),
};

const folderOf = ({ options, io }: LabLine): string =>
  labFolder(options.name ?? DEFAULT_NAME, io.env);
const DEFAULT_NAME = "default";

const inLanguage = ({ language }: LabLine, en: string, zh: string): string =>
  language === "en" ? en : zh;

async function up(line: UpLine): Promise<number> {
  const { options, language, io } = line;
  const { file, name = DEFAULT_NAME } = options;
  if (file !== undefined && options["by-hand"]) {
    throw new UsageError(
      text("`--by-hand` is without a lab file", "`--by-hand` 不能与实验环境文件同时使用"),
    );
  }
  if (file !== undefined && !isGoodFile(file, line)) return 1;
  const folder = folderOf(line);
  const sandbox = probeSandbox();
  if (sandbox.kind === "refused") {
    return fail(line, explainRefusal(sandbox.detail, language));
  }
  const taken = takeLab(name, io.env);
  if (taken.kind === "unsafe") return fail(line, unsafeSentence(taken.problem, language));
  if (taken.kind === "up") {
    return fail(
      line,
      inLanguage(
        line,
        `a lab called ${name} is up already; \`baton lab down\` ends it`,
        `名为 ${name} 的实验环境已在运行；可用 \`baton lab down\` 结束`,
      ),
    );
  }
  process.env[LANGUAGE_VARIABLE] = language;
  process.env["BATON_LAB_JSON"] = options.json ? "1" : "0";
  process.env["BATON_LAB_BY_HAND"] = options["by-hand"] ? "1" : "0";
  process.env["BATON_LAB_ROOTLESS"] = sandbox.rootless ? "1" : "0";
  let forward: Server | undefined;
  try {
    forward = await forwardApi(line, folder);
    const path = file === undefined ? [] : [resolve(file)];
    const argv = [process.execPath, "--disable-warning=ExperimentalWarning", MAIN, folder, ...path];
    return await runInSandbox(sandbox, argv);
  } catch (error) {
    return fail(line, error instanceof Error ? error.message : String(error));
  } finally {
    forward?.close();
    taken.release();
  }
}

function isGoodFile(file: string, line: UpLine): boolean {
  const { options, language, io } = line;
  const text = readText(resolve(file));
  if (typeof text !== "string") {
    fail(line, text.problem[language]);
    return false;
  }
  const read = readLabFile(text, (path) => readText(resolve(dirname(file), path)), language);
  if (read.kind === "lab") return true;
  if (options.json) io.stdout(`${JSON.stringify({ ok: false, file, problems: read.problems })}\n`);
  else {
    for (const problem of read.problems)
      io.stderr(`${file}:${problem.line}:${problem.column}: ${problem.message}\n`);
  }
  return false;
}

/** @param path from the root, so that a refusal says where was looked */
function readText(path: string): string | Unreadable {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    const errno = errnoOf(error);
    const [en, zh] = [
      unreadableSentence(path, errno, "en"),
      unreadableSentence(path, errno, "zh-CN"),
    ];
    return { problem: text(en, zh) };
  }
}

/**
 * The API is in the lab's own network, which this machine's network cannot reach: bytes are
 * forwarded through a socket.
 */
async function forwardApi(line: UpLine, folder: string): Promise<Server> {
  const { options, io } = line;
  const { api = "127.0.0.1:0" } = options;
  const match = /^(.*):(\d{1,5})$/.exec(api);
  if (match === null)
    throw new Error(
      inLanguage(line, `--api ${api} is not HOST:PORT`, `--api ${api} 的格式应为 地址:端口`),
    );
  const server = createServer((socket) => {
    const inner = createConnection(join(folder, API_SOCKET));
    for (const [one, other] of [
      [socket, inner],
      [inner, socket],
    ] as const) {
      one.on("error", () => other.destroy());
      one.on("close", () => other.destroy());
      one.pipe(other);
    }
  });
  await new Promise<void>((done, refuse) => {
    server.once("error", refuse);
    server.listen(Number(match[2]), match[1], () => done());
  });
  const bound = server.address();
  const port = typeof bound === "object" && bound !== null ? bound.port : 0;
  const url = `http://${match[1]}:${port}`;
  io.stdout(
    options.json
      ? `${JSON.stringify({ event: "listening", url })}\n`
      : `API: ${url}  (BATON_CLOUD_ENDPOINT=${url} baton havip list)\n`,
  );
  return server;
}

function fail({ options, io }: LabLine, error: string): number {
  if (options.json) io.stdout(`${JSON.stringify({ ok: false, error })}\n`);
  else io.stderr(`baton lab: ${error}\n`);
  return 1;
}

type Good = Extract<LabAnswer, { readonly ok: true }>;

/** Undefined if it failed; the reason has been printed. */
async function ask(line: LabLine, request: LabRequest): Promise<Good | undefined> {
  const { options, language } = line;
  const { name = DEFAULT_NAME } = options;
  const asked = await askLab(folderOf(line), request);
  if (asked.kind === "nobody") {
    fail(
      line,
      inLanguage(
        line,
        `no lab called ${name} is up; \`baton lab up\` starts one`,
        `没有名为 ${name} 的实验环境在运行；可用 \`baton lab up\` 启动`,
      ),
    );
    return undefined;
  }
  if (asked.kind === "unsafe") {
    fail(line, unsafeSentence(asked.problem, language));
    return undefined;
  }
  if (asked.kind === "unknown-answer") {
    fail(
      line,
      inLanguage(
        line,
        `the answer of the lab ${name} cannot be read: end it with the version of Baton that started it`,
        `无法解读实验环境 ${name} 的应答：请用启动它的 Baton 版本将其结束`,
      ),
    );
    return undefined;
  }
  if (asked.answer.ok) return asked.answer;
  const { text: sentence, error } = asked.answer;
  fail(line, sentence?.[language] ?? error);
  return undefined;
}

async function status(line: LabLine): Promise<number> {
  const { options, language, io } = line;
  const answer = await ask(line, { command: "status" });
  if (answer === undefined || !("status" in answer)) return 1;
  io.stdout(
    options.json
      ? `${JSON.stringify(answer.status, undefined, 2)}\n`
      : printLabStatus(answer.status, language),
  );
  return 0;
}

async function exec(line: LabLine): Promise<number> {
  const [name = "", ...rest] = line.operands;
  const argv = rest[0] === "--" ? rest.slice(1) : rest;
  if (argv.length === 0) throw new UsageError(missingOperand(COMMAND.name[line.language]));
  const answer = await ask(line, { command: "exec", instance: name });
  if (answer === undefined || !("exec" in answer)) return 1;
  const target = answer.exec;
  // The start time and the owner must match, so that a process that has been given the same PID
  // since is not entered.
  const isThere =
    readProcess(target.pid)?.startTime === target.startTime &&
    readOwner(target.pid) === process.getuid?.();
  if (!isThere)
    return fail(
      line,
      inLanguage(line, `the instance ${name} is not there any more`, `实例 ${name} 已不存在`),
    );
  return await enter(line, target, argv);
}

/**
 * Entering another mount namespace leads to the root folder. The shell goes back to the user's
 * folder, if that exists there. Its arguments: that folder, the message for a program that is not
 * there, and the program with its arguments.
 */
const SAME_FOLDER =
  'cd "$1" 2>/dev/null; why=$2; shift 2; command -v "$1" >/dev/null || { echo "$0: $why" >&2; exit 127; }; exec "$@"';

/**
 * util-linux's nsenter: Node.js has threads from the start, and such a process may not join a user
 * namespace.
 */
async function enter(
  line: LabLine,
  { pid, rootless, region }: ExecTarget,
  argv: readonly string[],
): Promise<number> {
  const { instanceEnvironment } = await import("#lab/vpc/lab-instance");
  const [name = ""] = line.operands;
  const [program = ""] = argv;
  const user = rootless ? ["--user", "--preserve-credentials"] : [];
  const notThere = inLanguage(
    line,
    `there is no program \`${program}\` in ${name}; instances run this machine's programs, so install it here`,
    `${name} 中没有程序 \`${program}\`；实例使用本机的程序，请在本机安装`,
  );
  const shell = ["sh", "-c", SAME_FOLDER, "baton lab exec", process.cwd(), notThere];
  const child = spawn(
    "nsenter",
    ["--target", `${pid}`, ...user, "--mount", "--net", "--uts", "--pid", "--", ...shell, ...argv],
    { stdio: "inherit", env: instanceEnvironment(process.env, name, region) },
  );
  // Ctrl-C is meant for the program, which shares our terminal.
  process.on("SIGINT", () => undefined);
  return await new Promise<number>((done) => {
    child.on("error", (error) => {
      fail(line, `nsenter (util-linux): ${error.message}`);
      done(127);
    });
    child.on("exit", (code) => done(code ?? 1));
  });
}

async function fault(line: LabLine): Promise<number> {
  const [instance = "", ...values] = line.operands;
  const order = readFault(values);
  if (order.kind === "wrong") throw new UsageError(order.message);
  return await simple(line, { command: "fault", instance, order });
}

async function capture(line: CaptureLine): Promise<number> {
  const [instance = "", file] = line.operands;
  if ((file === undefined) !== line.options.stop) {
    throw new UsageError(text("give a file, or --stop", "请给出文件，或 --stop"));
  }
  const path = file === undefined ? undefined : resolve(file);
  return await simple(line, { command: "capture", instance, file: path });
}

async function simple(line: LabLine, request: LabRequest): Promise<number> {
  const answer = await ask(line, request);
  if (answer === undefined) return 1;
  if (line.options.json) line.io.stdout(`${JSON.stringify({ ok: true })}\n`);
  return 0;
}

const COMMAND: Operand = {
  name: text("COMMAND", "命令"),
  about: text("what to run there, with its arguments", "在其中运行的命令及其参数"),
  most: Infinity,
};

/** One line for each fault, in both languages. */
const FAULTS = FAULT_USAGE.en
  .trimEnd()
  .split("\n")
  .map((line, index) => {
    const [en = "", enAbout = ""] = line.trim().split(/ {2,}/);
    const chinese = FAULT_USAGE["zh-CN"].split("\n")[index] ?? "";
    const [zh = "", zhAbout = ""] = chinese.trim().split(/ {2,}/);
    return { term: text(en, zh), about: text(enAbout, zhAbout) };
  });

const COMMANDS: readonly Command[] = [
  defineCommand({
    name: "up",
    summary: text("Builds the lab and stays in the foreground.", "搭建实验环境并在前台运行。"),
    details: text(
      "Builds the VPCs, subnets, instances and HAVIPs of the file and starts the instances' commands. Ctrl-C ends everything and leaves nothing behind.",
      "按文件创建 VPC、子网、实例和 HAVIP，并启动各实例的命令。Ctrl-C 结束并清除一切。",
    ),
    options: UP_OPTIONS,
    common: COMMON,
    examples: [{ line: "baton lab up -f LAB.yaml", about: text("from a file", "按文件") }],
    run: up,
  }),
  defineCommand({
    name: "status",
    summary: text("Shows instances, HAVIPs and faults.", "显示实例、HAVIP 和故障。"),
    options: {},
    common: COMMON,
    run: status,
  }),
  defineCommand({
    name: "exec",
    summary: text("Runs a command in an instance.", "在实例中运行命令。"),
    operands: [INSTANCE, COMMAND],
    options: {},
    common: COMMON,
    isPassThrough: true,
    examples: [
      { line: "baton lab exec a -- ip -4 addr", about: text("its addresses", "查看地址") },
    ],
    run: exec,
  }),
  defineCommand({
    name: "fault",
    summary: text("Breaks an instance's network, or heals it.", "注入或解除网络故障。"),
    operands: [
      INSTANCE,
      { name: text("FAULT", "故障"), completes: FAULT_NAMES },
      { name: text("VALUE", "值"), isOptional: true, most: Infinity },
    ],
    options: {},
    common: COMMON,
    list: { title: text("faults:", "故障："), items: FAULTS },
    examples: [
      {
        line: "baton lab fault a loss 10% vrrp",
        about: text("every tenth advertisement", "丢弃一成通告"),
      },
      { line: "baton lab fault a heal", about: text("all of it is over", "解除全部故障") },
    ],
    run: fault,
  }),
  defineCommand({
    name: "capture",
    summary: text("Records an instance's frames.", "录制实例收发的帧。"),
    operands: [
      INSTANCE,
      { name: text("FILE.pcap", "文件.pcap"), isOptional: true, completes: "files" },
    ],
    options: CAPTURE_OPTIONS,
    common: COMMON,
    examples: [
      { line: "baton lab capture a a.pcap", about: text("begin", "开始") },
      { line: "baton lab capture a --stop", about: text("end", "结束") },
    ],
    run: capture,
  }),
  defineCommand({
    name: "down",
    summary: text("Ends the lab.", "结束实验环境。"),
    options: {},
    common: COMMON,
    run: async (line) => await simple(line, { command: "down" }),
  }),
];

export const command: Command = defineCommand({
  name: "lab",
  summary: text(
    "A VPC on this machine: networks, instances, HAVIPs, and faults on demand.",
    "在本机搭建 VPC：网络、实例、HAVIP，并可随时注入故障。",
  ),
  options: {},
  common: COMMON,
  commands: COMMANDS,
  examples: [
    { line: "baton lab up", about: text("the HAVIP tutorial", "HAVIP 教程的环境") },
    { line: "baton lab exec a -- ping 10.0.0.100", about: text("from instance a", "在实例 a 中") },
    { line: "baton lab fault a unplug", about: text("its link is gone", "断开其网卡") },
  ],
});
