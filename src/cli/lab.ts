/** `baton lab`: a VPC in a box, from outside its sandbox. */
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { createConnection, createServer, type Server } from "node:net";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import type { Language } from "#diagnostics/diagnostic";
import { LANGUAGE_VARIABLE, languageOf, readLanguage } from "#diagnostics/language";
import { readOwner, readProcess } from "#lab/sandbox/proc";
import { explainRefusal, probeSandbox, runInSandbox } from "#lab/sandbox/sandbox";
import { FAULT_USAGE, readFault } from "#lab/vpc/fault-orders";
import { readLabFile } from "#lab/vpc/lab-file";
import {
  API_SOCKET,
  type ExecTarget,
  type LabAnswer,
  type LabRequest,
  readExecTarget,
} from "#lab/vpc/lab-protocol";
import type { Command, CommandIo } from "./io.ts";
import { askLab } from "./lab-control.ts";
import { labFolder, takeLab, unsafeSentence } from "./lab-folder.ts";
import { LAB_USAGE, printLabStatus } from "./lab-text.ts";
import { noSuchLanguage, noSuchVerb, parseMistake, usageComplaint } from "./usage-mistakes.ts";

const MAIN = fileURLToPath(new URL("../lab/vpc/lab-main.ts", import.meta.url));

interface Options {
  readonly name: string;
  readonly json: boolean;
  readonly file: string | undefined;
  readonly api: string;
  readonly stop: boolean;
}

export const command: Command = async (args, given) => {
  // What follows the instance belongs to the command that runs there.
  const execAt = args.indexOf("exec");
  const cut = execAt < 0 ? args.length : endOfExecHead(args, execAt);
  const rest = args.slice(cut);
  let parsed: ReturnType<typeof parse>;
  try {
    parsed = parse(args.slice(0, cut));
  } catch (error) {
    const language = languageOf(given.env);
    const text = parseMistake(error, Object.keys(OPTIONS), language);
    return complain(text, language, given);
  }
  const { values, positionals } = parsed;
  const [verb, ...words] = positionals;
  const language = readLanguage(values.lang ?? "") ?? languageOf(given.env);
  if (values.lang !== undefined && readLanguage(values.lang) === undefined)
    return complain(noSuchLanguage(values.lang, language), language, given);
  const io: CommandIo = { ...given, env: { ...given.env, [LANGUAGE_VARIABLE]: language } };
  if (values.help === true) {
    io.stdout(LAB_USAGE[language]);
    return 0;
  }
  const options: Options = {
    name: values.name ?? "default",
    json: values.json ?? false,
    file: values.file,
    api: values.api ?? "127.0.0.1:0",
    stop: values.stop ?? false,
  };
  switch (verb) {
    case "up":
      return await up(options, io);
    case "status":
      return await status(options, io);
    case "exec":
      return await exec(options, words[0], rest[0] === "--" ? rest.slice(1) : rest, io);
    case "fault":
      return await fault(options, words, io);
    case "capture":
      return await capture(options, words, io);
    case "down":
      return await down(options, io);
    case undefined:
    default:
      return complain(noSuchVerb(verb, VERBS, language), language, io);
  }
};

function complain(text: string, language: Language, io: CommandIo): number {
  io.stderr(usageComplaint("lab", text, LAB_USAGE[language], language));
  return 2;
}

/** Index behind the instance's name: options of ours may stand before it. */
function endOfExecHead(args: readonly string[], execAt: number): number {
  let at = execAt + 1;
  while (at < args.length && args[at]?.startsWith("-") === true && args[at] !== "--")
    at += args[at] === "--name" || args[at] === "--lang" ? 2 : 1;
  return Math.min(args.length, at + 1);
}

const VERBS: readonly string[] = ["up", "status", "exec", "fault", "capture", "down"];

const OPTIONS = {
  file: { type: "string", short: "f" },
  api: { type: "string" },
  name: { type: "string" },
  json: { type: "boolean" },
  stop: { type: "boolean" },
  lang: { type: "string" },
  help: { type: "boolean", short: "h" },
} as const;

