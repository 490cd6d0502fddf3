/**
 * Two nodes that do not hear each other, and one platform: the emulated control plane, two of the
 * machines that ask it, and what the nodes announce, in virtual time. Neither node may go on saying
 * that the platform agrees.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { agreementDeadline, stepAgreement } from "#cloud/agreement/agreement";
import {
  type AgreementEvent,
  type AgreementNews,
  type AgreementState,
  IDLE,
  verdictOf,
} from "#cloud/agreement/agreement-state";
import { viewOf } from "#cloud/agreement/ownership-lookup";
import { fromSeconds, instant } from "#units/time";
import {
  asList,
  makeHavip,
  makeInterface,
  makeSite,
  openTestCloud,
  type TestCloud,
  text,
} from "./harness.ts";

const TICK_MS = 100;

interface Scene {
  /** `garp_master_refresh` of both, in seconds; 0: none. */
  readonly refresh: number;
  /** By how much the second node's announcements are later. */
  readonly phase: number;
  readonly claimLatency: number;
}

class Node {
  readonly name: string;
  readonly instanceId: string;
  readonly news: { readonly at: number; readonly news: AgreementNews }[] = [];
  readonly #cloud: TestCloud;
  readonly #vip: string;
  readonly #eni: string;
  readonly #clock: () => number;
  state: AgreementState = IDLE;
  masterAt: number | undefined;

  constructor(
    cloud: TestCloud,
    ids: { readonly vip: string; readonly instanceId: string; readonly eni: string },
    clock: () => number,
  ) {
    this.#cloud = cloud;
    this.#vip = ids.vip;
    this.#eni = ids.eni;
    this.instanceId = ids.instanceId;
    this.name = ids.instanceId;
    this.#clock = clock;
  }

  async become(role: "master" | "other"): Promise<void> {
    this.masterAt = role === "master" ? this.#clock() : undefined;
    if (role === "master") this.#cloud.cloud.claim(this.#vip, this.#eni);
    await this.#step({ kind: "role", role });
  }

  /** What is due now: its own refresh of announcements, questions. */
  async tick(refresh: number, phase: number): Promise<void> {
    const now = this.#clock();
    if (this.masterAt === undefined) return;
    const shifted = Math.round((now - phase) * 10);
    if (refresh > 0 && shifted % (refresh * 10) === 0)
      this.#cloud.cloud.claim(this.#vip, this.#eni);
    const due = agreementDeadline(this.state);
    if (due !== undefined && due <= now * 1e6) await this.#step({ kind: "timeReached" });
  }

