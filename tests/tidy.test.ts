/**
 * The rules of the house that neither the compiler nor the linter holds: who may import whom,
 * what pure rooms may touch, sizes, and names that have no place in the project.
 */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { type Import, readImports } from "./support/imports.ts";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");

interface Room {
  /** Rooms from which values may be imported. */
  readonly uses: readonly string[];
  /** Rooms of which only types may be imported. */
  readonly types: readonly string[];
  /** No `node:*`: runs in the simulator and in a browser. */
  readonly pure: boolean;
}

/**
 * The rooms along the data flow: each may import only what stands in its row. A room in a
 * folder of another is a room of its own (`vrrp/wire`); the longest name counts.
 * ARCHITECTURE.md draws the same picture.
 */
const ROOMS: Readonly<Record<string, Room>> = {
  units: { uses: [], types: [], pure: true },
  diagnostics: { uses: ["units"], types: ["vrrp/router"], pure: true },
  json: { uses: ["units", "diagnostics"], types: [], pure: false },
  "command-line": { uses: ["diagnostics", "units"], types: [], pure: false },
  "vrrp/wire": { uses: ["units"], types: [], pure: true },
  "vrrp/bfd": { uses: ["vrrp/wire", "units"], types: [], pure: true },
  "vrrp/router": { uses: ["units"], types: ["vrrp/wire"], pure: true },
  "vrrp/engine": {
    uses: ["vrrp/bfd", "vrrp/router", "vrrp/wire", "units", "diagnostics"],
    types: [],
    pure: true,
  },
  "vrrp/supervisor": {
    uses: ["vrrp/engine", "vrrp/router", "vrrp/wire", "units"],
    types: [],
    pure: true,
  },
  keepalived: { uses: ["units", "diagnostics"], types: ["vrrp/router", "vrrp/bfd"], pure: true },
  metrics: {
    uses: ["vrrp/engine", "units"],
    types: ["vrrp/router", "cloud/agreement"],
    pure: true,
  },
  migrate: { uses: [], types: [], pure: true },
  alerts: { uses: ["events", "units"], types: ["diagnostics"], pure: true },
  events: { uses: ["units"], types: ["diagnostics", "vrrp/router"], pure: true },
  linux: {
    uses: ["vrrp/bfd", "vrrp/engine", "vrrp/wire", "units"],
    types: ["vrrp/router"],
    pure: false,
  },
  "cloud/model": { uses: ["units"], types: ["vrrp/wire"], pure: true },
  "cloud/agreement": {
    uses: ["units"],
    types: ["vrrp/router", "vrrp/engine", "cloud/api"],
    pure: true,
  },
  "cloud/api": { uses: ["json", "units"], types: ["cloud/model"], pure: false },
  "cloud/client": { uses: ["cloud/api", "json", "units"], types: [], pure: false },
  "cloud/server": {
    uses: ["cloud/api", "cloud/client", "cloud/model", "json", "units"],
    types: ["diagnostics"],
    pure: false,
  },
  databases: { uses: ["units"], types: ["keepalived"], pure: false },
  daemon: {
    uses: [
      "databases",
      "alerts",
      "events",
      "vrrp/supervisor",
      "vrrp/engine",
      "vrrp/router",
      "vrrp/wire",
      "linux",
      "keepalived",
      "json",
      "diagnostics",
      "cloud/client",
      "cloud/agreement",
      "cloud/api",
      "metrics",
      "units",
    ],
    types: [],
    pure: false,
  },
  api: {
    uses: ["events", "json", "keepalived", "diagnostics", "units"],
    types: ["daemon"],
    pure: false,
  },
  probes: { uses: ["linux", "vrrp/wire", "units"], types: [], pure: false },
  drill: { uses: [], types: [], pure: true },
  "lab/network": {
    uses: ["linux", "vrrp/wire", "units"],
    types: ["diagnostics"],
    pure: false,
  },
  "lab/database": { uses: ["linux", "units"], types: [], pure: false },
  "lab/sandbox": { uses: ["linux", "units"], types: ["diagnostics"], pure: false },
  "lab/measure": {
    uses: [
      "lab/database",
      "probes",
      "lab/sandbox",
      "daemon",
      "linux",
      "diagnostics",
      "vrrp/wire",
      "cloud/client",
      "units",
    ],
    types: ["vrrp/router", "vrrp/engine"],
    pure: false,
  },
  "lab/vpc": {
    uses: [
      "lab/network",
      "lab/sandbox",
      "lab/measure",
      "probes",
      "linux",
      "diagnostics",
      "cloud/server",
      "cloud/client",
      "cloud/model",
      "cloud/api",
      "json",
      "units",
    ],
    types: [],
    pure: false,
  },
  "lab/demo": {
    uses: [
      "lab/database",
      "command-line",
      "lab/vpc",
      "lab/measure",
      "lab/network",
      "lab/sandbox",
      "linux",
      "diagnostics",
      "units",
    ],
    types: [],
    pure: false,
  },
  sim: {
    uses: [
      "vrrp/supervisor",
      "vrrp/engine",
      "vrrp/router",
      "vrrp/wire",
      "cloud/model",
      "cloud/agreement",
      "units",
    ],
    types: [],
    pure: true,
  },
  shadow: {
    uses: ["vrrp/engine", "vrrp/router", "vrrp/wire", "units"],
    types: [],
    pure: true,
  },
  console: {
    uses: ["units", "diagnostics", "keepalived", "events", "drill"],
    types: ["daemon", "vrrp/router", "vrrp/engine"],
    pure: false,
  },
  "console-server": {
    uses: ["api", "events", "json", "units", "cloud/client", "cloud/api", "lab/vpc"],
    types: ["console", "daemon", "diagnostics"],
    pure: false,
  },
  cli: {
    uses: [
      "command-line",
      "console-server",
      "api",
      "shadow",
      "lab/vpc",
      "lab/sandbox",
      "daemon",
      "alerts",
      "events",
      "linux",
      "keepalived",
      "migrate",
      "metrics",
      "drill",
      "probes",
      "json",
      "diagnostics",
      "vrrp/engine",
      "vrrp/router",
      "vrrp/wire",
      "cloud/server",
      "cloud/client",
      "cloud/api",
      "units",
    ],
    types: ["cloud/agreement"],
    pure: false,
  },
};

