/**
 * The daemon's side of a gate on a simulated machine, as src/daemon/gate-*.ts: what the engine asks
 * for is answered some time later, refused, or never, by a database of `databases.ts`. Never two
 * runs of one unit at once; a run that is too late is ended. The mark ("was primary, and not
 * demoted cleanly") is on the machine's disk: it is written before a promotion begins and taken
 * away by a demotion that is known to have worked, or once the database follows another one again.
 */
import type { IpAddress } from "#units/address";
import type { Rng } from "#units/rng";
import type { Micros } from "#units/time";
import { unitOf } from "#vrrp/engine/fences";
import type { DemoteReason } from "#vrrp/router/reason";
import type { GateStanding, MachineView } from "./cluster-view.ts";
import type { ReplicatedService, SimulatedDatabase } from "./databases.ts";
import type { SimulatedMachine } from "./machine.ts";
import type { MachineGate } from "./machine-processes.ts";
import type { GateMessage } from "./observer.ts";
import type { GateSpec } from "./scenario.ts";

type Request = GateMessage["request"];
type Without<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;
type Work = Without<Extract<Request, { kind: "promote" | "demote" }>, "priority">;

/** A machine that stands still is looked at again after this. */
const STANDS_STILL = 10_000;
/** Between two looks at the database; `rejoin` of a marked one is tried as often. */
const LOOK_EVERY = 500_000;
/** After these a backup has heard whoever may have been promoted meanwhile. */
const CAN_HEAR: readonly DemoteReason[] = ["fault", "engine-died", "refused", "maintenance"];
const COMPARE_MIN = 500;
const COMPARE_MAX = 50_000;
/** A connection that is refused, or not answered, is known by then. */
const CONNECT_WITHIN = 300_000;

interface Unit {
  readonly name: string;
  readonly service: ReplicatedService;
  readonly database: SimulatedDatabase;
  /** On the disk. */
  epoch: number;
  isMarked: boolean;
  /** Why it was demoted last. */
  demotedBy: DemoteReason | undefined;
  standing: GateStanding;
  /** Counts runs: what an ended one would have done is not done. */
  nth: number;
  /** As last sent; undefined: nothing yet. */
  sent: boolean | undefined;
}

export class GateRunner implements MachineGate {
  readonly #machine: SimulatedMachine;
  readonly #spec: GateSpec;
  readonly #rng: Rng;
  readonly #units = new Map<string, Unit>();
  readonly #serving: (unit: string) => MachineView | undefined;
  /** Counts engines and supervisors: what an earlier one asked is not answered. */
  #life = 0;
  #isCalm = false;
  /** This supervisor has not sent a configuration yet. */
  #isFresh = false;

