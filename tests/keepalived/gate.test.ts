/** `gate`: what is planned, what is found, and what keepalived's own values become with it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { comparePair } from "#keepalived/pair";
import { routerGate } from "#keepalived/plan/gate";
import type { GatePlan } from "#keepalived/plan/run-plan";
import { type Reading, readConfiguration } from "#keepalived/read";

const INSTANCE =
  "vrrp_instance VI_1 {\n interface eth0\n virtual_router_id 51\n priority 100\n MORE\n" +
  " virtual_ipaddress {\n  10.0.0.9/24\n }\n GATE\n}\n";
const SCRIPTS = ' promote "/usr/bin/p"\n demote "/usr/bin/d"';

const read = (gate: string, more = "", before = ""): Reading => {
  const block = gate === "" ? "" : `gate {\n${gate}\n}`;
  const text = INSTANCE.replace("MORE", more).replace("GATE", block);
  return readConfiguration([{ name: "a.conf", text: `${before}\n${text}` }]);
};
const plan = (gate: string, more = ""): GatePlan => {
  const found = read(gate, more).plan.instances[0]?.gate;
  assert.ok(found !== undefined);
  return found;
};
/** Without what is said of every keyword of ours, and of scripts that run as root. */
const codesOf = (reading: Reading): readonly string[] =>
  reading.findings.map(({ code }) => code).filter((code) => code !== "VR4005" && code !== "VR3006");
const codes = (gate: string, more = "", before = ""): readonly string[] =>
  codesOf(read(gate, more, before));

test("a gate with scripts: defaults, and everything written", () => {
  assert.deepEqual(codes(SCRIPTS), []);
  const command = (path: string, timeout: number, user?: string): unknown => ({
    argv: [path],
    user: user === undefined ? undefined : { user, group: undefined },
    timeout,
  });
  assert.deepEqual(plan(SCRIPTS), {
    unit: "VI_1",
    promote: { command: command("/usr/bin/p", 10_000_000), timeout: 10_000_000 },
    demote: { command: command("/usr/bin/d", 5_000_000), timeout: 5_000_000 },
    promoteTimeout: 10_000_000,
    demoteTimeout: 5_000_000,
    fence: [],
    onRefusal: "backup",
    hold: 30_000_000,
    probe: "arp",
    resetConnections: true,
    drain: 0,
  });
  const all =
    'promote "/usr/bin/p" mysql timeout 2.5\n demote "/usr/bin/d" timeout 1\n fence tcp 80 443\n' +
    "fence udp 443\n fence tcp 80\n on_refusal fault hold 1.5\n takeover_probe service\n" +
    "reset_connections off\n drain 0.5";
  assert.deepEqual(codes(all), []);
  assert.deepEqual(plan(all), {
    unit: "VI_1",
    promote: { command: command("/usr/bin/p", 2_500_000, "mysql"), timeout: 2_500_000 },
    demote: { command: command("/usr/bin/d", 1_000_000), timeout: 1_000_000 },
    promoteTimeout: 2_500_000,
    demoteTimeout: 1_000_000,
    fence: [
      { protocol: "tcp", port: 80 },
      { protocol: "tcp", port: 443 },
      { protocol: "udp", port: 443 },
    ],
    onRefusal: "fault",
    hold: 1_500_000,
    probe: "service",
    resetConnections: false,
    drain: 500_000,
  });
  assert.equal(read("").plan.instances[0]?.gate, undefined);
  assert.equal(read("").plan.instances[0]?.config.router.gate, undefined);
});

test("a database: defaults, its port as the fence, and time for it and a script", () => {
  const gate = plan("mysql {\n peer 10.0.0.2\n}");
  assert.deepEqual(gate.database, {
    kind: "mysql",
    at: { socket: "/run/mysqld/mysqld.sock" },
    peers: [{ host: "10.0.0.2", port: 3306 }],
    maxLag: 10_000_000,
    sync: "required",
    rejoin: "auto",
    interval: 1_000_000,
    timeout: 1_000_000,
    promoteTimeout: 10_000_000,
    demoteTimeout: 5_000_000,
  });
  assert.deepEqual(gate.fence, [{ protocol: "tcp", port: 3306 }]);
  const { fence } = plan("postgresql {\n socket /run/postgresql/.s.PGSQL.5433\n peer b\n}");
  assert.deepEqual(fence, [{ protocol: "tcp", port: 5433 }]);
  const redis = plan('redis {\n address 127.0.0.1:6380\n peer b:6380\n}\npromote "/p" timeout 2');
  assert.deepEqual(redis.fence, [{ protocol: "tcp", port: 6380 }]);
  assert.equal(redis.promoteTimeout, 12_000_000, "the script runs behind the database");
  assert.equal(redis.database?.sync, "preferred");
  assert.deepEqual(plan("fence none\nmysql {\n peer b\n}").fence, []);
});

