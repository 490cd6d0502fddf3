/** The supervisor's side of a planned move, with an engine that says what the test wants. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Snapshot } from "#daemon/engine-process";
import type { MoveGate } from "#daemon/switch-gate";
import type { SwitchAnswer, SwitchRequest } from "#daemon/switch-protocol";
import { Switches } from "#daemon/switches";
import { instant, micros } from "#units/time";
import { priority } from "#units/vrrp";
import type {
  FromEngine,
  InstanceSnapshot,
  SwitchRefusal,
  ToEngine,
} from "#vrrp/engine/engine-link";
import type { Report } from "#vrrp/router/event";
import { ip } from "../support/fake-world.ts";

const PEER = ip("192.0.2.2");
const CALLER = { via: "socket", uid: 0, user: "root" } as const;

const snapshotOf = (...names: readonly string[]): Snapshot => ({
  at: instant(60_000_000),
  instances: names.map(
    (name) =>
      ({
        name,
        peers: [
          {
            address: PEER,
            configured: true,
            heardAt: instant(50_000_000),
            priority: 100,
            checksum: undefined,
          },
        ],
      }) as unknown as InstanceSnapshot,
  ),
});

interface Bench {
  readonly sent: ToEngine[];
  readonly switches: Switches;
  readonly says: (message: FromEngine) => void;
  readonly reports: (instance: string, report: Report) => void;
  readonly ask: (request: SwitchRequest, waitMs?: number) => Promise<SwitchAnswer>;
}

type Groups = readonly { readonly name: string; readonly members: readonly string[] }[];

/** @param answers to the engine's question; undefined: none */
function begin(
  answers: (message: Extract<ToEngine, { type: "switch" }>, bench: Bench) => void,
  names: readonly string[] = ["VI_1"],
  groups: Groups = [],
  gate?: MoveGate,
): Bench {
  const sent: ToEngine[] = [];
  const switches = new Switches({
    send: (message) => {
      sent.push(message);
      if (message.type === "switch") queueMicrotask(() => answers(message, bench));
    },
    groups: () => groups,
    gateOf: () => gate,
  });
  const says = (message: FromEngine): void => switches.engineSaid(message);
  const bench: Bench = {
    sent,
    switches,
    says,
    reports: (instance, report) => says({ type: "report", instance, report }),
    ask: async (request, waitMs = 5_000) => {
      const snapshot = snapshotOf(...names);
      const units = switches.unitsOf(request, snapshot);
      assert.ok(!("kind" in units), JSON.stringify(units));
      const deadline = performance.now() + waitMs;
      return await switches.switch(units, request, snapshot, CALLER, deadline);
    },
  };
  return bench;
}

const agree = ({ id }: { readonly id: number }, { says }: Bench): void =>
  says({ type: "switchAnswer", id, refused: [] });
const refuse =
  (why: SwitchRefusal) =>
  ({ id, instances }: Extract<ToEngine, { type: "switch" }>, { says }: Bench): void =>
    says({
      type: "switchAnswer",
      id,
      refused: instances.slice(0, 1).map((instance) => ({ instance, why })),
    });

const SWITCHED: Report = {
  kind: "switched",
  to: PEER,
  priority: priority(100),
  took: micros(12_000),
  both: micros(5_000),
  platform: "not-awaited",
};
const back = (
  why: "no-successor" | "group" | "stalled" | "recalled" | "demotion-refused",
): Report => ({
  kind: "switch-taken-back",
  why,
  waited: micros(1_751_094),
});

test("moved: by whom, in how long, and the instance does not preempt from then on", async () => {
  const bench = begin((message, one) => {
    agree(message, one);
    one.reports("VI_1", SWITCHED);
  });
  const { outcome, units } = await bench.ask({});
  assert.equal(outcome, "moved");
  const [unit] = units;
  assert.equal(unit?.successor, "192.0.2.2");
  assert.equal(`${unit?.tookMs} ${unit?.bothAnsweredMs}`, "12 5");
  assert.match(unit?.text["zh-CN"] ?? "", /已接管/);
  assert.equal(bench.switches.switchedOf("VI_1")?.by, "root (socket)");
  assert.deepEqual(bench.switches.forEngine(), [{ instance: "VI_1", to: PEER }]);
  assert.equal((await bench.ask({ back: true })).outcome, "back");
  assert.equal(bench.switches.switchedOf("VI_1"), undefined);
});

