/**
 * Two machines under systemd in which packages of Baton are installed, a client that asks for
 * their address every millisecond, and what was seen while something was done. No machine has a
 * route to anywhere else.
 */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { Status } from "#daemon/control-protocol";
import { Instruments } from "#lab/measure/instruments";
import { BridgeNetwork } from "#lab/measure/network";
import { now } from "#linux/clock";
import { resourceUrl } from "#units/installation";
import { toMillis } from "#units/time";
import {
  bootMachine,
  type Ran,
  type SystemdMachine,
  type Tree,
} from "../namespaces/systemd-machine.ts";

const ADDRESS = "172.16.0.135";
const CLIENT = "172.16.0.200";
const HOSTS = [
  { name: "a", address: "172.16.0.16" },
  { name: "b", address: "172.16.0.14" },
] as const;
const TIMEOUT_SECONDS = 60;
const POLL_MILLISECONDS = 20;
const EXAMPLES = new URL(resourceUrl("examples/tutorial")).pathname;

export interface InstalledNode {
  readonly name: "a" | "b";
  readonly machine: SystemdMachine;
  /** The output of a script that succeeds. */
  sh(script: string): Promise<string>;
  /** The tutorial's files of this node. */
  configure(): Promise<void>;
  apt(...args: readonly string[]): Promise<Ran>;
  until(what: string, isTrue: () => Promise<boolean>): Promise<void>;
}

export interface InstalledPair {
  readonly a: InstalledNode;
  readonly b: InstalledNode;
  readonly network: BridgeNetwork;
  /** Waits until this machine alone holds the address, and the other one's daemon says BACKUP. */
  settled(owner?: InstalledNode): Promise<InstalledNode>;
  /** What the client and the watchers saw while something was done, and for some time after. */
  observed(work: () => Promise<void>, moreMilliseconds: number): Promise<Seen>;
}

export interface Seen {
  /** Milliseconds of the longest time without an answer. */
  readonly outage: number;
  readonly lost: number;
  readonly sent: number;
  /** Milliseconds in which both machines answered. */
  readonly both: number;
  /** They still did at the end. */
  readonly twoOwners: boolean;
  /** Of the prober itself, in milliseconds: more than a few means a busy machine. */
  readonly pause: number;
}

type Host = (typeof HOSTS)[number];

async function makeNode(
  context: Pick<TestContext, "after">,
  network: BridgeNetwork,
  { name }: Host,
  tree: Tree,
): Promise<InstalledNode> {
  const machine = await bootMachine(context, network.namespaceOf(name), tree);
  const sh = async (script: string): Promise<string> => {
    const { code, output } = await machine.run("sh", "-c", script);
    assert.equal(code, 0, `${name}: ${script}: ${output}`);
    return output;
  };
  const text = (file: string): string => readFileSync(join(EXAMPLES, file), "utf8");
  return {
    name,
    machine,
    sh,
    async configure() {
      const files = readdirSync(EXAMPLES).filter((file) => file.endsWith(".sh"));
      const scripts = files.map(
        (file) => `cat >${file} <<'END'\n${text(file)}END\nchmod 755 ${file}`,
      );
      await sh(`mkdir -p /etc/keepalived; cd /etc/keepalived
cat >keepalived.conf <<'END'\n${text(`node-${name}.conf`)}END
${scripts.join("\n")}
echo up >service-state`);
    },
    apt: async (...args) =>
      await machine.run(
        "env",
        "DEBIAN_FRONTEND=noninteractive",
        "LANG=C",
        "LC_ALL=C",
        "apt-get",
        "-q",
        "-y",
        ...args,
      ),
    async until(what, isTrue) {
      const end = performance.now() + TIMEOUT_SECONDS * 1_000;
      while (!(await isTrue())) {
        if (performance.now() > end)
          throw new Error(`${name}: not within ${TIMEOUT_SECONDS} s: ${what}`);
        await sleep(POLL_MILLISECONDS * 2);
      }
    },
  };
}

/** @param tree of both machines, each with its own changes */
export async function bootPair(
  context: Pick<TestContext, "after">,
  tree: Tree,
): Promise<InstalledPair> {
  const network = new BridgeNetwork([
    ...HOSTS.map((one) => ({ ...one, isNode: true })),
    { name: "client", address: CLIENT, isNode: false },
  ]);
  const instruments = new Instruments({
    network,
    nodes: HOSTS.map(({ name }) => name),
    client: "client",
    virtualAddress: ADDRESS,
    askEachFrom: CLIENT,
  });
  // Before the machines are: what is done after is done in this order.
  context.after(async () => {
    await instruments.close();
    network.close();
  });
  const [a, b] = await Promise.all(HOSTS.map((host) => makeNode(context, network, host, tree)));
  assert.ok(a && b);
  await instruments.ready();
  const nodes = [a, b];
  return {
    a,
    b,
    network,
    settled: async (owner) => await untilSettled(instruments, nodes, owner),
    observed: async (work, more) => await observe(instruments, work, more),
  };
}

const STATUS = ["baton", "status", "--json"] as const;

async function stateOf({ machine }: InstalledNode): Promise<string | undefined> {
  const { code, output } = await machine.run(...STATUS);
  if (code !== 0) return undefined;
  return (JSON.parse(output) as Status).instances[0]?.state;
}

async function untilSettled(
  instruments: Instruments,
  nodes: readonly InstalledNode[],
  wanted: InstalledNode | undefined,
): Promise<InstalledNode> {
  const end = performance.now() + TIMEOUT_SECONDS * 1_000;
  for (;;) {
    const holders = instruments.holders();
    const owner = nodes.find(({ name }) => name === holders[0]);
    if (holders.length === 1 && owner !== undefined && (wanted ?? owner) === owner) {
      const states = await Promise.all(nodes.map(stateOf));
      if (states.every((state, index) => state === (nodes[index] === owner ? "MASTER" : "BACKUP")))
        return owner;
    }
    if (performance.now() > end)
      throw new Error(
        `not settled on ${wanted?.name ?? "one"}: ${holders.join() || "nobody"} holds it`,
      );
    await sleep(POLL_MILLISECONDS);
  }
}

async function observe(
  instruments: Instruments,
  work: () => Promise<void>,
  moreMilliseconds: number,
): Promise<Seen> {
  const from = now();
  await work();
  await sleep(moreMilliseconds);
  const to = now();
  const names = HOSTS.map(({ name }) => name);
  const { outageMilliseconds, lost, sent, longestPauseMilliseconds } = await instruments.outage(
    from,
    to,
  );
  const overlap = instruments.answerOverlap(names, from, to);
  assert.ok(overlap !== undefined);
  return {
    outage: outageMilliseconds,
    lost,
    sent,
    both: toMillis(overlap.total),
    twoOwners: overlap.open,
    pause: longestPauseMilliseconds,
  };
}
