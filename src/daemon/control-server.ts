/**
 * The control socket: a Unix stream socket, mode 0600, one JSON object a line. reader-socket.ts
 * makes the one for a group.
 */
import { chmodSync, existsSync, readFileSync, rmSync } from "node:fs";
import { connect, createServer, type Server, type Socket } from "node:net";
import type { Caller } from "#events/caller";
import { peerUid } from "#linux/peer-credentials";
import { findUser } from "./account.ts";
import { type Client, Clients } from "./clients.ts";
import { failureText } from "./contain.ts";
import type { ControlAnswer, ControlRequest } from "./control-protocol.ts";
import { readRequest } from "./control-shapes.ts";
import type { Log } from "./log.ts";
import { Pace } from "./pace.ts";

export interface ControlClient {
  send(answer: ControlAnswer): void;
  /** The limit for a client that does not read: more would only fill memory. */
  readonly isBehind: boolean;
  onClose(what: () => void): void;
}

/** One that asks. */
export interface AskingClient extends ControlClient {
  /** As the kernel says. */
  caller(): Caller;
}

export type Handler = (request: ControlRequest, client: AskingClient) => Promise<ControlAnswer>;

const LINE_MAX = 65_536;
const BEHIND_BYTES = 1_048_576;
/**
 * Most clients ask once and are answered together (shared-work.ts): 500 of them in a second, each
 * of which waits for half a second, fit.
 */
const CLIENTS_MAX = 512;
const CONNECT_MS = 1_000;

/**
 * Whether a daemon is alive behind this socket. One that accepts is, even if it is too busy to
 * answer.
 */
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
    // A full queue of connections (EAGAIN) belongs to a process; a refused connection or a
    // missing socket does not.
    socket.once("error", (error: NodeJS.ErrnoException) => end(error.code === "EAGAIN"));
  });
}

export interface ClientLimits {
  /** How many at once. */
  readonly most?: number;
  /** They get one part in so many of the descriptors. */
  readonly share?: number;
}

/**
 * Rejects if the socket cannot be made at this path. An existing socket is replaced: the caller
 * holds the lock of the runtime directory, so no process answers it any more.
 */
export async function serveControl(
  path: string,
  handle: Handler,
  log: Log,
  limits: ClientLimits = {},
): Promise<Server> {
  rmSync(path, { force: true });
  const pace = new Pace();
  const clients = new Clients(clientsMax(limits));
  const server = createServer((socket) => {
    socket.on("error", () => socket.destroy());
    const one = new Conversation(socket, { handle, log, pace, clients });
    if (!clients.enter(one)) socket.destroy();
  });
  const before = process.umask(0o177);
  try {
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(path, () => {
        server.off("error", reject);
        resolve();
      });
      // The socket is created inside `listen`; no other file may be created with this mask.
      process.umask(before);
    });
  } finally {
    process.umask(before);
  }
  // Without free descriptors nobody can ask, but nothing else is affected.
  server.on("error", (error) => log("warning", `control socket: ${failureText(error)}`));
  chmodSync(path, 0o600);
  return server;
}

/**
 * How many clients may be connected, so that descriptors are left for an engine and for
 * scripts.
 */
function clientsMax({ most = CLIENTS_MAX, share = 4 }: ClientLimits): number {
  try {
    const soft = /^Max open files\s+(\d+)/m.exec(readFileSync("/proc/self/limits", "utf8"))?.[1];
    return Math.max(1, Math.min(most, Math.floor(Number(soft ?? most * share) / share)));
  } catch {
    return most;
  }
}

/** Node.js shows the descriptor of a socket nowhere else. */
function peerUidOf(socket: Socket): number | undefined {
  const { _handle: handle } = socket as Socket & { readonly _handle?: { readonly fd?: number } };
  return handle?.fd === undefined || handle.fd < 0 ? undefined : peerUid(handle.fd);
}

/** Many clients may get the same answer: it is printed once, and what waits is in memory once. */
const lines = new WeakMap<ControlAnswer, Buffer>();

function lineOf(answer: ControlAnswer): Buffer {
  const known = lines.get(answer);
  if (known !== undefined) return known;
  const line = Buffer.from(`${JSON.stringify(answer)}\n`);
  lines.set(answer, line);
  return line;
}

/** What all conversations at a socket share. */
interface Shared {
  readonly handle: Handler;
  readonly log: Log;
  readonly pace: Pace;
  readonly clients: Clients;
}

/**
 * One client: its lines are answered one after the other, and it is read no faster than it is
 * answered.
 */
class Conversation implements AskingClient, Client {
  readonly #socket: Socket;
  readonly #shared: Shared;
  /** What was read, from `#at` on not yet answered. */
  #unread = "";
  #at = 0;
  #isAnswering = false;

  constructor(socket: Socket, shared: Shared) {
    this.#socket = socket;
    this.#shared = shared;
    socket.setEncoding("utf8");
    socket.once("close", () => shared.clients.leave(this));
    socket.on("data", (text: string) => this.#take(text));
    socket.on("drain", () => void this.#answerAll());
  }

  end(): void {
    this.#socket.destroy();
  }

  send(answer: ControlAnswer): void {
    if (!this.#socket.destroyed) this.#socket.write(lineOf(answer));
  }

  caller(): Caller {
    const uid = peerUidOf(this.#socket);
    return { via: "socket", uid, user: uid === undefined ? undefined : findUser(uid) };
  }

  get isBehind(): boolean {
    return this.#socket.writableLength > BEHIND_BYTES;
  }

  onClose(what: () => void): void {
    this.#socket.once("close", what);
  }

  #take(text: string): void {
    this.#unread = this.#unread.slice(this.#at) + text;
    this.#at = 0;
    // Read on only when this is answered.
    this.#socket.pause();
    void this.#answerAll();
  }

  /** Undefined if the client has not sent a whole one. */
  #nextLine(): string | undefined {
    const end = this.#unread.indexOf("\n", this.#at);
    const length = (end < 0 ? this.#unread.length : end) - this.#at;
    if (length > LINE_MAX) this.#socket.destroy();
    if (end < 0 || this.#socket.destroyed) return undefined;
    const line = this.#unread.slice(this.#at, end);
    this.#at = end + 1;
    return line;
  }

  /**
   * Never rejects. It stops while the client has not read what it was sent, and goes on when it
   * has (`drain`).
   */
  async #answerAll(): Promise<void> {
    if (this.#isAnswering) return;
    this.#isAnswering = true;
    while (!this.isBehind) {
      const line = this.#nextLine();
      if (line === undefined) break;
      this.#shared.clients.asked(this);
      await this.#shared.pace.turn(() => this.#socket.destroyed);
      if (this.#socket.destroyed) break;
      this.send(await this.#answer(line));
    }
    this.#isAnswering = false;
    this.#shared.clients.answered(this);
    if (!this.isBehind) this.#socket.resume();
  }

  async #answer(line: string): Promise<ControlAnswer> {
    const request = readRequest(line);
    if (typeof request === "string")
      return {
        ok: false,
        error: `not a request: ${request}`,
        help: 'send one line like {"command":"status"}',
      };
    const { clients, handle, log } = this.#shared;
    if (request.command === "watch") clients.watches(this);
    try {
      return await handle(request, this);
    } catch (error) {
      log("error", `control socket, ${request.command}: ${failureText(error)}`);
      return { ok: false, error: "it could not be answered; the log of the daemon says why" };
    }
  }
}
