/**
 * PostgreSQL (13 or later) with streaming replication. A look reads what the servers say of
 * themselves, here and at the peers, and remembers what matters of the primary for when it is gone
 * (standing.ts). Promotions and demotions run one at a time, and no look meanwhile.
 */
import { fromMillis, type Micros } from "#units/time";
import { compareHistories } from "../port/compare.ts";
import type { Credentials } from "../port/credentials.ts";
import {
  type Answer,
  type Comparison,
  type Database,
  type DatabaseSettings,
  type DemoteAsk,
  type PromoteAsk,
  printAddress,
  type Standing,
  type Text,
  UNSEEN,
} from "../port/database.ts";
import { Link, see, seeAll } from "../port/link.ts";
import { asProblem } from "../port/problem.ts";
import { received } from "../port/received.ts";
import { Refusal } from "../port/refusal.ts";
import { type Rejoin, rejoinUntil } from "../port/rejoin.ts";
import { addSample, lagAt, type Sample } from "../port/samples.ts";
import { unreachableStanding } from "../port/standing.ts";
import type { Steps } from "../port/steps.ts";
import { Tasks } from "../port/tasks.ts";
import * as common from "../port/texts.ts";
import { closeWrites, prepareClosed } from "./close-writes.ts";
import type { PgDial, PgLink } from "./connection.ts";
import { demote } from "./demotion.ts";
import { type Facts, isWritable, readFacts } from "./facts.ts";
import { hasAll, printHistory } from "./history.ts";
import { promote } from "./promotion.ts";
import { rejoinOf } from "./rejoin.ts";
import {
  hasReplayed,
  type Memory,
  type PgPeer,
  peerStanding,
  primaryOf,
  remember,
  roleOf,
  standingOf,
  type View,
} from "./standing.ts";
import { tendSynchronous } from "./synchronous.ts";
import * as texts from "./texts.ts";

export class PostgreSqlDatabase implements Database {
  readonly #settings: DatabaseSettings;
  readonly #own: PgLink;
  readonly #peers: readonly PgLink[];
  readonly #tasks: Tasks;
  #memory: Memory | undefined;
  /** Its own positions while it is a primary. */
  #samples: readonly Sample<bigint>[] = [];
  /** Since when no standby receives from this primary. */
  #aloneSince: number | undefined;
  #standing: Standing = UNSEEN;
  /** An unplanned demotion that could not be carried out: done as soon as the server answers. */
  #owesDemotion = false;
  /** We made it a primary, and nothing else since. */
  #isPromoted = false;
  #hasLostRole = false;
  #tendProblem: string | undefined;

