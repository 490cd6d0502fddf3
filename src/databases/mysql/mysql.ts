/**
 * MySQL 8 and MariaDB. A look reads what the servers say of themselves, here and at the peers, and
 * remembers what matters of the primary for when it is gone (standing.ts). Promotions and demotions
 * run one at a time, and no look meanwhile; a new one ends the one before it.
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
  type Text,
  UNSEEN,
} from "../port/database.ts";
import { Link, see, seeAll } from "../port/link.ts";
import { asProblem } from "../port/problem.ts";
import { type Rejoin, rejoinUntil } from "../port/rejoin.ts";
import { unreachableStanding } from "../port/standing.ts";
import { Steps } from "../port/steps.ts";
import { Tasks } from "../port/tasks.ts";
import * as common from "../port/texts.ts";
import { demote } from "./demotion.ts";
import { type Facts, readFacts } from "./facts.ts";
import { missing } from "./gtid.ts";
import { privilegedAccounts } from "./privileged.ts";
import { forgetSource, promote } from "./promotion.ts";
import { makeReadOnly } from "./read-only.ts";
import { rejoin, tendSemiSync } from "./rejoin.ts";
import type { SqlDial, SqlLink } from "./sql.ts";
import {
  type Memory,
  peerStanding,
  primaryOf,
  remember,
  roleOf,
  sameServer,
  standingOf,
  type View,
} from "./standing.ts";
import { statementsOf } from "./statements.ts";
import * as texts from "./texts.ts";

/** Stopping to receive from a primary that is gone. */
const FORGET_MS = 30_000;
/** Accounts change seldom. */
const PRIVILEGED_MS = 60_000;

export class MySqlDatabase implements Database {
  readonly #settings: DatabaseSettings;
  readonly #credentials: Credentials;
  readonly #own: SqlLink;
  readonly #peers: readonly SqlLink[];
  #memory: Memory | undefined;
  #standing: Standing = UNSEEN;
  readonly #tasks: Tasks;
  /** An unplanned demotion that could not be carried out: done as soon as the server answers. */
  #owesDemotion = false;
  /** We made it a primary, and nothing else since. */
  #isPromoted = false;
  #hasLostRole = false;
  #forgetting = false;
  #forgetProblem: string | undefined;
  /** It is ours to make it follow: we demoted it, or its server has just come back. */
  #mayRejoin = false;
  #privileged: readonly string[] = [];
  /** When they are read again. */
  #privilegedUntil = 0;
  #rejoined: Rejoin | undefined;

