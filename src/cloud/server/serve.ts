/**
 * `baton cloud serve`: reads the options, prints the first line on stdout, and runs until
 * SIGTERM or SIGINT.
 */
import { readFileSync } from "node:fs";
import { flushCompileCache } from "node:module";
import type { Language } from "#diagnostics/diagnostic";
import { Secret } from "#units/secret";
import type { Micros } from "#units/time";
import { fromMillis, toMillis } from "#units/time";
import type { SecretPair } from "../api/verify.ts";
import { readCredentials } from "../client/credentials.ts";
import type { PlatformProfile } from "../model/platform-profile.ts";
import { DEFAULT_PROFILE } from "../model/platform-profile.ts";
import type { AuthMode } from "./api.ts";
import type { RunningCloud, StartOptions } from "./start.ts";
import { startCloud } from "./start.ts";

export interface ServeIo {
  stdout(text: string): void;
  stderr(text: string): void;
  readonly env: Readonly<Record<string, string | undefined>>;
}

type InBoth = Readonly<Record<Language, string>>;

const inBoth = (en: string, zh: string): InBoth => ({ en, "zh-CN": zh });

/** The options of the line, still as text. */
export interface ServeValues {
  readonly listen?: string | undefined;
  readonly data?: string | undefined;
  readonly memory?: boolean;
  readonly auth?: string | undefined;
  readonly "secret-id"?: string | undefined;
  readonly "secret-key"?: string | undefined;
  readonly "secret-file"?: string | undefined;
  readonly "allow-host"?: readonly string[];
  readonly "claim-latency"?: string | undefined;
  readonly "task-latency"?: string | undefined;
  readonly "api-latency"?: string | undefined;
  readonly "calls-per-second"?: string | undefined;
  readonly "garp-burst"?: string | undefined;
  readonly "garp-rate"?: string | undefined;
  readonly quiet?: boolean;
}

/**
 * Returns the exit status, 0 after a signal and 1 if it could not start, or what is wrong with
 * a value.
 */
export async function serve(
  values: ServeValues,
  io: ServeIo,
  language: Language,
): Promise<number | InBoth> {
  const en = language === "en";
  const say = (text: InBoth): void => io.stderr(`${text[language]}\n`);
  if (values["secret-key"] !== undefined) {
    // Setting the title overwrites the command line with the secret in it, which every user of
    // the machine can read.
    process.title = "baton cloud serve";
    say(
      inBoth(
        "warning: --secret-key was in the process list until now; use --secret-file or TENCENTCLOUD_SECRET_KEY",
        "警告：--secret-key 此前一直出现在进程列表中；请改用 --secret-file 或 TENCENTCLOUD_SECRET_KEY",
      ),
    );
  }
  const options = readOptions(values, io, language);
  if ("en" in options) return options;
  let running: RunningCloud;
  try {
    running = await startCloud(options);
  } catch (error) {
    const text = error instanceof Error ? error.message : "failed";
    io.stderr(`baton cloud serve: ${en ? "cannot start: " : "无法启动："}${text}\n`);
    return 1;
  }
  io.stdout(`${JSON.stringify({ event: "listening", url: running.url })}\n`);
  if (!isLoopback(options.host ?? "")) {
    say(
      options.auth === "strict"
        ? inBoth(
            "warning: not a loopback address: requests and X-Baton-Admin cross the network unencrypted",
            "警告：监听的不是环回地址：请求和 X-Baton-Admin 将以明文经过网络",
          )
        : inBoth(
            "warning: not a loopback address, and signatures are not checked: whoever reaches it may do everything",
            "警告：监听的不是环回地址，且不检查签名：能访问到它的人可以执行任何操作",
          ),
    );
  }
  // Otherwise the cache is written at exit, which `kill -9` skips: then every start would
  // compile anew.
  flushCompileCache();
  await new Promise<void>((resolve) => {
    for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => resolve());
  });
  await running.close();
  return 0;
}

const isLoopback = (host: string): boolean =>
  host === "localhost" || host === "::1" || host.startsWith("127.");

function readOptions(values: ServeValues, io: ServeIo, language: Language): StartOptions | InBoth {
  const listen = readListen(values.listen ?? "127.0.0.1:18080");
  if (listen === undefined)
    return inBoth(
      `--listen ${values.listen} is not HOST:PORT`,
      `--listen ${values.listen} 的格式应为 地址:端口`,
    );
  if (values.data !== undefined && values.memory === true)
    return inBoth("--data and --memory exclude each other", "--data 与 --memory 不能同时使用");
  const auth = readAuth(values, io.env);
  if ("en" in auth) return auth;
  const times = readTimes(values);
  if ("en" in times) return times;
  const callsPerSecond = readCount("--calls-per-second", values["calls-per-second"]);
  if (typeof callsPerSecond === "object") return callsPerSecond;
  const burst = readCount("--garp-burst", values["garp-burst"]);
  if (typeof burst === "object") return burst;
  const rate = readCount("--garp-rate", values["garp-rate"]);
  if (typeof rate === "object") return rate;
  const perAddress = {
    burst: burst ?? DEFAULT_PROFILE.garpPerAddress.burst,
    perSecond: rate ?? DEFAULT_PROFILE.garpPerAddress.perSecond,
  };
  const isQuiet = values.quiet ?? false;
  return {
    ...listen,
    ...auth,
    ...times,
    names: values["allow-host"],
    dataDirectory: values.data,
    callsPerSecond,
    profile: { ...times.profile, garpPerAddress: perAddress },
    log: (level, text) => {
      if (isQuiet && level !== "error") return;
      io.stderr(
        `${language === "en" ? level : LEVELS[level]}${language === "en" ? ": " : "："}${text}\n`,
      );
    },
  };
}

