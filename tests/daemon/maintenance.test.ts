/** A maintenance on the disk, and how it ends by itself. */
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { MaintenanceMode } from "#daemon/maintenance";
import {
  maintenancePath,
  readMaintenance,
  removeMaintenance,
  writeMaintenance,
} from "#daemon/maintenance-file";
import type { Maintenance } from "#daemon/maintenance-shape";
import { maintenanceSentence, operatorMessages } from "#daemon/operator-messages";

const ONE: Maintenance = {
  since: "2026-11-30T17:00:00.000Z",
  reason: "new kernel",
  lastResort: false,
  by: "root (socket)",
};

function folder(context: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), "baton-test-"));
  context.after(() => rmSync(path, { recursive: true, force: true }));
  return join(path, "state");
}

test("what is kept is read again by whoever comes next, and by nobody else", (context) => {
  const path = folder(context);
  assert.deepEqual(readMaintenance(path), { kind: "none" });
  assert.equal(writeMaintenance(path, ONE), undefined);
  assert.equal(statSync(maintenancePath(path)).mode & 0o777, 0o600);
  assert.deepEqual(readMaintenance(path), { kind: "read", maintenance: ONE });
  const until = "2026-11-30T19:00:00.000Z";
  assert.equal(writeMaintenance(path, { ...ONE, until, lastResort: true }), undefined);
  const read = readMaintenance(path);
  assert.ok(read.kind === "read" && read.maintenance.until === until);
  assert.equal(removeMaintenance(path), undefined);
  assert.equal(removeMaintenance(path), undefined);
  assert.deepEqual(readMaintenance(path), { kind: "none" });
});

test("a file that somebody has spoiled counts as a maintenance", (context) => {
  const path = folder(context);
  assert.equal(writeMaintenance(path, ONE), undefined);
  for (const text of ["", "{", '{"since":"soon","lastResort":false,"by":"x"}', "[]", "null"]) {
    writeFileSync(maintenancePath(path), text);
    assert.equal(readMaintenance(path).kind, "unreadable", text);
    const mode = new MaintenanceMode({ stateDir: () => path, over: () => undefined });
    assert.equal(mode.read().kind, "unreadable");
    assert.equal(mode.mode, "on");
    assert.equal(mode.end(), undefined);
    assert.equal(mode.mode, undefined);
  }
});

test("where it cannot be kept nothing has changed", (context) => {
  const path = folder(context);
  assert.equal(writeMaintenance(path, ONE), undefined);
  removeMaintenance(path);
  symlinkSync("/etc/passwd", maintenancePath(path));
  const before = readFileSync("/etc/passwd", "utf8");
  const mode = new MaintenanceMode({ stateDir: () => path, over: () => undefined });
  assert.equal(mode.set(ONE), "ELOOP");
  assert.equal(mode.current, undefined);
  assert.equal(readFileSync("/etc/passwd", "utf8"), before);
});

test("it ends by itself, also when its time was over before the start", async (context) => {
  const path = folder(context);
  const over = async (until: Date): Promise<Maintenance> =>
    await new Promise((resolve) => {
      assert.equal(writeMaintenance(path, { ...ONE, until: until.toISOString() }), undefined);
      const mode = new MaintenanceMode({ stateDir: () => path, over: resolve });
      assert.equal(mode.read().kind, "read");
      assert.equal(mode.mode, "on");
      // Its own timer keeps no process alive.
      const wait = setInterval(() => undefined, 10);
      context.after(() => clearInterval(wait));
    });
  assert.equal((await over(new Date(Date.now() - 3_600_000))).reason, "new kernel");
  assert.equal((await over(new Date(Date.now() + 50))).reason, "new kernel");
});

test("a clock that starts years behind does not make it longer than was asked for", async (context) => {
  const path = folder(context);
  const since = new Date(Date.now() + 1_000_000_000);
  const until = new Date(since.getTime() + 30).toISOString();
  assert.equal(writeMaintenance(path, { ...ONE, since: since.toISOString(), until }), undefined);
  const ended = new Promise<Maintenance>((resolve) => {
    const mode = new MaintenanceMode({ stateDir: () => path, over: resolve });
    mode.read();
    assert.equal(mode.mode, "on");
  });
  const wait = setInterval(() => undefined, 10);
  context.after(() => clearInterval(wait));
  assert.equal((await ended).until, until);
});

test("sentences in both languages, with the end and the reason", () => {
  const until = "2026-11-30T19:00:00.000Z";
  const en = maintenanceSentence({ ...ONE, until }, "en");
  assert.match(en, /^in maintenance since .* by root \(socket\) \(new kernel\), until 2026/);
  assert.match(en, /takes no address/);
  const zh = maintenanceSentence({ ...ONE, lastResort: true }, "zh-CN");
  assert.match(
    zh,
    /处于维护状态.*new kernel.*直到执行 baton maintenance off：仅在没有其他节点接管时/,
  );
  for (const language of ["en", "zh-CN"] as const) {
    const messages = operatorMessages(language);
    for (const why of ["stopping", "reloading"] as const)
      assert.ok(messages.busy(why).error.length > 5);
    assert.match(
      messages.noUnit({ kind: "no-such", name: "X", names: ["VI_1"] }).help ?? "",
      /VI_1/,
    );
    assert.match(messages.noAddress("db2").error, /db2/);
  }
});
