/**
 * A service that both nodes serve alike, behind a gate that resets connections: clients that only
 * read learn that the address has moved, at a planned move and when the engine dies.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { EntryTier, type StreamFigures } from "#lab/measure/entry-load";
import type { Lab } from "#lab/measure/lab";
import type { LabNode } from "#lab/measure/node";
import { FAST, type Profile } from "#lab/measure/profile";
import { withLab } from "../support/lab.ts";

const STREAMS = 10;
const GATE = ["gate {", "    takeover_probe off", "    reset_connections on"];

async function streamsAcross(
  lab: Lab,
  tier: EntryTier,
  seconds: number,
  event: (owner: LabNode) => Promise<void>,
): Promise<StreamFigures> {
  const owner = await lab.untilSettled();
  const load = await tier.load(20, STREAMS, seconds);
  try {
    await event(owner);
    await lab.untilMovedFrom(owner);
    // What hangs has sent nothing for a second.
    await new Promise((resolve) => setTimeout(resolve, 1_200));
    return (await load.finish()).streams;
  } finally {
    load.close();
  }
}

const profileWith = (...lines: readonly string[]): Profile => ({
  ...FAST,
  extraInstanceLines: [...GATE, ...lines, "}"],
});

async function withTier(
  context: Parameters<typeof withLab>[0],
  profile: Profile,
  use: (lab: Lab, tier: EntryTier) => Promise<void>,
): Promise<void> {
  await withLab(context, { profile, kinds: ["baton", "baton"] }, async (lab) => {
    const tier = new EntryTier(lab, undefined);
    try {
      await tier.ready();
      await lab.startDaemons();
      await use(lab, tier);
    } finally {
      tier.close();
    }
  });
}

test("streams are reset at a move and at the engine's death: none hangs", async (context) => {
  await withTier(context, profileWith(), async (lab, tier) => {
    const stop = await streamsAcross(lab, tier, 600, async (owner) => {
      await owner.signalSupervisor("SIGTERM");
      await owner.untilDaemonEnded();
      await owner.startDaemon();
    });
    assert.deepEqual([stop.reset, stop.hung, stop.running], [STREAMS, 0, 0]);
    const kill = await streamsAcross(lab, tier, 600, async (owner) => {
      await owner.signalEngine("SIGKILL");
    });
    assert.deepEqual([kill.reset, kill.hung, kill.running], [STREAMS, 0, 0]);
  });
});

test("drain: streams that end in time are complete", async (context) => {
  await withTier(context, profileWith("    drain 10"), async (lab, tier) => {
    const stop = await streamsAcross(lab, tier, 2, async (owner) => {
      await owner.signalSupervisor("SIGTERM");
      await owner.untilDaemonEnded();
      await owner.startDaemon();
    });
    assert.deepEqual([stop.completed, stop.hung, stop.reset], [STREAMS, 0, 0]);
  });
});
