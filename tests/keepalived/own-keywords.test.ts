/** Baton's own keywords: what they mean, and that nothing of them is ignored without a finding. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { readConfiguration } from "#keepalived/read";
import { type Origin, showEffective } from "#keepalived/show";

const file = (own: string, globals = ""): string => `global_defs {\n${globals}\n}
vrrp_instance A {
  state BACKUP
  interface eth0
  virtual_router_id 7
  priority 100
  ${own}
  virtual_ipaddress {
    10.0.0.100/24
  }
}
`;
const read = (own: string, globals?: string): ReturnType<typeof readConfiguration> =>
  readConfiguration([{ name: "a", text: file(own, globals) }]);
const codes = (own: string): readonly string[] =>
  read(own).findings.flatMap(({ code }) => (code === "VR4005" ? [] : [code]));

function origins(
  own: string,
  globals?: string,
): Readonly<Record<string, readonly [string, string]>> {
  const { plan, model } = read(own, globals);
  const [block] = showEffective(plan, model);
  const name = (origin: Origin): string =>
    origin.kind === "preset" ? `preset ${origin.name}` : origin.kind;
  const rows = block?.values.filter(({ keyword }) => keyword.startsWith("garp_")) ?? [];
  return Object.fromEntries(
    rows.map(({ keyword, value, origin }) => [keyword, [value, name(origin)] as const]),
  );
}

test("hold_down: first and longest time, off unless it is written", () => {
  const holdDown = (own: string): unknown => read(own).plan.instances[0]?.config.router.holdDown;
  assert.deepEqual(holdDown("hold_down 5 60"), { first: 5_000_000, max: 60_000_000 });
  assert.deepEqual(codes("hold_down 5 60"), []);
  assert.equal(holdDown(""), undefined);
});

for (const [own, code] of [
  ["hold_down x 60", "VR2001"],
  ["hold_down 0 60", "VR2002"],
  ["hold_down 5 86401", "VR2002"],
  ["hold_down 60 5", "VR2002"],
  ["hold_down 5", "VR1020"],
  ["nopreempt\n  hold_down 5 60", "VR2024"],
  ["garp_preset wan", "VR2004"],
] as const) {
  test(`${own.replace("\n ", "")} is reported, and not half used`, () => {
    assert.deepEqual(codes(own), [code]);
    if (code !== "VR2024")
      assert.equal(read(own).plan.instances[0]?.config.router.holdDown, undefined);
  });
}

test("garp_preset gives the defaults, and config show says so", () => {
  assert.deepEqual(origins("garp_preset cloud"), {
    garp_master_delay: ["1", "preset cloud"],
    garp_master_repeat: ["1", "preset cloud"],
    garp_master_refresh: ["5", "preset cloud"],
    garp_master_refresh_repeat: ["1", "default"],
    garp_lower_prio_delay: ["1", "preset cloud"],
    garp_lower_prio_repeat: ["1", "preset cloud"],
    garp_interval: ["0", "default"],
    garp_form: ["request", "default"],
    garp_rate: ["2 2", "preset cloud"],
  });
  const config = read("garp_preset cloud").plan.instances[0]?.config;
  assert.deepEqual(config?.pacing, { burst: 2, perSecond: 2, gap: 0 });
  assert.equal(config?.router.announce.refresh, 5_000_000);
});

test("keywords go before a preset, an instance's preset before the global one", () => {
  const own = origins("garp_master_delay 3\n  garp_rate 9 4", "garp_preset cloud");
  assert.deepEqual(own["garp_master_delay"], ["3", "place"]);
  assert.deepEqual(own["garp_rate"], ["9 4", "place"]);
  assert.deepEqual(own["garp_master_refresh"], ["5", "preset cloud"]);
  const global = origins("garp_preset lan", "garp_preset cloud\nvrrp_garp_master_repeat 4");
  assert.deepEqual(global["garp_master_repeat"], ["4", "place"]);
  assert.deepEqual(global["garp_master_refresh"], ["60", "preset lan"]);
  assert.deepEqual(global["garp_rate"], ["no limit", "preset lan"]);
  const few = origins("garp_preset lan", "vrrp_min_garp");
  assert.deepEqual(few["garp_master_repeat"], ["1", "default"]);
});

test("the preset keepalived is what there is without one", () => {
  const announce = (own: string): unknown => {
    const config = read(own).plan.instances[0]?.config;
    return [config?.router.announce, config?.pacing];
  };
  assert.deepEqual(announce("garp_preset keepalived"), announce(""));
});

test("the cloud's advice about announcements is followed by garp_preset cloud", () => {
  const advice = (own: string): readonly string[] => {
    const text = file(
      `${own}\n  unicast_peer {\n    10.0.0.2\n  }\n  virtual_ipaddress {\n    10.0.0.101/24\n  }`,
    ).replace("vrrp_instance", "# HAVIP of Tencent Cloud\nvrrp_instance");
    const { findings } = readConfiguration([{ name: "a", text }]);
    return findings.flatMap(({ code }) => (/^VR301[35]$/.test(code) ? [code] : []));
  };
  assert.deepEqual(advice("").toSorted(), ["VR3013", "VR3015"]);
  assert.deepEqual(advice("garp_preset keepalived").toSorted(), ["VR3013", "VR3015"]);
  assert.deepEqual(advice("garp_preset cloud"), []);
});

test("a keyword of Baton's is reported once in a file, with every place", () => {
  const checks = ["a", "b", "c"].map((name) => `check ${name} { tcp 127.0.0.1:1 }`).join("\n");
  const text = `${checks}\n${file("hold_down 5 60\n  track_script { a\n b\n c\n }")}`;
  const { findings } = readConfiguration([{ name: "a", text }]);
  const own = findings.filter(({ code }) => code === "VR4005");
  assert.deepEqual(
    own.map(({ facts, related }) => [facts, related.length]),
    [
      [{ keyword: "check", isBlock: true, places: 3 }, 2],
      [{ keyword: "hold_down", places: 1 }, 0],
    ],
  );
});
