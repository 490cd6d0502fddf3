/**
 * The pipes of `notify_fifo` and `vrrp_notify_fifo`: who owns them, and what a reload writes
 * to them.
 */
import assert from "node:assert/strict";
import { closeSync, constants, openSync, readSync, statSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { NotifyFifo } from "#daemon/fifo";
import { daemonMessages } from "#daemon/messages";
import { type Notified, Notifier } from "#daemon/notifier";
import type { RunPlan } from "#keepalived/plan/run-plan";
import { readConfiguration } from "#keepalived/read";
import * as libc from "#linux/ffi";
import { type Folder, keepLog, makeFolder, makeLauncher } from "../support/daemon-bench.ts";

const messages = daemonMessages("en");
const isRoot = process.getuid?.() === 0;
const needsRoot = isRoot ? false : "needs root";
/** An account by number need not exist: what is tested does not depend on the machine's passwd. */
const OWNER = { user: "12345", group: "23456" };

interface Made {
  readonly path: string;
  readonly lines: readonly string[];
  readonly fifo: NotifyFifo;
}

function make(
  context: TestContext,
  owner: { user: string; group: string | undefined } | undefined,
  prepare: (path: string) => void = () => undefined,
): Made {
  const path = join(makeFolder(context).path, "fifo");
  prepare(path);
  const { log, lines } = keepLog();
  const fifo = new NotifyFifo({ path, owner }, log, messages);
  context.after(() => fifo.close());
  return { path, lines, fifo };
}

const permissions = (path: string): string => (statSync(path).mode & 0o777).toString(8);

test("a pipe without an owner is the daemon's, and anybody may read it", (context) => {
  const { path, lines } = make(context, undefined);
  assert.deepEqual([statSync(path).uid, permissions(path)], [process.getuid?.(), "644"]);
  assert.deepEqual(lines, []);
});

test("a pipe with an owner belongs to the user and the group, and to nobody else", {
  skip: needsRoot,
}, (context) => {
  const { path, lines } = make(context, OWNER);
  const { uid, gid } = statSync(path);
  assert.deepEqual([uid, gid, permissions(path)], [12345, 23456, "600"]);
  assert.deepEqual(lines, []);
});

test("a pipe that was there before keeps its owner", { skip: needsRoot }, (context) => {
  const { path, fifo } = make(context, OWNER, (at) => void libc.mkfifo(at, 0o640));
  assert.deepEqual([statSync(path).uid, permissions(path)], [0, "640"]);
  fifo.close();
  assert.ok(statSync(path).isFIFO(), "and stays");
});

test("an account that does not exist: no pipe, and a line that says so", (context) => {
  const { path, lines } = make(context, { user: "nobody-here", group: undefined });
  assert.equal(statSync(path, { throwIfNoEntry: false }), undefined);
  const why = "there is no user nobody-here on this machine, nothing is written";
  assert.deepEqual(lines, [`error: notify_fifo ${path}: ${why}`]);
});

test("another owner is another pipe, the same one is not", (context) => {
  const { fifo, path } = make(context, undefined);
  assert.ok(fifo.isFor({ path, owner: undefined }));
  assert.ok(!fifo.isFor({ path, owner: OWNER }));
});

const FILE = (folder: Folder, more: string): string => `global_defs {
  vrrp_notify_fifo ${folder.path}/fifo
  ${more}
}
vrrp_instance A {
  interface eth0
  virtual_router_id 1
  virtual_ipaddress {
    10.0.0.50/24
  }
}
vrrp_instance B {
  interface eth0
  virtual_router_id 2
  virtual_ipaddress {
    10.0.0.51/24
  }
}
vrrp_sync_group G {
  group {
    A
  }
}
`;

function planOf(folder: Folder, more: string): RunPlan {
  const { plan, findings } = readConfiguration([{ name: "a.conf", text: FILE(folder, more) }]);
  assert.deepEqual(
    findings.filter(({ code }) => code.startsWith("VR4") || code.startsWith("VR1")),
    [],
    "every word is acted on",
  );
  return plan;
}

const notified = (to: Notified["to"], priority: number): Notified => ({
  from: "INIT",
  to,
  priority,
  reason: { kind: "stopped" },
  why: "",
});

/** All that is in the pipe now. */
function drain(path: string): readonly string[] {
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const buffer = Buffer.alloc(65_536);
  let size = 0;
  try {
    size = readSync(fd, buffer);
  } catch (error) {
    assert.equal((error as NodeJS.ErrnoException).code, "EAGAIN");
  } finally {
    closeSync(fd);
  }
  return buffer.toString("utf8", 0, size).split("\n").slice(0, -1);
}

async function withNotifier(
  context: TestContext,
  more: string,
  use: (notifier: Notifier, plan: RunPlan, path: string) => void,
): Promise<void> {
  const folder = makeFolder(context);
  const { log } = keepLog();
  const notifier = new Notifier(makeLauncher(log), log, "en");
  const plan = planOf(folder, more);
  notifier.configure(plan);
  use(notifier, plan, join(folder.path, "fifo"));
  await notifier.finish(1_000);
}

test("fifo_write_vrrp_states_on_reload: what was notified last is written again, groups first, with the priority of now", async (context) => {
  await withNotifier(context, "fifo_write_vrrp_states_on_reload", (notifier, plan, path) => {
    assert.equal(plan.globals.fifoStatesOnReload, true);
    notifier.instance("A", notified("BACKUP", 100));
    notifier.instance("A", notified("MASTER", 100));
    notifier.group("G", "MASTER");
    assert.equal(drain(path).length, 3);
    notifier.configure(plan);
    notifier.statesAgain(plan, (name) => (name === "A" ? 120 : 100));
    const again = ['GROUP "G" MASTER 0', 'INSTANCE "A" MASTER 120'];
    assert.deepEqual(drain(path), again, "B has no state yet");
    notifier.instance("B", notified("FAULT", 100));
    drain(path);
    notifier.statesAgain(plan, () => 90);
    assert.deepEqual(drain(path), [
      'GROUP "G" MASTER 0',
      'INSTANCE "A" MASTER 90',
      'INSTANCE "B" FAULT 90',
    ]);
  });
});

test("a pipe's owner: its own setting, else script_user, else nobody's", (context) => {
  const folder = makeFolder(context);
  const owner = (more: string): unknown => planOf(folder, more).globals.vrrpNotifyFifoOwner;
  assert.equal(owner(""), undefined);
  assert.equal(planOf(folder, "").globals.fifoStatesOnReload, undefined);
  assert.deepEqual(owner("script_user web admins"), { user: "web", group: "admins" });
  const named = `vrrp_notify_fifo ${folder.path}/fifo root\n  script_user web`;
  assert.deepEqual(owner(named), { user: "root", group: undefined });
});
