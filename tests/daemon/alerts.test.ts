/** Events in, calls to receivers on loopback out; while a network is cut, and after a reload. */
import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { AlertFeed } from "#daemon/alert-feed";
import type { NotifiedState } from "#daemon/notify-command";
import type { EventLog } from "#events/event-log";
import { NO_EVENTS } from "#events/event-log";
import type { NewEvent, Unnumbered } from "#events/record";
import type { RunPlan } from "#keepalived/plan/run-plan";
import { readConfiguration } from "#keepalived/read";
import { check, state } from "../alerts/events.ts";
import { AlertReceiver, answer } from "../support/alert-receiver.ts";
import { until } from "../support/daemon-bench.ts";

const receivers: AlertReceiver[] = [];
const feeds: Daemon[] = [];
afterEach(async () => {
  for (const one of feeds.splice(0)) await one.feed.finish(0);
  for (const one of receivers.splice(0)) one.close();
});

async function receiver(behaviour = answer(204), port = 0): Promise<AlertReceiver> {
  const made = await AlertReceiver.start(behaviour, port);
  receivers.push(made);
  return made;
}

const INSTANCE =
  "vrrp_instance VI_1 {\n interface eth0\n virtual_router_id 51\n virtual_ipaddress {\n  10.0.0.1\n }\n track_script {\n  nginx\n }\n smtp_alert\n}\n" +
  'vrrp_script nginx {\n script "/bin/true"\n}\n';

function plan(text: string): RunPlan {
  const reading = readConfiguration([{ name: "a.conf", text: `${text}${INSTANCE}` }]);
  return reading.plan;
}

const alert = (url: string, more = ""): string =>
  `alert {\n webhook ${url}\n settle 0\n${more}\n}\n`;

class Daemon {
  readonly recorded: NewEvent[] = [];
  readonly lines: string[] = [];
  readonly feed: AlertFeed;
  #listener: ((event: Unnumbered) => void) | undefined;

  constructor() {
    const events: EventLog = {
      ...NO_EVENTS,
      record: (one) => void this.recorded.push(one),
      onRecorded: (listener) => {
        this.#listener = listener;
        return () => {
          this.#listener = undefined;
        };
      },
    };
    const log = Object.assign(
      (level: string, text: string) => void this.lines.push(`${level} ${text}`),
      {
        dropped: () => 0,
      },
    );
    this.feed = new AlertFeed({ log, language: "en", events });
    feeds.push(this);
  }

  get isListening(): boolean {
    return this.#listener !== undefined;
  }

  happens(event: Unnumbered): void {
    this.#listener?.(event);
  }
}

const statuses = ({ received }: AlertReceiver): readonly string[] =>
  received.flatMap(({ body }) => {
    const { alerts } = JSON.parse(body) as {
      alerts: { cause: string; status: string; count: number }[];
    };
    return alerts.map(({ cause, status, count }) => `${cause} ${status} ×${count}`);
  });

test("what happens before the code is loaded is not lost; an end is reported too", async () => {
  const hook = await receiver();
  const daemon = new Daemon();
  daemon.feed.configure(plan(alert(hook.url("/"))));
  daemon.happens(check("down"));
  assert.deepEqual(daemon.feed.status(), {}, "nothing is loaded yet");
  await until("the alert", () => hook.received.length === 1);
  daemon.happens(check("up"));
  await until("its end", () => hook.received.length === 2);
  assert.deepEqual(statuses(hook), ["check/nginx firing ×1", "check/nginx resolved ×1"]);
  await until("the events", () => daemon.recorded.length === 2);
  assert.deepEqual(
    daemon.recorded.map(({ kind, data }) => ({ kind, data })),
    Array(2).fill({
      kind: "alert",
      data: { outcome: "sent", to: `webhook 127.0.0.1:${hook.port}`, count: 1 },
    }),
  );
  assert.deepEqual(daemon.feed.status(), { alerts: { sent: 2, failed: 0, waiting: 0 } });
  assert.deepEqual(daemon.lines, [], "what works says nothing");
});

test("nothing is loaded and nobody listens without `alert`", () => {
  const daemon = new Daemon();
  daemon.feed.configure(plan(""));
  assert.equal(daemon.isListening, false);
  assert.deepEqual(daemon.feed.status(), {});
});

test("during a cut the alert waits, and arrives once, as what is true then", async () => {
  const gone = await receiver();
  const { port } = gone;
  gone.close();
  const daemon = new Daemon();
  daemon.feed.configure(plan(alert(`http://127.0.0.1:${port}/`)));
  daemon.happens(state("MASTER", "FAULT", "fault"));
  await until("a failure", () => daemon.lines.length === 1);
  assert.match(
    daemon.lines[0] ?? "",
    /^warning alert to webhook 127\.0\.0\.1:\d+: cannot be reached \(ECONNREFUSED\)$/,
  );
  daemon.happens(state("FAULT", "BACKUP", "cleared", { severity: "info" }));
  const back = await receiver(answer(204), port);
  await until("the alert", () => back.received.length === 1);
  assert.deepEqual(statuses(back), ["fault/VI_1 resolved ×1"]);
  await until("the line", () => daemon.lines.length === 2);
  assert.match(daemon.lines[1] ?? "", /^info alert sent to webhook /);
});

