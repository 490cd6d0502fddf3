/** A snapshot that comes in parts, from a program that says what an engine would. */
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { EngineProcess, type Snapshot } from "#daemon/engine-process";

/**
 * Five instances, two in each part. Between the parts of its first snapshot it takes another
 * configuration over, if `mode` is `reloads`; always, if it is `restless`; it answers no second
 * part if it is `unresponsive`; and what it has shrinks, if it is `shrinks`.
 */
const PROGRAM = `
  const [mode] = process.argv.slice(1);
  const { Socket } = require("node:net");
  const pipe = new Socket({ fd: 3 });
  let configurations = 0;
  let total = 5;
  const send = (message) => pipe.write(JSON.stringify(message) + "\\n");
  let text = "";
  pipe.on("data", (data) => {
    const lines = (text + data).split("\\n");
    text = lines.pop();
    for (const { id, from = 0, type } of lines.map((line) => JSON.parse(line))) {
      if (type !== "snapshot") continue;
      if (from > 0 && mode === "unresponsive") continue;
      const isTime = mode === "restless" || (mode === "reloads" && configurations === 0);
      if (from > 0 && isTime) {
        configurations += 1;
        send({ type: "configuring" });
      }
      if (from > 0 && mode === "shrinks") total = 3;
      const names = ["a", "b", "c", "d", "e"].slice(0, total).map((one) => one + configurations);
      const part = names.slice(from, from + 2);
      const more = names.length - from - part.length;
      const instances = part.map((name) => ({ name }));
      send({ type: "snapshot", id, at: from, instances, ...(more > 0 ? { more } : {}) });
    }
  });
  pipe.on("end", () => process.exit(0));
`;

async function snapshotOf(context: TestContext, mode: string): Promise<Snapshot | undefined> {
  const engine = new EngineProcess(
    {
      message: () => undefined,
      exited: () => undefined,
      reaped: () => undefined,
      unreadable: (line) => assert.fail(line),
    },
    { program: ["-e", PROGRAM, mode] },
  );
  context.after(() => engine.kill());
  assert.ok(engine.start());
  return await engine.snapshot(mode === "unresponsive" ? 1_000 : 30_000);
}

const names = (snapshot: Snapshot | undefined): readonly string[] | undefined =>
  snapshot?.instances.map(({ name }) => name);

test("the parts of a snapshot are put together", async (context) => {
  assert.deepEqual(names(await snapshotOf(context, "")), ["a0", "b0", "c0", "d0", "e0"]);
});

test("after a reload between two parts it is asked again: none is of two configurations", async (context) => {
  assert.deepEqual(names(await snapshotOf(context, "reloads")), ["a1", "b1", "c1", "d1", "e1"]);
});

test("an instance that has gone between two parts: it is asked again", async (context) => {
  assert.deepEqual(names(await snapshotOf(context, "shrinks")), ["a0", "b0", "c0"]);
});

test("reload after reload: what there is has to do", async (context) => {
  assert.equal(names(await snapshotOf(context, "restless"))?.length, 4);
});

test("a part that does not come: nothing is known", async (context) => {
  assert.equal(await snapshotOf(context, "unresponsive"), undefined);
});
