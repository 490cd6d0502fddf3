/**
 * A drill: each plan so many times, each time the same. Is the pair well? Move; measure; move back.
 * What this program moved it moves back, also when it is interrupted or something fails.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { Status } from "#daemon/control-protocol";
import type { SwitchUnit } from "#daemon/switch-protocol";
import { phasesOf } from "#drill/phases";
import { instanceOf, type NamedNode, ownerOf, refusalsOf } from "#drill/preconditions";
import type { DrillRun, Plan, PlotPart, Text } from "#drill/report";
import { passes } from "#drill/summary";
import { now } from "#linux/clock";
import type { ProberAnswer } from "#probes/probe-protocol";
import { after, fromMillis, type Instant, micros, toMillis } from "#units/time";
import { type DrillNode, DrillProblem } from "./drill-node.ts";
import { type Probe, type Prober, periodOf } from "./drill-prober.ts";

export interface DrillOptions {
  readonly instance: string;
  readonly plans: readonly Plan[];
  readonly times: number;
  readonly objectiveMs: number | undefined;
  readonly probe: Probe;
  readonly nodes: readonly DrillNode[];
  readonly prober: Prober;
  /** Aborted: the run under way is finished, the address moved back, and no other begins. */
  readonly interrupted: AbortSignal;
  /** What is being done, for people who wait. */
  readonly say: (text: Text) => void;
}

export interface DrillResult {
  readonly runs: readonly DrillRun[];
  /** Why there are fewer than were asked for. */
  readonly problem: Text | undefined;
}

/** Before the move, and after it, in milliseconds. */
const BEFORE_MS = 300;
const REST_MS = 2_000;
const HANG_MS = 5_000;
/** Somebody has taken over by then, or nobody will. */
const OWNER_MS = 20_000;
/** A node that may preempt does so after a few intervals. */
const RETURN_MS = 10_000;
const POLL_MS = 100;
const PARTS = 600;

interface Owner {
  readonly node: DrillNode;
  readonly status: Status;
}

export async function runDrill(options: DrillOptions): Promise<DrillResult> {
  const { plans, times, interrupted } = options;
  const runs: DrillRun[] = [];
  for (const plan of plans) {
    for (let time = 0; time < times; time++) {
      if (interrupted.aborted) return { runs, problem: INTERRUPTED };
      try {
        const place = `${runs.length + 1}/${plans.length * times}`;
        runs.push(await new DrillStep(options, plan, place).run());
      } catch (error) {
        if (error instanceof DrillProblem) return { runs, problem: error.text };
        throw error;
      }
    }
  }
  return { runs, problem: undefined };
}

const INTERRUPTED: Text = {
  en: "interrupted: the address is back where it was",
  "zh-CN": "已中断：地址已回到原处",
};

/** The names of nodes and their states, as far as they can be asked. */
async function readAll(nodes: readonly DrillNode[]): Promise<readonly (NamedNode & Owner)[]> {
  return await Promise.all(
    nodes.map(async (node) => {
      const status = await node.status();
      return { name: node.name, node, status, state: status };
    }),
  );
}

/** @throws DrillProblem with every reason not to drill; else who owns the instance */
export async function examine(nodes: readonly DrillNode[], instance: string): Promise<Owner> {
  const all = await readAll(nodes);
  const refusals = refusalsOf(all, instance);
  const owner = ownerOf(all, instance);
  if (refusals.length === 0 && owner !== undefined) return owner;
  throw new DrillProblem({
    en: refusals.map(({ en }) => en).join("; "),
    "zh-CN": refusals.map((one) => one["zh-CN"]).join("；"),
  });
}

class DrillStep {
  readonly #options: DrillOptions;
  readonly #plan: Plan;
  readonly #place: string;

  constructor(options: DrillOptions, plan: Plan, place: string) {
    this.#options = options;
    this.#plan = plan;
    this.#place = place;
  }

