/** Namespaces, and programs that run in them with mounts of their own. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import {
  existsSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { createNamespace, type Namespace, spawnIn } from "#linux/namespace";
import { must } from "#linux/result";
import { openRtnetlink } from "#linux/rtnetlink";

const OWN = "/proc/thread-self/ns/net";
const own = (): string => readlinkSync(OWN);

async function run(
  namespace: Namespace,
  argv: readonly string[],
  options: Parameters<typeof spawnIn>[2] = {},
): Promise<{
  readonly status: unknown;
  readonly signal: unknown;
  readonly out: string;
  readonly err: string;
  readonly pid: number | undefined;
}> {
  const child = spawnIn(namespace, argv, { stdio: ["ignore", "pipe", "pipe"], ...options });
  const texts = { out: "", err: "" };
  child.stdout?.on("data", (data: Buffer) => (texts.out += data.toString()));
  child.stderr?.on("data", (data: Buffer) => (texts.err += data.toString()));
  const [status, signal] = (await once(child, "close")) as unknown[];
  return { status, signal, ...texts, pid: child.pid };
}

test("inside is inside, afterwards is outside: nested, and after an exception", () => {
  using a = createNamespace("a");
  using b = createNamespace("b");
  const home = own();
  const inA = a.within(own);
  const inB = b.within(own);
  assert.equal(new Set([home, inA, inB]).size, 3);
  assert.deepEqual(
    a.within(() => [own(), b.within(own), own()]),
    [inA, inB, inA],
  );
  assert.throws(
    () =>
      a.within(() => {
        throw new Error("inside");
      }),
    /inside/,
  );
  assert.equal(own(), home);
});

test("what would go on later, outside, is refused", () => {
  using namespace = createNamespace("a");
  const home = own();
  assert.throws(() => namespace.within(() => Promise.resolve(1)), /synchronous/);
  assert.equal(own(), home);
});

test("a socket stays where it was opened", () => {
  using namespace = createNamespace("a");
  using rtnetlink = namespace.within(() => must(openRtnetlink()));
  assert.deepEqual(
    must(rtnetlink.links()).map(({ name }) => name),
    ["lo"],
  );
});

test("closing twice closes one descriptor", () => {
  const first = createNamespace("a");
  first.close();
  const second = createNamespace("b");
  assert.equal(second.fd, first.fd, "the number is used again");
  first.close();
  assert.notEqual(second.within(own), own());
  second.close();
});

test("a program runs inside with `lo` up, under the PID of the child", async () => {
  using namespace = createNamespace("a");
  const { status, out, pid } = await run(namespace, [
    "sh",
    "-c",
    `echo $$; readlink ${OWN}; cat /proc/net/fib_trie`,
  ]);
  assert.equal(status, 0);
  const lines = out.split("\n");
  assert.equal(lines[0], String(pid));
  assert.equal(lines[1], namespace.within(own));
  assert.match(out, /127\.0\.0\.1/, "an address of lo, which exists while it is up");
});

test("signals reach the program, and it ends by them", async () => {
  using namespace = createNamespace("a");
  const child = spawnIn(namespace, ["sh", "-c", "echo ready; exec sleep 60"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  assert.ok(child.stdout);
  await once(child.stdout, "data");
  child.kill("SIGTERM");
  assert.deepEqual(await once(child, "close"), [null, "SIGTERM"]);
});

test("the program finds no signal ignored that Node.js ignores for itself", async () => {
  using namespace = createNamespace("a");
  const { out } = await run(namespace, ["grep", "SigIgn", "/proc/self/status"]);
  assert.match(out, /SigIgn:\s+0+$/m);
});

test("environment, working directory and further descriptors are handed on; the namespace's is not", async () => {
  using namespace = createNamespace("a");
  const child = spawnIn(
    namespace,
    ["sh", "-c", "echo $A $PWD >&3; for fd in /proc/self/fd/*; do readlink $fd; done >&3"],
    {
      stdio: ["ignore", "ignore", "inherit", "pipe"],
      env: { A: "b c", PATH: process.env["PATH"] },
      cwd: "/",
    },
  );
  let out = "";
  child.stdio[3]?.on("data", (data: Buffer) => (out += data.toString()));
  await once(child, "close");
  const [first, ...open] = out.trim().split("\n");
  assert.equal(first, "b c /");
  assert.ok(open.length > 3);
  assert.deepEqual(
    open.filter((target) => target.startsWith("net:")),
    [],
  );
});

test("what cannot be run: one line that names it, and a status", async () => {
  using namespace = createNamespace("a");
  const missing = await run(namespace, ["no-such-program"]);
  assert.equal(missing.status, 126);
  assert.match(missing.err, /^enter-namespace: no-such-program: not found in PATH\n$/);
  const refused = await run(namespace, ["/etc/passwd"]);
  assert.equal(refused.status, 126);
  assert.match(refused.err, /^enter-namespace: execve\(\/etc\/passwd\): EACCES\n$/);
});

test("mounts are the program's own: fresh folders, bound files and folders, an empty console", async () => {
  using namespace = createNamespace("a");
  const folder = mkdtempSync(join(tmpdir(), "baton-mounts-"));
  try {
    writeFileSync(join(folder, "seen"), "yes");
    const script = [
      "ls -A /var/log | wc -l",
      "cat /var/log/../tmp/seen",
      "echo written > /var/tmp/back",
      "echo gone > /var/log/gone",
      "stat -c %t:%T /dev/console 2>/dev/null",
    ].join("; ");
    const { status, out, err } = await run(namespace, ["sh", "-c", script], {
      mounts: { tmpfs: ["/var/log"], bind: [[folder, "/var/tmp"]] },
    });
    assert.equal(status, 0, err);
    const [entries, seen, console] = out.trim().split("\n");
    assert.equal(entries, "0");
    // No newline in the file, so the device follows: 1:3 is /dev/null.
    assert.match(`${seen}${console ?? ""}`, existsSync("/dev/console") ? /^yes1:3$/ : /^yes/);
    assert.equal(readFileSync(join(folder, "back"), "utf8").trim(), "written");
    assert.equal(existsSync("/var/log/gone"), false);
    assert.equal(existsSync("/var/tmp/seen"), false);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("a mount that fails says which, and the program does not run", async () => {
  using namespace = createNamespace("a");
  const { status, out, err } = await run(namespace, ["echo", "ran"], {
    mounts: { tmpfs: [], bind: [["/no/such/place", "/mnt"]] },
  });
  assert.equal(status, 126);
  assert.equal(out, "");
  assert.match(err, /^enter-namespace: mount\(bind, \/mnt\): ENOENT\n$/);
});

/** Whether a process is there and not a zombie. */
function isRunning(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}

