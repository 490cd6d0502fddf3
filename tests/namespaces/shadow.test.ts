/**
 * `baton shadow` beside a pair of real keepalived, on both machines: every difference during the
 * faults of the drill is one that is expected, and a configuration that is not the one that runs is
 * found. It leaves the machine as it is.
 *
 * Needs: keepalived
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { FaultName } from "#lab/measure/faults";
import { type Profile, TUTORIAL } from "#lab/measure/profile";
import { createRng } from "#units/rng";
import { until } from "../support/daemon-bench.ts";
import { withLab } from "../support/lab.ts";
import { drill, type FoundLine, startShadow } from "../support/shadow-drill.ts";

/** The tutorial's pair with a quarter of its interval: four times as many faults in a minute. */
const QUARTER: Profile = {
  ...TUTORIAL,
  name: "v3-250ms",
  version: 3,
  advertSeconds: 0.25,
  preemptDelaySeconds: undefined,
  scriptSeconds: 1,
};
/** Less than the skew time (201 ms), more than a busy machine is late. */
const TOLERANCE = "150";

/** Of every fault: what its shadows have to find, `kind verdict`. */
const WANTED: Readonly<Partial<Record<FaultName, readonly string[]>>> = {
  stop: ["released same", "took-over-later expected", "no-owner expected"],
  "kill-all": ["took-over same", "address-kept expected"],
  hang: ["took-over same", "stopped-advertising same", "returned expected"],
  link: ["gave-up same", "took-over same"],
  script: ["released same", "took-over-later expected"],
  restart: ["released same", "took-over-later expected"],
};

const print = (lines: readonly FoundLine[]): string =>
  lines
    .map(({ node, at, verdict, kind, text, baton }) =>
      [node, at, verdict, kind, text, baton].join(" | "),
    )
    .join("\n");

test("the faults of the drill beside real keepalived: no difference is unexplained", async (context) => {
  const options = { profile: QUARTER, kinds: ["keepalived", "keepalived"] } as const;
  await withLab(context, options, async (lab) => {
    const [a, b] = lab.nodes;
    assert.ok(a && b);
    const shadows = [a, b].map((node) => startShadow(node, ["--tolerance", TOLERANCE]));
    // As if keepalived ran another file.
    const file = b.readFile("etc", "keepalived.conf") ?? "";
    const other = file.replace(/^ *nopreempt$/m, "").replace(/priority \d+/, "priority 200");
    assert.notEqual(other, file);
    const mistaken = startShadow(b, ["--tolerance", TOLERANCE], other);
    await lab.startDaemons();
    const found = await drill(lab, shadows, Object.keys(WANTED) as FaultName[], createRng(5).real);
    for (const [fault, lines] of found) {
      const unexplained = lines.filter(({ verdict }) => verdict === "unexplained");
      assert.deepEqual(unexplained, [], `${fault}:\n${print(lines)}`);
      const seen = new Set(lines.map(({ kind, verdict }) => `${kind} ${verdict}`));
      for (const wanted of WANTED[fault] ?? [])
        assert.ok(seen.has(wanted), `${fault}: ${wanted} is missing in\n${print(lines)}`);
    }
    for (const shadow of shadows) {
      assert.equal(await shadow.stop(), 0, shadow.errors());
      assert.match(shadow.errors(), /^baton shadow: listening on eth0[^\n]*\n$/);
      const summary = shadow.lines().at(-1);
      assert.equal(summary?.type, "summary");
      assert.ok((summary.adverts ?? 0) > 20);
    }
    assert.equal(await mistaken.stop(), 1, "a file that does not run was not found");
    const differing = mistaken.lines().filter(({ kind }) => kind === "not-as-configured");
    assert.match(differing[0]?.text ?? "", /advertises priority 50, and the file has 200/);
  });
});

test("alone on a machine it changes nothing there, and ends by itself", async (context) => {
  await withLab(context, { profile: TUTORIAL, kinds: ["keepalived"] }, async (lab) => {
    const [a] = lab.nodes;
    assert.ok(a);
    const before = lab.network.addressesOf("a");
    const shadow = startShadow(a, ["--for", "2s", "--run-scripts"]);
    await until("it has ended", () => shadow.process.exitCode !== null);
    assert.equal(shadow.process.exitCode, 0, shadow.errors());
    assert.deepEqual(lab.network.addressesOf("a"), before);
    const summary = shadow.lines().at(-1);
    // Nothing was sent that a packet socket of the same machine could see.
    assert.deepEqual([summary?.type, summary?.adverts, shadow.lines().length], ["summary", 0, 1]);
  });
});