interface Source {
  readonly path: string;
  readonly text: string;
  readonly imports: readonly Import[];
}

function listFiles(folder: string, endings: readonly string[]): string[] {
  if (!existsSync(join(root, folder))) return [];
  return readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => endings.some((ending) => name.endsWith(ending)))
    .filter((name) => !name.split("/").includes("node_modules"))
    .map((name) => join(folder, name))
    .toSorted();
}

function readSources(folder: string): Source[] {
  return listFiles(folder, [".ts", ".tsx"]).map((path) => {
    const text = readFileSync(join(root, path), "utf8");
    return { path, text, imports: readImports(text) };
  });
}

const src = readSources("src");
const others = [...readSources("tests"), ...readSources("tools")];
/** `src/vrrp/wire/arp.ts` → `vrrp/wire`, `src/lab/network/switch.ts` → `lab`. */
function roomOf(path: string): string {
  const [, first = "", second = ""] = path.split("/");
  return `${first}/${second}` in ROOMS ? `${first}/${second}` : first;
}
const topOf = (path: string): string => path.split("/")[1] ?? "";
const none = (problems: readonly string[], rule: string): void =>
  assert.equal(problems.length, 0, `${rule}:\n  ${problems.join("\n  ")}`);

/** `#vrrp/wire/arp` → its file; a relative path → the file it names; undefined outside `src`. */
function target(from: string, specifier: string): string | undefined {
  if (specifier.startsWith("#")) return `src/${specifier.slice(1)}.ts`;
  if (!specifier.startsWith(".")) return undefined;
  const path = relative(root, resolve(root, dirname(from), specifier));
  return path.startsWith("src/") ? path : undefined;
}

