/**
 * The rules of the house that neither the compiler nor the linter holds: who may import whom, what pure rooms may
 * touch, sizes, and words that have no place in the project.
 */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");

interface Room {
  /** Rooms whose values may be imported. */
  readonly uses: readonly string[];
  /** Rooms of which only types may be imported. */
  readonly types: readonly string[];
  /** No `node:*`: runs in the simulator and in a browser. */
  readonly pure: boolean;
}

/** The rooms along the data flow. ARCHITECTURE.md draws the same picture. */
const ROOMS: Readonly<Record<string, Room>> = {
  units: { uses: [], types: [], pure: true },
  diagnostics: { uses: ["units"], types: ["core"], pure: true },
  wire: { uses: ["units"], types: [], pure: true },
  core: { uses: ["units"], types: ["wire"], pure: true },
  havip: { uses: ["units"], types: ["wire"], pure: true },
  agreement: { uses: ["units"], types: ["core", "contract"], pure: true },
  fabric: { uses: ["units", "wire"], types: [], pure: true },
  config: { uses: ["units", "diagnostics"], types: ["core"], pure: true },
  contract: {
    uses: ["units"],
    types: ["diagnostics", "wire", "core", "config", "havip"],
    pure: true,
  },
  ports: { uses: ["units"], types: ["wire", "core", "contract"], pure: true },
  engine: {
    uses: ["core", "wire", "ports", "units", "diagnostics"],
    types: ["contract"],
    pure: true,
  },
  linux: { uses: ["ports", "wire", "units"], types: ["core", "contract"], pure: false },
  sim: {
    uses: ["engine", "core", "havip", "agreement", "wire", "ports", "units"],
    types: ["contract"],
    pure: true,
  },
  provider: { uses: ["contract", "ports", "units"], types: [], pure: false },
  store: { uses: ["contract", "units"], types: [], pure: false },
};

interface Import {
  readonly specifier: string;
  readonly typeOnly: boolean;
  readonly line: number;
}

interface Source {
  readonly path: string;
  readonly text: string;
  readonly imports: readonly Import[];
}

const STATEMENT =
  /^[ \t]*(?:import|export)\s+(type\s+)?((?:[\w$*]+\s*,?\s*)?(?:\*\s+as\s+[\w$]+\s*)?(?:\{[^}]*\}\s*)?)(?:from\s*)?["']([^"'\n]+)["']/gm;
const DYNAMIC = /\bimport\(\s*["']([^"'\n]+)["']\s*\)/g;

function readImports(text: string): Import[] {
  const line = (index: number): number => text.slice(0, index).split("\n").length;
  const found: Import[] = [];
  for (const match of text.matchAll(STATEMENT)) {
    const names = /\{([^}]*)\}/.exec(match[2] ?? "")?.[1];
    const allTypes =
      names !== undefined &&
      names.trim() !== "" &&
      names.split(",").every((name) => name.trim() === "" || name.trim().startsWith("type "));
    found.push({
      specifier: match[3] ?? "",
      typeOnly: match[1] !== undefined || allTypes,
      line: line(match.index),
    });
  }
  for (const match of text.matchAll(DYNAMIC)) {
    found.push({ specifier: match[1] ?? "", typeOnly: false, line: line(match.index) });
  }
  return found;
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
const apps = readSources("apps");
const others = [...readSources("tests"), ...readSources("tools")];
const roomOf = (path: string): string => path.split("/")[1] ?? "";
const none = (problems: readonly string[], rule: string): void =>
  assert.equal(problems.length, 0, `${rule}:\n  ${problems.join("\n  ")}`);

/** `#room/file` → room; a relative path → the room or app it lies in. */
function target(
  from: string,
  specifier: string,
): { kind: "room" | "app"; name: string } | undefined {
  if (specifier.startsWith("#"))
    return { kind: "room", name: specifier.slice(1).split("/")[0] ?? "" };
  if (!specifier.startsWith(".")) return undefined;
  const [top, name = ""] = relative(root, resolve(root, dirname(from), specifier)).split("/");
  if (top === "src") return { kind: "room", name };
  return top === "apps" ? { kind: "app", name } : undefined;
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
      const to = target(path, specifier);
      if (to === undefined || (to.kind === "room" && to.name === own)) continue;
      const allowed =
        to.kind === "room" &&
        (room.uses.includes(to.name) || (typeOnly && room.types.includes(to.name)));
      if (!allowed) {
        const what = typeOnly ? "types" : "values";
        problems.push(
          `${path}:${line}: ${own} may not import ${what} of ${to.name} (${specifier})`,
        );
      }
    }
  }
  none(problems, "import matrix");
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

test("crossings are visible: `#room/file` between rooms, `./file.ts` inside one", () => {
  const problems: string[] = [];
  for (const { path, imports } of [...src, ...apps]) {
    for (const { specifier, line } of imports) {
      const to = target(path, specifier);
      if (to?.kind !== "room") continue;
      const inside = path.startsWith("src/") && to.name === roomOf(path);
      if (inside && specifier.startsWith("#")) {
        problems.push(`${path}:${line}: ${specifier} is the same room, write a relative path`);
      }
      if (!inside && !specifier.startsWith("#")) {
        problems.push(`${path}:${line}: ${specifier} leaves the room, write #${to.name}/file`);
      }
      if (specifier.startsWith("#") && !existsSync(join(root, "src", `${specifier.slice(1)}.ts`))) {
        problems.push(`${path}:${line}: ${specifier} does not exist`);
      }
    }
  }
  none(problems, "cross-room imports");
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
  const users = [...src, ...apps, ...others]
    .filter(({ imports }) => imports.some(({ specifier }) => specifier === "koffi"))
    .map(({ path }) => path);
  none(
    users.filter((path) => path !== "src/linux/ffi.ts"),
    "koffi outside src/linux/ffi.ts",
  );
});

