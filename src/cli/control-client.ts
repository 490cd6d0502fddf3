/** Asks the daemon on its control socket. */

import { connect } from "node:net";
import { join } from "node:path";
import { text, type ValueOption, value } from "#command-line/definition";
import type { ControlAnswer, ControlRequest } from "#daemon/control-protocol";
import type { Language } from "#diagnostics/diagnostic";
import { Lines } from "#units/lines";

export const RUNTIME_DIR = "/run/baton";

/** The options of every command that asks the daemon. */
export const RUNTIME_DIR_OPTION: ValueOption<"value"> = value(
  text("DIR", "目录"),
  text(
    `the daemon's, where its control socket is (default ${RUNTIME_DIR})`,
    `守护进程的运行目录，控制套接字在其中（默认 ${RUNTIME_DIR}）`,
  ),
  { completes: "folders" },
);

interface ControlLine {
  readonly options: { readonly "runtime-dir": string | undefined };
}

export const runtimeDirOf = ({ options }: ControlLine): string =>
  options["runtime-dir"] ?? RUNTIME_DIR;

export const socketIn = (runtimeDir: string): string => join(runtimeDir, "control.sock");

/** Where members of the group `baton` may ask what only reads (src/daemon/reader-socket.ts). */
const readerSocketIn = (runtimeDir: string): string => join(runtimeDir, "readers.sock");

export type Asked =
  | { readonly kind: "answer"; readonly answer: ControlAnswer }
  | { readonly kind: "unreachable"; readonly why: Unreachable };

export type Unreachable =
  | { readonly kind: "no-daemon"; readonly path: string }
  | { readonly kind: "no-permission"; readonly path: string }
  | { readonly kind: "no-answer"; readonly path: string }
  /**
   * The answer comes from another program, or from a daemon of another version that has been
   * running since before an upgrade.
   */
  | { readonly kind: "unreadable"; readonly path: string }
  | { readonly kind: "failed"; readonly path: string; readonly errno: string };

const TIMEOUT_MS = 5_000;

export async function ask(
  runtimeDir: string,
  request: ControlRequest,
  timeoutMilliseconds = TIMEOUT_MS,
): Promise<Asked> {
  let first: ControlAnswer | undefined;
  const keep = (answer: ControlAnswer): boolean => {
    first = answer;
    return false;
  };
  const why = await converse(runtimeDir, request, keep, timeoutMilliseconds);
  if (first !== undefined) return { kind: "answer", answer: first };
  const path = socketIn(runtimeDir);
  return { kind: "unreachable", why: why ?? { kind: "no-answer", path } };
}

/**
 * Passes every answer to `take` until that returns false or the daemon ends. Resolves to the
 * reason if the daemon could not be reached. Who may not use the control socket is tried at the
 * one for the group.
 *
 * @param signal ends it while there is no answer
 */
export async function converse(
  runtimeDir: string,
  request: ControlRequest,
  take: (answer: ControlAnswer) => boolean,
  timeoutMilliseconds = TIMEOUT_MS,
  signal?: AbortSignal,
): Promise<Unreachable | undefined> {
  const talk = async (path: string): Promise<Unreachable | undefined> =>
    await converseAt(path, request, take, timeoutMilliseconds, signal);
  const why = await talk(socketIn(runtimeDir));
  if (why?.kind !== "no-permission") return why;
  const second = await talk(readerSocketIn(runtimeDir));
  return second?.kind === "no-daemon" ? why : second;
}

async function converseAt(
  path: string,
  request: ControlRequest,
  take: (answer: ControlAnswer) => boolean,
  timeoutMilliseconds: number,
  signal?: AbortSignal,
): Promise<Unreachable | undefined> {
  return await new Promise((resolve, reject) => {
    const socket = connect({ path, ...(signal !== undefined && { signal }) });
    const lines = new Lines();
    const end = (why: Unreachable | undefined): void => {
      socket.destroy();
      resolve(why);
    };
    if (request.command !== "watch")
      socket.setTimeout(timeoutMilliseconds, () => end({ kind: "no-answer", path }));
    socket.setEncoding("utf8");
    socket.once("error", (error: NodeJS.ErrnoException) => end(reasonOf(error.code ?? "?", path)));
    socket.once("close", () => resolve(undefined));
    socket.once("connect", () => {
      socket.write(`${JSON.stringify(request)}\n`);
      // This is loaded while the daemon prepares its answer, and not at all if there is no
      // daemon.
      import("#daemon/control-shapes").then(({ readAnswer }) => {
        socket.on("data", (text: string) => {
          for (const line of lines.add(text)) {
            const answer = readAnswer(line);
            if (answer === undefined) return end({ kind: "unreadable", path });
            if (!take(answer)) return end(undefined);
          }
        });
      }, reject);
    });
  });
}

function reasonOf(errno: string, path: string): Unreachable {
  if (errno === "ENOENT" || errno === "ECONNREFUSED") return { kind: "no-daemon", path };
  if (errno === "EACCES" || errno === "EPERM") return { kind: "no-permission", path };
  return { kind: "failed", path, errno };
}

export function unreachableSentence(why: Unreachable, language: Language): string {
  const en = language === "en";
  switch (why.kind) {
    case "no-daemon":
      return en
        ? `no daemon is running here (${why.path})`
        : `没有正在运行的守护进程（${why.path}）`;
    case "no-permission":
      return en
        ? `${why.path}: no permission; try with sudo, or as a member of the group baton (status, explain)`
        : `${why.path}：权限不足；请用 sudo，或加入 baton 组（可运行 status、explain）`;
    case "no-answer":
      return en ? "the daemon does not answer" : "守护进程没有应答";
    case "unreadable":
      return en
        ? `${why.path}: the answer is not one of this version of Baton; restart the daemon if it was upgraded while it ran`
        : `${why.path}：应答不是本版本 Baton 的格式；如果升级后守护进程没有重启，请重启它`;
    case "failed":
      return `${why.path}: ${why.errno}`;
  }
}
