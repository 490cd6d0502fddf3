/** Asks the daemon on its control socket. */
import { connect } from "node:net";
import { join } from "node:path";
import type { ControlAnswer, ControlRequest } from "#contract/status";

export const RUNTIME_DIR = "/run/baton";
export const socketIn = (runtimeDir: string): string => join(runtimeDir, "control.sock");

export type Asked =
  | { readonly kind: "answer"; readonly answer: ControlAnswer }
  | { readonly kind: "unreachable"; readonly why: string };

const TIMEOUT_MS = 5_000;

export async function ask(runtimeDir: string, request: ControlRequest): Promise<Asked> {
  let first: ControlAnswer | undefined;
  const why = await converse(runtimeDir, request, (answer) => {
    first = answer;
    return false;
  });
  return first === undefined
    ? { kind: "unreachable", why: why ?? "no answer" }
    : { kind: "answer", answer: first };
}

/** Every answer goes to `take` until it returns false or the daemon ends. Resolves to why it could not be reached. */
export async function converse(
  runtimeDir: string,
  request: ControlRequest,
  take: (answer: ControlAnswer) => boolean,
): Promise<string | undefined> {
  const path = socketIn(runtimeDir);
  return await new Promise((resolve) => {
    const socket = connect(path);
    let buffered = "";
    const end = (why: string | undefined): void => {
      socket.destroy();
      resolve(why);
    };
    if (request.command !== "watch")
      socket.setTimeout(TIMEOUT_MS, () => end("the daemon does not answer"));
    socket.setEncoding("utf8");
    socket.once("error", (error: NodeJS.ErrnoException) => end(reasonOf(error, path)));
    socket.once("close", () => resolve(undefined));
    socket.once("connect", () => socket.write(`${JSON.stringify(request)}\n`));
    socket.on("data", (text: string) => {
      const lines = (buffered + text).split("\n");
      buffered = lines.pop() ?? "";
      for (const line of lines) {
        if (!take(JSON.parse(line) as ControlAnswer)) return end(undefined);
      }
    });
  });
}

function reasonOf(error: NodeJS.ErrnoException, path: string): string {
  switch (error.code) {
    case "ENOENT":
    case "ECONNREFUSED":
      return `no daemon is running here (${path})`;
    case "EACCES":
      return `${path}: no permission; try with sudo`;
    default:
      return `${path}: ${error.code ?? error.message}`;
  }
}
