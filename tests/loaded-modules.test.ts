/**
 * What the two processes of the daemon load at their start, followed from import to import: each
 * file costs memory for as long as the daemon runs, and time before the first advertisement.
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { readImports } from "./support/imports.ts";

const root = join(import.meta.dirname, "..");
/** In the order in which `baton run` loads them; what is imported later than that is left out. */
const DAEMON = [
  "src/cli/main.ts",
  "src/daemon/signals.ts",
  "src/cli/dispatch.ts",
  "src/cli/run.ts",
];
/** A thread of the same process. */
const WRITER = ["src/daemon/event-writer-main.ts"];
/** A process of its own, only where a database is configured. */
const DATABASES = ["src/daemon/databases-main.ts"];
const ENGINE = ["src/daemon/engine-start-main.ts", "src/daemon/engine-main.ts"];

interface Loaded {
  readonly files: ReadonlySet<string>;
  /** Packages, and modules of Node.js. */
  readonly others: ReadonlySet<string>;
}

/** Static imports of values. */
const importsOf = (text: string): readonly string[] =>
  readImports(text)
    .filter(({ typeOnly, isDynamic }) => !typeOnly && !isDynamic)
    .map(({ specifier }) => specifier);

function loadedBy(mains: readonly string[]): Loaded {
  const files = new Set<string>();
  const others = new Set<string>();
  const waiting = [...mains];
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    if (files.has(path)) continue;
    files.add(path);
    for (const specifier of importsOf(readFileSync(join(root, path), "utf8"))) {
      if (specifier.startsWith("#")) waiting.push(`src/${specifier.slice(1)}.ts`);
      else if (specifier.startsWith(".")) waiting.push(join(dirname(path), specifier));
      else others.add(specifier);
    }
  }
  return { files, others };
}

const packagesOf = ({ others }: Loaded): readonly string[] =>
  [...others].filter((name) => !name.startsWith("node:")).toSorted();
const inRoom = ({ files }: Loaded, room: string): readonly string[] =>
  [...files].filter((path) => path.startsWith(`src/${room}/`)).toSorted();

test("the walk sees every form of import, and packages", () => {
  const text = [
    'import { a, type B } from "#core/x";',
    'import type { C } from "./c.ts";',
    "import {",
    "  type D,",
    '} from "../d.ts";',
    'import * as f from "node:fs";',
    'import "side-effect";',
    'export { g } from "./g.ts";',
    'const h = await import("#wire/h");',
  ].join("\n");
  assert.deepEqual(importsOf(text), ["#core/x", "node:fs", "side-effect", "./g.ts"]);
  assert.ok(packagesOf(loadedBy(["src/cloud/server/serve.ts"])).includes("valibot"));
});

test("the engine loads the protocol and Linux, and no package but koffi", () => {
  const engine = loadedBy(ENGINE);
  assert.ok(engine.files.has("src/vrrp/engine/engine.ts"), "the walk has not reached the engine");
  assert.ok(engine.files.has("src/linux/reactor.ts"), "the walk has not reached the reactor");
  assert.deepEqual(packagesOf(engine), ["koffi"]);
  const allowed = /^src\/(?:units|vrrp\/(?:wire|bfd|router|engine)|linux|daemon)\//;
  assert.deepEqual(
    [...engine.files].filter((path) => !allowed.test(path)),
    [],
  );
  assert.deepEqual(inRoom(engine, "daemon"), [
    "src/daemon/engine-main.ts",
    "src/daemon/engine-start-main.ts",
    "src/daemon/every-address.ts",
    "src/daemon/signals.ts",
  ]);
});

test("the supervisor loads nothing of the other commands, nor a client of the cloud", () => {
  const supervisor = loadedBy(DAEMON);
  assert.ok(supervisor.files.has("src/daemon/supervisor.ts"), "the walk has not reached it");
  assert.deepEqual(packagesOf(supervisor), ["koffi", "valibot"]);
  for (const room of ["cloud/api", "cloud/client", "cloud/server", "cloud/model", "lab", "sim"])
    assert.deepEqual(inRoom(supervisor, room), [], room);
  for (const path of [
    "src/cli/check.ts",
    "src/cli/status.ts",
    "src/daemon/cloud-source.ts",
    // Of gates: only with one in the file.
    "src/daemon/gates.ts",
    "src/daemon/gate-unit.ts",
    "src/daemon/gate-promote.ts",
  ])
    assert.ok(!supervisor.files.has(path), path);
  // `import` evaluates every getter: node:http loads undici for its `WebSocket`, 16 MB.
  for (const name of ["node:http", "node:https", "node:crypto"])
    assert.ok(!supervisor.others.has(name), name);
});

test("the thread that writes events loads SQLite and no package; the supervisor's own does not", () => {
  const writer = loadedBy(WRITER);
  assert.ok(writer.others.has("node:sqlite"), "the walk has not reached the file of events");
  assert.deepEqual(packagesOf(writer), []);
  assert.deepEqual(
    [...writer.files].filter((path) => !/^src\/(?:units|events|daemon)\//.test(path)),
    [],
  );
  assert.ok(writer.files.size < 20, [...writer.files].join(" "));
  assert.ok(!loadedBy(DAEMON).others.has("node:sqlite"));
});

test("client libraries of databases are in their own process, and there only if configured", () => {
  const databases = loadedBy(DATABASES);
  assert.ok(
    databases.files.has("src/databases/service.ts"),
    "the walk has not reached the service",
  );
  assert.deepEqual(packagesOf(databases), []);
  assert.deepEqual(
    [...databases.files].filter((path) => !/^src\/(?:units|databases|daemon)\//.test(path)),
    [],
  );
  assert.deepEqual(packagesOf(loadedBy(["src/databases/mysql/module.ts"])), ["mysql2"]);
  assert.deepEqual(packagesOf(loadedBy(["src/databases/redis/module.ts"])), ["ioredis"]);
  assert.deepEqual(packagesOf(loadedBy(["src/databases/postgresql/module.ts"])), [
    "pg",
    "pg-protocol/dist/buffer-reader.js",
  ]);
  for (const mains of [DAEMON, WRITER, ENGINE]) {
    const loaded = inRoom(loadedBy(mains), "databases");
    assert.deepEqual(
      loaded.filter((path) => path !== "src/databases/protocol.ts"),
      [],
    );
  }
});
