/**
 * A master takes no writes, or takes them again.
 *
 * Redis has no read-only masters: `min-replicas-to-write` of more replicas than anybody has refuses
 * every write with NOREPLICAS, scripts too, from the moment that it is set. `CLIENT PAUSE … WRITE`
 * beside it keeps the server itself from deleting expired keys, which would count as
 * data that the others lack.
 */
import { type Connection, OWN_NAME, type RedisLink } from "./connection.ts";
import { CLOSED, type Facts, isClosed, readFacts } from "./facts.ts";

/** Until it is ended: a hundred years. */
const PAUSE_MS = 3_155_760_000_000;
const MAX_LAG_SECONDS = 10;

/** Resolves with the facts of the closed server. Rejects with `ServerProblem`. */
export async function closeWrites(link: RedisLink, timeoutMs: number): Promise<Facts> {
  return await link.use(timeoutMs, async (connection, leftMs) => {
    const call = (...args: readonly string[]): Promise<unknown> => connection.call(args, leftMs);
    const before = await readFacts(connection, leftMs);
    if (before.source === undefined) {
      // Without a lag the setting has no effect.
      if (before.minReplicasMaxLag === 0)
        await call("CONFIG", "SET", "min-replicas-max-lag", String(MAX_LAG_SECONDS));
      const wanted = (before.minReplicas % CLOSED) + CLOSED;
      await call("CONFIG", "SET", "min-replicas-to-write", String(wanted));
      await call("CLIENT", "PAUSE", String(PAUSE_MS), "WRITE");
    } else if (before.isReplicaWritable) {
      await call("CONFIG", "SET", "replica-read-only", "yes");
    }
    await killApplications(connection, leftMs);
    return await readFacts(connection, leftMs);
  });
}

/** Takes what the operator allows again. Of a replica: prepared for when it is promoted. */
export async function openWrites(link: RedisLink, timeoutMs: number): Promise<Facts> {
  return await link.use(timeoutMs, async (connection, leftMs) => {
    const before = await readFacts(connection, leftMs);
    if (isClosed(before)) {
      const own = String(before.minReplicas % CLOSED);
      await connection.call(["CONFIG", "SET", "min-replicas-to-write", own], leftMs);
    }
    await connection.call(["CLIENT", "UNPAUSE"], leftMs);
    return await readFacts(connection, leftMs);
  });
}

/** So that they notice, and connect to who takes writes now. Replicas and Baton stay. */
async function killApplications(connection: Connection, timeoutMs: number): Promise<void> {
  const list = String(await connection.call(["CLIENT", "LIST"], timeoutMs));
  const kills = applications(list).map((id) =>
    connection.call(["CLIENT", "KILL", "ID", id], timeoutMs),
  );
  await Promise.all(kills);
}

/** Numbers of the connections that are neither replication's nor Baton's. */
export function applications(list: string): readonly string[] {
  return list.split("\n").flatMap((line) => {
    const fields = new Map(
      line.split(" ").map((field): [string, string] => {
        const at = field.indexOf("=");
        return [field.slice(0, at), field.slice(at + 1)];
      }),
    );
    const id = fields.get("id");
    const isOurs = fields.get("name") === OWN_NAME || /[SM]/.test(fields.get("flags") ?? "");
    return id === undefined || isOurs ? [] : [id];
  });
}
