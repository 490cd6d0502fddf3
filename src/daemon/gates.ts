/**
 * The gates of all units: what the engine asks of them, and what it has to know. Loaded when the
 * file has a gate (gate-feed.ts).
 */

import type { OpenDatabase } from "#databases/port/database";
import type { Language } from "#diagnostics/diagnostic";
import type { EventLog } from "#events/event-log";
import type { GatePlan, RunPlan } from "#keepalived/plan/run-plan";
import type { GateReading } from "#metrics/reading";
import { type IpAddress, printIp } from "#units/address";
import { toMillis } from "#units/time";
import type { BriefSnapshot, FromEngine, GateRequest, ToEngine } from "#vrrp/engine/engine-link";
import type { FaultCause } from "#vrrp/router/reason";
import { background } from "./contain.ts";
import type { EngineProcess, Snapshot } from "./engine-process.ts";
import { drained, resetConnections } from "./gate-connections.ts";
import { anyServes } from "./gate-probe.ts";
import type { GateStatus, UnitStatus } from "./gate-status.ts";
import { GateUnit } from "./gate-unit.ts";
import type { Heard } from "./gate-unit-mark.ts";
import type { Launcher } from "./launcher.ts";
import type { Log } from "./log.ts";
import type { NotifySubject } from "./notify-command.ts";

export interface GatesOptions {
  readonly launcher: Pick<Launcher, "start">;
  readonly engine: Pick<EngineProcess, "send" | "snapshot">;
  readonly openDatabase: OpenDatabase;
  readonly log: Log;
  readonly language: Language;
  readonly events: EventLog;
  readonly stateDir: string | undefined;
  /** As far as its engine has said so. */
  readonly isMaster: (instance: string) => boolean;
  readonly changed: () => void;
}

type GateMessage = Extract<FromEngine, { readonly type: "gate" }>;
type Eligible = NonNullable<Extract<ToEngine, { type: "configure" }>["eligible"]>;

/** As `status` waits. */
const SNAPSHOT_MS = 300;
/** A unit's share of the end of the daemon, beyond what its own time-outs allow. */
const FINISH_MORE_MS = 2_000;

interface Known {
  readonly unit: GateUnit;
  readonly subject: NotifySubject;
  members: readonly string[];
  /** A reload has taken it away; it is kept until it is demoted, or to the next reload. */
  isGone: boolean;
}

interface Wanted {
  readonly plan: GatePlan;
  readonly subject: NotifySubject;
  readonly members: readonly string[];
}

export class Gates {
  readonly #options: GatesOptions;
  readonly #units = new Map<string, Known>();

  constructor(options: GatesOptions) {
    this.#options = options;
  }

