/** How a line is read: every form that is accepted, and what is said of one that is not. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { defineCommand } from "#command-line/command";
import {
  attached,
  type Command,
  flag,
  type Line,
  oneOf,
  type Text,
  text,
  UsageError,
  value,
  values,
} from "#command-line/definition";

const FILE = text("FILE", "文件");

interface Ran {
  readonly status: number;
  readonly out: string;
  readonly err: string;
}

async function run(command: Command, ...args: readonly string[]): Promise<Ran> {
  let [out, err] = ["", ""];
  const status = await command(args, {
    stdout: (part) => void (out += part),
    stderr: (part) => void (err += part),
    env: {},
    isTty: false,
  });
  return { status, out, err };
}

const print = ({ options, operands, language, io }: Line): number => {
  io.stdout(JSON.stringify({ ...options, operands, language }));
  return 0;
};

const one = defineCommand({
  name: "one",
  summary: text("A command for tests.", "测试用命令。"),
  options: {
    json: flag(text("for programs", "供程序读取"), "j"),
    all: flag(text("everything", "全部"), "a"),
    file: value(FILE, text("a file", "文件"), { short: "f" }),
    tag: values(text("TAG", "标签"), text("may be repeated", "可重复")),
    test: attached(FILE, text("a log", "日志"), { short: "t" }),
    mode: value(text("MODE", "模式"), undefined, { accepts: oneOf(["fast", "slow"]) }),
  },
  operands: [{ name: FILE, isOptional: true, most: 2 }],
  run: print as never,
});

async function read(...args: readonly string[]): Promise<Record<string, unknown>> {
  const { status, out, err } = await run(one, ...args);
  assert.equal(status, 0, err);
  return JSON.parse(out) as Record<string, unknown>;
}

test("options in every form that getopt_long(3) reads", async () => {
  for (const args of [
    ["-j", "-a", "-f", "x"],
    ["-ja", "-fx"],
    ["-jafx"],
    ["--json", "--all", "--file", "x"],
    ["--file=x", "--json", "--all", "--json"],
    ["-f=x", "-aj"],
    ["--file", "first", "-j", "--file=x", "-a"],
  ]) {
    const { json, all, file } = await read(...args);
    assert.deepEqual([json, all, file], [true, true, "x"], args.join(" "));
  }
  assert.deepEqual((await read("--tag", "a", "--tag=b=c", "--tag=-d", "--tag", "-5"))["tag"], [
    "a",
    "b=c",
    "-d",
    "-5",
  ]);
  assert.equal((await read("--file="))["file"], "");
  assert.equal((await read("-f", "-"))["file"], "-");
  assert.equal((await read("-f-"))["file"], "-");
  assert.equal((await read("-t"))["test"], true);
  assert.equal((await read("-tlog"))["test"], "log");
  assert.equal((await read("--test=log"))["test"], "log");
});

test("operands: between options, negative numbers, and all that follows `--`", async () => {
  assert.deepEqual((await read("a", "-j", "b"))["operands"], ["a", "b"]);
  assert.deepEqual((await read("-5", "-.5"))["operands"], ["-5", "-.5"]);
  assert.deepEqual((await read("-j", "--", "--json", "-f"))["operands"], ["--json", "-f"]);
  assert.deepEqual((await read("-"))["operands"], ["-"]);
});

test("`--lang` anywhere, the last one, in all spellings of a locale", async () => {
  for (const lang of ["zh", "zh-CN", "zh_CN.UTF-8", "ZH"]) {
    assert.equal((await read("a", "--lang", lang))["language"], "zh-CN");
    assert.equal((await read(`--lang=${lang}`, "a"))["language"], "zh-CN");
  }
  for (const lang of ["en", "en_GB.UTF-8", "C", "posix"]) {
    assert.equal((await read("--lang", "zh", "--lang", lang))["language"], "en");
  }
});

test("what is wrong is said with the place, the reason and the way out", async () => {
  for (const [args, english, chinese] of [
    [["--jsn"], "there is no option `--jsn`; did you mean `--json`?", "没有选项 `--jsn`，"],
    [["--file"], "`--file` needs a value", "`--file` 需要一个值"],
    [["-jf"], "`-f` needs a value", "`-f` 需要一个值"],
    [["--json=yes"], "`--json` takes no value", "`--json` 不带值"],
    [["-jX"], "there is no option `-X`", "没有选项 `-X`"],
    [["a", "b", "c"], "`c` is one argument too many", "参数 `c` 多余"],
    [["--mode", "f"], "`--mode` is one of fast, slow, not `f`", "`--mode` 应为 fast、slow 之一"],
    [["--lang", "fr"], "`--lang` is en or zh-CN, not `fr`", "`--lang` 应为 en 或 zh-CN"],
    [["-t", "a", "b", "c"], "`c` is one argument too many", "参数 `c` 多余"],
    [["-f", "--json"], "`-f` needs a value", "`-f` 需要一个值"],
    [["--file", "--"], "`--file` needs a value", "`--file` 需要一个值"],
    [["--tag", "-d", "a"], "`--tag` needs a value", "`--tag` 需要一个值"],
    [["--file", "--bogus"], "`--file` needs a value", "`--file` 需要一个值"],
  ] as const) {
    const { status, out, err } = await run(one, ...args);
    assert.deepEqual([status, out], [2, ""], args.join(" "));
    assert.ok(err.startsWith(`baton one: ${english}`), err);
    const other = await run(one, "--lang", "zh", ...args);
    assert.ok(other.err.startsWith(`baton one: ${chinese}`), other.err);
  }
});

test("help wins over what is wrong, and is not an error", async () => {
  for (const args of [
    ["-h"],
    ["--help"],
    ["--bogus", "-h"],
    ["-jh"],
    ["a", "b", "c", "--help"],
    ["-f", "-h"],
  ]) {
    const { status, out, err } = await run(one, ...args);
    assert.deepEqual([status, err], [0, ""], args.join(" "));
    assert.match(out, /^usage: baton one \[options\] \[FILE \.\.\.\]\n/);
  }
});

const inner = (name: string, also: Readonly<Record<string, Text>>): Command =>
  defineCommand({
    name,
    summary: text(`does ${name}`, name),
    options: Object.fromEntries(
      Object.entries(also).map(([option, about]) => [option, value(FILE, about)]),
    ),
    operands: [{ name: FILE }],
    run: print as never,
  });
const group = defineCommand({
  name: "group",
  summary: text("A group for tests.", "测试用的一组命令。"),
  options: {},
  commands: [
    inner("show", { vpc: text("a VPC", "VPC") }),
    inner("list", { tag: text("a tag", "标签") }),
  ],
});

test("a group: options before and behind its command, also those of its siblings", async () => {
  for (const args of [
    ["--vpc", "x", "show", "a"],
    ["show", "--vpc=x", "a"],
    ["show", "a", "--tag", "t", "--vpc", "x"],
    ["--vpc", "y", "show", "a", "--vpc", "x"],
  ]) {
    const { status, out, err } = await run(group, ...args);
    assert.equal(status, 0, err);
    const { vpc, operands } = JSON.parse(out) as Record<string, unknown>;
    assert.deepEqual([vpc, operands], ["x", ["a"]], args.join(" "));
  }
  assert.match((await run(group)).err, /^baton group: say what to do: show, list\n\nusage: /);
  assert.match((await run(group, "shwo")).err, /no command `shwo`; did you mean `show`\?/);
  assert.match((await run(group, "show")).err, /^baton group show: an argument is missing: FILE\n/);
  const page = await run(group, "help", "show");
  assert.deepEqual([page.status, page.err], [0, ""]);
  assert.match(page.out, /--vpc FILE/);
  assert.doesNotMatch(page.out, /--tag/);
});

test("a failure of a command's own is no mistake of the user's", async () => {
  const broken = defineCommand({
    name: "broken",
    summary: text("x", "x"),
    options: {},
    run: () => {
      throw Object.assign(new Error("gone"), { code: "ENOENT" });
    },
  });
  await assert.rejects(run(broken), /gone/);
  const refusing = defineCommand({
    name: "refusing",
    summary: text("x", "x"),
    options: {},
    run: () => {
      throw new UsageError(text("not like this", "不能这样"));
    },
  });
  assert.deepEqual(await run(refusing), {
    status: 2,
    out: "",
    err: "baton refusing: not like this\n`baton help refusing` says more\n",
  });
});
