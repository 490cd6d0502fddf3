/**
 * What becomes of a machine, and of an address, while a package of Baton comes, changes and goes.
 * In the folder of packages: `baton_0.9.7.deb` and `baton_0.9.8.deb`.
 */
import assert from "node:assert/strict";
import type { InstalledNode, InstalledPair, Seen } from "./installed-pair.ts";

/** Runs one step under its name. */
export type Step = (name: string, work: () => Promise<void>) => Promise<void>;

const OLD = "/run/given/baton_0.9.7.deb";
const NEW = "/run/given/baton_0.9.8.deb";
/** For what comes after the last word of a program. */
const AFTERWARDS_MS = 700;
/** Nothing; the same for a busy machine, and far less than any skew time. */
const NOTHING_MS = 200;
/** The old owner answers for 5 ms after it has heard the new one. */
const BOTH_MS = 100;

/**
 * Files that are not as they were before the machine booted, users, and settings of the kernel.
 * What dpkg, apt and systemd note about their own work is left out, and so are the tutorial's own
 * files.
 */
const SNAPSHOT = `
cd /run/upper
find . \\( -path ./etc/keepalived -o -path ./var/keepalived -o -path ./var/log -o -path ./var/cache -o -path ./var/lib/apt \\
  -o -path ./var/lib/dpkg -o -path ./var/lib/systemd -o -path ./var/tmp -o -path ./tmp \\) -prune \\
  -o ! -name '*-' ! -name .pwd.lock ! -name ld.so.cache -printf '%y %P\\n' | sort | while read -r type path; do
  if [ "$type" = d ] && [ -d "/run/lower/$path" ]; then continue; fi
  if [ "$type" = f ] && cmp -s "$path" "/run/lower/$path"; then continue; fi
  echo "$type $path"
done
find /run \\( -path /run/systemd -o -path /run/given -o -path /run/lower -o -path /run/upper -o -path /run/log \\
  -o -path /run/user \\) -prune -o -printf '%p %M %u %g\\n' | sort
ls /var/lib/dpkg/info | grep baton
ls /var/log /var/lib /var/cache | grep baton
getent group | cut -d: -f1 | sort
ip -4 -o address show | sed 's/valid_lft.*//'
ip rule; ip route
grep -H . /proc/sys/net/ipv4/conf/*/* 2>/dev/null | sort
nft list ruleset
ss -Hlx | awk '{ print $5 }' | grep baton
ps -eo args | grep '[b]aton'
:
`;

const snapshot = async (node: InstalledNode): Promise<string> => await node.sh(SNAPSHOT);

/** The lines of one text that the other has not. */
function differences(before: string, after: string): readonly string[] {
  const [old, now] = [before, after].map((text) => new Set(text.split("\n")));
  assert.ok(old && now);
  return [
    ...[...old].filter((line) => !now.has(line)).map((line) => `- ${line}`),
    ...[...now].filter((line) => !old.has(line)).map((line) => `+ ${line}`),
  ];
}

async function install(node: InstalledNode, deb: string): Promise<void> {
  const { code, output } = await node.apt("install", deb);
  assert.equal(code, 0, output);
}

const show = async ({ machine }: InstalledNode, property: string): Promise<string> =>
  await machine.show(property);

async function startsNothing(node: InstalledNode): Promise<void> {
  const before = await node.sh(
    "ip -4 -o address show; nft list ruleset; ps -eo args | grep -c '[b]aton' || :",
  );
  await install(node, OLD);
  const after = await node.sh(
    "ip -4 -o address show; nft list ruleset; ps -eo args | grep -c '[b]aton' || :",
  );
  assert.equal(after, before);
  assert.equal(await show(node, "ActiveState"), "inactive");
  assert.equal(await node.sh("find /etc/systemd/system -name 'baton*'"), "");
  assert.equal((await node.sh("baton --version")).trim(), "baton 0.9.7");
}