  async #step(event: AgreementEvent): Promise<void> {
    const { state, effects } = stepAgreement(this.state, event, instant(this.#clock() * 1e6));
    this.state = state;
    for (const effect of effects) {
      if (effect.kind === "report") this.news.push({ at: this.#clock(), news: effect.news });
      if (effect.kind === "announce") this.#cloud.cloud.claim(this.#vip, this.#eni);
      if (effect.kind === "ask") await this.#ask(effect.turn);
    }
  }

  async #ask(turn: number): Promise<void> {
    const Filters = [{ Name: "vip", Values: [this.#vip] }];
    const rows = asList((await this.#cloud.call("DescribeHaVips", { Filters }))["HaVipSet"]);
    const shown = rows as unknown as Parameters<typeof viewOf>[0];
    const view = viewOf(shown, this.#vip, { instanceId: this.instanceId, subnetIds: [] });
    await this.#step({ kind: "answered", turn, view });
  }
}

interface Played {
  readonly a: Node;
  readonly b: Node;
  /** Seconds at which the address changed hands. */
  readonly moves: readonly number[];
  readonly verdicts: readonly { readonly at: number; readonly a: string; readonly b: string }[];
}

const CUT_AT = 100;
const HEALED_AT = 160;
const END = 220;

/** `a` is MASTER from the start, `b` too while they are apart; then `b` yields. */
async function play(scene: Scene): Promise<Played> {
  const cloud = openTestCloud({ profile: { claimLatency: fromSeconds(scene.claimLatency) } });
  const site = await makeSite(cloud);
  const havip = await makeHavip(cloud, site);
  const vip = text(havip["Vip"]);
  let seconds = 0;
  const clock = (): number => seconds;
  const make = async (instanceId: string): Promise<Node> =>
    new Node(cloud, { vip, instanceId, eni: await makeInterface(cloud, site, instanceId) }, clock);
  const [a, b] = [await make("ins-aaaaaaaa"), await make("ins-bbbbbbbb")];
  const moves: number[] = [];
  const verdicts: { at: number; a: string; b: string }[] = [];
  let holder: string | undefined;
  for (let tick = 0; tick <= (END * 1000) / TICK_MS; tick++) {
    seconds = (tick * TICK_MS) / 1000;
    if (seconds === 0) await a.become("master");
    if (seconds === CUT_AT) await b.become("master");
    if (seconds === HEALED_AT) await b.become("other");
    await a.tick(scene.refresh, 0);
    await b.tick(scene.refresh, scene.phase);
    cloud.tick(TICK_MS);
    const row = [...(cloud.cloud.world.regions.get("ap-guangzhou")?.havips.values() ?? [])][0];
    const now = row?.holder?.instanceId;
    if (now !== holder && seconds > CUT_AT - 1) moves.push(seconds);
    holder = now;
    const [one, other] = [verdictOf(a.state).kind, verdictOf(b.state).kind];
    verdicts.push({ at: seconds, a: one, b: other });
  }
  return { a, b, moves, verdicts };
}

const SCENES: readonly Scene[] = [0, 5, 10, 60].flatMap((refresh) =>
  [0.7, 2.5, 4.4].flatMap((phase) =>
    [0, 4].map((claimLatency) => ({ refresh, phase, claimLatency })),
  ),
);

for (const scene of SCENES) {
  const { refresh, phase, claimLatency } = scene;
  test(`apart for a minute: refresh ${refresh} s, ${phase} s later, a platform of ${claimLatency} s`, async () => {
    const { a, b, moves, verdicts } = await play(scene);
    const before = verdicts.filter(({ at }) => at > 20 && at < CUT_AT);
    assert.ok(
      before.every((one) => one.a === "agrees" && one.b === "not-asked"),
      "quiet before",
    );
    const [first, second] = moves;
    if (first === undefined) {
      // The owner's refresh cancels the other's claim each time: nothing moved, the owner is right,
      // the other reported.
      assert.ok(verdicts.every(({ at, b: said }) => at < CUT_AT || said !== "agrees"));
      assert.ok(b.news.some(({ news }) => news.kind === "disagrees"));
      return;
    }
    // Two announcements a period, and a few of our own: nobody races for the last word.
    const most = (refresh === 0 ? 0 : (2 * 60) / refresh) + 8;
    assert.ok(moves.length <= most, `${moves.length} moves`);
    const reportedAt = (node: Node): number =>
      node.news.find(({ news, at }) => at >= CUT_AT && news.kind === "disputed")?.at ?? Infinity;
    assert.ok(reportedAt(a) <= first + 6.5, `a: reported at ${reportedAt(a)}, moved at ${first}`);
    if (second !== undefined && second < HEALED_AT - 6.5)
      assert.ok(
        reportedAt(b) <= second + 6.5,
        `b: reported at ${reportedAt(b)}, moved back at ${second}`,
      );
    const since = Math.max(reportedAt(a), reportedAt(b));
    const during = verdicts.filter(
      ({ at }) => at >= since && at < Math.min(HEALED_AT, (moves.at(-1) ?? 0) + 30),
    );
    for (const one of during) {
      assert.notEqual(one.a, "agrees", `a at ${one.at}`);
      assert.notEqual(one.b, "agrees", `b at ${one.at}`);
    }
    const end = verdicts.at(-1);
    assert.deepEqual([end?.a, end?.b], ["agrees", "not-asked"], "one is left, and it is quiet");
  });
}
