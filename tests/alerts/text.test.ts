/** What people read. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type AlertMessage, webhookDocument } from "#alerts/message";
import { alertText, byteCount } from "#alerts/text";
import { type MailedChange, vrrpMail } from "#alerts/vrrp-mail";
import { state } from "./events.ts";

const FAULT: AlertMessage = {
  cause: "fault/VI_1",
  status: "firing",
  isRepeat: false,
  severity: "error",
  count: 1,
  since: "2026-11-30T17:02:11.000000Z",
  first: { en: "MASTER → FAULT: the link is down", "zh-CN": "MASTER → FAULT：链路断开" },
  seconds: 0,
  event: {
    ...state("MASTER", "FAULT", "fault"),
    text: { en: "MASTER → FAULT: the link is down", "zh-CN": "MASTER → FAULT：链路断开" },
  },
};
const bounds = (language: "en" | "zh-CN", bytes = 2_000, leftOut = 0) => ({
  language,
  bytes,
  leftOut,
});
const lines = (message: Partial<AlertMessage>, language: "en" | "zh-CN"): string => {
  const { title, lines: all } = alertText("db1", [{ ...FAULT, ...message }], bounds(language));
  return [title, ...all].join("\n");
};

test("one alert says who, what, and how it is, in both languages", () => {
  assert.equal(
    lines({}, "en"),
    "Baton: db1 VI_1: error\n[error] VI_1: MASTER → FAULT: the link is down",
  );
  assert.equal(lines({}, "zh-CN"), "Baton: db1 VI_1：错误\n[错误] VI_1：MASTER → FAULT：链路断开");
  assert.equal(
    lines({ isRepeat: true, seconds: 3_600 }, "en").split("\n")[1],
    "[error] VI_1: MASTER → FAULT: the link is down (since 17:02:11 UTC, it still lasts)",
  );
  const over = { status: "resolved", isRepeat: true, count: 4, seconds: 252 } as const;
  assert.equal(
    lines(over, "en"),
    "Baton: db1 VI_1: resolved\n[resolved] VI_1: MASTER → FAULT: the link is down (4 times since 17:02:11 UTC, for 4 min)",
  );
  assert.equal(
    lines(over, "zh-CN"),
    "Baton: db1 VI_1：已恢复\n[已恢复] VI_1：MASTER → FAULT：链路断开（自 17:02:11 UTC 起共 4 次，持续 4 分钟）",
  );
  assert.match(lines({ ...over, seconds: 9 }, "en"), /for 9 s\)$/);
  assert.match(lines({ ...over, seconds: 90_000 }, "zh-CN"), /持续 25 小时）$/);
});

test("many alerts fit into what a robot takes; the rest is counted", () => {
  const many = Array.from({ length: 60 }, () => FAULT);
  for (const language of ["en", "zh-CN"] as const) {
    const { title, lines: all } = alertText("db1", many, bounds(language, 1_000, 7));
    assert.ok(byteCount(all.join("\n")) <= 1_000, language);
    assert.ok(all.length > 5);
    assert.match(title, language === "en" ? /^Baton: db1, 60 alerts$/ : /^Baton: db1，60 条告警$/);
    const left = 60 - (all.length - 1) + 7;
    assert.equal(
      all.at(-1),
      language === "en" ? `and ${left} more, see baton events` : `另有 ${left} 条，见 baton events`,
    );
  }
});

test("bytes are counted as UTF-8 has them", () => {
  for (const text of ["", "abc", "é", "链路", "😀", "a→b"])
    assert.equal(byteCount(text), Buffer.byteLength(text), text);
});

test("the document of a web hook has the event whole", () => {
  const made = webhookDocument("db1", "2026-11-30T17:02:12.000Z", [FAULT], 3);
  const [alert] = made.alerts;
  assert.deepEqual(
    { ...made, alerts: made.alerts.length },
    { version: 1, node: "db1", at: "2026-11-30T17:02:12.000Z", alerts: 1, leftOut: 3 },
  );
  assert.deepEqual(Object.keys(alert ?? {}).toSorted(), [
    "cause",
    "count",
    "event",
    "group",
    "instance",
    "kind",
    "repeat",
    "seconds",
    "severity",
    "since",
    "status",
    "text",
  ]);
  assert.equal(alert?.instance, "VI_1");
  assert.deepEqual(alert?.event, FAULT.event);
});

const CHANGE: MailedChange = {
  kind: "INSTANCE",
  name: "VI_1",
  state: "MASTER",
  at: "2026-11-30T17:02:11.000Z",
  node: "db1",
  previous: "BACKUP",
  priority: 100,
  why: "no master was heard for 3.61 s (3 × 1 s + 609.4 ms skew)",
  interface: "eth0",
  addresses: ["10.0.0.10/24", "10.0.0.11/24"],
};

test("a mail begins as keepalived's does, and says why", () => {
  assert.deepEqual(vrrpMail(CHANGE, "LVS_1", "en"), {
    subject: "[LVS_1] VRRP Instance VI_1 - Entering MASTER state",
    text: `=> VRRP Instance is now owning VRRP VIPs <=

Reason: no master was heard for 3.61 s (3 x 1 s + 609.4 ms skew)
Before: BACKUP
Priority: 100
Interface: eth0
Addresses: 10.0.0.10/24, 10.0.0.11/24
Node: db1
Time: 2026-11-30T17:02:11.000Z
`,
  });
  assert.match(
    vrrpMail(CHANGE, "LVS_1", "zh-CN").text,
    /\n原因：no master.*\n之前的状态：BACKUP\n/,
  );
});

test("each state has keepalived's subject and first line", () => {
  const of = (change: Partial<MailedChange>): string => {
    const { subject, text } = vrrpMail({ ...CHANGE, ...change }, "R", "en");
    return `${subject} | ${text.split("\n")[0]}`;
  };
  assert.deepEqual(
    (["MASTER", "BACKUP", "FAULT", "STOP", "DELETED"] as const).map((one) => of({ state: one })),
    [
      "[R] VRRP Instance VI_1 - Entering MASTER state | => VRRP Instance is now owning VRRP VIPs <=",
      "[R] VRRP Instance VI_1 - Entering BACKUP state | => VRRP Instance is no longer owning VRRP VIPs <=",
      "[R] VRRP Instance VI_1 - Entering FAULT state | => VRRP Instance is no longer owning VRRP VIPs <=",
      "[R] VRRP Instance VI_1 - Stopping | => VRRP Instance stopping <=",
      "[R] VRRP Instance VI_1 - Deleted | => VRRP Deleted at reload <=",
    ],
  );
  assert.equal(
    of({ kind: "GROUP", name: "G1", state: "FAULT" }),
    "[R] VRRP Group G1 - Entering FAULT state | => All VRRP group instances are now in FAULT state <=",
  );
});

test("no line of an English mail is so long that it would be encoded", () => {
  const why = "at its start a node is BACKUP: it takes over if it hears no master for 3.61 s";
  const { text } = vrrpMail(
    { ...CHANGE, why, addresses: Array(20).fill("10.0.0.10/24") },
    "R",
    "en",
  );
  for (const line of text.split("\n")) assert.ok(line.length <= 76, line);
});
