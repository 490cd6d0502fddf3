/**
 * `baton switch` on the supervisor's side: which instances and sync groups are meant, the engine
 * asked for each, and what it reports made into an answer. Bounded: at the end of the wait a move
 * that nobody has followed is recalled.
 */
import { type Caller, printCaller } from "#events/caller";
import { type IpAddress, printIp, readIp } from "#units/address";
import type {
  FromEngine,
  InstanceSnapshot,
  SwitchRefusal,
  ToEngine,
} from "#vrrp/engine/engine-link";
import type { Snapshot } from "./engine-process.ts";
import { backBehindGate, behindGate, type MoveGate } from "./switch-gate.ts";
import type {
  KnownPeer,
  SwitchAnswer,
  SwitchReason,
  SwitchRequest,
  SwitchUnit,
} from "./switch-protocol.ts";
import { type MemberEnd, SwitchRun } from "./switch-run.ts";
import { BACK, movedText, NOT_AWAY, reasonText, wouldMoveText } from "./switch-texts.ts";

type Message<T extends FromEngine["type"]> = Extract<FromEngine, { readonly type: T }>;
type Refused = Message<"switchAnswer">["refused"];

/** An instance alone, or a sync group. */
export interface Unit {
  readonly name: string;
  readonly kind: "instance" | "group";
  readonly members: readonly string[];
}

export interface SwitchParts {
  readonly send: (message: ToEngine) => void;
  readonly groups: () => readonly { readonly name: string; readonly members: readonly string[] }[];
  /** Of an instance or sync group; undefined: it has none. */
  readonly gateOf: (name: string) => MoveGate | undefined;
}

export interface Switched {
  readonly at: string;
  readonly to: string;
  readonly by: string;
}

const ANSWER_MS = 1_000;
/** A priority 0 may be lost: a second time, if there is time. */
const TRIES = 2;

export class Switches {
  readonly #parts: SwitchParts;
  readonly #runs = new Map<string, { readonly run: SwitchRun; readonly by: string }>();
  readonly #asked = new Map<number, (refused: Refused) => void>();
  /** Those that do not preempt since an operator moved them away. */
  readonly #switched = new Map<string, Switched>();
  #nextId = 1;

  constructor(parts: SwitchParts) {
    this.#parts = parts;
  }

  // ---- what the engine says --------------------------------------------------------------------

  engineSaid(message: FromEngine): void {
    const { type } = message;
    if (type === "report") return this.#reported(message);
    if (type === "switchAnswer") {
      this.#asked.get(message.id)?.(message.refused);
      this.#asked.delete(message.id);
    }
    if (type !== "transition" || message.leaving !== undefined) return;
    if (message.to === "MASTER") this.#switched.delete(message.instance);
    this.#runs.get(message.instance)?.run.changed(message);
  }

