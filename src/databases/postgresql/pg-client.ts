/**
 * Connections by pg, without anything that it would do by itself: no pool, no second attempt, no
 * environment, no password file, every value as text.
 */
import { Socket } from "node:net";
import { Client, type ClientConfig } from "pg";
import type { DatabaseAddress } from "#keepalived/plan/run-plan";
import type { Login } from "../port/credentials.ts";
import { printAddress } from "../port/database.ts";
import { type DialLimits, ServerProblem, within } from "../port/problem.ts";
import { SocketGuard } from "../port/socket-guard.ts";
import { type Connection, OWN_NAME, type Row, type SessionKind } from "./connection.ts";
import { readStrictly } from "./strict-reader.ts";

readStrictly();

export const dialCommands = async (
  at: DatabaseAddress,
  login: Login | undefined,
  limits: DialLimits,
): Promise<Connection> => await dial("command", at, login, limits);

export const dialQueries = async (
  at: DatabaseAddress,
  login: Login | undefined,
  limits: DialLimits,
): Promise<Connection> => await dial("query", at, login, limits);

async function dial(
  kind: SessionKind,
  at: DatabaseAddress,
  login: Login | undefined,
  limits: DialLimits,
): Promise<Connection> {
  const begun = performance.now();
  const where = printAddress(at);
  const socket = new Socket();
  const guard = new SocketGuard(socket);
  const accepted = new Promise<void>((resolve, reject) => {
    socket.once("connect", resolve);
    socket.once("error", reject);
  });
  accepted.catch(() => undefined);
  const client = new Client({ ...optionsFor(kind, at, login), stream: () => socket });
  // Errors between statements: the next one reports them.
  client.on("error", () => undefined);
  const opened = client.connect();
  opened.catch(() => undefined);
  try {
    await within(accepted, limits.connectMs, () => {
      return new ServerProblem("unreachable", `nobody accepts at ${where}`);
    });
    await within(opened, limits.loginMs - (performance.now() - begun), () => hung(where));
    return new PgConnection(client, socket, where, guard);
  } catch (error) {
    socket.destroy();
    throw problemOf(error, "refused");
  }
}

const hung = (where: string): ServerProblem =>
  new ServerProblem("hung", `${where} accepts and does not answer`);

const SOCKET = /^(.*)\/\.s\.PGSQL\.(\d+)$/;
const ROOT = "root";

function placeOf(at: DatabaseAddress): { readonly host: string; readonly port: number } {
  if (!("socket" in at)) return at;
  const [, folder, port] = SOCKET.exec(at.socket) ?? [];
  if (folder !== undefined) return { host: folder === "" ? "/" : folder, port: Number(port) };
  throw new ServerProblem("unreachable", `${at.socket} is not named FOLDER/.s.PGSQL.PORT`);
}

function optionsFor(
  kind: SessionKind,
  at: DatabaseAddress,
  login: Login | undefined,
): ClientConfig & { readonly replication?: string } {
  const isTls = login?.sslCaText !== undefined && !("socket" in at);
  return {
    ...placeOf(at),
    user: login?.user ?? ROOT,
    // Never that of the environment, nor of a file.
    password: login?.password?.reveal() ?? "",
    database: "postgres",
    application_name: OWN_NAME,
    ...(kind === "command" ? { replication: "database" } : {}),
    ssl: isTls ? { ca: login.sslCaText, rejectUnauthorized: true, host: at.host } : false,
    types: { getTypeParser: () => (value: string) => value },
  };
}

/** Classes of SQLSTATE. The server ends the session with these: shutting down, starting up. */
const ENDS = /^57P0/;
const SQLSTATE = /^[0-9A-Z]{5}$/;

/** @param answer what an error of the server means here */
function problemOf(error: unknown, answer: "answer" | "refused"): ServerProblem {
  if (error instanceof ServerProblem) return error;
  const { code = "", message = String(error) } = error as { code?: string; message?: string };
  // Codes of the system are as long, and no server's: EPIPE.
  const isServer = SQLSTATE.test(code) && "severity" in (error as object);
  if (!isServer && !/password|SASL/i.test(message))
    return new ServerProblem("unreachable", message, code);
  return new ServerProblem(ENDS.test(code) ? "unreachable" : answer, message, code);
}

class PgConnection implements Connection {
  readonly #client: Client;
  readonly #socket: Socket;
  readonly #where: string;
  readonly #guard: SocketGuard;
  #isOpen = true;

  constructor(client: Client, socket: Socket, where: string, guard: SocketGuard) {
    this.#guard = guard;
    this.#client = client;
    this.#socket = socket;
    this.#where = where;
    const closed = (): void => {
      this.#isOpen = false;
    };
    client.on("end", closed);
    client.on("error", closed);
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  async query(sql: string, timeoutMs: number): Promise<readonly Row[]> {
    this.#guard.restart();
    const answered = this.#client.query(sql);
    answered.catch(() => undefined);
    try {
      const result: unknown = await within(answered, timeoutMs, () => hung(this.#where));
      return rowsOf(result);
    } catch (error) {
      const problem = problemOf(error, "answer");
      if (problem.kind !== "answer") this.destroy();
      throw problem;
    }
  }

  destroy(): void {
    this.#isOpen = false;
    this.#socket.destroy();
  }
}

/** Of several statements: those of the last one that gave any. */
function rowsOf(result: unknown): readonly Row[] {
  const all = (Array.isArray(result) ? result : [result]) as readonly { rows?: readonly Row[] }[];
  return all.findLast(({ rows = [] }) => rows.length > 0)?.rows ?? [];
}
