/**
 * What Prometheus itself says of the metrics, the alert rules and the dashboards: promtool, and a
 * Prometheus that scrapes two nodes through a take-over and an engine's death.
 *
 * Needs: prometheus, promtool, openssl
 */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { CLIENT, type Lab } from "#lab/measure/lab";
import { FAST } from "#lab/measure/profile";
import { printMetrics } from "#metrics/print-metrics";
import type { MetricsReading } from "#metrics/reading";
import { EXPRESSIONS } from "../../tools/grafana-dashboard.ts";
import { BOTH_NODES, NOTHING_WRONG } from "../support/exporter-dashboard.ts";
import { withLab } from "../support/lab.ts";
import { reading } from "../support/metrics-reading.ts";
import { type Prometheus, type Series, startPrometheus } from "../support/prometheus.ts";

const ROOT = join(import.meta.dirname, "../..");
const RULES = join(ROOT, "packaging/prometheus/baton.rules.yml");

function promtool(args: readonly string[], input = ""): string {
  const { status, stdout, stderr } = spawnSync("promtool", args, { encoding: "utf8", input });
  assert.equal(status, 0, stdout + stderr);
  return stdout + stderr;
}

const isClean = (now: MetricsReading): void =>
  assert.equal(promtool(["check", "metrics"], printMetrics(now)), "");

test("promtool finds nothing to say of the metrics, also with odd names", () => {
  isClean(reading());
  isClean(reading({ engineAnswers: false, instances: [], durations: undefined }));
  const odd = 'a"b\\c\nd\te\r\u0007\u007f{}=,# 中文 \u{1f600} \ud800';
  const now = reading();
  const [first] = now.instances;
  assert.ok(first !== undefined);
  const renamed = { ...first, snapshot: { ...first.snapshot, name: odd, interface: odd } };
  const [check] = now.checks;
  assert.ok(check !== undefined);
  isClean({ ...now, instances: [renamed], checks: [{ ...check, name: odd }] });
});

test("the alert rules are right, and fire when they should", () => {
  assert.match(promtool(["check", "rules", RULES]), /SUCCESS: \d+ rules found/);
  const tests = join(ROOT, "tests/prometheus/baton.rules.test.yml");
  assert.match(promtool(["test", "rules", tests]), /SUCCESS/);
});

const nodes = (series: readonly Series[]): readonly string[] =>
  [...new Set(series.map(({ metric }) => metric["instance"] ?? "?"))].toSorted();

/** A certificate for every address of the lab, and a token that may only read. */
function makeSecrets(folder: string, addresses: readonly string[]): void {
  const names = addresses.map((address) => `IP:${address}`).join(",");
  const files = `-keyout ${join(folder, "api.key")} -out ${join(folder, "api.crt")}`;
  const kind = "-x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2";
  const line = `req ${kind} ${files} -subj /CN=baton -addext subjectAltName=${names}`;
  const made = spawnSync("openssl", line.split(" "), { encoding: "utf8" });
  assert.equal(made.status, 0, made.stderr);
  writeFileSync(join(folder, "api.token"), `prometheus ${"5".repeat(64)} read\n`);
  writeFileSync(join(folder, "prometheus.token"), "5".repeat(64));
}

const api = (address: string): string => `
api {
    listen ${address}:9650
    token_file /etc/keepalived/api.token
    tls {
        cert_file /etc/keepalived/api.crt
        key_file /etc/keepalived/api.key
    }
}
`;

async function scrape(context: TestContext, lab: Lab, folder: string): Promise<Prometheus> {
  const secrets = mkdtempSync(join(folder, "secrets-"));
  makeSecrets(
    secrets,
    lab.nodes.map(({ address }) => address),
  );
  for (const node of lab.nodes) {
    const config = node.readFile("etc", "keepalived.conf") ?? "";
    node.configure(`${config}${api(node.address)}`);
    for (const [name, mode] of [
      ["api.key", 0o600],
      ["api.crt", 0o644],
      ["api.token", 0o600],
    ] as const) {
      const to = join(node.folder, "etc", name);
      writeFileSync(to, spawnSync("cat", [join(secrets, name)]).stdout);
      chmodSync(to, mode);
    }
  }
  await lab.startDaemons();
  const targets = lab.nodes.map(({ address }) => `"${address}:9650"`).join(", ");
  const config = `
global: { scrape_interval: 300ms, evaluation_interval: 1s }
rule_files: ["${RULES}"]
scrape_configs:
  - job_name: baton
    scheme: https
    authorization: { credentials_file: "${join(secrets, "prometheus.token")}" }
    tls_config: { ca_file: "${join(secrets, "api.crt")}" }
    static_configs: [{ targets: [${targets}] }]
`;
  return await startPrometheus(context, lab.network.namespaceOf(CLIENT), folder, config);
}

