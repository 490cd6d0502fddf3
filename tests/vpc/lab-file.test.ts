import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { readLabFile } from "../../apps/vpc/lab-file.ts";

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
const readFile = (path: string): string | undefined => (path === "a.conf" ? "! a" : undefined);
const problemsOf = (text: string): readonly string[] => {
  const read = readLabFile(text, readFile);
  return read.kind === "lab"
    ? []
    : read.problems.map(({ line, column, message }) => `${line}:${column} ${message}`);
};

describe("lab files", () => {
  it("say everything about a world", () => {
    const read = readLabFile(GOOD, readFile);
    assert.ok(read.kind === "lab");
    const { lab } = read;
    assert.equal(lab.claimLatency, 4_000_000);
    assert.equal(lab.apiLatencyMs, 50);
    assert.equal(lab.world.region, "ap-guangzhou");
    const [subnet] = lab.world.vpcs[0]?.subnets ?? [];
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

  it("have their mistakes told with line and column, all at once", () => {
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
            files: { /etc/x: { from: nowhere } }
        havips:
          - { name: web, members: [c] }
claim_latency: soon
`;
    assert.deepEqual(problemsOf(text), [
      "3:5 cidr is missing",
      "9:13 an instance has no adress, only name, address, allow, run, files",
      "10:19 there are two instances called a",
      "11:22 172.16.0.999 is not an IPv4 address",
      "12:21 vrrp has no ports",
      "13:38 nowhere cannot be read",
      "15:36 the subnet has no instance called c",
      "16:16 claim_latency: soon is not a time such as 4s or 100ms",
    ]);
  });

  it("that are no YAML are told so", () => {
    const [first = ""] = problemsOf("vpcs: [");
    assert.match(first, /^\d+:\d+ /);
    assert.deepEqual(problemsOf("- 1"), ["1:1 the lab is not a mapping"]);
    assert.deepEqual(problemsOf("vpcs: 3"), ["1:7 vpcs is not a list"]);
  });
});
