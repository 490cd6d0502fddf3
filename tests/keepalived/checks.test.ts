/** `check`: what is asked, what cannot be asked, and its place beside `vrrp_script`. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { isTrackedCheck } from "#diagnostics/messages";
import type { CheckPlan } from "#keepalived/plan/run-plan";
import { type Reading, readConfiguration } from "#keepalived/read";

const read = (checks: string, track = "web"): Reading => {
  const text =
    `${checks}\nvrrp_instance VI_1 {\n interface eth0\n virtual_router_id 51\n priority 100\n` +
    ` virtual_ipaddress {\n  10.0.0.9/24\n }\n track_script {\n  ${track}\n }\n}\n`;
  return readConfiguration([{ name: "a.conf", text }]);
};
const web = (...lines: readonly string[]): Reading => read(`check web {\n${lines.join("\n")}\n}`);
const codesOf = (reading: Reading): readonly string[] =>
  reading.findings.map(({ code }) => code).filter((code) => code !== "VR4005" && code !== "VR3006");
const target = (line: string): unknown => web(line).plan.checks?.[0]?.target;

test("a check with defaults, and one with everything", () => {
  const expected: CheckPlan = {
    name: "web",
    target: { kind: "tcp", host: "127.0.0.1", port: 80 },
    interval: 1_000_000 as never,
    timeout: 1_000_000 as never,
    rise: 1,
    fall: 1,
    initFail: false,
  };
  const plain = web("tcp 127.0.0.1:80");
  assert.deepEqual(codesOf(plain), []);
  assert.deepEqual(plain.plan.checks, [expected]);
  const all = web(
    "tcp 127.0.0.1:80",
    "interval 0.5",
    "timeout 0.25",
    "rise 2",
    "fall 3",
    "weight -20",
    "init_fail",
  );
  assert.deepEqual(codesOf(all), []);
  assert.deepEqual(all.plan.checks, [
    { ...expected, interval: 500_000, timeout: 250_000, rise: 2, fall: 3, initFail: true },
  ]);
  const trackers = all.plan.instances[0]?.config.router.trackers;
  assert.deepEqual(trackers, [{ kind: "script", name: "web", weight: -20, reverse: false }]);
  assert.deepEqual(codesOf(web("tcp 127.0.0.1:80", "timeout 2")), ["VR3002"]);
});

test("every kind of target", () => {
  const cases: readonly (readonly [string, unknown])[] = [
    ["tcp [::1]:80", { kind: "tcp", host: "::1", port: 80 }],
    ["ping 10.0.0.254", { kind: "ping", host: "10.0.0.254" }],
    ["ping fe80::1", { kind: "ping", host: "fe80::1" }],
    [
      "dns 10.0.0.2 www.example.com",
      {
        kind: "dns",
        server: { host: "10.0.0.2", port: 53 },
        name: "www.example.com",
        type: "A",
      },
    ],
    [
      "dns [::1]:5353 example.com. mx",
      { kind: "dns", server: { host: "::1", port: 5353 }, name: "example.com.", type: "MX" },
    ],
    ["mysql", { kind: "mysql", at: { socket: "/run/mysqld/mysqld.sock" } }],
    ["redis 10.0.0.1", { kind: "redis", at: { host: "10.0.0.1", port: 6379 } }],
    [
      'mysql query "select @@read_only = 0" credentials_file /etc/baton/m.cnf',
      {
        kind: "mysql",
        at: { socket: "/run/mysqld/mysqld.sock" },
        credentialsFile: "/etc/baton/m.cnf",
        query: "select @@read_only = 0",
      },
    ],
    [
      "http http://127.0.0.1/",
      { kind: "http", url: "http://127.0.0.1/", status: { from: 200, to: 299 } },
    ],
    [
      'http HTTP://127.0.0.1:8080/a?b=c status 204 body "^(up|ready) #1!" host www.example.com:8080',
      {
        kind: "http",
        url: "http://127.0.0.1:8080/a?b=c",
        status: { from: 204, to: 204 },
        body: "^(up|ready) #1!",
        hostHeader: "www.example.com:8080",
      },
    ],
    [
      "http https://[::1]/ status 200-399 tls name a.example tls insecure tls ca /etc/ca.pem",
      {
        kind: "http",
        url: "https://[::1]/",
        status: { from: 200, to: 399 },
        tls: { isVerified: false, name: "a.example", caFile: "/etc/ca.pem" },
      },
    ],
  ];
  for (const [line, expected] of cases) {
    assert.deepEqual(codesOf(web(line)), [], line);
    assert.deepEqual(target(line), expected, line);
  }
});

test("targets that cannot be asked: the check is left out, and its tracker with it", () => {
  for (const line of [
    "tcp 80",
    "tcp 127.0.0.1",
    "tcp 127.0.0.1:0",
    "tcp 127.0.0.256:80",
    "tcp a..b:80",
    "http 127.0.0.1/health",
    "http ftp://127.0.0.1/",
    "http http://",
    "http https://u:p@127.0.0.1/",
    "ping 1.2.3",
    "ping a/b",
    "dns ns.example a.example",
    "dns 10.0.0.2 a/b",
    "redis a:b:c",
  ]) {
    const reading = web(line);
    assert.deepEqual(codesOf(reading), ["VR2122"], line);
    assert.equal(reading.plan.checks, undefined, line);
    assert.deepEqual(reading.plan.instances[0]?.config.router.trackers, [], line);
  }
  assert.deepEqual(codesOf(web("interval 1")), ["VR2120"]);
  assert.deepEqual(codesOf(web("tcp 127.0.0.1:80", "ping 127.0.0.1")), ["VR2121"]);
});

test("options that are not understood leave their defaults", () => {
  const url = "http http://127.0.0.1/";
  const cases: readonly (readonly [string, readonly string[]])[] = [
    [`${url} staus 200`, ["VR2047", "VR2047"]],
    [`${url} status`, ["VR2124"]],
    [`${url} status 20`, ["VR2122"]],
    [`${url} status 300-200`, ["VR2122"]],
    [`${url} status 600`, ["VR2122"]],
    [`${url} body "(a"`, ["VR2123"]],
    [`${url} host a..b`, ["VR2122"]],
    [`${url} tls insecure`, ["VR2122"]],
  ];
  for (const [line, expected] of cases) {
    assert.deepEqual(codesOf(web(line)), expected, line);
    const status = { from: 200, to: 299 };
    assert.deepEqual(target(line), { kind: "http", url: "http://127.0.0.1/", status }, line);
  }
  assert.deepEqual(codesOf(web("http https://127.0.0.1/ tls foo")), ["VR2047"]);
  assert.deepEqual(codesOf(web("http https://127.0.0.1/ tls ca x.pem")), ["VR2073"]);
  assert.deepEqual(codesOf(web("mysql credentials_file x")), ["VR2073"]);
  assert.deepEqual(codesOf(web("dns 10.0.0.2 a.example AA")), ["VR2004"]);
});

test("a name is worth a word, an address and localhost are not", () => {
  assert.deepEqual(codesOf(web("tcp db.example.com:3306")), ["VR2125"]);
  assert.deepEqual(codesOf(web("http https://www.example.com/")), ["VR2125"]);
  assert.deepEqual(codesOf(web("tcp localhost:3306")), []);
});

test("an account in the URL is not printed", () => {
  for (const line of [
    "http https://user:hunter22@127.0.0.1/",
    "http https://hunter22@127.0.0.1/ x",
    "htp https://user:hunter22@127.0.0.1/",
  ]) {
    const reading = web(line);
    const shown = reading.sources.map(({ shown: text }) => text).join("");
    const printed = `${JSON.stringify([reading.findings, reading.diagnostics, reading.plan])}${shown}`;
    assert.doesNotMatch(printed, /hunter/, line);
  }
});

test("one name space with vrrp_script", () => {
  const script = 'vrrp_script web {\n script "/bin/true"\n}\n';
  const both = read(`${script}check web {\n tcp 127.0.0.1:80\n}`);
  assert.deepEqual(codesOf(both), ["VR1031"]);
  assert.deepEqual(
    [both.plan.scripts.length, both.plan.checks],
    [1, undefined],
    "the first counts",
  );
  const other = read(`check web {\n tcp 127.0.0.1:80\n}\n${script}`);
  assert.deepEqual(codesOf(other), ["VR1031"]);
  assert.deepEqual([other.plan.scripts.length, other.plan.checks?.length], [0, 1]);
});

test("one that nobody tracks, one that is not there, one behind its use, one in a comment", () => {
  const check = "check web {\n tcp 127.0.0.1:80\n}\n";
  assert.deepEqual(codesOf(read(`${check}check more {\n ping 127.0.0.1\n}`)), ["VR2011"]);
  assert.deepEqual(codesOf(read(check, "wbe")), ["VR2010"]);
  const late = read("").sources[0]?.text ?? "";
  const behind = readConfiguration([{ name: "a.conf", text: `${late}${check}` }]);
  assert.deepEqual(codesOf(behind), [], "keepalived does not know it, wherever it stands");
  const commented = read(`#${check}`);
  const found = commented.findings.find(({ code }) => code === "VR1002");
  assert.ok(found?.code === "VR1002" && isTrackedCheck(found.facts), JSON.stringify(found));
});

test("a check in a sync group", () => {
  const text = `check web {
 tcp 127.0.0.1:80
}
${["A", "B"]
  .map(
    (name, index) =>
      `vrrp_instance ${name} {\n interface eth0\n virtual_router_id ${index + 1}\n virtual_ipaddress {\n 10.0.0.${index + 1}\n }\n}\n`,
  )
  .join("")}vrrp_sync_group G {\n group {\n A\n B\n }\n track_script {\n web\n }\n}\n`;
  const reading = readConfiguration([{ name: "a.conf", text }]);
  assert.deepEqual(codesOf(reading), []);
  assert.equal(reading.plan.checks?.length, 1);
  for (const { config } of reading.plan.instances)
    assert.equal(config.router.trackers[0]?.name, "web");
});

test("a script with the name of a block of ours is a script", () => {
  for (const name of ["check", "api", "alert", "events"]) {
    const script = `vrrp_script ${name} {\n script "/bin/true"\n}\n`;
    const reading = read(script, name);
    assert.deepEqual(codesOf(reading), [], name);
    assert.equal(reading.plan.instances[0]?.config.router.trackers[0]?.name, name);
    assert.deepEqual(codesOf(read(script, `${name} weight -5`)), [], name);
  }
});
