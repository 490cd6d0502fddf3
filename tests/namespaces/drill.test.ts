/** `baton drill` on a real pair: it measures what a client notices, moves back, and reports. */
import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import type { DrillReport } from "#drill/report";
import { type Lab, VIRTUAL_ADDRESS } from "#lab/measure/lab";
import type { LabNode } from "#lab/measure/node";
import { FAST, type Profile } from "#lab/measure/profile";
import { baton, type Ran, withLab } from "../support/lab.ts";

const WEB_SERVER = fileURLToPath(
  new URL("../../src/lab/measure/web-server-main.ts", import.meta.url),
);

/** The first is stronger, and preempts: it takes the address back when it may. */
const UNEVEN: Profile = { ...FAST, name: "uneven", priorities: [150, 100], preempt: true };

const drill = async (node: LabNode, ...args: readonly string[]): Promise<Ran> =>
  await baton(node, "drill", ...args);

async function onPair(
  context: TestContext,
  work: (owner: LabNode, lab: Lab, folder: string) => Promise<void>,
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "drill-"));
  try {
    await withLab(context, { profile: UNEVEN, kinds: ["baton", "baton"] }, async (lab) => {
      const owner = await lab.startDaemons();
      const servers = lab.nodes.map((node) =>
        node.spawn([process.execPath, WEB_SERVER, node.name, "8080"], "ignore"),
      );
      try {
        await work(owner, lab, folder);
      } finally {
        for (const server of servers) server.kill("SIGKILL");
      }
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

test("planned moves and a killed engine, measured on the owner's node and moved back", async (context) => {
  await onPair(context, async (owner, lab, folder) => {
    const ran = await drill(
      owner,
      "--probe",
      `${VIRTUAL_ADDRESS}:8080`,
      "--times",
      "2",
      "--report",
      folder,
      "--json",
    );
    assert.equal(ran.status, 0, ran.err);
    const report = JSON.parse(ran.out) as DrillReport;
    context.diagnostic(JSON.stringify(report.runs.map(({ parts: _parts, ...run }) => run)));
    assert.equal(report.runs.length, 2);
    assert.equal(report.pass, true);
    const heir = lab.nodes.find((one) => one !== owner);
    for (const run of report.runs) {
      assert.equal(run.lost, 0);
      assert.equal(run.to, heir?.address);
      assert.ok((run.bothAnsweredMs ?? 0) > 0);
    }
    assert.deepEqual(lab.holders(), [owner]);
    const files = readdirSync(folder).map((name) => name.replace(/^.*-\d{6}/, ""));
    assert.deepEqual(files.toSorted(), [".html", ".json", ".md", ".zh-CN.html", ".zh-CN.md"]);
    const written = readdirSync(folder).find((name) => name.endsWith(".json")) ?? "";
    assert.deepEqual(JSON.parse(readFileSync(join(folder, written), "utf8")), report);

    const killed = await drill(
      owner,
      "--plan",
      "kill-engine",
      "--destructive",
      "--times",
      "1",
      "--objective",
      "2s",
      "--probe",
      `${VIRTUAL_ADDRESS}:8080`,
      "--report",
      folder,
    );
    assert.equal(killed.status, 0, killed.err);
    await lab.until("the address is back", 10, () => lab.holders()[0] === owner);
  });
});

test("what is not well is not drilled, and what breaks something has to be asked for", async (context) => {
  await onPair(context, async (owner, lab) => {
    const heir = lab.nodes.find((one) => one !== owner) ?? owner;
    const refused = async (node: LabNode, ...args: readonly string[]): Promise<Ran> => {
      const ran = await drill(node, ...args);
      assert.notEqual(ran.status, 0);
      assert.deepEqual(lab.holders(), [owner], ran.err);
      return ran;
    };
    const probe = ["--probe", `${VIRTUAL_ADDRESS}:8080`];
    assert.match((await refused(heir, ...probe)).err, /run it on the owner's node/);
    assert.match((await refused(owner, "--probe", "icmp")).err, /does not cross the network/);
    assert.match((await refused(owner, ...probe, "--plan", "kill-engine")).err, /--destructive/);
    assert.match((await refused(owner, "VI_X", ...probe)).err, /has no instance VI_X/);
    const nobody = await refused(owner, "--probe", `${VIRTUAL_ADDRESS}:9`);
    assert.match(nobody.err, /nobody answers the probes/);
  });
});
