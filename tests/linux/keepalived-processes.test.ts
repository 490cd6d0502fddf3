/** keepalived beside us, looked for in a made /proc: who counts, and whom a message names. */
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { besideSentence } from "#cli/run-text";
import { keepalivedsWithVrrp } from "#linux/keepalived-processes";
import { rawSocketsIn } from "#linux/proc-files";

interface Given {
  readonly pid: number;
  readonly parent: number;
  /** undefined: not ours to look at. */
  readonly exe?: string;
  readonly comm?: string;
  readonly sockets?: readonly number[];
}

/** @param sockets of /proc/net/raw: inode and protocol */
function found(
  context: TestContext,
  sockets: readonly (readonly [number, number])[],
  processes: readonly Given[],
): readonly number[] {
  const proc = mkdtempSync(join(tmpdir(), "baton-proc-"));
  context.after(() => rmSync(proc, { recursive: true }));
  mkdirSync(join(proc, "self/net"), { recursive: true });
  const lines = sockets.map(([inode, protocol]) => {
    const hex = protocol.toString(16).toUpperCase().padStart(4, "0");
    return ` 169: 120000E0:${hex} 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 ${inode} 2 0000000000000000 0`;
  });
  const header =
    "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops";
  writeFileSync(join(proc, "self/net/raw"), `${[header, ...lines].join("\n")}\n`);
  for (const { pid, parent, exe, comm = "keepalived", sockets: own = [] } of processes) {
    const folder = join(proc, `${pid}`);
    mkdirSync(join(folder, "fd"), { recursive: true });
    writeFileSync(join(folder, "stat"), `${pid} (${comm}) S ${parent} 1 1 0 -1 4194560 0 0\n`);
    if (exe !== undefined) symlinkSync(exe, join(folder, "exe"));
    symlinkSync("/dev/null", join(folder, "fd/0"));
    for (const inode of own) symlinkSync(`socket:[${inode}]`, join(folder, `fd/${inode}`));
  }
  return keepalivedsWithVrrp(proc);
}

const EXE = "/usr/sbin/keepalived";
const VRRP = 112;

test("the parent of the process that has the socket is named", (context) => {
  const sockets = [
    [4711, VRRP],
    [4712, VRRP],
  ] as const;
  const parent = { pid: 1_042, parent: 1, exe: EXE };
  const child = { pid: 1_043, parent: 1_042, exe: EXE, sockets: [4711, 4712] };
  assert.deepEqual(found(context, sockets, [parent, child]), [1_042]);
  const alone = { ...child, parent: 1 };
  assert.deepEqual(found(context, sockets, [alone]), [1_043], "its parent has died");
  const renamed = { ...child, comm: "a) b (c) S 7" };
  assert.deepEqual(found(context, sockets, [parent, renamed]), [1_042], "vrrp_process_name");
  const upgraded = [parent, child].map((one) => ({ ...one, exe: `${EXE} (deleted)` }));
  assert.deepEqual(found(context, sockets, upgraded), [1_042], "its program was replaced");
  const second = { pid: 99, parent: 1, exe: "/opt/keepalived", sockets: [4712] };
  assert.deepEqual(found(context, sockets, [parent, child, second]), [99, 1_042]);
});

test("only a keepalived with a socket for VRRP in this network namespace counts", (context) => {
  const parent = { pid: 1_042, parent: 1, exe: EXE };
  const child = { pid: 1_043, parent: 1_042, exe: EXE, sockets: [4711] };
  const both = [parent, child];
  assert.deepEqual(found(context, [], both), [], "another namespace, or virtual_server only");
  assert.deepEqual(found(context, [[4711, 1]], both), [], "a socket for ICMP");
  assert.deepEqual(found(context, [[4710, VRRP]], both), [], "somebody else's socket");
  const other = { ...child, exe: "/usr/lib/baton/node" };
  assert.deepEqual(found(context, [[4711, VRRP]], [parent, other]), [], "a Baton of that name");
  const hidden = { pid: 1_043, parent: 1_042, sockets: [4711] };
  assert.deepEqual(found(context, [[4711, VRRP]], [parent, hidden]), [], "not ours to look at");
  assert.deepEqual(keepalivedsWithVrrp("/nowhere"), [], "without /proc");
});

test("however many there are, a message stays short", (context) => {
  const many = Array.from({ length: 50 }, (_, index) => 2_000 + index);
  const sockets = many.map((inode) => [inode, VRRP] as const);
  const processes = many.map((pid) => ({ pid, parent: 1, exe: EXE, sockets: [pid] }));
  assert.equal(found(context, sockets, processes).length, 8);
  assert.match(besideSentence([7, 9], "en"), /\(PID 7, 9\).*`baton migrate`/);
  assert.match(besideSentence([7, 9], "zh-CN"), /（PID 7、9）.*`baton migrate`/);
});

const TABLE = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops
   1: 00000000:0001 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 11150800 2 00000000e82b76d0 0
 109: 00000000:0070 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 11150833 2 00000000e82b76d0 0
 109: 0E0010AC:0070 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 11150832 2 000000002a8751ce 0
`;

test("raw sockets of protocol 112 are found in the kernel's table, those of others are not", () => {
  const sockets = rawSocketsIn(TABLE);
  assert.deepEqual(
    sockets.filter(({ protocol }) => protocol === VRRP).map(({ inode }) => inode),
    [11150833, 11150832],
  );
  assert.deepEqual(
    sockets.map(({ protocol }) => protocol),
    [1, VRRP, VRRP],
  );
  assert.equal(rawSocketsIn("").length, 0);
});
