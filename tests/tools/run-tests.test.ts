/** The test runner: what fails is named, and nothing is skipped without being listed. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { neededBy, TOOLS } from "../../tools/setup.mjs";
import { wantsOwnProcess } from "../../tools/test-pool.ts";

const root = join(import.meta.dirname, "../..");

interface Ran {
  readonly status: number | null;
  readonly output: string;
  /** Of Node's own summary: `pass 3`. */
  readonly counts: Readonly<Record<string, number>>;
}

function run(program: string, ...args: readonly string[]): Ran {
  const all = ["--disable-warning=ExperimentalWarning", join(root, program), ...args];
  const { status, stdout, stderr } = spawnSync(process.execPath, all, {
    cwd: root,
    encoding: "utf8",
    timeout: 100_000,
  });
  const counts = [...stdout.matchAll(/^ℹ (\w+) ([\d.]+)$/gm)].map((match) => [
    match[1],
    Number(match[2]),
  ]);
  return { status, output: stdout + stderr, counts: Object.fromEntries(counts) };
}

/** Runs files with these texts, in the order of their names. */
function runFiles(
  context: TestContext,
  texts: Readonly<Record<string, string>>,
  ...args: string[]
): Ran {
  const folder = mkdtempSync(join(tmpdir(), "baton-runner-"));
  context.after(() => rmSync(folder, { recursive: true }));
  const paths = Object.entries(texts).map(([name, text]) => {
    const path = join(folder, `${name}.test.ts`);
    writeFileSync(path, `import { describe, it, test } from "node:test";\n${text}\n`);
    return path;
  });
  return run("tools/run-tests.ts", ...args, ...paths);
}

const GOOD = 'test("good", () => {});';

test("whatever takes a file down, it is named, and the others run", (context) => {
  const { status, output, counts } = runFiles(context, {
    a: GOOD,
    exits: 'test("leaves", () => { process.exit(0); });',
    killed: 'test("is killed", () => { process.kill(process.pid, "SIGKILL"); });',
    throws: 'throw new Error("while loading");',
    late: 'test("too late", () => { setTimeout(() => { throw new Error("afterwards"); }, 5); });',
    fails: 'test("wrong", () => { throw new Error("as it should"); });',
    empty: "",
    z: GOOD,
  });
  assert.equal(status, 1);
  assert.equal(counts["pass"], 3, output);
  for (const [name, reason] of [
    ["exits", "the process ended \\(exit code 0\\) before the file did"],
    ["killed", "the process ended \\(SIGKILL\\) before the file did"],
    ["throws", "while loading"],
    ["fails", "as it should"],
    ["empty", "there is no test in this file"],
  ] as const) {
    assert.match(output, new RegExp(reason), name);
    assert.match(output, new RegExp(`again alone: .*${name}\\.test\\.ts`), name);
  }
  assert.match(output, /afterwards/);
});

test("what a file leaves behind in the process is its failure, unless it has one to itself", (context) => {
  const leaves =
    'test("leaves", () => { process.env["LEFT_BEHIND"] = "yes"; setInterval(() => {}, 9); });';
  const shared = runFiles(context, { a: GOOD, leaves, z: GOOD });
  assert.equal(shared.status, 1);
  assert.match(shared.output, /environment variable LEFT_BEHIND: none before, yes now/);
  assert.match(shared.output, /still open: Timeout \(1\)/);
  assert.equal(shared.counts["pass"], 3);
  const env = leaves.replace("setInterval(() => {}, 9);", "");
  assert.equal(runFiles(context, { alone: `/* */${env}` }).status, 1);
  assert.ok(wantsOwnProcess("/**\n * What.\n *\n * Own process: it changes the environment.\n */"));
  assert.ok(!wantsOwnProcess("/** What. */\n/**\n * Own process: not here.\n */"));
});

test("hooks of a file stay in the file", (context) => {
  const hooks = `import { afterEach, before } from "node:test";
    before(() => console.log("before of hooks"));
    afterEach(() => console.log("after each"));`;
  const { status, output } = runFiles(context, { a: `${hooks}\n${GOOD}`, z: GOOD });
  assert.equal(status, 0, output);
  assert.equal(output.match(/before of hooks/g)?.length, 1);
  assert.equal(output.match(/after each/g)?.length, 1);
});

test("a skipped test is listed with its reason", (context) => {
  const { status, output, counts } = runFiles(context, {
    a: 'test("later", { skip: "needs a moon" }, () => {});',
  });
  assert.equal(status, 0);
  assert.equal(counts["skipped"], 1);
  assert.match(output, /Skipped:\n {2}later .*: needs a moon/);
});

