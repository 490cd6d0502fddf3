/** `baton` itself: commands are found, suggested and helped with, in the language that was asked for. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { dispatch } from "../../apps/cli/dispatch.ts";

async function baton(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  let out = "";
  let err = "";
  const status = await dispatch(args, {
    stdout: (text) => void (out += text),
    stderr: (text) => void (err += text),
    env,
    isTty: false,
  });
  return { status, out, err };
}

const CHINESE = /[\u3400-\u9fff]/;
const COMMANDS = [
  "run",
  "check",
  "status",
  "explain",
  "reload",
  "release",
  "config",
  "cloud",
  "havip",
  "eip",
  "replay",
  "lab",
];

test("a misspelled command, operation or option gets the right one, in either language", async () => {
  const wrong = await baton(["statsu"]);
  assert.equal(wrong.status, 2);
  assert.equal(wrong.err, "baton: there is no command `statsu`; did you mean `status`?\n");
  assert.match(
    (await baton(["--lang", "zh-CN", "statsu"])).err,
    /没有命令 `statsu`，是否要用 `status`？/,
  );
  assert.match((await baton(["frobnicate"])).err, /usage: baton/);
  for (const [args, right] of [
    [["config", "shwo"], "show"],
    [["havip", "lst"], "list"],
    [["lab", "staus"], "status"],
    [["check", "--jsn"], "--json"],
    [["status", "--jsn"], "--json"],
    [["run", "--compatt"], "--compat"],
  ] as const) {
    const { status, err } = await baton(args);
    assert.equal(status, 2, args.join(" "));
    assert.match(err, new RegExp(`did you mean \`${right}\`\\?`), args.join(" "));
  }
});

for (const name of COMMANDS) {
  test(`help of ${name}, asked for in three ways and two languages`, async () => {
    const english = await baton([name, "--help"]);
    assert.equal(english.status, 0);
    assert.match(english.out, new RegExp(`baton ${name}`));
    assert.doesNotMatch(english.out, CHINESE);
    assert.equal((await baton(["help", name])).out, english.out);
    const chinese = await baton(["--lang", "zh-CN", "help", name]);
    assert.equal(chinese.status, 0);
    assert.match(chinese.out, CHINESE);
    assert.equal((await baton([name, "--help"], { LANG: "zh_CN.UTF-8" })).out, chinese.out);
  });
}

test("--lang before the command holds for it, and its own wins", async () => {
  assert.match((await baton(["--lang=zh-CN", "explain", "VR2010"])).out, /错误写法/);
  assert.match((await baton(["--lang=zh-CN", "explain", "VR2010", "--lang", "en"])).out, /^Bad$/m);
  const wrong = await baton(["--lang", "fr", "status"]);
  assert.deepEqual([wrong.status, wrong.err], [2, "baton: `--lang` is en or zh-CN, not `fr`\n"]);
  assert.equal((await baton(["help", "VR2010"])).out, (await baton(["explain", "VR2010"])).out);
});
