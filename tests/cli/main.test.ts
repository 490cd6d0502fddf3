/**
 * `baton` itself: commands are found, suggested and helped with, in the language that was asked
 * for.
 */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { dispatch } from "#cli/dispatch";
import { textWidth } from "#diagnostics/render/width";

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
  "shadow",
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
  const unknown = (await baton(["frobnicate"])).err;
  assert.equal(unknown, "baton: there is no command `frobnicate`\n`baton help` says more\n");
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

test("with the right word at hand, the help is named and not printed", async () => {
  for (const args of [
    ["config", "shwo"],
    ["havip", "lst"],
    ["lab", "staus"],
    ["cloud", "srve"],
    ["cloud", "serve", "--lissten", "x"],
    ["check", "--jsn"],
    ["status", "--jsn"],
    ["run", "--compatt"],
  ]) {
    const english = (await baton(args)).err;
    assert.match(english, /did you mean .*\n`baton help [a-z ]+` says more\n$/, args.join(" "));
    assert.equal(english.trimEnd().split("\n").length, 2, english);
    const chinese = (await baton([...args, "--lang", "zh-CN"])).err;
    assert.match(chinese, /是否要用 .*\n详见 `baton help [a-z ]+`\n$/, args.join(" "));
  }
  // Without a word that is near, the page would push the sentence out of sight as well.
  assert.equal(
    (await baton(["check", "--fromat"])).err,
    "baton check: there is no option `--fromat`\n`baton help check` says more\n",
  );
});

test("`--lang` is an option of every command, of help too, wherever it stands", async () => {
  for (const name of COMMANDS) {
    for (const args of [
      [name, "--help", "--lang", "zh-CN"],
      ["help", name, "--lang", "zh-CN"],
      ["help", "--lang=zh-CN", name],
    ]) {
      const { status, out } = await baton(args);
      assert.equal(status, 0, args.join(" "));
      assert.match(out, CHINESE, args.join(" "));
    }
  }
  assert.match((await baton(["help", "--lang", "zh-CN"])).out, /^用法：baton/);
  const served = await baton(["cloud", "serve", "--listen", "nowhere", "--lang", "zh-CN"]);
  assert.equal(served.status, 2);
  assert.match(served.err, /^baton cloud serve: --listen nowhere 的格式应为/);
  assert.match((await baton(["cloud", "serve", "--lang", "fr"])).err, /`--lang` is en or zh-CN/);
});

test("a code that is none is said to be none", async () => {
  const { status, err } = await baton(["explain", "VR9999"]);
  assert.equal(status, 2);
  assert.equal(err, "baton explain: there is no code VR9999\n");
  assert.equal(
    (await baton(["explain", "VR9999", "--lang", "zh-CN"])).err,
    "baton explain: 没有编号 VR9999\n",
  );
});

test("a file that is not there is a sentence, and what `lab` cannot do is in Chinese too", async () => {
  const missing = await baton(["replay", "/nowhere/at/all"]);
  assert.equal(missing.status, 2);
  assert.match(
    missing.err,
    /^baton replay: \/nowhere\/at\/all cannot be read: there is no such file/,
  );
  const env = { BATON_LAB_DIR: "/nowhere/labs" };
  const down = await baton(["lab", "status", "--lang", "zh-CN"], env);
  assert.match(down.err, /没有名为 default 的实验环境在运行/);
  const fault = await baton(["lab", "fault", "a", "dely", "--lang", "zh-CN"], env);
  assert.match(fault.err, /没有故障 dely，是否要用 `delay`？/);
});

test("a profile that no file has is not replaced by another one unnoticed", async () => {
  const env = { HOME: "/nowhere", TENCENTCLOUD_SECRET_ID: "a", TENCENTCLOUD_SECRET_KEY: "b" };
  const args = ["havip", "list", "--profile", "zz", "--endpoint", "127.0.0.1:1"];
  const { status, err } = await baton(args, env);
  assert.equal(status, 2);
  assert.match(err, /there is no profile zz: no \/nowhere\/\.tccli\/zz\.credential/);
  assert.match((await baton([...args, "--lang", "zh-CN"], env)).err, /没有名为 zz 的配置/);
});

