import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { NotifyQueue } from "#daemon/notify-runner";
import { startTimeOf } from "#daemon/running-groups";
import type { NotifyPlan } from "#keepalived/plan/run-plan";
import { fromMillis } from "#units/time";
import { keepLog, makeFolder, makeLauncher, until } from "../support/daemon-bench.ts";

const NOTHING: NotifyPlan = {
  master: undefined,
  backup: undefined,
  fault: undefined,
  stop: undefined,
  deleted: undefined,
  masterRxLowerPri: undefined,
  any: undefined,
  priorityChanges: false,
};

test("after many changes in a row, the script's last state is the daemon's", async (context) => {
  const folder = makeFolder(context);
  const { log } = keepLog();
  const state = join(folder.path, "state");
  // Slow for some states and quick for others: run side by side, an old one would end last.
  const script = folder.script(
    "notify.sh",
    `[ "$3" = MASTER ] && sleep 0.05\necho "$1 $2 $3 $4 $BATON_STATE" >>${state}`,
  );
  const any = { argv: [script], user: undefined, timeout: undefined };
  const subject = { kind: "INSTANCE", name: "VI_1" } as const;
  const queue = new NotifyQueue(subject, { ...NOTHING, any }, makeLauncher(log), log, "en");
  let last = "";
  for (let i = 0; i < 200; i++) {
    last = i % 3 === 0 ? "MASTER" : i % 3 === 1 ? "BACKUP" : "FAULT";
    queue.push(last as "MASTER", 100 + (i % 50));
    if (i % 7 === 0) await new Promise((resolve) => setTimeout(resolve, 3));
  }
  await queue.idle();
  const lines = readFileSync(state, "utf8").trim().split("\n");
  assert.equal(lines.at(-1), `INSTANCE VI_1 ${last} ${100 + (199 % 50)} ${last}`);
  assert.ok(lines.length < 200, "states that had passed were not notified");
  assert.equal(queue.queued, 0);
  assert.equal(queue.last?.exit, 0);
});

test("a script that hangs is ended at its deadline, its exit and its output are remembered", async (context) => {
  const folder = makeFolder(context);
  const { log, lines } = keepLog();
  const pid = join(folder.path, "pid");
  const script = folder.script("hang.sh", `echo $$ >${pid}; echo stuck; exec sleep 1000`);
  const master = { argv: [script], user: undefined, timeout: fromMillis(300) };
  const subject = { kind: "GROUP", name: "G1" } as const;
  const queue = new NotifyQueue(subject, { ...NOTHING, master }, makeLauncher(log), log, "en");
  queue.push("MASTER", 0);
  await queue.idle();
  assert.equal(queue.last?.exit, "timeout");
  assert.equal(queue.last.output, "stuck");
  assert.match(
    lines.at(-1) ?? "",
    /^warning: \(G1\) MASTER: notify script .*: ended, its time was over/,
  );
  assert.ok(existsSync(pid));
  await until("it is gone", () => startTimeOf(Number(readFileSync(pid, "utf8"))) === undefined);
});

test("a script that is not there is reported, and the next one runs all the same", async (context) => {
  const folder = makeFolder(context);
  const { log, lines } = keepLog();
  const done = join(folder.path, "done");
  const queue = new NotifyQueue(
    { kind: "INSTANCE", name: "VI_1" },
    {
      ...NOTHING,
      master: { argv: ["/no/such/script"], user: undefined, timeout: undefined },
      any: {
        argv: [folder.script("any.sh", `echo "$@" >${done}`)],
        user: undefined,
        timeout: undefined,
      },
    },
    makeLauncher(log),
    log,
    "en",
  );
  queue.push("MASTER", 50);
  await queue.idle();
  assert.equal(readFileSync(done, "utf8"), "INSTANCE VI_1 MASTER 50\n");
  assert.match(lines[0] ?? "", /not started \(\d+ ms\): \/no\/such\/script does not exist/);
});
