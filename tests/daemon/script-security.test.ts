/**
 * Which programs root may run. A file system that is drawn at random and an attacker who does
 * one thing to it: if that changes what root runs, the program must have been refused.
 */

import assert from "node:assert/strict";
import {
  chmodSync,
  chownSync,
  lchownSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import type { Identity } from "#daemon/account";
import { type Entry, type Files, inspectProgram } from "#daemon/script-security";
import { createRng } from "#units/rng";
import { makeFolder } from "../support/daemon-bench.ts";

const isRoot = process.getuid?.() === 0;
const ROOT: Identity = { name: "root", uid: undefined, gid: undefined };
const ATTACKER = 1000;

interface Node extends Entry {
  readonly target?: string;
  readonly content?: string;
}

type Tree = ReadonlyMap<string, Node>;

const filesOf = (tree: Tree): Files => ({
  look: (path) => tree.get(path),
  target: (link) => tree.get(link)?.target,
  firstLine: (file) => tree.get(file)?.content,
  mayExecuteMyself: () => true,
});

/** What the kernel would execute, as it says itself: found by another way than the product's. */
function resolve(tree: Tree, path: string, links = 0): string | undefined {
  if (links > 40) return undefined;
  const parent = dirname(path);
  const folder = path === "/" ? "/" : parent === "/" ? "/" : resolve(tree, parent, links);
  if (folder === undefined || tree.get(folder)?.kind !== "folder") return undefined;
  if (path === "/") return "/";
  const here = join(folder, path.slice(path.lastIndexOf("/") + 1));
  const node = tree.get(here);
  if (node?.kind !== "link" || node.target === undefined)
    return node === undefined ? undefined : here;
  const target = node.target.startsWith("/") ? node.target : join(folder, node.target);
  return resolve(tree, target, links + 1);
}

/** Program and interpreters, with what is in them. */
function whatRuns(tree: Tree, path: string): string {
  const ran: string[] = [];
  let next: string | undefined = path;
  for (let depth = 0; next !== undefined && depth < 6; depth += 1) {
    const file: string | undefined = resolve(tree, next);
    const node: Node | undefined = file === undefined ? undefined : tree.get(file);
    ran.push(`${file} ${node?.uid} ${node?.content}`);
    next = node?.content?.startsWith("#!") === true ? node.content.slice(2) : undefined;
  }
  return ran.join(", ");
}

/**
 * Everything the attacker can do in one step: put something else in the place of an entry, or
 * write into a file.
 */
function* attacks(tree: Tree): Generator<Tree> {
  for (const [path, node] of tree) {
    const folder = tree.get(dirname(path));
    const canWrite = (one: Node): boolean => one.uid === ATTACKER || (one.mode & 0o002) !== 0;
    if (node.kind === "file" && canWrite(node)) {
      yield new Map([...tree, [path, { ...node, content: "evil" }]]);
    }
    if (path === "/" || folder === undefined || !canWrite(folder)) continue;
    const isSticky = (folder.mode & 0o1000) !== 0;
    if (isSticky && folder.uid !== ATTACKER && node.uid !== ATTACKER) continue;
    const below = [...tree].filter(([other]) => !`${other}/`.startsWith(`${path}/`));
    const mine = { uid: ATTACKER, gid: ATTACKER, mode: 0o755 };
    yield new Map([...below, [path, { ...mine, kind: "file", content: "evil" }]]);
    // A folder of his own, with everything in it that could be looked for.
    const fakes = NAMES.map((name): [string, Node] => [
      join(path, name),
      { ...mine, kind: "file", content: "evil" },
    ]);
    yield new Map([...below, [path, { ...mine, kind: "folder" }], ...fakes]);
  }
}

const NAMES = ["a", "b", "c"];

function draw(seed: number): Tree {
  const rng = createRng(seed);
  const pick = (below: number): number => rng.between(0, below - 1);
  const owned = (mode: number): Pick<Node, "uid" | "gid" | "mode"> => ({
    uid: pick(12) === 0 ? ATTACKER : 0,
    gid: 0,
    mode: pick(12) === 0 ? mode | 0o002 : mode,
  });
  const somewhere = (): string => {
    const parts = Array.from({ length: 1 + pick(2) }, () => NAMES[pick(3)] ?? "a");
    return `${pick(3) === 0 ? "" : "/"}${parts.join("/")}`;
  };
  const tree = new Map<string, Node>([["/", { kind: "folder", uid: 0, gid: 0, mode: 0o755 }]]);
  const fill = (folder: string, depth: number): void => {
    for (const name of NAMES) {
      const path = join(folder, name);
      const what = pick(depth === 0 ? 4 : 5);
      if (what <= 1 && depth < 2) {
        const sticky = pick(4) === 0 ? { uid: 0, gid: 0, mode: 0o1777 } : owned(0o755);
        tree.set(path, { kind: "folder", ...sticky });
        fill(path, depth + 1);
      } else if (what === 2) {
        tree.set(path, { kind: "link", ...owned(0o777), target: somewhere() });
      } else {
        const content = pick(3) === 0 ? `#!/${NAMES[pick(3)]}/${NAMES[pick(3)]}` : "good";
        tree.set(path, { kind: "file", ...owned(0o755), content });
      }
    }
  };
  fill("/", 0);
  return tree;
}

test("what root may run, nobody else can change: 3,000 file systems, every program, every attack", () => {
  const seen = { fine: 0, insecure: 0, attacks: 0, viaLinks: 0 };
  for (let seed = 1; seed <= 3_000; seed += 1) {
    const tree = draw(seed);
    for (const first of NAMES) {
      for (const second of NAMES) {
        const path = `/${first}/${second}`;
        const { kind } = inspectProgram(path, ROOT, true, [], filesOf(tree));
        const found = resolve(tree, path);
        assert.equal(kind === "missing", found === undefined, `${seed} ${path} ${kind} ${found}`);
        if (kind === "insecure") seen.insecure += 1;
        if (kind !== "fine") continue;
        seen.fine += 1;
        if (found !== path) seen.viaLinks += 1;
        const before = whatRuns(tree, path);
        for (const after of attacks(tree)) {
          seen.attacks += 1;
          assert.equal(whatRuns(after, path), before, `seed ${seed}, ${path}`);
        }
      }
    }
  }
  assert.ok(
    seen.fine > 1_000 && seen.viaLinks > 100 && seen.insecure > 1_000,
    JSON.stringify(seen),
  );
});

test("a chain of links: a link in its middle that a user owns is refused, and so is a user's folder", {
  skip: !isRoot,
}, (context) => {
  const { path } = makeFolder(context);
  chmodSync(path, 0o755);
  const home = join(path, "home");
  const safe = join(path, "safe.sh");
  const check = join(path, "check");
  mkdirSync(home);
  writeFileSync(safe, "#!/bin/sh\nexit 0\n", { mode: 0o755 });
  const current = join(home, "current");
  symlinkSync(safe, current);
  symlinkSync(current, check);
  const inspect = (): unknown => inspectProgram(check, ROOT, true, []);
  assert.deepEqual(inspect(), { kind: "fine", path: check });
  lchownSync(current, 65_534, 65_534);
  const refused = { kind: "insecure", path: check, why: "not-owned-by-root" };
  assert.deepEqual(inspect(), { ...refused, offender: current });
  lchownSync(current, 0, 0);
  chownSync(home, 65_534, 65_534);
  assert.deepEqual(inspect(), { ...refused, offender: home });
  // Not root's concern: the user runs it as himself.
  const user = { name: "nobody", uid: 65_534, gid: 65_534 };
  assert.deepEqual(inspectProgram(check, user, true, []), { kind: "fine", path: check });
  assert.equal(inspectProgram(check, { ...user, gid: 0 }, true, []).kind, "insecure");
});

test("the interpreter of a script is checked too, and links that lead nowhere or in a circle are missing", {
  skip: !isRoot,
}, (context) => {
  const { path } = makeFolder(context);
  chmodSync(path, 0o755);
  const shell = join(path, "shell");
  writeFileSync(shell, readFileSync("/bin/sh"), { mode: 0o755 });
  const script = join(path, "s.sh");
  writeFileSync(script, `#! ${shell} -e\nexit 0\n`, { mode: 0o755 });
  assert.equal(inspectProgram(script, ROOT, true, []).kind, "fine");
  chownSync(shell, 65_534, 65_534);
  assert.deepEqual(inspectProgram(script, ROOT, true, []), {
    kind: "insecure",
    path: script,
    offender: shell,
    why: "not-owned-by-root",
  });
  const circle = join(path, "circle");
  symlinkSync("circle", circle);
  assert.deepEqual(inspectProgram(circle, ROOT, true, []), { kind: "missing", path: circle });
  rmSync(shell);
  assert.equal(inspectProgram(script, ROOT, true, []).kind, "fine");
});
