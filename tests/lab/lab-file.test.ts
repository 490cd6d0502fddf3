import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Language } from "#diagnostics/diagnostic";
import { readLabFile, type Unreadable } from "#lab/vpc/lab-file";

const GOOD = `
claim_latency: 4s
api_latency: 50ms
vpcs:
  - name: shop
    cidr: 172.16.0.0/16
    subnets:
      - name: front
        cidr: 172.16.0.0/24
        instances:
          - name: a
            address: 172.16.0.16
            allow: [vrrp, "tcp 80-81 from 10.0.0.0/8"]
            run: baton run
            files:
              /etc/keepalived/keepalived.conf: { from: a.conf }
              /etc/keepalived/do.sh: "#!/bin/sh"
          - name: b
        havips:
          - name: web
            members: [a, b]
            eip: true
`;
const readFile = (path: string): string | Unreadable => {
  const why = `${path} is not there`;
  return path === "a.conf" ? "! a" : { problem: { en: why, "zh-CN": why } };
};
const problemsOf = (text: string, language: Language = "en"): readonly string[] => {
  const read = readLabFile(text, readFile, language);
  return read.kind === "lab"
    ? []
    : read.problems.map(({ line, column, message }) => `${line}:${column} ${message}`);
};

describe("lab files", () => {
  it("say everything about a lab", () => {
    const read = readLabFile(GOOD, readFile);
    assert.ok(read.kind === "lab");
    const { lab } = read;
    assert.equal(lab.claimLatency, 4_000_000);
    assert.equal(lab.apiLatencyMs, 50);
    assert.equal(lab.description.region, "ap-guangzhou");
    const [subnet] = lab.description.vpcs[0]?.subnets ?? [];
    const [a, b] = subnet?.instances ?? [];
    assert.deepEqual(a?.files, {
      "/etc/keepalived/keepalived.conf": "! a",
      "/etc/keepalived/do.sh": "#!/bin/sh",
    });
    assert.deepEqual(a?.run, ["baton run"]);
    assert.deepEqual(a?.ingress?.[1]?.ports, { from: 80, to: 81 });
    assert.equal(b?.ingress, undefined);
    assert.equal(b?.address, undefined);
    assert.deepEqual(subnet?.havips, [
      { name: "web", address: undefined, members: ["a", "b"], eip: true },
    ]);
  });

  it("have their mistakes shown with line and column, all at once", () => {
    const text = `
vpcs:
  - name: shop
    subnets:
      - name: front
        cidr: 172.16.0.0/24
        instances:
          - name: a
            adress: 172.16.0.16
          - name: a
            address: 172.16.0.999
            allow: [vrrp 80]
            files: { /run/x: { from: nowhere } }
        havips:
          - { name: web, members: [c] }
claim_latency: soon
`;
    assert.deepEqual(problemsOf(text), [
      "3:5 cidr is missing",
      "9:13 an instance has no adress, only name, address, allow, run, files; did you mean address?",
      "10:19 there are two instances called a",
      "11:22 172.16.0.999 is not an IPv4 address",
      "12:21 vrrp has no ports",
      "13:38 nowhere is not there",
      "15:36 the subnet has no instance called c",
      "16:16 claim_latency: soon is not a time such as 4s or 100ms",
    ]);
  });
});

describe("mistakes in lab files", () => {
  it("suggest the key that was meant, if one is near", () => {
    assert.deepEqual(problemsOf("vpc: []\nzone: 1"), [
      "1:1 the lab has no vpc, only region, internet, claim_latency, api_latency, calls_per_second, vpcs; did you mean vpcs?",
      "2:1 the lab has no zone, only region, internet, claim_latency, api_latency, calls_per_second, vpcs",
    ]);
    const [chinese = ""] = problemsOf("vpc: []", "zh-CN");
    assert.match(chinese, /没有 vpc，只有 .*；是否要用 vpcs？$/);
    assert.match(
      problemsOf("toString: 1\n__proto__: 2").join("\n"),
      /no toString.*\n.*no __proto__/,
    );
  });

  it("with more mistakes than anybody reads have the first hundred shown and the rest counted", () => {
    const entries = Array.from(
      { length: 2_000 },
      () => "  - { name: a, cidr: 10.0.0.0/8, x: 1 }\n",
    );
    const problems = problemsOf(`vpcs:\n${entries.join("")}`);
    assert.equal(problems.length, 101);
    assert.match(problems[99] ?? "", /^101:\d+ a VPC has no x/);
    assert.match(problems[100] ?? "", /^101:\d+ \d{4} more mistakes in this file are not shown$/);
    assert.equal(problemsOf("a: [\n".repeat(400)).length, 101);
  });

  it("have one thing said of a place where something else is missing or stands", () => {
    const text = `
vpcs:
  - name: shop
    cidr: 172.16.0.0/16
    subnets:
      - name: front
        cidr: 172.16.0.0/24
        instances:
          - address: 172.16.0.16
          - 7
          - address: 172.16.0.17
`;
    assert.deepEqual(problemsOf(text), [
      "9:13 name is missing",
      "10:13 an instance is not a mapping",
      "11:13 name is missing",
    ]);
  });

  it("have aliases refused as what they are", () => {
    const text =
      "region: &here ap-guangzhou\nvpcs:\n  - { name: *here, cidr: *nowhere, subnets: *here }\n  - *here";
    assert.deepEqual(
      problemsOf(text).map((line) => line.replace(/ is an alias, .*: write out.*$/, "")),
      ["3:13 *here", "3:26 *nowhere", "3:45 *here", "4:5 *here"],
    );
    assert.match(problemsOf(text, "zh-CN")[0] ?? "", /YAML 别名/);
  });

  it("that are no YAML are refused as such", () => {
    const [first = ""] = problemsOf("vpcs: [");
    assert.match(first, /^\d+:\d+ /);
    assert.deepEqual(problemsOf("- 1"), ["1:1 the lab is not a mapping"]);
    assert.deepEqual(problemsOf("vpcs: 3"), ["1:7 vpcs is not a list"]);
  });
});

