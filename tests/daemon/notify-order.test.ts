import assert from "node:assert/strict";
import { test } from "node:test";
import type { CommandPlan, NotifyPlan } from "#config/plan";
import { fromSeconds, type Instant, instant, type Micros } from "#units/time";
import {
  fifoLine,
  type NotifyState,
  type NotifySubject,
  prepareJob,
} from "../../apps/daemon/notify-command.ts";
import {
  emptyQueue,
  isIdle,
  type QueueEvent,
  type QueueState,
  queueDeadline,
  stepQueue,
} from "../../apps/daemon/notify-order.ts";

const command = (name: string, timeout?: Micros): CommandPlan => ({
  argv: [`/etc/keepalived/${name}.sh`, name],
  user: undefined,
  timeout,
});

const all: NotifyPlan = {
  master: command("master"),
  backup: command("backup"),
  fault: command("fault"),
  stop: command("stop"),
  deleted: undefined,
  masterRxLowerPri: command("lower"),
  any: command("any"),
  priorityChanges: false,
};
const subject: NotifySubject = { kind: "INSTANCE", name: "VI_1" };

class Bench {
  state: QueueState = emptyQueue;
  now: Instant = instant(0);
  readonly plan: NotifyPlan;
  readonly log: string[] = [];

  constructor(plan: NotifyPlan = all) {
    this.plan = plan;
  }

  add(state: NotifyState): this {
    return this.feed({ kind: "add", job: prepareJob(subject, this.plan, state, 100, {}) });
  }

  feed(event: QueueEvent): this {
    const { state, effects } = stepQueue(this.state, event, this.now);
    this.state = state;
    for (const effect of effects) {
      this.log.push(
        effect.kind === "start"
          ? `${effect.command.argv[1]} for ${effect.job.state}`
          : `${this.now / 1_000_000} ${effect.kind}`,
      );
    }
    return this;
  }

  finish(): this {
    return this.feed({ kind: "finished" });
  }

  until(seconds: number): this {
    for (;;) {
      const due = queueDeadline(this.state);
      if (due === undefined || due > seconds * 1_000_000) break;
      this.now = due;
      this.feed({ kind: "timeReached" });
    }
    this.now = instant(seconds * 1_000_000);
    return this;
  }

  takeLog(): string[] {
    return this.log.splice(0);
  }
}

test("the state's own script is run first, `notify` when it has ended", () => {
  const bench = new Bench().add("MASTER");
  assert.deepEqual(bench.takeLog(), ["master for MASTER"]);
  assert.deepEqual(bench.finish().takeLog(), ["any for MASTER"]);
  assert.ok(!isIdle(bench.state));
  assert.deepEqual(bench.finish().takeLog(), []);
  assert.ok(isIdle(bench.state));
});

test("`notify` gets keepalived's four arguments, the state's script gets none", () => {
  const job = prepareJob(subject, all, "FAULT", 207, {});
  assert.deepEqual(
    job.commands.map(({ argv }) => argv),
    [
      ["/etc/keepalived/fault.sh", "fault"],
      ["/etc/keepalived/any.sh", "any", "INSTANCE", "VI_1", "FAULT", "207"],
    ],
  );
});

test("lines of the FIFO are keepalived's to the byte", () => {
  assert.equal(fifoLine(subject, "MASTER", 100), 'INSTANCE "VI_1" MASTER 100\n');
  assert.equal(fifoLine({ kind: "GROUP", name: "G1" }, "MASTER", 0), 'GROUP "G1" MASTER 0\n');
});

test("of the states that pass while a script runs, only the last is told", () => {
  const bench = new Bench().add("BACKUP").finish().finish();
  bench.takeLog();
  bench.add("MASTER").add("BACKUP").add("MASTER").add("FAULT").add("BACKUP");
  assert.deepEqual(bench.finish().finish().finish().finish().takeLog(), [
    "master for MASTER",
    "any for MASTER",
    "backup for BACKUP",
    "any for BACKUP",
  ]);
  assert.equal(bench.state.replaced, 3);
  assert.ok(isIdle(bench.state));
});

test("a state without a script still replaces the older one that waits", () => {
  const bench = new Bench({ ...all, backup: undefined, any: undefined });
  bench.add("FAULT").add("MASTER").add("BACKUP");
  assert.deepEqual(bench.finish().takeLog(), ["fault for FAULT"]);
  assert.ok(isIdle(bench.state));
});

test("other topics do not replace the state", () => {
  const bench = new Bench({ ...all, any: undefined });
  bench.add("BACKUP").add("MASTER").add("MASTER_RX_LOWER_PRI").add("MASTER_RX_LOWER_PRI");
  assert.deepEqual(bench.finish().finish().finish().takeLog(), [
    "backup for BACKUP",
    "master for MASTER",
    "lower for MASTER_RX_LOWER_PRI",
  ]);
});

test("a script that hangs is terminated after 30 s and killed 2 s later; the queue goes on when it is gone", () => {
  const bench = new Bench().add("MASTER").add("BACKUP");
  bench.until(100);
  assert.deepEqual(bench.takeLog(), ["master for MASTER", "30 terminate", "32 kill"]);
  assert.deepEqual(bench.finish().takeLog(), ["any for MASTER"]);
});

test("a command's own timeout counts instead", () => {
  const bench = new Bench({ ...all, master: command("master", fromSeconds(1)) }).add("MASTER");
  assert.deepEqual(bench.until(2).takeLog(), ["master for MASTER", "1 terminate"]);
});

test("STOP is never dropped and does not wait 30 s for the script before it", () => {
  const bench = new Bench().add("MASTER").add("BACKUP").add("STOP");
  bench.until(4);
  assert.deepEqual(bench.takeLog(), ["master for MASTER", "2.5 terminate"]);
  assert.deepEqual(bench.finish().finish().finish().takeLog(), ["stop for STOP", "any for STOP"]);
  assert.ok(isIdle(bench.state));
});

test("abandoning ends what runs and starts nothing more", () => {
  const bench = new Bench().add("MASTER").add("STOP");
  bench.takeLog();
  bench.feed({ kind: "abandon" });
  assert.deepEqual(bench.takeLog(), ["0 terminate"]);
  assert.deepEqual(bench.finish().takeLog(), []);
  assert.ok(isIdle(bench.state));
});

test("a deleted instance is told as FAULT unless notify_deleted is given", () => {
  assert.equal(prepareJob(subject, all, "DELETED", 100, {}).state, "FAULT");
  const job = prepareJob(subject, { ...all, deleted: command("deleted") }, "DELETED", 100, {});
  assert.equal(job.state, "DELETED");
  assert.equal(job.commands[0]?.argv[1], "deleted");
  assert.ok(job.isEnd);
});

test("priority changes reach `notify` only when asked for", () => {
  assert.equal(prepareJob(subject, all, "MASTER_PRIORITY", 100, {}).commands.length, 0);
  const asked = prepareJob(subject, { ...all, priorityChanges: true }, "BACKUP_PRIORITY", 90, {});
  assert.deepEqual(asked.commands[0]?.argv.slice(2), ["INSTANCE", "VI_1", "BACKUP_PRIORITY", "90"]);
});
