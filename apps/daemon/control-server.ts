/** The control socket: a Unix stream socket, mode 0600, one JSON object a line. */
import { chmodSync, existsSync, rmSync } from "node:fs";
import { connect, createServer, type Server, type Socket } from "node:net";
import type { ControlAnswer, ControlRequest } from "#contract/status";

export interface ControlClient {
  send(answer: ControlAnswer): void;
  /** It has not read what it was sent; more would only fill memory. */
  readonly isBehind: boolean;
  onClose(what: () => void): void;
}

export type Handler = (request: ControlRequest, client: ControlClient) => Promise<ControlAnswer>;

const LINE_MAX = 65_536;
const BEHIND_BYTES = 1_048_576;
const CLIENTS_MAX = 64;
const CONNECT_MS = 1_000;

/** Is a daemon alive behind this socket? One that accepts is, even if it is too busy to say more. */
export async function isAnswered(path: string): Promise<boolean> {
  if (!existsSync(path)) return false;
  return await new Promise((resolve) => {
    const socket = connect(path);
    const end = (answer: boolean): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(CONNECT_MS, () => end(true));
    socket.once("connect", () => end(true));
    // A full queue of connections (EAGAIN) belongs to somebody; refused and missing belong to nobody.
    socket.once("error", (error: NodeJS.ErrnoException) => end(error.code === "EAGAIN"));
  });
}

/**
 * Rejects when the path cannot be had. A socket that is there already is replaced: the caller holds the lock of the
 * runtime directory, so nobody answers it any more.
 */
export async function serveControl(path: string, handle: Handler): Promise<Server> {
  rmSync(path, { force: true });
  const server = createServer((socket) => answerLines(socket, handle));
  server.maxConnections = CLIENTS_MAX;
  const before = process.umask(0o177);
  try {
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(path, () => {
        server.off("error", reject);
        resolve();
      });
      // The socket is made inside `listen`; nothing else may be made with this mask.
      process.umask(before);
    });
  } finally {
    process.umask(before);
  }
  chmodSync(path, 0o600);
  return server;
}

function answerLines(socket: Socket, handle: Handler): void {
  let buffered = "";
  let last: Promise<void> = Promise.resolve();
  const client: ControlClient = {
    send(answer) {
      if (!socket.destroyed) socket.write(`${JSON.stringify(answer)}\n`);
    },
    get isBehind() {
      return socket.writableLength > BEHIND_BYTES;
    },
    onClose: (what) => void socket.once("close", what),
  };
  socket.setEncoding("utf8");
  socket.on("error", () => socket.destroy());
  socket.on("data", (text: string) => {
    const lines = (buffered + text).split("\n");
    buffered = lines.pop() ?? "";
    if (buffered.length > LINE_MAX) socket.destroy();
    for (const line of lines) last = answer(line, client, handle, last);
  });
}

/** Answers come in the order of the requests. */
async function answer(
  line: string,
  client: ControlClient,
  handle: Handler,
  earlier: Promise<void>,
): Promise<void> {
  await earlier;
  const request = readRequest(line);
  const said: ControlAnswer =
    request === undefined
      ? {
          ok: false,
          error: "not a request",
          help: 'send one line like {"command":"status"}',
        }
      : await handle(request, client);
  client.send(said);
}

/** Undefined for anything that is no request; what it does not know is left out. */
export function readRequest(line: string): ControlRequest | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (typeof value !== "object" || value === null || !("command" in value)) return undefined;
  const { command } = value;
  switch (command) {
    case "status":
    case "watch":
    case "reload":
    case "ping":
      return { command };
    case "explain": {
      const instance = "instance" in value ? value.instance : undefined;
      const lang = "lang" in value ? value.lang : undefined;
      if (instance !== undefined && typeof instance !== "string") return undefined;
      if (lang !== undefined && lang !== "en" && lang !== "zh-CN") return undefined;
      return {
        command,
        ...(instance === undefined ? {} : { instance }),
        ...(lang === undefined ? {} : { lang }),
      };
    }
    default:
      return undefined;
  }
}
