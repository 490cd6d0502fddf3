/**
 * `baton check`, `baton config` and `baton explain CODE` as a caller sees them: output, exit
 * status, corrected files.
 */
import assert from "node:assert/strict";
import {
  chmodSync,
  copyFileSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { command as runCheck } from "#cli/check";
import { droppingRules } from "#cli/check-firewall";
import { command as runConfig } from "#cli/config";
import { expandBraces, includeLoader } from "#cli/config-files";
import { command as runExplain } from "#cli/explain";
import { explainCode } from "#cli/page-text";

const root = join(import.meta.dirname, "../..");
const tutorial = join(root, "tests/configs/tutorial/input.conf");
const valid = (name: string): string => join(root, "tests/corpus/valid", `${name}.conf`);
const broken = (name: string): string => join(root, "tests/corpus/broken", `${name}.conf`);
const folder = mkdtempSync(join(tmpdir(), "baton-check-"));
after(() => rmSync(folder, { recursive: true }));

interface Ran {
  readonly status: number;
  readonly out: string;
  readonly err: string;
}

type Run = (argv: readonly string[], io: Parameters<typeof runCheck>[1]) => Promise<number>;

async function run(
  command: Run,
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<Ran> {
  let out = "";
  let err = "";
  const status = await command(args, {
    stdout: (text) => {
      out += text;
    },
    stderr: (text) => {
      err += text;
    },
    env,
    isTty: false,
  });
  return { status, out, err };
}

function write(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

test("a good file: status 0 and a friendly word", async () => {
  const { status, out } = await run(runCheck, [valid("pair-node-a")]);
  assert.equal(status, 0);
  assert.match(out, /nothing to complain about/);
  assert.match(out, /takes over 3\.41 s after the master's last advertisement/);
});

test("exit status: 5 errors, 4 would not run, 6 script security, 2 usage", async () => {
  assert.equal((await run(runCheck, [broken("unknown-keyword")])).status, 5);
  assert.equal((await run(runCheck, [broken("no-interface")])).status, 4);
  assert.equal((await run(runCheck, [broken("script-in-tmp")])).status, 6);
  assert.equal((await run(runCheck, [broken("extra-arguments")])).status, 0);
  assert.equal((await run(runCheck, ["--frobnicate"])).status, 2);
  assert.equal((await run(runCheck, ["--lang", "fr", tutorial])).status, 2);
  assert.equal((await run(runCheck, ["--cloud", "moon", tutorial])).status, 2);
});

test("a file that is not there, is a directory or executable is said to be so", async () => {
  const missing = await run(runCheck, [join(folder, "none.conf")]);
  assert.equal(missing.status, 4);
  assert.match(missing.out, /VR5001/);
  assert.doesNotMatch(missing.out, /VR1028/);
  assert.match((await run(runCheck, [folder])).out, /VR5002/);
  const path = write("x.conf", readFileSync(valid("minimal"), "utf8"));
  chmodSync(path, 0o755);
  assert.match((await run(runCheck, [path])).out, /VR5003/);
});

test("the tutorial: the lost health check comes first, in the language of the environment", async () => {
  const { out, status } = await run(runCheck, ["-f", tutorial], { LANG: "zh_CN.UTF-8" });
  assert.equal(status, 5);
  assert.ok(
    out.startsWith("错误[VR1002]：健康检查 `checkhaproxy` 不会运行：第 16 行的段头被注释掉了"),
  );
  const english = await run(runCheck, ["--lang=en", tutorial], { LANG: "zh_CN.UTF-8" });
  assert.match(
    english.out,
    /^error\[VR1002\]: this would run without the health check `checkhaproxy`/,
  );
});

test("--fix makes the tutorial right and keeps its comments", async () => {
  const path = join(folder, "tutorial.conf");
  copyFileSync(tutorial, path);
  assert.equal((await run(runCheck, ["--fix", path])).status, 0);
  const text = readFileSync(path, "utf8");
  assert.match(text, /^vrrp_script checkhaproxy$/m);
  assert.doesNotMatch(text, /preempt_delay|garp_interval/);
  const comments = (one: string): readonly string[] => one.match(/ # .*$/gm) ?? [];
  assert.deepEqual(comments(text), comments(readFileSync(tutorial, "utf8")));
  assert.equal((await run(runCheck, [path])).status, 0);
  const before = statSync(path).mtimeMs;
  await run(runCheck, ["--fix", path]);
  assert.equal(statSync(path).mtimeMs, before, "nothing to correct, nothing written");
});

test("--fix corrects included files too, and leaves alone what is not UTF-8", async () => {
  write("part.conf", "priority 100;\n");
  const main = write(
    "main.conf",
    "vrrp_instance A {\ninterface eth0\nvirtual_router_id 1\ninclude part.conf\nvirtual_ipaddress {\n10.0.0.9\n}\n}\n",
  );
  await run(runCheck, ["--fix", main]);
  assert.equal(readFileSync(join(folder, "part.conf"), "utf8"), "priority 100\n");
  const latin = join(folder, "latin.conf");
  const bytes = Buffer.concat([
    readFileSync(broken("trailing-semicolon")),
    Buffer.from([0x23, 0xb1, 0xb8, 0x0a]),
  ]);
  writeFileSync(latin, bytes);
  const result = await run(runCheck, ["--fix", latin]);
  assert.match(result.out, /VR1032/);
  assert.ok(readFileSync(latin).equals(bytes));
});

test("--json has the documented shape", async () => {
  const { out } = await run(runCheck, ["--json", tutorial]);
  const report = JSON.parse(out) as {
    ok: boolean;
    counts: Record<string, number>;
    findings: Record<string, unknown>[];
    instances: unknown[];
  };
  assert.equal(report.ok, false);
  const total = Object.values(report.counts).reduce((sum, count) => sum + count, 0);
  assert.equal(total, report.findings.length);
  for (const found of report.findings) {
    for (const key of ["code", "severity", "message", "file"])
      assert.equal(typeof found[key], "string", key);
    for (const key of ["line", "column"]) assert.equal(typeof found[key], "number", key);
    const rest = Object.keys(found).filter(
      (key) =>
        !["code", "severity", "message", "file", "line", "column", "help", "fix"].includes(key),
    );
    assert.deepEqual(rest, []);
  }
  assert.deepEqual(report.instances, [
    {
      name: "VI_1",
      vrid: 51,
      interface: "eth0",
      version: 2,
      priority: 30,
      advertInterval: 1,
      preempt: false,
      virtualAddresses: ["172.16.0.135/32"],
    },
  ]);
});

test("--sarif and --github say the same places", async () => {
  const sarif = JSON.parse((await run(runCheck, ["--sarif", tutorial])).out) as {
    version: string;
    runs: {
      results: {
        ruleId: string;
        level: string;
        locations: { physicalLocation: { region: { startLine: number } } }[];
      }[];
    }[];
  };
  assert.equal(sarif.version, "2.1.0");
  const first = sarif.runs[0]?.results[0];
  assert.equal(first?.ruleId, "VR1002");
  assert.equal(first.level, "error");
  assert.equal(first.locations[0]?.physicalLocation.region.startLine, 17);
  const github = (await run(runCheck, ["--github", tutorial])).out.split("\n");
  assert.match(
    github[0] ?? "",
    /^::error file=.*input\.conf,line=17,col=1,endLine=17,endColumn=2,title=VR1002::/,
  );
  assert.ok(github.every((line) => line === "" || line.startsWith("::")));
});

test("two forms of output are refused", async () => {
  const both = await run(runCheck, ["--json", "--sarif", tutorial]);
  assert.deepEqual(
    [both.status, both.out, both.err],
    [
      2,
      "",
      "baton check: `--json` and `--sarif` are two forms of the output; give one\n`baton help check` says more\n",
    ],
  );
});

test("a matching pair has nothing to say; a copied file has", async () => {
  const good = await run(runCheck, [valid("pair-node-a"), valid("pair-node-b")]);
  assert.equal(good.status, 0);
  assert.doesNotMatch(good.out, /VR25/);
  const copy = write("copy.conf", readFileSync(valid("pair-node-a"), "utf8"));
  const bad = await run(runCheck, [valid("pair-node-a"), copy]);
  assert.equal(bad.status, 5);
  assert.match(bad.out, /VR2506/);
});

test("secrets are in no message", async () => {
  const secret = "geheim99";
  const text = readFileSync(valid("pair-node-a"), "utf8");
  const a = write("a.conf", text.replace("1111", secret));
  const b = write(
    "b.conf",
    text.replace("1111", "anders99").replace("priority 150", "priority 100"),
  );
  const { out } = await run(runCheck, ["--json", a, b]);
  assert.match(out, /VR2504/);
  assert.ok(!out.includes(secret) && !out.includes("anders99"));
});

test("a script in somebody's home folder is that somebody's program", async () => {
  const path = ["", "home", "ops", "check.sh"].join("/");
  const text = readFileSync(broken("script-in-tmp"), "utf8").replace("/tmp/check.sh", path);
  const { out, status } = await run(runCheck, [write("home.conf", text)]);
  assert.match(out, /VR3018/);
  assert.equal(status, 6);
});

test("who a program belongs to counts for whoever runs it", async () => {
  const found = async (text: string): Promise<readonly (string | undefined)[]> => {
    const { out } = await run(runCheck, [write("user.conf", text)]);
    return [/VR3005|VR3018/.exec(out)?.[0], /what `.*` does as `(.*)`/.exec(out)?.[1]];
  };
  const inTmp = readFileSync(broken("script-in-tmp"), "utf8");
  assert.deepEqual(await found(inTmp), ["VR3005", "root"]);
  const globals = "global_defs {\n    script_user nobody\n}\n";
  assert.deepEqual(await found(globals + inTmp), ["VR3005", "nobody"]);
  const own = inTmp.replace('script "', 'user daemon\n    script "');
  assert.deepEqual(await found(globals + own), ["VR3005", "daemon"]);

  const inHome = inTmp.replace("/tmp/", `${["", "home", "ops"].join("/")}/`);
  assert.deepEqual(await found(globals + inHome), ["VR3018", "nobody"]);
  const theirs = globals.replace("nobody", "ops");
  assert.deepEqual(await found(theirs + inHome), [undefined, undefined]);
});

test("-i evaluates conditions for another machine", async () => {
  const json = async (id: string): Promise<string> =>
    (await run(runCheck, ["--json", "-i", id, valid("conditions")])).out;
  assert.match(await json("main"), /"priority": 150/);
  assert.match(await json("other"), /"priority": 100/);
});

test("includes are found like keepalived finds them", () => {
  assert.deepEqual(expandBraces("a{b,c{d,e}}f"), ["abf", "acdf", "acef"]);
  assert.deepEqual(expandBraces("plain"), ["plain"]);
  assert.equal(expandBraces("{a,b}".repeat(30)).length, 1_000, "not a billion");
  assert.equal(expandBraces("{}".repeat(1_000_000)).length, 1, "no path is that long");
  assert.deepEqual(expandBraces("half{a"), ["half{a"]);
  const from = join(folder, "main.conf");
  write("one.inc", "x\n");
  write("two.inc", "y\n");
  chmodSync(write("three.inc", "z\n"), 0o755);
  const answer = includeLoader("*.inc", from);
  assert.deepEqual(
    answer.files.map(({ text }) => text),
    ["x\n", "y\n"],
  );
  assert.deepEqual(
    answer.skipped.map(({ why }) => why),
    ["executable"],
  );
  assert.equal(includeLoader("{one,four}.inc", from).unmatched.length, 1);
});

test("config fmt writes in place, keeps the meaning, and says so with --check", async () => {
  const path = write(
    "fmt.conf",
    "vrrp_instance A{\ninterface eth0   # x\n virtual_router_id   1\n}\n",
  );
  assert.equal((await run(runConfig, ["fmt", "--check", path])).status, 1);
  assert.equal((await run(runConfig, ["fmt", "--write", path])).status, 0);
  assert.equal(
    readFileSync(path, "utf8"),
    "vrrp_instance A {\n    interface eth0   # x\n    virtual_router_id 1\n}\n",
  );
  assert.equal((await run(runConfig, ["fmt", "--check", path])).status, 0);
  assert.equal((await run(runConfig, ["mangle"])).status, 2);
  assert.equal((await run(runConfig, ["fmt", join(folder, "none")])).status, 1);
});

test("config show names the origin of every value, and no secret", async () => {
  const { out } = await run(runConfig, ["show", "--effective", valid("tutorial-corrected")]);
  assert.match(out, /priority 50 +# .*tutorial-corrected\.conf:16/);
  assert.match(out, /down_timer_adverts 3 +# default/);
  assert.match(out, /authentication PASS \*{8}/);
  assert.doesNotMatch(out, /1111/);
  const corrected = await run(runConfig, ["show", broken("preempt-delay-with-nopreempt")]);
  assert.match(corrected.out, /preempt_delay 0 +# corrected/);
});

test("explain prints a page in both languages", async () => {
  const english = await run(runExplain, ["vr2010"]);
  assert.equal(english.status, 0);
  assert.match(english.out, /^VR2010 tracker-not-found\n/);
  assert.match(english.out, /^Bad$/m);
  const chinese = await run(
    async (_, io) => await Promise.resolve(explainCode("tracker-not-found", "zh-CN", io)),
    [],
  );
  assert.match(chinese.out, /实例引用了不存在的检查/);
  assert.match(chinese.out, /^错误写法$/m);
  assert.equal((await run(runExplain, ["VR9999"])).status, 2);
});

test("the packet filter is understood as far as nft prints it", () => {
  const chain = (policy: string): object => ({
    chain: { family: "inet", table: "filter", name: "input", hook: "input", policy },
  });
  const rule = (verdict: string): object => ({
    rule: {
      family: "inet",
      table: "filter",
      chain: "input",
      expr: [
        { match: { op: "==", left: { meta: { key: "l4proto" } }, right: 112 } },
        { [verdict]: null },
      ],
    },
  });
  const ruleset = (...items: object[]): string => JSON.stringify({ nftables: items });
  assert.deepEqual(droppingRules(ruleset(chain("accept"))), []);
  assert.deepEqual(droppingRules(ruleset(chain("drop"), rule("accept"))), []);
  assert.deepEqual(droppingRules(ruleset(chain("drop"))), ["inet filter input (policy drop)"]);
  assert.deepEqual(droppingRules(ruleset(chain("accept"), rule("drop"))), ["inet filter input"]);
  assert.deepEqual(droppingRules("not json"), []);
});

test("many of one kind: the first are printed, all are counted, --all prints all", async (context) => {
  const folder = mkdtempSync(join(tmpdir(), "baton-check-"));
  context.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, "many.conf");
  writeFileSync(path, "nonsense word\n".repeat(1_000));
  interface Report {
    readonly counts: Record<string, number>;
    readonly findings: readonly { readonly code: string }[];
  }
  const few = JSON.parse((await run(runCheck, ["--json", path])).out) as Report;
  const all = JSON.parse((await run(runCheck, ["--json", "--all", path])).out) as Report;
  const printed = ({ findings }: Report): number =>
    findings.filter(({ code }) => code === "VR1001").length;
  assert.deepEqual([printed(few), printed(all)], [20, 1_000]);
  assert.deepEqual(few.counts, all.counts);
  assert.equal(few.counts["VR1001"], 1_000);
  assert.match((await run(runCheck, ["--lang", "en", path])).out, /^1000 errors, /m);
});

test("--fix corrects all of many, not only those that are printed", async (context) => {
  const folder = mkdtempSync(join(tmpdir(), "baton-check-"));
  context.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, "many.conf");
  const instances = Array.from(
    { length: 100 },
    (_, index) => `vrrp_instance I${index} {\n  Priority 90\n}\n`,
  );
  writeFileSync(path, instances.join(""));
  await run(runCheck, ["--fix", path]);
  assert.equal(readFileSync(path, "utf8").match(/ priority 90/g)?.length, 100);
});
