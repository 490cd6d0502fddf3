/** A drill in which something fails after the move: the address is moved back all the same. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { SwitchAnswer, SwitchRequest } from "#daemon/switch-protocol";
import { type DrillNode, DrillProblem } from "../../src/cli/drill-node.ts";
import type { Prober } from "../../src/cli/drill-prober.ts";
import { type DrillResult, runDrill } from "../../src/cli/drill-run.ts";
import { OWNER, STANDBY, status } from "../support/console-status.ts";

interface Pair {
  owner: "a" | "b";
  readonly asked: string[];
  readonly nodes: readonly DrillNode[];
}

/** @param fails what a move answers after it has happened */
function makePair(fails?: DrillProblem): Pair {
  const node = (name: "a" | "b"): DrillNode => ({
    name,
    isLocal: false,
    status: async () =>
      await Promise.resolve(status(name, [pair.owner === name ? OWNER : STANDBY])),
    move: async ({ back }: SwitchRequest) => {
      pair.asked.push(`${name} ${back === true ? "back" : "away"}`);
      if (back === true) pair.owner = name;
      else pair.owner = name === "a" ? "b" : "a";
      if (fails !== undefined && back !== true) throw fails;
      return await Promise.resolve({ outcome: "moved", units: [] } as SwitchAnswer);
    },
  });
  const pair: Pair = { owner: "a", asked: [], nodes: [node("a"), node("b")] };
  return pair;
}

async function drill({ nodes }: Pair): Promise<DrillResult> {
  const ended = new DrillProblem({ en: "the prober has ended", "zh-CN": "探测程序已退出" });
  return await runDrill({
    instance: "VI_1",
    plans: ["switch"],
    times: 3,
    objectiveMs: undefined,
    probe: { kind: "icmp", text: "icmp" },
    nodes,
    prober: { window: async () => await Promise.reject(ended) } as unknown as Prober,
    interrupted: new AbortController().signal,
    say: () => undefined,
  });
}

test("a prober that dies during a run: the address goes back, and the drill ends", async () => {
  const pair = makePair();
  const { runs, problem } = await drill(pair);
  assert.equal(problem?.en, "the prober has ended");
  assert.equal(runs.length, 0);
  assert.deepEqual(pair.asked, ["a away", "a back"]);
  assert.equal(pair.owner, "a");
});

test("a move that was not answered may have happened: it is moved back", async () => {
  const pair = makePair(new DrillProblem({ en: "no answer in time", "zh-CN": "应答超时" }));
  const { problem } = await drill(pair);
  assert.equal(problem?.en, "no answer in time");
  assert.equal(pair.owner, "a");
});