  configure(plan: RunPlan): void {
    const wanted = new Map(unitsOf(plan).map((one) => [one.plan.unit, one]));
    this.#forgetGone(() => true);
    for (const [name, known] of this.#units) known.isGone = !wanted.has(name);
    for (const [name, one] of wanted) {
      const known = this.#units.get(name);
      if (known === undefined) {
        this.#units.set(name, this.#open(one));
        // An engine that runs already was sent its configuration without it.
        this.#notifyEngine(name);
      } else {
        known.members = one.members;
        known.unit.configure(one.plan);
      }
    }
    this.#forgetGone(({ isPrimary }) => !isPrimary);
  }

  /** The unit that this instance or sync group is part of, or is. */
  find(name: string): Omit<Known, "isGone"> | undefined {
    const known = [...this.#units.values()].filter(({ isGone }) => !isGone);
    return (
      known.find(({ unit }) => unit.plan.unit === name) ??
      known.find(({ members }) => members.includes(name))
    );
  }

  get names(): readonly string[] {
    return [...this.#units].flatMap(([name, { isGone }]) => (isGone ? [] : [name]));
  }

  #notifyEngine(unit: string): void {
    const eligible = this.#units.get(unit)?.unit.forEngine();
    if (eligible !== undefined) this.#options.engine.send({ type: "eligible", unit, eligible });
  }

  // ---- engine --------------------------------------------------------------------------------

  /** With the configuration of an engine, new or not. */
  forEngine(): Eligible {
    return [...this.#units].flatMap(([unit, known]) => {
      const eligible = known.unit.forEngine();
      return known.isGone || eligible === undefined ? [] : [{ unit, eligible }];
    });
  }

  engineSaid({ unit: name, instance, request }: GateMessage): void {
    const known = this.#units.get(name);
    if (known === undefined) return this.#refuse(name, request);
    this.#perform(known, instance, request);
  }

  engineGone(): void {
    for (const { unit } of this.#units.values()) unit.engineGone();
  }

  /** The engine died while this instance was master. */
  engineDied(instance: string, priority: number): void {
    this.find(instance)?.unit.engineDied(priority);
  }

  /** An instance is in FAULT. */
  faulted(instance: string, causes: readonly FaultCause[]): void {
    if (causes.some(({ kind }) => CANNOT_HEAR.has(kind))) this.find(instance)?.unit.couldNotHear();
  }

  #perform(known: Known, instance: string, request: GateRequest): void {
    const { unit } = known;
    const { log } = this.#options;
    const { fence } = unit.plan;
    switch (request.kind) {
      case "promote":
      case "demote":
        return unit.request({
          kind: request.kind,
          number: request.run,
          reason: request.reason,
          isPlanned: request.kind === "demote" && request.isPlanned,
          peer: peerOf(request.peer),
          timeoutMs: toMillis(request.micros),
          priority: request.priority,
        });
      case "cancel":
        return unit.cancel(request.run);
      case "probe":
        return this.#work("probe", async () => {
          const by = (await anyServes(request.addresses, fence)) ? "somebody" : "nobody";
          this.#options.engine.send({ type: "probeAnswer", instance, run: request.run, by });
        });
      case "compare":
        return this.#work("compare", async () => {
          const result = await unit.compare();
          const { run } = request;
          this.#options.engine.send({ type: "dataCompared", unit: unit.plan.unit, run, result });
        });
      case "drain":
        return this.#drain(known, request);
      case "reset":
        return this.#work(
          "reset",
          async () => await resetConnections(request.addresses, fence, log),
        );
    }
  }

  #drain(
    { unit }: Known,
    { addresses, micros, run }: Extract<GateRequest, { kind: "drain" }>,
  ): void {
    this.#work("drain", async () => {
      const { engine, log } = this.#options;
      const isEmpty = await drained(addresses, unit.plan.fence, toMillis(micros), log);
      if (isEmpty) engine.send({ type: "drained", unit: unit.plan.unit, run });
    });
  }

  /** A router of a unit that is not known must not wait for it in vain. */
  #refuse(unit: string, request: GateRequest): void {
    if (request.kind !== "promote" && request.kind !== "demote") return;
    const { run } = request;
    this.#options.engine.send({ type: "gateAnswer", unit, run, outcome: "refused" });
  }

  #work(what: string, work: () => Promise<unknown>): void {
    background(this.#options.log, `gate: ${what}`, work);
  }

  // ---- what is known -------------------------------------------------------------------------

  /** @param at of the snapshot */
  statusOf(snapshot: BriefSnapshot, at: number): GateStatus | undefined {
    const { gate, name } = snapshot;
    const unit = this.find(snapshot.group?.name ?? name) ?? this.find(name);
    return gate === undefined || unit === undefined
      ? undefined
      : gateStatus(gate, unit.unit.status(), at);
  }

  readings(): readonly GateReading[] {
    return [...this.#units.values()].map(({ unit, subject }) => {
      const { epoch, marked, database } = unit.status();
      return {
        unit: unit.plan.unit,
        kind: subject.kind === "GROUP" ? ("group" as const) : ("instance" as const),
        isPromoted: unit.isPrimary,
        isEligible: unit.isEligible,
        isMarked: marked,
        epoch,
        lagSeconds: database?.lagMicros === undefined ? undefined : database.lagMicros / 1_000_000,
        runs: unit.counts,
      };
    });
  }

  /** Demotions under way may end; the databases are let go. */
  async finish(): Promise<void> {
    await Promise.all(
      [...this.#units.values()].map(async ({ unit }) => {
        await unit.finish(toMillis(unit.plan.demoteTimeout) + FINISH_MORE_MS);
      }),
    );
  }

  // ---- units ---------------------------------------------------------------------------------

  #open({ plan, subject, members }: Wanted): Known {
    const { launcher, openDatabase, log, language, events, stateDir, engine, changed } =
      this.#options;
    const { unit: name } = plan;
    const unit = new GateUnit(plan, {
      subject,
      launcher,
      openDatabase,
      log,
      language,
      events,
      stateDir,
      heard: async () => heardBy(this.#units.get(name), await engine.snapshot(SNAPSHOT_MS)),
      answer: (run, outcome) => engine.send({ type: "gateAnswer", unit: name, run, outcome }),
      eligible: (eligible) => engine.send({ type: "eligible", unit: name, eligible }),
      successorServes: () => engine.send({ type: "successorServes", unit: name }),
      changed: () => {
        this.#forgetGone(({ isPrimary }) => !isPrimary);
        changed();
      },
    });
    // A reload has given a gate to an owner: it serves, and counts as promoted.
    if (members.some(this.#options.isMaster)) unit.assumePrimary();
    return { unit, subject, members, isGone: false };
  }

  #forgetGone(mayGo: (unit: GateUnit) => boolean): void {
    for (const [name, { unit, isGone }] of this.#units) {
      if (!isGone || unit.isRunning || !mayGo(unit)) continue;
      this.#units.delete(name);
      this.#work("finish", async () => await unit.finish(0));
    }
  }
}

