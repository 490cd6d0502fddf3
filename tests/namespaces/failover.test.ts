/**
 * Two Batons, real packets, real addresses, real failures. What is asserted is behaviour: who
 * owns the address, that never two do unless one hands it to the other, that never nobody does
 * where a hand-over is promised, and what the notify scripts were called. How fast it goes is
 * for `npm run bench` to say.
 */
import assert from "node:assert/strict";
import { describe, type TestContext, test } from "node:test";
import { FAULTS, type FaultName } from "#lab/measure/faults";
import type { Lab } from "#lab/measure/lab";
import {
  FAST,
  FAST_IPV6,
  MULTICAST,
  MULTICAST_IPV6,
  type Profile,
  TUTORIAL,
} from "#lab/measure/profile";
import { type FaultResult, runFault } from "#lab/measure/scenario";
import { createRng } from "#units/rng";
import { baton, outputOf, withLab } from "../support/lab.ts";

/** Planned moves in which the old owner answers until the new one is heard. */
const SEAMLESS: readonly FaultName[] = ["stop", "restart", "kill-engine", "kill-supervisor"];
/**
 * In which both may hold the address for a moment. Far above what is measured, far below what
 * keepalived leaves.
 */
const COORDINATED_OVERLAP_MAX = 500;

function checkNotify(lab: Lab, owner: string): Promise<void> {
  return lab.until("the notify scripts have written who is what", 5, () =>
    lab.nodes.every((node) => node.notifiedState() === (node.name === owner ? "MASTER" : "BACKUP")),
  );
}

function checkResult(result: FaultResult): void {
  const { coordinated } = FAULTS[result.fault];
  assert.ok(result.passed, `owner after: ${result.after.join(" + ") || "nobody"}`);
  // Below a second the address stays for a moment, unanswered: who answers is what counts then.
  const held = { milliseconds: result.dualMilliseconds, open: result.dualOpen };
  const dual = result.dualAnswers ?? held;
  assert.equal(dual.open, false, "two owners at the end");
  if (coordinated)
    assert.ok(
      dual.milliseconds <= COORDINATED_OVERLAP_MAX,
      `two owners for ${dual.milliseconds} ms`,
    );
  else assert.equal(dual.milliseconds, 0, "two owners");
  if (SEAMLESS.includes(result.fault))
    assert.equal(result.unheldMilliseconds, 0, "nobody held the address");
  // `nopreempt`: whoever has it when the other comes back keeps it.
  assert.equal(result.finally, result.after[0], "moved again when the fault was repaired");
  assert.equal(result.healDualMilliseconds, 0, "two owners during the repair");
}

function faultTests(profile: Profile, names: readonly FaultName[]): void {
  test(`${profile.name}: one owner through every fault`, async (context: TestContext) => {
    const askEach = profile.advertSeconds < 1;
    await withLab(context, { profile, kinds: ["baton", "baton"], askEach }, async (lab) => {
      const random = createRng(names.length).real;
      const owner = await lab.startDaemons();
      assert.equal(owner.name, "a", "the first to start is the owner");
      await checkNotify(lab, "a");
      assert.match(
        lab.node("a").readFile("log", "keepalived.log") ?? "",
        /notify_backup\n.*notify_master\n$/s,
      );
      for (const name of names) {
        await context.test(`${name}`, async () => {
          const result = await runFault(lab, name, { random });
          context.diagnostic(
            `${name}: outage ${result.outageMilliseconds} ms, two owners ${result.dualAnswers?.milliseconds ?? result.dualMilliseconds} ms, nobody ${result.unheldMilliseconds} ms`,
          );
          checkResult(result);
          await checkNotify(lab, result.finally);
        });
      }
    });
  });
}

const OF_A_NODE = [
  "stop",
  "restart",
  "kill-engine",
  "kill-supervisor",
  "kill-all",
  "hang",
  "link",
  "host",
] as const;
const OF_MULTICAST = ["stop", "kill-engine", "kill-all", "link"] as const;

// Each lab has a network of its own and mostly waits, so they can run side by side.
describe("a pair of Batons", { concurrency: 3 }, () => {
  faultTests(TUTORIAL, [...OF_A_NODE, "script"]);
  faultTests(MULTICAST, OF_MULTICAST);
  faultTests(FAST, [...OF_A_NODE, "script", "flap"]);
  faultTests(FAST_IPV6, OF_A_NODE);
  faultTests(MULTICAST_IPV6, OF_MULTICAST);

  test("a stopped daemon leaves no address and calls its scripts", async (context) => {
    await withLab(context, { profile: FAST, kinds: ["baton"] }, async (lab) => {
      await lab.startDaemons();
      const [node] = lab.nodes;
      assert.ok(node);
      await node.stopDaemon();
      assert.deepEqual(lab.network.addressesOf(node.name), [node.address]);
      assert.equal(node.notifiedState(), "STOP");
      assert.match(node.readFile("log", "keepalived.log") ?? "", /notify_stop\n$/);
    });
  });

  for (const profile of [FAST, FAST_IPV6])
    test(`what a killed daemon leaves is removed by baton release (${profile.name})`, async (context) => {
      await withLab(context, { profile, kinds: ["baton"] }, async (lab) => {
        const node = await lab.startDaemons();
        const before = (await outputOf(node, "ip", "-o", "addr")).split("\n");
        await node.signalAll("SIGKILL");
        const ran = await baton(node, "release");
        assert.equal(ran.status, 0, ran.err);
        const left = (await outputOf(node, "ip", "-o", "addr")).split("\n");
        assert.equal(left.length, before.length - 1);
        assert.ok(!left.some((line) => line.includes(lab.virtualAddress)));
        assert.equal(await outputOf(node, "nft", "list", "ruleset"), "");
      });
    });

  test("nodes that cannot hear each other both own the address; healed, one does", async (context) => {
    await withLab(context, { profile: FAST, kinds: ["baton", "baton"] }, async (lab) => {
      await lab.startDaemons();
      const result = await runFault(lab, "partition", { random: createRng(1).real });
      assert.deepEqual([...result.after].toSorted(), ["a", "b"]);
      // Which of them depends on how long the first had been master (an unconfirmed master
      // yields): the router's vectors say.
      await checkNotify(lab, result.finally);
    });
  });
});