  #reported(message: Message<"report">): void {
    const { instance, report } = message;
    const known = this.#runs.get(instance);
    if (report.kind === "switched") {
      const at = new Date().toISOString();
      this.#switched.set(instance, { at, to: printIp(report.to), by: known?.by ?? "?" });
    }
    known?.run.reported(message);
  }

  /** What is under way may be over: another may have taken over, and is not preempted. */
  engineGone(): void {
    const at = new Date().toISOString();
    for (const [name, { by }] of this.#runs) this.#switched.set(name, { at, to: "?", by });
    for (const { run } of new Set(this.#runs.values())) run.engineGone();
    for (const answer of this.#asked.values()) answer([]);
    this.#asked.clear();
  }

  switchedOf(instance: string): Switched | undefined {
    return this.#switched.get(instance);
  }

  /** For an engine that starts. */
  forEngine(): readonly { readonly instance: string; readonly to: IpAddress | undefined }[] {
    return [...this.#switched].map(([instance, { to }]) => ({ instance, to: readIp(to) }));
  }

  /** The end of a maintenance is the end of every move before it. */
  forgetAll(): void {
    this.#switched.clear();
  }

  // ---- what is asked ---------------------------------------------------------------------------

  /** Those that are meant; a text names one that there is not. */
  unitsOf(request: SwitchRequest, snapshot: Snapshot): readonly Unit[] | UnknownUnit {
    const groups = this.#parts.groups();
    const known = new Set(snapshot.instances.map(({ name }) => name));
    const unitOf = (name: string): Unit | undefined => {
      const group = groups.find((one) => one.name === name || one.members.includes(name));
      if (group !== undefined) return { kind: "group", ...group };
      return known.has(name) ? { kind: "instance", name, members: [name] } : undefined;
    };
    const every = [...known].flatMap((name) => unitOf(name) ?? []);
    const units = new Map(every.map((one) => [`${one.kind}/${one.name}`, one]));
    const names = [...units.values()].map(({ name }) => name);
    const { names: asked = [], all } = request;
    if (all === true) return [...units.values()];
    if (asked.length === 0)
      return units.size === 1 ? [...units.values()] : { kind: "none-named", names };
    const chosen = new Map<string, Unit>();
    for (const name of asked) {
      const unit = unitOf(name);
      if (unit === undefined) return { kind: "no-such", name, names };
      chosen.set(`${unit.kind}/${unit.name}`, unit);
    }
    return [...chosen.values()];
  }

  /** @param deadline of `performance.now()` */
  async switch(
    units: readonly Unit[],
    request: SwitchRequest & { readonly force?: true },
    snapshot: Snapshot,
    caller: Caller,
    deadline: number,
  ): Promise<SwitchAnswer> {
    const by = printCaller(caller);
    const to = request.to === undefined ? undefined : readIp(request.to);
    const ended = await Promise.all(
      units.map(async (unit) => {
        const gate = this.#parts.gateOf(unit.name);
        if (request.back === true) {
          const back = this.#back(unit, request.dryRun === true);
          return gate === undefined ? back : backBehindGate(back);
        }
        const end = await this.#move({ unit, request, to, by, deadline, snapshot });
        return gate === undefined ? end : await behindGate(end, gate);
      }),
    );
    return { outcome: outcomeOf(ended, request), units: ended };
  }

  #back({ name, kind, members }: Unit, isDry: boolean): SwitchUnit {
    const isAway = members.some((one) => this.#switched.has(one) || this.#runs.has(one));
    if (!isDry) {
      this.#parts.send({ type: "switchBack", instances: members });
      for (const one of members) this.#switched.delete(one);
    }
    return { name, kind, outcome: "stays", text: isAway ? BACK : NOT_AWAY };
  }

  async #move(asked: Move): Promise<SwitchUnit> {
    const { unit, request, by, deadline } = asked;
    const { members } = unit;
    if (request.dryRun === true) return await this.#ask(asked);
    if (members.some((one) => this.#runs.has(one))) return stays(unit, { kind: "under-way" });
    let last: SwitchUnit | undefined;
    for (let tries = 1; ; tries++) {
      const begunAt = performance.now();
      const run = new SwitchRun(members);
      const mine = { run, by };
      for (const one of members) this.#runs.set(one, mine);
      const recall = setTimeout(
        () => this.#parts.send({ type: "switchBack", instances: members }),
        Math.max(0, deadline - begunAt),
      );
      try {
        const refused = await this.#ask(asked);
        // Taken back behind a gate it is promoted again first, and then is not asked a second time.
        if (refused.outcome !== "would-move") return last ?? refused;
        const end = endOf(asked, await run.ended);
        const again = 2 * performance.now() - begunAt;
        const isLast = tries === TRIES || again > deadline;
        if (end.reason?.kind !== "no-successor" || isLast) return end;
        last = end;
      } finally {
        clearTimeout(recall);
        for (const one of members) this.#runs.delete(one);
      }
    }
  }

  /** "would-move": it has begun, or with `dryRun` it would. */
  async #ask({ unit, request, to, snapshot }: Move): Promise<SwitchUnit> {
    const id = this.#nextId++;
    const refused = await new Promise<Refused | undefined>((resolve) => {
      const timer = setTimeout(() => resolve(undefined), ANSWER_MS);
      this.#asked.set(id, (answer) => {
        clearTimeout(timer);
        resolve(answer);
      });
      const { force, dryRun } = request;
      this.#parts.send({
        type: "switch",
        id,
        instances: unit.members,
        ...(to !== undefined && { to }),
        ...(force === true && { force }),
        ...(dryRun === true && { dryRun }),
      });
    });
    this.#asked.delete(id);
    if (refused === undefined) return stays(unit, { kind: "engine-does-not-answer" });
    const [first] = refused;
    if (first !== undefined) return stays(unit, reasonOf(first.why, unit, refused));
    const { name, kind } = unit;
    const peers = peersOf(unit, snapshot);
    return { name, kind, outcome: "would-move", text: wouldMoveText(peers) };
  }
}

export type UnknownUnit =
  | { readonly kind: "none-named"; readonly names: readonly string[] }
  | { readonly kind: "no-such"; readonly name: string; readonly names: readonly string[] };