test("a test by a part of its name, and only that", (context) => {
  const texts = { a: 'test("one (1)", () => {}); test("two", () => {});', z: GOOD };
  const { status, counts, output } = runFiles(context, texts, "--name", "ONE (");
  assert.equal(status, 0, output);
  assert.equal(counts["tests"], 1, output);
  const wrong = runFiles(context, texts, "--name", "one three");
  assert.equal(wrong.status, 1);
  assert.match(wrong.output, /no test's name matches/);
  assert.match(wrong.output, /names that resemble it:\n {4}one \(1\)/);
});

test("a name is found in every file, also in those after files without it, and where a title is put together", (context) => {
  const other = 'test("another", () => {});';
  const names = ["a", "b", "c", "d", "e", "f", "g"];
  const texts = Object.fromEntries(names.map((name) => [name, other]));
  texts["e"] = `${other} test("the wanted one", () => {});`;
  texts["f"] = 'for (const what of ["wanted"]) test(`the ${what} two`, () => {});';
  texts["g"] = 'describe("what is wanted", () => { it("inside", () => {}); });';
  const { status, counts, output } = runFiles(context, texts, "--name", "wanted");
  assert.equal(status, 0, output);
  assert.equal(counts["tests"], 3, output);
  const across = runFiles(context, texts, "--name", "wanted inside");
  assert.equal(across.counts["tests"], 1, across.output);
});

test("a test that is registered too late is missed by name", (context) => {
  const late = 'test("first", () => {}); setTimeout(() => test("late", () => {}), 20);';
  const { status, output } = runFiles(context, { a: late, z: GOOD });
  assert.equal(status, 1, output);
  assert.match(output, /the test "late" was registered after its file had been read/);
});

test("what is no expression is said to be none", () => {
  const { status, output } = run("tools/run-tests.ts", "--name", "/[/", "tests/units");
  assert.equal(status, 2, output);
  assert.match(output, /^\/\[\/ is no regular expression$/m);
});

test("a file that is not there is an error with a hint", () => {
  const { status, output } = run("tools/run-tests.ts", "tests/unit/adress.test.ts", "tests/units");
  assert.equal(status, 2);
  assert.match(
    output,
    /adress\.test\.ts: no test file.*did you mean .*tests\/units\/address\.test\.ts/,
  );
  assert.doesNotMatch(output, /^✔/m, "and nothing runs");
});

test("the launcher says how it is called, and runs a file without anything else", () => {
  const wrong = run("tools/bootstrap.mjs", "tset");
  assert.equal(wrong.status, 2);
  assert.match(wrong.output, /test:one PATTERN/);
  const which = run("tools/bootstrap.mjs", "test:one");
  assert.deepEqual([which.status, /which tests\?/.test(which.output)], [2, true]);
  const bogus = run("tools/run-tests.ts", "--bogus");
  assert.equal(bogus.status, 2);
  assert.match(bogus.output, /^Unknown option '--bogus'; give test files .*\n$/);
  const one = run("tools/bootstrap.mjs", "test", "tests/units/secret.test.ts");
  assert.equal(one.status, 0, one.output);
  assert.doesNotMatch(one.output, /apt|biome/);
});

test("the same command on the Node.js that people have", {
  skip: oldNode() === undefined && "no other node in PATH",
}, () => {
  const args = ["tools/bootstrap.mjs", "check", "tests/units/secret.test.ts"];
  const { status, stdout } = spawnSync(oldNode() ?? "", args, { cwd: root, encoding: "utf8" });
  assert.equal(status, 0, stdout);
  assert.match(stdout, /ℹ pass 2/);
});

/** A Node.js in PATH that could not run the tests itself. */
function oldNode(): string | undefined {
  for (const folder of (process.env["PATH"] ?? "").split(":")) {
    const program = join(folder, "node");
    const { stdout } = spawnSync(program, ["-p", "process.versions.node"], { encoding: "utf8" });
    const major = Number(stdout?.split(".")[0]);
    if (major >= 20 && major < 24) return program;
  }
  return undefined;
}

test("a lab test says which programs it needs, and setup knows their packages", () => {
  const folder = join(root, "tests/namespaces");
  const marks: Readonly<Record<string, RegExp>> = {
    keepalived:
      /"keepalived"[,\]]|skipKeepalived|\/usr\/sbin\/keepalived|systemctl start keepalived/,
    aiosmtpd: /support\/mail-server/,
    tshark: /support\/dissect|"tshark"/,
    systemctl: /systemd-machine/,
    rsyslogd: /"rsyslogd"/,
    logrotate: /"logrotate"/,
    mariadbd: /lab\/database\/mariadb|support\/database-pair|"--mysql"/,
    mariadb: /"--mysql"/,
    "redis-server": /support\/redis-pair|"redis-server"/,
    "redis-cli": /"redis-cli"/,
    postgres: /support\/postgresql-(?:pair|nodes)|lab\/database\/postgresql/,
    mandoc: /"mandoc"/,
    prometheus: /support\/prometheus\.ts/,
    promtool: /"promtool"/,
    groff: /"groff"/,
    lexgrog: /"lexgrog"/,
    zsh: /"zsh"/,
    fish: /"fish"/,
    rpmbuild: /package\/rpm\.ts/,
    rpmlint: /"rpmlint"/,
    lintian: /"lintian"/,
    xz: /package\/deb\.ts/,
    chromium: /support\/console-page/,
    openssl: /"openssl"|support\/certificates/,
    nginx: /sbin\/nginx"/,
    bird: /support\/bird/,
    bfdd: /\/usr\/lib\/frr/,
  };
  assert.deepEqual(Object.keys(marks), Object.keys(TOOLS));
  const problems: string[] = [];
  for (const name of readdirSync(folder).filter((file) => file.endsWith(".test.ts"))) {
    const text = readFileSync(join(folder, name), "utf8");
    for (const [tool, mark] of Object.entries(marks)) {
      const uses = mark.test(text);
      if (uses !== neededBy(text).includes(tool)) problems.push(`${name}: ${tool}, used: ${uses}`);
    }
  }
  assert.deepEqual(problems, []);
  assert.deepEqual(neededBy("/**\n * What.\n *\n * Needs: keepalived, tshark\n */"), [
    "keepalived",
    "tshark",
  ]);
  assert.deepEqual(neededBy("/** What. */\n// * Needs: tshark"), []);
});
