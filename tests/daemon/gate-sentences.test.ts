/** A gate as people read it, in both languages. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { gateSentences, heldByGate } from "#daemon/gate-sentences";
import type { GateStatus } from "#daemon/gate-status";
import { MARKED } from "#daemon/gate-texts";

const CLOSED: GateStatus = {
  unit: "VI_1",
  phase: "closed",
  fence: "closed",
  eligible: "yes",
  why: [],
  epoch: 0,
  marked: false,
};

test("a standby that may be promoted is one sentence", () => {
  assert.deepEqual(gateSentences(CLOSED, "en"), ["gate of VI_1: closed, may be promoted"]);
  assert.deepEqual(gateSentences(CLOSED, "zh-CN"), ["VI_1 的 gate：关闭，可提升"]);
  assert.equal(heldByGate(CLOSED, "en"), undefined);
  assert.equal(heldByGate(undefined, "en"), undefined);
});

test("of an owner nothing is said that does not matter now", () => {
  const open: GateStatus = { ...CLOSED, phase: "open", fence: "open", eligible: "no", epoch: 17 };
  const last = { kind: "rejoin", reason: "rejoin", outcome: "done", at: "", tookMs: 1 } as const;
  const why = [MARKED.restart];
  assert.deepEqual(gateSentences({ ...open, why, last }, "en"), ["gate of VI_1: open, epoch 17"]);
});

test("where another database takes writes, the way back is a copy of it; an owner says who could not follow", () => {
  const peer = { role: "primary", isWritable: true, follows: false } as const;
  const database = {
    role: "alone",
    isWritable: false,
    follows: false,
    eligible: false,
    why: [],
    peer,
  } as const;
  const marked: GateStatus = { ...CLOSED, eligible: "no", marked: true, why: [], database };
  const said = gateSentences(marked, "en").join("\n");
  assert.match(said, /from a copy of the other database/);
  assert.doesNotMatch(said, /accept-loss/);
  const down = { ...marked, database: { ...database, role: "unreachable" } } as const;
  assert.doesNotMatch(gateSentences(down, "en").join("\n"), /copy|accept-loss/);
  const owner: GateStatus = {
    ...CLOSED,
    phase: "open",
    fence: "open",
    database: {
      ...database,
      role: "primary",
      isWritable: true,
      peer: { ...peer, role: "replica", isWritable: false },
    },
  };
  assert.match(gateSentences(owner, "en")[1] ?? "", /^nobody could take over: .*does not follow/);
  assert.match(gateSentences(owner, "zh-CN")[1] ?? "", /^目前没有节点可以接管：/);
});

test("a former primary says why it waits, what was tried, and who may decide otherwise", () => {
  const text = { en: "the demote script failed: exit 1", "zh-CN": "demote 脚本失败：exit 1" };
  const gate: GateStatus = {
    ...CLOSED,
    eligible: "no",
    marked: true,
    why: [MARKED.unplanned],
    heldSeconds: 12.34,
    last: {
      kind: "rejoin",
      reason: "rejoin",
      outcome: "refused",
      at: "2026-11-30T17:00:00.000Z",
      tookMs: 20,
      text,
    },
  };
  const [first = "", why = "", decide = "", last = ""] = gateSentences(gate, "en");
  assert.match(first, /^gate of VI_1: closed, may not be promoted, not elected for 12 s more/);
  assert.match(why, /lost the address unplanned/);
  assert.match(decide, /--accept-loss/);
  assert.match(
    last,
    /rejoin \(it has to follow the new primary\) failed, 20 ms: the demote script/,
  );
  for (const sentence of gateSentences(gate, "zh-CN")) assert.match(sentence, /[\u4e00-\u9fff]/);
  assert.match(heldByGate(gate, "en") ?? "", /before it may be promoted/);
  const again: GateStatus = { ...gate, eligible: "yes", marked: false, why: [] };
  assert.doesNotMatch(gateSentences(again, "en").join("\n"), /rejoin/, "it follows since");
});

test("a database is shown with what it is, how far behind, and its position", () => {
  const database = {
    role: "replica",
    isWritable: false,
    follows: true,
    lagMicros: 1_500_000,
    isSynchronous: true,
    position: "0-1-42",
    eligible: true,
    why: [],
  } as const;
  const running = { kind: "promote", reason: "released", seconds: 0.5 } as const;
  const gate: GateStatus = { ...CLOSED, phase: "promoting", running, database };
  const [first, last] = gateSentences(gate, "en");
  assert.equal(
    first,
    "gate of VI_1: promotion under way, may be promoted, promote (the owner released the address) runs for 0.5 s",
  );
  assert.equal(last, "database: replica, read-only, 1.5 s behind, synchronous, 0-1-42");
});
