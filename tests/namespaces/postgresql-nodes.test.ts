/**
 * Two nodes with a PostgreSQL each, and `gate { postgresql { … } rejoin … }`: a client of the
 * address loses nothing that was acknowledged, reads nothing stale and is never refused because a
 * server is read-only, and a former primary follows again by the gate's program.
 *
 * Needs: postgres
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import {
  follows,
  switchOn,
  type Writer,
  withPostgreSqlNodes,
} from "../support/postgresql-nodes.ts";

const READ_ONLY = "25006";

async function endWell(
  writer: Writer,
  server: Parameters<Writer["end"]>[0],
  what: string,
): Promise<void> {
  const { acknowledged, errors, stale, outageMs, lost } = await writer.end(server);
  const text = `${what}: ${acknowledged.length} acknowledged, outage ${outageMs} ms, ${JSON.stringify(errors)}`;
  assert.ok(acknowledged.length > 100, text);
  assert.deepEqual([lost, stale, errors[READ_ONLY] ?? 0], [[], 0, 0], text);
}

test("a planned move, and a killed server: nothing is lost, the former primary follows", async (context) => {
  await withPostgreSqlNodes(context, async ({ owner, peer, serverOf, untilGate, write }) => {
    await untilGate(peer, follows);
    const writer = write(peer);
    await sleep(1_500);
    await switchOn(owner);
    await sleep(1_000);
    await endWell(writer, serverOf(peer), "move");
    await untilGate(owner, follows);
    await untilGate(peer, ({ database }) => database?.isSynchronous === true);
    const second = write(owner);
    await sleep(1_500);
    await serverOf(peer).kill();
    await untilGate(owner, ({ phase }) => phase === "open");
    await sleep(1_000);
    await endWell(second, serverOf(owner), "server-kill");
  });
});
