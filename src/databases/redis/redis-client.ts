/**
 * Connections by ioredis, without anything that it would do by itself: no second attempt, no queue
 * while disconnected, no look at the server before it is asked.
 */
import { Redis, type RedisOptions } from "ioredis";
import type { DatabaseAddress } from "#keepalived/plan/run-plan";
import type { Login } from "../port/credentials.ts";
import { printAddress } from "../port/database.ts";
import { asProblem, type DialLimits, ServerProblem, within } from "../port/problem.ts";
import { SocketGuard } from "../port/socket-guard.ts";
import { type Connection, OWN_NAME } from "./connection.ts";

export async function dialRedis(
  at: DatabaseAddress,
  login: Login | undefined,
  limits: DialLimits,
): Promise<Connection> {
  const begun = performance.now();
  const redis = new Redis(options(at, login));
  const where = printAddress(at);
  let problem: Error | undefined;
  redis.on("error", (error: Error) => {
    problem ??= error;
  });
  let guard: SocketGuard | undefined;
  const accepted = new Promise<void>((resolve) => {
    redis.once("connect", () => {
      guard = new SocketGuard(redis.stream);
      resolve();
    });
  });
  const opened = redis.connect();
  opened.catch(() => undefined);
  try {
    // Rejects at once where nobody is; the name of the error is in the event.
    await within(Promise.race([accepted, opened]), limits.connectMs, () => {
      return new ServerProblem("unreachable", `nobody accepts at ${where}`);
    });
    await within(opened, limits.loginMs - (performance.now() - begun), () => hung(where));
    const connection = new IoRedisConnection(redis, where, () => guard?.restart());
    await connection.call(["PING"], limits.loginMs - (performance.now() - begun));
    return connection;
  } catch (error) {
    endOf(redis);
    throw error instanceof ServerProblem ? error : problemOf(problem ?? error);
  }
}

/** At once: ioredis alone would give a server two seconds to close its end. */
function endOf(redis: Redis): void {
  // There is none before the first attempt.
  const { stream } = redis as { readonly stream?: Redis["stream"] };
  if (stream?.destroyed === true) return;
  redis.disconnect();
  stream?.destroy();
}

const hung = (where: string): ServerProblem =>
  new ServerProblem("hung", `${where} accepts and does not answer`);

function options(at: DatabaseAddress, login: Login | undefined) {
  const password = login?.password?.reveal();
  return {
    ...("socket" in at ? { path: at.socket } : { host: at.host, port: at.port }),
    ...(login === undefined || password === undefined ? {} : { username: login.user, password }),
    ...(login?.sslCaText === undefined || "socket" in at ? {} : { tls: { ca: login.sslCaText } }),
    connectionName: OWN_NAME,
    protocol: 2 as const,
    lazyConnect: true,
    disableClientInfo: true,
    enableReadyCheck: false,
    enableOfflineQueue: false,
    autoResubscribe: false,
    autoResendUnfulfilledCommands: false,
    retryStrategy: () => null,
    maxRetriesPerRequest: 0,
  } satisfies RedisOptions;
}

const LOGIN_ERRORS = /^(?:NOAUTH|WRONGPASS|NOPERM|ERR AUTH)/;

function problemOf(error: unknown): ServerProblem {
  const { name = "", message = String(error) } = error as { name?: string; message?: string };
  if (LOGIN_ERRORS.test(message)) return new ServerProblem("refused", message);
  return new ServerProblem(name === "ReplyError" ? "answer" : "unreachable", message);
}

class IoRedisConnection implements Connection {
  readonly #redis: Redis;
  readonly #where: string;
  readonly #asks: () => void;
  #isOpen = true;

  /** @param asks called with every command */
  constructor(redis: Redis, where: string, asks: () => void) {
    this.#redis = redis;
    this.#where = where;
    this.#asks = asks;
    redis.on("close", () => {
      this.#isOpen = false;
    });
    // An answer that nobody asked for, for example: nothing that comes after it can be believed.
    redis.on("error", () => this.destroy());
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  async call([command = "", ...args]: readonly string[], timeoutMs: number): Promise<unknown> {
    this.#asks();
    const answered = this.#redis.call(command, ...args).catch((error: unknown) => {
      throw problemOf(error);
    });
    answered.catch(() => undefined);
    try {
      return await within(answered, timeoutMs, () => hung(this.#where));
    } catch (error) {
      if (asProblem(error).kind !== "answer") this.destroy();
      throw error;
    }
  }

  destroy(): void {
    this.#isOpen = false;
    endOf(this.#redis);
  }
}
