/** Server-sent events: what clients get, and that those who do not read cost nothing. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Streams } from "#api/streams";
import { event, FakeNode, STATUS } from "../support/api-node.ts";

const STREAM = { accept: "text/event-stream" };

/** Reads a stream as a client does that takes its time. */
class Reader {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  #text = "";

  constructor(response: Response) {
    assert.equal(response.status, 200);
    assert.match(response.headers.get("content-type") ?? "", /^text\/event-stream/);
    assert.ok(response.body !== null);
    this.#reader = response.body.getReader();
  }

  /** The next message, without heartbeats; undefined at the end. */
  async next(): Promise<{ id?: number; event: string; data: unknown } | undefined> {
    for (;;) {
      const end = this.#text.indexOf("\n\n");
      if (end >= 0) {
        const lines = this.#text.slice(0, end).split("\n");
        this.#text = this.#text.slice(end + 2);
        const fields = new Map(
          lines.map((line) => {
            const at = line.indexOf(":");
            return [line.slice(0, at), line.slice(at + 1).trim()] as const;
          }),
        );
        if (!fields.has("data")) continue;
        const id = fields.get("id");
        return {
          ...(id === undefined ? {} : { id: Number(id) }),
          event: fields.get("event") ?? "",
          data: JSON.parse(fields.get("data") ?? ""),
        };
      }
      const { done, value } = await this.#reader.read();
      if (done) return undefined;
      this.#text += Buffer.from(value).toString();
    }
  }

  async ids(count: number): Promise<number[]> {
    const ids: number[] = [];
    while (ids.length < count) ids.push((await this.next())?.id ?? -1);
    return ids;
  }

  async pid(): Promise<number | undefined> {
    const message = await this.next();
    return (message?.data as { pid: number } | undefined)?.pid;
  }

  async cancel(): Promise<void> {
    await this.#reader.cancel();
  }
}

const numbers = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, index) => from + index);
const events = (from: number, to: number) => numbers(from, to).map((id) => event(id));

test("status: the present one, then the newest, four times a second", async (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  const node = new FakeNode();
  const reader = new Reader(await node.ask("/v1/status", { headers: STREAM }));
  assert.deepEqual((await reader.next())?.data, JSON.parse(JSON.stringify(STATUS)));
  for (const pid of numbers(1, 10)) node.change({ ...STATUS, pid });
  assert.equal(await reader.pid(), 1);
  context.mock.timers.tick(250);
  assert.equal(await reader.pid(), 10);
  assert.equal(node.followers, 1);
  await reader.cancel();
  assert.equal(node.followers, 0);
  assert.equal(node.streams.count, 0);
});

test("status: who reads slowly gets fewer, and the newest at the end", async (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  const node = new FakeNode({ streams: { room: 100 } });
  const reader = new Reader(await node.ask("/v1/status", { headers: STREAM }));
  for (const pid of numbers(1, 100)) {
    node.change({ ...STATUS, pid });
    context.mock.timers.tick(250);
  }
  const seen: (number | undefined)[] = [];
  while (seen.at(-1) !== 100) seen.push(await reader.pid());
  assert.ok(seen.length <= 3, `${seen.length} waited`);
  await reader.cancel();
});

test("events: from now on, or after a number, without a gap and without one twice", async () => {
  const node = new FakeNode();
  node.events.keep(...events(1, 5));
  const now = new Reader(await node.ask("/v1/events", { headers: STREAM }));
  const headers = { ...STREAM, "last-event-id": "2" };
  const later = new Reader(await node.ask("/v1/events?after=4", { headers }));
  node.events.keep(...events(6, 7));
  assert.deepEqual(await now.ids(2), [6, 7]);
  assert.deepEqual(await later.ids(5), [3, 4, 5, 6, 7]);
  node.events.keep(...events(8, 9));
  assert.deepEqual(await later.ids(2), [8, 9]);
  assert.deepEqual(await now.ids(2), [8, 9]);
  await now.cancel();
  await later.cancel();
  assert.equal(node.events.listeners, 0);
});