/** The laboratory's VPC has the control plane in it, and the demonstration runs on that VPC. */
const COMPOSES: Readonly<Record<string, readonly string[]>> = {
  vpc: ["cloud", "lab"],
  lab: ["vpc", "cloud"],
};

test("apps are composed by nobody but the command line and the laboratory", () => {
  const problems = apps.flatMap(({ path, imports }) =>
    imports
      .map(({ specifier, line }) => ({ to: target(path, specifier), specifier, line }))
      .filter(({ to }) => to?.kind === "app" && to.name !== roomOf(path) && roomOf(path) !== "cli")
      .filter(({ to }) => !(COMPOSES[roomOf(path) ?? ""] ?? []).includes(to?.name ?? ""))
      .map(({ specifier, line }) => `${path}:${line}: ${specifier}`),
  );
  none(problems, "an app imports another");
});

/** Where a secret is put on a wire, into a pipe or a signature; everybody else carries it unseen. */
const REVEALS: ReadonlySet<string> = new Set([
  "apps/cloud/admin.ts",
  "apps/vpc/machine.ts",
  "src/config/lower/password.ts",
  "src/config/rules/authentication.ts",
  "src/contract/engine-link-lines.ts",
  "src/engine/instance.ts",
  "src/provider/client.ts",
  "src/provider/signature-tc3.ts",
  "src/provider/signature-v1.ts",
  "src/sim/advert-packets.ts",
  "src/sim/rival.ts",
  "src/sim/stranger.ts",
]);

test("secrets are revealed in a few places", () => {
  const problems = [...src, ...apps]
    .filter(({ path, text }) => text.includes(".reveal()") && !REVEALS.has(path))
    .map(({ path }) => path);
  none(problems, "`reveal()` of a secret: add the file here if it must");
});

test("src imports no app", () => {
  const problems = src.flatMap(({ path, imports }) =>
    imports
      .filter(({ specifier }) => target(path, specifier)?.kind === "app")
      .map(({ specifier, line }) => `${path}:${line}: ${specifier}`),
  );
  none(problems, "a room imports an app");
});

test("every room and app has a short README", () => {
  const problems: string[] = [];
  for (const top of ["src", "apps"]) {
    for (const name of existsSync(join(root, top)) ? readdirSync(join(root, top)) : []) {
      const folder = join(root, top, name);
      if (!statSync(folder).isDirectory() || listFiles(join(top, name), [".ts"]).length === 0)
        continue;
      const readme = join(folder, "README.md");
      if (!existsSync(readme)) {
        problems.push(`${top}/${name}: README.md is missing`);
        continue;
      }
      const lines = readFileSync(readme, "utf8").trimEnd().split("\n").length;
      if (top === "src" && lines > 30)
        problems.push(`${top}/${name}/README.md: ${lines} lines, at most 30`);
    }
  }
  none(problems, "READMEs");
});

test("no file is over 600 lines", () => {
  const problems = [...src, ...apps, ...others]
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
  const problems = [...src, ...apps, ...others].flatMap(({ path, text }) =>
    rules.filter(([pattern]) => pattern.test(text)).map(([, what]) => `${path}: ${what}`),
  );
  none(problems, "forbidden constructs");
});

test("keys of the cloud are of the type that cannot be printed", () => {
  const plain = /\b(?:secretKey|secretToken|token)\??: string\b/;
  const problems = [...src, ...apps].flatMap(({ path, text }) =>
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
  for (const { path, text } of apps.filter((one) => one.path.startsWith("apps/daemon/"))) {
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

/** Files that git knows or would take: what a stranger gets. Without git: the source folders. */
function publishedFiles(): string[] {
  if (!existsSync(join(root, ".git"))) {
    return ["src", "apps", "tests", "tools", "docs", "examples"].flatMap((folder) =>
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
  const words = [
    ["/work", "/"],
    ["/home/", "\\w"],
    ["/root", "/"],
    ["/tmp/", "bash_jobs"],
    ["registry", "\\.(?:npmjs|yarnpkg)"],
    ["registry", "\\.npmmirror"],
    ["npm\\.pkg", "\\.github"],
  ].map((parts) => parts.join(""));
  const pattern = new RegExp(`(?<![\\w.])(?:${words.join("|")})`);
  const problems: string[] = [];
  for (const path of publishedFiles()) {
    const bytes = readFileSync(join(root, path));
    if (bytes.subarray(0, 8000).includes(0)) continue;
    for (const [index, line] of bytes.toString("utf8").split("\n").entries()) {
      const hit = pattern.exec(line);
      if (hit !== null) problems.push(`${path}:${index + 1}: ${hit[0]}`);
    }
  }
  none(problems, "forbidden words");
});