test("what the router and its fence get of it", () => {
  const [instance] = read("drain 3\nfence tcp 80").plan.instances;
  assert.deepEqual(instance?.config.fence, [{ protocol: "tcp", port: 80 }]);
  const { gate } = instance ?? {};
  assert.ok(gate !== undefined);
  assert.deepEqual(instance?.config.router.gate, routerGate(gate));
  assert.equal(routerGate(gate).needsEligible, false);
  assert.equal(routerGate(plan("mysql {\n peer b\n}")).comparesData, true);
  assert.equal(instance?.config.router.preempt, false, "never from a living master");
  assert.equal(read("").plan.instances[0]?.config.router.preempt, true);
});

test("the gate of a sync group is that of each member, and stands there once", () => {
  const members = ["A", "B"].map((name, index) =>
    INSTANCE.replace("VI_1", name)
      .replace("51", `${51 + index}`)
      .replace("10.0.0.9", `10.0.0.${9 + index}`),
  );
  const text = (own: string, shared: string): string =>
    `vrrp_sync_group G {\n group {\n  A\n  B\n }\n${shared}\n}\n${members
      .join("")
      .replace("MORE", "")
      .replace("GATE", own)
      .replace("MORE", "")
      .replace("GATE", "")}`;
  const of = (own: string, shared: string): Reading =>
    readConfiguration([{ name: "a.conf", text: text(own, shared) }]);
  const gate = "gate {\n fence tcp 80\n drain 1\n}";
  const good = of("", gate);
  assert.deepEqual(codesOf(good), []);
  assert.equal(good.plan.groups[0]?.gate?.unit, "G");
  for (const { config, gate: own } of good.plan.instances) {
    assert.equal(own, undefined);
    assert.equal(config.router.gate?.drain, 1_000_000);
    assert.deepEqual(config.fence, [{ protocol: "tcp", port: 80 }]);
  }
  assert.deepEqual(codesOf(of(gate, "")), ["VR2102"]);
  assert.deepEqual(codesOf(of(gate, gate)), ["VR2102"]);
});

test("values that are not understood are reported, and the default counts", () => {
  const cases: readonly (readonly [string, readonly string[]])[] = [
    ["fence 3306", ["VR2004"]],
    ["fence tcp", ["VR2124"]],
    ["fence tcp http", ["VR2001"]],
    ["fence tcp 0 70000", ["VR2002", "VR2002"]],
    ["on_refusal bakcup", ["VR2004"]],
    ["on_refusal backup for 30", ["VR2047"]],
    ["on_refusal backup hold", ["VR2124"]],
    ["on_refusal fault hold x", ["VR2001"]],
    ["on_refusal fault hold 90000", ["VR2002"]],
    ["on_refusal serve hold 3", ["VR1021"]],
    ["takeover_probe ping", ["VR2004"]],
    ["drain 601", ["VR2002"]],
  ];
  for (const [line, expected] of cases) {
    assert.deepEqual(codes(`${line}\n${SCRIPTS}`), expected, line);
    const made = plan(`${line}\n${SCRIPTS}`);
    assert.deepEqual([made.fence, made.hold, made.probe], [[], 30_000_000, "arp"], line);
  }
  assert.equal(plan("on_refusal serve hold 3").onRefusal, "serve");
  for (const [timeout, code] of [
    ["x", "VR2001"],
    ["", "VR2124"],
    ["0", "VR2002"],
    ["4000", "VR2002"],
  ]) {
    const gate = `promote "/p" timeout ${timeout}\n demote "/d"`;
    assert.deepEqual(codes(gate), [code], gate);
    assert.equal(plan(gate).promoteTimeout, 10_000_000, gate);
  }
});

