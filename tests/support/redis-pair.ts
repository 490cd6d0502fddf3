/** A pair of Redis servers in this process's network, with Baton's view of each, and clients. */
import { join } from "node:path";
import type { DatabaseSettings } from "#databases/port/database";
import { RedisDatabase } from "#databases/redis/redis";
import { dialRedis } from "#databases/redis/redis-client";
import { RedisServer } from "#lab/database/redis";
import { type GatePair, inSeconds, settingsOf, until, withGatePair } from "./gate-pair.ts";
import { PairWriters, type WriterKind } from "./pair-writers.ts";

export type RedisPair = GatePair<RedisServer, RedisDatabase>;

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
      open: (own, peer) => new RedisDatabase(settingsOf("redis", own, peer, more), {}, dialRedis),
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

type Client = ReturnType<RedisServer["connect"]>;

const KIND: WriterKind<RedisServer, Client> = {
  connect: async (server) => {
    const client = server.connect("app");
    await client.connect();
    return client;
  },
  write: async (client, writer, seq) => await client.set(`${writer}:${seq}`, "1"),
  close: (client) => client.disconnect(),
};

export class RedisWriters extends PairWriters<RedisServer, Client> {
  constructor(server: RedisServer) {
    super(server, KIND);
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
