/** The grammar row by row: what keepalived 2.2.7 reads, as the values of an instance. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { lineOf } from "#keepalived/lines/line";
import { stripLine, tokenize } from "#keepalived/lines/tokens";
import { type Reading, type ReadOptions, readConfiguration } from "#keepalived/read";
import { splitCommand } from "#keepalived/values/command";
import { readIp } from "#keepalived/values/ip";
import { printIp } from "#units/address";
import { nearest } from "#units/nearest";
import type { InstanceConfig } from "#vrrp/router/config";

const read = (text: string, options: ReadOptions = {}): Reading =>
  readConfiguration([{ name: "dir/a.conf", text }], options);

const inside = (lines: string): string =>
  `vrrp_instance A {\n interface eth0\n virtual_router_id 51\n${lines}\n virtual_ipaddress {\n  10.0.0.9\n }\n}\n`;

function only(text: string, options: ReadOptions = {}): InstanceConfig {
  const [first, ...more] = read(text, options).plan.instances;
  assert.ok(first !== undefined && more.length === 0, "one instance");
  return first.config;
}

const addresses = (config: InstanceConfig): readonly string[] =>
  config.addresses.map(({ address }) => printIp(address));

test("tokens: comments, quotes and blanks", () => {
  const rows: readonly (readonly [string, readonly string[]])[] = [
    ["interface eth0 # x", ["interface", "eth0"]],
    ["interface eth0! x", ["interface", "eth0"]],
    ["auth_pass ab#cd", ["auth_pass", "ab"]],
    ["auth_pass ab\\#cd", ["auth_pass", "ab#cd"]],
    ['auth_pass "ab#cd" # x', ["auth_pass", "ab#cd"]],
    ['a "b c"d e"f g"', ["a", "b c", "d", "e", "f g"]],
    ["a\tb\fc\vd", ["a", "b", "c", "d"]],
    ["interface 'eth0'", ["interface", "'eth0'"]],
    ['a "" b', ["a", "", "b"]],
    ['a "b', ["a"]],
    ["   ", []],
  ];
  for (const [text, expected] of rows) {
    const { line } = stripLine(lineOf(text, "f", 0));
    assert.deepEqual(
      tokenize(line).tokens.map((word) => word.text),
      expected,
      text,
    );
  }
});

test("a password ends at `#`, also with a backslash, also out of a definition; quotes keep it", () => {
  const secret = (line: string, before = ""): string | undefined =>
    only(
      before + inside(` authentication {\n auth_type PASS\n auth_pass ${line}\n }`),
    ).authentication?.secret.reveal();
  assert.equal(secret("ab#cd"), "ab");
  assert.equal(secret("pass!word"), "pass");
  assert.equal(secret("ab\\#cd"), "ab");
  assert.equal(secret("ab${_HASH}cd"), "ab");
  assert.equal(secret('"ab#cd"'), "ab#cd");
  assert.equal(secret("verysecret"), "verysecr");
  assert.equal(secret("密码密码"), "密码");
  assert.equal(secret("$P", '$P="a#b"\n'), "a#b");
});

test("braces stand anywhere", () => {
  const rows = [
    "vrrp_instance A {\ninterface eth0\nvirtual_router_id 51\nvirtual_ipaddress {\n10.0.0.9\n}\n}",
    "vrrp_instance A{\ninterface eth0\nvirtual_router_id 51\nvirtual_ipaddress{\n10.0.0.9\n}}",
    "vrrp_instance A\n{\ninterface eth0\nvirtual_router_id 51\nvirtual_ipaddress { 10.0.0.9 }\n}",
    "vrrp_instance A { interface eth0\nvirtual_router_id 51\nvirtual_ipaddress { 10.0.0.9 } }",
    'vrrp_instance "A" {\r\n\tinterface "eth0"\r\n\tvirtual_router_id 51\r\n virtual_ipaddress\r\n{ 10.0.0.9\r\n}\r\n}\r\n',
  ];
  for (const text of rows) {
    const reading = read(text);
    assert.deepEqual(
      reading.findings.filter(({ code }) => code !== "VR1012").map(({ code }) => code),
      [],
      text,
    );
    assert.deepEqual(addresses(only(text)), ["10.0.0.9"]);
  }
});

test("numbers are decimal; a leading zero and a plus sign mean nothing", () => {
  assert.equal(only(inside(" priority 010")).router.priority, 10);
  assert.equal(only(inside(" priority +51")).router.priority, 51);
  assert.equal(only(inside(" priority 0x33")).router.priority, 100);
  assert.equal(only(inside(" priority 51s")).router.priority, 100);
  assert.equal(only(inside(" version 3\n advert_int .5")).router.advertInterval, 50);
  assert.equal(only(inside(" version 3\n advert_int 0.25")).router.advertInterval, 25);
  assert.equal(only(inside(" version 3\n advert_int 100")).router.advertInterval, 4095);
  assert.equal(only(inside(" advert_int 1.4")).router.advertInterval, 100);
  assert.equal(only(inside(" advert_int 0.1")).router.advertInterval, 100);
});

test("booleans are in lower case, and nothing means yes", () => {
  const flag = (rest: string): boolean =>
    only(inside(` lower_prio_no_advert ${rest}`)).router.lowerPrioNoAdvert;
  for (const word of ["", "on", "true", "yes"]) assert.equal(flag(word), true, word);
  for (const word of ["off", "false", "no", "1", "On"]) assert.equal(flag(word), false, word);
});

test("the last value counts, for state the first", () => {
  assert.equal(only(inside(" priority 10\n priority 20")).router.priority, 20);
  assert.equal(only(inside(" state MASTER\n state BACKUP")).router.priority, 255);
  assert.equal(only(inside(" nopreempt\n preempt")).router.preempt, true);
});

test("definitions: use, nesting, several lines, what is not replaced", () => {
  const source = (config: InstanceConfig): string =>
    config.transport.source === undefined ? "" : printIp(config.transport.source);
  assert.equal(source(only(`$A=10.0.0.1\n${inside(" mcast_src_ip $A")}`)), "10.0.0.1");
  assert.equal(
    source(only(`$A=1\n$B=10.0.0.\${A}\n${inside(" mcast_src_ip $B # x")}`)),
    "10.0.0.1",
  );
  assert.equal(source(only(`$B=10.0.0.\${A}\n$A=2\n${inside(" mcast_src_ip ${B}")}`)), "10.0.0.2");
  const block = `$M= \\\n priority 7 \\\n track_interface { \\\n eth1 \\\n }\n${inside(" $M\n nopreempt")}`;
  const config = only(block);
  assert.equal(config.router.priority, 7);
  assert.equal(config.router.preempt, false);
  assert.deepEqual(
    config.router.trackers.map(({ name }) => name),
    ["eth1"],
  );
  assert.deepEqual(
    read(`$A=1\n${inside(" mcast_src_ip 10.0.0.$A/24")}`).findings.map(({ code }) => code),
    ["VR1039"],
  );
});

test("predefined names", () => {
  const name = (text: string, options: ReadOptions = {}): string | undefined =>
    read(`global_defs {\n router_id ${text}\n}\n`, options).plan.globals.routerId;
  assert.equal(name("${_PWD}"), "dir");
  assert.equal(name("x${_INSTANCE}y", { configId: "node1" }), "xnode1y");
  assert.equal(name("${_ENV HOME_TOWN}", { environment: { HOME_TOWN: "Shenzhen" } }), "Shenzhen");
  assert.equal(name("${_RANDOM 5 9}", { random: (min, max) => min + max }), "14");
  assert.equal(name("${_RANDOM}", { random: (min, max) => min + max }), "32767");
});

test("loops", () => {
  const loop = (line: string): readonly string[] =>
    addresses(
      only(
        `vrrp_instance A {\n interface eth0\n virtual_router_id 51\n virtual_ipaddress {\n${line}\n}\n}\n`,
      ),
    );
  assert.deepEqual(loop("~SEQ(i, 1, 3) 10.0.0.${i}"), ["10.0.0.1", "10.0.0.2", "10.0.0.3"]);
  assert.deepEqual(loop("~SEQ(i, 2) 10.0.0.${i}"), ["10.0.0.1", "10.0.0.2"]);
  assert.deepEqual(loop("~SEQ(i, 6, -2, 2) 10.0.0.${i}"), ["10.0.0.6", "10.0.0.4", "10.0.0.2"]);
  assert.deepEqual(loop("~SEQ(i, 2) ~SEQ(j, 2) 10.0.${i}.${j}"), [
    "10.0.1.1",
    "10.0.1.2",
    "10.0.2.1",
    "10.0.2.2",
  ]);
  assert.deepEqual(loop("~LST(i, 7, 9) 10.0.0.${i}"), ["10.0.0.7", "10.0.0.9"]);
  assert.deepEqual(loop("~LST({a,b}, {1,2}, {3,4}) 10.0.${a}.${b}"), ["10.0.1.2", "10.0.3.4"]);
});

test("conditions", () => {
  const priority = (lines: string, configId?: string): number =>
    only(inside(lines), configId === undefined ? {} : { configId }).router.priority;
  assert.equal(priority(" @a priority 7", "a"), 7);
  assert.equal(priority(" @a priority 7", "b"), 100);
  assert.equal(priority(" @a priority 7"), 100);
  assert.equal(priority(" @^a priority 7", "b"), 7);
  assert.equal(priority(" @^a priority 7", "a"), 100);
});

test("includes are read in place, inside blocks too, and findings point into them", () => {
  const reading = read(inside(" include part.conf"), {
    include: (pattern, from) => {
      assert.equal(from, "dir/a.conf");
      return {
        files: [{ name: `dir/${pattern}`, text: "priority 300\nnopreempt\n" }],
        skipped: [],
        unmatched: [],
      };
    },
  });
  assert.equal(reading.plan.instances[0]?.config.router.preempt, false);
  const [found] = reading.findings;
  assert.equal(found?.code, "VR2002");
  assert.equal(found.primary.file, "dir/part.conf");
  assert.deepEqual(
    reading.sources.map(({ name }) => name),
    ["dir/a.conf", "dir/part.conf"],
  );
});

test("commands: quotes and escapes, no shell", () => {
  const argv = (text: string): readonly string[] | string => {
    const split = splitCommand(text);
    return split.kind === "argv" ? split.argv : split.problem;
  };
  assert.deepEqual(argv("/a b  c"), ["/a", "b", "c"]);
  assert.deepEqual(argv(`/a 'b c' "d e"f`), ["/a", "b c", "d ef"]);
  assert.deepEqual(argv("/a \\x41\\102\\tz\\'"), ["/a", "AB\tz'"]);
  assert.deepEqual(argv("/a \\x4142"), ["/a", "A42"]);
  assert.deepEqual(argv("/a 'b\\'c'"), ["/a", "b'c"]);
  assert.equal(argv("/a 'b"), "quote");
  assert.equal(argv("/a \\"), "escape");
  assert.equal(argv("  "), "empty");
});

test("addresses", () => {
  assert.equal(readIp("10.0.0.1")?.text, "10.0.0.1");
  assert.equal(readIp("010.0.0.1"), undefined);
  assert.equal(readIp("2001:DB8:0:0:0:0:0:1")?.text, "2001:db8::1");
  assert.equal(readIp("::")?.text, "::");
  assert.equal(readIp("fe80::1:0:0:1")?.text, "fe80::1:0:0:1");
  assert.equal(readIp("::ffff:10.0.0.1")?.text, "::ffff:a00:1");
  for (const bad of ["", ":", ":::", "1::2::3", "12345::", "1:2:3:4:5:6:7", "eth0"]) {
    assert.equal(readIp(bad), undefined, bad);
  }
});

test("did you mean", () => {
  const keywords = ["priority", "nopreempt", "preempt_delay", "virtual_router_id", "interface"];
  assert.equal(nearest("prioritty", keywords), "priority");
  assert.equal(nearest("noprempt", keywords), "nopreempt");
  assert.equal(nearest("preempt-delay", keywords), "preempt_delay");
  assert.equal(nearest("Interface", keywords), "interface");
  assert.equal(nearest("itnerface", keywords), "interface");
  assert.equal(nearest("banana", keywords), undefined);
});
