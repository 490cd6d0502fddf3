/** The options of `baton console`, read: where it listens, with which key, and which nodes. */
import { randomBytes } from "node:crypto";
import { accessSync, constants, existsSync, readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { type Text, text } from "#command-line/definition";
import type { NodeAddress } from "#console-server/http-node";
import type { NodePort } from "#console-server/node-port";
import type { ListenOptions, Tls } from "#console-server/serve";
import type { EventsAnswer } from "#console-server/socket-events";
import type { LocalDaemon } from "#console-server/socket-node";
import type { ControlAnswer } from "#daemon/control-protocol";
import type { Selection } from "#events/selection";
import { Secret } from "#units/secret";
import { ask, converse, RUNTIME_DIR, socketIn, unreachableSentence } from "./control-client.ts";

export interface ConsolePlan {
  readonly listen: ListenOptions;
  readonly key: Secret;
  readonly names: readonly string[];
  /** Loads what the nodes are reached with. */
  openNodes(): Promise<readonly NodePort[]>;
}

/** Beside a daemon's control socket, if its file has an `api` block; it changes nothing. */
const API_SOCKET = "api.sock";
const KEY_BYTES = 18;
const KEY_SHORTEST = 16;

/** The options of the line, still as text. */
export interface ConsoleValues {
  readonly listen: string | undefined;
  readonly node: readonly string[];
  readonly "token-file": string | undefined;
  readonly ca: string | undefined;
  readonly "tls-cert": string | undefined;
  readonly "tls-key": string | undefined;
  readonly "key-file": string | undefined;
  readonly "allow-host": readonly string[];
  readonly "runtime-dir": string | undefined;
}

/** Or what is wrong with them. */
export function readPlan(options: ConsoleValues): ConsolePlan | Text {
  const listen = readListen(options.listen ?? "127.0.0.1:8080");
  if (listen === undefined)
    return text(
      `--listen ${options.listen} is not HOST:PORT`,
      `--listen ${options.listen} 的格式应为 地址:端口`,
    );
  const tls = readTls(options["tls-cert"], options["tls-key"]);
  if (tls !== undefined && "en" in tls) return tls;
  if (tls === undefined && !isLoopback(listen.host))
    return text(
      `--listen ${options.listen}: on other than a loopback address the access key would cross the network unencrypted; give --tls-cert and --tls-key, or reach it with ssh -L 8080:127.0.0.1:8080`,
      `--listen ${options.listen}：非环回地址会使访问密钥以明文经过网络；请给出 --tls-cert 和 --tls-key，或使用 ssh -L 8080:127.0.0.1:8080`,
    );
  const key = readKey(options["key-file"]);
  if (!(key instanceof Secret)) return key;
  const token = readToken(options["token-file"]);
  if (token !== undefined && !(token instanceof Secret)) return token;
  const ca = options.ca === undefined ? undefined : readText("--ca", options.ca);
  if (ca !== undefined && typeof ca !== "string") return ca;
  const places = options.node.length > 0 ? options.node : [options["runtime-dir"] ?? RUNTIME_DIR];
  const nodes: Place[] = [];
  for (const place of places) {
    const node = readNode(place, token !== undefined);
    if ("en" in node) return node;
    nodes.push(node);
  }
  return {
    listen: { ...listen, tls },
    key,
    names: options["allow-host"],
    openNodes: async () => await openNodes(nodes, token, ca),
  };
}

/** `HOST:PORT`, an IPv6 host in brackets. */
function readListen(value: string): { readonly host: string; readonly port: number } | undefined {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(value);
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  return host === undefined || port > 65_535 ? undefined : { host, port };
}

const isLoopback = (host: string): boolean =>
  host === "localhost" || host === "::1" || /^127(?:\.\d{1,3}){3}$/.test(host);

function readText(option: string, file: string): string | Text {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    const { code = "?" } = error as NodeJS.ErrnoException;
    return text(`${option} ${file} cannot be read: ${code}`, `${option} ${file} 无法读取：${code}`);
  }
}

/** A secret that others can read is none. */
function readSecretText(option: string, file: string): string | Text {
  const content = readText(option, file);
  if (typeof content !== "string") return content;
  const mode = statSync(file).mode & 0o077;
  if (mode === 0) return content;
  return text(
    `${option} ${file} may be read by others than its owner: chmod 600 ${file}`,
    `${option} ${file} 可被所有者以外的用户读取：请执行 chmod 600 ${file}`,
  );
}

function readTls(cert: string | undefined, key: string | undefined): Tls | undefined | Text {
  if (cert === undefined && key === undefined) return undefined;
  if (cert === undefined || key === undefined)
    return text("--tls-cert and --tls-key belong together", "--tls-cert 与 --tls-key 必须同时给出");
  const texts = [readText("--tls-cert", cert), readSecretText("--tls-key", key)] as const;
  const [certText, keyText] = texts;
  if (typeof certText !== "string") return certText;
  if (typeof keyText !== "string") return keyText;
  return { cert: certText, key: keyText };
}

function readKey(file: string | undefined): Secret | Text {
  if (file === undefined) return new Secret(randomBytes(KEY_BYTES).toString("base64url"));
  const content = readSecretText("--key-file", file);
  if (typeof content !== "string") return content;
  const key = content.trim();
  if (/^[\w-]+$/.test(key) && key.length >= KEY_SHORTEST) return new Secret(key);
  return text(
    `--key-file ${file}: the key has letters, digits, - and _, and ${KEY_SHORTEST} of them or more`,
    `--key-file ${file}：密钥由字母、数字、- 和 _ 组成，至少 ${KEY_SHORTEST} 个字符`,
  );
}

