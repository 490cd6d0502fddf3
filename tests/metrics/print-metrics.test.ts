/** Prometheus' text format, read back by a reader of its grammar; promtool reads it elsewhere. */
import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { FAMILIES } from "#metrics/catalogue";
import { InstanceSeries, instanceSeries } from "#metrics/instance-labels";
import { printMetricsJson } from "#metrics/metrics-json";
import { FamilyText, MetricsPrinter, printDown, printMetrics } from "#metrics/print-metrics";
import type { InstanceReading, MetricsReading } from "#metrics/reading";
import { daemonSeries, type Labels, makeSeries, SeriesCache } from "#metrics/series";
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

const ABOUT = { name: "x", type: "gauge" as const, help: "h" };

function print(samples: readonly { labels: Labels; value: number }[], about = ABOUT): string {
  const family = new FamilyText(about);
  for (const { labels, value } of samples) family.put(makeSeries(labels), value);
  return family.text();
}

test("whatever a label's value is, it is read back as it was; a NUL or half a character is not", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), fc.string({ unit: "binary" }), (one, other) => {
      const read = readText(print([{ labels: { one, other }, value: 1 }]));
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
    print(samples, { ...ABOUT, help: 'a\\b "c"\nd' }),
    '# HELP x a\\\\b "c"\\nd\n# TYPE x gauge\nx{a="C:\\\\new \\"x\\"\\nend"} 2.5\n',
  );
});

test("numbers as Prometheus reads them, and no head without samples", () => {
  const values = [0, 1e21, 1e-9, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN];
  const text = print(values.map((value) => ({ labels: {}, value })));
  assert.deepEqual(
    readText(text).map(({ value }) => value),
    ["0", "1e+21", "1e-9", "+Inf", "-Inf", "NaN"],
  );
  assert.equal(print([]), "");
});

test("every family has samples in the reading of the tests, with exactly its labels", () => {
  const now = reading();
  for (const { name, labels, write, type } of FAMILIES) {
    let count = 0;
    write(now, ({ labels: found, suffix }) => {
      count += 1;
      const shown = Object.keys(found).filter((label) => label !== "le");
      assert.deepEqual(shown, [...labels], name);
      assert.equal(suffix === "", type !== "histogram", name);
    });
    assert.ok(count > 0, `${name}: no samples`);
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
  assert.equal(new MetricsPrinter().parts(now).join(""), text);
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

test("what is kept from one scrape to the next is never in the way: the text is that of a new printer", () => {
  const printer = new MetricsPrinter();
  const series = daemonSeries();
  const instances = new InstanceSeries();
  const first = reading({ series });
  const kept = (now: MetricsReading): MetricsReading => {
    const caches = instances.of(now.instances.map(({ snapshot }) => snapshot));
    const all = now.instances.map((one, place) => ({
      ...one,
      series: caches[place] ?? one.series,
    }));
    return { ...now, series, instances: all };
  };
  type Change = Partial<InstanceReading["snapshot"]>;
  const each = (change: (one: InstanceReading["snapshot"]) => Change): MetricsReading => ({
    ...first,
    instances: first.instances.map((one) => {
      const snapshot = { ...one.snapshot, ...change(one.snapshot) };
      return { ...one, snapshot, series: instanceSeries(snapshot) };
    }),
  });
  const [one, two] = first.instances;
  const [check] = first.checks;
  assert.ok(one !== undefined && two !== undefined && check !== undefined);
  const readings: readonly MetricsReading[] = [
    first,
    each(({ counters }) => ({ counters: { ...counters, advert_sent: 99 } })),
    each(() => ({ state: "FAULT" as const })),
    each(() => ({ state: "STOP" as const, peers: [], refused: {} })),
    each(({ vrid }) => ({ vrid: vrid + 7 })),
    each(() => ({ interface: undefined })),
    each(({ addresses }) => ({ addresses: addresses.map((at) => ({ ...at, prefix: 32 })) })),
    { ...first, instances: [two, one] },
    { ...first, instances: [two] },
    { ...first, engineAnswers: false, instances: [], durations: undefined },
    {
      ...first,
      checks: [
        { ...check, result: "unknown" },
        { ...check, name: "instance VI_1" },
      ],
    },
    { ...first, groups: [], alerts: undefined, events: undefined, notify: [] },
  ];
  for (const now of [...readings, ...readings.toReversed(), first, ...readings]) {
    const text = printer.parts(kept(now)).join("");
    assert.equal(text, printMetrics({ ...now, series: daemonSeries() }));
    assert.equal(printer.parts(kept(now)).join(""), text);
  }
});

test("a thing that has had too many series gets new ones", () => {
  const series = new SeriesCache({ a: "b" }, 2);
  const [one, two] = [series.with("c", "1"), series.with("c", "2")];
  assert.equal(series.with("c", "1"), one);
  assert.equal(series.with("c", "3").text, '{a="b",c="3"} ');
  assert.notEqual(series.with("c", "2"), two);
  assert.equal(series.with("c", "2").text, two.text);
});
