/**
 * Planned moves and maintenance between two Batons, and between a Baton and a keepalived, on real
 * packets: nothing is lost, nothing is refused, and what is refused costs nothing.
 *
 * Needs: keepalived
 */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { SwitchAnswer } from "#daemon/switch-protocol";
import { VIRTUAL_ADDRESS } from "#lab/measure/lab";
import { FAST, type Profile, TUTORIAL } from "#lab/measure/profile";
import { WebLoad } from "#lab/measure/web-load";
import { now } from "#linux/clock";
import { baton, other, type Ran, withLab } from "../support/lab.ts";

/** The first is stronger, and preempts. */
const UNEVEN: Profile = { ...FAST, name: "uneven", priorities: [150, 100], preempt: true };

/** A detection time, and what a busy machine may need besides. */
const PREEMPTS_WITHIN_MS = 700;

const answerOf = ({ out, err }: Ran): SwitchAnswer => {
  assert.match(out, /^\{/, `${out}${err}`);
  return JSON.parse(out) as SwitchAnswer;
};

async function switchOften(context: TestContext, profile: Profile, times: number): Promise<void> {
  await withLab(context, { profile, kinds: ["baton", "baton"] }, async (lab) => {
    let owner = await lab.startDaemons();
    const load = new WebLoad(lab, VIRTUAL_ADDRESS, 500);
    try {
      await load.started();
      await sleep(500);
      const from = now();
      for (let round = 0; round < times; round++) {
        const ran = await baton(owner, "switch", "--json");
        const { outcome, units } = answerOf(ran);
        const [unit] = units;
        assert.equal(outcome, "moved", ran.out);
        assert.equal(ran.status, 0);
        const heir = other(lab, owner);
        assert.equal(unit?.successor, heir.address);
        assert.ok((unit?.bothAnsweredMs ?? 1_000) < 500, ran.out);
        await lab.untilOwnedBy(heir, 3);
        owner = heir;
        await sleep(200);
      }
      const to = now();
      const seen = await lab.instruments.outage(from, to);
      const figures = await load.finish();
      context.diagnostic(`${profile.name}: ${JSON.stringify({ ...seen, turns: [], figures })}`);
      assert.equal(seen.lost, 0, "lost probes");
      assert.equal(lab.instruments.absence(["a", "b"], from, to), 0, "nobody held the address");
      assert.deepEqual(figures.failures, [], "requests that found nobody");
      // Open at the move: reset, or left without an answer, for the new owner does not know them.
      const cut = Object.values(figures.cut).reduce((all, one) => all + one, 0);
      assert.equal(figures.answered + cut, figures.asked);
    } finally {
      load.close();
    }
  });
}

test("four moves under 500 requests a second: nothing is lost", async (context) => {
  await switchOften(context, UNEVEN, 4);
});

test("VRRP version 2 as in the tutorial, with nopreempt", async (context) => {
  await switchOften(context, TUTORIAL, 2);
});

test("a stronger node stays away until it may return, and says so", async (context) => {
  await withLab(context, { profile: UNEVEN, kinds: ["baton", "baton"] }, async (lab) => {
    const owner = await lab.startDaemons();
    const heir = other(lab, owner);
    const dry = await baton(owner, "switch", "--dry-run");
    assert.equal(dry.status, 0, dry.err);
    assert.deepEqual(lab.holders(), [owner]);
    const wrong = await baton(heir, "switch", "--json");
    assert.equal(wrong.status, 1);
    assert.equal(answerOf(wrong).units[0]?.reason?.kind, "not-owner");
    const nobody = await baton(owner, "switch", "--to", "192.0.2.77");
    assert.equal(nobody.status, 1);
    assert.match(nobody.err, /is no peer of it/);
    assert.equal((await baton(owner, "switch", "VI_X")).status, 1);
    const moved = await baton(owner, "switch", "--to", heir.address, "--lang", "zh-CN");
    assert.equal(moved.status, 0, moved.err);
    assert.match(moved.out, /已接管/);
    // It would have preempted by now, twice.
    await sleep(2 * PREEMPTS_WITHIN_MS);
    assert.deepEqual(lab.holders(), [heir]);
    const status = await baton(owner, "status");
    assert.match(status.out, /moved to .* by root \(socket\)/);
    assert.match((await baton(owner, "explain")).out, /does not preempt until/);
    const back = await baton(owner, "switch", "--back");
    assert.equal(back.status, 0, back.err);
    await lab.until("it has returned", 5, () => lab.holders().at(0) === owner);
    assert.equal(lab.holders().length, 1);
    // An engine that dies does not forget.
    assert.equal((await baton(owner, "switch")).status, 0);
    await owner.signalEngine("SIGKILL");
    await lab.until("another engine runs", 5, () => owner.loggedStates().at(-2) === "BACKUP");
    await sleep(PREEMPTS_WITHIN_MS);
    assert.deepEqual(lab.holders(), [heir]);
  });
});

test("nobody takes over: the address stays, and everybody says why", async (context) => {
  await withLab(context, { profile: UNEVEN, kinds: ["baton", "baton"] }, async (lab) => {
    const owner = await lab.startDaemons();
    const heir = other(lab, owner);
    heir.setService("down");
    await lab.until("the peer is in FAULT", 10, () => heir.loggedState() === "FAULT");
    const from = now();
    const ran = await baton(owner, "switch", "--json");
    assert.equal(ran.status, 1);
    assert.equal(answerOf(ran).units[0]?.reason?.kind, "no-successor", ran.out);
    const maintenance = await baton(owner, "maintenance", "on");
    assert.equal(maintenance.status, 1);
    assert.match(maintenance.err, /not in maintenance: VI_1: nobody took over/);
    const to = now();
    const seen = await lab.instruments.outage(from, to);
    assert.equal(seen.lost, 0);
    assert.equal(lab.instruments.absence(["a"], from, to), 0, "the address was gone");
    const last = await baton(owner, "maintenance", "on", "--last-resort");
    assert.equal(last.status, 0, last.err);
    assert.deepEqual(lab.holders(), [owner]);
    heir.setService("up");
    await lab.until("whoever is healthy takes it", 10, () => lab.holders().at(0) === heir);
    const forced = await baton(heir, "maintenance", "on", "--force");
    assert.equal(forced.status, 0, forced.err);
    await lab.until("the last resort has it", 10, () => lab.holders().at(0) === owner);
  });
});

test("maintenance outlasts kill -9 of engine and daemon, and a stop", async (context) => {
  await withLab(context, { profile: UNEVEN, kinds: ["baton", "baton"] }, async (lab) => {
    const owner = await lab.startDaemons();
    const heir = other(lab, owner);
    const on = await baton(owner, "maintenance", "on", "--for", "1h", "--reason", "new kernel");
    assert.equal(on.status, 0, on.err);
    const file = join(owner.folder, "run/baton/state/maintenance.json");
    assert.ok(existsSync(file), file);
    assert.deepEqual(lab.holders(), [heir]);
    const held = async (what: string): Promise<void> => {
      await sleep(PREEMPTS_WITHIN_MS);
      assert.deepEqual(lab.holders(), [heir], what);
      const status = await baton(owner, "maintenance", "status", "--json");
      assert.match(status.out, /"reason":"new kernel"/, what);
    };
    await held("after it was set");
    await owner.signalEngine("SIGKILL");
    await held("after kill -9 of the engine");
    await owner.signalSupervisor("SIGKILL");
    await owner.startDaemon();
    await lab.until("it runs again", 10, () => owner.loggedState() === "BACKUP");
    await held("after kill -9 of the daemon");
    await owner.stopDaemon();
    await owner.startDaemon();
    await lab.until("it runs again", 10, () => owner.loggedState() === "BACKUP");
    await held("after a restart");
    const lives = await baton(
      owner,
      "events",
      "--runtime-dir",
      "/run/baton",
      "--kind",
      "daemon",
      "--json",
    );
    assert.equal(lives.out.split('"ended-without-stop"').length - 1, 1, `${lives.out}${lives.err}`);
    assert.match(owner.readFile(".", "daemon.log") ?? "", /in maintenance since .*new kernel/);
    const off = await baton(owner, "maintenance", "off");
    assert.equal(off.status, 0, off.err);
    assert.ok(!existsSync(file));
    await lab.until("it takes part again", 10, () => lab.holders().at(0) === owner);
    const brief = await baton(owner, "maintenance", "on", "--for", "1s");
    assert.equal(brief.status, 0, brief.err);
    assert.deepEqual(lab.holders(), [heir]);
    await lab.until("it ends by itself", 10, () => lab.holders().at(0) === owner);
  });
});

test("keepalived beside it takes over, and gives the address back", async (context) => {
  await withLab(context, { profile: TUTORIAL, kinds: ["baton", "keepalived"] }, async (lab) => {
    const owner = await lab.startDaemons();
    const heir = other(lab, owner);
    const from = now();
    const ran = await baton(owner, "switch", "--json");
    assert.equal(ran.status, 0, ran.out);
    assert.equal(answerOf(ran).units[0]?.successor, heir.address);
    await lab.untilSettled();
    assert.deepEqual(lab.holders(), [heir]);
    const to = now();
    assert.equal((await lab.instruments.outage(from, to)).lost, 0, "lost probes");
  });
});