test("of our keywords nobody says what keepalived would do", () => {
  const lines =
    "fence tcp 3306x\non_refusal x\ndrain 601\ntakeover_probe x\nredis {\n max_lag x\n}";
  const text = JSON.stringify(read(lines).diagnostics.filter(({ code }) => /VR200/.test(code)));
  assert.doesNotMatch(text, /keepalived/);
  assert.match(text, /the value is then `backup`/);
});

test("what a gate contradicts", () => {
  const gate = "mysql {\n peer b\n}";
  assert.deepEqual(codes(gate, "priority 255"), ["VR2100", "VR2036"]);
  for (const line of ["preempt", "preempt_delay 5", "hold_down 5 60", "state MASTER"])
    assert.deepEqual(codes(gate, line), ["VR2101"], line);
  for (const line of ["nopreempt", "preempt_delay 0", "state BACKUP", "preempt\n nopreempt"])
    assert.deepEqual(codes(gate, line), [], line);
  assert.deepEqual(codes(gate, "nopreempt\n preempt_delay 5"), ["VR2101"]);
  assert.equal(read(gate, "preempt_delay 5").plan.instances[0]?.config.router.preemptDelay, 0);
});

test("what a gate cannot do", () => {
  assert.deepEqual(codes("on_refusal backup"), ["VR2103"]);
  assert.deepEqual(codes('promote "/p"'), ["VR2104"]);
  assert.deepEqual(codes('demote "/d"'), []);
  assert.deepEqual(codes("reset_connections on"), []);
  assert.deepEqual(codes("mysql {\n peer b\n}\nredis {\n peer b\n}"), ["VR2105"]);
  assert.deepEqual(codes("fence tcp 112"), ["VR2106"]);
  assert.deepEqual(codes("fence tcp 9650", "", "api {\n}"), ["VR2106"]);
  assert.deepEqual(codes("drain 5"), []);
  assert.deepEqual(codes('drain 5\n demote "/d"'), ["VR2107"]);
  assert.deepEqual(codes("drain 90\n fence tcp 80"), ["VR2108"]);
  assert.deepEqual(codes("drain 70\n fence tcp 80"), []);
  const waits = "havip {\n handover_wait 15\n region ap-guangzhou\n }";
  assert.ok(codes("drain 70\n fence tcp 80", waits).includes("VR2108"), "all of the stop counts");
  assert.deepEqual(codes(`takeover_probe service\n${SCRIPTS}`), ["VR2109"]);
});

test("a group with a gate has a name of its own", () => {
  const instance = (name: string, vrid: number): string =>
    `vrrp_instance ${name} {\n interface eth0\n virtual_router_id ${vrid}\n priority 100\n` +
    ` virtual_ipaddress {\n  10.0.0.${vrid}/24\n }\n}\n`;
  const of = (group: string, gate: string, before: string): readonly string[] =>
    codesOf(
      readConfiguration([
        {
          name: "a.conf",
          text:
            before +
            instance("A", 1) +
            instance("B", 2) +
            instance("C", 3) +
            `vrrp_sync_group ${group} {\n group {\n  A\n  B\n }\n ${gate}\n}\n`,
        },
      ]),
    );
  assert.deepEqual(of("C", `gate {\n${SCRIPTS}\n}`, ""), ["VR2126"]);
  assert.deepEqual(of("A", `gate {\n${SCRIPTS}\n}`, ""), [], "one of its own members");
  assert.deepEqual(of("C", "", ""), []);
});

test("a fence has so many ports at the most, and with --compat no more than that either", () => {
  const fence = (count: number): string =>
    Array.from({ length: count }, (_, n) => `fence tcp ${1_000 + n} 1000`).join("\n");
  assert.deepEqual(codes(`${fence(256)}\n${SCRIPTS}`), []);
  assert.deepEqual(codes(`${fence(257)}\n${SCRIPTS}`), ["VR2127"]);
  const { plan } = read(`${fence(30_000)}\n${SCRIPTS}`);
  assert.equal(plan.instances[0]?.gate?.fence.length, 256);
});

