/**
 * A live keepalived pair becomes a Baton pair by `baton migrate`, one node after the other, and
 * comes back: two machines with systemd, real keepalived, and a client that asks every
 * millisecond. No two owners; no outage but keepalived's own hand-over.
 *
 * Needs: keepalived, systemctl
 */
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Instruments } from "#lab/measure/instruments";
import { BridgeNetwork } from "#lab/measure/network";
import { printConfig, readExample, TUTORIAL } from "#lab/measure/profile";
import { now } from "#linux/clock";
import { toMillis } from "#units/time";
import { bootMachine, type SystemdMachine, whyNoMachine } from "./systemd-machine.ts";

const skip = whyNoMachine() ?? false;
const ADDRESS = "172.16.0.135";
const CLIENT = "172.16.0.200";
const HOSTS = [
  { name: "a", address: "172.16.0.16" },
  { name: "b", address: "172.16.0.14" },
] as const;
const STATE = "/run/migrate";
const TIMEOUT_SECONDS = 60;

/** The unit of Red Hat's packages, and Debian's is the machine's own. */
const FORKING = `[Unit]
Description=LVS and VRRP High Availability Monitor
After=network-online.target syslog.target
Wants=network-online.target

[Service]
Type=forking
PIDFile=/run/keepalived.pid
KillMode=process
EnvironmentFile=-/etc/sysconfig/keepalived
ExecStart=/usr/sbin/keepalived $KEEPALIVED_OPTIONS
ExecReload=/bin/kill -HUP $MAINPID

[Install]
WantedBy=multi-user.target
`;
const UNITS: Readonly<Record<"a" | "b", string>> = {
  a: `printf 'DAEMON_ARGS="-D"\\n' >/etc/default/keepalived
cp /lib/systemd/system/keepalived.service /run/units/`,
  b: `printf 'KEEPALIVED_OPTIONS="-D"\\n' >/etc/sysconfig/keepalived
cat >/run/units/keepalived.service <<'END'\n${FORKING}\nEND`,
};

interface Node {
  readonly name: string;
  readonly machine: SystemdMachine;
  sh(script: string): Promise<string>;
  migrate(...args: readonly string[]): Promise<{ code: number | null; output: string }>;
  /** Active units of the two. */
  runs(): Promise<readonly string[]>;
}

interface Pair {
  readonly a: Node;
  readonly b: Node;
  readonly instruments: Instruments;
  /** Waits until one machine alone holds the address. */
  readonly untilOwnedBy: (node: Node) => Promise<void>;
}

async function makeNode(
  context: TestContext,
  network: BridgeNetwork,
  { name, address }: (typeof HOSTS)[number],
): Promise<Node> {
  const machine = await bootMachine(context, network.namespaceOf(name));
  const sh = async (script: string): Promise<string> => {
    const { code, output } = await machine.run("sh", "-c", script);
    assert.equal(code, 0, `${name}: ${script}: ${output}`);
    return output;
  };
  const peers = HOSTS.filter((one) => one.name !== name).map((one) => one.address);
  const config = printConfig(TUTORIAL, { address, peers, virtualAddress: ADDRESS, priority: 50 });
  await sh(`cd /etc/keepalived; rm -rf *; printf 'up\\n' >service-state
cat >keepalived.conf <<'END'\n${config}\nEND
cat >do_sth.sh <<'END'\n${readExample("do_sth.sh")}\nEND
cat >notify_action.sh <<'END'\n${readExample("notify_action.sh")}\nEND
chmod 755 *.sh
mkdir -p /etc/default /etc/sysconfig /run/units/keepalived.service.d
${UNITS[name]}
printf '[Unit]\\nAfter=local-fs.target\\n[Service]\\nLimitNOFILE=4096\\nExecStartPre=/bin/true\\n' \\
  >/run/units/keepalived.service.d/site.conf
systemctl daemon-reload; systemctl enable keepalived`);
  return {
    name,
    machine,
    sh,
    migrate: async (...args) =>
      await machine.run("/opt/baton/bin/baton", "migrate", "--state-dir", STATE, ...args),
    runs: async () => (await sh("systemctl is-active keepalived baton || true")).trim().split("\n"),
  };
}

async function withPair(context: TestContext, work: (pair: Pair) => Promise<void>): Promise<void> {
  const network = new BridgeNetwork([
    ...HOSTS.map((one) => ({ ...one, isNode: true })),
    { name: "client", address: CLIENT, isNode: false },
  ]);
  context.after(() => network.close());
  const instruments = new Instruments({
    network,
    nodes: HOSTS.map(({ name }) => name),
    client: "client",
    virtualAddress: ADDRESS,
    askEachFrom: CLIENT,
  });
  try {
    const [a, b] = await Promise.all(HOSTS.map((host) => makeNode(context, network, host)));
    assert.ok(a && b);
    await instruments.ready();
    const untilOwnedBy = async (node: Node): Promise<void> => {
      const end = performance.now() + TIMEOUT_SECONDS * 1_000;
      while (instruments.holders().join() !== node.name) {
        if (performance.now() > end)
          throw new Error(`${node.name} does not own it within ${TIMEOUT_SECONDS} s`);
        await sleep(20);
      }
    };
    await work({ a, b, instruments, untilOwnedBy });
  } finally {
    await instruments.close();
  }
}

interface Seen {
  /** Milliseconds without an answer. */
  readonly outage: number;
  /** Milliseconds in which both machines answered. */
  readonly both: number;
}