test("events: only those that are asked for", async () => {
  const node = new FakeNode();
  const reader = new Reader(await node.ask("/v1/events?kind=stall", { headers: STREAM }));
  node.events.keep(event(1), event(2, "stall"), event(3), event(4, "stall"));
  assert.deepEqual(await reader.ids(2), [2, 4]);
  await reader.cancel();
});

test("events: who reads slowly gets all of them from the file, and little waits", async () => {
  const node = new FakeNode({ streams: { room: 1_000 } });
  const reader = new Reader(await node.ask("/v1/events", { headers: STREAM }));
  for (const id of numbers(1, 2_000)) node.events.keep(event(id));
  // Nothing was taken yet: what waits is what fits.
  assert.ok(node.events.asked.length < 3, `${node.events.asked.length} pages were read ahead`);
  assert.deepEqual(await reader.ids(2_000), numbers(1, 2_000));
  node.events.keep(event(2_001));
  assert.deepEqual(await reader.ids(1), [2_001]);
  await reader.cancel();
});

test("events: where no file is kept, who missed some sees the end", async () => {
  const node = new FakeNode({ streams: { room: 100 } });
  node.events.hasFile = false;
  const reader = new Reader(await node.ask("/v1/events", { headers: STREAM }));
  for (const id of numbers(1, 50)) node.events.keep(event(id));
  const seen: number[] = [];
  for (let one = await reader.next(); one !== undefined; one = await reader.next())
    seen.push(one.id ?? -1);
  assert.deepEqual(seen, numbers(1, seen.length));
  assert.ok(seen.length < 50);
  assert.equal(node.streams.count, 0);
});

test("a heartbeat keeps a stream open; who takes nothing for two of them is dropped", async (context) => {
  context.mock.timers.enable({ apis: ["setInterval"] });
  const node = new FakeNode({ streams: { room: 100 } });
  let dropped = 0;
  const drop = (): void => {
    dropped += 1;
  };
  const answer = await node.ask("/v1/events", { headers: STREAM }, {}, { drop });
  context.mock.timers.tick(15_000);
  const reader = answer.body?.getReader();
  assert.equal(Buffer.from((await reader?.read())?.value ?? []).toString(), ":\n\n");
  for (const id of numbers(1, 5)) node.events.keep(event(id));
  context.mock.timers.tick(15_000);
  assert.equal(dropped, 0);
  context.mock.timers.tick(15_000);
  assert.equal(dropped, 1);
  assert.equal(node.streams.count, 0);
  assert.equal(node.events.listeners, 0);
});

test("there are so many streams, and no more; HEAD opens none", async () => {
  const node = new FakeNode({ streams: { most: 3 } });
  const open = async (path: string) => await node.ask(path, { headers: STREAM });
  const first = await open("/v1/status");
  await open("/v1/status");
  await open("/v1/events");
  for (const path of ["/v1/status", "/v1/events"]) {
    const refused = await open(path);
    assert.equal(refused.status, 503);
    assert.equal(refused.headers.get("retry-after"), "5");
  }
  await first.body?.cancel();
  assert.equal(node.streams.count, 2);
  const head = await node.ask("/v1/events", { method: "HEAD", headers: STREAM });
  assert.equal(head.status, 200);
  assert.equal(node.streams.count, 2);
  node.streams.endAll();
  assert.equal(node.followers, 0);
});

test("a stream that cannot be begun is closed", async () => {
  const node = new FakeNode();
  node.fails = true;
  assert.equal((await node.ask("/v1/status", { headers: STREAM })).status, 500);
  assert.equal(node.streams.count, 0);
  assert.equal(node.followers, 0);
});

test("ending twice, and sending to one that has ended, does nothing", () => {
  const streams = new Streams({ most: 1 });
  const stream = streams.open({ more: () => undefined, ended: () => undefined });
  assert.ok(stream !== undefined);
  streams.end(stream);
  streams.end(stream);
  stream.send(new Uint8Array(1));
  stream.drop();
  assert.equal(streams.count, 0);
});