test("a refusal for good is given up, logged, and recorded, and no cause of another alert", async () => {
  const hook = await receiver(answer(404));
  const daemon = new Daemon();
  daemon.feed.configure(plan(alert(hook.url("/secret-path"), " min_severity info")));
  daemon.happens(check("down"));
  await until("the end", () => daemon.recorded.length === 1);
  const [event] = daemon.recorded;
  assert.equal(event?.severity, "error");
  assert.match(
    event?.text.en ?? "",
    /^an alert to webhook .* could not be delivered, and is given up: HTTP status 404$/,
  );
  assert.match(event?.text["zh-CN"] ?? "", /1 条告警无法送达，已放弃：HTTP 状态码 404$/);
  assert.deepEqual(daemon.feed.status(), { alerts: { sent: 0, failed: 1, waiting: 0 } });
  assert.ok(!JSON.stringify([daemon.recorded, daemon.lines]).includes("secret-path"));
});

test("a reload keeps what lasts, for destinations that stay; others are as after a start", async () => {
  const first = await receiver();
  const second = await receiver();
  const daemon = new Daemon();
  daemon.feed.configure(plan(alert(first.url("/"))));
  daemon.happens(check("down"));
  await until("the alert", () => first.received.length === 1);
  daemon.feed.configure(plan(alert(first.url("/")) + alert(second.url("/"))));
  daemon.happens(check("up"));
  await until("the end", () => daemon.recorded.length === 2);
  assert.deepEqual(statuses(second), [], "it never heard of a beginning");
  daemon.feed.configure(plan(""));
  assert.equal(daemon.isListening, false);
  assert.deepEqual(daemon.feed.status(), { alerts: { sent: 2, failed: 0, waiting: 0 } });
});

test("another key in the same address is another destination", async () => {
  const hook = await receiver();
  const daemon = new Daemon();
  daemon.feed.configure(plan(alert(hook.url("/?key=1"))));
  daemon.happens(check("down"));
  await until("the alert", () => hook.received.length === 1);
  daemon.feed.configure(plan(alert(hook.url("/?key=2"))));
  daemon.happens(check("down"));
  await until("the alert again", () => hook.received.length === 2);
  assert.equal(hook.received[1]?.url, "/?key=2");
});

test("a thousand faults at once are a few calls", async () => {
  const hook = await receiver();
  const daemon = new Daemon();
  const text = Array.from(
    { length: 150 },
    (_, nth) => INSTANCE.replaceAll("VI_1", `I${nth}`).split("vrrp_script")[0],
  );
  daemon.feed.configure(plan(alert(hook.url("/")) + text.join("")));
  for (let nth = 0; nth < 150; nth++)
    daemon.happens(state("MASTER", "FAULT", "fault", { instance: `I${nth}` }));
  await until("all", () => statuses(hook).length === 150);
  assert.ok(hook.received.length <= 2, `${hook.received.length} calls`);
});

const MAIL =
  "global_defs {\n smtp_server 127.0.0.1 1\n notification_email {\n  a@b\n }\n MORE\n}\n";
const notified = (what: NotifiedState["state"], name = "VI_1"): NotifiedState => ({
  kind: "INSTANCE",
  name,
  state: what,
  priority: 100,
});

test("mail: a state is mailed when it differs from the last one that was", async () => {
  const mailed = async (
    more: string,
    states: readonly NotifiedState["state"][],
  ): Promise<number> => {
    const daemon = new Daemon();
    daemon.feed.configure(plan(MAIL.replace("MORE", more)));
    for (const one of states) daemon.feed.notified(notified(one));
    daemon.feed.notified(notified("MASTER", "OTHER"));
    await until("the code", () => daemon.feed.status().alerts !== undefined);
    return daemon.feed.status().alerts?.waiting ?? 0;
  };
  assert.equal(await mailed("", ["BACKUP", "MASTER", "MASTER", "FAULT", "BACKUP"]), 4);
  assert.equal(await mailed("no_email_faults", ["MASTER", "FAULT", "BACKUP"]), 2);
  assert.equal(await mailed("no_email_faults", ["MASTER", "FAULT", "MASTER"]), 1);
});

test("mail: one that cannot be sent fails like any other, and is tried again", async () => {
  const daemon = new Daemon();
  daemon.feed.configure(plan(MAIL.replace("MORE", "")));
  daemon.feed.notified(notified("MASTER"));
  await until("two attempts", () => daemon.lines.length >= 2);
  assert.match(
    daemon.lines[0] ?? "",
    /^warning alert to email 127\.0\.0\.1: cannot be reached \(ECONNREFUSED\)$/,
  );
  assert.equal(daemon.feed.status().alerts?.waiting, 1);
});

test("the end waits for a call that is being made, but not for what cannot be reached", async () => {
  const slow = await receiver((response) => void setTimeout(() => response.end(), 300));
  const daemon = new Daemon();
  daemon.feed.configure(plan(alert(slow.url("/"))));
  daemon.happens(check("down"));
  await until("the call", () => slow.received.length === 1);
  await daemon.feed.finish(5_000);
  assert.equal(daemon.recorded.length, 1);
  const other = new Daemon();
  other.feed.configure(plan(MAIL.replace("MORE", "")));
  other.feed.notified(notified("STOP"));
  await until("a failure", () => other.lines.length === 1);
  const before = performance.now();
  await other.feed.finish(5_000);
  assert.ok(performance.now() - before < 4_000);
});