test("the import reader sees every form of import", () => {
  const text = [
    'import { a, type B } from "#core/x";',
    'import type { C } from "./c.ts";',
    "import {",
    "  type D,",
    "  type E,",
    '} from "../d.ts";',
    'import * as f from "node:fs";',
    'import "side-effect";',
    'export { g } from "./g.ts";',
    'const h = await import("#wire/h");',
  ].join("\n");
  assert.deepEqual(
    readImports(text).map(({ specifier, typeOnly, line }) => [specifier, typeOnly, line]),
    [
      ["#core/x", false, 1],
      ["./c.ts", true, 2],
      ["../d.ts", true, 3],
      ["node:fs", false, 7],
      ["side-effect", false, 8],
      ["./g.ts", false, 9],
      ["#wire/h", false, 10],
    ],
  );
});

test("rooms import only what the matrix allows", () => {
  const problems: string[] = [];
  for (const { path, imports } of src) {
    const own = roomOf(path);
    const room = ROOMS[own];
    if (room === undefined) {
      problems.push(`${path}: ${own} is not a room of the matrix`);
      continue;
    }
    for (const { specifier, typeOnly, line } of imports) {
      const file = target(path, specifier);
      const to = file === undefined ? own : roomOf(file);
      if (to === own || room.uses.includes(to) || (typeOnly && room.types.includes(to))) continue;
      const what = typeOnly ? "types" : "values";
      problems.push(`${path}:${line}: ${own} may not import ${what} of ${to} (${specifier})`);
    }
  }
  none(problems, "import matrix");
});

/**
 * Numbers of the kernel's interface that are those of the wire too; a test compares them with
 * the headers.
 */
const KERNEL_NUMBERS = "src/linux/abi.ts";

test("offsets and types of packet headers are known to vrrp/wire alone", () => {
  const problems: string[] = [];
  for (const { path, text } of src) {
    if (roomOf(path) === "vrrp/wire" || path === KERNEL_NUMBERS) continue;
    for (const [index, line] of text.split("\n").entries()) {
      const isOffset = /\b(?:frame|packet|datagram)\[[^\]]*\d\]|\b(?:ethernet|ip) \+ \d/i.test(
        line,
      );
      const isType = /\b0x080[06]\b/.test(line);
      if (isOffset || isType) problems.push(`${path}:${index + 1}: ${line.trim()}`);
    }
  }
  none(problems, "write a function or a constant in vrrp/wire");
});

test("the matrix itself has no cycle of values", () => {
  const order: string[] = [];
  const visit = (name: string, trail: readonly string[]): void => {
    assert.ok(!trail.includes(name), `cycle: ${[...trail, name].join(" → ")}`);
    if (order.includes(name)) return;
    for (const next of ROOMS[name]?.uses ?? []) visit(next, [...trail, name]);
    order.push(name);
  };
  for (const name of Object.keys(ROOMS)) visit(name, []);
  assert.equal(order.length, Object.keys(ROOMS).length);
});

/** The first circle found, as a way from a node back to itself. */
function findCircle(
  graph: ReadonlyMap<string, ReadonlySet<string>>,
): readonly string[] | undefined {
  const done = new Set<string>();
  const visit = (node: string, trail: readonly string[]): readonly string[] | undefined => {
    if (trail.includes(node)) return [...trail.slice(trail.indexOf(node)), node];
    if (done.has(node)) return undefined;
    for (const next of graph.get(node) ?? []) {
      const circle = visit(next, [...trail, node]);
      if (circle !== undefined) return circle;
    }
    done.add(node);
    return undefined;
  };
  for (const node of graph.keys()) {
    const circle = visit(node, []);
    if (circle !== undefined) return circle;
  }
  return undefined;
}

test("neither files nor folders import each other in a circle, types included", () => {
  const files = new Map<string, Set<string>>();
  const folders = new Map<string, Set<string>>();
  for (const { path, imports } of src) {
    const from = dirname(path);
    for (const { specifier } of imports) {
      const file = target(path, specifier);
      if (file === undefined) continue;
      files.set(path, (files.get(path) ?? new Set()).add(file));
      const to = dirname(file);
      if (to !== from) folders.set(from, (folders.get(from) ?? new Set()).add(to));
    }
  }
  assert.equal(findCircle(files)?.join(" → "), undefined);
  assert.equal(findCircle(folders)?.join(" → "), undefined);
});

