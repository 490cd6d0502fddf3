/**
 * What `baton havip` and `baton eip` have in common: options, the client, dry runs, and how
 * failures are reported.
 */
import { readFileSync } from "node:fs";
import type { ActionName, ParametersOf } from "#cloud/api/actions";
import { VERSIONS } from "#cloud/api/actions";
import type { CallFailure } from "#cloud/client/call-failure";
import type { CallAnswer, ClientOptions, CloudClient } from "#cloud/client/client";
import { makeClient } from "#cloud/client/client";
import {
  type Credentials,
  EMULATOR_CREDENTIALS,
  EMULATOR_REGION,
  findAccount,
} from "#cloud/client/credentials";
import type { Endpoint } from "#cloud/client/endpoint";
import { CLOUD_ENDPOINT, isLoopback, printEndpoint, readEndpoint } from "#cloud/client/endpoint";
import { describeFailure, type FailureReport } from "#cloud/client/failure-text";
import type { Waited } from "#cloud/client/wait";
import { defineCommand } from "#command-line/command";
import {
  type Command,
  type Definition,
  type FlagOption,
  flag,
  type Line,
  type Options,
  text,
  type ValueOption,
  value,
} from "#command-line/definition";
import type { CommandIo } from "#command-line/io";
import type { Language } from "#diagnostics/diagnostic";

type CommonOptions = Readonly<
  Record<"endpoint" | "region" | "profile" | "timeout", ValueOption<"value">> &
    Record<"no-wait" | "dry-run" | "json", FlagOption>
>;

/** The options of every command that asks the cloud. */
const COMMON: CommonOptions = {
  endpoint: value(
    text("URL", "URL"),
    text(
      `the cloud's API, or an emulator such as http://127.0.0.1:18080 (BATON_CLOUD_ENDPOINT; default ${CLOUD_ENDPOINT})`,
      `云 API 的地址，或模拟器的地址，例如 http://127.0.0.1:18080（BATON_CLOUD_ENDPOINT；默认 ${CLOUD_ENDPOINT}）`,
    ),
  ),
  region: value(
    text("NAME", "地域"),
    text(
      "such as ap-guangzhou (TENCENTCLOUD_REGION, ~/.tccli/default.configure)",
      "例如 ap-guangzhou（TENCENTCLOUD_REGION、~/.tccli/default.configure）",
    ),
  ),
  profile: value(
    text("NAME", "名称"),
    text(
      "credentials of ~/.tccli/NAME.credential; without it TENCENTCLOUD_SECRET_ID and TENCENTCLOUD_SECRET_KEY, ~/.tccli/default.credential, ~/.tencentcloud/credentials",
      "使用 ~/.tccli/名称.credential 中的密钥；不写则依次查找 TENCENTCLOUD_SECRET_ID 与 TENCENTCLOUD_SECRET_KEY、~/.tccli/default.credential、~/.tencentcloud/credentials",
    ),
  ),
  timeout: value(
    text("SECONDS", "秒数"),
    text(
      "for each call with its retries, and for waiting (default 30)",
      "每次调用（含重试）以及等待任务的时限（默认 30）",
    ),
    {
      accepts: {
        test: (seconds) => Number(seconds) > 0 && Number(seconds) <= TIMEOUT_SECONDS_MAX,
        wanted: text("a number of seconds", "秒数"),
      },
    },
  ),
  "no-wait": flag(
    text("do not wait for work that goes on after the answer", "不等待应答之后仍在进行的任务"),
  ),
  "dry-run": flag(
    text(
      "show what would be asked for, ask nothing that changes anything",
      "只显示将要发出的请求，不做任何更改",
    ),
  ),
  json: flag(text("for programs", "供程序读取的输出")),
};

type CommonLine = Line<CommonOptions>;

type CloudDefinition<Own extends Options> = Omit<Definition<Own, CommonOptions>, "run"> & {
  readonly run: (session: Session, line: Line<Own & CommonOptions>) => Promise<void>;
};

/** The command that groups such commands. */
export const cloudGroup = (definition: Definition<Options, Options>): Command =>
  defineCommand({ ...definition, common: COMMON });

/**
 * A command that asks the cloud: it runs with a session, and its failures are printed.
 *
 * @param group precedes its name in messages
 */
export function cloudCommand<Own extends Options>(
  group: string,
  { run, ...definition }: CloudDefinition<Own>,
): Command {
  return defineCommand<Own, CommonOptions>({
    ...definition,
    common: COMMON,
    run: async (line) => {
      const common = line as CommonLine;
      try {
        await run(openSession(common), line);
        return 0;
      } catch (error) {
        if (!(error instanceof CommandFailure)) throw error;
        return printFailure(`${group} ${definition.name}`, error.failure, common);
      }
    },
  });
}

