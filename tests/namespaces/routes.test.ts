/**
 * `virtual_routes` and `virtual_rules` of a running daemon: there while it is master, gone before
 * its address goes; through a reload, a stop, the death of its engine and of both processes.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { LabNode } from "#lab/measure/node";
import { FAST } from "#lab/measure/profile";
import { signal } from "#lab/sandbox/proc";
import { until } from "../support/daemon-bench.ts";
import { baton, outputOf, withLab } from "../support/lab.ts";

const PROFILE = { ...FAST, preempt: true };
const ROUTES = "virtual_routes {\n10.90.0.0/16 via 172.16.0.1 dev eth0\nblackhole 10.91.0.0/16\n}";
const RULES = "virtual_rules {\nfrom 10.92.0.0/16 table 100 priority 901\n}";
const BOTH = ["10.90.0.0/16", "10.91.0.0/16", "901:"];

const POLL_MS = 50;
const TRIES = 600;

async function untilAsync(what: string, isTrue: () => Promise<boolean>): Promise<void> {
  for (let i = 0; i < TRIES; i++) {
    if (await isTrue()) return;
    await sleep(POLL_MS);
  }
  assert.fail(`not so: ${what}`);
}

/** Those of our lines that the kernel has. */
async function routed(node: LabNode): Promise<readonly string[]> {
  const text =
    (await outputOf(node, "ip", "route", "show", "table", "all")) +
    (await outputOf(node, "ip", "rule"));
  return [...BOTH, "10.93.0.0/16"].filter((one) => text.includes(one));
}

const withBlocks = (text: string, blocks: string): string =>
  text.replace("vrrp_instance VI_1 {", `vrrp_instance VI_1 {\n${blocks}`);

test("routes and rules are where the address is, and nowhere else", async (context) => {
  const kinds = ["baton", "baton"] as const;
  await withLab(context, { profile: PROFILE, kinds }, async (lab) => {
    const [a, b] = [lab.node("a"), lab.node("b")];
    const texts = new Map<LabNode, string>();
    for (const node of [a, b]) {
      const text = node.readFile("etc", "keepalived.conf") ?? "";
      texts.set(node, text);
      node.configure(withBlocks(text, `${ROUTES}\n${RULES}`));
    }
    await lab.startDaemons();
    const are = async (node: LabNode, wanted: readonly string[]): Promise<void> =>
      await untilAsync(`routes ${wanted.join(" ")}`, async () => {
        const found = await routed(node);
        return found.length === wanted.length && wanted.every((one) => found.includes(one));
      });
    await are(a, BOTH);
    assert.deepEqual(await routed(b), []);
    // A reload changes them in place.
    const other = ROUTES.replace("10.91", "10.93");
    a.configure(withBlocks(texts.get(a) ?? "", `${other}\n${RULES}`));
    assert.equal((await baton(a, "reload")).status, 0);
    await are(a, ["10.90.0.0/16", "901:", "10.93.0.0/16"]);
    // A stop moves them.
    await a.stopDaemon();
    assert.deepEqual(await routed(a), []);
    await are(b, BOTH);
    // The engine dies: nobody takes over, so the next one has what it has left.
    const pids = b.pids();
    assert.ok(pids?.engine);
    signal(pids.engine, "SIGKILL");
    await until("MASTER again", () => /our own engine, which ended/.test(b.logTail(40)));
    await are(b, BOTH);
    // Both die: what stays is removed by `release`.
    const last = b.pids();
    assert.ok(last?.engine && last.supervisor);
    for (const pid of [last.supervisor, last.engine]) signal(pid, "SIGKILL");
    await untilAsync("dead", async () => (await baton(b, "status")).status !== 0);
    assert.deepEqual(await routed(b), BOTH);
    const released = await baton(b, "release");
    assert.equal(released.status, 0, released.err);
    assert.match(released.out, /removed route 10\.90\.0\.0\/16 in table 254/);
    assert.match(released.out, /removed rule 901/);
    assert.deepEqual(await routed(b), []);
  });
});
