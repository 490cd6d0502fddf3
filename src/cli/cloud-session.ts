/** What `baton havip` and `baton eip` have in common: options, the client, dry runs, and how failures are told. */
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import type { ActionName, ParametersOf } from "#cloud/api/actions";
import { VERSIONS } from "#cloud/api/actions";
import { ERRORS, isErrorCode } from "#cloud/api/errors";
import type { CallAnswer, CallFailure, CloudClient } from "#cloud/client/client";
import { makeClient } from "#cloud/client/client";
import {
  type Credentials,
  EMULATOR_CREDENTIALS,
  EMULATOR_REGION,
  findAccount,
} from "#cloud/client/credentials";
import type { Endpoint } from "#cloud/client/endpoint";
import { CLOUD_ENDPOINT, isLoopback, printEndpoint, readEndpoint } from "#cloud/client/endpoint";
import { printCallFailure } from "#cloud/client/failure-text";
import type { Waited } from "#cloud/client/wait";
import type { Language } from "#diagnostics/diagnostic";
import { languageOf, readLanguage } from "#diagnostics/language";
import type { CommandIo } from "./io.ts";
import { noSuchVerb, parseMistake, usageComplaint } from "./usage-mistakes.ts";

export const COMMON_USAGE: Readonly<Record<Language, string>> = {
  en: `common options:
  --endpoint URL     the cloud's API, or an emulator such as http://127.0.0.1:18080
                     (BATON_CLOUD_ENDPOINT; default ${CLOUD_ENDPOINT})
  --region NAME      such as ap-guangzhou (TENCENTCLOUD_REGION, ~/.tccli/default.configure)
  --profile NAME     credentials of ~/.tccli/NAME.credential; without it TENCENTCLOUD_SECRET_ID and
                     TENCENTCLOUD_SECRET_KEY, ~/.tccli/default.credential, ~/.tencentcloud/credentials
  --timeout SECONDS  for each call with its retries, and for waiting (default 30)
  --no-wait          do not wait for work that goes on after the answer
  --dry-run          say what would be asked for, ask nothing that changes anything
  --json             for programs
  --lang en|zh-CN
`,
  "zh-CN": `通用选项：
  --endpoint URL     云 API 的地址，或模拟器的地址，例如 http://127.0.0.1:18080
                     （BATON_CLOUD_ENDPOINT；默认 ${CLOUD_ENDPOINT}）
  --region 地域      例如 ap-guangzhou（TENCENTCLOUD_REGION、~/.tccli/default.configure）
  --profile 名称     使用 ~/.tccli/名称.credential 中的密钥；不写则依次查找 TENCENTCLOUD_SECRET_ID 与
                     TENCENTCLOUD_SECRET_KEY、~/.tccli/default.credential、~/.tencentcloud/credentials
  --timeout 秒数     每次调用（含重试）以及等待任务的时限（默认 30）
  --no-wait          不等待应答之后仍在进行的任务
  --dry-run          只显示将要发出的请求，不做任何更改
  --json             供程序读取的输出
  --lang en|zh-CN
`,
};

const COMMON = {
  endpoint: { type: "string" },
  region: { type: "string" },
  profile: { type: "string" },
  timeout: { type: "string" },
  "no-wait": { type: "boolean" },
  "dry-run": { type: "boolean" },
  json: { type: "boolean" },
  lang: { type: "string" },
  help: { type: "boolean", short: "h" },
} as const;

type OptionSpec = Readonly<
  Record<string, { readonly type: "string" | "boolean"; readonly multiple?: boolean }>
>;

/** The options of a command line, own and common, still as text. */
export interface Arguments {
  readonly words: readonly string[];
  readonly text: (name: string) => string | undefined;
  readonly texts: (name: string) => readonly string[];
  readonly has: (name: string) => boolean;
}

/** A text is what is wrong. */
export function readArguments(
  argv: readonly string[],
  own: OptionSpec,
  language: Language,
): Arguments | string {
  const options = { ...COMMON, ...own };
  try {
    const { values, positionals } = parseArgs({ args: [...argv], options, allowPositionals: true });
    const list = (name: string): readonly string[] => {
      const value: unknown = values[name as keyof typeof values];
      const all: readonly unknown[] = Array.isArray(value) ? value : [value];
      return all.filter((one) => typeof one === "string");
    };
    return {
      words: positionals,
      texts: list,
      text: (name) => list(name).at(-1),
      has: (name) => values[name as keyof typeof values] === true,
    };
  } catch (error) {
    return parseMistake(error, Object.keys(options), language);
  }
}

/** Thrown by what cannot go on; caught once, in `runVerb`. */
export class CommandFailure extends Error {
  readonly failure: CallFailure | Waited | UserMistake;

  constructor(failure: CommandFailure["failure"]) {
    super(failure.kind);
    this.failure = failure;
  }
}

/** Something a person can put right, in one sentence. */
export interface UserMistake {
  readonly kind: "mistake";
  readonly exitCode: 1 | 2;
  readonly en: string;
  readonly zh: string;
}