test("nobody takes over: a second time, then the reason with what is known of the peers", async () => {
  let asked = 0;
  const bench = begin((message, one) => {
    asked += 1;
    agree(message, one);
    one.reports("VI_1", back("no-successor"));
  });
  const { outcome, units } = await bench.ask({});
  assert.equal(asked, 2);
  assert.equal(outcome, "refused");
  assert.equal(units[0]?.reason?.kind, "no-successor");
  assert.match(units[0]?.text.en ?? "", /192\.0\.2\.2 was last heard as master 10 s ago/);
  assert.match(units[0]?.text.en ?? "", /the address stays here/);
});

test("the time is over: what nobody has followed is recalled", async () => {
  const bench = begin(agree);
  const answer = bench.ask({}, 20);
  const recall = (): boolean => bench.sent.some(({ type }) => type === "switchBack");
  while (!recall()) await new Promise((resolve) => setTimeout(resolve, 2));
  bench.reports("VI_1", back("recalled"));
  assert.equal((await answer).units[0]?.reason?.kind, "recalled");
});

test("a second request meanwhile is refused, and a dry run asks only", async () => {
  const bench = begin(agree);
  const first = bench.ask({});
  await new Promise((resolve) => setImmediate(resolve));
  const second = await bench.ask({});
  assert.equal(second.units[0]?.reason?.kind, "under-way");
  const dry = await bench.ask({ dryRun: true });
  assert.equal(dry.outcome, "would-move");
  assert.equal(dry.units[0]?.outcome, "would-move");
  bench.reports("VI_1", SWITCHED);
  assert.equal((await first).outcome, "moved");
});

test("what the engine refuses is said in both languages", async () => {
  const refusals: readonly SwitchRefusal[] = [
    { kind: "unknown" },
    { kind: "not-owner", state: "BACKUP", master: { address: PEER, priority: priority(150) } },
    { kind: "not-owner", state: "FAULT", master: undefined },
    { kind: "under-way" },
    { kind: "rival", from: PEER },
    { kind: "no-peers" },
    { kind: "not-a-peer", to: PEER, peers: [] },
    { kind: "unanswered", peers: [PEER] },
    { kind: "never-heard", to: PEER },
    { kind: "would-not-win", to: PEER, other: ip("192.0.2.3") },
  ];
  for (const why of refusals) {
    const { outcome, units } = await begin(refuse(why)).ask({});
    const [unit] = units;
    assert.equal(outcome, "refused");
    assert.equal(unit?.reason?.kind, why.kind);
    assert.equal(unit?.outcome, why.kind === "not-owner" ? "not-owner" : "stays");
    assert.ok((unit?.text.en.length ?? 0) > 15 && (unit?.text["zh-CN"].length ?? 0) > 4);
  }
});

const REFUSAL = { en: "the replica's SQL thread is stopped", "zh-CN": "副本的 SQL 线程已停止" };
const GATE: MoveGate = {
  demotes: true,
  refusal: REFUSAL,
  obstacle: async () => await Promise.resolve(undefined),
};

test("behind a gate: why it was not demoted, and nothing of preempting, which nobody does", async () => {
  const refusing = begin(
    (message, one) => {
      agree(message, one);
      one.reports("VI_1", back("demotion-refused"));
    },
    undefined,
    undefined,
    GATE,
  );
  const refused = (await refusing.ask({})).units[0];
  assert.match(refused?.text.en ?? "", /refused to demote .*SQL thread is stopped.*stays here/);
  assert.match(refused?.text["zh-CN"] ?? "", /拒绝降级.*SQL 线程已停止.*留在本机/);
  const moving = begin(
    (message, one) => {
      agree(message, one);
      one.reports("VI_1", SWITCHED);
    },
    undefined,
    undefined,
    GATE,
  );
  const moved = (await moving.ask({})).units[0];
  assert.equal(moved?.gate, true);
  assert.match(moved?.text.en ?? "", /taken over after 12 ms$/);
  assert.equal(moved?.bothAnsweredMs, 5);
  const again = (await moving.ask({ back: true })).units[0];
  assert.match(again?.text.en ?? "", /baton switch there brings it back/);
  const none = (await moving.ask({ back: true })).units[0];
  assert.match(none?.text.en ?? "", /was not moved away/);
});

