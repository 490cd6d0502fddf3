/** The control socket: a Unix stream socket, mode 0600, one JSON object a line. */
import { chmodSync, existsSync, rmSync } from "node:fs";
import { connect, createServer, type Server, type Socket } from "node:net";
import type { ControlAnswer, ControlRequest } from "#contract/status";

export type Handler = (
  request: ControlRequest,
  push: (answer: ControlAnswer) => boolean,
) => Promise<ControlAnswer>;

const LINE_MAX = 65_536;

/** Is a daemon alive behind this socket? */
export async function isAnswered(path: string): Promise<boolean> {
  if (!existsSync(path)) return false;
  return await new Promise((resolve) => {
    const socket = connect(path);
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}

/** Rejects when the path cannot be had. A socket nobody answers any more is replaced. */
export async function serveControl(path: string, handle: Handler): Promise<Server> {
  rmSync(path, { force: true });
  const server = createServer((socket) => answerLines(socket, handle));
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(path, () => {
      server.off("error", reject);
      resolve();
    });
  });
  chmodSync(path, 0o600);
  return server;
}

function answerLines(socket: Socket, handle: Handler): void {
  let buffered = "";
  const push = (answer: ControlAnswer): boolean =>
    !socket.destroyed && socket.write(`${JSON.stringify(answer)}\n`);
  socket.setEncoding("utf8");
  socket.on("error", () => socket.destroy());
  socket.on("data", (text: string) => {
    const lines = (buffered + text).split("\n");
    buffered = lines.pop() ?? "";
    if (buffered.length > LINE_MAX) socket.destroy();
    for (const line of lines) {
      const request = readRequest(line);
      if (request === undefined) {
        push({
          ok: false,
          error: "not a request",
          help: 'send one line like {"command":"status"}',
        });
        continue;
      }
      void handle(request, push).then(push);
    }
  });
}

const COMMANDS: readonly string[] = ["status", "watch", "explain", "reload", "ping"];

function readRequest(line: string): ControlRequest | undefined {
  try {
    const value: unknown = JSON.parse(line);
    if (typeof value !== "object" || value === null || !("command" in value)) return undefined;
    if (typeof value.command !== "string" || !COMMANDS.includes(value.command)) return undefined;
    return value as ControlRequest;
  } catch {
    return undefined;
  }
}
