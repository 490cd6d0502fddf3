/**
 * A gate of scripts on two nodes: promoted before the address is there, demoted before it goes, and
 * whoever was primary and has not shown that it follows stays out.
 */
import assert from "node:assert/strict";
import { chmodSync, existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import type { PromoteAnswer } from "#daemon/promote-protocol";
import { type Lab, VIRTUAL_ADDRESS } from "#lab/measure/lab";
import type { LabNode } from "#lab/measure/node";
import { FAST, type Profile } from "#lab/measure/profile";
import { isAlive } from "../support/daemon-bench.ts";
import { baton, type Gate, gateOf, other, withLab } from "../support/lab.ts";

const PROFILE: Profile = {
  ...FAST,
  name: "gate",
  extraInstanceLines: [
    "gate {",
    '    promote "/etc/keepalived/promote.sh" timeout 1',
    '    demote "/etc/keepalived/demote.sh" timeout 2',
    "    fence tcp 80",
    "    on_refusal backup hold 2",
    "}",
  ],
};

/**
 * Writes down what it was asked and whether the address was there; files beside it say what it is
 * to do: NAME.slow, NAME.refuse, NAME.hang.
 */
const script = (name: string): string => `#!/bin/sh
here=$(ip -4 -o addr show dev eth0 | grep -c '${VIRTUAL_ADDRESS}')
me=/etc/keepalived/${name}
echo "${name} $3 $BATON_REASON $here $BATON_EPOCH" >>/var/keepalived/gate
[ -e $me.hang ] && { sleep 1000 & echo $! >/var/keepalived/child; sleep 1000; }
[ -e $me.slow ] && sleep 0.5
[ -e $me.refuse ] && { echo "not today"; exit 1; }
echo "${name} done" >>/var/keepalived/gate
`;

const flag = (node: LabNode, name: string): string => join(node.folder, "etc", name);
const set = (node: LabNode, name: string): void => writeFileSync(flag(node, name), "");

/** What its scripts wrote since the last time, without epochs. */
function ran(node: LabNode): readonly string[] {
  const path = join(node.folder, "var", "gate");
  const text = existsSync(path) ? readFileSync(path, "utf8") : "";
  rmSync(path, { force: true });
  return text.split("\n").flatMap((line) => (line === "" ? [] : [line.replace(/ \d{5,}$/, "")]));
}

async function knownGate(node: LabNode): Promise<Gate> {
  const gate = await gateOf(node);
  assert.ok(gate !== undefined, node.name);
  return gate;
}

async function untilGate(
  lab: Lab,
  node: LabNode,
  what: string,
  isSo: (gate: Gate) => boolean,
): Promise<void> {
  let last: Gate | undefined;
  for (let tries = 0; tries < 600; tries++) {
    last = await gateOf(node);
    if (last !== undefined && isSo(last)) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  assert.fail(`not so on ${node.name}: ${what}: ${JSON.stringify(last)}${lab.describe(5)}`);
}

async function withGate(
  context: TestContext,
  use: (lab: Lab, owner: LabNode, peer: LabNode) => Promise<void>,
): Promise<void> {
  await withLab(context, { profile: PROFILE, kinds: ["baton", "baton"] }, async (lab) => {
    for (const node of lab.nodes) {
      for (const name of ["promote", "demote"]) {
        writeFileSync(flag(node, `${name}.sh`), script(name));
        chmodSync(flag(node, `${name}.sh`), 0o755);
      }
    }
    const owner = await lab.startDaemons();
    await use(lab, owner, other(lab, owner));
  });
}

test("promoted before the address is there; a move demotes, releases, promotes; a refusal takes it back", async (context) => {
  await withGate(context, async (lab, owner, peer) => {
    assert.deepEqual(ran(owner), ["promote MASTER master-down 0", "promote done"]);
    const first = (await knownGate(owner)).epoch;
    const away = await knownGate(peer);
    assert.deepEqual([away.phase, away.fence, away.eligible], ["closed", "closed", "yes"]);

    const moved = await baton(owner, "switch");
    assert.equal(moved.status, 0, moved.err);
    await lab.untilOwnedBy(peer);
    await untilGate(
      lab,
      peer,
      "it is open",
      ({ phase, fence }) => phase === "open" && fence === "open",
    );
    assert.deepEqual(ran(owner), ["demote BACKUP switch 1", "demote done"]);
    assert.deepEqual(ran(peer), ["promote MASTER released 0", "promote done"]);
    assert.ok((await knownGate(peer)).epoch > first, "epochs grow over both nodes");
    assert.equal((await knownGate(owner)).marked, false, "a planned move leaves no mark");

    // The successor refuses: the old owner is promoted again, and had the address all the time.
    set(owner, "promote.refuse");
    const refused = await baton(peer, "switch", "--wait", "5s");
    assert.equal(refused.status, 1, `${refused.out}${refused.err}`);
    await untilGate(lab, peer, "it is open again", ({ phase }) => phase === "open");
    assert.deepEqual(lab.holders(), [peer]);
    assert.deepEqual(ran(peer).at(-1), "promote done");
    assert.ok(ran(owner).some((line) => line.startsWith("demote BACKUP refused")));
  });
});

test("a promotion that hangs is killed with its children, and another node is promoted", async (context) => {
  await withGate(context, async (lab, owner, peer) => {
    set(peer, "promote.hang");
    await owner.signalSupervisor("SIGTERM");
    await owner.untilDaemonEnded();
    await lab.until("the promotion hangs", 5, () => peer.readFile("var", "child") !== undefined);
    assert.deepEqual(lab.holders(), []);
    const child = Number(peer.readFile("var", "child"));
    // A node that was demoted cleanly comes back, and may take over.
    await owner.startDaemon();
    await lab.untilOwnedBy(owner, 15);
    assert.ok(!isAlive(child), "what the script had started");
    const gate = await knownGate(peer);
    assert.equal(gate.phase, "closed");
    // On a slow machine it may have tried again.
    const demoted = new Set(ran(peer).filter((line) => line.startsWith("demote")));
    assert.deepEqual([...demoted], ["demote BACKUP refused 0", "demote done"]);
  });
});

test("who was killed as primary stays out until it follows, through a restart", async (context) => {
  await withGate(context, async (lab, owner, peer) => {
    set(owner, "demote.refuse");
    // The engine goes on without its supervisor, and hands over: nobody can demote.
    await owner.signalSupervisor("SIGKILL");
    await lab.untilOwnedBy(peer);
    ran(owner);
    await owner.startDaemon();
    await untilGate(
      lab,
      owner,
      "it is marked",
      ({ marked, eligible }) => marked && eligible === "no",
    );
    await lab.until("it was asked to follow", 10, () =>
      (owner.readFile("var", "gate") ?? "").includes("demote BACKUP rejoin 0"),
    );
    assert.match((await baton(owner, "explain")).out, /was not demoted before the daemon ended/);
    // Nobody may take over what it cannot vouch for.
    await peer.signalAll("SIGKILL");
    await lab.until("the peer's address is gone", 10, () => lab.holders().length === 0);
    const asked = await baton(owner, "promote");
    assert.equal(asked.status, 1);
    assert.match(asked.err, /may not be promoted.*--accept-loss/);
    assert.deepEqual(lab.holders(), []);
    const answer = await baton(owner, "promote", "--accept-loss", "--json", "--reason", "test");
    assert.equal(answer.status, 0, answer.err);
    assert.equal((JSON.parse(answer.out) as PromoteAnswer).outcome, "promoted");
    await lab.untilOwnedBy(owner);
    // The other one was killed too, and follows now.
    ran(peer);
    await peer.startDaemon();
    await untilGate(
      lab,
      peer,
      "it follows",
      ({ marked, eligible }) => !marked && eligible === "yes",
    );
    assert.deepEqual(ran(peer), ["demote BACKUP rejoin 0", "demote done"]);
  });
});

test("a dead engine and a fault are demoted for; the address goes at once and the fence is closed", async (context) => {
  await withGate(context, async (lab, owner, peer) => {
    ran(owner);
    await owner.signalEngine("SIGKILL");
    await lab.untilOwnedBy(peer);
    await untilGate(
      lab,
      owner,
      "it follows",
      ({ marked, eligible }) => !marked && eligible === "yes",
    );
    assert.deepEqual(
      ran(owner).filter((line) => !line.endsWith("done")),
      ["demote BACKUP engine-died 0", "demote BACKUP rejoin 0"],
    );
    peer.setService("down");
    await lab.untilOwnedBy(owner);
    peer.setService("up");
    await untilGate(
      lab,
      peer,
      "it follows",
      ({ marked, eligible }) => !marked && eligible === "yes",
    );
    const demotions = ran(peer).filter((line) => line.startsWith("demote "));
    assert.match(demotions[0] ?? "", /^demote FAULT fault 0/);
    assert.equal(demotions.at(-2), "demote BACKUP rejoin 0");
    // Alone, it may go on: it would have heard anybody who was promoted meanwhile.
    await peer.signalSupervisor("SIGTERM");
    await peer.untilDaemonEnded();
    ran(owner);
    await owner.signalEngine("SIGKILL");
    await lab.until("promoted again", 10, () =>
      (owner.readFile("var", "gate") ?? "").includes("promote MASTER"),
    );
    await lab.untilOwnedBy(owner);
    const again = ran(owner).filter((line) => !line.endsWith("done"));
    assert.deepEqual(again, ["demote BACKUP engine-died 0", "promote MASTER master-down 0"]);
  });
});
