/** `baton shadow --pcap` as it is typed: captures of keepalived, both languages, what is wrong. */
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { command } from "#cli/shadow";
import { listeningSentence } from "#cli/shadow-live";
import { durationOf } from "#cli/shadow-options";
import { fromSeconds } from "#units/time";
import { framed, pcapFile } from "../support/capture-files.ts";
import { A, B, configText, packetOf, regular } from "../support/shadow-timeline.ts";

const folder = mkdtempSync(join(tmpdir(), "baton-shadow-"));
after(() => rmSync(folder, { recursive: true, force: true }));
const CAPTURES = join(import.meta.dirname, "..", "captures");

async function shadow(...args: readonly string[]) {
  let [out, err] = ["", ""];
  const status = await command(args, {
    stdout: (text) => void (out += text),
    stderr: (text) => void (err += text),
    env: {},
    isTty: false,
  });
  return { status, out, err };
}

function write(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

interface Golden {
  readonly about: { readonly nodes: Readonly<Record<string, string>> };
}

/** A capture of a pair of keepalived, with their configurations. */
function captured(name: string): readonly string[] {
  const { about } = JSON.parse(readFileSync(join(CAPTURES, `${name}.json`), "utf8")) as Golden;
  const files = Object.entries(about.nodes).flatMap(([node, text]) => [
    "-f",
    write(`${name}-${node}.conf`, text),
  ]);
  return ["--pcap", join(CAPTURES, `${name}.pcap`), ...files];
}

test("a hand-over of keepalived's: what Baton does otherwise, in both languages and as JSON", async () => {
  const args = captured("v3-unicast-hand-over");
  const { status, out, err } = await shadow(...args);
  assert.equal(status, 0, out);
  assert.equal(err, "");
  assert.match(
    out,
    /\[expected\] \(A\) 10\.9\.0\.2 took over 61\.3 ms later than Baton would have/,
  );
  assert.match(out, /Baton: 10\.9\.0\.1 gave up the address with priority 0/);
  assert.match(out, /packets 14/);
  assert.match(out, /docs\/shadow\.md#the-only-peer/);
  assert.match(out, /2 expected differences \(docs\/shadow\.md\), 0 unexplained\n$/);
  const chinese = await shadow(...args, "--lang", "zh-CN");
  assert.match(chinese.out, /10\.9\.0\.2 接管比 Baton 晚 61\.3 ms/);
  assert.match(chinese.out, /2 个预期差异（docs\/shadow\.md），0 个未解释\n$/);
  const json = await shadow(...args, "--json", "--all");
  const lines = json.out.trimEnd().split("\n");
  const parsed = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  const late = parsed.find((one) => one["kind"] === "took-over-later");
  assert.equal(late?.["node"], "10.9.0.2");
  assert.equal(late?.["verdict"], "expected");
  assert.deepEqual(late?.["packets"], [14]);
  const summary = parsed.at(-1);
  assert.equal(summary?.["type"], "summary");
  assert.equal(summary?.["unexplained"], 0);
});

test("a difference that nobody can explain: exit status 1, with its time and packets", async () => {
  const conversation = [...regular(A, 100, 0, 10), ...regular(B, 100, 16, 20)];
  const frames = conversation.map((said) => ({
    at: 1_700_000_000_000_000 + said.at * 1_000_000,
    bytes: framed(1, packetOf(said)),
  }));
  const file = write("late.pcap", pcapFile(frames));
  const b = write("b.conf", configText({ own: B, priority: 100 }));
  const { status, out } = await shadow("--pcap", file, "-f", b);
  assert.equal(status, 1);
  assert.match(
    out,
    /UNEXPLAINED\] \(VI_1\) 192\.0\.2\.1 took over 2\.39 s later than Baton would have/,
  );
  assert.match(out, /setting: compare `advert_int`/);
  assert.match(out, /1 unexplained\n$/);
  const allowed = await shadow("--pcap", file, "-f", b, "--tolerance", "3000");
  assert.equal(allowed.status, 0);
});

test("which node it is: the file says, or the priority, or --node; otherwise it is asked for", async () => {
  const [pcap, file, ...configs] = captured("v3-multicast");
  const [, first = ""] = configs;
  assert.ok(pcap !== undefined && file !== undefined);
  const guessed = await shadow(pcap, file, "-f", first);
  assert.equal(guessed.status, 0, guessed.err);
  const conversation = [...regular(A, 100, 0, 5), ...regular(B, 100, 0.5, 5.5)].map((said) => ({
    at: said.at * 1_000_000,
    bytes: framed(1, packetOf({ ...said, multicast: true })),
  }));
  const both = write("both.pcap", pcapFile(conversation));
  const config = write("m.conf", configText({ own: A, priority: 100, multicast: true }));
  const asked = await shadow("--pcap", both, "-f", config);
  assert.equal(asked.status, 2);
  assert.match(
    asked.err,
    /which node of the capture is .*m\.conf\? .*--node.*192\.0\.2\.2, 192\.0\.2\.1/,
  );
  const named = await shadow("--pcap", both, "-f", config, "--node", "192.0.2.2");
  assert.notEqual(named.status, 2, named.err);
});

test("files that cannot be read: place, reason and what to do; exit status 2", async () => {
  const a = write("a.conf", configText({ own: A, priority: 100 }));
  const cases: readonly (readonly [string, RegExp])[] = [
    [
      join(folder, "missing.pcap"),
      /missing\.pcap cannot be read: there is no such file \(ENOENT\)/,
    ],
    [folder, /cannot be read: it is a folder \(EISDIR\)/],
    ["/dev/zero", /it is a pipe or a device; write the capture to a file first/],
    [
      write("text.pcap", "hello, world"),
      /text\.pcap, byte 0: this is neither pcap nor pcapng; `tcpdump/,
    ],
    [write("empty.pcap", ""), /empty\.pcap, byte 0: the file ends/],
    [write("x.gz", Uint8Array.of(0x1f, 0x8b, 8, 0)), /it is compressed: unpack it with gunzip/],
  ];
  for (const [file, wanted] of cases) {
    const { status, err } = await shadow("--pcap", file, "-f", a);
    assert.equal(status, 2, file);
    assert.match(err, wanted);
    assert.doesNotMatch(err, /\n {4}at /);
    const chinese = await shadow("--pcap", file, "-f", a, "--lang", "zh-CN");
    assert.match(chinese.err, /[\u3400-\u9fff]/);
  }
  const whole = pcapFile([
    { at: 0, bytes: framed(1, packetOf({ at: 0, from: A, priority: 100 })) },
  ]);
  const cut = await shadow("--pcap", write("cut.pcap", whole.slice(0, -5)), "-f", a);
  assert.equal(cut.status, 2);
  assert.match(cut.out, /0 advertisements/);
});

test("configurations: none, broken, without an instance; options that contradict each other", async () => {
  const file = write("one.pcap", pcapFile([]));
  const a = write("a.conf", configText({ own: A, priority: 100 }));
  const missing = await shadow("--pcap", file, "-f", join(folder, "no.conf"));
  assert.notEqual(missing.status, 0);
  assert.match(missing.err, /no\.conf/);
  const empty = await shadow("--pcap", file, "-f", write("empty.conf", "\n"));
  assert.equal(empty.status, 2);
  assert.match(empty.err, /no vrrp_instance to compare/);
  // keepalived runs it all the same.
  const odd = await shadow(
    "--pcap",
    file,
    "-f",
    write("odd.conf", `${configText({ own: A, priority: 100 })}nonsense\n`),
  );
  assert.equal(odd.status, 0);
  assert.match(odd.err, /has 1 error; compared is what keepalived runs of it/);
  for (const args of [
    ["-f", a, "-f", a],
    ["--node", "192.0.2.1"],
    ["--pcap", file, "-f", a, "--for", "1h"],
    ["--pcap", file, "-f", a, "--node", "192.0.2.1", "--node", "192.0.2.2"],
    ["--for", "soon"],
    ["--tolerance", "0"],
  ]) {
    const { status, err } = await shadow(...args);
    assert.equal(status, 2, args.join(" "));
    assert.match(err, /baton shadow/);
  }
});

test("durations", () => {
  assert.equal(durationOf("90s"), fromSeconds(90));
  assert.equal(durationOf("90"), fromSeconds(90));
  assert.equal(durationOf("30m"), fromSeconds(1_800));
  assert.equal(durationOf("7d"), fromSeconds(604_800));
  for (const bad of ["", "0", "0s", "1w", "-1", "1.5h", "1h30m", "9999999s"])
    assert.equal(durationOf(bad), undefined, bad);
});

test("what it listens to is named at once, and that no keepalived is there", () => {
  assert.equal(
    listeningSentence(["eth0", "eth1"], "7d", true, "en"),
    "listening on eth0, eth1 for 7d, then a summary",
  );
  assert.match(
    listeningSentence([], undefined, false, "en"),
    /every interface until Ctrl-C.*not run/,
  );
  assert.equal(
    listeningSentence(["eth0"], undefined, true, "zh-CN"),
    "正在 eth0 上监听，按 Ctrl-C 结束并输出总结",
  );
});