/** What is there only after something that does not happen here. */
const ONLY_AFTER = /refused_total|cloud_|claimed|alerts_/;
const inTest = (expr: string): string =>
  expr.replaceAll("$__rate_interval", "10s").replaceAll(/\$(?:job|node|vrrp_instance)/g, ".*");

async function everythingIsThere(prometheus: Prometheus): Promise<void> {
  const theirs = await prometheus.query(BOTH_NODES);
  for (const [place, series] of theirs.entries())
    assert.equal(nodes(series).length, 2, `${BOTH_NODES[place]}: ${JSON.stringify(series)}`);
  for (const [place, series] of (await prometheus.query(NOTHING_WRONG)).entries())
    assert.deepEqual(series, [], NOTHING_WRONG[place]);
  const ours = await prometheus.query(EXPRESSIONS.map(inTest));
  for (const [place, series] of ours.entries()) {
    const expr = EXPRESSIONS[place] ?? "";
    if (!ONLY_AFTER.test(expr)) assert.ok(series.length > 0, expr);
  }
}

const stateOf = (address: string, state: number): string =>
  `keepalived_vrrp_state{instance="${address}:9650",iname="VI_1"} == ${state}`;

test("dashboards made for keepalived's exporter, and ours, through a take-over and an engine's death", async (context) => {
  const profile = { ...FAST, priorities: [100, 90], preempt: true };
  await withLab(context, { profile, kinds: ["baton", "baton"] }, async (lab, folder) => {
    const [a, b] = lab.nodes;
    assert.ok(a !== undefined && b !== undefined);
    const prometheus = await scrape(context, lab, folder);
    await prometheus.untilSome("a owns the address", stateOf(a.address, 2));
    await prometheus.untilSome("b hears it", stateOf(b.address, 1));
    const long = 'count_over_time(keepalived_up{instance="INSTANCE:9650"}[1m]) > 10';
    for (const { address } of [a, b])
      await prometheus.untilSome("ten scrapes", long.replace("INSTANCE", address));
    await prometheus.untilSome("a check has a result", "keepalived_script_status == 1");
    await everythingIsThere(prometheus);

    // An engine dies: counters go on, nothing goes back.
    const sent = `baton_advertisements_sent_total{instance="${a.address}:9650"}`;
    const [before] = await prometheus.one(sent);
    const engine = a.pids()?.engine;
    assert.ok(before !== undefined && engine !== undefined);
    process.kill(engine, "SIGKILL");
    await prometheus.untilSome("it was replaced", "baton_engine_restarts_total == 1");
    await prometheus.untilSome("it owns the address again", stateOf(a.address, 2));
    await prometheus.untilSome("it has sent more", `${sent} > ${before.value + 5}`);
    for (const name of ["baton_advertisements_sent_total", "baton_become_master_total"])
      assert.deepEqual(await prometheus.one(`resets(${name}[5m]) > 0`), [], name);
    await prometheus.untilSome("an alert says so", 'ALERTS{alertname="BatonEngineRestarted"}');

    // A stop: b is seen to take over, and a not to be there.
    await a.stopDaemon();
    await prometheus.untilSome("b took over", stateOf(b.address, 2));
    await prometheus.untilSome("a cannot be scraped", `up{instance="${a.address}:9650"} == 0`);
    await prometheus.untilSome("an alert waits", 'ALERTS{alertname="BatonDown"}');
    const byReason = `baton_instance_transitions_total{instance="${b.address}:9650",to="MASTER",reason="master-released"}`;
    await prometheus.untilSome("and it says why", byReason);
  });
});
