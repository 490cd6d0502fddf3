/** A drill asks another node for a move over the node's real HTTP API. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { DrillProblem, remoteDrillNode } from "#cli/drill-node";
import { readRemoteNode } from "#cli/remote-node";
import type { SwitchAnswer } from "#daemon/switch-protocol";
import { FakeNode, OPS, TOKENS } from "../support/api-node.ts";
import { planOf, serveApi } from "../support/api-server.ts";
import { until } from "../support/daemon-bench.ts";
import { freePort } from "../support/hostile-http.ts";

const unit = (outcome: "moved" | "stays"): SwitchAnswer["units"][number] => ({
  name: "VI_1",
  kind: "instance",
  outcome,
  text: { en: outcome, "zh-CN": outcome },
});

for (const outcome of ["moved", "refused"] as const)
  test(`a move over HTTP: ${outcome}`, async (context) => {
    const answer: SwitchAnswer = {
      outcome,
      units: [unit(outcome === "moved" ? "moved" : "stays")],
    };
    const fake = new FakeNode({ act: { ok: true, switch: answer } });
    const { api, folder } = serveApi(context, fake);
    const port = await freePort();
    const tokens = join(folder, "tokens");
    writeFileSync(tokens, TOKENS, { mode: 0o600 });
    const tokenFile = join(folder, "token");
    writeFileSync(tokenFile, `ops ${OPS}\n`, { mode: 0o600 });
    api.configure(planOf([port], { tokenFile: tokens }));
    await until("it listens", () => api.listens.length === 2);
    const remote = readRemoteNode(`http://127.0.0.1:${port}`, {
      option: "--node",
      tokenFile,
      ca: undefined,
    });
    const node = remoteDrillNode(remote, "en");
    assert.deepEqual(await node.move({ names: ["VI_1"] }), answer);
    assert.equal(fake.acts.length, 1);
  });

test("a node that answers something else is no node", async (context) => {
  const { api, folder } = serveApi(
    context,
    new FakeNode({ act: { ok: true, text: "something else" } }),
  );
  const port = await freePort();
  const tokens = join(folder, "tokens");
  writeFileSync(tokens, TOKENS, { mode: 0o600 });
  api.configure(planOf([port], { tokenFile: tokens }));
  await until("it listens", () => api.listens.length === 2);
  const tokenFile = join(folder, "token");
  writeFileSync(tokenFile, OPS, { mode: 0o600 });
  const access = { option: "--node", tokenFile, ca: undefined };
  const node = remoteDrillNode(readRemoteNode(`http://127.0.0.1:${port}`, access), "en");
  await assert.rejects(node.move({ names: ["VI_1"] }), DrillProblem);
});
