/** `baton events`: reads the file without a daemon, and nodes over HTTP. */
import assert from "node:assert/strict";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { command } from "#cli/events";
import { readTime } from "#cli/events-time";
import type { EventRow } from "#daemon/event-row";
import { EventStore } from "#daemon/event-store";
import { DEFAULT_BOUNDS } from "#events/bounds";
import { printMoment } from "#events/moment";
import type { EventRecord } from "#events/record";
import { makeFolder } from "../support/daemon-bench.ts";

const DAY = 86_400_000_000;
const NOON = 20_787 * DAY + DAY / 2;
const SECOND = 1_000_000;

const row = (more: Partial<EventRow>): EventRow => ({
  at: NOON,
  node: "db1",
  kind: "state",
  severity: 0,
  instance: "VI_1",
  group: null,
  en: "BACKUP → MASTER: `chk` says so",
  zh: "BACKUP → MASTER：`chk` 的结果",
  data: '{"from":"BACKUP","to":"MASTER"}',
  ...more,
});

function makeState(context: TestContext, rows: readonly EventRow[]): string {
  const folder = makeFolder(context).path;
  const options = { bounds: DEFAULT_BOUNDS, group: undefined, clock: () => NOON };
  const { store } = EventStore.open(join(folder, "events.db"), options);
  store.append(rows);
  store.close();
  return folder;
}

interface Ran {
  readonly status: number;
  readonly out: string;
  readonly err: string;
}

async function run(args: readonly string[], isTty = false): Promise<Ran> {
  let [out, err] = ["", ""];
  const status = await command(args, {
    stdout: (text) => (out += text),
    stderr: (text) => (err += text),
    env: { TZ: "UTC" },
    isTty,
  });
  return { status, out, err };
}

const ROWS: readonly EventRow[] = [
  row({}),
  row({
    at: NOON + 61 * SECOND,
    kind: "check",
    severity: 1,
    instance: null,
    en: "check chk fails",
  }),
  row({
    at: NOON + DAY,
    severity: 2,
    instance: "VI_长名",
    en: "MASTER → FAULT: line\nbreak \u001b[31m",
  }),
];

test("a line each under its day, in both languages, without colours and marks", async (context) => {
  const dir = makeState(context, ROWS);
  const { status, out, err } = await run(["--state-dir", dir]);
  assert.equal(status, 0);
  assert.equal(err, "");
  const day = new Date(NOON / 1_000);
  const two = (value: number): string => String(value).padStart(2, "0");
  const clock = (minutes: number): string =>
    `${two(day.getHours())}:${two((day.getMinutes() + minutes) % 60)}`;
  const lines = out.split("\n");
  assert.match(lines[0] ?? "", /^2026-11-30 Monday \(UTC[+-]\d\d:\d\d\)$/);
  assert.equal(
    lines[1],
    `${clock(0)}:00.000     state         VI_1     BACKUP → MASTER: chk says so`,
  );
  assert.equal(lines[2], `${clock(1)}:01.000  !  check         -        check chk fails`);
  assert.equal(lines[3], "");
  assert.match(lines[4] ?? "", /^2026-12-01 Tuesday/);
  assert.equal(
    lines[5],
    `${clock(0)}:00.000  ✗  state         VI_长名  MASTER → FAULT: line break ·[31m`,
  );
  const chinese = await run(["--state-dir", dir, "--lang", "zh-CN"]);
  assert.match(
    chinese.out,
    /^2026-11-30 星期一（UTC[+-]\d\d:\d\d）\n.*BACKUP → MASTER：chk 的结果/,
  );
  const colored = await run(["--state-dir", dir], true);
  assert.ok(colored.out.includes("\u001b[1;31mMASTER → FAULT"));
});

