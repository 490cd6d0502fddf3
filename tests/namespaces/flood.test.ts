/**
 * Ten thousand frames a second from an unknown peer: nothing moves, little is logged, every refusal
 * is counted, and the control socket answers. How late an advertisement is, is measured by
 * `npm run bench -- flood`.
 */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { type FloodFigures, measureFlood } from "#lab/measure/bench-flood";
import { statusOf } from "#lab/measure/control";
import type { WireFlood } from "#lab/measure/flood-frames";
import { PEER_PRIORITY, type ScaleShape } from "#lab/measure/scale-config";
import { ScaleMachine } from "#lab/measure/scale-machine";

const RATE = 10_000;
const SECONDS = 0.4;
const START_SECONDS = 30;
/** Fewer than fit into a socket: none is lost, however slowly they are read. */
const FEW = 600;
/** One a minute for each kind of refusal. */
const LINES_MAX = 12;

async function onMachine(
  context: TestContext,
  shape: ScaleShape,
  use: (machine: ScaleMachine) => Promise<void>,
): Promise<void> {
  const scratch = mkdtempSync(join(tmpdir(), "baton-test-"));
  const machine = new ScaleMachine({ kind: "baton", folder: join(scratch, "baton"), shape });
  try {
    await machine.peer.ready();
    if (shape.role === "backup") machine.peer.order({ kind: "advertise", priority: PEER_PRIORITY });
    await machine.start(START_SECONDS);
    await use(machine);
  } catch (error) {
    context.diagnostic(machine.logTail(40));
    throw error;
  } finally {
    await machine.close();
    rmSync(scratch, { recursive: true, force: true });
  }
}

function assertCalm({ flood, changes, log, statusMs, answer }: FloodFigures): void {
  assert.ok(answer.sent > 0, `${flood}: nothing was sent`);
  assert.equal(changes, 0, `${flood}: an address moved`);
  assert.ok(log.lines <= LINES_MAX, `${flood}: ${log.lines} lines were logged`);
  assert.notEqual(statusMs, undefined, `${flood}: no answer to status`);
}

type Counters = Readonly<Record<string, number>>;

async function countersOf(machine: ScaleMachine): Promise<Counters> {
  const status = await statusOf(machine.folder);
  assert.ok(status !== undefined && status.instances.length === 1);
  return status.instances[0]?.counters ?? {};
}

const grown = (before: Counters, after: Counters): Counters =>
  Object.fromEntries(
    Object.entries(after)
      .map(([name, count]) => [name, count - (before[name] ?? 0)] as const)
      .filter(([name, count]) => count > 0 && !/sent|foreign/.test(name)),
  );

/** What a few frames are counted as, once all of them have been read. */
async function counted(machine: ScaleMachine, flood: WireFlood, sum: number): Promise<Counters> {
  const before = await countersOf(machine);
  const stop = machine.flood(flood, RATE, FEW);
  const end = performance.now() + 20_000;
  for (;;) {
    const more = grown(before, await countersOf(machine));
    const all = Object.values(more).reduce((total, one) => total + one, 0);
    if (all >= sum || performance.now() > end) {
      assert.equal((await stop()).sent, FEW);
      return more;
    }
    await sleep(20);
  }
}

test("an owner of version 2 keeps its address through floods, and counts each refusal", async (context) => {
  const shape = { instances: 1, advertSeconds: 1, role: "master", password: "secret" } as const;
  await onMachine(context, shape, async (machine) => {
    const refused = await counted(machine, "refused", FEW);
    assert.deepEqual(refused, { auth_failure: FEW / 3, ip_ttl_err: FEW / 3, version_err: FEW / 3 });
    for (const flood of ["unknown", "lower", "refused", "garbage", "elsewhere", "arp"] as const) {
      assertCalm(await measureFlood(machine, flood, { rate: RATE, seconds: SECONDS }));
    }
    assert.equal(machine.present(), 1);
    assert.equal((await statusOf(machine.folder))?.instances[0]?.state, "MASTER");
  });
});

test("a backup of version 3 stays one through floods, and takes over when its master is gone", async (context) => {
  const shape = { instances: 1, advertSeconds: 0.1, role: "backup" } as const;
  await onMachine(context, shape, async (machine) => {
    for (const flood of ["unknown", "refused", "garbage", "elsewhere", "addresses"] as const) {
      const figures = await measureFlood(machine, flood, { rate: RATE, seconds: SECONDS });
      assertCalm(figures);
      assert.equal(figures.reading.heard.adverts, 0, flood);
    }
    const stop = machine.flood("garbage", RATE);
    machine.peer.order({ kind: "rest" });
    const end = performance.now() + 20_000;
    while (machine.present() === 0 && performance.now() < end) await sleep(5);
    assert.equal(machine.present(), 1);
    await stop();
  });
});