/** Thrown when a command cannot go on; caught once, in `cloudCommand`. */
export class CommandFailure extends Error {
  readonly failure: CallFailure | Waited | UserMistake;

  constructor(failure: CommandFailure["failure"]) {
    super(failure.kind);
    this.failure = failure;
  }
}

/** One sentence about something that a person can correct. */
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
  /** Makes a call that only reads. Throws a CommandFailure. */
  readonly ask: <Name extends ActionName>(
    action: Name,
    parameters: ParametersOf<Name>,
  ) => Promise<CallAnswer<Name>>;
  /**
   * Makes a call that changes something. Undefined after a dry run, which prints what would be
   * asked.
   */
  readonly change: <Name extends ActionName>(
    action: Name,
    parameters: ParametersOf<Name>,
  ) => Promise<CallAnswer<Name> | undefined>;
  /** The word in the person's language. */
  readonly say: (en: string, zh: string) => string;
}

const TIMEOUT_SECONDS = 30;
const TIMEOUT_SECONDS_MAX = 3_600;

function openSession({ options, language, io }: CommonLine): Session {
  const say = (en: string, zh: string): string => (language === "en" ? en : zh);
  const client = openClient(options, io, language);
  const isDryRun = options["dry-run"];
  const isJson = options.json;
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
  const waits = !options["no-wait"];
  return { io, language, isJson, isDryRun, waits, timeoutMs, client, ask, change, say };
}

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

function openClient(
  options: CommonLine["options"],
  io: CommandIo,
  language: Language,
): CloudClient {
  const seconds = Number(options.timeout ?? TIMEOUT_SECONDS);
  return makeClient({
    ...findCloud(options, io.env),
    language: language === "en" ? "en-US" : "zh-CN",
    deadlineMs: seconds * 1000,
  });
}

/**
 * Where the cloud is and as whom it is asked: from the options, the environment and the files of
 * the platform's tools.
 *
 * @throws CommandFailure with what is missing
 */
export function findCloud(
  options: {
    readonly endpoint?: string | undefined;
    readonly region?: string | undefined;
    readonly profile?: string | undefined;
  },
  env: CommandIo["env"],
): Pick<ClientOptions, "endpoint" | "region" | "credentials"> {
  const where = options.endpoint ?? (env["BATON_CLOUD_ENDPOINT"] || CLOUD_ENDPOINT);
  const endpoint = readEndpoint(where);
  if (endpoint === undefined) {
    throw mistake(
      `the endpoint ${where} is not a URL or HOST:PORT`,
      `接入点 ${where} 不是 URL 或 HOST:PORT`,
    );
  }
  const account = findAccount({ env, profile: options.profile, readFile });
  if (account.isProfileMissing) {
    const [, tccli = "", shared = ""] = account.lookedAt;
    const profile = options.profile ?? "";
    throw mistake(
      `there is no profile ${profile}: no ${tccli}, and none of that name in ${shared}`,
      `没有名为 ${profile} 的配置：${tccli} 不存在，${shared} 中也没有`,
    );
  }
  const region = options.region ?? account.region ?? (isLoopback(endpoint) ? EMULATOR_REGION : "");
  if (region === "") {
    throw mistake(
      "which region? Give --region, or set TENCENTCLOUD_REGION",
      "未指定地域，请使用 --region 或设置 TENCENTCLOUD_REGION",
    );
  }
  const credentials = account.credentials ?? emulatorCredentials(endpoint, account.lookedAt);
  return { endpoint, region, credentials };
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

function printFailure(
  name: string,
  failure: CommandFailure["failure"],
  { options, language, io }: CommonLine,
): number {
  const report = reportOf(failure, language);
  if (options.json) io.stdout(`${JSON.stringify({ error: report }, undefined, 2)}\n`);
  const code = failure.kind === "refused" ? `${report.code}: ` : "";
  const support = report.requestId === undefined ? "" : ` (RequestId ${report.requestId})`;
  io.stderr(`baton ${name}: ${code}${report.message}${support}\n`);
  if (report.help !== undefined) io.stderr(`  ${report.help}\n`);
  return failure.kind === "mistake" ? failure.exitCode : 1;
}

function reportOf(failure: CommandFailure["failure"], language: Language): FailureReport {
  if (failure.kind !== "mistake") return describeFailure(failure, language);
  return { code: "mistake", message: language === "en" ? failure.en : failure.zh };
}

export const failureSentence = (failure: CommandFailure["failure"], language: Language): string =>
  reportOf(failure, language).message;
