/**
 * docs/first-change.md, step by step on a copy of the tree: its files are written, its edits made,
 * and its commands fail and pass as the page says. A step that no longer fits is named by its line.
 * After each walk the copy must pass what `npm run check` asks of the files that were changed.
 */
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, test } from "node:test";

const root = join(import.meta.dirname, "../..");
const PAGE = "docs/first-change.md";
/** Milliseconds for one tool: a hundred times what it takes on a quiet machine. */
const TOOL_LIMIT = 300_000;

interface Block {
  readonly line: number;
  /** `ts`, `jsonl`: a new file; `diff`: an edit; `sh`: commands. */
  readonly language: string;
  /** `file=…`, `fails=text of the output`, `passes`. */
  readonly option: string;
  readonly value: string;
  readonly text: string;
}

function readBlocks(page: string): Block[] {
  return [...page.matchAll(/^```(\w+) (\w+)(?:=(\S+))?\n([\s\S]*?)^```$/gm)].map((match) => {
    const [, language = "", option = "", value = "", text = ""] = match;
    const line = page.slice(0, match.index).split("\n").length;
    return { line, language, option, value, text };
  });
}

/** The text with the edit made; its kept and removed lines must stand there exactly once. */
function edit(text: string, diff: string, place: string): string {
  const lines = diff.trimEnd().split("\n");
  const side = (without: string): string =>
    lines
      .filter((line) => !line.startsWith(without))
      .map((line) => `${line.slice(1)}\n`)
      .join("");
  const [before, now] = [side("+"), side("-")];
  const found = text.split(before).length - 1;
  assert.equal(found, 1, `${place}: these lines are there ${found} times, not once:\n${before}`);
  return text.replace(before, () => now);
}

const folder = mkdtempSync(join(tmpdir(), "baton-first-change-"));
after(() => rmSync(folder, { recursive: true, force: true }));

function copyTree(): void {
  const files = execFileSync("git", ["ls-files", "-co", "--exclude-standard", "-z"], {
    cwd: root,
    encoding: "utf8",
  });
  for (const file of files.split("\0").filter((name) => name !== "")) {
    // Listed, but deleted and not committed.
    cpSync(join(root, file), join(folder, file), {
      recursive: true,
      force: true,
      errorOnExist: false,
    });
  }
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
  // Biome and the house rules go by what git would take.
  execFileSync("git", ["init", "--quiet"], { cwd: folder });
}

/** What `npm test -- …` and `npm run test:one -- …` of the page hand to the runner. */
function run(command: string): { readonly passed: boolean; readonly output: string } {
  const match = /^(UPDATE=1 )?npm (test|run test:one) -- (.+)$/.exec(command);
  assert.ok(match, `a command of another form: ${command}`);
  const [, update, verb, rest = ""] = match;
  const [first = "", ...more] = rest.split(" ");
  const args = verb === "test" ? [first, ...more] : [`--name=${first}`, ...more];
  const { UPDATE: _, INIT_CWD: __, ...env } = process.env;
  const all = ["--disable-warning=ExperimentalWarning", "tools/run-tests.ts", ...args];
  const { status, stdout, stderr } = spawnSync(process.execPath, all, {
    cwd: folder,
    encoding: "utf8",
    env: { ...env, ...(update === undefined ? {} : { UPDATE: "1" }) },
  });
  return { passed: status === 0, output: stdout + stderr };
}

function follow(block: Block): void {
  const place = `${PAGE}:${block.line}`;
  const path = join(folder, block.value);
  if (block.option === "file") {
    mkdirSync(dirname(path), { recursive: true });
    const isEdit = block.language === "diff";
    const text = isEdit
      ? edit(readFileSync(path, "utf8"), block.text, `${place}: ${block.value}`)
      : block.text;
    writeFileSync(path, text);
    return;
  }
  assert.equal(block.language, "sh", place);
  for (const command of block.text.trimEnd().split("\n")) {
    const { passed, output } = run(command);
    const wanted = block.option === "passes";
    assert.equal(passed, wanted, `${place}: ${command}: ${passed ? "passes" : "fails"}\n${output}`);
    assert.ok(
      output.includes(block.value),
      `${place}: ${command}: no ${block.value} in\n${output}`,
    );
  }
}

function runTool(program: string, ...args: string[]): void {
  const { status, stdout, stderr, error } = spawnSync(
    join(root, "node_modules/.bin", program),
    args,
    { cwd: folder, encoding: "utf8", timeout: TOOL_LIMIT },
  );
  const output = `${stdout}${stderr}${error?.message ?? ""}`;
  assert.equal(status, 0, `${PAGE}: at the end of the walk ${program} refuses:\n${output}`);
}

/** Format and lint of the files that the walk has touched; types and house rules of the whole. */
function checkEnd(blocks: readonly Block[]): void {
  const touched = blocks.filter(({ option }) => option === "file").map(({ value }) => value);
  const sources = [...new Set(touched)].filter((path) => path.endsWith(".ts"));
  if (sources.length > 0) {
    runTool("biome", "check", ...sources);
    runTool("oxlint", "--type-aware", ...sources);
  }
  runTool("tsc", "-p", ".");
  const { passed, output } = run("npm test -- tests/tidy.test.ts tests/house-style.test.ts");
  assert.ok(passed, `${PAGE}: at the end of the walk the house rules refuse:\n${output}`);
}

/** True in the checkout of somebody who has followed the walk: there is nothing left to try. */
const isMade = (blocks: readonly Block[]): boolean =>
  blocks.some(
    ({ option, language, value }) =>
      option === "file" && language !== "diff" && existsSync(join(root, value)),
  );

const page = readFileSync(join(root, PAGE), "utf8");
const walks = page.split(/^(?=## )/m).slice(1);

test("the page has three walks, each fails first and passes then", () => {
  assert.equal(walks.length, 3);
  for (const walk of walks) {
    const runs = readBlocks(walk).filter(({ language }) => language === "sh");
    assert.equal(runs.at(0)?.option, "fails", walk.slice(0, 40));
    assert.equal(runs.at(-1)?.option, "passes", walk.slice(0, 40));
  }
});

copyTree();
for (const walk of walks) {
  const title = /^## (.+)$/m.exec(walk)?.[1] ?? "";
  const offset = page.slice(0, page.indexOf(walk)).split("\n").length - 1;
  const blocks = readBlocks(walk);
  const skip = isMade(blocks) ? "this checkout has made the change" : false;
  test(`first change: ${title}`, { skip }, () => {
    for (const block of blocks) follow({ ...block, line: block.line + offset });
    checkEnd(blocks);
  });
}

test("an outdated edit is named, with what was looked for", () => {
  assert.throws(
    () => edit("a\nb\n", " a\n-x\n+y\n", "page:7: src/x.ts"),
    /page:7: src\/x\.ts: .* 0 times/,
  );
  assert.equal(edit("a\nb\nc\n", " a\n-b\n+$&\n", ""), "a\n$&\nc\n");
});
