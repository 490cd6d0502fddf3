/** All gates of a daemon: which unit a message is for, and what an operator may ask of one. */
import assert from "node:assert/strict";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { type TestContext, test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import type { ControlAnswer } from "#daemon/control-protocol";
import { promote } from "#daemon/gate-promote";
import { Gates } from "#daemon/gates";
import type { PromoteRequest } from "#daemon/promote-protocol";
import { NO_EVENTS } from "#events/event-log";
import type { NewEvent } from "#events/record";
import type { GatePlan, RunPlan } from "#keepalived/plan/run-plan";

import { instant, micros } from "#units/time";
import type { GateRequest, InstanceSnapshot, ToEngine } from "#vrrp/engine/engine-link";
import { keepLog, makeFolder, makeLauncher, until } from "../support/daemon-bench.ts";
import { ip } from "../support/fake-world.ts";
import { gatePlan, noDatabase } from "../support/gate-bench.ts";

const CALLER = { via: "socket", uid: 0, user: "root" } as const;
const LOCAL = ip("127.0.0.1");

class Bench {
  readonly sent: ToEngine[] = [];
  readonly events: NewEvent[] = [];
  readonly gates: Gates;
  readonly lines: readonly string[];
  instances: InstanceSnapshot[] = [];
  masters = new Set<string>();
  readonly #log;

  constructor(stateDir?: string) {
    const { log, lines } = keepLog();
    this.#log = log;
    this.lines = lines;
    this.gates = new Gates({
      launcher: makeLauncher(log),
      engine: this.#engine,
      openDatabase: noDatabase,
      log,
      language: "en",
      events: { ...NO_EVENTS, record: (event) => void this.events.push(event) },
      stateDir,
      isMaster: (name) => this.masters.has(name),
      changed: () => undefined,
    });
  }

  get #engine(): ConstructorParameters<typeof Gates>[0]["engine"] {
    return {
      send: (message) => void this.sent.push(message),
      snapshot: async () =>
        await Promise.resolve({ at: instant(10_000_000), instances: this.instances }),
    };
  }

  say(unit: string, request: GateRequest, instance = unit): void {
    this.gates.engineSaid({ type: "gate", unit, instance, request });
  }

  /** The first answer of this type; waits for it. */
  async answer<T extends ToEngine["type"]>(type: T): Promise<Extract<ToEngine, { type: T }>> {
    const find = (): ToEngine | undefined => this.sent.find((one) => one.type === type);
    await until(type, () => find() !== undefined);
    return find() as Extract<ToEngine, { type: T }>;
  }

  async promote(request: PromoteRequest): Promise<ControlAnswer> {
    const { gates } = this;
    const events = { ...NO_EVENTS, record: (event: NewEvent) => void this.events.push(event) };
    const parts = { gates, engine: this.#engine, log: this.#log, language: "en", events } as const;
    return await promote(parts, request, CALLER, "en");
  }
}

function plan(
  ...units: readonly (Partial<GatePlan> & { readonly members?: readonly string[] })[]
): RunPlan {
  const instances: object[] = [];
  const groups: object[] = [];
  for (const { members, ...more } of units) {
    const gate = gatePlan({ promote: undefined as never, demote: undefined as never, ...more });
    const names = members ?? [gate.unit];
    for (const name of names)
      instances.push({ config: { router: { name } }, ...(members === undefined && { gate }) });
    if (members !== undefined) groups.push({ name: gate.unit, members, gate });
  }
  return { instances, groups } as unknown as RunPlan;
}

const asked = (kind: "promote" | "demote", run: number): GateRequest =>
  ({
    kind,
    run,
    reason: "operator",
    isPlanned: false,
    micros: micros(5_000_000),
    priority: 100,
  }) as unknown as GateRequest;

function snapshot(name: string, more: object = {}): InstanceSnapshot {
  const gate = { phase: "closed", fence: "closed", run: 0, eligible: "yes", isPromoted: false };
  const about = { name, state: "BACKUP", faults: [], peers: [], gate, ...more };
  return about as unknown as InstanceSnapshot;
}

const open = { phase: "open", fence: "open", run: 1, eligible: "yes", isPromoted: true };

async function listen(context: TestContext): Promise<{ server: Server; port: number }> {
  const clients = new Set<Socket>();
  const server = createServer((client) => {
    clients.add(client);
    client.on("error", () => undefined);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  context.after(() => {
    for (const client of clients) client.destroy();
    server.close();
  });
  return { server, port: (server.address() as AddressInfo).port };
}

test("a request goes to its unit; one of no unit is refused, so that no router waits", async () => {
  const bench = new Bench();
  bench.gates.configure(plan({ unit: "G", members: ["VI_1", "VI_2"] }, { unit: "VI_3" }));
  assert.deepEqual(bench.gates.names.toSorted(), ["G", "VI_3"]);
  assert.deepEqual(bench.gates.forEngine(), [
    { unit: "VI_3", eligible: true },
    { unit: "G", eligible: true },
  ]);
  bench.sent.length = 0;
  bench.say("G", asked("promote", 4), "VI_1");
  assert.deepEqual(await bench.answer("gateAnswer"), {
    type: "gateAnswer",
    unit: "G",
    run: 4,
    outcome: "done",
  });
  bench.sent.length = 0;
  bench.say("VI_9", asked("promote", 5));
  assert.equal((await bench.answer("gateAnswer")).outcome, "refused");
  await bench.gates.finish();
});

test("a reload keeps a unit until it is demoted, and an owner that gets a gate counts as promoted", async (context) => {
  const folder = makeFolder(context);
  const done = {
    command: { argv: [folder.script("ok", "exit 0")], user: undefined, timeout: undefined },
    timeout: micros(5_000_000),
  };
  const bench = new Bench();
  bench.masters.add("VI_1");
  bench.gates.configure(plan({ unit: "VI_1", demote: done }));
  assert.equal(bench.gates.find("VI_1")?.unit.isPrimary, true);
  bench.gates.configure(plan());
  assert.equal(bench.gates.find("VI_1"), undefined);
  bench.sent.length = 0;
  bench.say("VI_1", asked("demote", 1));
  assert.equal((await bench.answer("gateAnswer")).outcome, "done");
  bench.sent.length = 0;
  bench.say("VI_1", asked("demote", 2));
  assert.equal((await bench.answer("gateAnswer")).outcome, "refused", "it is forgotten");
});

test("a node that is held back has heard no master, though its timer begins again each time", async (context) => {
  const folder = makeFolder(context);
  const done = {
    command: { argv: [folder.script("ok", "exit 0")], user: undefined, timeout: undefined },
    timeout: micros(5_000_000),
  };
  const bench = new Bench();
  bench.masters.add("VI_1");
  bench.gates.configure(plan({ unit: "VI_1", demote: done }));
  // The time of the engine's snapshot is 10 s: its timer has not fired.
  const standby = { master: undefined, masterDownAt: instant(12_000_000) };
  bench.instances = [snapshot("VI_1", { standby })];
  bench.say("VI_1", { ...asked("demote", 1), reason: "fault" } as GateRequest);
  await bench.answer("gateAnswer");
  const unit = bench.gates.find("VI_1")?.unit;
  assert.equal(unit?.isEligible, false, "it was primary, and lost the address");
  bench.instances = [snapshot("VI_1", { standby: { ...standby, missed: 1 } })];
  await until("it may be promoted again", () => unit?.isEligible === true);
  await bench.gates.finish();
});

test("a service that accepts a connection is served; a port that is refused, is not", async (context) => {
  const { port } = await listen(context);
  const bench = new Bench();
  bench.gates.configure(plan({ unit: "VI_1", fence: [{ protocol: "tcp", port }] }));
  bench.say("VI_1", { kind: "probe", run: 3, addresses: [LOCAL] });
  assert.deepEqual(await bench.answer("probeAnswer"), {
    type: "probeAnswer",
    instance: "VI_1",
    run: 3,
    by: "somebody",
  });
  bench.sent.length = 0;
  bench.gates.configure(plan({ unit: "VI_1", fence: [{ protocol: "tcp", port: 1 }] }));
  bench.say("VI_1", { kind: "probe", run: 4, addresses: [LOCAL] });
  assert.equal((await bench.answer("probeAnswer")).by, "nobody");
  await bench.gates.finish();
});

test("connections are drained, and what is left is reset", async (context) => {
  const { port } = await listen(context);
  const bench = new Bench();
  bench.gates.configure(plan({ unit: "VI_1", fence: [{ protocol: "tcp", port }] }));
  const client = connect(port, "127.0.0.1");
  await new Promise<void>((resolve) => client.once("connect", () => resolve()));
  const failure = new Promise<NodeJS.ErrnoException>((resolve) => client.once("error", resolve));
  bench.sent.length = 0;
  bench.say("VI_1", { kind: "drain", run: 7, micros: micros(10_000_000), addresses: [LOCAL] });
  await turn();
  assert.equal(bench.sent.length, 0, "a connection is left");
  bench.say("VI_1", { kind: "reset", addresses: [LOCAL] });
  assert.equal((await failure).code, "ECONNRESET");
  assert.deepEqual(await bench.answer("drained"), { type: "drained", unit: "VI_1", run: 7 });
  await bench.gates.finish();
});

test("a drain waits for the connections that were there, not for those that come", async (context) => {
  const { port } = await listen(context);
  const bench = new Bench();
  bench.gates.configure(plan({ unit: "VI_1", fence: [{ protocol: "tcp", port }] }));
  const open = async (): Promise<Socket> => {
    const client = connect(port, "127.0.0.1");
    context.after(() => client.destroy());
    await new Promise<void>((resolve) => client.once("connect", () => resolve()));
    return client;
  };
  const first = await open();
  bench.sent.length = 0;
  bench.say("VI_1", { kind: "drain", run: 7, micros: micros(10_000_000), addresses: [LOCAL] });
  await turn();
  await open();
  first.resetAndDestroy();
  assert.deepEqual(await bench.answer("drained"), { type: "drained", unit: "VI_1", run: 7 });
  await bench.gates.finish();
});

test("an operator is answered what keeps a node from being promoted", async () => {
  const bench = new Bench();
  const none = await bench.promote({});
  assert.ok(!none.ok && /has a gate/.test(none.error));
  bench.gates.configure(plan({ unit: "VI_1" }, { unit: "VI_2" }));
  const which = await bench.promote({});
  assert.ok(!which.ok && /several/.test(which.error) && /VI_1, VI_2/.test(which.help ?? ""));
  const unknown = await bench.promote({ name: "VI_9" });
  assert.ok(!unknown.ok && /VI_9/.test(unknown.error));
  const engineless = await bench.promote({ name: "VI_1" });
  assert.ok(!engineless.ok && /engine does not answer/.test(engineless.error));

  const reasonOf = async (more: object, request: PromoteRequest = {}): Promise<string> => {
    bench.instances = [snapshot("VI_1", more)];
    const answer = await bench.promote({ name: "VI_1", dryRun: true, ...request });
    assert.ok(answer.ok && "promote" in answer, JSON.stringify(answer));
    return `${answer.promote.reason}: ${answer.promote.text.en}`;
  };
  assert.match(await reasonOf({}), /^would: /);
  assert.match(await reasonOf({ state: "MASTER", gate: open }), /^already: /);
  const master = { address: ip("192.0.2.2"), priority: 100, heardAt: instant(0) };
  const answered = { gate: { ...open, phase: "closed", fence: "closed", isAnswered: true } };
  assert.match(await reasonOf(answered), /^answered: somebody answers .*--accept-loss/);
  assert.match(await reasonOf(answered, { acceptLoss: true }), /^would: /);
  assert.match(await reasonOf({ standby: { master } }), /^owned: 192\.0\.2\.2 .*baton switch/);
  const faults = [{ kind: "link-down" }];
  assert.match(await reasonOf({ state: "FAULT", faults }), /^fault: VI_1 is in FAULT/);
  assert.match(
    await reasonOf({ state: "FAULT", faults: [{ kind: "promotion-refused", outcome: "late" }] }),
    /^would: /,
  );
  const conflict = { peer: ip("192.0.2.2"), result: "undecided" };
  const two = { state: "MASTER", gate: { ...open, fence: "closed", conflict } };
  assert.match(await reasonOf(two), /^conflict: .*--accept-loss/);
  assert.match(await reasonOf(two, { acceptLoss: true }), /^would: /);
  assert.equal(bench.events.length, 0, "nothing was done");
  await bench.gates.finish();
});

test("who may not be promoted is, when an operator accepts the loss, and that is recorded first", async () => {
  const bench = new Bench();
  const database = { kind: "mysql", at: { socket: "/x" } } as unknown as NonNullable<
    GatePlan["database"]
  >;
  bench.gates.configure(plan({ unit: "VI_1", database, promoteTimeout: micros(200_000) }));
  bench.instances = [snapshot("VI_1")];
  await turn();
  bench.sent.length = 0;
  const refused = await bench.promote({});
  assert.ok(refused.ok && "promote" in refused);
  assert.equal(refused.promote.reason, "not-eligible");
  assert.match(refused.promote.text.en, /cannot ask mysql; --accept-loss/);
  assert.deepEqual(bench.sent, []);
  const answering = bench.promote({ acceptLoss: true, why: "db2 is gone" });
  assert.equal((await bench.answer("promoteAsked")).unit, "VI_1");
  assert.deepEqual(bench.sent[0], { type: "eligible", unit: "VI_1", eligible: true });
  bench.instances = [snapshot("VI_1", { state: "MASTER", gate: open })];
  const answer = await answering;
  assert.ok(answer.ok && "promote" in answer);
  assert.equal(answer.promote.outcome, "promoted");
  const last = bench.events.at(-1);
  assert.ok(last?.kind === "operator");
  assert.equal(last.severity, "warning");
  assert.equal(
    last.text.en,
    "promote --accept-loss of VI_1 by root (socket) (db2 is gone): promoted; this node serves the address",
  );
  await bench.gates.finish();
});

test("a promotion that fails is the operator's answer", async (context) => {
  const folder = makeFolder(context);
  const bad = {
    command: {
      argv: [folder.script("no", "echo not today; exit 4")],
      user: undefined,
      timeout: undefined,
    },
    timeout: micros(5_000_000),
  };
  const bench = new Bench();
  bench.gates.configure(plan({ unit: "VI_1", promote: bad }));
  bench.instances = [snapshot("VI_1")];
  const answering = bench.promote({});
  await bench.answer("promoteAsked");
  bench.say("VI_1", asked("promote", 1));
  const answer = await answering;
  assert.ok(answer.ok && "promote" in answer);
  assert.equal(answer.promote.outcome, "refused");
  assert.match(answer.promote.text.en, /the promotion failed: the promote script failed: exit 4/);
  await bench.gates.finish();
});