test("crossings are visible: `#room/file` between top folders, `./file.ts` inside one", () => {
  const problems: string[] = [];
  for (const { path, imports } of src) {
    for (const { specifier, line } of imports) {
      const file = target(path, specifier);
      if (file === undefined) continue;
      const isInside = topOf(file) === topOf(path);
      if (isInside && specifier.startsWith("#")) {
        problems.push(`${path}:${line}: ${specifier} is in the same folder, write a relative path`);
      }
      if (!isInside && !specifier.startsWith("#")) {
        problems.push(
          `${path}:${line}: ${specifier} leaves the folder, write #${topOf(file)}/file`,
        );
      }
      if (!existsSync(join(root, file)))
        problems.push(`${path}:${line}: ${specifier} does not exist`);
    }
  }
  none(problems, "imports between rooms");
});

test("pure rooms import nothing from Node.js", () => {
  const problems = src
    .filter(({ path }) => ROOMS[roomOf(path)]?.pure === true)
    .flatMap(({ path, imports }) =>
      imports
        .filter(({ specifier }) => !specifier.startsWith("#") && !specifier.startsWith("."))
        .map(({ specifier, line }) => `${path}:${line}: ${specifier}`),
    );
  none(problems, "pure rooms");
});

test("koffi is imported in one file", () => {
  const users = [...src, ...others]
    .filter(({ imports }) => imports.some(({ specifier }) => specifier === "koffi"))
    .map(({ path }) => path);
  none(
    users.filter((path) => path !== "src/linux/ffi.ts"),
    "koffi outside src/linux/ffi.ts",
  );
});

/**
 * Where a secret is put on a wire, into a pipe or a signature; everybody else carries it
 * unseen.
 */
const REVEALS: ReadonlySet<string> = new Set([
  "src/api/callers.ts",
  "src/cli/remote-node.ts",
  "src/cloud/server/admin.ts",
  "src/lab/vpc/lab-instance.ts",
  "src/keepalived/model/signing.ts",
  "src/keepalived/plan/password.ts",
  "src/keepalived/rules/alert.ts",
  "src/keepalived/rules/authentication.ts",
  "src/vrrp/engine/engine-link-lines.ts",
  "src/vrrp/engine/instance.ts",
  "src/vrrp/engine/signing.ts",
  "src/cli/console.ts",
  "src/console-server/gate.ts",
  "src/console-server/http-node.ts",
  "src/cloud/client/client.ts",
  "src/databases/mysql/mysql-client.ts",
  "src/databases/mysql/statements.ts",
  "src/databases/postgresql/pg-client.ts",
  "src/databases/redis/follow.ts",
  "src/databases/redis/redis-client.ts",
  "src/daemon/alert-http.ts",
  "src/daemon/alert-labels.ts",
  "src/cloud/api/signature-tc3.ts",
  "src/cloud/api/signature-v1.ts",
  "src/sim/keepalived-rival.ts",
  "src/sim/unknown-peer.ts",
]);

test("secrets are revealed in a few places", () => {
  const problems = src
    .filter(({ path, text }) => text.includes(".reveal()") && !REVEALS.has(path))
    .map(({ path }) => path);
  none(problems, "`reveal()` of a secret: add the file here if it must");
});

test("every room has a short README, and so has every top folder", () => {
  const folders = new Set([...Object.keys(ROOMS), ...src.map(({ path }) => topOf(path))]);
  const problems = [...folders].flatMap((name) => {
    const readme = join(root, "src", name, "README.md");
    if (!existsSync(readme)) return [`src/${name}: README.md is missing`];
    const lines = readFileSync(readme, "utf8").trimEnd().split("\n").length;
    return lines > 60 ? [`src/${name}/README.md: ${lines} lines, at most 60`] : [];
  });
  none(problems, "READMEs");
});

test("no test is singled out: the others of its file would not run", () => {
  // Put together here, so that this file does not contain what it looks for.
  const only = new RegExp(`\\b(?:test|it|describe|suite)\\.${"only"}\\b|\\b${"only"}: *true\\b`);
  const problems = others.filter(({ text }) => only.test(text)).map(({ path }) => path);
  none(problems, "a single test");
});

test("no file is over 600 lines", () => {
  const problems = [...src, ...others]
    .map(({ path, text }) => ({ path, lines: text.split("\n").length }))
    .filter(({ lines }) => lines > 600)
    .map(({ path, lines }) => `${path}: ${lines} lines`);
  none(problems, "file size");
});

