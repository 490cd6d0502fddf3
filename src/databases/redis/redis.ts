/**
 * Redis (6.2 or later, also Valkey). A look reads what the servers say of themselves, here and at
 * the peers, and remembers what matters of the master for when it is gone (standing.ts). Promotions
 * and demotions run one at a time, and no look meanwhile.
 */
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
  UNSEEN,
} from "../port/database.ts";
import { Link, see, seeAll } from "../port/link.ts";
import { asProblem } from "../port/problem.ts";
import { received } from "../port/received.ts";
import { Refusal } from "../port/refusal.ts";
import { type Rejoin, rejoinUntil } from "../port/rejoin.ts";
import { unreachableStanding } from "../port/standing.ts";
import type { Steps } from "../port/steps.ts";
import { Tasks } from "../port/tasks.ts";
import * as common from "../port/texts.ts";
import { closeWrites } from "./close-writes.ts";
import { compare } from "./compare.ts";
import type { RedisDial, RedisLink } from "./connection.ts";
import { demote } from "./demotion.ts";
import { type Facts, isWritable, readFacts } from "./facts.ts";
import { rejoin } from "./follow.ts";
import { hasAll } from "./history.ts";
import { promote } from "./promotion.ts";
import {
  follows,
  type Memory,
  peerStanding,
  primaryOf,
  type RedisPeer,
  remember,
  roleOf,
  standingOf,
  type View,
} from "./standing.ts";
import * as texts from "./texts.ts";

export class RedisDatabase implements Database {
  readonly #settings: DatabaseSettings;
  readonly #credentials: Credentials;
  readonly #own: RedisLink;
  readonly #peers: readonly RedisLink[];
  readonly #tasks: Tasks;
  #memory: Memory | undefined;
  #standing: Standing = UNSEEN;
  /** An unplanned demotion that could not be carried out: done as soon as the server answers. */
  #owesDemotion = false;
  /** It is ours to make it follow: we demoted it, or its server has just come back. */
  #mayRejoin = false;
  #rejoined: Rejoin | undefined;

  constructor(settings: DatabaseSettings, credentials: Credentials, dial: RedisDial) {
    this.#settings = settings;
    this.#credentials = credentials;
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
    await this.#tend(view).catch(() => undefined);
    return this.#standing;
  }

  /** Undefined: this database does not answer, or something was done with it meanwhile. */
  async #view(): Promise<View | undefined> {
    const tasks = this.#tasks.begun;
    const beganAt = performance.now();
    // Its own first: what its master has later may be on its way.
    const own = await see(this.#own, readFacts, this.#timeoutMs);
    const peers = await seeAll(this.#peers, readFacts, this.#timeoutMs);
    const later = own.facts === undefined ? undefined : await this.#received(own.facts, peers);
    // A peer that hangs takes its time, and this one may have been promoted since it was asked.
    if (tasks !== this.#tasks.begun) return undefined;
    if (own.facts === undefined) {
      this.#mayRejoin = true;
      const [peer] = peers;
      this.#standing = unreachableStanding(
        texts.unreachable(printAddress(this.#own.at), own.problem),
        peer && peerStanding(peer),
      );
      return undefined;
    }
    const view: View = { own: own.facts, peers };
    this.#memory = remember(view, this.#memory, { beganAt, later });
    this.#standing = this.#withNotes(standingOf(this.#settings, view, this.#memory));
    return view;
  }

  /** This server again, when what its master had has had time to arrive. */
  async #received(own: Facts, peers: readonly RedisPeer[]): Promise<Facts> {
    const primary = primaryOf(peers)?.seen.facts;
    if (own.source?.isUp !== true || primary === undefined) return own;
    return await received(
      own,
      async () => (await see(this.#own, readFacts, this.#timeoutMs)).facts,
      ({ history }) => hasAll(history, primary.history) === true,
    );
  }

  #withNotes(standing: Standing): Standing {
    const isAstray = !standing.follows && standing.role !== "primary";
    if (this.#rejoined?.kind !== "refused" || !isAstray) return standing;
    return { ...standing, notes: [...(standing.notes ?? []), this.#rejoined.text] };
  }

  /** Puts right what may be put right by itself. */
  async #tend(view: View): Promise<void> {
    const isPrimary = roleOf(view.own) === "primary";
    if (this.#owesDemotion && isPrimary) {
      const facts = await closeWrites(this.#own, this.#timeoutMs);
      this.#owesDemotion = isWritable(facts);
      return;
    }
    if (follows(view.own)) this.#mayRejoin = false;
    else if (!isPrimary && (this.#mayRejoin || isAstray(view)))
      this.#rejoined = await this.#rejoin(view);
  }

  async #rejoin(view: View): Promise<Rejoin> {
    return await rejoin(this.#own, view, this.#settings, this.#credentials, this.#timeoutMs);
  }

  async promote(ask: PromoteAsk): Promise<Answer> {
    this.#owesDemotion = false;
    return await this.#tasks.run(ask.deadline, (steps) =>
      promote({
        own: this.#own,
        peers: this.#peers,
        settings: this.#settings,
        memory: this.#memory,
        ask,
        steps,
      }),
    );
  }

  async demote(ask: DemoteAsk): Promise<Answer> {
    if (ask.reason === "rejoin")
      return await this.#tasks.run(ask.deadline, (steps) => this.#askedRejoin(steps));
    const answer = await this.#tasks.run(ask.deadline, (steps) =>
      demote({
        own: this.#own,
        peers: this.#peers,
        settings: this.#settings,
        credentials: this.#credentials,
        ask,
        steps,
      }),
    );
    this.#owesDemotion = !answer.ok && !ask.isPlanned;
    this.#mayRejoin = true;
    return answer;
  }

  async #askedRejoin(steps: Steps): Promise<Answer> {
    return await rejoinUntil(steps, async () => {
      const view = await this.#view();
      const [text = common.followsNobody] = this.#standing.why;
      if (view === undefined) return text;
      this.#rejoined = await this.#rejoin(view);
      return this.#rejoined;
    });
  }

  #failed(error: unknown, steps: Steps): Answer {
    if (error instanceof Refusal) return error.answer;
    if (steps.isLate) return { ok: false, code: "late", text: common.late };
    const problem = asProblem(error);
    const where = printAddress(this.#own.at);
    const isAnswer = problem.kind === "answer" || problem.kind === "refused";
    return isAnswer
      ? { ok: false, code: "failed", text: common.failed(where, problem.message) }
      : { ok: false, code: "unreachable", text: texts.unreachable(where, problem) };
  }

  async compare(): Promise<Comparison> {
    const own = await see(this.#own, readFacts, this.#timeoutMs);
    const peers = await seeAll(this.#peers, readFacts, this.#timeoutMs);
    return compare(
      own.facts,
      peers.map(({ seen }) => seen.facts),
    );
  }

  close(): Promise<void> {
    for (const link of [this.#own, ...this.#peers]) link.close();
    return Promise.resolve();
  }
}

/** It follows nobody, or tries to follow somebody else than the primary. */
function isAstray({ own: { source }, peers }: View): boolean {
  if (source === undefined) return true;
  const at = primaryOf(peers)?.link.at;
  if (at === undefined || "socket" in at) return false;
  return !source.isUp && (source.host !== at.host || source.port !== at.port);
}
