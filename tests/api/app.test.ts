/** The app of the HTTP API as a function from requests to answers: routes, and who may ask. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { PAGE_MAX } from "#api/event-query";
import { bearer, event, FakeNode, OPS, PROM, STATUS } from "../support/api-node.ts";

interface Problem {
  readonly type: string;
  readonly status: number;
  readonly detail: string;
  readonly help?: string;
}

const problemIn = async (response: Response): Promise<Problem> => {
  assert.match(response.headers.get("content-type") ?? "", /^application\/problem\+json/);
  const problem = (await response.json()) as Problem;
  assert.equal(problem.status, response.status);
  return problem;
};
const kindIn = async (response: Response): Promise<string> =>
  (await problemIn(response)).type.replace("urn:baton:problem:", "");

const MOVED = { ok: true, switch: { outcome: "moved" } } as never;
const json = { "content-type": "application/json" };
const post = (body: unknown, headers: Record<string, string> = bearer(OPS)): RequestInit => ({
  method: "POST",
  body: typeof body === "string" ? body : JSON.stringify(body),
  headers: { ...json, ...headers },
});

test("health, readiness, status, check", async () => {
  const node = new FakeNode();
  assert.deepEqual(await (await node.ask("/healthz")).json(), { ok: true });
  assert.equal((await node.ask("/readyz")).status, 200);
  node.ready = "no-engine";
  const problem = await problemIn(await node.ask("/readyz"));
  assert.equal(problem.status, 503);
  assert.match(problem.detail, /engine does not answer/);
  const status = await node.ask("/v1/status");
  assert.equal(status.headers.get("cache-control"), "no-store");
  assert.deepEqual(await status.json(), JSON.parse(JSON.stringify(STATUS)));
  const check = await node.ask("/v1/check", { headers: { "accept-language": "zh-CN" } });
  assert.deepEqual(await check.json(), { ok: true, language: "zh-CN" });
});

test("what is not there, and other methods, are problems that say what there is", async () => {
  const node = new FakeNode({ act: MOVED });
  assert.equal(await kindIn(await node.ask("/v1/nothing")), "not-found");
  assert.equal(await kindIn(await node.ask("/metrics")), "not-found");
  const other = await node.ask("/v1/status", post({}));
  assert.equal(other.headers.get("allow"), "GET, HEAD");
  assert.equal(await kindIn(other), "method");
  assert.equal((await node.ask("/v1/switch")).headers.get("allow"), "POST");
  assert.equal((await node.ask("/v1/switch", { method: "DELETE" })).status, 401);
  const metrics = await new FakeNode({ metrics: "baton_up 1\n" }).ask("/metrics");
  assert.equal(metrics.headers.get("content-type"), "text/plain; version=0.0.4; charset=utf-8");
  assert.equal(await metrics.text(), "baton_up 1\n");
});

test("refusals come in the language that is asked for", async () => {
  const node = new FakeNode();
  for (const [asked, wanted] of [
    ["zh-CN,zh;q=0.9,en;q=0.8", /没有/],
    ["zh-Hans-CN", /没有/],
    ["fr, en-GB;q=0.5, zh;q=0.4", /nothing/],
    ["zh;q=0, en;q=0.1", /nothing/],
    ["fr", /nothing/],
  ] as const) {
    const answer = await node.ask("/nothing", { headers: { "accept-language": asked } });
    assert.match((await problemIn(answer)).detail, wanted, asked);
  }
});

test("web pages of others may not ask: by another name, from another origin", async () => {
  const node = new FakeNode({ act: MOVED });
  const through = { through: "loopback", isTls: false } as const;
  for (const [url, kind] of [
    ["http://evil.example/v1/status", "foreign-host"],
    ["http://evil.example:9650/v1/status", "foreign-host"],
    ["http://127.0.0.1.evil.example/v1/status", "foreign-host"],
  ] as const)
    assert.equal(await kindIn(await node.askAt(url, {}, through)), kind, url);
  for (const name of ["127.0.0.1:9650", "localhost:9650", "[::1]:9650", "node-a", "NODE-A.example"])
    assert.equal((await node.askAt(`http://${name}/v1/status`)).status, 200, name);
  const from = (headers: Record<string, string>) =>
    node.ask("/v1/switch", post({}, { ...bearer(OPS), ...headers }));
  for (const headers of [
    { origin: "http://evil.example" },
    { origin: "null" },
    { origin: "https://127.0.0.1:9650" },
    { "sec-fetch-site": "cross-site" },
    { "sec-fetch-site": "same-site" },
  ])
    assert.equal(await kindIn(await from(headers)), "cross-site", JSON.stringify(headers));
  assert.equal((await from({ origin: "http://127.0.0.1:9650" })).status, 200);
  assert.equal((await from({ "sec-fetch-site": "same-origin" })).status, 200);
  assert.equal(node.acts.length, 2);
});

test("who may ask what: socket, loopback, network; nobody, reader, operator", async () => {
  const node = new FakeNode({ act: MOVED });
  const get = async (path: string, through: "socket" | "loopback" | "network", token?: string) =>
    (await node.ask(path, token === undefined ? {} : { headers: bearer(token) }, { through }))
      .status;
  const act = async (through: "socket" | "loopback" | "network", token?: string) =>
    (await node.ask("/v1/switch", post({}, token === undefined ? {} : bearer(token)), { through }))
      .status;
  assert.equal(await get("/v1/status", "socket"), 200);
  assert.equal(await get("/v1/status", "loopback"), 200);
  assert.equal(await get("/v1/status", "network"), 401);
  assert.equal(await get("/healthz", "network"), 200);
  assert.equal(await get("/readyz", "network"), 200);
  assert.equal(await get("/nothing", "network"), 401);
  assert.equal(await get("/v1/status", "network", PROM), 200);
  assert.equal(await get("/v1/status", "network", OPS), 200);
  assert.equal(await get("/v1/status", "loopback", "wrong"), 401);
  assert.equal(await act("loopback"), 401);
  assert.equal(await act("loopback", PROM), 403);
  assert.equal(await act("socket", OPS), 403);
  assert.equal(await act("network", PROM), 403);
  assert.equal(node.acts.length, 0);
  assert.equal(await act("loopback", OPS), 200);
  assert.equal(await act("network", OPS), 200);
  const certified = { through: "network", isTls: true, certified: "alice" } as const;
  assert.equal((await node.ask("/v1/switch", post({}, {}), certified)).status, 200);
  assert.deepEqual(
    node.acts.map(({ caller }) => caller.via === "api" && caller.name),
    ["ops", "ops", "alice"],
  );
  const answer = await node.ask("/v1/status", {}, { through: "network" });
  assert.equal(answer.headers.get("www-authenticate"), "Bearer");
});

test("without callers nothing may be changed, and the answer says how that is done", async () => {
  const node = new FakeNode({ act: MOVED, tokens: "" });
  const answer = await node.ask("/v1/switch", post({}, {}));
  const problem = await problemIn(answer);
  assert.equal(problem.type, "urn:baton:problem:no-callers");
  assert.match(problem.help ?? "", /token_file/);
});

test("a wrong token waits and is reported; too many at once do not wait", async () => {
  const node = new FakeNode({ act: MOVED });
  const answers = await Promise.all(
    Array.from({ length: 40 }, async (_, index) =>
      kindIn(await node.ask("/v1/status", { headers: bearer(`wrong-${index}`) })),
    ),
  );
  assert.equal(answers.filter((kind) => kind === "wrong-token").length, node.waits);
  assert.ok(answers.includes("too-many-attempts"));
  assert.deepEqual(node.refusedFrom, ["127.0.0.1:4711"]);
  assert.equal(
    (await node.ask("/v1/status", { headers: { authorization: "Basic eDp5" } })).status,
    401,
  );
});

test("a body is JSON of the right shape, and not too long", async () => {
  const node = new FakeNode({ act: MOVED });
  const kind = async (init: RequestInit) => kindIn(await node.ask("/v1/switch", init));
  assert.equal(
    await kind({ ...post({}), headers: { ...bearer(OPS), "content-type": "text/plain" } }),
    "not-json",
  );
  assert.equal(await kind(post("{")), "not-json");
  assert.equal(await kind(post("")), "not-json");
  assert.equal(await kind(post(`{"why":"${"x".repeat(70_000)}"}`)), "too-large");
  for (const [body, place] of [
    [{ name: "VI_1" }, "name"],
    [{ names: "VI_1" }, "names"],
    [{ names: [""] }, "names\\[0\\]"],
    [{ all: false }, "all"],
    [{ waitSeconds: -1 }, "waitSeconds"],
    [{ waitSeconds: 601 }, "waitSeconds"],
    [[], "the body"],
    [{ command: "reload" }, "command"],
  ] as const) {
    const problem = await problemIn(await node.ask("/v1/switch", post(body)));
    assert.equal(problem.type, "urn:baton:problem:body", JSON.stringify(body));
    assert.match(problem.detail, new RegExp(`^${place}`), JSON.stringify(body));
  }
  assert.equal(
    (await node.ask("/v1/maintenance", post({ on: { forSeconds: 3_600 } }))).status,
    200,
  );
  assert.deepEqual(node.acts[0]?.action, {
    command: "maintenance",
    body: { on: { forSeconds: 3_600 } },
    language: "en",
  });
});

test("a body without a length is read up to the limit too", async () => {
  const node = new FakeNode({ act: MOVED });
  let sent = 0;
  const body = new ReadableStream<Uint8Array>({
    pull: (controller) => {
      sent += 1;
      controller.enqueue(new Uint8Array(10_000));
    },
  });
  const init = { method: "POST", body, duplex: "half", headers: { ...json, ...bearer(OPS) } };
  assert.equal(await kindIn(await node.ask("/v1/switch", init as RequestInit)), "too-large");
  assert.ok(sent < 20, `${sent} parts were taken`);
});

test("what the node refuses is a conflict that says what it said", async () => {
  const answer = { outcome: "refused", units: [{ name: "VI_1", outcome: "stays" }] };
  const refusing = new FakeNode({ act: { ok: true, switch: answer } as never });
  const response = await refusing.ask("/v1/switch", post({ names: ["VI_1"] }));
  assert.equal(response.status, 409);
  assert.deepEqual(((await response.json()) as { switch: unknown }).switch, answer);
  // A maintenance that was forced is on.
  const forced = { ok: true, maintenance: { by: "ops" }, switch: answer } as never;
  const held = await new FakeNode({ act: forced }).ask("/v1/maintenance", post({ on: {} }));
  assert.equal(held.status, 200);
  const failing = new FakeNode({
    act: { ok: false, error: "no such instance", help: "baton status", switch: answer } as never,
  });
  const problem = await problemIn(await failing.ask("/v1/switch", post({})));
  assert.deepEqual([problem.detail, problem.help], ["no such instance", "baton status"]);
  assert.deepEqual((problem as unknown as { switch: unknown }).switch, answer);
});

test("events: pages, and a query that is looked at", async () => {
  const node = new FakeNode();
  node.events.keep(...Array.from({ length: 450 }, (_, index) => event(index + 1)));
  const page = (await (await node.ask("/v1/events")).json()) as {
    node: string;
    events: { id: number }[];
    next?: number;
  };
  assert.equal(page.node, "node-a.example");
  assert.deepEqual([page.events.length, page.next], [200, 200]);
  const last = (await (await node.ask("/v1/events?after=400")).json()) as typeof page;
  assert.deepEqual([last.events.length, last.next], [50, undefined]);
  await node.ask(
    "/v1/events?since=2026-11-30T17:26:25Z&until=1764523590.5&instance=A&instance=B&kind=state&kind=stall&severity=warning&limit=99999&newest=true",
  );
  assert.deepEqual(node.events.asked.at(-1), {
    since: Date.parse("2026-11-30T17:26:25Z"),
    until: 1_764_523_590_500,
    instances: ["A", "B"],
    kinds: ["state", "stall"],
    severity: "warning",
    after: undefined,
    before: undefined,
    limit: PAGE_MAX,
    newest: true,
  });
  for (const query of [
    "since=yesterday",
    "since=2026-11-30T17:26:25",
    "until=-1",
    "after=1e3",
    "before=-1",
    "after=9999999999999999",
    "limit=0",
    "limit=x",
    "kind=nothing",
    "severity=fatal",
    "newest=1",
    "colour=red",
    `instance=${"x&instance=".repeat(101)}`,
  ]) {
    const problem = await problemIn(await node.ask(`/v1/events?${query}`));
    assert.equal(problem.type, "urn:baton:problem:query", query);
    assert.ok(problem.detail.length < 400, query);
  }
});

test("a failure of our own is a problem without its cause, which is reported", async () => {
  const node = new FakeNode();
  node.fails = true;
  const problem = await problemIn(await node.ask("/v1/status"));
  assert.equal(problem.status, 500);
  assert.doesNotMatch(JSON.stringify(problem), /no status/);
  assert.deepEqual(node.failures, ["GET /v1/status: Error: no status"]);
});

test("a file of events that cannot be read is no empty one", async () => {
  const node = new FakeNode();
  node.events.isUnread = true;
  const answer = await node.ask("/v1/events", { headers: { "accept-language": "zh-CN" } });
  assert.equal(answer.status, 503);
  assert.equal(answer.headers.get("retry-after"), "5");
  assert.match((await problemIn(answer)).detail, /无法读取事件文件/);
  const headers = { accept: "text/event-stream" };
  const stream = await node.ask("/v1/events?after=1", { headers });
  assert.equal(await stream.text(), "", "it ends, so that its client asks again");
});
