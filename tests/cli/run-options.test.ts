import assert from "node:assert/strict";
import { test } from "node:test";
import { daemonCommand, type RunOptions } from "#cli/run-options";
import { ignoredSentence } from "#cli/run-text";

interface Read {
  readonly status: number;
  /** Undefined: the daemon would not be started. */
  readonly options: RunOptions | undefined;
  readonly out: string;
  readonly err: string;
}

async function read(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Read> {
  let [out, err] = ["", ""];
  let options: RunOptions | undefined;
  const command = daemonCommand((given) => {
    options = given;
    return 0;
  });
  const status = await command(args, {
    stdout: (text) => void (out += text),
    stderr: (text) => void (err += text),
    env,
    isTty: false,
  });
  return { status, options, out, err };
}

async function options(...args: readonly string[]): Promise<RunOptions> {
  const { options: given, err } = await read(args);
  assert.ok(given !== undefined, err);
  return given;
}

/** The first line of what is printed. */
async function problem(...args: readonly string[]): Promise<string> {
  const { status, options: given, err } = await read(args);
  assert.deepEqual([status, given], [2, undefined], args.join(" "));
  return err.split("\n")[0] ?? "";
}

test("the command lines of keepalived's unit files are taken as they are", async () => {
  // Debian and Red Hat, then what people write by hand.
  const debian = await options("--dont-fork", "-D");
  assert.equal(debian.logDetail, true);
  assert.deepEqual(debian.ignored, []);
  const red = await options(
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
  assert.equal((await options("--use-file=/x")).file, "/x");
  assert.equal((await options("-Df/x")).file, "/x");
  assert.equal((await options("-i", "node1")).configId, "node1");
  assert.equal((await options("--vrrp-pid", "/v")).enginePidFile, "/v");
  assert.equal((await options("--use_file", "/y", "-f=/z")).file, "/z");
  assert.equal((await options("--dont_release-vrrp")).ignored.length, 1);
  assert.equal((await options("-u", "027")).umask, 0o027);
});

test("a recording is made only where it is asked for", async () => {
  assert.equal((await options()).recordFile, undefined);
  assert.equal((await options("--record", "/r.jsonl")).recordFile, "/r.jsonl");
  assert.equal((await options("--record=/r.jsonl")).recordFile, "/r.jsonl");
  assert.equal(await problem("--record"), "baton run: `--record` needs a value");
});

test("-t takes its log attached only, so that the next option stays one", async () => {
  assert.deepEqual(
    [(await options("-t", "-f", "x")).isTest, (await options("-t")).testLog],
    [true, undefined],
  );
  // A file that is not attached would be overwritten with the findings.
  assert.match(await problem("-t", "x.conf"), /`x\.conf` is one argument too many; .* with -f$/);
  assert.match(await problem("-nt", "x.conf"), /`x\.conf` is one argument too many/);
  assert.match(await problem("--cloud", "http://x"), /`http:\/\/x` is one argument too many/);
  assert.equal((await options("--cloud=http://x")).cloud?.endpoint, "http://x");
  assert.equal((await options("--cloud")).cloud?.endpoint, undefined);
  assert.equal((await options("-t/tmp/log")).testLog, "/tmp/log");
  assert.equal((await options("--config-test=/tmp/log")).testLog, "/tmp/log");
});

test("what changes nothing here is remembered with its reason", async () => {
  assert.deepEqual((await options("-V", "-R", "--snmp", "--flush-log-file")).ignored, [
    { option: "-V, --dont-release-vrrp", why: "always-released" },
    { option: "-R, --dont-respawn", why: "always-respawned" },
    { option: "-x, --snmp", why: "no-snmp" },
    { option: "--flush-log-file", why: "flushed-anyway" },
  ]);
  assert.match(ignoredSentence("-V", "always-released", "zh-CN"), /选项 -V 无效/);
});

test("where the log goes: keepalived's options for it", async () => {
  const syslogOf = async (...args: readonly string[]): Promise<RunOptions["syslog"]> =>
    (await options(...args)).syslog;
  assert.equal(await syslogOf("-lD"), undefined);
  for (const [name, facility] of [
    ["0", 16],
    ["7", 23],
    ["local3", 19],
    ["daemon", 3],
    ["user", 1],
  ] as const)
    assert.deepEqual(await syslogOf("-S", name), { facility, isConsoleToo: false }, name);
  assert.deepEqual(await syslogOf("-lDS7"), { facility: 23, isConsoleToo: true });
  assert.equal(await syslogOf("-S", "0", "-G"), undefined);
  assert.match(await problem("-S", "mail"), /`--log-facility` is 0 to 7, local0 to local7, daemon/);
  assert.match(await problem("-S", "8"), /not `8`/);
  assert.equal((await options()).logFile, undefined);
  assert.equal((await options("--log-file")).logFile, "/var/log/baton.log");
  assert.equal((await options("-g/var/log/k.log")).logFile, "/var/log/k.log");
  assert.equal((await options("--log-file=/l")).logFile, "/l");
  // keepalived takes it attached alone; here nothing else could be meant.
  assert.equal((await options("--log-file", "/l", "-D")).logFile, "/l");
  assert.equal((await options("-g", "/l")).logFile, "/l");
  const bare = await options("-g", "-D");
  assert.deepEqual([bare.logFile, bare.logDetail], ["/var/log/baton.log", true]);
});

test("what cannot be done is refused rather than left out", async () => {
  for (const [args, sentence] of [
    [["-s", "blue"], /-s is not supported: run `ip netns exec blue baton run`/],
    [["-C"], /-C asks for health checkers/],
    [["-Z"], /there is no option `-Z`/],
    [["-nZ"], /there is no option `-Z`/],
    [["--colour"], /there is no option `--colour`/],
    [["-f"], /`-f` needs a value/],
    [["-Df"], /`-f` needs a value/],
    [["--compat=yes"], /`--compat` takes no value/],
    [["keepalived.conf"], /`keepalived\.conf` is one argument too many; give the file with -f/],
    [["--", "x"], /`x` is one argument too many/],
    [["--log-format", "xml"], /`--log-format` is one of text, json, not `xml`/],
    [["-u", "999"], /`--umask` is an octal number from 0 to 0777, not `999`/],
  ] as const) {
    assert.match(await problem(...args), sentence);
  }
});

test("help, version and signal numbers win over what else is given", async () => {
  const help = await read(["-h", "--lang", "zh"]);
  assert.deepEqual([help.status, help.options], [0, undefined]);
  assert.match(help.out, /^用法：baton run/);
  assert.match((await read(["-Dh"])).out, /^usage: baton run/);
  assert.match((await read(["-D", "-v"])).out, /^baton \d/);
  // As keepalived 2.2.7 prints them; the last one is ours.
  const numbers = {
    STOP: 15,
    RELOAD: 1,
    DATA: 10,
    STATS: 12,
    STATS_CLEAR: 63,
    JSON: 36,
    REOPEN: 35,
  };
  for (const [name, number] of Object.entries(numbers)) {
    const { status, options: given, out } = await read([`--signum=${name}`]);
    assert.deepEqual([status, given, out], [0, undefined, `${number}\n`]);
  }
});

test("the language: asked for, else the environment's, else English", async () => {
  assert.equal((await options("--lang", "zh_CN.UTF-8")).language, "zh-CN");
  assert.equal((await read([], { LANG: "zh_CN.UTF-8" })).options?.language, "zh-CN");
  assert.equal((await options()).language, "en");
});