interface Move {
  readonly unit: Unit;
  readonly request: SwitchRequest & { readonly force?: true };
  readonly to: IpAddress | undefined;
  readonly by: string;
  readonly deadline: number;
  readonly snapshot: Snapshot;
}

const stays = ({ name, kind }: Unit, reason: SwitchReason): SwitchUnit => ({
  name,
  kind,
  outcome: reason.kind === "not-owner" ? "not-owner" : "stays",
  reason,
  text: reasonText(reason),
});

/** Of a group that is not where the operator thinks, one reason says it for all. */
function reasonOf(why: SwitchRefusal, unit: Unit, refused: Refused): SwitchReason {
  switch (why.kind) {
    case "not-owner": {
      const { state, master } = why;
      return master === undefined || master === null
        ? { kind: "not-owner", state }
        : { kind: "not-owner", state, master: printIp(master.address) };
    }
    case "rival":
      return { kind: "rival", other: printIp(why.from) };
    case "would-not-win":
      return { kind: "would-not-win", other: printIp(why.other) };
    case "not-a-peer": {
      const to = printIp(why.to);
      const isOfSome = refused.length < unit.members.length;
      return { kind: isOfSome ? "not-peers-of-all" : "not-a-peer", to };
    }
    case "never-heard":
      return { kind: "never-heard", to: printIp(why.to) };
    case "unanswered":
      return { kind: "unanswered", peers: why.peers.map(printIp) };
    case "unknown":
    case "under-way":
    case "promoting":
    case "fenced":
    case "no-peers":
      return { kind: why.kind };
  }
}

function endOf({ unit, snapshot }: Move, ends: readonly MemberEnd[]): SwitchUnit {
  const { name, kind } = unit;
  const moved = ends.flatMap((one) => (one.kind === "moved" ? [one] : []));
  if (moved.length === ends.length) {
    const successor = moved.find((one) => one.successor !== undefined)?.successor;
    const times = {
      tookMs: Math.max(...moved.map(({ tookMs }) => tookMs)),
      bothAnsweredMs: Math.max(...moved.map(({ bothMs }) => bothMs)),
    };
    if (successor === undefined) {
      const reason = { kind: "gave-up" } as const;
      return { name, kind, outcome: "moved", ...times, reason, text: reasonText(reason) };
    }
    const unitEnd = { successor, ...times };
    return { name, kind, outcome: "moved", ...unitEnd, text: movedText(unitEnd) };
  }
  // The one that made the others follow has the reason.
  const rest = ends.filter((one) => one.kind !== "moved");
  const cause = rest.find((one) => one.kind !== "stays" || one.why !== "group") ?? rest[0];
  return stays(unit, causeOf(cause, unit, snapshot));
}

function causeOf(cause: MemberEnd | undefined, unit: Unit, snapshot: Snapshot): SwitchReason {
  if (cause === undefined || cause.kind === "engine-gone" || cause.kind === "moved")
    return { kind: "engine-gone" };
  if (cause.kind === "lost") return { kind: "lost", state: cause.state };
  const { why, waitedMs } = cause;
  return { kind: why === "group" ? "no-successor" : why, waitedMs, peers: peersOf(unit, snapshot) };
}

/** The peers of its members, as this node knew them before. */
function peersOf({ members }: Unit, snapshot: Snapshot): readonly KnownPeer[] {
  const mine = snapshot.instances.filter(({ name }) => members.includes(name));
  return mine.flatMap(({ peers }) => peers.map((peer) => knownPeer(peer, snapshot)));
}

function knownPeer(
  { address, heardAt, priority, unresolvedSince }: InstanceSnapshot["peers"][number],
  { at }: Snapshot,
): KnownPeer {
  const isHeard = heardAt !== undefined && heardAt !== null;
  return {
    address: printIp(address),
    unresolved: unresolvedSince !== undefined,
    heardSecondsAgo: isHeard ? Math.max(0, (at - heardAt) / 1_000_000) : undefined,
    priority,
  };
}

function outcomeOf(units: readonly SwitchUnit[], request: SwitchRequest): SwitchAnswer["outcome"] {
  if (request.back === true) return "back";
  const counts = units.filter(({ outcome }) => request.all !== true || outcome !== "not-owner");
  const moved = counts.filter(({ outcome }) => outcome === "moved" || outcome === "would-move");
  if (moved.length === 0) return "refused";
  if (moved.length < counts.length) return "partly";
  return request.dryRun === true ? "would-move" : "moved";
}
