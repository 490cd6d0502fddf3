import assert from "node:assert/strict";
import { test } from "node:test";
import {
  fifoLine,
  type NotifyState,
  type NotifySubject,
  stateJobs,
  weakerMasterJob,
} from "#daemon/notify-command";
import {
  emptyQueue,
  isIdle,
  type QueueEvent,
  type QueueState,
  queueDeadline,
  RUNNING_MAX,
  stepQueue,
} from "#daemon/notify-order";
import type { CommandPlan, NotifyPlan } from "#keepalived/plan/run-plan";
import { fromSeconds, type Instant, instant, type Micros } from "#units/time";

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

/** The queue of the states' own scripts, on a virtual clock. */
class Bench {
  state: QueueState = emptyQueue;
  now: Instant = instant(0);
  readonly plan: NotifyPlan;
  readonly log: string[] = [];

  constructor(plan: NotifyPlan = all) {
    this.plan = plan;
  }

  add(state: NotifyState): this {
    const job = stateJobs(subject, this.plan, state, 100, {}).own;
    return this.feed(job === undefined ? { kind: "passed" } : { kind: "add", job });
  }

  addWeakerMaster(): this {
    const job = weakerMasterJob(subject, this.plan, 100, {});
    return job === undefined ? this : this.feed({ kind: "add", job });
  }

  feed(event: QueueEvent): this {
    const { state, effects } = stepQueue(this.state, event, this.now);
    this.state = state;
    for (const effect of effects) {
      const at = this.now / 1_000_000;
      this.log.push(
        effect.kind === "start"
          ? `${at} ${effect.job.command.argv[1]}${effect.beside === 0 ? "" : ` beside ${effect.beside}`}`
          : `${at} ${effect.kind} ${effect.id} (${effect.why})`,
      );
    }
    return this;
  }

