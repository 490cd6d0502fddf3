import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type RunOptions,
  type RunRequest,
  readRunOptions,
  type UsageProblem,
} from "#cli/run-options";
import { ignoredSentence, usageSentence } from "#cli/run-text";

const read = (...args: readonly string[]): RunRequest => readRunOptions(args, {});
function options(...args: readonly string[]): RunOptions {
  const request = read(...args);
  assert.ok(request.kind === "run", JSON.stringify(request));
  return request.options;
}
function problem(...args: readonly string[]): UsageProblem {
  const request = read(...args);
  assert.ok(request.kind === "usage", JSON.stringify(request));
  return request.problem;
}

test("the command lines of keepalived's unit files are taken as they are", () => {
  // Debian and Red Hat, then what people write by hand.
  const debian = options("--dont-fork", "-D");
  assert.equal(debian.logDetail, true);
  assert.deepEqual(debian.ignored, []);
  const red = options(
    "-nlPD",
    "-f",
    "/etc/keepalived/keepalived.conf",
    "-p",
    "/run/k.pid",
    "-r/run/v.pid",
  );
  assert.equal(red.file, "/etc/keepalived/keepalived.conf");
  assert.deepEqual(red.pidFiles, ["/run/k.pid"]);
  assert.equal(red.enginePidFile, "/run/v.pid");
  assert.equal(options("--use-file=/x").file, "/x");
  assert.equal(options("-Df/x").file, "/x");
  assert.equal(options("-i", "node1").configId, "node1");
  assert.equal(options("--vrrp-pid", "/v").enginePidFile, "/v");
  assert.equal(options("-u", "027").umask, 0o027);
});

test("a recording is made only where it is asked for", () => {
  assert.equal(options().recordFile, undefined);
  assert.equal(options("--record", "/r.jsonl").recordFile, "/r.jsonl");
  assert.equal(options("--record=/r.jsonl").recordFile, "/r.jsonl");
  assert.deepEqual(problem("--record"), { kind: "missing-value", option: "--record" });
});

test("-t takes its log attached only, so that the next option stays one", () => {
  assert.deepEqual([options("-t", "-f", "x").isTest, options("-t").testLog], [true, undefined]);
  assert.equal(options("-t/tmp/log").testLog, "/tmp/log");
  assert.equal(options("--config-test=/tmp/log").testLog, "/tmp/log");
});

test("what changes nothing here is remembered with its reason", () => {
  assert.deepEqual(options("-S", "3", "-V", "-R", "--snmp", "-G").ignored, [
    { option: "-S", why: "log-is-stderr" },
    { option: "-V", why: "always-released" },
    { option: "-R", why: "always-respawned" },
    { option: "--snmp", why: "no-snmp" },
  ]);
  assert.match(ignoredSentence("-V", "always-released", "zh-CN"), /选项 -V 无效/);
});

test("what cannot be done is refused rather than left out", () => {
  assert.deepEqual(problem("-s", "blue"), { kind: "namespace", name: "blue" });
  assert.deepEqual(problem("-C"), { kind: "checkers-only" });
  assert.deepEqual(problem("-Z"), { kind: "unknown-option", option: "-Z" });
  assert.deepEqual(problem("--colour"), { kind: "unknown-option", option: "--colour" });
  assert.deepEqual(problem("-f"), { kind: "missing-value", option: "-f" });
  assert.deepEqual(problem("--compat=yes"), { kind: "needless-value", option: "--compat" });
  assert.deepEqual(problem("keepalived.conf"), { kind: "no-operand", word: "keepalived.conf" });
  assert.deepEqual(problem("--log-format", "xml"), {
    kind: "bad-value",
    option: "--log-format",
    value: "xml",
    wanted: "text, json",
  });
  assert.equal(problem("-u", "999").kind, "bad-value");
  assert.match(usageSentence(problem("-s", "blue"), "en"), /ip netns exec blue baton run/);
});

test("help, version and signal numbers win over what else is given", () => {
  assert.deepEqual(read("-h", "--lang", "zh"), { kind: "help", language: "zh-CN" });
  assert.deepEqual(read("-D", "-v"), { kind: "version" });
  // As keepalived 2.2.7 prints them.
  const numbers = { STOP: 15, RELOAD: 1, DATA: 10, STATS: 12, STATS_CLEAR: 63, JSON: 36 };
  for (const [name, number] of Object.entries(numbers))
    assert.deepEqual(read(`--signum=${name}`), { kind: "signal-number", number });
});

test("the language: asked for, else the environment's, else English", () => {
  assert.equal(options("--lang", "zh_CN.UTF-8").language, "zh-CN");
  const chinese = readRunOptions([], { LANG: "zh_CN.UTF-8" });
  assert.ok(chinese.kind === "run" && chinese.options.language === "zh-CN");
  assert.equal(options().language, "en");
});