test("a dry run behind a gate says what the gate knows of the other database", async () => {
  const fine = (await begin(agree, undefined, undefined, GATE).ask({ dryRun: true })).units[0];
  assert.equal(fine?.outcome, "would-move");
  const obstacle = async (): Promise<typeof REFUSAL> => await Promise.resolve(REFUSAL);
  const bench = begin(agree, undefined, undefined, { ...GATE, obstacle });
  const { outcome, units } = await bench.ask({ dryRun: true });
  assert.equal(outcome, "refused");
  assert.equal(units[0]?.reason?.kind, "demotion-refused");
  assert.match(units[0]?.text.en ?? "", /would refuse to demote .*SQL thread is stopped/);
});

test("a group moves as one: by a member's name, and the reason is the first one's", async () => {
  const groups = [{ name: "G", members: ["VI_1", "VI_2"] }];
  const bench = begin(
    (message, one) => {
      assert.deepEqual(message.instances, ["VI_1", "VI_2"]);
      agree(message, one);
      one.reports("VI_1", back("group"));
      one.reports("VI_2", back("stalled"));
    },
    ["VI_1", "VI_2"],
    groups,
  );
  const { units } = await bench.ask({ names: ["VI_2"] });
  assert.equal(`${units[0]?.kind} ${units[0]?.name}`, "group G");
  assert.equal(units[0]?.reason?.kind, "stalled");
  const some = begin(refuse({ kind: "not-a-peer", to: PEER, peers: [] }), ["VI_1", "VI_2"], groups);
  assert.equal((await some.ask({ all: true })).units[0]?.reason?.kind, "not-peers-of-all");
});

test("of everything, what is owned elsewhere does not count", async () => {
  const bench = begin(
    (message, one) => {
      if (message.instances[0] === "VI_2")
        return refuse({ kind: "not-owner", state: "BACKUP", master: undefined })(message, one);
      agree(message, one);
      one.reports("VI_1", SWITCHED);
    },
    ["VI_1", "VI_2"],
  );
  assert.equal((await bench.ask({ all: true })).outcome, "moved");
  assert.equal((await bench.ask({ names: ["VI_1", "VI_2"] })).outcome, "partly");
});

test("names that there are not, and several without a name", () => {
  const { switches } = begin(agree);
  const snapshot = snapshotOf("VI_1", "VI_2");
  assert.deepEqual(switches.unitsOf({}, snapshot), { kind: "none-named", names: ["VI_1", "VI_2"] });
  assert.deepEqual(switches.unitsOf({ names: ["X"] }, snapshot), {
    kind: "no-such",
    name: "X",
    names: ["VI_1", "VI_2"],
  });
});

test("the engine dies meanwhile, leaves MASTER otherwise, or does not answer", async () => {
  const dying = begin((message, one) => {
    agree(message, one);
    queueMicrotask(() => one.switches.engineGone());
  });
  assert.equal((await dying.ask({})).units[0]?.reason?.kind, "engine-gone");
  // Another may have taken over: the next engine does not preempt it.
  assert.deepEqual(dying.switches.forEngine(), [{ instance: "VI_1", to: undefined }]);
  const lost = begin((message, one) => {
    agree(message, one);
    const reason = { kind: "fault", causes: [] } as const;
    const change = { from: "MASTER", to: "FAULT", reason, priority: priority(1) } as const;
    one.says({ type: "transition", instance: "VI_1", ...change, at: instant(0) });
  });
  assert.deepEqual((await lost.ask({})).units[0]?.reason, { kind: "lost", state: "FAULT" });
  const mute = begin(() => undefined);
  assert.equal((await mute.ask({})).units[0]?.reason?.kind, "engine-does-not-answer");
});
