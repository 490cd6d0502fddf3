/** Sync groups in the status: from what an engine reports of its members to what a person reads. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { renderStatus } from "#cli/status-table";
import type { GroupStatus, Status } from "#daemon/control-protocol";
import { explain } from "#daemon/explain";
import { groupStatuses, instanceStatus } from "#daemon/status";
import { Bench, instance } from "../support/bench.ts";
import { ETH0, ip, own } from "../support/fake-world.ts";

const ETH1 = { ...ETH0, index: 3, name: "eth1" };
const GROUPS = [{ name: "G", members: ["VI_1", "VI_2"] }];
const NO_NOTIFY = { last: undefined, queued: 0 };
/** Wall clock of the engine's second 0. */
const START = Date.parse("2026-01-01T00:00:00Z");

type Options = Parameters<typeof instance>[0];
const second = (options: Options = {}) =>
  instance({
    vrid: 2,
    addresses: ["192.0.2.200"],
    ...options,
    router: { name: "VI_2", ...options?.router },
  });

function statusOf(
  bench: Bench,
  groups = GROUPS,
  notify = NO_NOTIFY as GroupStatus["notify"],
): Status {
  bench.supervisor({ type: "snapshot", id: 1 });
  const snapshot = bench.emitted("snapshot").at(-1);
  assert.ok(snapshot !== undefined);
  // As it comes through the pipe.
  const { at, instances } = JSON.parse(JSON.stringify(snapshot)) as typeof snapshot;
  const wall = START + at / 1_000;
  return {
    version: "0",
    node: "v24",
    at: new Date(wall).toISOString(),
    pid: 1,
    enginePid: 2,
    configFile: "f",
    configId: undefined,
    startedAt: "",
    reloadedAt: undefined,
    engineAnswers: true,
    instances: instances.map((one) =>
      instanceStatus(one, at, wall, { havips: [], history: [], notify: NO_NOTIFY }),
    ),
    groups: groupStatuses(groups, instances, at, wall, () => notify),
    scripts: [],
    engineRestarts: 0,
    logLinesLost: 0,
  };
}

/** The lines from the group's head on. */
function shown(status: Status, language: "en" | "zh-CN" = "en"): readonly string[] {
  const lines = renderStatus(status, language, false).split("\n");
  return lines.slice(
    lines.findIndex((line) => line.startsWith(language === "en" ? "GROUP" : "同步组")),
  );
}

function explained(status: Status, name: string | undefined, language: "en" | "zh-CN"): string {
  const answer = explain(status, name, language);
  assert.ok(answer.ok && "text" in answer);
  return answer.text;
}

test("a group of masters: since when, by whom, and no complaint", () => {
  const bench = new Bench();
  bench.configure([instance(), second()], { groups: GROUPS });
  bench.until(10);
  const status = statusOf(bench);
  const [group] = status.groups;
  assert.equal(group?.state, "MASTER");
  assert.equal(group?.since, status.instances[0]?.since);
  assert.equal(group?.why.member, "VI_2", "VI_1 was taken along");
  assert.equal(group?.why.reason.kind, "master-down");
  assert.deepEqual(
    group?.members.map(({ holdsBack }) => holdsBack),
    [undefined, undefined],
  );
  const lines = shown(status);
  assert.equal(lines[0], "GROUP  STATE   FOR    MEMBERS");
  assert.match(lines[1] ?? "", /^G {6}MASTER {2}6\.\d s {2}VI_1 MASTER, VI_2 MASTER$/);
  assert.match(lines[2] ?? "", /^ {2}VI_2: no master was heard for 3\.\d+ s/);
  assert.equal(lines.length, 3);
});

test("the member with a living master holds the other back", () => {
  const bench = new Bench();
  bench.configure([instance(), second()], { groups: GROUPS });
  for (let at = 1; at <= 8; at++) {
    bench.hear({ vrid: 2, priority: 150, addresses: [ip("192.0.2.200")] });
    bench.until(at);
  }
  const status = statusOf(bench);
  assert.deepEqual(status.groups[0]?.members, [
    { name: "VI_1", state: "BACKUP", isReady: true, holdsBack: undefined },
    { name: "VI_2", state: "BACKUP", isReady: false, holdsBack: "not-ready" },
  ]);
  assert.ok(
    shown(status).includes(
      "  VI_2: holds the group back: it hears a master, or has not waited long enough",
    ),
  );
  assert.match(explained(status, "G", "en"), /VI_1 is BACKUP: .* it waits for the others/);
  assert.match(
    explained(status, "G", "zh-CN"),
    /同步组 G 处于 BACKUP[^]*VI_2 处于 BACKUP：使整个组等待/,
  );
});

