/** `baton cloud serve`: options in, first line on stdout, SIGTERM or SIGINT to the end. */
import { readFileSync } from "node:fs";
import { flushCompileCache } from "node:module";
import { parseArgs } from "node:util";
import type { Language } from "#diagnostics/diagnostic";
import type { Habits } from "#havip/habits";
import { HABITS } from "#havip/habits";
import { readCredentials } from "#provider/credentials";
import type { SecretPair } from "#provider/verify";
import { Secret } from "#units/secret";
import type { Micros } from "#units/time";
import { fromMillis, toMillis } from "#units/time";
import type { AuthMode } from "./api.ts";
import type { RunningCloud, StartOptions } from "./start.ts";
import { startCloud } from "./start.ts";

export const SERVE_USAGE: Readonly<Record<Language, string>> = {
  en: `usage: baton cloud serve [--listen HOST:PORT] [--data DIR | --memory]
           [--auth strict|lenient|off] [--secret-file FILE] [--allow-host NAME ...]
           [--claim-latency TIME] [--task-latency TIME] [--api-latency TIME]
           [--calls-per-second N] [--garp-burst N] [--garp-rate N] [--quiet]

Serves the VPC API (HAVIPs, elastic addresses, interfaces) of an emulated cloud.

  --listen            default 127.0.0.1:18080; port 0 picks a free one
  --data              keeps everything in DIR; without it, or with --memory, nothing is kept
  --auth              strict (default with a secret): known key, right signature, right time;
                      lenient (default without): the shape of the signature only; off: nothing.
                      strict without --secret-file takes TENCENTCLOUD_SECRET_ID and _KEY
  --secret-file       the key, as tccli (JSON) or the SDKs ([default], secret_id=, secret_key=) keep it;
                      --secret-id ID --secret-key KEY works too, but others see it in the process list
  --allow-host        a name by which clients call it, besides addresses and localhost
  --claim-latency     from a gratuitous ARP to the moved address, such as 4s (default 0)
  --task-latency      how long asynchronous work takes (default 100ms)
  --api-latency       every call waits so long (default 0)
  --calls-per-second  per region and action; the real cloud has 20 (default: no limit)
  --garp-burst        announcements of one address that pass at once (default 20)
  --garp-rate         and per second for long (default 10)
`,
  "zh-CN": `用法：baton cloud serve [--listen 地址:端口] [--data 目录 | --memory]
          [--auth strict|lenient|off] [--secret-file 文件] [--allow-host 名称 ...]
          [--claim-latency 时间] [--task-latency 时间] [--api-latency 时间]
          [--calls-per-second 次数] [--garp-burst 个数] [--garp-rate 个数] [--quiet]

提供一个模拟云平台的 VPC API（HAVIP、弹性公网 IP、弹性网卡）。

  --listen            默认 127.0.0.1:18080；端口写 0 则使用空闲端口
  --data              数据保存在该目录；不写，或写 --memory，则不保存
  --auth              strict（给出密钥时的默认值）：检查密钥、签名和时间；
                      lenient（否则的默认值）：只检查签名的格式；off：不检查。
                      strict 未给出 --secret-file 时使用 TENCENTCLOUD_SECRET_ID 和 _KEY
  --secret-file       密钥文件，格式同 tccli（JSON）或 SDK（[default]、secret_id=、secret_key=）；
                      也可用 --secret-id ID --secret-key 密钥，但其他用户能在进程列表中看到
  --allow-host        除地址和 localhost 之外，客户端访问时使用的名称
  --claim-latency     从免费 ARP 到地址迁移完成的时间，例如 4s（默认 0）
  --task-latency      异步任务的耗时（默认 100ms）
  --api-latency       每次调用的延迟（默认 0）
  --calls-per-second  每个地域、每个接口的频率限制；真实云平台为 20（默认不限）
  --garp-burst        同一地址可一次通过的宣告数（默认 20）
  --garp-rate         此后每秒可通过的宣告数（默认 10）
`,
};

export interface ServeIo {
  stdout(text: string): void;
  stderr(text: string): void;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** The exit code: 0 after a signal, 1 when it could not start, 2 for wrong usage. */
export async function serve(argv: readonly string[], io: ServeIo): Promise<number> {
  if (argv.some((word) => /^--secret-key(=|$)/.test(word))) {
    // Setting the title overwrites the command line that every user of the machine can read. Until now it was there.
    process.title = "baton cloud serve";
    io.stderr(
      "warning: --secret-key was in the process list until now; use --secret-file or TENCENTCLOUD_SECRET_KEY\n",
    );
  }
  const options = readOptions(argv, io);
  if (typeof options === "string") {
    io.stderr(`baton cloud serve: ${options}\n\n${SERVE_USAGE.en}`);
    return 2;
  }
  let running: RunningCloud;
  try {
    running = await startCloud(options);
  } catch (error) {
    const text = error instanceof Error ? error.message : "failed";
    io.stderr(`baton cloud serve: cannot start: ${text}\n`);
    return 1;
  }
  io.stdout(`${JSON.stringify({ event: "listening", url: running.url })}\n`);
  if (!isLoopback(options.host ?? "")) {
    io.stderr(
      options.auth === "strict"
        ? "warning: not a loopback address: requests and X-Baton-Admin cross the network unencrypted\n"
        : "warning: not a loopback address, and signatures are not checked: whoever reaches it may do everything\n",
    );
  }
  // Written at exit otherwise, which `kill -9` skips: then every start would compile anew.
  flushCompileCache();
  await new Promise<void>((resolve) => {
    for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => resolve());
  });
  await running.close();
  return 0;
}