  /** The oldest that runs. */
  finish(): this {
    const [first] = this.state.running;
    return first === undefined ? this : this.feed({ kind: "finished", id: first.id });
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

test("the state's own script gets no arguments, `notify` gets keepalived's four", () => {
  const { own, any } = stateJobs(subject, all, "FAULT", 207, {});
  assert.deepEqual(own?.command.argv, ["/etc/keepalived/fault.sh", "fault"]);
  const four = ["INSTANCE", "VI_1", "FAULT", "207"];
  assert.deepEqual(any?.command.argv, ["/etc/keepalived/any.sh", "any", ...four]);
});

test("a weaker master is notified to its own script, never to `notify`", () => {
  assert.deepEqual(weakerMasterJob(subject, all, 100, {})?.command.argv[1], "lower");
  assert.equal(
    weakerMasterJob(subject, { ...all, masterRxLowerPri: undefined }, 100, {}),
    undefined,
  );
  const states = ["MASTER", "BACKUP", "FAULT", "STOP", "DELETED"] as const;
  const heard = states.map((state) => stateJobs(subject, all, state, 100, {}).any?.command.argv[4]);
  assert.deepEqual(heard, ["MASTER", "BACKUP", "FAULT", "STOP", "FAULT"]);
});

test("lines of the FIFO are keepalived's to the byte", () => {
  assert.equal(fifoLine(subject, "MASTER", 100), 'INSTANCE "VI_1" MASTER 100\n');
  assert.equal(fifoLine({ kind: "GROUP", name: "G1" }, "MASTER", 0), 'GROUP "G1" MASTER 0\n');
});

test("of the states that pass while a script runs, only the last is notified", () => {
  const bench = new Bench().add("BACKUP").finish();
  bench.takeLog();
  bench.add("MASTER").add("BACKUP").add("MASTER").add("FAULT").add("BACKUP");
  assert.deepEqual(bench.finish().finish().takeLog(), ["0 master", "0 backup"]);
  assert.equal(bench.state.replaced, 3);
  assert.ok(isIdle(bench.state));
});

test("a state without a script still replaces the older one that waits", () => {
  const bench = new Bench({ ...all, backup: undefined });
  bench.add("FAULT").add("MASTER").add("BACKUP");
  assert.deepEqual(bench.finish().takeLog(), ["0 fault"]);
  assert.equal(bench.state.replaced, 1);
  assert.ok(isIdle(bench.state));
});

test("other topics do not replace the state", () => {
  const bench = new Bench().add("BACKUP").add("MASTER").addWeakerMaster().addWeakerMaster();
  assert.deepEqual(bench.finish().finish().finish().takeLog(), ["0 backup", "0 master", "0 lower"]);
});

test("a script is never ended for being slow; the next one starts beside it after 30 s", () => {
  const bench = new Bench().add("MASTER");
  assert.deepEqual(bench.until(10).takeLog(), ["0 master"]);
  bench.add("BACKUP");
  assert.deepEqual(bench.until(39.9).takeLog(), []);
  assert.deepEqual(bench.until(1_000).takeLog(), ["40 backup beside 1"]);
  assert.equal(bench.state.running.length, 2);
  bench.finish().finish();
  assert.ok(isIdle(bench.state));
});

test("changes in a row do not put off the turn of the last", () => {
  const bench = new Bench().add("MASTER");
  for (let second = 1; second <= 60; second += 1) {
    bench.until(second);
    bench.add(second % 2 === 0 ? "MASTER" : "BACKUP");
  }
  assert.deepEqual(bench.takeLog(), ["0 master", "31 master beside 1"]);
});

test("scripts that never end are so many and no more", () => {
  const bench = new Bench();
  for (let change = 0; change < 100; change += 1) {
    bench.add(change % 2 === 0 ? "MASTER" : "BACKUP");
    bench.until((change + 1) * 60);
  }
  assert.equal(bench.state.running.length, RUNNING_MAX);
  assert.equal(bench.state.waiting.length, 1);
  assert.equal(queueDeadline(bench.state), undefined, "nothing to wake up for");
  bench.finish();
  assert.equal(bench.state.running.length, RUNNING_MAX);
});

test("a timeout of its own ends a script: SIGTERM, and SIGKILL 2 s later", () => {
  const bench = new Bench({ ...all, master: command("master", fromSeconds(1)) });
  bench.add("MASTER").add("BACKUP").until(10);
  assert.deepEqual(bench.takeLog(), ["0 master", "1 terminate 1 (timeout)", "3 kill 1 (timeout)"]);
  assert.deepEqual(bench.finish().takeLog(), ["10 backup"]);
});

test("STOP is never dropped, and waits 2.5 s for the script before it, which goes on", () => {
  const bench = new Bench().add("MASTER").add("BACKUP").add("STOP");
  assert.deepEqual(bench.until(4).takeLog(), ["0 master", "2.5 stop beside 1"]);
  assert.ok(isIdle(bench.finish().finish().state));
  const other = new Bench().add("MASTER").addWeakerMaster().add("STOP");
  const both = ["0 master", "2.5 lower beside 1", "2.5 stop beside 2"];
  assert.deepEqual(other.until(4).takeLog(), both);
});

test("abandoning ends what runs and starts nothing more", () => {
  const bench = new Bench().add("MASTER").add("STOP");
  bench.takeLog();
  bench.feed({ kind: "abandon" });
  assert.deepEqual(bench.until(3).takeLog(), ["0 terminate 1 (end)", "2 kill 1 (end)"]);
  assert.deepEqual(bench.finish().takeLog(), []);
  assert.ok(isIdle(bench.state));
});

test("a deleted instance is notified to `notify` as FAULT, and to no script of its own, unless notify_deleted is given", () => {
  const jobs = stateJobs(subject, all, "DELETED", 100, {});
  assert.equal(jobs.own, undefined);
  assert.deepEqual(jobs.any?.command.argv.slice(2), ["INSTANCE", "VI_1", "FAULT", "100"]);
  const { own, any } = stateJobs(
    subject,
    { ...all, deleted: command("deleted") },
    "DELETED",
    100,
    {},
  );
  assert.equal(own?.command.argv[1], "deleted");
  assert.ok(own.isEnd);
  assert.deepEqual(any?.command.argv.slice(2), ["INSTANCE", "VI_1", "DELETED", "100"]);
});
