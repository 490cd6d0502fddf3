/**
 * The daemon's log where people look for it: through a real rsyslog with the rules that
 * distributions and tutorials have, in a file that a real logrotate moves away, and while rsyslog
 * is started again.
 *
 * Needs: rsyslogd, logrotate
 */
import assert from "node:assert/strict";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import {
  closeSync,
  existsSync,
  openSync,
  readFileSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import { type DaemonLog, openLog } from "#daemon/open-log";
import { CONFIG_FILE, RUNTIME_DIR } from "#lab/measure/daemon";
import type { LabNode } from "#lab/measure/node";
import { FAST } from "#lab/measure/profile";
import { makeFolder, until } from "../support/daemon-bench.ts";
import { withLab } from "../support/lab.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const BATON = join(ROOT, "bin/baton");
const REOPEN = 35;
const env = { ...process.env, PATH: `${process.env["PATH"] ?? ""}:/usr/sbin:/sbin` };

/** The socket is made in `folder`, and so is every file, `/var/log/NAME` as `NAME`. */
async function startRsyslog(folder: string): Promise<ChildProcess> {
  const snippet = readFileSync(join(ROOT, "packaging/rsyslog.conf"), "utf8");
  // Red Hat's rule for /var/log/messages, and the one that goes with `-S 0` in most tutorials.
  const rules = `${snippet}
*.info;mail.none;authpriv.none;cron.none  /var/log/messages
local0.*  /var/log/keepalived.log
`;
  const file = join(folder, "rsyslog.conf");
  writeFileSync(
    file,
    `module(load="imuxsock" SysSock.Name="${folder}/socket")
module(load="builtin:omfile" Template="RSYSLOG_TraditionalFileFormat")
global(workDirectory="${folder}")
${rules.replaceAll("/var/log/", `${folder}/`)}`,
  );
  const child = spawn("rsyslogd", ["-n", "-f", file, "-i", join(folder, "pid")], {
    env,
    stdio: ["ignore", "inherit", "inherit"],
  });
  await until("rsyslog listens", () => existsSync(join(folder, "socket")));
  return child;
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  const ended = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGTERM");
  await ended;
}

/** A /dev of its own, with the socket where programs look for it. */
const DEV = (folder: string): string => `
mkdir ${folder}/dev
for one in null zero full random urandom tty; do
  touch ${folder}/dev/$one && mount --bind /dev/$one ${folder}/dev/$one
done
ln -s ${folder}/socket ${folder}/dev/log
mount --rbind ${folder}/dev /dev`;

function startBaton(context: TestContext, node: LabNode): ChildProcess {
  const options = `-D -d -S 0 --log-file -f ${CONFIG_FILE} --runtime-dir ${RUNTIME_DIR}`;
  const line = `set -e; ${DEV(node.folder)}\nexec ${BATON} run ${options}`;
  const stderr = openSync(join(node.folder, "stderr"), "a");
  const child = node.spawn(["/bin/sh", "-c", line], stderr);
  closeSync(stderr);
  context.after(async () => await end(child));
  return child;
}

async function reload(node: LabNode): Promise<void> {
  const child = node.spawn([BATON, "reload", "--runtime-dir", RUNTIME_DIR], "ignore");
  assert.equal(await new Promise((resolve) => child.once("close", resolve)), 0);
}

const textOf = (path: string): string => (existsSync(path) ? readFileSync(path, "utf8") : "");
const count = (text: string, of: string): number => text.split(of).length - 1;

test("rsyslog's files, a file of our own, logrotate, and a rsyslog that is started again", async (context) => {
  await withLab(context, { profile: FAST, kinds: ["baton"] }, async (lab) => {
    const [node] = lab.nodes;
    assert.ok(node);
    const { folder } = node;
    let rsyslog = await startRsyslog(folder);
    context.after(async () => await end(rsyslog));
    const daemon = startBaton(context, node);
    const inFile = (name: string): string => textOf(join(folder, name));
    const ours = join(folder, "log/baton.log");

    for (const name of ["messages", "keepalived.log", "baton.log"])
      await until(`${name} has it`, () => inFile(name).includes("Entering MASTER STATE"));
    const line = /^\w{3} [ \d]\d [\d:]{8} \S+ Keepalived_vrrp\[\d+\]: \(VI_1\) Entering MASTER/m;
    assert.match(inFile("keepalived.log"), line);
    assert.match(textOf(ours), /^\S+ [\d:.]+ [+-]\d\d:\d\d \(VI_1\) Entering MASTER STATE: /m);
    // stderr is only for what cannot be said elsewhere.
    assert.equal(inFile("stderr"), "");

    const snippet = readFileSync(join(ROOT, "packaging/logrotate.conf"), "utf8");
    const config = join(folder, "logrotate.conf");
    writeFileSync(config, snippet.replaceAll("/var/log/baton.log", ours), { mode: 0o644 });
    const rotate = spawnSync("logrotate", ["-f", "-s", join(folder, "state"), config], { env });
    assert.equal(rotate.status, 0, String(rotate.stderr));
    assert.ok(existsSync(`${ours}.1`));
    process.kill(daemon.pid ?? 0, REOPEN);
    await until("it is opened again", () => existsSync(ours));
    await reload(node);
    await until("the new file has it", () => textOf(ours).includes("Reload complete"));
    assert.equal(count(textOf(`${ours}.1`), "Reload complete"), 0);

    await until("rsyslog has it", () => count(inFile("messages"), "Reload complete") === 1);
    await end(rsyslog);
    await reload(node);
    rsyslog = await startRsyslog(folder);
    await until(
      "what was logged meanwhile",
      () => count(inFile("messages"), "Reload complete") === 2,
    );
    assert.equal(count(textOf(ours), "lines were lost"), 0);
    await end(daemon);
    assert.equal(daemon.exitCode, 0);
    await until("the end", () => inFile("messages").includes("Stopped Baton"));
  });
});

test("a file on a full disk: lines are counted, none is torn, and the number is said later", (context) => {
  const disk = makeFolder(context).path;
  const mounted = spawnSync("mount", ["-t", "tmpfs", "-o", "size=16k", "tmpfs", disk]);
  assert.equal(mounted.status, 0, String(mounted.stderr));
  const stderr = openSync("/dev/null", "a");
  const file = join(disk, "baton.log");
  const log = openLog({ format: "text", most: "info", file, fd: stderr });
  try {
    fillAndCut(log, file);
  } finally {
    log.close();
    closeSync(stderr);
    spawnSync("umount", [disk]);
  }
});

function fillAndCut(log: DaemonLog, file: string): void {
  const lines = 400;
  for (let number = 0; number < lines; number++) log("info", `line ${number} ${"x".repeat(100)}`);
  const lost = log.dropped();
  assert.ok(lost > 0 && lost < lines, `${lost} lost`);
  const kept = readFileSync(file, "utf8");
  assert.equal(count(kept, "\n"), lines - lost);
  // As `copytruncate` does it, after copying.
  truncateSync(file);
  log("info", "there is room again");
  const after = readFileSync(file, "utf8").trim().split("\n");
  assert.match(after[0] ?? "", new RegExp(`warning: ${lost} log lines were lost$`));
  assert.match(after[1] ?? "", / there is room again$/);
  assert.equal(after.length, 2);
  assert.equal(log.dropped(), lost);
}