const LEVELS = { warning: "警告", error: "错误" } as const;

/** `HOST:PORT`, an IPv6 host in brackets. */
function readListen(text: string): { readonly host: string; readonly port: number } | undefined {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(text);
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  return host === undefined || port > 65_535 ? undefined : { host, port };
}

interface Auth {
  readonly auth: AuthMode;
  readonly secrets: SecretPair | undefined;
}

type AuthOptions = Readonly<Pick<ServeValues, "auth" | "secret-id" | "secret-key" | "secret-file">>;

function readAuth(given: AuthOptions, env: ServeIo["env"]): Auth | InBoth {
  const { auth: mode } = given;
  if (mode !== undefined && mode !== "strict" && mode !== "lenient" && mode !== "off") {
    return inBoth(
      `--auth ${mode} is not strict, lenient or off`,
      `--auth ${mode} 应为 strict、lenient 或 off`,
    );
  }
  const secrets = readSecrets(given);
  if (secrets !== undefined && "en" in secrets) return secrets;
  if (secrets !== undefined) return { auth: mode ?? "strict", secrets };
  if (mode !== "strict") return { auth: mode ?? "lenient", secrets: undefined };
  const id = env["TENCENTCLOUD_SECRET_ID"];
  const key = env["TENCENTCLOUD_SECRET_KEY"];
  if (!id || !key)
    return inBoth(
      "--auth strict needs --secret-file, or TENCENTCLOUD_SECRET_ID and TENCENTCLOUD_SECRET_KEY",
      "--auth strict 需要 --secret-file，或 TENCENTCLOUD_SECRET_ID 和 TENCENTCLOUD_SECRET_KEY",
    );
  return { auth: mode, secrets: { secretId: id, secretKey: new Secret(key) } };
}

/** Undefined if none was given. */
function readSecrets(given: AuthOptions): SecretPair | undefined | InBoth {
  const { "secret-id": id, "secret-key": key, "secret-file": file } = given;
  if (file !== undefined) {
    if (id !== undefined || key !== undefined)
      return inBoth(
        "--secret-file and --secret-id, --secret-key exclude each other",
        "--secret-file 与 --secret-id、--secret-key 不能同时使用",
      );
    return (
      readSecretFile(file) ??
      inBoth(
        `--secret-file ${file} has no key, or cannot be read`,
        `--secret-file ${file} 中没有密钥，或无法读取`,
      )
    );
  }
  if ((id === undefined) !== (key === undefined))
    return inBoth(
      "--secret-id and --secret-key belong together",
      "--secret-id 与 --secret-key 必须同时给出",
    );
  if (id === undefined || key === undefined) return undefined;
  if (id === "" || key === "")
    return inBoth(
      "--secret-id and --secret-key may not be empty",
      "--secret-id 与 --secret-key 不能为空",
    );
  return { secretId: id, secretKey: new Secret(key) };
}

function readSecretFile(file: string): SecretPair | undefined {
  try {
    return readCredentials(readFileSync(file, "utf8"), "default");
  } catch {
    return undefined;
  }
}

interface Times {
  readonly apiLatencyMs: number;
  readonly profile: Partial<PlatformProfile>;
}

function readTimes(
  values: Pick<ServeValues, "claim-latency" | "task-latency" | "api-latency">,
): Times | InBoth {
  const read = (name: keyof typeof values): Micros | undefined | InBoth => {
    const text = values[name];
    if (text === undefined) return undefined;
    return (
      readDuration(text) ??
      inBoth(
        `--${name} ${text} is not a time such as 4s or 100ms`,
        `--${name} ${text} 不是时间，应形如 4s 或 100ms`,
      )
    );
  };
  const claimLatency = read("claim-latency");
  if (typeof claimLatency === "object") return claimLatency;
  const taskTime = read("task-latency");
  if (typeof taskTime === "object") return taskTime;
  const api = read("api-latency");
  if (typeof api === "object") return api;
  return {
    apiLatencyMs: api === undefined ? 0 : toMillis(api),
    profile: {
      claimLatency: claimLatency ?? DEFAULT_PROFILE.claimLatency,
      taskTime: taskTime ?? DEFAULT_PROFILE.taskTime,
    },
  };
}

/** `4s`, `100ms`, `1.5s`. A number without its unit could be either; only 0 needs none. */
function readDuration(text: string): Micros | undefined {
  const match = /^(?:(\d+(?:\.\d+)?)(ms|s)|0)$/.exec(text);
  if (match === null) return undefined;
  return fromMillis(Number(match[1] ?? 0) * (match[2] === "ms" ? 1 : 1_000));
}

function readCount(option: string, text: string | undefined): number | undefined | InBoth {
  if (text === undefined) return undefined;
  return /^[1-9]\d{0,5}$/.test(text)
    ? Number(text)
    : inBoth(`${option}: ${text} is not a count`, `${option}：${text} 不是正整数`);
}
