/**
 * Two nodes with a Redis each, and `gate { redis { … } }`: what was written at the address is there
 * after a planned move, and after the loss of the new owner.
 *
 * Needs: redis-server, redis-cli
 */
import assert from "node:assert/strict";
import type { ChildProcess } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { BATON } from "#lab/measure/daemon";
import { VIRTUAL_ADDRESS } from "#lab/measure/lab";
import type { LabNode } from "#lab/measure/node";
import { FAST, type Profile } from "#lab/measure/profile";
import { type Gate, other, outputOf, untilGate, withLab } from "../support/lab.ts";

const PEER = "192.0.2.254";
const PROFILE: Profile = {
  ...FAST,
  name: "gate",
  extraInstanceLines: [
    "gate {",
    "    redis {",
    "        address 127.0.0.1:6379",
    `        peer ${PEER}:6379`,
    "        interval 0.2",
    "    }",
    "}",
  ],
};

function startRedis(node: LabNode): ChildProcess {
  const folder = join(node.folder, "redis");
  mkdirSync(folder);
  const place = ["--bind", "0.0.0.0", "--protected-mode", "no", "--dir", folder, "--save", ""];
  return node.spawn(["redis-server", ...place, "--min-replicas-to-write", "1000000"], "ignore");
}

const redisAt = async (node: LabNode, ...command: readonly string[]): Promise<string> =>
  await outputOf(node, "redis-cli", "-h", VIRTUAL_ADDRESS, ...command);

const follows = ({ database, eligible }: Gate): boolean =>
  database?.follows === true && eligible === "yes";

test("Redis on two nodes: what was written at the address survives a move and a crash", async (context) => {
  await withLab(context, { profile: PROFILE, kinds: ["baton", "baton"] }, async (lab) => {
    const servers = new Map<LabNode, ChildProcess>();
    for (const node of lab.nodes) {
      const text = node.readFile("etc", "keepalived.conf") ?? "";
      node.configure(text.replace(PEER, other(lab, node).address));
      servers.set(node, startRedis(node));
    }
    try {
      const owner = await lab.startDaemons();
      const peer = other(lab, owner);
      await untilGate(peer, follows);
      assert.equal(await redisAt(peer, "SET", "k", "1"), "OK");
      await outputOf(owner, BATON, "switch");
      assert.equal(await redisAt(owner, "GET", "k"), "1");
      assert.equal(await redisAt(owner, "SET", "k", "2"), "OK");
      await untilGate(owner, follows);
      servers.get(peer)?.kill("SIGKILL");
      await peer.signalSupervisor("SIGTERM");
      await untilGate(owner, ({ phase }) => phase === "open");
      assert.equal(await redisAt(owner, "GET", "k"), "2");
      assert.equal(await redisAt(owner, "SET", "k", "3"), "OK");
    } finally {
      for (const server of servers.values()) server.kill("SIGKILL");
    }
  });
});