function parse(args: readonly string[]) {
  return parseArgs({ args: [...args], allowPositionals: true, options: OPTIONS });
}

async function up(options: Options, io: CommandIo): Promise<number> {
  const { file } = options;
  if (file !== undefined && !isGoodFile(file, options, io)) return 1;
  const folder = labFolder(options.name, io.env);
  const sandbox = probeSandbox();
  if (sandbox.kind === "refused") {
    return fail(options, io, explainRefusal(sandbox.detail, languageOf(io.env)));
  }
  const taken = takeLab(options.name, io.env);
  if (taken.kind === "unsafe")
    return fail(options, io, unsafeSentence(taken.problem, languageOf(io.env)));
  if (taken.kind === "up") {
    const { name } = options;
    return fail(
      options,
      io,
      inLanguage(
        io,
        `a lab called ${name} is up already; \`baton lab down\` ends it`,
        `名为 ${name} 的实验环境已在运行；可用 \`baton lab down\` 结束`,
      ),
    );
  }
  process.env[LANGUAGE_VARIABLE] = languageOf(io.env);
  process.env["BATON_LAB_JSON"] = options.json ? "1" : "0";
  process.env["BATON_LAB_ROOTLESS"] = sandbox.rootless ? "1" : "0";
  let forward: Server | undefined;
  try {
    forward = await forwardApi(options, folder, io);
    const path = file === undefined ? [] : [resolve(file)];
    const argv = [process.execPath, "--disable-warning=ExperimentalWarning", MAIN, folder, ...path];
    return await runInSandbox(sandbox, argv);
  } catch (error) {
    return fail(options, io, error instanceof Error ? error.message : String(error));
  } finally {
    forward?.close();
    taken.release();
  }
}

function isGoodFile(file: string, options: Options, io: CommandIo): boolean {
  const readFile = (path: string): string | undefined => {
    try {
      return readFileSync(path, "utf8");
    } catch {
      return undefined;
    }
  };
  const text = readFile(file);
  if (text === undefined) {
    fail(options, io, inLanguage(io, `${file} cannot be read`, `无法读取 ${file}`));
    return false;
  }
  const read = readLabFile(
    text,
    (path) => readFile(resolve(dirname(file), path)),
    languageOf(io.env),
  );
  if (read.kind === "lab") return true;
  if (options.json) io.stdout(`${JSON.stringify({ ok: false, file, problems: read.problems })}\n`);
  else {
    for (const { line, column, message } of read.problems)
      io.stderr(`${file}:${line}:${column}: ${message}\n`);
  }
  return false;
}

