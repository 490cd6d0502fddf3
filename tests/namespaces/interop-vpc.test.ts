/**
 * Pairs of both daemons on a HAVIP: each fault moves it in the platform's eyes, and clients
 * inside and outside follow.
 *
 * Needs: keepalived
 */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { DemoCloud } from "#lab/demo/demo-cloud";
import type { DaemonKind } from "#lab/measure/daemon";
import { Lab, labHosts, VIRTUAL_ADDRESS } from "#lab/measure/lab";
import { type Profile, TUTORIAL } from "#lab/measure/profile";
import { runFault } from "#lab/measure/scenario";
import { fromMillis } from "#units/time";

const TIMEOUT = 4;

async function withPair(
  kind: DaemonKind,
  claimLatencyMs: number,
  profile: Profile,
  use: (lab: Lab, cloud: DemoCloud) => Promise<void>,
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "baton-vpc-pair-"));
  const cloud = await DemoCloud.start({
    hosts: labHosts(2),
    nodes: ["a", "b"],
    virtualAddress: VIRTUAL_ADDRESS,
    claimLatency: fromMillis(claimLatencyMs),
  });
  const lab = new Lab({
    folder,
    profile,
    kinds: [kind, kind],
    cloud,
    slowness: TIMEOUT,
  });
  try {
    assert.equal((await cloud.applyForHavip()).state, "UNBIND");
    const owner = await lab.startDaemons();
    const listed = await cloud.describe();
    assert.equal(listed.state, "AVAILABLE");
    assert.equal(listed.instanceId, cloud.instanceIdOf(owner.name));
    await lab.watchOutside(await cloud.bindPublicAddress());
    await use(lab, cloud);
  } finally {
    await lab.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

describe("a pair on a HAVIP", () => {
  for (const kind of ["baton", "keepalived"] as const) {
    it(`${kind}: the HAVIP and its public address follow the owner`, async () => {
      await withPair(kind, 0, TUTORIAL, async (lab, cloud) => {
        const result = await runFault(lab, "link", { random: () => 0.5 });
        assert.ok(result.passed, JSON.stringify(result));
        const [after = ""] = result.after;
        assert.equal(result.cloud?.before, cloud.instanceIdOf(result.before));
        assert.equal(result.cloud?.after, cloud.instanceIdOf(after));
        assert.ok((result.cloud?.lost ?? 0) > 0, "a pulled cable is seen from outside too");
      });
    });
  }

  it("what the platform takes is in the outage, and shown apart", async () => {
    await withPair("baton", 1_500, TUTORIAL, async (lab) => {
      const result = await runFault(lab, "stop", { random: () => 0.2 });
      assert.ok(result.passed, JSON.stringify(result));
      const share = result.cloud?.platformMilliseconds ?? 0;
      assert.ok(share >= 1_500, `${share}`);
      assert.ok(result.outageMilliseconds > 1_000, `${result.outageMilliseconds}`);
      assert.ok((result.cloud?.outageMilliseconds ?? 0) > 1_000);
    });
  });

  it("with a havip block, a planned stop goes on answering until the platform has moved the address", async () => {
    const profile = { ...TUTORIAL, extraInstanceLines: ["havip {", "    handover_wait 15", "}"] };
    await withPair("baton", 1_500, profile, async (lab) => {
      const before = await lab.untilSettled();
      await lab.until("the platform agrees", 20, () =>
        /the platform agrees/.test(before.logTail(100)),
      );
      const result = await runFault(lab, "stop", { random: () => 0.2, observeSeconds: 5 });
      assert.ok(result.passed, JSON.stringify(result));
      const share = result.cloud?.platformMilliseconds ?? 0;
      assert.ok(share >= 1_500, `${share}`);
      const outages = [result.outageMilliseconds, result.cloud?.outageMilliseconds ?? share];
      assert.ok(
        outages.every((one) => one < share / 2),
        outages.join(" "),
      );
      assert.match(before.logTail(100), /the cloud had moved the address/);
    });
  });
});
