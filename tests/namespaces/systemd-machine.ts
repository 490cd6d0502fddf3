/**
 * A machine with systemd as its first process: namespaces of its own for processes, mounts,
 * network, cgroups and names, and no unit of the real machine but Baton's. It ends with us,
 * however we end.
 *
 * Either it has this machine's files and the checkout, or an overlay of any tree of files, in
 * which packages may be installed and removed.
 */
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
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

/** The files of a machine that are its own: what it changes is nowhere when it has ended. */
export interface Tree {
  /** `/`, or a root folder that debootstrap has made. */
  readonly lower: string;
  /** A folder that is /run/given inside, beside /run/lower and /run/upper, the overlay's parts. */
  readonly given: string;
  /**
   * `own`: it boots as the tree would on a computer, journal included. `baton`: no unit but those
   * of Baton and keepalived, because the tree is that of a machine that does other work.
   */
  readonly units: "own" | "baton";
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

/** Of devices there are those that every service may have; for a tmpfs in the working directory. */
const DEVICES = `
mkdir pts shm
for device in null zero full random urandom tty; do
  touch $device
  mount --bind /dev/$device $device
done
mount -t devpts -o newinstance,ptmxmode=666 devpts pts
ln -s pts/ptmx ptmx
mount -t tmpfs tmpfs shm
`;

/** Inside. /etc is a copy, because systemd writes a machine's identity there. */
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
# A state directory of its own: two machines have no mark of a primary in common.
mkdir /run/lib /run/lib/upper /run/lib/work
mount -t overlay overlay -o lowerdir=/var/lib,upperdir=/run/lib/upper,workdir=/run/lib/work /var/lib
rm -rf /var/lib/baton
mkdir -p /etc/keepalived /run/dev
cd /run/dev
${DEVICES}
cd /
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
 * Inside, for a tree. As in other containers /proc/sys cannot be written, but for the network's
 * part, and nothing of /sys: the kernel is not this machine's alone.
 */
const INSIDE_TREE = `
set -e
mkdir "$SCRATCH/space"
mount -t tmpfs tmpfs "$SCRATCH/space"
cd "$SCRATCH/space"
mkdir upper work root
mount -t overlay overlay -o "lowerdir=$LOWER,upperdir=$PWD/upper,workdir=$PWD/work" root
cd root
mount -t proc proc proc
mount --bind proc/sys proc/sys
mount -o remount,bind,ro proc/sys
mount --bind proc/sys/net proc/sys/net
mount -o remount,bind,rw proc/sys/net
mount -t sysfs -o ro sysfs sys
mount -t cgroup2 cgroup2 sys/fs/cgroup
mount -t tmpfs -o mode=755 tmpfs run
mkdir run/given run/lower run/upper run/old
mount --bind "$GIVEN" run/given
mount --bind "$LOWER" run/lower
mount --bind "$SCRATCH/space/upper" run/upper
mount -t tmpfs -o mode=755 tmpfs dev
cd dev
${DEVICES}
cd ..
tr -d - </proc/sys/kernel/random/uuid >run/machine-id
rm -f etc/machine-id usr/sbin/policy-rc.d
cp run/machine-id etc/machine-id
hostname systemd-test
ip link set lo up
rm -rf etc/systemd/system
mkdir -p etc/systemd/system etc/keepalived
if [ "$UNITS" = baton ]; then
  export SYSTEMD_UNIT_PATH=/etc/systemd/system:/run/units
  mkdir -p run/units/baton.service.d
  for target in sysinit basic multi-user shutdown; do
    printf '[Unit]\\nDefaultDependencies=no\\n' >run/units/$target.target
  done
  ln -s /usr/lib/systemd/system/baton.service run/units/
  printf '[Service]\\nStandardOutput=append:${LOG}\\nStandardError=append:${LOG}\\n' >run/units/baton.service.d/log.conf
fi
pivot_root . run/old
cd /
umount -l /run/old
rmdir /run/old
exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin container=baton-test \${SYSTEMD_UNIT_PATH:+SYSTEMD_UNIT_PATH=$SYSTEMD_UNIT_PATH} \\
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

/**
 * @param namespace the machine's network; without it, one with nothing but `lo`
 * @param tree its files; without it, this machine's and the checkout
 */
export async function bootMachine(
  context: Pick<TestContext, "after">,
  namespace?: Namespace,
  tree?: Tree,
): Promise<SystemdMachine> {
  if (SYSTEMD === undefined) throw new Error("this test needs systemd: apt-get install systemd");
  const scratch = mkdtempSync(join(tmpdir(), "baton-systemd-"));
  mkdirSync(join(scratch, "cgroup"));
  const outside = ["unshare", "--mount", "--propagation", "private", "sh", "-c", OUTSIDE];
  const env = {
    ...process.env,
    SCRATCH: scratch,
    // By the folder's name: process numbers repeat in every sandbox, the groups are the machine's.
    CGROUP: join(scratch, "cgroup", basename(scratch)),
    ROOT,
    SYSTEMD,
    INSIDE: tree === undefined ? INSIDE : INSIDE_TREE,
    LOWER: tree?.lower,
    GIVEN: tree?.given,
    UNITS: tree?.units,
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
  // Nothing of our own environment: compiled code, for one, is kept where a variable says.
  const env = { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", LANG: "C.UTF-8" };
  const child = spawn("nsenter", [...enter, ...argv], { env, stdio: ["ignore", "pipe", "pipe"] });
  const output = collect(child);
  const code = await new Promise<number | null>((resolve) => child.once("close", resolve));
  return { code, output: output() };
}