test("selections, and what is left out is said", async (context) => {
  const dir = makeState(context, ROWS);
  const count = async (...args: readonly string[]): Promise<number> =>
    (await run(["--state-dir", dir, "--json", ...args])).out.split("\n").length - 1;
  assert.equal(await count(), 3);
  assert.equal(await count("--kind", "check"), 1);
  assert.equal(await count("--kind", "check", "--kind", "state"), 3);
  assert.equal(await count("--instance", "VI_1"), 1);
  assert.equal(await count("--severity", "warning"), 2);
  assert.equal(await count("--since", "2026-11-30T12:01Z", "--until", "2026-12-01T12:00Z"), 1);
  const one = await run(["--state-dir", dir, "--limit", "1"]);
  assert.match(one.out, /MASTER → FAULT/);
  assert.equal(
    one.err,
    "baton events: 1 newest are shown; for earlier ones --since 1d, or --limit 10\n",
  );
  const none = await run(["--state-dir", dir, "--instance", "VI_9"]);
  assert.deepEqual(none, { status: 0, out: "", err: "baton events: no such events\n" });
});

test("a line of JSON is the event as it is everywhere", async (context) => {
  const dir = makeState(context, ROWS.slice(0, 1));
  const { out } = await run(["--state-dir", dir, "--json"]);
  assert.deepEqual(JSON.parse(out), {
    id: 1,
    at: "2026-11-30T12:00:00.000000Z",
    node: "db1",
    kind: "state",
    severity: "info",
    instance: "VI_1",
    text: { en: "BACKUP → MASTER: `chk` says so", "zh-CN": "BACKUP → MASTER：`chk` 的结果" },
    data: { from: "BACKUP", to: "MASTER" },
  });
});

test("no file, and values that are none", async (context) => {
  const dir = makeFolder(context).path;
  const missing = await run(["--runtime-dir", dir]);
  assert.equal(missing.status, 1);
  assert.match(missing.err, new RegExp(`${dir}/state/events.db does not exist`));
  for (const args of [
    ["--since", "soon"],
    ["--limit", "0"],
    ["--limit", "10001"],
    ["--kind", "none"],
    ["--severity", "fatal"],
    ["--from", "ftp://db2"],
    ["--follow", "--until", "1h"],
  ])
    assert.equal((await run(args)).status, 2, args.join(" "));
});

test("times: ago, of today or yesterday, local, with a zone", () => {
  const now = new Date(2026, 10, 30, 12, 0, 0);
  const at = (given: string): number | undefined => readTime(given, now);
  assert.equal(at("90s"), now.getTime() - 90_000);
  assert.equal(at("2d"), now.getTime() - 172_800_000);
  assert.equal(at("11:30"), new Date(2026, 10, 30, 11, 30).getTime());
  assert.equal(at("12:00:01"), new Date(2026, 10, 29, 12, 0, 1).getTime());
  assert.equal(at("2026-11-30"), new Date(2026, 10, 30).getTime());
  assert.equal(at("2026-11-30 08:15"), new Date(2026, 10, 30, 8, 15).getTime());
  assert.equal(at("2026-11-30T08:15:30.5Z"), Date.UTC(2026, 10, 30, 8, 15, 30, 500));
  assert.equal(at("2026-11-30T08:15+08:00"), Date.UTC(2026, 10, 30, 0, 15));
  for (const none of ["", "1", "h", "24:00", "2026-13-01", "2026-11-30T25:00", "-1h", "1h "])
    assert.equal(at(none), undefined, none);
});