const parentProgram = (diesWithParent: boolean): string => `
  import { createNamespace, spawnIn } from "#linux/namespace";
  const child = spawnIn(createNamespace("a"), ["sh", "-c", "echo ready; exec sleep 60"], {
    stdio: ["ignore", "pipe", "inherit"],
    diesWithParent: ${diesWithParent},
  });
  child.stdout.on("data", () => process.stdout.write(String(child.pid)));
`;

async function startParent(
  diesWithParent: boolean,
): Promise<{ readonly parent: ChildProcess; readonly pid: number }> {
  const argv = ["--input-type=module-typescript", "--eval", parentProgram(diesWithParent)];
  const cwd = fileURLToPath(new URL("../..", import.meta.url));
  const parent = spawn(process.execPath, argv, { cwd, stdio: ["ignore", "pipe", "inherit"] });
  const [data] = (await once(parent.stdout, "data")) as [Buffer];
  return { parent, pid: Number(data.toString()) };
}

test("a program may die with its caller, even one that is killed, or live on", async () => {
  const dependent = await startParent(true);
  const free = await startParent(false);
  for (const { parent } of [dependent, free]) {
    parent.kill("SIGKILL");
    await once(parent, "exit");
  }
  const until = performance.now() + 10_000;
  while (isRunning(dependent.pid) && performance.now() < until) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  assert.equal(isRunning(dependent.pid), false);
  assert.equal(isRunning(free.pid), true);
  process.kill(free.pid, "SIGKILL");
});