/** Causes of a FAULT in which other masters are not heard. */
const CANNOT_HEAR: ReadonlySet<FaultCause["kind"]> = new Set<FaultCause["kind"]>([
  "link-down",
  "no-source-address",
  "interface-missing",
  "cannot-listen",
  "source-missing",
]);

const peerOf = (peer: IpAddress | undefined | null): string | undefined =>
  // Null, because it came as JSON.
  peer === undefined || peer === null ? undefined : printIp(peer);

function unitsOf({ instances, groups }: RunPlan): readonly Wanted[] {
  return [
    ...instances.flatMap(({ config, gate }) => {
      const { name } = config.router;
      if (gate === undefined) return [];
      return [{ plan: gate, subject: { kind: "INSTANCE" as const, name }, members: [name] }];
    }),
    ...groups.flatMap(({ name, members, gate }) =>
      gate === undefined
        ? []
        : [{ plan: gate, subject: { kind: "GROUP" as const, name }, members }],
    ),
  ];
}

/** Of a sync group: the member that hears a master, or else all of them together. */
function heardBy(known: Known | undefined, snapshot: Snapshot | undefined): Heard | undefined {
  const all = snapshot?.instances.filter(({ name }) => known?.members.includes(name)) ?? [];
  if (snapshot === undefined || all.length === 0) return undefined;
  const { at } = snapshot;
  const master = all.flatMap(({ standby }) => standby?.master ?? [])[0]?.address;
  const adverts = all.flatMap(({ peers }) => peers.map(({ heardAt }) => heardAt ?? undefined));
  const lastAt = adverts.reduce<number | undefined>(
    (last, one) => (one === undefined ? last : Math.max(last ?? one, one)),
    undefined,
  );
  return {
    isBackup: all.every(({ state }) => state === "BACKUP"),
    master: peerOf(master),
    // One that is held back waits for another detection time whenever one is over.
    isMasterDown: all.every(
      ({ standby }) =>
        standby !== undefined &&
        !standby.master &&
        (standby.masterDownAt <= at || (standby.missed ?? 0) > 0),
    ),
    advertSecondsAgo: lastAt === undefined ? undefined : (at - lastAt) / 1_000_000,
  };
}

function gateStatus(
  { phase, fence, eligible, isAnswered, heldUntil, refused }: NonNullable<BriefSnapshot["gate"]>,
  unit: UnitStatus,
  at: number,
): GateStatus {
  const held = heldUntil === undefined || heldUntil === null ? 0 : (heldUntil - at) / 1_000_000;
  return {
    phase,
    fence: fence === "new" ? "new-closed" : fence,
    eligible,
    ...unit,
    ...(isAnswered === true && { answered: true as const }),
    ...(held > 0 && { heldSeconds: held }),
    ...(refused !== undefined && refused > 0 && { refused }),
  };
}