test("no default export, enum, namespace or barrel", () => {
  const rules: readonly (readonly [RegExp, string])[] = [
    [/^\s*export\s+default\b/m, "default export"],
    [/^\s*(?:export\s+)?(?:declare\s+)?(?:const\s+)?enum\s+\w/m, "enum"],
    [/^\s*(?:export\s+)?(?:declare\s+)?namespace\s+\w/m, "namespace"],
    [/^\s*export\s+\*\s+from\b/m, "barrel (`export * from`)"],
  ];
  const problems = [...src, ...others].flatMap(({ path, text }) =>
    rules.filter(([pattern]) => pattern.test(text)).map(([, what]) => `${path}: ${what}`),
  );
  none(problems, "forbidden constructs");
});

test("keys of the cloud are of the type that cannot be printed", () => {
  const plain = /\b(?:secretKey|secretToken|token)\??: string\b/;
  const problems = src.flatMap(({ path, text }) =>
    text
      .split("\n")
      .map((line, index) => ({ line, where: `${path}:${index + 1}` }))
      .filter(({ line }) => plain.test(line))
      .map(({ line, where }) => `${where}: ${line.trim()}`),
  );
  none(problems, "write `Secret` of #units/secret");
});

/** Up to the parenthesis that closes the first one. */
function untilClosed(text: string): string {
  let depth = 0;
  for (let at = 0; at < text.length; at += 1) {
    const char = text[at];
    if (char === "(") depth += 1;
    if (char === ")") depth -= 1;
    if (char === ")" && depth === 0) return text.slice(0, at + 1);
  }
  return text;
}

test("the daemon says which environment each program gets: the default is its own, with every secret", () => {
  const call = /(?<![#.\w])spawn(?:Sync)?\(/g;
  const seen: string[] = [];
  const problems: string[] = [];
  for (const { path, text } of src.filter((one) => one.path.startsWith("src/daemon/"))) {
    for (const { index } of text.matchAll(call)) {
      const found = untilClosed(text.slice(index));
      const place = `${path}:${text.slice(0, index).split("\n").length}`;
      seen.push(place);
      if (!/\benv:/.test(found)) problems.push(`${place}: no \`env:\` in ${found.slice(0, 60)}`);
    }
    if (/\bexecFile|\bexecSync|\bfork\(/.test(text)) problems.push(`${path}: use spawn`);
  }
  assert.ok(seen.length >= 5, `only ${seen.join(", ")}`);
  none(problems, "environment of programs");
});

/**
 * Files that git knows or would take: what whoever clones it gets. Without git: the source
 * folders.
 */
function publishedFiles(): string[] {
  if (!existsSync(join(root, ".git"))) {
    return ["src", "tests", "tools", "docs", "examples"].flatMap((folder) =>
      listFiles(folder, [".ts", ".mjs", ".md", ".json", ".jsonl", ".sh", ".conf"]),
    );
  }
  const output = execFileSync("git", ["ls-files", "-co", "--exclude-standard", "-z"], {
    cwd: root,
    encoding: "utf8",
  });
  return output.split("\0").filter((path) => path !== "" && existsSync(join(root, path)));
}

test("nothing names one machine's folders or a package registry's host", () => {
  // Put together here, so that this file does not contain what it looks for.
  const places = [
    ["/work", "/"],
    ["/home/", "\\w"],
    ["/root", "/"],
    ["/tmp/", "bash_jobs"],
    ["registry", "\\.(?:npmjs|yarnpkg)"],
    ["registry", "\\.npmmirror"],
    ["npm\\.pkg", "\\.github"],
  ].map((parts) => parts.join(""));
  const pattern = new RegExp(`(?<![\\w.])(?:${places.join("|")})`);
  const problems: string[] = [];
  for (const path of publishedFiles()) {
    const bytes = readFileSync(join(root, path));
    if (bytes.subarray(0, 8000).includes(0)) continue;
    for (const [index, line] of bytes.toString("utf8").split("\n").entries()) {
      const hit = pattern.exec(line);
      if (hit !== null) problems.push(`${path}:${index + 1}: ${hit[0]}`);
    }
  }
  none(problems, "forbidden places");
});