test("databases: where they are, and what they need", () => {
  const of = (...lines: readonly string[]): readonly string[] =>
    codes(
      `mysql {\n${lines.join("\n")}\n}`,
      "unicast_src_ip 10.0.0.1\nunicast_peer {\n10.0.0.2\n}",
    );
  assert.deepEqual(of("peer 10.0.0.2"), []);
  assert.deepEqual(of("peer [2001:db8::2]:3306"), []);
  assert.deepEqual(of(""), ["VR2110"]);
  assert.deepEqual(of("sync off", "rejoin manual"), ["VR2110"]);
  for (const peer of ["10.0.0.256", "a:b:c", "10.0.0.2:0", "10.0.0.2:x", "-x", "[10.0.0.2]:3306"])
    assert.deepEqual(of(`peer ${peer}`), ["VR2111"], peer);
  assert.deepEqual(of("peer b", "socket run/x"), ["VR2111"]);
  assert.deepEqual(of("peer b", "credentials_file x"), ["VR2073"]);
  assert.deepEqual(of("peer b", "max_lag 0"), ["VR2112"]);
  assert.deepEqual(of("peer b", "max_lag 0.5"), []);
  assert.deepEqual(of("peer 10.0.0.9"), ["VR2113"]);
  for (const peer of ["10.0.0.1", "127.0.0.1", "127.1.2.3:3306", "localhost", "[::1]:3306"])
    assert.deepEqual(of(`peer ${peer}`), ["VR2116"], peer);
  assert.deepEqual(of("peer 127.0.0.1:3307"), [], "a tunnel");
  assert.deepEqual(of("address 127.0.0.1:3307", "peer 127.0.0.1:3307"), ["VR2116"]);
  assert.deepEqual(of("peer b", "socket /a", "address a"), ["VR2115"]);
});

test("a password in the file is an error, and is not printed", () => {
  const reading = read("mysql {\n peer b\n password hunter22\n passwd hunter33\n}");
  assert.ok(codesOf(reading).includes("VR2060"));
  const shown = reading.sources.map(({ shown: text }) => text).join("");
  const printed = `${JSON.stringify([reading.findings, reading.diagnostics, reading.plan])}${shown}`;
  assert.doesNotMatch(printed, /hunter/);
});

test("a script that asks the same database once is worth a word", () => {
  const script = (more: string): string =>
    `vrrp_script db {\n script "/usr/bin/mysqladmin ping"\n ${more}\n}`;
  const track = "track_script {\n db\n }";
  const of = (gate: string, more: string): readonly string[] => codes(gate, track, script(more));
  assert.deepEqual(of("mysql {\n peer b\n}", ""), ["VR2114"]);
  assert.deepEqual(of("mysql {\n peer b\n}", "fall 3"), []);
  assert.deepEqual(of("redis {\n peer b\n}", ""), []);
  assert.deepEqual(of("mysql {\n peer b\n}", "weight -10"), ["VR3001"]);
});

test("our blocks stand behind keepalived's keywords, in groups too", () => {
  const gate = "gate {\n fence tcp 80\n}";
  const places = (more: string): readonly unknown[] =>
    read("", more)
      .findings.filter(({ code }) => code === "VR4016")
      .map(({ facts }) => facts);
  assert.deepEqual(places(gate), [{ keyword: "gate", block: "VI_1", next: "virtual_ipaddress" }]);
  // Of two blocks of ours the second may follow the first: keepalived reads it at the root.
  assert.deepEqual(places("havip {\n region ap-guangzhou\n }\n gate {\n}").length, 2);
  const last = read("fence tcp 80\n}\nhavip {\n region ap-guangzhou");
  assert.ok(!last.findings.some(({ code }) => code === "VR4016"));
  const text = `vrrp_sync_group G {\n ${gate}\n group {\n  A\n }\n}\n`;
  const found = readConfiguration([{ name: "a.conf", text }]).findings.map(({ code }) => code);
  assert.ok(found.includes("VR4016"));
});

test("gates of a pair", () => {
  const compare = (a: string, b: string): readonly unknown[] =>
    comparePair(read(a), read(b))
      .filter(({ code }) => code === "VR2514")
      .map(({ facts }) => facts);
  const mysql = "mysql {\n peer b\n}";
  assert.deepEqual(compare(mysql, mysql), []);
  assert.deepEqual(compare(mysql, ""), [{ what: "gate", first: "on", second: "off" }]);
  assert.deepEqual(compare(mysql, "mysql {\n peer c\n sync off\n}"), [
    { what: "sync", first: "required", second: "off" },
  ]);
  assert.deepEqual(compare("fence tcp 80 443", "fence tcp 443\nfence tcp 80"), []);
  assert.deepEqual(compare("fence tcp 80", "fence tcp 81"), [
    { what: "fence", first: "tcp 80", second: "tcp 81" },
  ]);
});
