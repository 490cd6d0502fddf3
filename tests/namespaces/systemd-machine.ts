/**
 * A machine with systemd as its first process: namespaces of its own for processes, mounts,
 * network, cgroups and names, and no unit of the real machine but Baton's. It ends with us,
 * however we end.
 */
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import { readCommandLine, treeOf } from "#lab/sandbox/proc";
import { type Namespace, spawnIn } from "#linux/namespace";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const SYSTEMD = ["/usr/lib/systemd/systemd", "/lib/systemd/systemd"].find((path) =>
  existsSync(path),
);
const BOOT_SECONDS = 60;
/** Where the service writes. */
export const LOG = "/run/log";

export interface Ran {
  readonly code: number | null;
  readonly output: string;
}

export interface SystemdMachine {
  /** Inside. */
  run(...argv: readonly string[]): Promise<Ran>;
  /** A property of `baton.service`. */
  show(property: string): Promise<string>;
}

/**
 * Outside: a cgroup of its own, which the machine takes for the root. The end of standard input
 * is the end of the machine.
 */
const OUTSIDE = `
set -e
mount -t cgroup2 cgroup2 "$SCRATCH/cgroup"
mkdir "$CGROUP"
sh -c 'echo $$ >"$CGROUP/cgroup.procs"
  exec unshare --pid --fork --kill-child --mount --uts --ipc --cgroup $NET --propagation private sh -c "$INSIDE"' &
read end || true
kill -KILL $!
for try in $(seq 100); do
  find "$CGROUP" -depth -type d -exec rmdir {} + && break
  sleep 0.1
done 2>/dev/null
`;

/**
 * Inside. /etc is a copy, because systemd writes a machine's identity there; of devices there
 * are those that every service may have.
 */
const INSIDE = `
set -e
mkdir "$SCRATCH/tree"
mount --bind "$ROOT" "$SCRATCH/tree"
mount -t proc proc /proc
umount -R /sys
mount -t sysfs sysfs /sys
mount -t cgroup2 cgroup2 /sys/fs/cgroup
mount -t tmpfs -o mode=755 tmpfs /run
cp -a /etc /run/etc
rm -f /run/etc/machine-id
tr -d - </proc/sys/kernel/random/uuid >/run/etc/machine-id
mount --bind /run/etc /etc
mkdir -p /etc/keepalived /run/dev/pts /run/dev/shm
for device in null zero full random urandom tty; do
  touch /run/dev/$device
  mount --bind /dev/$device /run/dev/$device
done
mount -t devpts -o newinstance,ptmxmode=666 devpts /run/dev/pts
ln -s pts/ptmx /run/dev/ptmx
mount -t tmpfs tmpfs /run/dev/shm
mount --rbind /run/dev /dev
mount -t tmpfs tmpfs /opt
mkdir /opt/baton
mount --bind "$SCRATCH/tree" /opt/baton
hostname systemd-test
# Where units are enabled: nothing of the real machine's.
rm -rf /etc/systemd/system
mkdir -p /etc/systemd/system
ip link set lo up
mkdir -p /run/units/baton.service.d
cd /run/units
for target in sysinit basic multi-user shutdown; do
  printf '[Unit]\\nDefaultDependencies=no\\n' >$target.target
done
cp /opt/baton/examples/systemd/baton.service .
printf '[Service]\\nStandardOutput=append:${LOG}\\nStandardError=append:${LOG}\\n' >baton.service.d/log.conf
cd /
exec env -i PATH="$PATH" container=baton-test SYSTEMD_UNIT_PATH=/etc/systemd/system:/run/units SYSTEMD_GENERATOR_PATH=/nonexistent \\
  SYSTEMD_LOG_TARGET=console "$SYSTEMD" --system --unit=multi-user.target
`;

/**
 * Why there cannot be one here; undefined if there can. That systemd is missing is no such
 * reason: it can be installed.
 */
