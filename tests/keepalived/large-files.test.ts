/**
 * Files of thousands of blocks: a few findings are reported, all are counted, and what would run is
 * what stands there.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Code } from "#diagnostics/codes";
import { type Reading, readConfiguration } from "#keepalived/read";

const repeat = (count: number, line: (index: number) => string): string =>
  Array.from({ length: count }, (_, index) => line(index)).join("");

const address = (index: number): string =>
  `10.${(index >> 16) & 255}.${(index >> 8) & 255}.${index & 255}`;

const instance = (index: number, more = ""): string =>
  `vrrp_instance I${index} {
  interface e${Math.floor(index / 250)}
  virtual_router_id ${(index % 250) + 1}
  priority 100
${more}  virtual_ipaddress {
    ${address(index)}
  }
}
`;

const read = (text: string): Reading => readConfiguration([{ name: "a", text }]);

/** What was reported of a code, with what was only counted. */
function countOf(reading: Reading, code: Code): number {
  const reported = reading.findings.filter((one) => one.code === code).length;
  const rest = reading.findings.find((one) => one.code === "VR1033" && one.facts.code === code);
  return reported + (rest?.code === "VR1033" ? rest.facts.count : 0);
}

test("5,000 instances that are fine", () => {
  const reading = read(repeat(5_000, (index) => instance(index)));
  assert.equal(reading.plan.instances.length, 5_000);
  assert.ok(reading.ok && reading.wouldRun);
});

test("5,000 instances with one error each: all are counted", () => {
  const reading = read(repeat(5_000, (index) => instance(index, `  prioty${index} 90\n`)));
  assert.equal(countOf(reading, "VR1001"), 5_000);
  assert.ok(reading.findings.length < 100);
  assert.equal(reading.ok, false);
});

test("5,000 instances on one VRID, and 5,000 of one name", () => {
  const ids = read(
    repeat(5_000, (index) =>
      instance(index)
        .replace(/router_id \d+/, "router_id 1")
        .replace(/ e\d+/, " e0"),
    ),
  );
  assert.equal(countOf(ids, "VR2017"), 4_999);
  assert.equal(ids.wouldRun, false);
  const names = read(repeat(5_000, (index) => instance(index).replace(/I\d+/, "I")));
  assert.equal(countOf(names, "VR1031"), 4_999);
});

test("groups, checks and pacing for each of 5,000 instances", () => {
  const reading = read(
    repeat(
      5_000,
      (index) =>
        `vrrp_script S${index} {\n  script "/bin/true"\n}\ngarp_group {\n  interface f${index}\n  garp_interval 1\n}\n`,
    ) +
      repeat(5_000, (index) =>
        instance(index, `  track_script {\n    S${index}\n  }\n`).replace(/ e\d+/, ` f${index}`),
      ) +
      repeat(5_000, (index) => `vrrp_sync_group G${index} {\n  group {\n    I${index}\n  }\n}\n`),
  );
  assert.equal(reading.plan.scripts.length, 5_000);
  assert.equal(reading.plan.groups.length, 5_000);
  const last = reading.plan.instances.at(-1)?.config;
  assert.equal(last?.group, "G4999");
  assert.equal(last?.pacing.gap, 1_000_000);
});

test("5,000 misspelled names beside 5,000 known ones", () => {
  const reading = read(
    repeat(5_000, (index) => `vrrp_script S${index} {\n  script "/bin/true"\n}\n`) +
      repeat(5_000, (index) => instance(index, `  track_script {\n    X${index}\n  }\n`)),
  );
  assert.equal(countOf(reading, "VR2010"), 5_000);
});

test("5,000 checks with comments for headers", () => {
  const reading = read(
    repeat(5_000, (index) => `#vrrp_script S${index} {\n  script "/bin/true"\n}\n`) +
      repeat(5_000, (index) => instance(index, `  track_script {\n    S${index}\n  }\n`)),
  );
  assert.equal(countOf(reading, "VR1002"), 5_000);
  assert.equal(countOf(reading, "VR2010"), 0, "names of lost checks are a consequence");
});

test("one check, tracked 20,000 times before it stands in the file", () => {
  const reading = read(
    `vrrp_instance A {\n  interface e0\n  virtual_router_id 1\n  track_script {\n${"    S\n".repeat(20_000)}  }\n}\n` +
      'vrrp_script S {\n  script "/bin/true"\n}\n',
  );
  assert.equal(countOf(reading, "VR4008"), 1);
  assert.equal(countOf(reading, "VR2043"), 19_999);
});

test("20,000 peers and as many addresses", () => {
  const reading = read(
    `vrrp_instance A {\n  interface e0\n  virtual_router_id 1\n  unicast_peer {\n${repeat(20_000, (index) => `    ${address(index)}\n`)}  }\n` +
      `  virtual_ipaddress {\n${repeat(20_000, (index) => `    ${address(index + 19_999)}\n`)}  }\n}\n`,
  );
  assert.equal(countOf(reading, "VR2022"), 1, "the address that both lists have");
});

test("a whole configuration on one line", () => {
  const lines = repeat(5_000, (index) => instance(index));
  const reading = read(lines.replaceAll("\n", " "));
  assert.equal(countOf(reading, "VR1008"), 1);
  const marked = read(`$X=y\n"#" $X ${"{".repeat(100_000)} $X "#"`);
  assert.equal(countOf(marked, "VR1036"), 1);
});

test("thousands of settings, in one block and in globals", () => {
  const many = read(`vrrp_instance A {\n${"  priority 100\n".repeat(20_000)}}\n`);
  assert.equal(many.model.instances[0]?.settings.length, 20_000);
  const globals = repeat(5_000, (index) => `global_defs {\n  router_id x${index}\n}\n`);
  const reading = read(globals + repeat(10_000, (index) => instance(index)));
  assert.equal(reading.plan.globals.routerId, "x4999");
});

test("two letters that stand for eight hundred characters, a million times", () => {
  const braces = `$A=${"{ } ".repeat(200)}\n${`${"${A} ".repeat(10)}\n`.repeat(20_000)}`;
  assert.equal(countOf(read(braces), "VR1034"), 1);
  const text = `$A=${"x".repeat(800)}\n${`${"$A ".repeat(300)}\n`.repeat(5_000)}`;
  assert.ok(countOf(read(text), "VR1014") > 0);
});

test("definitions that contain each other, used and defined again by the thousand", () => {
  const pair = "$A=x$B\n$B=y${A}\n";
  assert.equal(countOf(read(pair + "router_id ${A}\n".repeat(20_000)), "VR1014"), 20_000);
  assert.equal(countOf(read(`${pair}router_id \${A}\n`.repeat(5_000)), "VR1014"), 5_000);
  assert.ok(countOf(read(`${pair}~SEQ(i,20000) router_id $i \${A}\n`), "VR1014") > 0);
});

test("a definition that came to no end is used again when it is another", () => {
  const reading = read("$A=$A\nglobal_defs {\nrouter_id $A\n$A=x\nrouter_id $A\n}\n");
  assert.equal(reading.plan.globals.routerId, "x");
  assert.equal(countOf(reading, "VR1014"), 1);
});