  constructor(settings: DatabaseSettings, credentials: Credentials, dial: SqlDial) {
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
    // Its own first: what it has beyond a peer's later answer is its own.
    const own = await see(this.#own, readFacts, this.#timeoutMs);
    const peers = await seeAll(this.#peers, readFacts, this.#timeoutMs);
    // A peer that hangs takes its time, and this one may have been promoted since it was asked.
    if (tasks !== this.#tasks.begun) return undefined;
    if (own.facts === undefined) {
      this.#mayRejoin = true;
      const [peer] = peers;
      this.#standing = unreachableStanding(
        texts.noAnswer(printAddress(this.#own.at), own.problem),
        peer && peerStanding(peer),
      );
      return undefined;
    }
    const view: View = { own: own.facts, peers };
    this.#hasLostRole = this.#isPromoted && !this.#tasks.isBusy && own.facts.isReadOnly;
    this.#memory = remember(view, this.#memory, beganAt);
    this.#standing = this.#withNotes(
      standingOf(this.#settings, view, this.#memory, performance.now()),
    );
    return view;
  }

  #withNotes(standing: Standing): Standing {
    const more: Text[] = [];
    if (this.#privileged.length > 0) more.push(texts.privileged(this.#privileged));
    if (this.#forgetProblem !== undefined && standing.role === "primary")
      more.push(common.failed("RESET SLAVE ALL", this.#forgetProblem));
    if (this.#rejoined?.kind === "refused" && !standing.follows && standing.role !== "primary")
      more.push(this.#rejoined.text);
    if (more.length === 0) return standing;
    return { ...standing, notes: [...(standing.notes ?? []), ...more] };
  }

  async #tend(view: View): Promise<void> {
    const role = roleOf(view.own);
    if (performance.now() >= this.#privilegedUntil) {
      this.#privileged = await privilegedAccounts(this.#own, view.own, this.#timeoutMs);
      this.#privilegedUntil = performance.now() + PRIVILEGED_MS;
    }
    if (this.#owesDemotion && role === "primary") {
      const steps = new Steps(Date.now() + this.#timeoutMs);
      const statements = statementsOf(view.own.dialect, view.own.version);
      const problem = await makeReadOnly(this.#own, statements, view.own.user, steps);
      if (problem === undefined) this.#owesDemotion = false;
      return;
    }
    await tendSemiSync(this.#own, view, this.#settings, this.#timeoutMs);
    if (role === "primary" && view.own.replication !== undefined) this.#forget();
    const { replication } = view.own;
    if (replication?.receives === "yes" && replication.applies) this.#mayRejoin = false;
    else if (role !== "primary" && (this.#mayRejoin || isAstray(view) || isFresh(view.own)))
      this.#rejoined = await this.#rejoin(view);
  }

  async #rejoin(view: View): Promise<Rejoin> {
    return await rejoin(this.#own, view, this.#settings, this.#credentials, this.#timeoutMs);
  }

  #forget(): void {
    if (this.#forgetting) return;
    this.#forgetting = true;
    forgetSource(this.#own, FORGET_MS)
      .then(() => {
        this.#forgetProblem = undefined;
      })
      .catch((error: unknown) => {
        this.#forgetProblem = asProblem(error, "answer").message;
      })
      .finally(() => {
        this.#forgetting = false;
      });
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
      if (answer.ok) this.#forget();
      return answer;
    });
  }

  async demote(ask: DemoteAsk): Promise<Answer> {
    this.#isPromoted = false;
    this.#hasLostRole = false;
    if (ask.reason === "rejoin")
      return await this.#tasks.run(ask.deadline, (steps) => this.#askedRejoin(steps));
    const answer = await this.#tasks.run(ask.deadline, (steps) =>
      demote(this.#own, this.#peers, this.#settings, ask, steps),
    );
    this.#owesDemotion = !answer.ok && !ask.isPlanned;
    this.#mayRejoin = true;
    return answer;
  }

  async #askedRejoin(steps: Steps): Promise<Answer> {
    return await rejoinUntil(steps, async () => {
      const view = await this.#view();
      const [text = texts.followsNobody] = this.#standing.why;
      if (view === undefined) return text;
      this.#rejoined = await this.#rejoin(view);
      return this.#rejoined;
    });
  }

  #failed(error: unknown, steps: Steps): Answer {
    if (steps.isLate) return { ok: false, code: "late", text: common.late };
    const problem = asProblem(error, "answer");
    const where = printAddress(this.#own.at);
    const isAnswer = problem.kind === "answer" || problem.kind === "refused";
    return isAnswer
      ? { ok: false, code: "failed", text: common.failed(where, problem.message) }
      : { ok: false, code: "unreachable", text: texts.unreachable(where, problem) };
  }

  async compare(): Promise<Comparison> {
    const [own, peers] = await Promise.all([
      see(this.#own, readFacts, this.#timeoutMs),
      seeAll(this.#peers, readFacts, this.#timeoutMs),
    ]);
    if (own.facts === undefined || peers.length === 0) return { result: "unknown" };
    const { data } = own.facts;
    if (sameServer(own.facts, peers) !== undefined) return { result: "unknown" };
    const differences = peers.map(({ seen: { facts } }) => {
      const theirs = facts === undefined ? undefined : missing(data, facts.data);
      const ours = facts === undefined ? undefined : missing(facts.data, data);
      return theirs === undefined || ours === undefined ? undefined : { ours, theirs };
    });
    return joinDifferences(differences);
  }

  lostRole(): Text | undefined {
    return this.#hasLostRole ? common.lostRole : undefined;
  }

  close(): Promise<void> {
    for (const link of [this.#own, ...this.#peers]) link.close();
    return Promise.resolve();
  }
}

/**
 * It follows nobody, or somebody else than the primary. (A replica of the primary that was stopped
 * is left to who stopped it.)
 */
function isAstray({ own: { replication }, peers }: View): boolean {
  if (replication === undefined) return true;
  const primary = primaryOf(peers);
  if (primary === undefined || "socket" in primary.link.at) return false;
  const { host, port } = primary.link.at;
  const isOther = replication.host !== host || replication.port !== port;
  return isOther && replication.receives === "connecting";
}

/**
 * Its server was started without its replica's threads (skip_slave_start) before it was looked at:
 * that is left to us. Who has stopped them by hand has done so since.
 */
const isFresh = ({ replication }: Facts): boolean =>
  replication?.receives === "stopped" &&
  !replication.applies &&
  replication.isUntouched &&
  replication.receiveError === undefined &&
  replication.applyError === undefined;

/** Of all peers: one that cannot be compared, or has diverged, decides. */
export function joinDifferences(
  all: readonly ({ readonly ours: string; readonly theirs: string } | undefined)[],
): Comparison {
  const known = all.filter((one) => one !== undefined);
  if (known.length < all.length || known.length === 0) return { result: "unknown" };
  const ours = known.map((one) => one.ours).find((text) => text !== "") ?? "";
  const theirs = known.map((one) => one.theirs).find((text) => text !== "") ?? "";
  const difference = `here ${ours === "" ? "-" : ours}, there ${theirs === "" ? "-" : theirs}`;
  if (ours !== "" && theirs !== "") return { result: "diverged", difference };
  if (ours !== "") return { result: "ours", difference };
  return theirs === "" ? { result: "equal" } : { result: "theirs", difference };
}
