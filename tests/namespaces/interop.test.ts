/**
 * Baton beside keepalived, both ways round: a user migrates one node at a time. Elections,
 * nopreempt, hand-over by priority 0, tie by address, preemption after its delay; and a third
 * party's opinion of every packet (tshark).
 *
 * Needs: keepalived, tshark
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, type TestContext, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { DaemonKind } from "#lab/measure/daemon";
import type { FaultName } from "#lab/measure/faults";
import type { Lab } from "#lab/measure/lab";
import {
  FAST,
  FAST_MULTICAST,
  MULTICAST,
  masterDownSeconds,
  PREEMPT,
  type Profile,
  TUTORIAL,
} from "#lab/measure/profile";
import { runFault } from "#lab/measure/scenario";
import { now } from "#linux/clock";
import { createRng } from "#units/rng";
import { elapsed, toMillis } from "#units/time";
import { captureAt, type DissectedPacket, dissectVrrp } from "../support/dissect.ts";
import { withLab } from "../support/lab.ts";

const ORDERS: readonly (readonly [DaemonKind, DaemonKind])[] = [
  ["baton", "keepalived"],
  ["keepalived", "baton"],
];

/** Every packet well formed, with good checksums and what the profile says in it. */
function checkPackets(packets: readonly DissectedPacket[], profile: Profile): void {
  assert.ok(packets.length > 5, `only ${packets.length} VRRP packets captured`);
  for (const packet of packets) {
    const which = `packet ${packet["frame.number"]} from ${packet["ip.src"]}`;
    assert.equal(packet["_ws.malformed"], "", `${which}: malformed`);
    assert.equal(packet["vrrp.checksum.status"], "1", `${which}: VRRP checksum`);
    assert.equal(packet["ip.checksum.status"], "1", `${which}: IP checksum`);
    assert.equal(packet["ip.ttl"], "255", `${which}: TTL`);
    assert.equal(packet["vrrp.version"], String(profile.version), `${which}: version`);
    assert.equal(packet["vrrp.virt_rtr_id"], "51", `${which}: VRID`);
    assert.equal(
      packet["vrrp.auth_string"],
      profile.version === 2 ? "1111" : "",
      `${which}: password`,
    );
    // A Baton that yields says so to the winner alone.
    if (profile.transport === "multicast" && packet["vrrp.prio"] !== "0") {
      assert.equal(packet["ip.dst"], "224.0.0.18", which);
    }
  }
}

const sentBy = (packets: readonly DissectedPacket[], address: string): readonly DissectedPacket[] =>
  packets.filter((packet) => packet["ip.src"] === address);

async function withCapture(
  lab: Lab,
  file: string,
  work: () => Promise<void>,
): Promise<readonly DissectedPacket[]> {
  const capture = await captureAt(lab, "a", file);
  try {
    await work();
  } finally {
    await capture.stop();
  }
  return dissectVrrp(file);
}

function pairTest(profile: Profile, kinds: readonly [DaemonKind, DaemonKind]): void {
  test(`${profile.name}: ${kinds[0]} and ${kinds[1]}`, async (context: TestContext) => {
    await withLab(context, { profile, kinds }, async (lab, folder) => {
      const [a, b] = lab.nodes;
      assert.ok(a && b);
      const random = createRng(3).real;
      const runs = async (name: FaultName, from: string, to: string): Promise<void> => {
        const result = await runFault(lab, name, { random });
        assert.equal(result.before, from, `${name}: owner before`);
        assert.deepEqual(result.after, [to], `${name}: owner after`);
        assert.equal(result.dualOpen, false, `${name}: two owners`);
        assert.equal(result.finally, to, `${name}: nopreempt`);
        if (from === batonOf(lab) && name === "stop") {
          // keepalived advertises first and adds the address then; its skew time alone is far
          // longer.
          const allowed = (skewSeconds(profile) * 1000) / 2;
          const unheld = result.unheldMilliseconds;
          assert.ok(
            unheld < allowed,
            `Baton left ${unheld} ms before its successor had the address`,
          );
        }
      };
      const packets = await withCapture(lab, join(folder, "pair.pcap"), async () => {
        const owner = await lab.startDaemons();
        assert.equal(owner, a, "election: the first to start, undisturbed by the second");
        // Cut off from each other both are master; the tie by address (a has the higher) ends it.
        if (lab.profile.advertSeconds < 1) await sleep(16 * 100);
        const split = await runFault(lab, "partition", { random });
        assert.deepEqual([...split.after].toSorted(), ["a", "b"]);
        assert.ok(split.finally === "a" || batonOf(lab) === "a", `healed: ${split.finally}`);
        const first = split.finally;
        const second = first === "a" ? "b" : "a";
        await runs("stop", first, second);
        await runs("stop", second, first);
        await runs("kill-supervisor", first, second);
      });
      checkPackets(packets, profile);
      for (const node of [a, b]) {
        const releases = sentBy(packets, node.address).filter(
          (packet) => packet["vrrp.prio"] === "0",
        );
        assert.ok(releases.length > 0, `${node.kind} on ${node.name} never said priority 0`);
      }
    });
  });
}