export const mistake = (en: string, zh: string, exitCode: 1 | 2 = 2): CommandFailure =>
  new CommandFailure({ kind: "mistake", exitCode, en, zh });

export interface Session {
  readonly io: CommandIo;
  readonly language: Language;
  readonly isJson: boolean;
  readonly isDryRun: boolean;
  readonly waits: boolean;
  readonly timeoutMs: number;
  readonly client: CloudClient;
  /** Reads; throws a CommandFailure. */
  readonly ask: <Name extends ActionName>(
    action: Name,
    parameters: ParametersOf<Name>,
  ) => Promise<CallAnswer<Name>>;
  /** Changes; undefined after a dry run, which says what would be asked. */
  readonly change: <Name extends ActionName>(
    action: Name,
    parameters: ParametersOf<Name>,
  ) => Promise<CallAnswer<Name> | undefined>;
  /** The word in the person's language. */
  readonly say: (en: string, zh: string) => string;
}

const TIMEOUT_SECONDS = 30;

export function openSession(args: Arguments, io: CommandIo): Session {
  const language = sessionLanguage(args, io);
  const say = (en: string, zh: string): string => (language === "en" ? en : zh);
  const client = openClient(args, io, language);
  const isDryRun = args.has("dry-run");
  const isJson = args.has("json");
  const ask: Session["ask"] = async (action, parameters) => {
    const result = await client.call(action, parameters);
    if (result.kind !== "answer") throw new CommandFailure(result);
    return result;
  };
  const change: Session["change"] = async (action, parameters) => {
    if (!isDryRun) return await ask(action, parameters);
    io.stdout(printDryRun(client, action, parameters, isJson));
    return undefined;
  };
  const timeoutMs = client.options.deadlineMs ?? TIMEOUT_SECONDS * 1000;
  const waits = !args.has("no-wait");
  return { io, language, isJson, isDryRun, waits, timeoutMs, client, ask, change, say };
}

export const sessionLanguage = (args: Arguments | string, io: CommandIo): Language => {
  const asked = typeof args === "string" ? undefined : readLanguage(args.text("lang") ?? "");
  return asked ?? languageOf(io.env);
};

function printDryRun(
  client: CloudClient,
  action: ActionName,
  parameters: object,
  isJson: boolean,
): string {
  const { endpoint, region } = client.options;
  const call = {
    endpoint: printEndpoint(endpoint),
    region,
    action,
    version: VERSIONS.vpc,
    parameters,
  };
  if (isJson) return `${JSON.stringify({ dryRun: true, call }, undefined, 2)}\n`;
  return `${action} (${region}, ${call.endpoint})\n${JSON.stringify(parameters, undefined, 2)}\n`;
}

function openClient(args: Arguments, io: CommandIo, language: Language): CloudClient {
  const where = args.text("endpoint") ?? (io.env["BATON_CLOUD_ENDPOINT"] || CLOUD_ENDPOINT);
  const endpoint = readEndpoint(where);
  if (endpoint === undefined) {
    throw mistake(
      `the endpoint ${where} is not a URL or HOST:PORT`,
      `接入点 ${where} 不是 URL 或 HOST:PORT`,
    );
  }
  const account = findAccount({ env: io.env, profile: args.text("profile"), readFile });
  if (account.isProfileMissing) {
    const [, tccli = "", shared = ""] = account.lookedAt;
    const profile = args.text("profile") ?? "";
    throw mistake(
      `there is no profile ${profile}: no ${tccli}, and none of that name in ${shared}`,
      `没有名为 ${profile} 的配置：${tccli} 不存在，${shared} 中也没有`,
    );
  }
  const region =
    args.text("region") ?? account.region ?? (isLoopback(endpoint) ? EMULATOR_REGION : "");
  if (region === "") {
    throw mistake(
      "which region? Give --region, or set TENCENTCLOUD_REGION",
      "未指定地域，请使用 --region 或设置 TENCENTCLOUD_REGION",
    );
  }
  const seconds = Number(args.text("timeout") ?? TIMEOUT_SECONDS);
  if (!(seconds > 0 && seconds <= 3_600)) {
    throw mistake("--timeout is not a number of seconds", "--timeout 不是秒数");
  }
  return makeClient({
    endpoint,
    region,
    credentials: account.credentials ?? emulatorCredentials(endpoint, account.lookedAt),
    language: language === "en" ? "en-US" : "zh-CN",
    deadlineMs: seconds * 1000,
  });
}

function readFile(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}

function emulatorCredentials(endpoint: Endpoint, lookedAt: readonly string[]): Credentials {
  if (isLoopback(endpoint)) return EMULATOR_CREDENTIALS;
  throw mistake(
    `no credentials; looked at ${lookedAt.join("; ")}`,
    `没有找到密钥，已查找：${lookedAt.join("；")}`,
    1,
  );
}