const isLoopback = (host: string): boolean =>
  host === "localhost" || host === "::1" || host.startsWith("127.");

function readOptions(argv: readonly string[], io: ServeIo): StartOptions | string {
  let values: ReturnType<typeof parse>["values"];
  try {
    values = parse(argv).values;
  } catch (error) {
    return error instanceof Error ? error.message : "wrong options";
  }
  const listen = readListen(values.listen ?? "127.0.0.1:18080");
  if (listen === undefined) return `--listen ${values.listen} is not HOST:PORT`;
  if (values.data !== undefined && values.memory === true)
    return "--data and --memory exclude each other";
  const auth = readAuth(values, io.env);
  if (typeof auth === "string") return auth;
  const times = readTimes(values);
  if (typeof times === "string") return times;
  const callsPerSecond = readCount(values["calls-per-second"]);
  if (typeof callsPerSecond === "string") return `--calls-per-second: ${callsPerSecond}`;
  const burst = readCount(values["garp-burst"]);
  if (typeof burst === "string") return `--garp-burst: ${burst}`;
  const rate = readCount(values["garp-rate"]);
  if (typeof rate === "string") return `--garp-rate: ${rate}`;
  const perAddress = {
    burst: burst ?? HABITS.garpPerAddress.burst,
    perSecond: rate ?? HABITS.garpPerAddress.perSecond,
  };
  const isQuiet = values.quiet ?? false;
  return {
    ...listen,
    ...auth,
    ...times,
    names: values["allow-host"],
    dataDirectory: values.data,
    callsPerSecond,
    habits: { ...times.habits, garpPerAddress: perAddress },
    log: (level, text) => {
      if (!isQuiet || level === "error") io.stderr(`${level}: ${text}\n`);
    },
  };
}

function parse(argv: readonly string[]) {
  return parseArgs({
    args: [...argv],
    options: {
      listen: { type: "string" },
      data: { type: "string" },
      memory: { type: "boolean" },
      auth: { type: "string" },
      "secret-id": { type: "string" },
      "secret-key": { type: "string" },
      "secret-file": { type: "string" },
      "allow-host": { type: "string", multiple: true },
      "claim-latency": { type: "string" },
      "task-latency": { type: "string" },
      "api-latency": { type: "string" },
      "calls-per-second": { type: "string" },
      "garp-burst": { type: "string" },
      "garp-rate": { type: "string" },
      quiet: { type: "boolean" },
    },
  });
}

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

type AuthWords = Readonly<
  Partial<Record<"auth" | "secret-id" | "secret-key" | "secret-file", string>>
>;

function readAuth(words: AuthWords, env: ServeIo["env"]): Auth | string {
  const { auth: mode } = words;
  if (mode !== undefined && mode !== "strict" && mode !== "lenient" && mode !== "off") {
    return `--auth ${mode} is not strict, lenient or off`;
  }
  const given = readSecrets(words);
  if (typeof given === "string") return given;
  if (given !== undefined) return { auth: mode ?? "strict", secrets: given };
  if (mode !== "strict") return { auth: mode ?? "lenient", secrets: undefined };
  const id = env["TENCENTCLOUD_SECRET_ID"];
  const key = env["TENCENTCLOUD_SECRET_KEY"];
  if (!id || !key)
    return "--auth strict needs --secret-file, or TENCENTCLOUD_SECRET_ID and TENCENTCLOUD_SECRET_KEY";
  return { auth: mode, secrets: { secretId: id, secretKey: new Secret(key) } };
}

/** Undefined: none given. */
function readSecrets(words: AuthWords): SecretPair | undefined | string {
  const { "secret-id": id, "secret-key": key, "secret-file": file } = words;
  if (file !== undefined) {
    if (id !== undefined || key !== undefined)
      return "--secret-file and --secret-id, --secret-key exclude each other";
    return readSecretFile(file) ?? `--secret-file ${file} has no key, or cannot be read`;
  }
  if ((id === undefined) !== (key === undefined))
    return "--secret-id and --secret-key belong together";
  if (id === undefined || key === undefined) return undefined;
  if (id === "" || key === "") return "--secret-id and --secret-key may not be empty";
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
  readonly habits: Partial<Habits>;
}

function readTimes(
  values: Readonly<Partial<Record<"claim-latency" | "task-latency" | "api-latency", string>>>,
): Times | string {
  const read = (name: keyof typeof values): Micros | undefined | string => {
    const text = values[name];
    if (text === undefined) return undefined;
    return readDuration(text) ?? `--${name} ${text} is not a time such as 4s or 100ms`;
  };
  const claimLatency = read("claim-latency");
  if (typeof claimLatency === "string") return claimLatency;
  const taskTime = read("task-latency");
  if (typeof taskTime === "string") return taskTime;
  const api = read("api-latency");
  if (typeof api === "string") return api;
  return {
    apiLatencyMs: api === undefined ? 0 : toMillis(api),
    habits: {
      claimLatency: claimLatency ?? HABITS.claimLatency,
      taskTime: taskTime ?? HABITS.taskTime,
    },
  };
}

/** `4s`, `100ms`, `1.5s`; a bare number is seconds. */
function readDuration(text: string): Micros | undefined {
  const match = /^(\d+(?:\.\d+)?)(ms|s)?$/.exec(text);
  if (match === null) return undefined;
  return fromMillis(Number(match[1]) * (match[2] === "ms" ? 1 : 1_000));
}

function readCount(text: string | undefined): number | undefined | string {
  if (text === undefined) return undefined;
  return /^[1-9]\d{0,5}$/.test(text) ? Number(text) : `${text} is not a count`;
}
