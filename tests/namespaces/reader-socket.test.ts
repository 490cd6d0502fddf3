/**
 * A daemon on a machine with the group `baton`: a member asks for the status and is refused a
 * reload, somebody else gets nothing, and a stop leaves no socket.
 */
import assert from "node:assert/strict";
import { type ChildProcess, spawnSync } from "node:child_process";
import { closeSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import type { Status } from "#daemon/control-protocol";
import { CONFIG_FILE, RUNTIME_DIR } from "#lab/measure/daemon";
import type { LabNode } from "#lab/measure/node";
import { FAST } from "#lab/measure/profile";
import { until } from "../support/daemon-bench.ts";
import { withLab } from "../support/lab.ts";

const BATON = fileURLToPath(new URL("../../bin/baton", import.meta.url));
const GROUP = "54321";
const USER = ["--reuid", "54320", "--regid", "54322"];
const look = spawnSync("setpriv", [...USER, "--clear-groups", "test", "-x", BATON]);
const skip = look.status !== 0 && "there are no other users, or they may not read this checkout";

interface Ran {
  readonly code: number | null;
  readonly text: string;
}

async function run(node: LabNode, line: string): Promise<Ran> {
  const child = node.spawn(["/bin/sh", "-c", line], "pipe");
  let text = "";
  for (const stream of [child.stdout, child.stderr])
    stream?.on("data", (chunk: Buffer) => (text += chunk.toString()));
  const code = await new Promise<number | null>((resolve) => child.once("close", resolve));
  return { code, text };
}

/** As a user of its own, in these groups. */
const asUser = async (node: LabNode, groups: string, line: string): Promise<Ran> =>
  await run(node, `exec setpriv ${USER.join(" ")} ${groups} -- ${BATON} ${line}`);

function start(node: LabNode): ChildProcess {
  const groups = join(node.folder, "group");
  writeFileSync(groups, `${readFileSync("/etc/group", "utf8")}baton:x:${GROUP}:\n`);
  const line = `mount --bind ${groups} /etc/group && exec ${BATON} run -f ${CONFIG_FILE} --runtime-dir ${RUNTIME_DIR}`;
  const log = openSync(join(node.folder, "stderr"), "a");
  const child = node.spawn(["/bin/sh", "-c", line], log);
  closeSync(log);
  return child;
}

test("a member of the group reads, and no more", { skip }, async (context) => {
  await withLab(context, { profile: FAST, kinds: ["baton"] }, async (lab) => {
    const [node] = lab.nodes;
    assert.ok(node);
    const daemon = start(node);
    const log = (): string => readFileSync(join(node.folder, "stderr"), "utf8");
    context.after(() => daemon.kill("SIGKILL"));
    await until("it owns the address", () => log().includes("Entering MASTER STATE"));
    const place = `--runtime-dir ${RUNTIME_DIR}`;
    const socket = `${RUNTIME_DIR}/readers.sock`;
    assert.equal((await run(node, `stat -c %a:%g ${socket}`)).text, `660:${GROUP}\n`);

    const member = await asUser(node, `--groups ${GROUP}`, `status --json ${place}`);
    assert.equal(member.code, 0, member.text);
    assert.equal((JSON.parse(member.text) as Status).instances[0]?.state, "MASTER");
    const refused = await asUser(node, `--groups ${GROUP}`, `reload ${place}`);
    assert.equal(refused.code, 1);
    assert.match(refused.text, /only root may ask for that/);
    const other = await asUser(node, "--clear-groups", `status ${place}`);
    assert.equal(other.code, 1);
    assert.match(other.text, /no permission; try with sudo, or as a member of the group baton/);
    assert.ok(!log().includes("Reload"));

    const ended = new Promise((resolve) => daemon.once("exit", resolve));
    daemon.kill("SIGTERM");
    await ended;
    assert.equal((await run(node, `ls ${RUNTIME_DIR}`)).text.includes(".sock"), false);
  });
});