const skewSeconds = (profile: Profile): number =>
  masterDownSeconds(profile, profile.priorities[0] ?? 100) - 3 * profile.advertSeconds;

const batonOf = (lab: Lab): string | undefined =>
  lab.nodes.find((node) => node.kind === "baton")?.name;

// Each lab has a network of its own and mostly waits, so several can run side by side.
describe("mixed pairs", { concurrency: 4 }, () => {
  for (const profile of [TUTORIAL, MULTICAST, FAST, FAST_MULTICAST]) {
    for (const kinds of ORDERS) pairTest(profile, kinds);
  }

  // Both read a password in the file, and strict mode takes it away: one that kept it would be
  // a second master.
  for (const kinds of ORDERS) {
    const profile: Profile = { ...MULTICAST, name: "strict", globalLines: ["vrrp_strict"] };
    test(`strict mode with a password: ${kinds[0]} and ${kinds[1]}`, async (context) => {
      await withLab(context, { profile, kinds }, async (lab, folder) => {
        const packets = await withCapture(lab, join(folder, "strict.pcap"), async () => {
          const owner = await lab.startDaemons();
          await sleep(2 * masterDownSeconds(profile, profile.priorities[0] ?? 100) * 1000);
          assert.deepEqual(lab.holders(), [owner]);
          const other = lab.nodes.find((node) => node !== owner);
          assert.deepEqual(other?.loggedStates(), ["BACKUP"]);
        });
        assert.ok(packets.length > 5);
        for (const packet of packets) assert.equal(packet["vrrp.auth_type"], "0");
      });
    });
  }

  const PREEMPT_DELAY_SECONDS = 2;
  for (const kinds of ORDERS) {
    const profile: Profile = {
      ...PREEMPT,
      name: "preempt-delay",
      version: 3,
      advertSeconds: 0.1,
      preemptDelaySeconds: PREEMPT_DELAY_SECONDS,
    };
    test(`${profile.name}: ${kinds[0]} takes the address back from ${kinds[1]}, not before its delay`, async (context) => {
      await withLab(context, { profile, kinds }, async (lab, folder) => {
        const [strong, weak] = lab.nodes;
        assert.ok(strong && weak);
        const packets = await withCapture(lab, join(folder, "preempt.pcap"), async () => {
          await weak.startDaemon();
          await lab.until("the weaker owns it", 15, () => lab.holders()[0] === weak);
          const startedAt = now();
          await strong.startDaemon();
          await lab.until("the stronger owns it", 15, () => lab.holders().includes(strong));
          const ownedAt = lab.instruments.holdsSince(strong.name) ?? now();
          const waited = toMillis(elapsed(startedAt, ownedAt)) / 1000;
          assert.ok(waited >= PREEMPT_DELAY_SECONDS, `preempted after ${waited.toFixed(2)} s`);
          assert.equal(await lab.untilSettled(), strong);
          assert.deepEqual(strong.loggedStates(), ["BACKUP", "MASTER"]);
        });
        checkPackets(packets, profile);
      });
    });
  }
});