test("a member's own fault keeps the group in FAULT, and is the group's reason", () => {
  const bench = new Bench([ETH0, ETH1], [own(2, "192.0.2.1"), own(3, "198.51.100.1")]);
  bench.configure([instance(), second({ interface: "eth1" })], { groups: GROUPS });
  bench.until(4);
  bench.event({ kind: "link", link: { ...ETH1, up: false } });
  bench.until(9);
  const status = statusOf(bench);
  const [group] = status.groups;
  assert.deepEqual([group?.state, group?.forSeconds, group?.why.member], ["FAULT", 5, "VI_2"]);
  assert.equal(group?.since, "2026-01-01T00:00:04.000Z");
  assert.deepEqual(
    group?.members.map(({ holdsBack }) => holdsBack),
    [undefined, "fault"],
  );
  assert.deepEqual(shown(status), [
    "GROUP  STATE  FOR    MEMBERS",
    "G      FAULT  5.0 s  VI_1 FAULT, VI_2 FAULT",
    "  VI_2: the link is down",
    "  VI_2: keeps the group in FAULT",
  ]);
  assert.deepEqual(shown(status, "zh-CN")[3], "  VI_2：使整个组处于 FAULT");
});

test("a member that waits for its first check: the group is MIXED and says for whom it waits", () => {
  const trackers = [{ kind: "script", name: "x", weight: 0, reverse: false }] as const;
  const bench = new Bench();
  bench.configure([instance(), second({ router: { trackers } })], { groups: GROUPS });
  bench.until(10);
  const status = statusOf(bench);
  assert.equal(status.groups[0]?.state, "MIXED");
  assert.equal(status.groups[0]?.members[1]?.holdsBack, "init");
  assert.match(shown(status)[1] ?? "", /^G {6}MIXED .*VI_1 BACKUP, VI_2 INIT$/);
  assert.match(
    explained(status, "G", "en"),
    /different states[^]*VI_2 is INIT: it waits for the first/,
  );
});

test("a group's notify script that failed is shown, one that worked is not", () => {
  const bench = new Bench();
  bench.configure([instance(), second()], { groups: GROUPS });
  const last = { command: [], state: "BACKUP", at: "", exit: 3, milliseconds: 1, output: "no\n" };
  const failed = statusOf(bench, GROUPS, { last, queued: 0 });
  assert.ok(shown(failed).includes("  notify script for BACKUP: exit 3: no"));
  const worked = statusOf(bench, GROUPS, { last: { ...last, exit: 0 }, queued: 0 });
  assert.ok(!shown(worked).some((line) => line.includes("notify")));
});

test("explain answers for instances and groups by name, and names both when it knows neither", () => {
  const bench = new Bench();
  bench.configure([instance(), second()], { groups: GROUPS });
  const status = statusOf(bench);
  assert.doesNotMatch(explained(status, "VI_1", "en"), /Sync group/);
  assert.match(explained(status, "G", "en"), /^Sync group G is BACKUP for 0 s\.\nWhy: VI_1: /);
  assert.match(
    explained(status, undefined, "en"),
    /^VI_1 is [^]*\n\nVI_2 is [^]*\n\nSync group G is /,
  );
  const unknown = explain(status, "H", "en");
  assert.ok(!unknown.ok);
  assert.deepEqual(
    [unknown.error, unknown.help],
    ["there is no instance or sync group H", "there are: VI_1, VI_2, G"],
  );
  const namesake = statusOf(bench, [{ name: "VI_1", members: ["VI_1", "VI_2"] }]);
  assert.match(explained(namesake, "VI_1", "en"), /^VI_1 is [^]*\n\nSync group VI_1 is /);
});

test("a group with members that do not run is left out", () => {
  const bench = new Bench();
  bench.configure([instance()], { groups: GROUPS });
  assert.deepEqual(statusOf(bench, [{ name: "G", members: ["VI_7"] }]).groups, []);
});