  /** @param serving another machine in reach that was promoted, and serves the unit's address */
  constructor(
    machine: SimulatedMachine,
    spec: GateSpec,
    services: ReadonlyMap<string, ReplicatedService>,
    serving: (unit: string) => MachineView | undefined,
    rng: Rng,
  ) {
    this.#machine = machine;
    this.#serving = serving;
    this.#spec = spec;
    this.#rng = rng;
    for (const [name, service] of services) {
      const database = service.of(machine);
      const fresh = { epoch: 0, isMarked: false, demotedBy: undefined, nth: 0 } as const;
      this.#units.set(name, {
        name,
        service,
        database,
        standing: "not-promoted",
        sent: undefined,
        ...fresh,
      });
    }
    const { queue } = machine.environment;
    const look = (): void => {
      this.#look();
      queue.in(LOOK_EVERY, look);
    };
    queue.in(rng.between(1, LOOK_EVERY), look);
  }

  standingOf(unit: string): GateStanding {
    return this.#units.get(unit)?.standing ?? "not-promoted";
  }

  isMarked(unit: string): boolean {
    return this.#units.get(unit)?.isMarked === true;
  }

  /** The storm is over: nothing is refused or late any more. */
  calm(): void {
    this.#isCalm = true;
  }

  /** For `configure`. */
  eligible(): readonly { readonly unit: string; readonly eligible: boolean }[] {
    // Its fences are closed by now, and all that it knows is the mark.
    if (this.#isFresh) for (const unit of this.#units.values()) unit.standing = "not-promoted";
    this.#isFresh = false;
    return [...this.#units.values()].map((unit) => {
      unit.sent = this.#isEligible(unit);
      return { unit: unit.name, eligible: unit.sent };
    });
  }

  /** Another engine, or another supervisor. */
  forget(): void {
    this.#life += 1;
    for (const unit of this.#units.values()) unit.sent = undefined;
  }

  restart(): void {
    this.forget();
    for (const unit of this.#units.values()) this.#end(unit);
    this.#isFresh = true;
  }

  /** The machine lost its power: what ran is gone, and the database starts without writes. */
  powerOff(): void {
    this.forget();
    for (const unit of this.#units.values()) {
      unit.nth += 1;
      unit.standing = "not-promoted";
      unit.database.isWritable = false;
      unit.database.follows = undefined;
    }
  }

  receive({ unit: name, instance, request }: GateMessage): void {
    const unit = this.#units.get(name);
    if (unit === undefined) return;
    switch (request.kind) {
      case "promote":
      case "demote":
        return this.#run(unit, request);
      case "cancel":
        return this.#end(unit);
      case "probe":
        return this.#probe(unit.name, instance, request.run);
      case "compare":
        return this.#compare(unit, request.run, request.peer);
      case "drain":
        return this.#answer(this.#rng.between(0, request.micros), () =>
          this.#machine.send({ type: "drained", unit: name, run: request.run }),
        );
      case "reset":
        return;
    }
  }

  /** In place of an engine that died: nobody waits for its end. */
  demote(name: string, reason: DemoteReason, micros: Micros): void {
    const unit = this.#units.get(name);
    if (unit === undefined) return;
    if (unit.standing === "not-promoted" && !unit.isMarked) return;
    this.#begin(unit, { kind: "demote", run: 0, reason, isPlanned: false, micros }, () => {});
  }

  /** `baton promote --accept-loss`. */
  acceptLoss(name: string): void {
    const unit = this.#units.get(name);
    if (unit === undefined || !this.#machine.supervisor.runs) return;
    unit.isMarked = false;
    unit.sent = undefined;
    this.#sendEligible(unit);
    this.#machine.send({ type: "promoteAsked", unit: name });
  }

  /** Would it be promoted, by what is known here? */
  isEligible(name: string): boolean {
    const unit = this.#units.get(name);
    return unit !== undefined && this.#isEligible(unit);
  }

  // ---- runs ------------------------------------------------------------------------------------

  #run(unit: Unit, request: Work): void {
    const { name } = unit;
    const life = this.#life;
    this.#begin(unit, request, (outcome) => {
      if (life !== this.#life) return;
      this.#machine.send({ type: "gateAnswer", unit: name, run: request.run, outcome });
    });
  }

  #begin(unit: Unit, request: Work, answer: (outcome: "done" | "refused") => void): void {
    this.#end(unit);
    unit.nth += 1;
    const { nth } = unit;
    const isPromotion = request.kind === "promote";
    unit.demotedBy = request.kind === "demote" ? request.reason : undefined;
    if (isPromotion) {
      unit.isMarked = true;
      unit.epoch += 1;
    }
    unit.standing = isPromotion ? "promoting" : "demoting";
    this.#changed();
    const { takes, outcome } = this.#draw(request);
    this.#whenItRuns(takes, () => {
      if (unit.nth !== nth) return;
      const isDone = outcome === "done" && this.#carryOut(unit, request);
      if (!isDone) this.#halfDone(unit);
      unit.standing = isPromotion && isDone ? "promoted" : "not-promoted";
      if (request.kind === "demote" && isDone && isClean(request)) unit.isMarked = false;
      this.#changed();
      answer(isDone ? "done" : "refused");
      this.#sendEligible(unit);
    });
  }

  /** How long it takes, and how it ends. One that is too late is killed at its deadline. */
  #draw({ kind, micros }: Work): {
    readonly takes: number;
    readonly outcome: "done" | "refused";
  } {
    const { refused, late, fastest, slowest } = this.#spec[kind];
    const takes = this.#rng.between(fastest, slowest);
    const roll = this.#rng.real();
    if (this.#isCalm) return { takes: Math.min(takes, micros / 4), outcome: "done" };
    if (roll < late) return { takes: micros, outcome: "refused" };
    const isOver = takes >= micros;
    const outcome = isOver || roll < late + refused ? "refused" : "done";
    return { takes: Math.min(takes, micros), outcome };
  }

  /** False: the database does not let it. */
  #carryOut({ service, database }: Unit, request: Work): boolean {
    if (request.kind === "promote") {
      const { isBuiltIn } = this.#spec;
      const old = service.primaryInReachOf(database);
      if (isBuiltIn && old !== undefined) {
        const isBehind = database.isContainedIn(old);
        if (!isBehind && request.reason !== "operator") return false;
        old.isWritable = false;
        if (isBehind) database.chain = old.chain;
      }
      database.isWritable = true;
      database.follows = undefined;
      return true;
    }
    database.isWritable = false;
    if (!request.isPlanned) return true;
    // Everything is with those that may come next, or the move is refused.
    const others = service.inReachOf(database);
    service.replicate(database);
    return others.some((one) => database.isContainedIn(one));
  }

  /** A script that failed half way, or was killed: the database may be either. */
  #halfDone({ database }: Unit): void {
    database.isWritable = this.#rng.chance(0.3) ? !database.isWritable : database.isWritable;
  }

  #end(unit: Unit): void {
    if (unit.standing !== "promoting" && unit.standing !== "demoting") return;
    unit.nth += 1;
    this.#halfDone(unit);
    unit.standing = "not-promoted";
    this.#changed();
  }

  // ---- questions -------------------------------------------------------------------------------

  /** A connection to the address: whoever serves it answers. */
  #probe(unit: string, instance: string, run: number): void {
    const isThere = this.#serving(unit) !== undefined;
    const by = isThere ? "somebody" : "nobody";
    this.#answer(isThere ? COMPARE_MIN : CONNECT_WITHIN, () =>
      this.#machine.send({ type: "probeAnswer", instance, run, by }),
    );
  }

  #compare({ name: unit, service, database }: Unit, run: number, peer: IpAddress): void {
    const id = this.#machine.environment.nodeOf(peer);
    this.#answer(this.#rng.between(COMPARE_MIN, COMPARE_MAX), () => {
      const rival = service.inReachOf(database).find((one) => one.id === id);
      const result = rival === undefined ? "unknown" : compared(database, rival);
      this.#machine.send({ type: "dataCompared", unit, run, result });
    });
  }

  #answer(delay: number, send: () => void): void {
    const life = this.#life;
    this.#whenItRuns(delay, () => {
      if (life === this.#life) send();
    });
  }

  /** Later, on a machine that stands still when it goes on. */
  #whenItRuns(delay: number, run: () => void): void {
    const { queue } = this.#machine.environment;
    const attempt = (): void => {
      if (this.#machine.isPaused || this.#machine.supervisor.isStopped)
        return queue.in(STANDS_STILL, attempt);
      run();
    };
    queue.in(delay, attempt);
  }

  // ---- looks -----------------------------------------------------------------------------------

  #look(): void {
    if (!this.#machine.isPowered || this.#machine.isPaused || !this.#machine.supervisor.runs)
      return;
    for (const unit of this.#units.values()) {
      this.#follow(unit);
      this.#sendEligible(unit);
    }
  }

  /** A database that takes no writes follows the one that does, once it has nothing of its own. */
  #follow(unit: Unit): void {
    const { database, service, standing } = unit;
    const serving = this.#serving(unit.name);
    // Another node's promotion made it so, and was given up.
    if (standing === "promoted" && service.primaryInReachOf(database) === undefined)
      database.isWritable = true;
    // A former primary is demoted before it follows.
    if (standing === "not-promoted" && unit.isMarked && serving !== undefined)
      database.isWritable = false;
    if (database.isWritable || standing === "promoting" || standing === "demoting") return;
    if (serving === undefined) {
      if (standing === "not-promoted" && this.#hasHeardNobody(unit)) unit.isMarked = false;
      return;
    }
    const primary = service.of(serving);
    if (!primary.isWritable) return;
    if (!database.isContainedIn(primary)) {
      // A person makes it anew from the other one.
      if (!this.#rng.chance(this.#isCalm ? 0.5 : 0.1)) return;
      database.chain = primary.chain;
    }
    database.follows = primary.id;
    service.replicate(primary);
    if (standing === "not-promoted") unit.isMarked = false;
  }

  /** It could hear all the time, and no master came: nobody else can have been promoted. */
  #hasHeardNobody({ name, demotedBy }: Unit): boolean {
    if (demotedBy === undefined || !CAN_HEAR.includes(demotedBy)) return false;
    const routers = this.#machine.engine?.instances ?? [];
    return routers.some(
      ({ config, state: { phase } }) =>
        unitOf(config) === name && phase.kind === "backup" && (phase.missed ?? 0) > 0,
    );
  }

  #isEligible({ isMarked, standing, database, service }: Unit): boolean {
    if (standing === "promoted" || standing === "promoting") return true;
    if (isMarked) return false;
    if (!this.#spec.isBuiltIn) return true;
    const primary = service.primaryInReachOf(database);
    return primary === undefined || database.isContainedIn(primary);
  }

  #sendEligible(unit: Unit): void {
    if (!this.#machine.supervisor.runs) return;
    const eligible = this.#isEligible(unit);
    if (eligible === unit.sent) return;
    unit.sent = eligible;
    this.#machine.send({ type: "eligible", unit: unit.name, eligible });
  }

  #changed(): void {
    this.#machine.environment.observers.emit("gateChanged", this.#machine);
  }
}

/** Nothing can have been written here that nobody else has. */
const isClean = ({ isPlanned, reason }: Extract<Work, { kind: "demote" }>): boolean =>
  isPlanned || reason === "refused";

function compared(
  ours: SimulatedDatabase,
  theirs: SimulatedDatabase,
): "ours" | "theirs" | "equal" | "diverged" {
  // The other one's promotion may have made this one read-only from there.
  if (ours.chain === theirs.chain && ours.isWritable !== theirs.isWritable)
    return ours.isWritable ? "ours" : "theirs";
  if (ours.chain === theirs.chain) return "equal";
  if (theirs.isContainedIn(ours)) return "ours";
  return ours.isContainedIn(theirs) ? "theirs" : "diverged";
}
