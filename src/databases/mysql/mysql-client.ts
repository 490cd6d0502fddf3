/**
 * Connections by mysql2. The socket is made here, so that a machine that is gone and a server that
 * hangs (its kernel still accepts) are kept apart.
 */
import { connect, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import { type Connection, createConnection, type QueryError } from "mysql2";
import type { DatabaseAddress } from "#keepalived/plan/run-plan";
import type { Login } from "../port/credentials.ts";
import { printAddress } from "../port/database.ts";
import { asProblem, type DialLimits, ServerProblem, within } from "../port/problem.ts";
import { SocketGuard } from "../port/socket-guard.ts";
import type { Row, Sql } from "./sql.ts";

export async function dialMySql(
  at: DatabaseAddress,
  login: Login | undefined,
  limits: DialLimits,
): Promise<Sql> {
  const begun = performance.now();
  const socket = await openSocket(at, limits.connectMs);
  const guard = new SocketGuard(socket);
  try {
    const connection = createConnection(options(socket, at, login));
    // Errors between statements: the next one reports them.
    connection.on("error", () => undefined);
    const opened = new Promise<void>((resolve, reject) => {
      connection.connect((error) => (error === null ? resolve() : reject(loginError(error))));
    });
    opened.catch(() => undefined);
    const left = limits.loginMs - (performance.now() - begun);
    await within(opened, left, () => new ServerProblem("hung", hung(at), "ETIMEDOUT"));
    return new MySqlConnection(connection, at, guardOf(connection, socket) ?? guard);
  } catch (error) {
    socket.destroy();
    throw asProblem(error, "answer");
  }
}

/** Encrypted, it has another socket around the first one. */
function guardOf(connection: Connection, socket: Socket): SocketGuard | undefined {
  const { stream } = connection as Connection & { readonly stream?: Duplex };
  return stream === undefined || stream === socket ? undefined : new SocketGuard(stream);
}

const hung = (at: DatabaseAddress): string => `${printAddress(at)} accepts and does not answer`;

/** What the server, or the way to it, had against the login. */
function loginError(error: QueryError): ServerProblem {
  const { code } = error;
  // A number is the server's own answer: an access right, a limit, a host that it blocks.
  const problem = code.startsWith("ER_") ? "refused" : "unreachable";
  return new ServerProblem(problem, error.message, code);
}

async function openSocket(at: DatabaseAddress, ms: number): Promise<Socket> {
  const socket =
    "socket" in at ? connect({ path: at.socket }) : connect({ host: at.host, port: at.port });
  socket.setNoDelay(true);
  const opened = new Promise<void>((resolve, reject) => {
    socket.once("connect", resolve);
    socket.once("error", (error: NodeJS.ErrnoException) =>
      reject(new ServerProblem("unreachable", error.message, error.code ?? "")),
    );
  });
  opened.catch(() => undefined);
  try {
    await within(opened, ms, () => {
      return new ServerProblem("unreachable", `nobody accepts at ${printAddress(at)}`, "ETIMEDOUT");
    });
    return socket;
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

function options(
  socket: Socket,
  at: DatabaseAddress,
  login: Login | undefined,
): Parameters<typeof createConnection>[0] & object {
  const password = login?.password?.reveal();
  return {
    stream: socket,
    user: login?.user ?? "root",
    ...(password === undefined ? {} : { password }),
    ...(login?.sslCaText === undefined || "socket" in at
      ? {}
      : { ssl: { ca: login.sslCaText, rejectUnauthorized: true } }),
    // No code is made from what a server sends.
    disableEval: true,
    // The limits are ours; its timer would go on after we have given up.
    connectTimeout: 0,
    // Everything as text: no number is rounded, no date is read.
    typeCast: (field) => field.string(),
  };
}

class MySqlConnection implements Sql {
  readonly #connection: Connection;
  readonly #at: DatabaseAddress;
  readonly #guard: SocketGuard;
  #isOpen = true;

  constructor(connection: Connection, at: DatabaseAddress, guard: SocketGuard) {
    this.#connection = connection;
    this.#at = at;
    this.#guard = guard;
    const closed = (): void => {
      this.#isOpen = false;
    };
    connection.on("end", closed);
    connection.on("error", closed);
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  get threadId(): number {
    return this.#connection.threadId;
  }

  async query(sql: string, timeoutMs: number): Promise<readonly Row[]> {
    this.#guard.restart();
    const answered = new Promise<readonly Row[]>((resolve, reject) => {
      this.#connection.query(sql, (error, rows) => {
        if (error !== null) reject(this.#problem(error));
        // A statement without rows has a header of its own instead.
        else resolve(Array.isArray(rows) ? (rows as unknown as readonly Row[]) : []);
      });
    });
    answered.catch(() => undefined);
    try {
      return await within(answered, timeoutMs, () => {
        return new ServerProblem(
          "hung",
          `${printAddress(this.#at)}: no answer in time`,
          "ETIMEDOUT",
        );
      });
    } catch (error) {
      if (asProblem(error, "answer").kind !== "answer") this.destroy();
      throw error;
    }
  }

  #problem(error: NodeJS.ErrnoException): ServerProblem {
    const code = error.code ?? "";
    const isAnswer = code.startsWith("ER_") || code.startsWith("UNKNOWN_CODE");
    return new ServerProblem(isAnswer ? "answer" : "unreachable", error.message, code);
  }

  destroy(): void {
    this.#isOpen = false;
    this.#connection.destroy();
  }
}