/** What a client and the watchers saw while `work` went on. */
async function observed({ instruments }: Pair, work: () => Promise<void>): Promise<Seen> {
  const from = now();
  await work();
  // For what comes after the last word of the program.
  await sleep(700);
  const to = now();
  const { outageMilliseconds: outage } = await instruments.outage(from, to);
  const overlap = instruments.answerOverlap(["a", "b"], from, to);
  assert.ok(overlap !== undefined && !overlap.open, "two owners at the end");
  return { outage, both: toMillis(overlap.total) };
}

/** keepalived's skew time at priority 50 is 805 ms; a busy machine adds to it. */
const KEEPALIVED_MS = 805 * 2;
/** Nothing; the same for a busy machine, and far less than any skew time. */
const NOTHING_MS = 200;
/** The old owner answers for 5 ms after it has heard the new one. */
const BOTH_MS = 100;

async function migrated(
  context: TestContext,
  pair: Pair,
  node: Node,
  args: readonly string[],
  most: number,
): Promise<void> {
  const seen = await observed(pair, async () => {
    const { code, output } = await node.migrate(...args);
    assert.equal(code, 0, output);
  });
  context.diagnostic(`${node.name} ${args.join(" ")}: ${JSON.stringify(seen)}`);
  assert.ok(seen.outage < most, `no answer for ${seen.outage} ms`);
  assert.ok(seen.both < BOTH_MS, `both answered for ${seen.both} ms`);
}

/** The program dies while systemd stops keepalived. */
async function applyAndDie(node: Node): Promise<void> {
  const { output } = await node.machine.run(
    "sh",
    "-c",
    `mkfifo /run/said
    /opt/baton/bin/baton migrate --state-dir ${STATE} --apply 2>/run/said &
    while read line; do case "$line" in "stop keepalived"*) kill -KILL $!; break;; esac; done </run/said
    wait $!; echo "ended $?"`,
  );
  assert.match(output, /ended 137/);
}

/** Whoever starts Baton by hand beside keepalived finds it in the log; nothing else happens. */
async function warnedBeside(node: Node): Promise<void> {
  const run = ["run", "--runtime-dir", "/dev/null/none"];
  const { code, output } = await node.machine.run("/opt/baton/bin/baton", ...run);
  assert.equal(code, 1);
  assert.match(output, /keepalived speaks VRRP on this machine too \(PID [\d, ]+\)/);
}

/** The plan of the owner, which sees nobody to hand over to. */
async function refusedToOwner(owner: Node): Promise<void> {
  const plan = await owner.migrate("--json");
  const { canApply, refusals, differences } = JSON.parse(
    plan.output.slice(plan.output.indexOf("{")),
  ) as { canApply: boolean; refusals: { kind: string }[]; differences: string[] };
  assert.equal(plan.code, 1);
  assert.equal(canApply, false);
  assert.deepEqual(
    refusals.map(({ kind }) => kind),
    ["owner"],
  );
  assert.ok(differences.some((one) => one.includes("ExecStartPre=/bin/true")));
}

/** As a boot finds them between two steps. The target waits for neither. */
async function bootWithBoth(node: Node): Promise<void> {
  await node.sh(`systemctl stop keepalived multi-user.target; systemctl enable keepalived baton
    systemctl start multi-user.target`);
  const end = performance.now() + TIMEOUT_SECONDS * 1_000;
  for (;;) {
    const states = await node.runs();
    const active = states.filter((state) => state === "active").length;
    assert.ok(active < 2 && performance.now() < end, states.join());
    if (active === 1 && states.every((state) => ["active", "inactive"].includes(state))) return;
    await sleep(50);
  }
}

test("a keepalived pair becomes a Baton pair and comes back", { skip }, async (context) => {
  await withPair(context, async (pair) => {
    const { a, b, untilOwnedBy } = pair;
    await a.sh("systemctl start keepalived");
    await untilOwnedBy(a);
    await b.sh("systemctl start keepalived");
    await warnedBeside(b);

    const [, seen] = await Promise.all([
      refusedToOwner(a),
      observed(pair, async () => await applyAndDie(b)),
    ]);
    assert.ok(seen.outage < NOTHING_MS && seen.both < BOTH_MS, JSON.stringify(seen));
    const broken = await b.migrate();
    assert.match(broken.output, /was not finished/);
    await migrated(context, pair, b, ["--apply"], NOTHING_MS);
    assert.deepEqual(await b.runs(), ["inactive", "active"]);
    const dropIn = await b.sh("cat /etc/systemd/system/baton.service.d/50-keepalived.conf");
    assert.match(dropIn, /^After=local-fs.target$/m);
    assert.match(dropIn, /^LimitNOFILE=4096$/m);
    assert.match(dropIn, /^ExecStart=\/opt\/baton\/bin\/baton run -D \$BATON_OPTIONS$/m);
    assert.equal((await b.sh("systemctl is-enabled baton")).trim(), "enabled");

    await migrated(context, pair, a, ["--apply", "--accept", "owner"], KEEPALIVED_MS);
    assert.deepEqual(await a.runs(), ["inactive", "active"]);
    await untilOwnedBy(b);

    await migrated(context, pair, a, ["--undo"], NOTHING_MS);
    assert.deepEqual(await a.runs(), ["active", "inactive"]);
    await migrated(context, pair, b, ["--undo"], NOTHING_MS);
    assert.deepEqual(await b.runs(), ["active", "inactive"]);
    await untilOwnedBy(a);
    for (const node of [a, b]) {
      assert.equal(
        (await node.sh("cd /etc/systemd/system; find . -mindepth 1 | sort")).trim(),
        "./multi-user.target.wants\n./multi-user.target.wants/keepalived.service",
      );
    }
    await bootWithBoth(b);
  });
});
