/**
 * The helper of `spawnIn`: enters the namespace on descriptor 9, makes the mounts, brings up `lo`,
 * becomes the program.
 */
import { accessSync, constants, existsSync, mkdirSync } from "node:fs";
import { delimiter, join } from "node:path";
import { type Failure, printFailure } from "#vrrp/engine/world";
import * as abi from "./abi.ts";
import * as libc from "./ffi.ts";
import { changeLink } from "./links.ts";
import { NAMESPACE_FD, type PrivateMounts } from "./namespace.ts";
import { must, mustDo } from "./result.ts";
import { openRtnetlink } from "./rtnetlink.ts";

interface Order {
  readonly argv: readonly string[];
  readonly mounts: PrivateMounts;
  /** Empty: the machine's. */
  readonly hostname: string;
  /** The process with which the program is to die; 0 if there is none. */
  readonly parent: number;
}

const SIGKILL = 9;
const SIGPIPE = 13;
const SIGXFSZ = 25;
const CONSOLE = "/dev/console";

function dieWith(parent: number): void {
  check(libc.prctl(abi.PR_SET_PDEATHSIG, SIGKILL) === 0, "prctl(PR_SET_PDEATHSIG)");
  // It may have ended before the line above; then no signal comes any more.
  if (libc.getppid() !== parent) fail("the caller has ended");
}

function check(done: boolean, call: string): void {
  if (!done) fail(printFailure(libc.failure(call)));
}

function fail(text: string): never {
  process.stderr.write(`enter-namespace: ${text}\n`);
  process.exit(126);
}

function enter(): void {
  check(libc.setns(NAMESPACE_FD, abi.CLONE_NEWNET) === 0, "setns(CLONE_NEWNET)");
  libc.close(NAMESPACE_FD);
  using rtnetlink = must(openRtnetlink());
  const lo = must(rtnetlink.links()).find((link) => link.name === "lo");
  if (lo !== undefined) mustDo(changeLink(rtnetlink, lo.index, { up: true }));
}

function takeHostname(name: string): void {
  if (name === "") return;
  check(libc.unshare(abi.CLONE_NEWUTS) === 0, "unshare(CLONE_NEWUTS)");
  const bytes = new TextEncoder().encode(name);
  check(libc.sethostname(bytes, bytes.length) === 0, `sethostname(${name})`);
}

function makeMounts({ tmpfs, bind }: PrivateMounts): void {
  if (tmpfs.length === 0 && bind.length === 0) return;
  check(libc.unshare(abi.CLONE_NEWNS) === 0, "unshare(CLONE_NEWNS)");
  check(
    libc.mount("none", "/", null, abi.MS_REC | abi.MS_PRIVATE, null) === 0,
    "mount(/, private)",
  );
  if (existsSync(CONSOLE)) {
    check(
      libc.mount("/dev/null", CONSOLE, null, abi.MS_BIND, null) === 0,
      `mount(/dev/null, ${CONSOLE})`,
    );
  }
  for (const folder of tmpfs) {
    mkdirSync(folder, { recursive: true });
    check(libc.mount("tmpfs", folder, "tmpfs", 0, "mode=0755") === 0, `mount(tmpfs, ${folder})`);
  }
  for (const [from, to] of bind) {
    check(libc.mount(from, to, null, abi.MS_BIND | abi.MS_REC, null) === 0, `mount(bind, ${to})`);
  }
}

function findProgram(name: string): string {
  if (name.includes("/")) return name;
  for (const folder of (process.env["PATH"] ?? "").split(delimiter)) {
    const path = join(folder, name);
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // Not in this folder.
    }
  }
  fail(`${name}: not found in PATH`);
}

const order = JSON.parse(process.argv[2] ?? "{}") as Order;
if (order.parent !== 0) dieWith(order.parent);
enter();
takeHostname(order.hostname);
makeMounts(order.mounts);
const program = findProgram(order.argv[0] ?? "");
const environment = Object.entries(process.env).map(([name, value]) => `${name}=${value ?? ""}`);
// Node.js ignores these two, and what is ignored stays so in the program: a pipe's writer would not
// end with its reader.
for (const number of [SIGPIPE, SIGXFSZ]) libc.signal(number, abi.SIG_DFL);
// Node.js marks what it inherited as close-on-exec at its start; the program is to have it all.
for (let fd = 0; fd < NAMESPACE_FD; fd++) libc.fcntl(fd, abi.F_SETFD, 0);
libc.execve(program, [...order.argv, null], [...environment, null]);
const failure: Failure = libc.failure(`execve(${program})`);
fail(printFailure(failure));