  async run(): Promise<DrillRun> {
    const { nodes, instance, say } = this.#options;
    const owner = await examine(nodes, instance);
    say({
      en: `${this.#place}: ${this.#plan}, away from ${owner.node.name}`,
      "zh-CN": `${this.#place}：${this.#plan}，从 ${owner.node.name} 移走`,
    });
    const at = new Date().toISOString();
    await sleep(BEFORE_MS);
    const { run, next } = await this.#breakAndMeasure(owner, at);
    say({
      en: `${this.#place}: ${run.pass ? "passed" : "not passed"}, ${Math.round(run.outageMs)} ms without an answer${run.to === undefined ? "" : `, now at ${run.to}`}`,
      "zh-CN": `${this.#place}：${run.pass ? "通过" : "未通过"}，${Math.round(run.outageMs)} 毫秒无应答${run.to === undefined ? "" : `，现由 ${run.to} 持有`}`,
    });
    if (run.to !== undefined) await this.#moveBack(owner.node, next);
    return run;
  }

  /** @throws what went wrong, after the address is back, or with why it is not */
  async #breakAndMeasure(
    owner: Owner,
    at: string,
  ): Promise<{ readonly run: DrillRun; readonly next: DrillNode | undefined }> {
    const begin = now();
    let next: DrillNode | undefined;
    try {
      const unit = await this.#break(owner);
      await sleep(REST_MS);
      next = await this.#nextOwner(owner);
      return { run: await this.#measure({ owner, next, unit, begin, at }), next };
    } catch (error) {
      // Also where the move was not answered: nobody knows whether it has happened.
      next ??= await this.#nextOwner(owner);
      await this.#moveBack(owner.node, next).catch((also: unknown) => {
        throw bothProblems(error, also);
      });
      throw error;
    }
  }

  /** Undefined: the plan was no planned move. */
  async #break({ node, status }: Owner): Promise<SwitchUnit | undefined> {
    const { instance } = this.#options;
    if (this.#plan === "switch") {
      const { units } = await node.move({ names: [instance], why: "baton drill" });
      return units[0];
    }
    const { enginePid } = status;
    if (enginePid === undefined) return undefined;
    if (this.#plan === "kill-engine") signal(enginePid, "SIGKILL");
    else {
      signal(enginePid, "SIGSTOP");
      await sleep(HANG_MS);
      signal(enginePid, "SIGCONT");
    }
    return undefined;
  }

  /** The node that has it now, if it is one of those that can be asked. */
  async #nextOwner({ node }: Owner): Promise<DrillNode | undefined> {
    const { nodes, instance } = this.#options;
    if (nodes.length === 1) return undefined;
    const limit = after(now(), fromMillis(OWNER_MS));
    while (now() < limit) {
      const all = await readAll(nodes).catch(() => []);
      const owner = ownerOf(all, instance);
      if (owner !== undefined && (owner.node !== node || this.#plan !== "switch"))
        return owner.node;
      await sleep(POLL_MS);
    }
    return undefined;
  }

  async #measure(known: {
    readonly owner: Owner;
    readonly next: DrillNode | undefined;
    readonly unit: SwitchUnit | undefined;
    readonly begin: Instant;
    readonly at: string;
  }): Promise<DrillRun> {
    const { prober, probe, objectiveMs } = this.#options;
    const { owner, next, unit, begin, at } = known;
    const from = after(begin, fromMillis(-BEFORE_MS));
    const to = now();
    const step = micros(Math.max(1_000, Math.ceil((to - from) / PARTS / 1_000) * 1_000));
    const seen = await prober.window(from, to, step);
    const { outage } = seen;
    const periodMs = periodOf(probe);
    const successor = next?.name ?? unit?.successor ?? (await this.#heardBy(owner.node));
    const problem = problemOf(this.#plan, unit, seen);
    const both = seen.twice === undefined ? unit?.bothAnsweredMs : seen.twice * periodMs;
    const electedAt =
      unit?.tookMs === undefined ? undefined : unit.tookMs - (unit.bothAnsweredMs ?? 0);
    const run = {
      plan: this.#plan,
      at,
      from: owner.node.name,
      ...(successor !== undefined && { to: successor }),
      outageMs: toMillis(outage.longest),
      atLeastMs: toMillis(outage.atLeast),
      sent: outage.sent,
      lost: outage.lost,
      ...(both !== undefined && { bothAnsweredMs: both }),
      phases: phasesOf({ electedAt, answeredAt: firstAnswer(seen, begin) }),
      ...(problem !== undefined && { problem }),
      parts: partsOf(seen, begin),
    };
    return { ...run, pass: passes(run, objectiveMs) };
  }

  /**
   * After a fault that only the owner's node can be asked about: the master that it hears, or
   * itself, if it has the address again by now. A planned move says itself who took over.
   */
  async #heardBy(node: DrillNode): Promise<string | undefined> {
    if (this.#plan === "switch") return undefined;
    const status = await node.status().catch(() => undefined);
    const one = status?.instances.find(({ name }) => name === this.#options.instance);
    return one?.state === "MASTER" ? node.name : one?.standby?.master?.address;
  }

  /** @throws DrillProblem with what to do, if it stays where it is */
  async #moveBack(from: DrillNode, next: DrillNode | undefined): Promise<void> {
    const { instance } = this.#options;
    if (this.#plan === "switch") await from.move({ names: [instance], back: true });
    if (await this.#isBack(from, RETURN_MS)) return;
    if (next !== undefined && next !== from) {
      await next.move({ names: [instance], why: "baton drill: back" });
      if (await this.#isBack(from, RETURN_MS)) return;
    }
    const now = next?.name ?? "another node";
    throw new DrillProblem({
      en: `${instance} has not come back to ${from.name}, which does not preempt: run \`baton switch ${instance}\` on ${now}, or name both nodes with --node`,
      "zh-CN": `${instance} 没有回到 ${from.name}（它不会抢占）：请在${next === undefined ? "现持有者" : ` ${next.name} `}上运行 \`baton switch ${instance}\`，或用 --node 指定两个节点`,
    });
  }

  async #isBack(node: DrillNode, milliseconds: number): Promise<boolean> {
    const limit = after(now(), fromMillis(milliseconds));
    do {
      const status = await node.status().catch(() => undefined);
      const one = status === undefined ? undefined : instanceOf(status, this.#options.instance);
      if (one?.state === "MASTER") return true;
      await sleep(POLL_MS);
    } while (now() < limit);
    return false;
  }
}

/** What went wrong first, and that the address is not back. */
function bothProblems(first: unknown, also: unknown): unknown {
  if (!(first instanceof DrillProblem && also instanceof DrillProblem)) return first;
  return new DrillProblem({
    en: `${first.text.en}; ${also.text.en}`,
    "zh-CN": `${first.text["zh-CN"]}；${also.text["zh-CN"]}`,
  });
}

function problemOf(
  plan: Plan,
  unit: SwitchUnit | undefined,
  { outage, longestPause }: ProberAnswer,
): Text | undefined {
  if (plan === "switch" && unit?.outcome !== "moved")
    return unit?.text ?? { en: "nobody was asked to move it", "zh-CN": "没有发出切换请求" };
  if (outage.open) return { en: "it was not answered for at the end", "zh-CN": "结束时仍无应答" };
  // A prober that stood still has seen nothing meanwhile.
  if (longestPause > DISTURBED)
    return {
      en: `this machine did not probe for ${Math.round(longestPause / 1_000)} ms: it was too busy to measure`,
      "zh-CN": `本机有 ${Math.round(longestPause / 1_000)} 毫秒未能探测：过于繁忙，无法测量`,
    };
  return undefined;
}

const DISTURBED = fromMillis(250);

/** Milliseconds from the begin to the first answer of another machine than before. */
function firstAnswer({ turns }: ProberAnswer, begin: Instant): number | undefined {
  const before = turns.findLast(({ from }) => from < begin);
  const next = turns.find(({ from, mac }) => from >= begin && mac !== before?.mac);
  return before === undefined || next === undefined
    ? undefined
    : toMillis(micros(next.from - begin));
}

function partsOf({ parts = [] }: ProberAnswer, begin: Instant): readonly PlotPart[] {
  return parts.map(({ from, sent, lost, slowest, mac }) => ({
    at: (from - begin) / 1_000,
    sent,
    lost,
    ...(slowest !== undefined && { slowest: slowest / 1_000 }),
    ...(mac !== undefined && { by: mac }),
  }));
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    const errno = (error as NodeJS.ErrnoException).code ?? "?";
    throw new DrillProblem({
      en: `the engine (PID ${pid}) cannot be sent ${name}: ${errno}`,
      "zh-CN": `无法向引擎（PID ${pid}）发送 ${name}：${errno}`,
    });
  }
}
