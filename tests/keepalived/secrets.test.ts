/**
 * A password is planted in files with every kind of finding, in every way in which one gets to the
 * wrong place; then everything that is printed about the file is searched for it.
 */
import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { inspect } from "node:util";
import { command as runCheck } from "#cli/check";
import { command as runConfig } from "#cli/config";
import { CODES } from "#diagnostics/codes";
import { readConfiguration } from "#keepalived/read";

const folder = mkdtempSync(join(tmpdir(), "baton-secrets-"));
after(() => rmSync(folder, { recursive: true }));

/** Two halves, because one is often cut off: neither may be seen. */
const [HEAD, TAIL] = ["Qx7Zk", "Vw9Jp"] as const;
const corpus = join(import.meta.dirname, "../corpus/broken");

type Run = (argv: readonly string[], io: Parameters<typeof runCheck>[1]) => Promise<number>;

async function outputOf(run: Run, args: readonly string[], env = {}): Promise<string> {
  let out = "";
  const keep = (text: string): void => {
    out += text;
  };
  await run(args, { stdout: keep, stderr: keep, env, isTty: false });
  return out;
}

/** Every command that reads the file and does not change it, in every form. */
async function everythingAbout(text: string): Promise<ReadonlyMap<string, string>> {
  const file = join(folder, "keepalived.conf");
  const other = join(folder, "other.conf");
  writeFileSync(file, text);
  writeFileSync(other, text.replaceAll(HEAD, "Other"));
  const calls: readonly (readonly [string, Run, readonly string[]])[] = [
    ...["--json", "--sarif", "--github", "--lang=en", "--lang=zh-CN"].map(
      (form) => [`check ${form}`, runCheck, [form, "--all", file]] as const,
    ),
    ["check of a pair", runCheck, [file, other]],
    ["check of a pair, other way", runCheck, ["--json", other, file]],
    ["config show", runConfig, ["show", "--effective", file]],
    ["config show --json", runConfig, ["show", "--json", file]],
  ];
  const outputs = new Map<string, string>();
  for (const [name, run, args] of calls) outputs.set(name, await outputOf(run, args));
  const { plan, model, findings, diagnostics } = readConfiguration([{ name: file, text }]);
  outputs.set(
    "plan, model and findings",
    inspect({ plan, model }, { depth: 20 }).replace(text, ""),
  );
  outputs.set(
    "diagnostics",
    JSON.stringify({ diagnostics, findings: findings.map((one) => one.facts) }),
  );
  return outputs;
}

async function assertHidden(text: string, what: string): Promise<void> {
  for (const [name, out] of await everythingAbout(text)) {
    for (const half of [HEAD, TAIL]) {
      const at = out.indexOf(half);
      assert.equal(at, -1, `${what}: ${name} shows ${out.slice(Math.max(0, at - 80), at + 40)}`);
    }
  }
}

const withLine = (line: string, before = ""): string => `${before}
vrrp_instance VI_1 {
    state BACKUP
    interface eth0
    virtual_router_id 51
    priority 100
    authentication {
        auth_type PASS
        ${line}
    }
    virtual_ipaddress {
        10.0.0.100/24
    }
}
`;

const P = `${HEAD}${TAIL}`;
const LINES: readonly string[] = [
  `auth_pass ${P}`,
  `auth_pass ${HEAD} ${TAIL}`,
  `auth_pass ${HEAD}#${TAIL}`,
  `auth_pass ${HEAD}!${TAIL}`,
  `auth_pass ${HEAD}\\#${TAIL}`,
  `auth_pass "${HEAD} ${TAIL}`,
  `auth_pass "${HEAD}"${TAIL}`,
  `auth_pass '${HEAD} ${TAIL}'`,
  `auth_pass '${P}'`,
  `auth_pass “${HEAD}”${TAIL}`,
  `auth_pass ${HEAD}；${TAIL}`,
  `auth_pass = ${P}`,
  `auth_pass=${P}`,
  `auth_pass: ${HEAD} ${TAIL}`,
  `auth_pass ${P};`,
  `auth_pass ${P} ; ${TAIL}`,
  `auth_pass ${HEAD}$${TAIL}`,
  `auth_pass ${HEAD}\${${TAIL}}`,
  `auth_pass ${HEAD}{${TAIL}}`,
  `auth_pass ${HEAD}\\`,
  `auth_pass ${HEAD}${TAIL.repeat(300)}`,
  `auth_pass ${HEAD}\n        auth_pass ${TAIL}`,
  `auth_pass { ${P} }`,
  `auth_pass\t${HEAD}\t${TAIL}`,
  `#auth_pass ${P}`,
  `auth_pass #${P}`,
  `authpass ${P}`,
  `auth_pas ${P}`,
  `auth_pss ${P}`,
  `auth-pass ${P}`,
  `AUTH_PASS ${P}`,
  `auth_password ${P}`,
  `password ${P}`,
  `pass ${P}`,
  `${HEAD} ${TAIL}`,
  `auth_type PASS ${P}`,
  `auth_pass ${P} virtual_router_id 5`,
  `@other auth_pass ${P}`,
  `@^other auth_pass ${HEAD} ${TAIL}`,
  `} auth_pass ${P}\n{`,
  `~LST(p,${HEAD},${TAIL}) auth_pass $p x`,
  `foo {\n auth_pass ${HEAD} ${TAIL}\n}`,
];

