/** One call to a receiver on loopback that works, refuses, hangs, redirects and lies. */
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { test } from "node:test";
import { type AlertCall, callOverHttp, type HttpDestination } from "#daemon/alert-http";
import { type CallOutcome, failureSentence } from "#daemon/alert-outcome";
import { Secret } from "#units/secret";
import { fromMillis, fromSeconds } from "#units/time";
import { event } from "../alerts/events.ts";
import { AlertReceiver, answer, type Behaviour } from "../support/alert-receiver.ts";

const AT = new Date("2026-11-30T17:02:12.345Z");
const KEY = "key=s3cret-key";

const CALL: AlertCall = {
  node: "db1",
  messages: [
    {
      cause: "check/nginx",
      status: "firing",
      isRepeat: false,
      severity: "warning",
      count: 1,
      since: "2026-11-30T17:02:11.000000Z",
      first: { en: "check nginx fails", "zh-CN": "检查 nginx 失败" },
      seconds: 0,
      event: event({
        kind: "check",
        data: { script: "nginx", result: "down" },
        text: { en: "check nginx fails", "zh-CN": "检查 nginx 失败" },
      }),
    },
  ],
  leftOut: 0,
  language: "en",
  timeout: fromSeconds(2),
  at: AT,
};

type Kind = HttpDestination["kind"];

async function called(
  kind: Kind,
  behaviour: Behaviour,
  more: { call?: Partial<AlertCall>; secret?: string } = {},
): Promise<{ readonly outcome: CallOutcome; readonly receiver: AlertReceiver }> {
  const receiver = await AlertReceiver.start(behaviour);
  try {
    const url = new Secret(receiver.url(`/send?${KEY}`));
    const secret = more.secret === undefined ? undefined : new Secret(more.secret);
    const outcome = await callOverHttp({ kind, url, secret }, { ...CALL, ...more.call });
    assert.ok(!JSON.stringify(outcome).includes("s3cret"), "an outcome shows no key");
    return { outcome, receiver };
  } finally {
    receiver.close();
  }
}

const said = (outcome: CallOutcome): string =>
  outcome.kind === "arrived"
    ? "arrived"
    : `${outcome.isForGood ? "for good" : "again"}: ${failureSentence(outcome.why, "en")}`;

test("a web hook gets the document, and a signature if there is a secret", async () => {
  const { outcome, receiver } = await called("webhook", answer(204), { secret: "hook-secret" });
  assert.deepEqual(outcome, { kind: "arrived" });
  const [one] = receiver.received;
  assert.equal(one?.url, `/send?${KEY}`);
  assert.equal(one?.headers["content-type"], "application/json; charset=utf-8");
  assert.match(one?.headers["user-agent"] ?? "", /^Baton\/\d/);
  const expected = createHmac("sha256", "hook-secret")
    .update(one?.body ?? "")
    .digest("hex");
  assert.equal(one?.headers["x-baton-signature"], `sha256=${expected}`);
  const document = JSON.parse(one?.body ?? "") as { version: number; alerts: unknown[] };
  assert.equal(document.version, 1);
  assert.equal(document.alerts.length, 1);
  const plain = await called("webhook", answer(200, "whatever"));
  assert.equal(plain.receiver.received[0]?.headers["x-baton-signature"], undefined);
});

test("WeCom: text in the form of its robots", async () => {
  const { outcome, receiver } = await called("wecom", answer(200, '{"errcode":0,"errmsg":"ok"}'));
  assert.deepEqual(outcome, { kind: "arrived" });
  assert.deepEqual(JSON.parse(receiver.received[0]?.body ?? ""), {
    msgtype: "text",
    text: { content: "Baton: db1: warning\n[warning] check nginx fails" },
  });
});

test("DingTalk: signed in the query with its secret", async () => {
  const secret = "SEC0123456789";
  const done = answer(200, '{"errcode":0,"errmsg":"ok"}');
  const { receiver } = await called("dingtalk", done, { secret, call: { language: "zh-CN" } });
  const [one] = receiver.received;
  const query = new URL(one?.url ?? "", "http://x").searchParams;
  assert.equal(query.get("key"), "s3cret-key");
  assert.equal(query.get("timestamp"), String(AT.getTime()));
  const signed = createHmac("sha256", secret).update(`${AT.getTime()}\n${secret}`).digest("base64");
  assert.equal(query.get("sign"), signed);
  assert.deepEqual(JSON.parse(one?.body ?? ""), {
    msgtype: "text",
    text: { content: "Baton: db1：警告\n[警告] 检查 nginx 失败" },
  });
  const plain = await called("dingtalk", done);
  assert.equal(plain.receiver.received[0]?.url, `/send?${KEY}`);
});

test("Feishu: signed in the body with its secret", async () => {
  const secret = "feishu-secret";
  const done = answer(200, '{"code":0,"msg":"success"}');
  const { receiver, outcome } = await called("feishu", done, { secret });
  assert.deepEqual(outcome, { kind: "arrived" });
  const timestamp = String(Math.floor(AT.getTime() / 1_000));
  const sign = createHmac("sha256", `${timestamp}\n${secret}`).update("").digest("base64");
  assert.deepEqual(JSON.parse(receiver.received[0]?.body ?? ""), {
    timestamp,
    sign,
    msg_type: "text",
    content: { text: "Baton: db1: warning\n[warning] check nginx fails" },
  });
  const old = await called("feishu", answer(200, '{"StatusCode":0,"StatusMessage":"success"}'));
  assert.deepEqual(old.outcome, { kind: "arrived" });
});

