/** The second control socket; who may connect is the kernel's, and tried with other users. */
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { chmodSync, existsSync, statSync, writeFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import type { ControlAnswer } from "#daemon/control-protocol";
import { type Handler, serveControl } from "#daemon/control-server";
import { readingOnly, serveReaders } from "#daemon/reader-socket";
import { keepLog, makeFolder, until } from "../support/daemon-bench.ts";

const GROUP = 54_321;
const isRoot = process.getuid?.() === 0;
const asked: string[] = [];
const handle: Handler = ({ command }) => {
  asked.push(command);
  return Promise.resolve({ ok: true, text: command });
};
const client = {
  send: () => undefined,
  isBehind: false,
  onClose: () => undefined,
  caller: () => ({ via: "socket", uid: 0, user: "root" }) as const,
};

test("what reads is answered, what changes is refused, in the language of who asks", async () => {
  const reader = readingOnly(handle);
  for (const command of ["status", "explain", "ping", "watch"] as const)
    assert.deepEqual(await reader({ command }, client), { ok: true, text: command });
  asked.length = 0;
  const refused = await reader({ command: "reload" }, client);
  assert.ok(!refused.ok);
  assert.match(refused.error, /only root may ask for that; members of the group baton may read/);
  const chinese = await reader({ command: "reload", lang: "zh-CN" }, client);
  assert.match(chinese.ok ? "" : chinese.error, /仅限 root/);
  assert.deepEqual(asked, []);
});

test("without the group there is no socket, and one of an earlier daemon goes", async (context) => {
  const path = join(makeFolder(context).path, "readers.sock");
  writeFileSync(path, "");
  const server = await serveReaders({ path, handle, log: keepLog().log, language: "en" });
  // A machine of developers may have the group.
  context.after(() => server?.close());
  assert.equal(existsSync(path), server !== undefined);
});

test("a group that cannot be given the socket is no reason to end", async (context) => {
  const { log, lines } = keepLog();
  const path = join(makeFolder(context).path, "no/such/readers.sock");
  const options = { path, handle, log, group: GROUP } as const;
  assert.equal(await serveReaders({ ...options, language: "en" }), undefined);
  assert.equal(await serveReaders({ ...options, language: "zh-CN" }), undefined);
  assert.match(
    lines[0] ?? "",
    /^warning: .*readers\.sock: E\w+; members of the group baton cannot/,
  );
  assert.match(lines[1] ?? "", /baton 组成员无法查询状态/);
});

const BATON = fileURLToPath(new URL("../../bin/baton", import.meta.url));

/** Another user, in these groups. */
const asUser = (...groups: readonly string[]): readonly string[] => [
  "--reuid",
  "54320",
  "--regid",
  "54322",
  ...groups,
  "--",
];

async function batonAs(
  groups: readonly string[],
  ...args: readonly string[]
): Promise<{ readonly code: number | null; readonly text: string }> {
  const child = spawn("setpriv", [...asUser(...groups), BATON, ...args], {
    env: { ...process.env, LC_ALL: "C" },
  });
  let text = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (chunk: Buffer) => (text += chunk.toString()));
  const code = await new Promise<number | null>((resolve) => child.once("close", resolve));
  return { code, text };
}

function whyNoUsers(): string | false {
  if (!isRoot) return "needs root, to be other users";
  const look = spawnSync("setpriv", [...asUser("--clear-groups"), "test", "-x", BATON]);
  return look.status === 0 ? false : "other users may not read this checkout";
}

async function machine(context: TestContext): Promise<string> {
  const folder = makeFolder(context).path;
  chmodSync(folder, 0o755);
  const { log } = keepLog();
  const control = await serveControl(join(folder, "control.sock"), handle, log);
  const path = join(folder, "readers.sock");
  const readers = await serveReaders({ path, handle, log, language: "en", group: GROUP });
  context.after(() => {
    control.close();
    readers?.close();
  });
  assert.ok(readers !== undefined);
  assert.deepEqual([statSync(path).mode & 0o777, statSync(path).gid], [0o660, GROUP]);
  return folder;
}

test("five hundred readers leave the others a place", {
  skip: !isRoot && "gives a file to a group",
}, async (context) => {
  const folder = await machine(context);
  const sockets: Socket[] = [];
  context.after(() => {
    for (const socket of sockets) socket.destroy();
  });
  let closed = 0;
  for (let i = 0; i < 500; i++) {
    const socket = connect(join(folder, "readers.sock"));
    socket.on("error", () => undefined);
    socket.on("close", () => (closed += 1));
    sockets.push(socket);
  }
  await until("most are turned away", () => closed >= 500 - 64);
  const root = connect(join(folder, "control.sock"));
  sockets.push(root);
  let answer = "";
  root.on("data", (chunk: Buffer) => (answer += chunk.toString()));
  root.write('{"command":"ping"}\n');
  await until("root is answered", () => answer.endsWith("\n"));
  assert.deepEqual(JSON.parse(answer) as ControlAnswer, { ok: true, text: "ping" });
});

test("a member of the group may read, nobody else", { skip: whyNoUsers() }, async (context) => {
  const folder = await machine(context);
  const member = ["--groups", `${GROUP}`];
  const place = ["--runtime-dir", folder] as const;
  const may = await batonAs(member, "explain", "VI_1", ...place);
  assert.deepEqual([may.code, may.text], [0, "explain\n"]);
  asked.length = 0;
  const refused = await batonAs(member, "reload", ...place);
  assert.equal(refused.code, 1);
  assert.match(refused.text, /^baton reload: only root may ask for that; members of the group/);
  const other = await batonAs(["--clear-groups"], "status", ...place);
  assert.equal(other.code, 1);
  assert.match(other.text, /readers\.sock: no permission; try with sudo, or as a member of/);
  assert.deepEqual(asked, []);
});