  constructor(settings: DatabaseSettings, credentials: Credentials, dial: PgDial) {
    this.#settings = settings;
    this.#own = new Link(settings.at, credentials.client, dial);
    this.#peers = settings.peers.map((at) => new Link(at, credentials.client, dial));
    this.#tasks = new Tasks({
      interrupt: () => this.#own.drop(),
      overtaken: { ok: false, code: "overtaken", text: common.overtaken },
      failed: (error, steps) => this.#failed(error, steps),
    });
  }

  get #timeoutMs(): number {
    return this.#settings.timeout / 1_000;
  }

  async look(): Promise<Standing> {
    if (this.#tasks.isBusy) return this.#standing;
    const view = await this.#view();
    if (this.#tasks.isBusy || view === undefined) return this.#standing;
    try {
      await this.#tend(view.own);
      this.#tendProblem = undefined;
    } catch (error) {
      this.#tendProblem = asProblem(error).message;
    }
    return this.#standing;
  }

  /** Undefined: this database does not answer, or something was done with it meanwhile. */
  async #view(): Promise<View | undefined> {
    const tasks = this.#tasks.begun;
    const beganAt = performance.now();
    // Its own first: what its primary has later may be on its way.
    const own = await see(this.#own, readFacts, this.#timeoutMs);
    const peers = await seeAll(this.#peers, readFacts, this.#timeoutMs);
    const later = own.facts === undefined ? undefined : await this.#received(own.facts, peers);
    // A peer that hangs takes its time, and this one may have been promoted since it was asked.
    if (tasks !== this.#tasks.begun) return undefined;
    if (own.facts === undefined) {
      const [peer] = peers;
      this.#standing = unreachableStanding(
        texts.unreachable(printAddress(this.#own.at), own.problem),
        peer && peerStanding(peer),
      );
      return undefined;
    }
    const view: View = { own: own.facts, peers };
    this.#note(own.facts, beganAt);
    this.#memory = remember(view, this.#memory, { beganAt, later });
    const standing = standingOf(this.#settings, view, this.#memory);
    const problem = this.#tendProblem;
    const more = problem === undefined ? [] : [common.failed("ALTER SYSTEM", problem)];
    const notes = [...(standing.notes ?? []), ...more];
    this.#standing = notes.length === 0 ? standing : { ...standing, notes };
    return view;
  }

  /** This server again, when what its primary had has had time to arrive. */
  async #received(own: Facts, peers: readonly PgPeer[]): Promise<Facts> {
    const primary = primaryOf(peers)?.seen.facts;
    if (own.standby?.isStreaming !== true || primary === undefined) return own;
    return await received(
      own,
      async () => (await see(this.#own, readFacts, this.#timeoutMs)).facts,
      (facts) => hasReplayed(facts, primary),
    );
  }

  #note(own: Facts, at: number): void {
    const isPrimary = own.standby === undefined;
    if (!this.#tasks.isBusy) this.#hasLostRole = this.#isPromoted && !isWritable(own);
    const sample = { at, position: own.history.lsn };
    this.#samples = isPrimary ? addSample(this.#samples, sample) : [];
    const isAlone = isPrimary && own.streaming === 0;
    this.#aloneSince = isAlone ? (this.#aloneSince ?? at) : undefined;
  }

  /** Puts right what may be put right by itself. */
  async #tend(own: Facts): Promise<void> {
    switch (roleOf(own)) {
      case "primary":
        if (this.#owesDemotion) {
          const facts = await closeWrites(this.#own, this.#timeoutMs);
          this.#owesDemotion = isWritable(facts);
          return;
        }
        return await tendSynchronous(
          this.#own,
          own,
          this.#settings,
          this.#aloneSince,
          this.#timeoutMs,
        );
      case "replica":
        if (!own.isClosed) await prepareClosed(this.#own, this.#timeoutMs);
        return;
      case "alone":
        return;
    }
  }

  async promote(ask: PromoteAsk): Promise<Answer> {
    this.#owesDemotion = false;
    return await this.#tasks.run(ask.deadline, async (steps) => {
      const answer = await promote({
        own: this.#own,
        peers: this.#peers,
        settings: this.#settings,
        memory: this.#memory,
        ask,
        steps,
      });
      this.#isPromoted = answer.ok;
      return answer;
    });
  }

  async demote(ask: DemoteAsk): Promise<Answer> {
    this.#isPromoted = false;
    this.#hasLostRole = false;
    if (ask.reason === "rejoin")
      return await this.#tasks.run(ask.deadline, (steps) => this.#askedRejoin(steps));
    const answer = await this.#tasks.run(ask.deadline, (steps) =>
      demote({
        own: this.#own,
        peers: this.#peers,
        settings: this.#settings,
        lagOf: (replayed) => this.#lagOf(replayed),
        ask,
        steps,
      }),
    );
    this.#owesDemotion = !answer.ok && !ask.isPlanned;
    return answer;
  }

  #lagOf(replayed: bigint): Micros | undefined {
    const newest = this.#samples.at(-1);
    if (newest === undefined || newest.position <= replayed) return fromMillis(0);
    const lagMs = lagAt(this.#samples, replayed, performance.now());
    return lagMs === undefined ? undefined : fromMillis(Math.round(lagMs));
  }

  async #askedRejoin(steps: Steps): Promise<Answer> {
    return await rejoinUntil(steps, async (): Promise<Rejoin | Text> => {
      const view = await this.#view();
      const [text = common.followsNobody] = this.#standing.why;
      return view === undefined ? text : rejoinOf(view);
    });
  }

  #failed(error: unknown, steps: Steps): Answer {
    if (error instanceof Refusal) return error.answer;
    if (steps.isLate) return { ok: false, code: "late", text: common.late };
    const problem = asProblem(error);
    const where = printAddress(this.#own.at);
    return problem.kind === "answer"
      ? { ok: false, code: "failed", text: common.failed(where, problem.message) }
      : { ok: false, code: "unreachable", text: texts.unreachable(where, problem) };
  }

  async compare(): Promise<Comparison> {
    const own = await see(this.#own, readFacts, this.#timeoutMs);
    const peers = await seeAll(this.#peers, readFacts, this.#timeoutMs);
    const compared = (facts: Facts | undefined) =>
      facts === undefined
        ? undefined
        : { history: facts.history, isWritable: isWritable(facts), server: facts.server };
    const others = peers.map(({ seen }) => compared(seen.facts));
    return compareHistories(compared(own.facts), others, { hasAll, print: printHistory });
  }

  lostRole(): Text | undefined {
    return this.#hasLostRole ? common.lostRole : undefined;
  }

  close(): Promise<void> {
    for (const link of [this.#own, ...this.#peers]) link.close();
    return Promise.resolve();
  }
}