/** The API lives in the lab's own network, where nothing of this machine's comes in: bytes are handed on through a socket. */
async function forwardApi(options: Options, folder: string, io: CommandIo): Promise<Server> {
  const match = /^(.*):(\d{1,5})$/.exec(options.api);
  if (match === null)
    throw new Error(
      inLanguage(
        io,
        `--api ${options.api} is not HOST:PORT`,
        `--api ${options.api} 的格式应为 地址:端口`,
      ),
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

const inLanguage = (io: CommandIo, en: string, zh: string): string =>
  languageOf(io.env) === "en" ? en : zh;

function fail(options: Options, io: CommandIo, error: string): number {
  if (options.json) io.stdout(`${JSON.stringify({ ok: false, error })}\n`);
  else io.stderr(`baton lab: ${error}\n`);
  return 1;
}

type Good = Extract<LabAnswer, { readonly ok: true }>;

/** Undefined: told already. */
async function ask(
  options: Options,
  io: CommandIo,
  request: LabRequest,
): Promise<Good | undefined> {
  const asked = await askLab(labFolder(options.name, io.env), request);
  if (asked.kind === "nobody") {
    const { name } = options;
    fail(
      options,
      io,
      inLanguage(
        io,
        `no lab called ${name} is up; \`baton lab up\` starts one`,
        `没有名为 ${name} 的实验环境在运行；可用 \`baton lab up\` 启动`,
      ),
    );
    return undefined;
  }
  if (asked.kind === "unsafe") {
    fail(options, io, unsafeSentence(asked.problem, languageOf(io.env)));
    return undefined;
  }
  if (asked.answer.ok) return asked.answer;
  const { text, error } = asked.answer;
  fail(options, io, text?.[languageOf(io.env)] ?? error);
  return undefined;
}

async function status(options: Options, io: CommandIo): Promise<number> {
  const answer = await ask(options, io, { command: "status" });
  if (answer === undefined || !("status" in answer)) return 1;
  io.stdout(
    options.json
      ? `${JSON.stringify(answer.status, undefined, 2)}\n`
      : printLabStatus(answer.status, languageOf(io.env)),
  );
  return 0;
}

async function exec(
  options: Options,
  name: string | undefined,
  argv: readonly string[],
  io: CommandIo,
): Promise<number> {
  if (name === undefined || argv.length === 0) {
    const text = inLanguage(io, "say where and what", "请指明实例和命令");
    io.stderr(`baton lab exec: ${text}\n\n${LAB_USAGE[languageOf(io.env)]}`);
    return 2;
  }
  const answer = await ask(options, io, { command: "exec", instance: name });
  if (answer === undefined || !("exec" in answer)) return 1;
  const target = readExecTarget(answer.exec);
  // Both are its own: a number that was given to another process meanwhile is not entered.
  const isThere =
    target !== undefined &&
    readProcess(target.pid)?.startTime === target.startTime &&
    readOwner(target.pid) === process.getuid?.();
  if (!isThere)
    return fail(
      options,
      io,
      inLanguage(io, `the instance ${name} is not there any more`, `实例 ${name} 已不存在`),
    );
  return await enter(name, target, argv);
}

/** Entering other mounts ends in the root folder; the shell goes back to where the user is, if that exists there. */
const SAME_FOLDER = ["sh", "-c", 'cd "$0" 2>/dev/null; exec "$@"', process.cwd()];

/** util-linux's nsenter: Node.js has threads from the start, and such a process may not join a user namespace. */
async function enter(
  name: string,
  { pid, rootless, region }: ExecTarget,
  argv: readonly string[],
): Promise<number> {
  const { machineEnvironment } = await import("#lab/vpc/machine");
  const user = rootless ? ["--user", "--preserve-credentials"] : [];
  const child = spawn(
    "nsenter",
    ["--target", `${pid}`, ...user, "--mount", "--net", "--pid", "--", ...SAME_FOLDER, ...argv],
    { stdio: "inherit", env: machineEnvironment(process.env, name, region) },
  );
  // Ctrl-C is for the program, which shares our terminal.
  process.on("SIGINT", () => undefined);
  return await new Promise<number>((done) => {
    child.on("error", () => done(127));
    child.on("exit", (code) => done(code ?? 1));
  });
}

async function fault(
  options: Options,
  [name, ...words]: readonly string[],
  io: CommandIo,
): Promise<number> {
  const order = readFault(words);
  if (name === undefined || order.kind === "wrong") {
    const language = languageOf(io.env);
    const why =
      order.kind === "wrong" && name !== undefined
        ? order.message[language]
        : inLanguage(io, "say where", "请指明实例");
    io.stderr(usageComplaint("lab fault", why, FAULT_USAGE[language], language));
    return 2;
  }
  return await simple(options, io, { command: "fault", instance: name, order });
}

async function capture(
  options: Options,
  [name, file]: readonly string[],
  io: CommandIo,
): Promise<number> {
  if (name === undefined || (file === undefined) !== options.stop) {
    const text = inLanguage(
      io,
      "an instance, and a file or --stop",
      "请给出实例，以及文件或 --stop",
    );
    io.stderr(`baton lab capture: ${text}\n`);
    return 2;
  }
  const path = file === undefined ? undefined : resolve(file);
  return await simple(options, io, { command: "capture", instance: name, file: path });
}

const down = async (options: Options, io: CommandIo): Promise<number> =>
  await simple(options, io, { command: "down" });

async function simple(options: Options, io: CommandIo, request: LabRequest): Promise<number> {
  const answer = await ask(options, io, request);
  if (answer === undefined) return 1;
  if (options.json) io.stdout(`${JSON.stringify({ ok: true })}\n`);
  return 0;
}
