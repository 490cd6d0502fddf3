/** The scripts are run by the shells themselves; bash is everywhere, the others where installed. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { dispatch } from "#cli/dispatch";

const folder = mkdtempSync(join(tmpdir(), "baton-completion-"));
after(() => rmSync(folder, { recursive: true }));

async function scriptFor(shell: string, ...options: readonly string[]): Promise<string> {
  let out = "";
  const status = await dispatch(["completion", shell, ...options], {
    stdout: (text) => void (out += text),
    stderr: (text) => assert.fail(text),
    env: {},
    isTty: false,
  });
  assert.equal(status, 0);
  return out;
}

const hasShell = (shell: string): boolean =>
  spawnSync(shell, ["-c", "true"], { stdio: "ignore" }).status === 0;

/** What is offered for the last token of the line. */
const CASES: readonly (readonly [line: string, offered: readonly string[]])[] = [
  ["baton st", ["status"]],
  ["baton re", ["release", "reload", "replay"]],
  ["baton havip r", ["release", "rename"]],
  ["baton --lang zh-CN havip --vpc list bind", ["bind-eip"]],
  ["baton check --s", ["--sarif"]],
  ["baton check --cloud a", ["alibaba", "aws", "azure"]],
  ["baton havip create --check", ["--check-associate"]],
  ["baton run --log-format ", ["json", "text"]],
  ["baton status --lang z", ["zh-CN"]],
  ["baton completion ", ["bash", "fish", "zsh"]],
  ["baton completion bash ", []],
  ["baton help re", ["release", "reload", "replay"]],
  ["baton help havip r", ["release", "rename"]],
  ["baton help --lang zh-CN cloud ", ["serve"]],
  ["baton help havip create ", []],
  ["baton lab fault ", []],
  ["baton lab fault a l", ["late", "loss"]],
  ["baton lab fault --name x a un", ["unplug"]],
  ["baton lab fault a loss ", []],
  [
    "baton explain VR100",
    ["VR1001", "VR1002", "VR1003", "VR1004", "VR1005", "VR1006", "VR1007", "VR1008", "VR1009"],
  ],
  ["baton explain VI_1 VR5004", ["VR5004"]],
  ["baton eip rename --vpc", []],
];

/** `complete.bash SCRIPT TOKEN …` prints what bash would offer for the last token. */
const DRIVERS = join(import.meta.dirname, "../support/complete");

function offeredBy(shell: "bash" | "zsh", script: string, line: string): readonly string[] {
  const file = join(folder, `baton.${shell}`);
  writeFileSync(file, script);
  // bash hands `--lang=z` over as three tokens.
  const tokens = line.replaceAll("=", " = ").split(" ");
  const options = shell === "bash" ? ["--norc", "-eu"] : ["-f"];
  const { stdout, stderr, status } = spawnSync(
    shell,
    [...options, `${DRIVERS}.${shell}`, file, ...tokens],
    { cwd: folder, encoding: "utf8" },
  );
  assert.deepEqual([status, stderr], [0, ""], line);
  return stdout
    .split("\n")
    .filter((one) => one !== "" && one.startsWith(tokens.at(-1) ?? ""))
    .toSorted();
}

test("bash completes commands, options and values", async () => {
  const script = await scriptFor("bash");
  for (const [line, offered] of CASES)
    assert.deepEqual(offeredBy("bash", script, line), offered, line);
  assert.deepEqual(offeredBy("bash", script, "baton status --lang=z"), ["zh-CN"]);
  assert.deepEqual(offeredBy("bash", script, "baton check --cloud=aw"), ["aws"]);
});

test("bash completes the names of files, with blanks too", async () => {
  writeFileSync(join(folder, "a node.conf"), "");
  const script = await scriptFor("bash");
  for (const line of [
    "baton check a",
    "baton run -f a",
    "baton run --log-file a",
    "baton config fmt a",
  ]) {
    assert.deepEqual(offeredBy("bash", script, line), ["a node.conf"], line);
  }
});

test("fish offers the same", { skip: !hasShell("fish") && "fish is not installed" }, async () => {
  const script = await scriptFor("fish");
  for (const [line, offered] of CASES) {
    const program = `${script}\ncomplete -C '${line}'`;
    const { stdout, stderr } = spawnSync("fish", ["--no-config", "-c", program], {
      cwd: folder,
      encoding: "utf8",
    });
    assert.equal(stderr, "", line);
    const tokens = stdout.split("\n").map((one) => one.split("\t")[0] ?? "");
    assert.deepEqual(tokens.filter((one) => one !== "").toSorted(), offered, line);
  }
});

test("zsh reads its script and offers the same", {
  skip: !hasShell("zsh") && "zsh is not installed",
}, async () => {
  for (const language of ["en", "zh-CN"]) {
    const script = await scriptFor("zsh", "--lang", language);
    const parsed = spawnSync("zsh", ["-fn"], { input: script, encoding: "utf8" });
    assert.deepEqual([parsed.status, parsed.stderr], [0, ""]);
    for (const [line, offered] of CASES) {
      assert.deepEqual(offeredBy("zsh", script, line), offered, line);
    }
  }
});

test("descriptions are in the language asked for", async () => {
  assert.match(await scriptFor("fish", "--lang", "zh-CN"), /-a check -d '检查 keepalived\.conf/);
  assert.match(await scriptFor("fish"), /-a check -d 'find what is wrong/);
});