/** `TOKEN`, or `NAME TOKEN` as the nodes keep it. */
function readToken(file: string | undefined): Secret | undefined | Text {
  if (file === undefined) return undefined;
  const content = readSecretText("--token-file", file);
  if (typeof content !== "string") return content;
  const line = content
    .split("\n")
    .map((one) => one.trim())
    .find((one) => one !== "" && !one.startsWith("#"));
  const token = line?.split(/\s+/).at(-1);
  if (token !== undefined && /^[\x21-\x7e]+$/.test(token)) return new Secret(token);
  return text(`--token-file ${file} has no token`, `--token-file ${file} 中没有令牌`);
}

type Place = (NodeAddress | { readonly kind: "daemon"; readonly folder: string }) & {
  readonly name?: string;
};

/** `NAME=PLACE`: a URL has no `=` before its colon, a folder none before its slash. */
function readNode(given: string, hasToken: boolean): Place | Text {
  const [, name, rest] = /^([\p{L}\p{N}._-]{1,64})=(.+)$/u.exec(given) ?? [];
  const place = readPlace(rest ?? given, hasToken);
  return "en" in place || name === undefined ? place : { ...place, name };
}

function readPlace(place: string, hasToken: boolean): Place | Text {
  if (place.startsWith("unix:")) return { kind: "unix", path: place.slice("unix:".length) };
  if (place.startsWith("/")) return { kind: "daemon", folder: place };
  const url = URL.parse(/^https?:\/\//.test(place) ? place : `http://${place}`);
  if (url === null || url.pathname !== "/" || url.search !== "" || url.username !== "")
    return text(
      `--node ${place} is not a URL such as https://10.0.0.11:9650, unix:PATH, or a folder`,
      `--node ${place} 应为 https://10.0.0.11:9650 这样的 URL、unix:路径 或目录`,
    );
  const host = url.hostname.replace(/^\[(.*)\]$/, "$1");
  if (hasToken && url.protocol === "http:" && !isLoopback(host))
    return text(
      `--node ${place}: the token would cross the network unencrypted; use https`,
      `--node ${place}：令牌会以明文经过网络，请使用 https`,
    );
  return { kind: "url", url };
}

async function openNodes(
  places: readonly Place[],
  token: Secret | undefined,
  ca: string | undefined,
): Promise<readonly NodePort[]> {
  const [{ httpNode }, { socketNode }, { localNode }] = await Promise.all([
    import("#console-server/http-node"),
    import("#console-server/socket-node"),
    import("#console-server/local-node"),
  ]);
  return places.map((address, index) => {
    const id = `n${index + 1}`;
    const named = { id, ...(address.name !== undefined && { name: address.name }) };
    if (address.kind === "daemon") {
      const path = join(address.folder, API_SOCKET);
      const api = { kind: "unix", path } as const;
      return localNode({
        control: socketNode(named, localDaemon(address.folder)),
        api: httpNode({ ...named, address: api, token: undefined, ca: undefined }),
        hasApi: () => existsSync(path),
      });
    }
    return httpNode({ ...named, address, token, ca });
  });
}

function localDaemon(folder: string): LocalDaemon {
  return {
    address: folder,
    mayAct: mayWrite(socketIn(folder)),
    ask: async (request, timeoutMs) => {
      const asked = await ask(folder, request, timeoutMs);
      if (asked.kind === "answer") return asked;
      const [en, zh] = [
        unreachableSentence(asked.why, "en"),
        unreachableSentence(asked.why, "zh-CN"),
      ];
      return { kind: "unreachable", en, zh };
    },
    watch: async (take, signal) => {
      const takeAll = (answer: ControlAnswer): boolean => {
        take(answer);
        return true;
      };
      // Whether it ended or was never there: the page asks again and is answered why.
      const why = await converse(folder, { command: "watch" }, takeAll, undefined, signal);
      return why === undefined;
    },
    findEvents: async (selection) => await findEvents(folder, selection),
  };
}

/** From the file that the daemon says it keeps; a daemon that has ended has none to say. */
async function findEvents(folder: string, selection: Selection): Promise<EventsAnswer> {
  const asked = await ask(folder, { command: "status" });
  if (asked.kind === "unreachable") {
    const { why } = asked;
    return {
      kind: "failed",
      en: unreachableSentence(why, "en"),
      zh: unreachableSentence(why, "zh-CN"),
    };
  }
  const status = "status" in asked.answer ? asked.answer.status : undefined;
  if (status?.events === undefined)
    return { kind: "failed", en: "this node keeps no events", zh: "此节点不保存事件" };
  // Beside its socket, as `--runtime-dir` alone has it, it may have another name for the daemon:
  // one in a container knows the folder by another path.
  const { file } = status.events;
  const beside = join(folder, "state");
  const place = dirname(file).endsWith("/state") && existsSync(beside) ? beside : dirname(file);
  const { readEvents } = await import("#daemon/event-reader");
  const read = readEvents(place, selection);
  if (read.kind === "found") return read;
  const why = read.kind === "unreadable" ? read.why : read.kind;
  return {
    kind: "failed",
    en: `its events cannot be read: ${read.path} (${why})`,
    zh: `无法读取其事件：${read.path}（${why}）`,
  };
}

/** Whether this user could, if the daemon is not running yet. */
function mayWrite(socket: string): boolean {
  try {
    accessSync(socket, constants.W_OK);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code === "ENOENT" && process.geteuid?.() === 0;
  }
}
