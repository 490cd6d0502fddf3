/**
 * A kernel that does not keep the mark of our addresses (before Linux 5.18): what both
 * processes leave when they are killed is found by what they recorded, or by the rules of the
 * sub-second lease, and nothing else is touched.
 */
import assert from "node:assert/strict";
import { type ChildProcess, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import { OwnedPlaces } from "#daemon/owned-places";
import { spawnIn } from "#linux/namespace";
import { must, mustDo } from "#linux/result";
import { openRtnetlink, type Rtnetlink } from "#linux/rtnetlink";
import { instance } from "../support/bench.ts";
import { isAlive, makeFolder, until } from "../support/daemon-bench.ts";
import { type Cable, layCable, virtual } from "../support/linux-net.ts";

const BATON = fileURLToPath(new URL("../support/unmarked-baton.ts", import.meta.url));
const VIP = "192.0.2.100";
const OTHER = "192.0.2.101";

/**
 * The owner at once, a lease of half a minute, so that it does not end before somebody has
 * looked, and a short stop.
 */
const config = (address: string): string => `vrrp_instance VI_1 {
  interface eth0
  virtual_router_id 1
  priority 255
  advert_int 10
  handover break_before_make
  virtual_ipaddress {
    ${address}/24
  }
}
`;

class Machine {
  readonly #cable: Cable;
  readonly #folder: string;
  readonly #requests: Rtnetlink;
  readonly #children: ChildProcess[] = [];
  log = "";

  constructor(context: TestContext) {
    this.#cable = layCable();
    this.#folder = makeFolder(context).path;
    this.#requests = this.#cable.left.namespace.within(() => must(openRtnetlink({ marks: false })));
    context.after(() => {
      for (const { pid } of this.#children) if (pid !== undefined && isAlive(pid)) this.kill();
      this.#requests.close();
      this.#cable[Symbol.dispose]();
    });
  }

  get runtimeDir(): string {
    return join(this.#folder, "run");
  }

  get record(): string {
    return join(this.runtimeDir, "addresses.json");
  }

  proto(address: string): number | undefined {
    const all = must(this.#requests.addresses());
    return all.find((one) => one.address === virtual(address).address)?.proto;
  }

  has(address: string): boolean {
    return this.proto(address) !== undefined;
  }

  /** As somebody else does, for ever if `seconds` is 0. */
  set(address: string, seconds: number): void {
    const { index } = this.#cable.left.link;
    mustDo(this.#requests.setAddress(index, virtual(address, { prefix: 24 }), seconds));
  }

  #spawn(argv: readonly string[]): ChildProcess {
    const { namespace } = this.#cable.left;
    return spawnIn(namespace, argv, { env: process.env, stdio: ["ignore", "pipe", "pipe"] });
  }

  /** Until it owns the address. */
  async run(address: string): Promise<void> {
    const file = join(this.#folder, "keepalived.conf");
    writeFileSync(file, config(address));
    const argv = [process.execPath, BATON, "run", "-f", file, "--runtime-dir", this.runtimeDir];
    const child = this.#spawn(argv);
    this.#children.push(child);
    for (const stream of [child.stdout, child.stderr])
      stream?.on("data", (text: Buffer) => {
        this.log += text.toString();
      });
    await until("it owns the address", () => this.has(address) && this.log.includes("MASTER"));
  }

  /** Both processes at once: the engine first, stopped, so that it hands over nothing. */
  kill(): void {
    const supervisor = this.#children.at(-1)?.pid;
    assert.ok(supervisor !== undefined);
    const engines = readFileSync(`/proc/${supervisor}/task/${supervisor}/children`, "utf8");
    for (const signal of ["SIGSTOP", "SIGKILL"] as const)
      for (const pid of [supervisor, ...engines.trim().split(" ").filter(Boolean).map(Number)])
        if (isAlive(pid)) process.kill(pid, signal);
  }

  async killed(): Promise<void> {
    const child = this.#children.at(-1);
    assert.ok(child);
    const ended = once(child, "exit");
    this.kill();
    await ended;
    assert.ok(this.has(VIP), "it is left");
  }

  async stop(): Promise<void> {
    const child = this.#children.at(-1);
    assert.ok(child);
    const ended = once(child, "exit");
    child.kill("SIGTERM");
    await ended;
  }

  async release(...more: readonly string[]): Promise<string> {
    const args = ["release", "--runtime-dir", this.runtimeDir, ...more];
    const child = this.#spawn([process.execPath, BATON, ...args]);
    let output = "";
    for (const stream of [child.stdout, child.stderr])
      stream?.on("data", (text: Buffer) => {
        output += text.toString();
      });
    await once(child, "close");
    return output;
  }

  /** The other source of what is ours. */
  dropRules(): void {
    for (const family of ["ip", "arp"]) {
      const nft = this.#cable.left.namespace.within(() =>
        spawnSync("nft", ["delete", "table", family, "baton"]),
      );
      assert.equal(nft.status, 0, nft.stderr?.toString());
    }
  }
}

test("`release` finds by the record what killed processes left", async (context) => {
  const machine = new Machine(context);
  await machine.run(VIP);
  assert.equal(machine.proto(VIP), 0, "no mark");
  await machine.killed();
  machine.dropRules();
  assert.equal(await machine.release(), `removed ${VIP}/24 from eth0\n`);
  assert.equal(machine.has(VIP), false);
  assert.ok(machine.has("192.0.2.1"), "the host's own");
  assert.equal(await machine.release(), "nothing to remove\n");
});

test("the record holds what a reload took away, and is not made where the kernel keeps the mark", (context) => {
  using cable = layCable();
  const { path } = makeFolder(context);
  const record = join(path, "addresses.json");
  const { namespace, link } = cable.left;
  const warnings: string[] = [];
  const open = (folder: string, marks: boolean): OwnedPlaces => {
    const requests = namespace.within(() => must(openRtnetlink({ marks })));
    context.after(() => requests.close());
    return new OwnedPlaces(folder, requests, (file, errno) => warnings.push(`${file} ${errno}`));
  };
  const recorded = (): readonly string[] =>
    [...readFileSync(record, "utf8").matchAll(/"address":"([^"]+)"/g)].map(
      ([, text]) => text ?? "",
    );
  open(path, true).record([instance()]);
  assert.equal(existsSync(record), false);

  const first = open(path, false);
  first.record([instance({ addresses: [VIP] })]);
  first.record([instance({ addresses: [OTHER] })]);
  assert.deepEqual(recorded(), [VIP, OTHER]);
  assert.equal(statSync(record).mode & 0o777, 0o600);
  const lent = namespace.within(() => must(openRtnetlink({ marks: false })));
  context.after(() => lent.close());
  mustDo(lent.setAddress(link.index, virtual(VIP, { prefix: 24 }), 60));

  const second = open(path, false);
  second.record([instance({ addresses: [OTHER] })]);
  assert.deepEqual(recorded(), [VIP, OTHER], "until an engine has removed it");
  assert.deepEqual(second.leftovers(), [
    { index: link.index, address: virtual(VIP).address, prefix: 24 },
  ]);
  second.settle();
  assert.ok(existsSync(record), "something is left");
  mustDo(lent.removeAddress(link.index, virtual(VIP, { prefix: 24 })));
  open(path, false).record([instance({ addresses: [OTHER] })]);
  assert.deepEqual(recorded(), [OTHER], "gone, so forgotten");
  second.settle();
  assert.equal(existsSync(record), false);

  assert.deepEqual(warnings, []);
  open(join(path, "missing"), false).record([instance()]);
  assert.deepEqual(warnings, [`${join(path, "missing", "addresses.json")} ENOENT`]);
});

test("and by the rules of the lease when the runtime directory was emptied", async (context) => {
  const machine = new Machine(context);
  await machine.run(VIP);
  await machine.killed();
  rmSync(machine.runtimeDir, { recursive: true });
  assert.equal(await machine.release(), `removed ${VIP}/24 from eth0\n`);
});

test("the next start removes what its configuration does not name any more", async (context) => {
  const machine = new Machine(context);
  await machine.run(VIP);
  await machine.killed();
  machine.dropRules();
  await machine.run(OTHER);
  assert.equal(machine.has(VIP), false);
  assert.ok(machine.has(OTHER));
  await machine.stop();
  assert.equal(machine.has(OTHER), false);
  assert.equal(existsSync(machine.record), false, "nothing is left, so nothing is recorded");
});

test("what has no end, and what another boot recorded, stays", async (context) => {
  const machine = new Machine(context);
  await machine.run(VIP);
  await machine.killed();
  machine.set(VIP, 0);
  assert.equal(await machine.release(), "nothing to remove\n");
  machine.set(VIP, 60);
  const record = readFileSync(machine.record, "utf8");
  writeFileSync(machine.record, record.replace(/"boot":"[^"]*"/, '"boot":"another"'));
  assert.equal(await machine.release(), "nothing to remove\n");
  await machine.run(OTHER);
  assert.ok(machine.has(VIP), "the start sweeps no more than `release`");
  await machine.stop();
  assert.ok(machine.has(VIP));
});

test("`release --force` takes nothing from a living daemon", async (context) => {
  const machine = new Machine(context);
  await machine.run(VIP);
  assert.match(await machine.release(), /a daemon is running/);
  assert.equal(await machine.release("--force"), "nothing to remove\n");
  assert.ok(machine.has(VIP));
  await machine.stop();
  assert.equal(machine.has(VIP), false);
});
