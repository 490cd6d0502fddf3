/**
 * A pair with `auth_hmac` on a real segment: somebody who records, repeats, alters and forges moves
 * nothing; keys change by reloads; an engine that dies is followed at once, by a signed priority 0.
 */
import assert from "node:assert/strict";
import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import type { InstanceStatus } from "#daemon/control-protocol";
import { statusOf } from "#lab/measure/control";
import { VIRTUAL_ADDRESS } from "#lab/measure/lab";
import type { LabNode } from "#lab/measure/node";
import { FAST_MULTICAST, type Profile, printConfig } from "#lab/measure/profile";
import { until } from "../support/daemon-bench.ts";
import { holders, outputOf, withLab } from "../support/lab.ts";

const ATTACKER = fileURLToPath(new URL("../support/advert-attacker.ts", import.meta.url));
const FIRST = "key 1 file:/etc/keepalived/first.key";
const SECOND = "key 2 file:/etc/keepalived/second.key";

const profileOf = (...lines: readonly string[]): Profile => ({
  ...FAST_MULTICAST,
  name: "signed",
  priorities: [100, 90, 80],
  extraInstanceLines: ["auth_hmac {", ...lines, "}"],
});

function writeKeys({ folder }: LabNode): void {
  for (const [name, text] of [
    ["first.key", `hex:${"0123456789abcdef".repeat(4)}\n`],
    ["second.key", "forty letters make one key of forty one.\n"],
  ] as const) {
    const path = join(folder, "etc", name);
    writeFileSync(path, text);
    chmodSync(path, 0o600);
  }
}

function instanceOf(node: LabNode): Promise<InstanceStatus> {
  return statusOf(node.folder).then((status) => status?.instances[0] ?? assert.fail(node.name));
}

async function reload(node: LabNode, index: number, lines: readonly string[]): Promise<void> {
  const before = (node.logTail(10_000).match(/reload/gi) ?? []).length;
  const addresses = {
    address: node.address,
    peers: [],
    virtualAddress: VIRTUAL_ADDRESS,
    priority: profileOf().priorities[index] ?? 0,
  };
  node.configure(printConfig(profileOf(...lines), addresses));
  await node.signalSupervisor("SIGHUP");
  await until(`${node.name} reloads`, () => {
    return (node.logTail(10_000).match(/reload/gi) ?? []).length > before;
  });
}

test("who records, alters and forges advertisements moves nothing; keys change; an engine dies", async (context) => {
  const profile = profileOf(FIRST, "active_key 1");
  await withLab(context, { profile, kinds: ["baton", "baton", "baton"] }, async (lab) => {
    const [a, b, c] = lab.nodes;
    assert.ok(a && b && c);
    for (const node of [a, b]) writeKeys(node);
    await a.startDaemon();
    await until("a owns the address", () => holders(lab) === "a");
    await b.startDaemon();
    await until("b is BACKUP", () => b.loggedState() === "BACKUP");
    const states = (): readonly string[] => [a, b].map((node) => node.loggedStates().join());
    const before = states();

    const attack = [process.execPath, "--conditions=source", ATTACKER, "eth0", a.address, "51"];
    const out = await outputOf(c, ...attack, VIRTUAL_ADDRESS);
    const { recorded, sent } = JSON.parse(out) as { recorded: number; sent: number };
    assert.ok(recorded > 3 && sent === 200, out);
    assert.deepEqual([states(), holders(lab)], [before, "a"]);
    const { counters, peers } = await instanceOf(b);
    // Three of four are forged or altered, the fourth was heard before; all are too old where the
    // attacker waits for its processor.
    const refused = (["invalid_hmac", "replay", "stale"] as const).map(
      (what) => counters[`auth_ext_${what}`] ?? 0,
    );
    assert.equal(
      refused.reduce((sum, one) => sum + one, 0),
      sent,
    );
    assert.ok((refused[0] ?? 0) >= sent / 2, refused.join());
    assert.equal(peers.find(({ address }) => address === a.address)?.signed, true);

    for (const lines of [
      [FIRST, SECOND, "active_key 1"],
      [FIRST, SECOND, "active_key 2"],
      [SECOND, "active_key 2"],
    ])
      for (const [index, node] of [a, b].entries()) await reload(node, index, lines);
    assert.deepEqual([states(), holders(lab)], [before, "a"]);
    const changed = await instanceOf(b);
    assert.equal(changed.counters["auth_ext_unknown_key"], 0);
    assert.ok((changed.counters["advert_rcvd"] ?? 0) > (counters["advert_rcvd"] ?? 0));

    await a.signalEngine("SIGKILL");
    await until("b took over", () => b.loggedState() === "MASTER");
    await until("a is back", () => a.loggedState() === "BACKUP");
    const followed = await instanceOf(b);
    assert.ok((followed.counters["pri_zero_rcvd"] ?? 0) >= 1);
    assert.equal(followed.counters["auth_ext_invalid_hmac"], refused[0]);
  });
});