/** A node's HTTP interface. */
async function serve(
  context: TestContext,
  answer: (url: URL, response: ServerResponse<IncomingMessage>) => void,
): Promise<string> {
  const server = createServer((request, response) =>
    answer(new URL(request.url ?? "", "http://x"), response),
  );
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  context.after(() => server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Nobody listens there any more. */
async function closedPort(): Promise<string> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return `http://127.0.0.1:${port}`;
}

const remote = (id: number, at: number): EventRecord => ({
  id,
  at: printMoment(at),
  node: "db2",
  kind: "daemon",
  severity: "info",
  text: { en: `event ${id}`, "zh-CN": "" },
  data: { what: "started" },
});

test("two nodes by time, with names, and a difference of clocks is said", async (context) => {
  const dir = makeState(context, ROWS.slice(0, 2));
  const asked: string[] = [];
  const url = await serve(context, (address, response) => {
    asked.push(address.search);
    const now = printMoment(Date.now() * 1_000 + 10 * SECOND);
    response.end(JSON.stringify({ node: "db2", now, events: [remote(5, NOON + 20 * SECOND)] }));
  });
  const { status, out, err } = await run(["--state-dir", dir, "--from", "local", "--from", url]);
  assert.equal(status, 0);
  assert.deepEqual(
    out
      .split("\n")
      .slice(1, 4)
      .map((line) => line.replaceAll(/ +/g, " ").replace(/^\S+ (?:! )?/, "")),
    [
      "db1 state VI_1 BACKUP → MASTER: chk says so",
      "db2 daemon - event 5",
      "db1 check - check chk fails",
    ],
  );
  // How exactly it can be known depends on how long the answer took.
  const said = /the clock of db2 is (\d+\.\d{3}) s \(± (\d+\.\d{3}) s\) ahead of this/.exec(err);
  assert.ok(Math.abs(Number(said?.[1]) - 10) <= Number(said?.[2]) + 0.002, err);
  assert.deepEqual(asked, ["?limit=100&newest=true"]);
});

test("a node that does not answer is named, and the others are shown", async (context) => {
  const dir = makeState(context, ROWS.slice(0, 1));
  const url = await serve(context, (_, response) => {
    response.statusCode = 401;
    response.end(JSON.stringify({ title: "no", detail: "a token is needed" }));
  });
  const closed = await closedPort();
  const args = ["--state-dir", dir, "--from", "local", "--from", url, "--from", closed];
  const { status, out, err } = await run(args);
  assert.equal(status, 3);
  assert.match(out, /chk says so/);
  assert.match(err, new RegExp(`${url}: 401, a token is needed; its events are missing here`));
  assert.match(err, new RegExp(`${closed}: nothing listens there; its events are missing here`));
  const other = await serve(context, (_, response) => void response.end("<html>"));
  const alone = await run(["--from", other]);
  assert.equal(alone.status, 1);
  assert.match(alone.err, /this is no answer of Baton's; its events are missing here/);
});

test("pages of a node are asked for until there are enough", async (context) => {
  const all = Array.from({ length: 2_500 }, (_, nth) => remote(nth + 1, NOON + nth));
  const url = await serve(context, (address, response) => {
    const before = Number(address.searchParams.get("before") ?? 1e9);
    const limit = Number(address.searchParams.get("limit"));
    const older = all.filter(({ id }) => id < before);
    const events = older.slice(-limit);
    const next = events.length < older.length ? events[0]?.id : undefined;
    response.end(JSON.stringify({ node: "db2", events, next }));
  });
  const { out } = await run(["--from", url, "--json", "--limit", "2200"]);
  const ids = out
    .trimEnd()
    .split("\n")
    .map((line) => (JSON.parse(line) as EventRecord).id);
  assert.equal(ids.length, 2_200);
  assert.deepEqual(ids.slice(0, 2), [301, 302]);
  assert.equal(ids.at(-1), 2_500);
});

test("pages that do not go on are not asked for without end", async (context) => {
  const dir = makeState(context, ROWS.slice(0, 1));
  for (const events of [[], [remote(5, NOON)]]) {
    let asked = 0;
    const url = await serve(context, (_, response) => {
      asked += 1;
      response.end(JSON.stringify({ node: "db2", events, next: 5 }));
    });
    const { err } = await run(["--state-dir", dir, "--from", "local", "--from", url]);
    assert.match(err, /its pages of events do not go on/);
    assert.ok(asked <= 2, `${asked} requests`);
  }
});
