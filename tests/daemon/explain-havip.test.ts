/** What people read when two nodes own an address, in both languages. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { statusMessages } from "#cli/status-messages";
import { signIn } from "#cloud/agreement/contrary-sign";
import type { HavipStatus } from "#daemon/control-protocol";
import { explainHavips, isDisputed } from "#daemon/explain-havip";
import { havipMessages } from "#daemon/havip-messages";
import { readIpv4 } from "#units/address";

const counters = {
  asked: 9,
  agreed: 5,
  refused: 4,
  unanswered: 0,
  announced: 3,
  disagreementSeconds: 20,
};
const common = { address: "172.16.0.135", counters, forSeconds: 20 };
const DISPUTED: HavipStatus = {
  ...common,
  platform: "disputed",
  rival: "ins-b",
  moves: 4,
  rivalSecondsAgo: 3,
  holder: undefined,
  detail: "it is ours",
  announcements: 3,
};

test("explain names the second owner, and says nothing of two owners being impossible", () => {
  const [en] = explainHavips([DISPUTED], "en");
  assert.match(en ?? "", /TWO OWNERS for 20 s: ins-b announces it too; it moved away 4 times/);
  const [zh] = explainHavips([DISPUTED], "zh-CN");
  assert.match(zh ?? "", /双主已持续 20 秒：ins-b 也在宣告该地址，已被取走 4 次/);
  assert.ok(isDisputed([DISPUTED]));
});

test("an agreement is shown with the age of its answer; a doubt with its reason", () => {
  const agrees: HavipStatus = { ...common, platform: "agrees", answerSecondsAgo: 2 };
  assert.match(explainHavips([agrees], "en").join(), /agreed 2 s ago/);
  assert.match(explainHavips([agrees], "zh-CN").join(), /2 秒前确认/);
  for (const language of ["en", "zh-CN"] as const) {
    const detail = havipMessages(language).sign("rival-master");
    const doubtful: HavipStatus = { ...common, platform: "doubtful", detail };
    assert.match(explainHavips([doubtful], language).join(), /MASTER/);
    assert.ok(!isDisputed([doubtful]));
  }
});

test("the log and the table say it too", () => {
  for (const [language, log, table] of [
    ["en", /MASTER and ins-b announces 172\.16\.0\.135 too: two nodes own it/, /DISPUTED/],
    ["zh-CN", /ins-b 也在宣告 172\.16\.0\.135：两个节点同时持有/, /争用中/],
  ] as const) {
    const about = { instance: "VI_1", address: "172.16.0.135" };
    assert.match(havipMessages(language).disputed({ ...about, rival: "ins-b" }), log);
    assert.match(havipMessages(language).disputed({ ...about, rival: undefined }), /172/);
    const ages = { age: "20 s", rivalAge: "3 s" };
    const line = statusMessages(language).cloudDisputed({
      rival: undefined,
      moves: 4,
      detail: undefined,
      ...ages,
    });
    assert.match(line, table);
  }
});

test("a rival's advertisement and a foreign claim are signs to the contrary, other reports are none", () => {
  const address = readIpv4("10.0.0.9");
  const from = readIpv4("10.0.0.2");
  assert.ok(address !== undefined && from !== undefined);
  assert.deepEqual(signIn({ kind: "address-claimed", address, mac: undefined }), {
    sign: "foreign-announcement",
    address: "10.0.0.9",
  });
  assert.equal(
    signIn({ kind: "weaker-master", from, theirs: 1 as never, ours: 2 as never })?.sign,
    "rival-master",
  );
  assert.equal(signIn({ kind: "stalled-as-backup", micros: 1 }), undefined);
});
