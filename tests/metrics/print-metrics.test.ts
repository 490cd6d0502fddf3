/** Prometheus' text format, read back by a reader of its grammar; promtool reads it elsewhere. */
import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { FAMILIES } from "#metrics/catalogue";
import { printMetricsJson } from "#metrics/metrics-json";
import { metricsParts, printDown, printFamily, printMetrics } from "#metrics/print-metrics";
import { reading } from "../support/metrics-reading.ts";

interface Read {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: string;
}

const LABEL = /([a-zA-Z_]\w*)="((?:[^\\"\n]|\\[\\"n])*)"(?:,|$)/y;
const unescape = (text: string): string =>
  text.replaceAll(/\\([\\"n])/g, (_, char: string) => (char === "n" ? "\n" : char));

function readLine(line: string): Read {
  const [, name = "", , inner = "", value = ""] =
    /^([a-zA-Z_]\w*)(\{(.*)\})? (\S+)$/s.exec(line) ?? assert.fail(line);
  const labels: Record<string, string> = {};
  LABEL.lastIndex = 0;
  while (LABEL.lastIndex < inner.length) {
    const [, key = "", text = ""] = LABEL.exec(inner) ?? assert.fail(`${line}: labels`);
    assert.ok(!(key in labels), `${line}: ${key} twice`);
    labels[key] = unescape(text);
  }
  return { name, labels, value };
}

const readText = (text: string): readonly Read[] =>
  text
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map(readLine);

const ABOUT = { name: "x", type: "gauge", help: "h" } as const;

test("whatever a label's value is, it is read back as it was; a NUL or half a character is not", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), fc.string({ unit: "binary" }), (one, other) => {
      const samples = [{ labels: { one }, more: { other }, value: 1 }];
      const read = readText(printFamily(ABOUT, samples));
      const clean = (text: string): string => text.toWellFormed().replaceAll("\0", "\ufffd");
      assert.deepEqual(read, [
        { name: "x", labels: { one: clean(one), other: clean(other) }, value: "1" },
      ]);
    }),
  );
});

test("escapes: backslash, quote, line feed; in help no quote", () => {
  const samples = [{ labels: { a: 'C:\\new "x"\nend' }, value: 2.5 }];
  assert.equal(
    printFamily({ ...ABOUT, help: 'a\\b "c"\nd' }, samples),
    '# HELP x a\\\\b "c"\\nd\n# TYPE x gauge\nx{a="C:\\\\new \\"x\\"\\nend"} 2.5\n',
  );
});

test("numbers as Prometheus reads them, and no head without samples", () => {
  const values = [0, 1e21, 1e-9, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN];
  const text = printFamily(
    ABOUT,
    values.map((value) => ({ labels: {}, value })),
  );
  assert.deepEqual(
    readText(text).map(({ value }) => value),
    ["0", "1e+21", "1e-9", "+Inf", "-Inf", "NaN"],
  );
  assert.equal(printFamily(ABOUT, []), "");
});

test("every family has samples in the reading of the tests, with exactly its labels", () => {
  const now = reading();
  for (const { name, labels, samples, type } of FAMILIES) {
    const all = [...samples(now)];
    assert.ok(all.length > 0, `${name}: no samples`);
    for (const { labels: first, more, suffix } of all) {
      const found = Object.keys({ ...first, ...more }).filter((label) => label !== "le");
      assert.deepEqual(found, [...labels], name);
      assert.equal(suffix === undefined, type !== "histogram", name);
    }
  }
});

test("names follow Prometheus' conventions, and each stands once", () => {
  const names = FAMILIES.map(({ name }) => name);
  assert.deepEqual(names, [...new Set(names)]);
  for (const { name, type, unit, labels, help } of FAMILIES) {
    assert.match(name, /^(?:baton|keepalived)_[a-z_]+$/);
    assert.equal(name.endsWith("_total"), type === "counter", name);
    if (unit === "seconds") assert.match(name, /_seconds(?:_total)?$/);
    if (unit === "seconds since 1970") assert.match(name, /_(?:timestamp|time)_seconds$/);
    assert.match(help, /^[A-Z0-9`].*\.$/, name);
    // Prometheus sets these two itself.
    assert.ok(!labels.some((label) => label === "instance" || label === "job"), name);
  }
});

test("no series stands twice, and buckets grow up to the count", () => {
  const all = readText(printMetrics(reading()));
  assert.ok(all.length > 250, `only ${all.length}`);
  const series = all.map(({ name, labels }) => `${name} ${JSON.stringify(labels)}`);
  assert.deepEqual(series, [...new Set(series)]);
  for (const [place, { name, value }] of all.entries()) {
    const next = all[place + 1];
    if (name.endsWith("_bucket") && next?.name === name && "le" in next.labels)
      assert.ok(Number(next.value) >= Number(value) || all[place]?.labels["le"] === "+Inf");
  }
});

test("the parts are the text, and JSON has the same series", () => {
  const now = reading();
  const text = printMetrics(now);
  assert.equal([...metricsParts(now)].join(""), text);
  const json = JSON.parse(printMetricsJson(now)) as readonly {
    samples: readonly { name: string; labels: Record<string, string>; value: number }[];
  }[];
  assert.deepEqual(
    json.flatMap(({ samples }) => samples.map((one) => ({ ...one, value: String(one.value) }))),
    readText(text),
  );
});

const valueOf = (text: string, name: string, labels: Readonly<Record<string, string>>): string[] =>
  readText(text)
    .filter((one) => one.name === name)
    .filter((one) => Object.entries(labels).every(([key, value]) => one.labels[key] === value))
    .map(({ value }) => value);

test("keepalived's names have the same values as Baton's", () => {
  const text = printMetrics(reading());
  const one = (name: string, labels: Readonly<Record<string, string>>): string | undefined =>
    valueOf(text, name, labels)[0];
  for (const iname of ["VI_1", "VI_2"]) {
    const own = { vrrp_instance: iname };
    for (const [theirs, ours] of [
      ["keepalived_advertisements_received_total", "baton_advertisements_received_total"],
      ["keepalived_advertisements_sent_total", "baton_advertisements_sent_total"],
      ["keepalived_become_master_total", "baton_become_master_total"],
      ["keepalived_release_master_total", "baton_release_master_total"],
    ] as const)
      assert.equal(one(theirs, { iname }), one(ours, own), theirs);
  }
  const address = { iname: "VI_1", intf: "eth0", vrid: "51", ip_address: "192.0.2.100/24" };
  assert.equal(one("keepalived_vrrp_state", address), "2");
  assert.equal(one("keepalived_vrrp_state", { iname: "VI_2" }), "1");
  assert.equal(one("keepalived_script_status", { name: "check nginx" }), "1");
  assert.equal(one("keepalived_script_state", { name: "check nginx" }), "1");
});

test("an engine that does not answer: what is the supervisor's stays, and nothing is said of instances", () => {
  const text = printMetrics(reading({ engineAnswers: false, instances: [] }));
  assert.deepEqual(valueOf(text, "baton_up", {}), ["1"]);
  assert.deepEqual(valueOf(text, "baton_engine_up", {}), ["0"]);
  assert.deepEqual(valueOf(text, "keepalived_up", {}), ["0"]);
  assert.deepEqual(valueOf(text, "baton_instance_state", {}), []);
  assert.deepEqual(valueOf(text, "baton_engine_restarts_total", {}), ["2"]);
});

test("no daemon: down, and nothing else", () => {
  assert.deepEqual(readText(printDown()), [
    { name: "baton_up", labels: {}, value: "0" },
    { name: "keepalived_up", labels: {}, value: "0" },
  ]);
});