async function failsOnce(node: InstalledNode, log: () => Promise<string>): Promise<void> {
  await node.sh("rm -rf /etc/keepalived");
  assert.notEqual((await node.machine.run("systemctl", "start", "baton")).code, 0);
  assert.equal(await show(node, "ActiveState"), "failed");
  assert.equal(await show(node, "ExecMainStatus"), "4");
  assert.match(await log(), /there is no file `\/etc\/keepalived\/keepalived\.conf`/);
  // Restart=always would have set it to `auto-restart`.
  assert.equal(await show(node, "SubState"), "failed");
  assert.equal(await show(node, "NRestarts"), "0");
}

/** A hand-over: nobody noticed it. */
function handedOver(seen: Seen): void {
  assert.ok(seen.outage < NOTHING_MS, `no answer for ${seen.outage} ms: ${JSON.stringify(seen)}`);
  assert.ok(seen.both < BOTH_MS && !seen.twoOwners, `two answered: ${JSON.stringify(seen)}`);
}

export interface LifeOptions {
  /** What the service has logged. */
  readonly log: (node: InstalledNode) => Promise<string>;
  readonly onSeen: (what: string, seen: Seen) => void;
  /** On the running pair, before it is upgraded. */
  readonly whileRunning?: () => Promise<void>;
}

export async function lifeOfPackage(
  pair: InstalledPair,
  step: Step,
  { log, onSeen, whileRunning }: LifeOptions,
): Promise<void> {
  const { a, b } = pair;
  const handOver = async (what: string, work: () => Promise<void>): Promise<void> => {
    const seen = await pair.observed(work, AFTERWARDS_MS);
    onSeen(what, seen);
    handedOver(seen);
  };
  // What a Baton of this machine has kept would be purged too.
  for (const node of [a, b]) await node.sh("rm -rf /var/lib/baton");
  const before = await snapshot(b);

  await step("an installation starts nothing, and enables nothing", async () => {
    await Promise.all([a, b].map(startsNothing));
  });
  await step("without a configuration it says so, and is not tried again", async () => {
    await failsOnce(a, async () => await log(a));
  });
  await step("enable --now starts it, with the tutorial's files", async () => {
    for (const node of [a, b]) {
      await node.configure();
      await node.sh("systemctl enable --now baton");
      if (node === a)
        await a.until("the owner", async () => (await show(a, "StatusText")) === "VI_1 MASTER");
    }
    await pair.settled(a);
  });
  if (whileRunning !== undefined) await whileRunning();
  await step("an upgrade of the owner, then of the next owner, loses nothing", async () => {
    for (let count = 0; count < 2; count++) {
      const owner = await pair.settled();
      const pid = await show(owner, "MainPID");
      await handOver(`upgrade of the owner ${owner.name}`, async () => await install(owner, NEW));
      assert.equal((await owner.sh("baton --version")).trim(), "baton 0.9.8");
      assert.equal(await show(owner, "ActiveState"), "active");
      assert.notEqual(await show(owner, "MainPID"), pid);
      await pair.settled(owner === a ? b : a);
    }
  });
  await step("removed, it hands over and leaves its configuration", async () => {
    const owner = await pair.settled();
    const other = owner === a ? b : a;
    await handOver(`removal of the owner ${owner.name}`, async () => {
      const { code, output } = await owner.apt("remove", "baton");
      assert.equal(code, 0, output);
    });
    const left = await owner.sh(
      "ls -d /etc/default/baton /usr/lib/baton /run/baton /usr/bin/baton 2>/dev/null || :",
    );
    assert.equal(left, "/etc/default/baton\n");
    await other.until(
      "the other one owns it",
      async () => (await show(other, "StatusText")) === "VI_1 MASTER",
    );
  });
  await step("purged, nothing is left", async () => {
    for (const node of [a, b]) {
      const { code, output } = await node.apt("purge", "baton");
      assert.equal(code, 0, output);
    }
    await b.sh("systemctl reset-failed; mkdir -p /etc/keepalived");
    assert.deepEqual(differences(before, await snapshot(b)), []);
  });
}