/** Verb and outcome of a command of this family: usage, sessions and failures in one place. */
export interface Family {
  readonly name: string;
  readonly usage: Readonly<Record<Language, string>>;
  readonly options: OptionSpec;
  readonly verbs: Readonly<Record<string, Verb>>;
}

export interface Verb {
  /** Number of words after the verb. */
  readonly words: readonly [min: number, max: number];
  readonly run: (session: Session, args: Arguments) => Promise<void>;
}

export async function runFamily(
  family: Family,
  argv: readonly string[],
  io: CommandIo,
): Promise<number> {
  const args = readArguments(argv, family.options, languageOf(io.env));
  const language = sessionLanguage(args, io);
  const usage = `${family.usage[language]}\n${COMMON_USAGE[language]}`;
  if (typeof args !== "string" && args.has("help")) {
    io.stdout(usage);
    return 0;
  }
  const wrong = (text: string): number => {
    io.stderr(usageComplaint(family.name, text, usage, language));
    return 2;
  };
  if (typeof args === "string") return wrong(args);
  const [name, ...words] = args.words;
  const known = name !== undefined && Object.hasOwn(family.verbs, name);
  const verb = known ? family.verbs[name] : undefined;
  if (name === undefined || verb === undefined) {
    return wrong(noSuchVerb(name, Object.keys(family.verbs), language));
  }
  const [min, max] = verb.words;
  if (words.length < min || words.length > max) {
    return wrong(
      language === "en" ? `${name}: wrong number of arguments` : `${name}：参数个数不对`,
    );
  }
  try {
    await verb.run(openSession(args, io), { ...args, words });
    return 0;
  } catch (error) {
    if (!(error instanceof CommandFailure)) throw error;
    return tellFailure(family.name, error.failure, args, io);
  }
}

interface Told {
  readonly code: string;
  readonly message: string;
  readonly help?: string;
  readonly requestId?: string;
}

function tellFailure(
  name: string,
  failure: CommandFailure["failure"],
  args: Arguments,
  io: CommandIo,
): number {
  const told = describeFailure(failure, sessionLanguage(args, io));
  if (args.has("json")) io.stdout(`${JSON.stringify({ error: told }, undefined, 2)}\n`);
  const code = failure.kind === "refused" ? `${told.code}: ` : "";
  const support = told.requestId === undefined ? "" : ` (RequestId ${told.requestId})`;
  io.stderr(`baton ${name}: ${code}${told.message}${support}\n`);
  if (told.help !== undefined) io.stderr(`  ${told.help}\n`);
  return failure.kind === "mistake" ? failure.exitCode : 1;
}

export function describeFailure(failure: CommandFailure["failure"], language: Language): Told {
  const say = (en: string, zh: string): string => (language === "en" ? en : zh);
  switch (failure.kind) {
    case "refused": {
      const { code, message, requestId } = failure;
      const help = helpFor(code, language);
      return { code, message, ...(help !== undefined && { help }), requestId };
    }
    case "http":
      return {
        code: `HTTP ${failure.status}`,
        message: say(
          `the endpoint answered with HTTP ${failure.status}, which no API of this cloud does`,
          `接入点返回 HTTP ${failure.status}，不是该云 API 的应答`,
        ),
      };
    case "unsendable":
      return { code: failure.what, message: printCallFailure(failure, language) };
    case "unreachable":
      return {
        code: failure.errno,
        message: say(
          `the API cannot be reached: ${failure.errno}`,
          `无法连接 API：${failure.errno}`,
        ),
        help: say("check --endpoint and the network", "请检查 --endpoint 与网络"),
      };
    case "timeout":
      return {
        code: "timeout",
        message: say(
          `no answer within ${failure.afterMs / 1000} s; it may have been carried out`,
          `${failure.afterMs / 1000} 秒内没有应答，操作可能已执行`,
        ),
      };
    case "unreadable":
      return {
        code: "unreadable",
        message: say(
          `the answer makes no sense at ${failure.path}`,
          `应答在 ${failure.path} 处无法解析`,
        ),
      };
    case "failed":
      return {
        code: "failed",
        message: say(
          `the cloud accepted the call and then failed: ${failure.output}`,
          `操作已受理但执行失败：${failure.output}`,
        ),
      };
    case "still-running":
      return {
        code: "still-running",
        message: say(
          `accepted, and still not done after ${Math.round(failure.afterMs / 1000)} s`,
          `已受理，${Math.round(failure.afterMs / 1000)} 秒后仍未完成`,
        ),
      };
    case "done":
      return { code: "done", message: "" };
    case "mistake":
      return { code: "mistake", message: say(failure.en, failure.zh) };
  }
}

/** Of the code, or of the nearest code above it. */
function helpFor(code: string, language: Language): string | undefined {
  const [family = ""] = code.split(".");
  const known = isErrorCode(code) ? code : isErrorCode(family) ? family : undefined;
  return known === undefined
    ? undefined
    : ERRORS[known].help?.[language === "en" ? "en-US" : "zh-CN"];
}