describe("lab files and the cloud", () => {
  it("are refused what the cloud would refuse, at its place and with all else", () => {
    const text = `
region: Guangzhou!
calls_per_second: -1
vpcs:
  - name: far
    cidr: 172.16.0.0/33
    subnets:
      - { name: lost, cidr: 10.0.0.1/24 }
  - name: shop
    cidr: 172.17.0.0/16
    subnets:
      - { name: outside, cidr: 10.0.0.0/24 }
      - name: front
        cidr: 172.17.0.0/24
        instances:
          - { name: a, address: 172.17.1.16 }
          - { name: b, address: 172.17.0.1 }
          - { name: c, address: 172.17.0.16 }
          - { name: d, address: 172.17.0.16 }
        havips:
          - { name: web, members: [c, c] }
          - { name: ${"x".repeat(70)} }
      - { name: again, cidr: 172.17.0.128/25 }
      - name: small
        cidr: 172.17.2.0/28
        instances: [${Array.from({ length: 14 }, (_, at) => `{ name: i${at} }`).join(", ")}]
`;
    const expected = [
      "2:9 Guangzhou! is not the name of a region such as ap-guangzhou",
      "3:19 calls_per_second: -1 is not a whole number from 1 to 1000000",
      "6:11 cidr: 172.16.0.0/33 is not a network: write it like 10.0.0.0/16, with a prefix length up to 28",
      "8:29 cidr: 10.0.0.1/24 is not possible in the cloud: use 10.0.0.0/24",
      "12:32 cidr: 10.0.0.0/24 is not inside its VPC, which is 172.17.0.0/16: choose a part of that, or widen the VPC",
      "16:33 172.17.1.16 is not in its subnet, which is 172.17.0.0/24: choose an address of that, or leave the line out",
      "17:33 172.17.0.1 is the network, gateway or broadcast address of its subnet: choose another one",
      "19:33 172.17.0.16 is given to something else already: choose another address, or leave the line out",
    ];
    const found = problemsOf(text);
    assert.deepEqual(found.slice(0, expected.length), expected);
    const rest = found.slice(expected.length);
    assert.match(rest[0] ?? "", /^21:35 members names an instance more than once/);
    assert.match(rest[1] ?? "", /^22:21 the cloud refuses it: the parameter name /);
    assert.match(
      rest[2] ?? "",
      /^23:30 cidr: 172.17.0.128\/25 overlaps with the subnet 172.17.0.0\/24/,
    );
    assert.match(rest[3] ?? "", /^26:\d+ its subnet has no free address left/);
    for (const line of rest.slice(4))
      assert.match(line, /^26:\d+ its subnet has no free address left/);
    const chinese = problemsOf(text, "zh-CN");
    assert.equal(chinese.length, found.length);
    for (const line of chinese) assert.match(line, /\p{Script=Han}/u);
  });
});

describe("the files of instances", () => {
  it("keep the files of an instance in its own folders, one at a place", () => {
    const paths = [
      "foo",
      "/etc",
      "/proc/x",
      "/run/a/../../x",
      "/run/",
      "/run/x/",
      "/run/a",
      "/run/a/b",
    ];
    const files = paths.map((path) => `              ${path}: text\n`).join("");
    const text = GOOD.replace(/ {14}\/etc\/keepalived\/keepalived.conf.*\n/, files);
    for (const language of ["en", "zh-CN"] as const)
      assert.deepEqual(
        problemsOf(text, language).map((line) => / ([^:：]+)[:：]/.exec(line)?.[1]),
        paths.filter((path) => path !== "/run/a"),
      );
  });

  it("that hold anything at all are a lab or have mistakes, never an exception", () => {
    const odd = ["~", "{ : 1 }", "[]", "*x", "0x10", "1e9", "{ name: ~ }", "[~]", "''", "-1"];
    const keys = ["name", "cidr", "subnets", "instances", "havips", "members", "address", "allow"];
    for (const value of [...odd, ...keys]) {
      for (const key of [...keys, "vpcs", "run", "files", "eip", "region", "calls_per_second"]) {
        const mutated = GOOD.replace(new RegExp(`\\b${key}: .*$`, "m"), `${key}: ${value}`);
        assert.doesNotThrow(() => readLabFile(mutated, readFile), mutated);
      }
    }
  });
});
