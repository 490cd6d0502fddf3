/** A connection of the load to Redis: a row is a member of its writer's sorted set. */
import { Redis } from "ioredis";
import { READ_ONLY } from "./ledger.ts";
import type { LoadOptions } from "./load-protocol.ts";
import { type Session, StatementFailed, within } from "./session.ts";

export const ledgerOf = (writer: number): string => `ledger:${writer}`;
/** The setting by which a server of the pair is known: Sentinel's, which there is not. */
export const NUMBER_SETTING = "replica-priority";
/** A replica, or a master that asks for more replicas than there are. */
const READ_ONLY_ERRORS = /^(?:READONLY|NOREPLICAS)/;

function failureOf(error: unknown, lost: Error | undefined): StatementFailed {
  const { name, message = String(error) } = error as { name?: string; message?: string };
  if (READ_ONLY_ERRORS.test(message)) return new StatementFailed(READ_ONLY, true);
  if (name === "ReplyError") return new StatementFailed(message.split(" ")[0] ?? "?", true);
  const { code } = (lost ?? error) as { code?: string };
  return new StatementFailed(code ?? message, false);
}

/** @throws StatementFailed */
export async function connectRedis(options: LoadOptions): Promise<Session> {
  const { address, port, user, password, connectMilliseconds, statementMilliseconds } = options;
  const redis = new Redis({
    host: address,
    port,
    username: user,
    password,
    // Its own timer is the one that counts.
    connectTimeout: 10 * connectMilliseconds,
    lazyConnect: true,
    disableClientInfo: true,
    enableReadyCheck: false,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    retryStrategy: () => null,
    maxRetriesPerRequest: 0,
  });
  // What happens to a connection is seen by the command that waits for an answer.
  let lost: Error | undefined;
  redis.on("error", (error: Error) => {
    lost ??= error;
  });
  const ask = async <T>(milliseconds: number, work: Promise<T>): Promise<T> =>
    await within<T>(milliseconds, (end) => {
      work.then(
        (value) => end(undefined, value),
        (error: unknown) => end(failureOf(error, lost)),
      );
    });
  try {
    await ask(connectMilliseconds, redis.connect());
    const setting = redis.call("CONFIG", "GET", NUMBER_SETTING) as Promise<readonly string[]>;
    const [, number] = await ask(connectMilliseconds, setting);
    return {
      server: Number(number),
      write: async (writer, seq) => {
        await ask(statementMilliseconds, redis.zadd(ledgerOf(writer), seq, String(seq)));
      },
      newest: async (writer) => {
        const range = redis.zrange(ledgerOf(writer), "-1", "-1");
        const [found = "0"] = await ask(statementMilliseconds, range);
        return Number(found);
      },
      destroy: () => redis.disconnect(),
    };
  } catch (error) {
    redis.disconnect();
    throw error;
  }
}