test("wherever a password stands in its line, nothing prints it", async () => {
  for (const line of LINES) await assertHidden(withLine(line), line);
});

const DEFINED: readonly (readonly [string, string])[] = [
  [`$P=${P}`, "auth_pass $P"],
  [`$P=${HEAD} ${TAIL}`, "auth_pass $P"],
  [`$P=${HEAD}#${TAIL}`, "auth_pass $P"],
  [`$P = ${P}`, "auth_pass $P"],
  [`$PASS=${P}`, "auth_pass $PAS"],
  [`$A=${HEAD}\n$B=\${A}${TAIL}`, "auth_pass ${B} x"],
  [`$L=auth_pass ${HEAD} ${TAIL}`, "$L"],
  [`$K=auth_pass`, `$K ${HEAD} ${TAIL}`],
  [`$L=\\\nauth_pass \\\n${HEAD} ${TAIL}`, "$L"],
  [`$P=\\\n${HEAD} \\\n${TAIL}`, "auth_pass $P"],
];

test("nor where it comes from a definition", async () => {
  for (const [before, line] of DEFINED) await assertHidden(withLine(line, before), before);
});

test("nor in a file with whatever else is wrong", async () => {
  const auth = `authentication {\n auth_type PASS\n auth_pass ${P}\n }\n`;
  for (const name of readdirSync(corpus).filter((one) => one.endsWith(".conf"))) {
    const text = readFileSync(join(corpus, name), "utf8");
    const planted = text.includes("auth_pass")
      ? text.replaceAll(/(auth_pass[ \t]+)[^ \t\n#!"]+/g, `$1${P}`)
      : text.replaceAll(/^([ \t]*interface .*)$/gm, `$1\n${auth}`);
    await assertHidden(planted, name);
  }
});

test("keys of auth_hmac and of the cloud, and passwords in commands", async () => {
  const blocks = `auth_hmac {\n key 1 hex:${P} ${TAIL}\n kye 2 ${P}\n }`;
  await assertHidden(withLine(`}\n${blocks}\nfoo {`), "auth_hmac");
  await assertHidden(
    `havip {\n secret_id ${HEAD}\n secret_key ${P} ${TAIL}\n token ${P}\n}`,
    "havip",
  );
});

test("the mask keeps columns, and everything else is shown", async () => {
  const file = join(folder, "long.conf");
  writeFileSync(file, withLine(`auth_pass ${P}`));
  const out = await outputOf(runCheck, [file]);
  assert.match(out, /VR2030/);
  assert.match(out, /auth_pass \*{10}\n.*\| +\^{10}/);
  const show = await outputOf(runConfig, ["show", "--json", file]);
  assert.match(show, /"secret": "\(hidden\)"/);
});

test("a password that is short does not take letters and digits out of everything else", async () => {
  const file = join(folder, "short.conf");
  writeFileSync(file, withLine("auth_pass 1 0"));
  const out = await outputOf(runCheck, [file]);
  assert.match(out, /VR1021/);
  assert.match(out, /10\.0\.0\.100\/24/);
  assert.ok(Object.keys(CODES).some((code) => out.includes(code)));
});

test("two passwords are compared without being printed", async () => {
  const [a, b] = ["a.conf", "b.conf"].map((name) => join(folder, name)) as [string, string];
  writeFileSync(a, withLine("auth_pass same1234"));
  writeFileSync(b, withLine("auth_pass same1234x"));
  assert.doesNotMatch(await outputOf(runCheck, [a, b]), /VR2504/, "eight bytes count");
  writeFileSync(b, withLine("auth_pass other"));
  assert.match(await outputOf(runCheck, [a, b]), /VR2504/);
  writeFileSync(b, withLine("auth_pass same1234\n        auth_pass other"));
  assert.match(await outputOf(runCheck, [b]), /VR2036/, "the same word twice with two passwords");
});

test("strict mode on one side is a password on the other side only", async () => {
  const [a, b] = ["a.conf", "b.conf"].map((name) => join(folder, name)) as [string, string];
  const strict = "global_defs {\n    vrrp_strict\n}\n";
  const line = "auth_pass 1111";
  writeFileSync(a, withLine(line, strict));
  writeFileSync(b, withLine(line));
  assert.match(await outputOf(runCheck, [a, b]), /VR2504.*strict mode in `.*a\.conf`/);
  assert.match(await outputOf(runCheck, [b, a, "--lang=zh-CN"]), /VR2504.*严格模式/);
  writeFileSync(b, withLine(line, strict));
  assert.doesNotMatch(await outputOf(runCheck, [a, b]), /VR2504/);
});
