/** A pair of Redis servers in this process's network, with Baton's view of each, and clients. */
import { join } from "node:path";
import type { DatabaseSettings } from "#databases/port/database";
import { RedisDatabase } from "#databases/redis/redis";
import { dialRedis } from "#databases/redis/redis-client";
import { RedisServer } from "#lab/database/redis";
import { type GatePair, inSeconds, PAIR_SETTINGS, until, withGatePair } from "./gate-pair.ts";

export type RedisPair = GatePair<RedisServer, RedisDatabase>;

const settingsFor = (
  own: RedisServer,
  peer: RedisServer,
  more: Partial<DatabaseSettings>,
): DatabaseSettings => ({
  ...PAIR_SETTINGS,
  kind: "redis",
  at: { host: own.address, port: own.port },
  peers: [{ host: peer.address, port: peer.port }],
  sync: "preferred",
  ...more,
});

export async function withRedisPair(
  {
    more = {},
    settings = [],
  }: {
    readonly more?: Partial<DatabaseSettings>;
    readonly settings?: readonly string[];
  },
  use: (pair: RedisPair) => Promise<void>,
): Promise<void> {
  await withGatePair(
    {
      name: "redis",
      start: (folder) =>
        Promise.all([
          RedisServer.start({ folder: join(folder, "a"), port: 16_301, settings }),
          RedisServer.start({ folder: join(folder, "b"), port: 16_302, settings }),
        ]),
      open: (own, peer) => new RedisDatabase(settingsFor(own, peer, more), {}, dialRedis),
      prepare,
    },
    use,
  );
}

async function prepare({ gateA, gateB }: RedisPair): Promise<void> {
  await until(gateA, ({ eligible }) => eligible);
  const first = { reason: "master-down", acceptLoss: false, deadline: inSeconds(5) };
  const promoted = await gateA.promote(first);
  if (!promoted.ok) throw new Error(JSON.stringify(promoted));
  // It follows by itself: it is read-only, and has nothing that the other one lacks.
  await until(gateB, ({ eligible, follows }) => eligible && follows, [gateA]);
}

/** Clients that write as fast as they are answered, and keep what was acknowledged. */
export class RedisWriters {
  readonly acknowledged: string[] = [];
  readonly errors: string[] = [];
  readonly #server: RedisServer;
  readonly #ends: Promise<void>[] = [];
  #isStopped = false;

  constructor(server: RedisServer) {
    this.#server = server;
  }

  async start(count: number): Promise<void> {
    for (let n = 0; n < count; n += 1) {
      const client = this.#server.connect("app");
      await client.connect();
      this.#ends.push(this.#write(client, n).finally(() => client.disconnect()));
    }
  }

  async #write(client: ReturnType<RedisServer["connect"]>, writer: number): Promise<void> {
    try {
      for (let n = 0; !this.#isStopped; n += 1) {
        const key = `${writer}:${n}`;
        await client.set(key, "1");
        this.acknowledged.push(key);
      }
    } catch (error) {
      this.errors.push(String(error));
    }
  }

  /** Resolves when so many more have been acknowledged. */
  async more(count: number): Promise<void> {
    const wanted = this.acknowledged.length + count;
    while (this.acknowledged.length < wanted && this.errors.length < this.#ends.length)
      await new Promise((resolve) => {
        setTimeout(resolve, 1);
      });
  }

  /** Resolves when every writer has ended: with an error, or stopped here. */
  async ended(): Promise<void> {
    await Promise.all(this.#ends);
  }

  stop(): void {
    this.#isStopped = true;
  }

  /** What was acknowledged, and is not there. */
  async lostAt(server: RedisServer): Promise<readonly string[]> {
    const client = server.connect("reader");
    await client.connect();
    try {
      const lost: string[] = [];
      for (let n = 0; n < this.acknowledged.length; n += 1_000) {
        const keys = this.acknowledged.slice(n, n + 1_000);
        const values = await client.mget(keys);
        lost.push(...keys.filter((_key, index) => values[index] === null));
      }
      return lost;
    } finally {
      client.disconnect();
    }
  }
}