export function whyNoMachine(): string | undefined {
  // In a user namespace root has an identity map of some users, and may not make cgroups.
  const [, , count] = readFileSync("/proc/self/uid_map", "utf8").trim().split(/\s+/);
  if (process.getuid?.() !== 0 || count !== "4294967295") return "needs the machine's root";
  const folder = mkdtempSync(join(tmpdir(), "baton-cgroup-"));
  const args = ["--mount", "--propagation", "private", "sh", "-c", PROBE];
  const env = { ...process.env, PLACE: folder, CGROUP: `baton-probe-${process.pid}` };
  const probe = spawnSync("unshare", args, { env, encoding: "utf8" });
  rmSync(folder, { recursive: true });
  return probe.status === 0
    ? undefined
    : `needs a unified cgroup hierarchy (cgroup2) it may make groups in: ${probe.stderr.trim()}`;
}

const PROBE = `
set -e
mount -t cgroup2 cgroup2 "$PLACE"
mkdir "$PLACE/$CGROUP"
rmdir "$PLACE/$CGROUP"
`;

let machines = 0;

/** @param namespace the machine's network; without it, one with nothing but `lo` */
export async function bootMachine(
  context: TestContext,
  namespace?: Namespace,
): Promise<SystemdMachine> {
  if (SYSTEMD === undefined) throw new Error("this test needs systemd: apt-get install systemd");
  const scratch = mkdtempSync(join(tmpdir(), "baton-systemd-"));
  mkdirSync(join(scratch, "cgroup"));
  machines += 1;
  const outside = ["unshare", "--mount", "--propagation", "private", "sh", "-c", OUTSIDE];
  const env = {
    ...process.env,
    SCRATCH: scratch,
    CGROUP: join(scratch, "cgroup", `baton-test-${process.pid}-${machines}`),
    ROOT,
    SYSTEMD,
    INSIDE,
    NET: namespace === undefined ? "--net" : "",
  };
  const [program = "", ...args] = outside;
  const child =
    namespace === undefined
      ? spawn(program, args, { env, stdio: ["pipe", "pipe", "pipe"] })
      : spawnIn(namespace, outside, { env, stdio: ["pipe", "pipe", "pipe"] });
  const console = collect(child);
  const closed = new Promise<void>((resolve) => child.once("close", () => resolve()));
  context.after(async () => {
    child.stdin?.end();
    await closed;
    rmSync(scratch, { recursive: true, force: true });
  });

  const first = (): number | undefined =>
    treeOf(child.pid ?? 0).find((pid) => readCommandLine(pid)[0] === SYSTEMD);
  const run = async (...argv: readonly string[]): Promise<Ran> => {
    const pid = first();
    if (pid === undefined) throw new Error(`systemd is not there:\n${console()}`);
    return await runIn(pid, argv);
  };
  const end = performance.now() + BOOT_SECONDS * 1_000;
  for (;;) {
    const state = first() === undefined ? "" : (await run("systemctl", "is-system-running")).output;
    if (/^(?:running|degraded)/.test(state)) break;
    if (performance.now() > end) throw new Error(`systemd does not start: ${state}\n${console()}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return {
    run,
    async show(property) {
      return (await run("systemctl", "show", "baton", "--value", "-p", property)).output.trim();
    },
  };
}

interface Talking {
  readonly stdout: NodeJS.ReadableStream | null;
  readonly stderr: NodeJS.ReadableStream | null;
}

function collect({ stdout, stderr }: Talking): () => string {
  let text = "";
  for (const stream of [stdout, stderr])
    stream?.on("data", (chunk: Buffer) => {
      text += chunk.toString();
    });
  return () => text;
}

async function runIn(pid: number, argv: readonly string[]): Promise<Ran> {
  const enter = ["-t", `${pid}`, "-p", "-m", "-u", "-i", "-C", "-n", "--"];
  const child = spawn("nsenter", [...enter, ...argv], { stdio: ["ignore", "pipe", "pipe"] });
  const output = collect(child);
  const code = await new Promise<number | null>((resolve) => child.once("close", resolve));
  return { code, output: output() };
}