test("robots refuse with status 200: for good, or until later", async () => {
  const refusals: readonly (readonly [Kind, string, string])[] = [
    [
      "wecom",
      '{"errcode":93000,"errmsg":"invalid webhook url"}',
      "for good: refused: 93000 invalid webhook url",
    ],
    [
      "wecom",
      '{"errcode":45009,"errmsg":"api freq out of limit"}',
      "again: refused: 45009 api freq out of limit",
    ],
    [
      "dingtalk",
      '{"errcode":310000,"errmsg":"sign not match\\u0007"}',
      "for good: refused: 310000 sign not match·",
    ],
    ["dingtalk", '{"errcode":-1,"errmsg":"系统繁忙"}', "again: refused: -1 系统繁忙"],
    [
      "feishu",
      '{"code":19021,"msg":"sign match fail"}',
      "for good: refused: 19021 sign match fail",
    ],
    [
      "feishu",
      '{"code":11232,"msg":"frequency limited"}',
      "again: refused: 11232 frequency limited",
    ],
    ["wecom", "<html>please log in</html>", "again: the answer is not one of this service"],
    ["wecom", "{}", "again: the answer is not one of this service"],
    ["wecom", "[1]", "again: the answer is not one of this service"],
  ];
  for (const [kind, body, expected] of refusals) {
    const { outcome } = await called(kind, answer(200, body));
    assert.equal(said(outcome), expected);
  }
});

test("HTTP statuses: which are for good, and how long to wait", async () => {
  for (const [status, expected] of [
    [400, "for good: HTTP status 400"],
    [404, "for good: HTTP status 404"],
    [408, "again: HTTP status 408"],
    [429, "again: HTTP status 429"],
    [500, "again: HTTP status 500"],
    [503, "again: HTTP status 503"],
  ] as const)
    assert.equal(said((await called("webhook", answer(status))).outcome), expected);
  const { outcome } = await called("webhook", answer(429, "", { "Retry-After": "17" }));
  assert.ok(outcome.kind === "failed" && outcome.retryAfter === fromSeconds(17));
  for (const header of ["soon", "-1", "999999999", "Wed, 21 Oct 2099 07:28:00 GMT"]) {
    const bad = await called("webhook", answer(429, "", { "Retry-After": header }));
    assert.ok(bad.outcome.kind === "failed" && bad.outcome.retryAfter === undefined, header);
  }
});

test("a redirect is not followed: the key would go with it", async () => {
  const other = await AlertReceiver.start();
  try {
    const location = `${other.url("/stolen")}?${KEY}`;
    const { outcome } = await called("webhook", answer(307, "", { Location: location }));
    assert.equal(
      said(outcome),
      `for good: HTTP status 307: a redirect to 127.0.0.1:${other.port}, which is not followed`,
    );
    assert.equal(other.received.length, 0);
  } finally {
    other.close();
  }
});

test("who hangs, drips, cuts off, or answers without end is left", async () => {
  const short = { call: { timeout: fromMillis(300) } };
  const hangs = await called("webhook", () => undefined, short);
  assert.equal(said(hangs.outcome), "again: no answer within 0.3 s");
  const drips = await called(
    "webhook",
    (response) => {
      response.writeHead(200);
      const timer = setInterval(() => response.write("x"), 20);
      response.on("close", () => clearInterval(timer));
    },
    short,
  );
  assert.equal(said(drips.outcome), "again: no answer within 0.3 s");
  const cuts = await called("webhook", (response) => void response.destroy());
  assert.equal(said(cuts.outcome), "again: cannot be reached (ECONNRESET)");
  const endless = await called("webhook", (response) => {
    response.writeHead(200);
    const more = (): void => {
      while (response.write("x".repeat(65_536)));
      response.once("drain", more);
    };
    more();
  });
  assert.equal(said(endless.outcome), "again: cannot be reached (EMSGSIZE)");
});

test("nobody there", async () => {
  const receiver = await AlertReceiver.start();
  const url = new Secret(receiver.url("/"));
  receiver.close();
  const outcome = await callOverHttp({ kind: "webhook", url, secret: undefined }, CALL);
  assert.equal(said(outcome), "again: cannot be reached (ECONNREFUSED)");
});

test("every failure is said in both languages", () => {
  for (const [why, en, zh] of [
    [{ kind: "timeout", seconds: 10 }, /10 s/, /10 秒/],
    [{ kind: "redirect", status: 302, host: undefined }, /redirect/, /重定向/],
    [{ kind: "no-mail" }, /missing/, /缺少/],
    [{ kind: "unreadable" }, /not one/, /不是/],
  ] as const) {
    assert.match(failureSentence(why, "en"), en);
    assert.match(failureSentence(why, "zh-CN"), zh);
  }
});
