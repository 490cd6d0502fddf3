/** A pair of Redis servers as examples/redis sets them up. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { rowKey } from "../database/ledger.ts";
import { RedisServer } from "../database/redis.ts";
import { ledgerOf, NUMBER_SETTING } from "../database/redis-session.ts";
import {
  type DatabaseNode,
  type GateKind,
  printGuide,
  readExampleFile,
  withNode,
  writeNodeFile,
} from "./database-config.ts";
import { controlsOf, type DatabaseKit, type LabServer, type Member } from "./database-kit.ts";
import { SLOWLY } from "./database-scripts.ts";

const PORT = 6_379;
/** Of examples/redis/redis.cnf and redis.conf. */
const ACCOUNT = { user: "default", password: "change-me" };
const WRITERS_MAX = 100;
const BESIDE_BATON = "min-replicas-to-write";

/** The example's settings of a server, as options of the program. */
export const redisSettings = (isGated: boolean): readonly string[] =>
  readExampleFile("redis/redis.conf")
    .split("\n")
    .map((line) => /^([\w-]+) (\S+)$/.exec(line))
    .filter((match) => match !== null)
    .filter(([, key]) => isGated || key !== BESIDE_BATON)
    .flatMap(([, key = "", value = ""]) => [`--${key}`, value]);

const labServer = (server: RedisServer): LabServer => ({
  ...controlsOf(server),

  rows: async () => {
    const rows = new Set<number>();
    for (let writer = 0; writer < WRITERS_MAX; writer += 1) {
      const found = await server.call("ZRANGE", ledgerOf(writer), "0", "-1");
      for (const seq of found as readonly string[]) rows.add(rowKey(writer, Number(seq)));
    }
    return rows;
  },

  isFollowing: async () => {
    const text = String(await server.call("INFO", "replication"));
    return /^role:slave\r?$/m.test(text) && /^master_link_status:up\r?$/m.test(text);
  },
});

async function start(
  { folder, runFolder, number, address, start: program }: Member,
  isGated: boolean,
): Promise<RedisServer> {
  mkdirSync(folder, { recursive: true });
  // The class begins closed; the guides know nothing of that.
  const open = isGated ? [] : [`--${BESIDE_BATON}`, "0"];
  return await RedisServer.start({
    folder,
    port: PORT,
    address,
    socket: join(runFolder, "redis.sock"),
    password: ACCOUNT.password,
    settings: [...open, ...redisSettings(isGated), `--${NUMBER_SETTING}`, String(number)],
    start: program,
  });
}

const CLI = `redis-cli -a ${ACCOUNT.password} --no-auth-warning`;

function writeGuide(node: DatabaseNode): string {
  writeNodeFile(node, "promote.sh", `#!/bin/sh\n${SLOWLY}\nexec ${CLI} REPLICAOF NO ONE\n`, 0o755);
  const demote = `#!/bin/sh\nexec ${CLI} REPLICAOF ${node.peer} ${PORT}\n`;
  writeNodeFile(node, "demote.sh", demote, 0o755);
  return printGuide(node, "redis", `#!/bin/sh\n${CLI} PING | grep -q PONG\n`);
}

function writeGate(node: DatabaseNode): string {
  writeNodeFile(node, "redis.cnf", readExampleFile("redis/redis.cnf"), 0o600);
  return withNode(readExampleFile(`redis/node-${node.name}.conf`), node);
}

export const redisKit: DatabaseKit = {
  name: "redis",
  port: PORT,
  run: "redis",
  rejoins: true,
  load: { kind: "redis", ...ACCOUNT, database: "" },
  prepare: () => Promise.resolve(),

  startPair: async (_folder, [first, second], isGated) => {
    const [primary, replica] = await Promise.all([start(first, isGated), start(second, isGated)]);
    await replica.call("REPLICAOF", first.address, String(PORT));
    const servers = [labServer(primary), labServer(replica)] as const;
    while (!(await servers[1].isFollowing())) {
      await new Promise((resolve) => {
        setTimeout(resolve, 10);
      });
    }
    return servers;
  },

  configure: (node: DatabaseNode, gate: GateKind) => {
    if (gate === "scripts") throw new Error("--gate scripts: with MariaDB only");
    return gate === "builtin" ? writeGate(node) : writeGuide(node);
  },
};
