/** `alert` and the mail keywords: what is planned, what is found, and what is never printed. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { renderTerminal } from "#diagnostics/render/terminal";
import { toDiagnostic } from "#diagnostics/render/to-diagnostic";
import { mapSources } from "#diagnostics/source";
import { EVENT_KINDS } from "#events/record";
import { ALERT_KINDS } from "#keepalived/keywords/alert";
import { isMailAddress, readAddresses } from "#keepalived/plan/mail";
import type { RunPlan } from "#keepalived/plan/run-plan";
import { type Reading, readConfiguration } from "#keepalived/read";

const INSTANCE =
  "vrrp_instance VI_1 {\n interface eth0\n virtual_router_id 51\n MORE\n virtual_ipaddress {\n  10.0.0.9/24\n }\n}\n";

const read = (text: string, more = ""): Reading =>
  readConfiguration([{ name: "a.conf", text: `${text}\n${INSTANCE.replace("MORE", more)}` }]);
const planOf = (text: string, more = ""): RunPlan => read(text, more).plan;
const codes = (text: string, more = ""): readonly string[] =>
  read(text, more)
    .findings.map(({ code }) => code)
    .filter((code) => code !== "VR4005");

const printed = (reading: Reading): string =>
  reading.findings
    .map((one) =>
      (["en", "zh-CN"] as const)
        .map((language) =>
          renderTerminal(toDiagnostic(one, language), mapSources(reading.sources), {
            color: false,
            language,
          }),
        )
        .join("\n"),
    )
    .join("\n") + JSON.stringify([reading.plan, reading.diagnostics, reading.findings]);

test("the kinds of `on` are the kinds of events, and `fault`", () => {
  assert.deepEqual(
    ALERT_KINDS.filter((kind) => kind !== "fault"),
    EVENT_KINDS.filter((kind) => kind !== "alert"),
  );
});

test("a block with defaults, one with everything, and one that nobody gets", () => {
  const { alerts } = planOf("alert {\n wecom https://a.example/x?key=1\n}\nalert {\n on fault\n}");
  assert.equal(alerts?.length, 1);
  const [one] = alerts ?? [];
  const { to, ...rest } = one ?? { to: [] };
  assert.equal(to.length, 1);
  assert.deepEqual(rest, {
    on: undefined,
    minSeverity: "warning",
    repeat: 3_600_000_000,
    resolved: true,
    settle: 30_000_000,
    timeout: 10_000_000,
    deadline: 600_000_000,
    language: undefined,
  });
  assert.equal(planOf("").alerts, undefined);
});

test("kinds that are misspelled are left out, and suggested", () => {
  const text = "alert {\n webhook https://a.example\n on fualt conflict\n}";
  assert.deepEqual(planOf(text).alerts?.[0]?.on, ["conflict"]);
  const found = read(text).findings.find(({ code }) => code === "VR2004");
  assert.match(JSON.stringify(found?.facts), /"suggestion":"fault"/);
});

test("addresses that cannot be called", () => {
  const of = (url: string): readonly string[] => codes(`alert {\n webhook ${url}\n}`);
  for (const url of ["https://a.example", "http://10.0.0.1:8080/x?y=z", "https://[2001:db8::1]/"])
    assert.deepEqual(of(url), [], url);
  for (const url of ["a.example/x", "ftp://a.example/", "https:/a.example", "https://"])
    assert.deepEqual(of(url), ["VR2080"], url);
  assert.deepEqual(of("mailto:a@b.example"), ["VR2080"]);
  assert.deepEqual(of("https://user:pw@a.example/"), ["VR2080"]);
});

test("an address that was written wrongly is not in any output", () => {
  const KEY = "s3cr3tk3yvalue";
  for (const lines of [
    `wecom https://a.example/send?key=${KEY}`,
    `wecom https://u:${KEY}@a.example/send`,
    `wecom a.example/send?key=${KEY}`,
    `wecom https://a.example/send?key=${KEY} one two`,
    `dingtalk https://a.example/send ${KEY}`,
    `dingtalk https://a.example/send ${KEY} three`,
    `webhok https://a.example/hook/${KEY}`,
    `weccom https://a.example/send?key=${KEY}`,
    `wecom = https://a.example/send?key=${KEY}`,
    `wecom "https://a.example/send?key=${KEY}`,
    `# wecom https://a.example/send?key=${KEY}\n on x`,
    `notify https://a.example/send?access_token=${KEY}`,
    `on https://a.example/send?key=${KEY}`,
  ]) {
    const reading = read(`alert {\n ${lines}\n repeat x\n}`);
    assert.ok(!printed(reading).includes(KEY), `${lines}\n${printed(reading)}`);
  }
  const defined = read(`$HOOK=https://a.example/send?key=${KEY}\nalert {\n webhook $HOOK x y z\n}`);
  assert.ok(!printed(defined).includes(KEY), printed(defined));
});

test("smtp_alert: the own one, then smtp_alert_vrrp, then the global one", () => {
  const mail = "smtp_server 192.0.2.1\n notification_email {\n  a@b.example\n }";
  const mailed = (globals: string, own = ""): boolean =>
    planOf(`global_defs {\n ${mail}\n ${globals}\n}`, own).instances[0]?.isMailed === true;
  assert.equal(mailed(""), false);
  assert.equal(mailed("smtp_alert"), true);
  assert.equal(mailed("smtp_alert\n smtp_alert_vrrp off"), false);
  assert.equal(mailed("smtp_alert off\n smtp_alert_vrrp"), true);
  assert.equal(mailed("smtp_alert", "smtp_alert off"), false);
  assert.equal(mailed("", "smtp_alert"), true);
});

test("mail that is asked for and cannot be sent", () => {
  const to = "notification_email {\n  a@b.example\n }";
  assert.deepEqual(codes("global_defs {\n smtp_alert\n}"), ["VR2082"]);
  assert.deepEqual(codes(`global_defs {\n smtp_alert\n ${to}\n}`), ["VR2082"]);
  assert.deepEqual(codes("global_defs {\n smtp_server h\n}", "smtp_alert"), ["VR2082"]);
  assert.deepEqual(codes(`global_defs {\n smtp_server h\n ${to}\n}`, "smtp_alert"), []);
  assert.deepEqual(codes("alert {\n email\n}"), ["VR2082"]);
  assert.equal(planOf("global_defs {\n smtp_server h\n}").globals.mail, undefined);
});

test("addresses of mail as people write them", () => {
  assert.deepEqual(readAddresses(["a@b"]), [{ address: "a@b" }]);
  assert.deepEqual(readAddresses(["a@b", "c@d,"]), [{ address: "a@b" }, { address: "c@d" }]);
  const named = [{ name: "Second Person", address: "a@b" }];
  assert.deepEqual(readAddresses(["Second Person <a@b>"]), named);
  assert.deepEqual(readAddresses(["Second", "Person", "<a@b>"]), named);
  assert.deepEqual(readAddresses(["root"]), [{ address: "root" }]);
  for (const good of ["a@b", "a.b+c@d-e.example", "root", "a@[192.0.2.1]", "ü@b.example"])
    assert.ok(isMailAddress(good), good);
  for (const bad of [
    "",
    "a@@b",
    "a@b@c",
    "a b@c",
    "a@b>",
    "a@",
    "a\r\nDATA@b",
    `${"x".repeat(251)}@b.c`,
  ])
    assert.ok(!isMailAddress(bad), bad);
});