const CHECKED = `vrrp_instance VI_1 {
    state BACKUP
    interface lo
    virtual_router_id 51
    priority 100
    virtual_ipaddress {
        10.0.0.100/24
    }
}
virtual_server 10.0.0.100 80 {
    lb_algo rr
`;

async function checked(text: string, ...options: readonly string[]) {
  const folder = mkdtempSync(join(tmpdir(), "baton-main-"));
  try {
    const file = join(folder, "keepalived.conf");
    writeFileSync(file, text);
    return await baton(["check", file, ...options]);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test("check says what is skipped, and that nothing was corrected", async () => {
  const closed = `${CHECKED}}\n`;
  assert.match(
    (await checked(closed)).out,
    /as it reads, without `virtual_server`, which Baton skips/,
  );
  assert.match(
    (await checked(closed, "--lang", "zh-CN")).out,
    /（`virtual_server` 除外，Baton 会跳过）/,
  );
  assert.match((await checked(closed, "--fix")).out, /; nothing was corrected: /);
  assert.match((await checked(closed, "--fix", "--lang", "zh-CN")).out, /；没有改动：/);
});

test("a file that ends inside a block has its two places named rightly", async () => {
  const english = (await checked(CHECKED)).out;
  assert.match(english, /\^+ is not closed/);
  assert.match(english, /- the file ends here/);
  const chinese = (await checked(CHECKED, "--lang", "zh-CN")).out;
  assert.match(chinese, /\^+ 没有闭合/);
  assert.match(chinese, /- 文件到此结束/);
});

test("`run -t` ends with the reason of its status", async () => {
  const { status, err } = await baton(["run", "-t", "-f", "/nowhere/at/all"]);
  assert.match(err, new RegExp(`baton run: status ${status}: /nowhere/at/all .*\n$`));
  const chinese = await baton(["run", "-t", "-f", "/nowhere/at/all", "--lang", "zh-CN"]);
  assert.match(chinese.err, new RegExp(`baton run: 退出码 ${status}：`));
  assert.match((await baton(["help", "run"])).out, /6 \(-t\)/);
});

test("every page fits a terminal of 80 columns, in both languages, and names an example", async () => {
  const pages: (readonly string[])[] = [[], ...COMMANDS.map((name) => [name])];
  for (const parts of [
    ["havip", "create"],
    ["havip", "associate"],
    ["eip", "allocate"],
    ["lab", "up"],
    ["lab", "fault"],
    ["config", "fmt"],
    ["completion"],
  ]) {
    pages.push(parts);
  }
  for (const parts of pages) {
    for (const lang of ["en", "zh-CN"]) {
      const { status, out } = await baton(["help", ...parts, "--lang", lang]);
      assert.equal(status, 0, parts.join(" "));
      for (const line of out.split("\n")) {
        assert.ok(textWidth(line) <= 80, `${parts.join(" ")}, ${lang}: ${line}`);
      }
      if (parts.length > 0) assert.match(out, /^(examples:|示例：)$/m, parts.join(" "));
    }
  }
});

test("a lab's name that would lead out of its folder is a mistake on the line", async () => {
  for (const [command, ...operands] of [
    ["up"],
    ["status"],
    ["down"],
    ["exec", "a", "true"],
    ["fault", "a", "clear"],
  ] as const) {
    for (const name of ["../x", "", ".", "a/b", "-x"]) {
      const line = ["lab", command, `--name=${name}`, ...operands];
      const english = await baton(line);
      assert.deepEqual([english.status, english.out], [2, ""], line.join(" "));
      assert.match(english.err, /^baton lab \w+: `--name` is a name of letters/);
      const chinese = await baton(line, { LANG: "zh_CN.UTF-8" });
      assert.equal(chinese.status, 2);
      assert.match(chinese.err, /^baton lab \w+: `--name` 应为 由字母、数字/);
    }
  }
});
