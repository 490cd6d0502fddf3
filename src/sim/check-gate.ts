/**
 * With a gate: whoever serves an address has been promoted for it, and two that reach each other
 * never serve it both; a living owner in reach is not taken over from; what was acknowledged is
 * with whoever is promoted next; and in the end one serves, whom clients can write to.
 *
 * Not asked for, since nobody could know better without a witness: two that do not reach each other
 * by ARP either may both serve until they do (`takeover_probe off`: until they hear each other).
 * What is lost on the way is as if it were cut for that moment; and of two that are promoted at the
 * same time, with VRRP cut between them, neither has an address yet that would answer.
 */
import { type IpAddress, printIp } from "#units/address";
import { unitOf } from "#vrrp/engine/fences";
import { electionBound } from "./check-overlap.ts";
import type { GateUnit, MachineView } from "./cluster-view.ts";
import { type ClusterFacts, NEVER } from "./facts.ts";
import type { GateMessage, Observer } from "./observer.ts";
import { virtualsOf } from "./scenario.ts";
import type { SimulatedCluster } from "./simulated-cluster.ts";

/** The longest way of a question and its answer that is waited for (engine/probes.ts). */
const QUESTION = 30_000;
/**
 * A question or its answer that was lost, or a change of the network, this long ago matters. A
 * connection that a machine did not answer while it stood still is waited for for 0.3 s.
 */
const PROBE = { arp: 250_000, service: 350_000, off: 250_000 } as const;

export interface GateTotals {
  /** Promotions that were carried out, and moves of the operator among what came before them. */
  promotions: number;
  refused: number;
  planned: number;
  acknowledged: number;
}

export class GateChecker {
  readonly totals: GateTotals = { promotions: 0, refused: 0, planned: 0, acknowledged: 0 };
  readonly #cluster: SimulatedCluster;
  readonly #facts: ClusterFacts;
  /** By unit and machine: since when it serves. */
  readonly #servesSince = new Map<string, number>();
  /** By unit and machine: its promotion followed a priority 0. */
  readonly #isReleased = new Map<string, boolean>();
  /** By unit and machine: before its promotion it has asked whether anybody has the address. */
  readonly #hasAsked = new Map<string, boolean>();
  /** By unit and machine: when its promotion was asked for. */
  readonly #askedAt = new Map<string, number>();
  /** By unit and pair: since when both serve, and reach each other. */
  readonly #bothSince = new Map<string, number>();
  /** By unit and machine: its last demotion is one before a planned release. */
  readonly #plans = new Map<string, boolean>();
  /** By unit: the machine where such a demotion is the last thing that was done, and has worked. */
  readonly #cleanly = new Map<string, MachineView>();
  /** By unit and machine: its promotion was asked for by a person. */
  readonly #isAsked = new Map<string, boolean>();
  readonly #standing = new Map<string, string>();
  /** By pair: when a question of ARP or its answer was last lost on the way. */
  readonly #questionLost = new Map<string, number>();

  constructor(cluster: SimulatedCluster, facts: ClusterFacts) {
    this.#cluster = cluster;
    this.#facts = facts;
  }

  observer(): Observer {
    const { gates } = this.#cluster;
    if (gates === undefined) return {};
    const look = (): void => this.#look(gates.units);
    return {
      gateChanged: look,
      ownership: look,
      connectivity: look,
      loopDone: () => {
        if (this.#bothSince.size > 0) look();
      },
      questionLost: (from, to) => {
        this.#questionLost.set(`${from}>${to}`, this.#facts.now);
        this.#questionLost.set(`${to}>${from}`, this.#facts.now);
      },
      gateAsked: (machine, message) => this.#asked(gates.units, machine, message),
      settled: () => this.#checkServed(gates.units),
      end: () => this.#checkServed(gates.units),
    };
  }

  #look(units: readonly GateUnit[]): void {
    for (const unit of units) {
      for (const machine of this.#cluster.machines) {
        this.#followStanding(unit, machine);
        this.#lookAt(unit, machine);
      }
      for (const a of this.#cluster.machines)
        for (const b of this.#cluster.machines) if (a.id < b.id) this.#lookAtBoth(unit, a, b);
    }
  }

  // ---- one machine -----------------------------------------------------------------------------

  #lookAt({ name, address }: GateUnit, machine: MachineView): void {
    const key = `${name}/${machine.id}`;
    if (!machine.serves(address)) return void this.#servesSince.delete(key);
    if (!this.#servesSince.has(key)) this.#servesSince.set(key, this.#facts.now);
    const standing = machine.gate?.standingOf(name);
    if (standing !== "promoted")
      this.#cluster.violate(
        "serves-without-promotion",
        `machine ${machine.id} serves ${printIp(address)}, and is ${standing}`,
      );
  }

  /** What is promoted now has everything that was acknowledged, where that was promised. */
  #followStanding({ name, service }: GateUnit, machine: MachineView): void {
    const key = `${name}/${machine.id}`;
    const standing = machine.gate?.standingOf(name) ?? "not-promoted";
    const before = this.#standing.get(key);
    if (before === standing) return;
    this.#standing.set(key, standing);
    if (before === "promoting" && standing === "not-promoted") this.totals.refused += 1;
    const isPlanned = before === "demoting" && this.#plans.get(key) === true;
    // Of more than two the next one may be another than the one that has everything.
    if (isPlanned && this.#cluster.machines.length === 2 && machine.gate?.isMarked(name) === false)
      this.#cleanly.set(name, machine);
    if (standing !== "promoted") return;
    this.totals.promotions += 1;
    this.totals.acknowledged = Math.max(this.totals.acknowledged, service.acknowledged.size);
    const database = service.of(machine);
    const lacks = database.lacks(service.acknowledged);
    const isAsked = this.#isAsked.get(key) === true;
    // A person has decided for what it has.
    if (isAsked) database.keepOnly(service.acknowledged);
    else if (lacks > 0 && this.#isSync)
      this.#cluster.violate(
        "acknowledged-lost",
        `machine ${machine.id} is promoted and lacks ${lacks} acknowledged writes`,
      );
    const old = this.#cleanly.get(name);
    if (!isAsked && old !== undefined && !service.of(old).isContainedIn(database))
      this.#cluster.violate(
        "planned-move-loses",
        `machine ${machine.id} is promoted and lacks what ${old.id} had when it was demoted`,
      );
    this.#cleanly.delete(name);
  }

  /** Of a pair each acknowledged write is with the other; of more only with one of them. */
  get #isSync(): boolean {
    const { scenario, machines } = this.#cluster;
    return machines.length === 2 && scenario.gate?.sync === true;
  }

  // ---- requests --------------------------------------------------------------------------------

  #asked(
    units: readonly GateUnit[],
    machine: MachineView,
    { unit: name, request }: GateMessage,
  ): void {
    const unit = units.find((one) => one.name === name);
    if (unit === undefined) return;
    if (request.kind === "demote") {
      this.#cleanly.delete(name);
      this.#plans.set(`${name}/${machine.id}`, request.isPlanned);
      if (request.isPlanned) this.totals.planned += 1;
      if (machine.serves(unit.address))
        this.#cluster.violate(
          "demoted-while-served",
          `machine ${machine.id} still serves ${printIp(unit.address)}`,
        );
    }
    if (request.kind === "promote")
      this.#hasAsked.set(`${name}/${machine.id}`, request.reason === "master-down");
    if (request.kind === "promote")
      this.#isReleased.set(`${name}/${machine.id}`, request.reason === "released");
    if (request.kind === "promote")
      this.#isAsked.set(`${name}/${machine.id}`, request.reason === "operator");
    if (request.kind === "promote") this.#askedAt.set(`${name}/${machine.id}`, this.#facts.now);
    if (request.kind === "promote" && request.reason === "master-down")
      this.#checkTakeOver(unit, machine);
  }

  /** An owner in reach has answered the question. */
  #checkTakeOver(unit: GateUnit, machine: MachineView): void {
    const how = this.#probeOf(machine, unit.name);
    if (how === "off") return;
    for (const owner of this.#cluster.machines) {
      const since = this.#servesSince.get(`${unit.name}/${owner.id}`);
      if (owner === machine || since === undefined || this.#facts.now - since < PROBE[how])
        continue;
      if (!owner.serves(unit.address) || this.#wasApart(owner, machine, PROBE[how])) continue;
      this.#cluster.violate(
        "took-over-from-living",
        `machine ${machine.id} is promoted while ${owner.id} serves ${printIp(unit.address)}`,
      );
    }
  }

  // ---- two machines ----------------------------------------------------------------------------

  #lookAtBoth(unit: GateUnit, a: MachineView, b: MachineView): void {
    const key = `${unit.name}/${a.id}/${b.id}`;
    const both = a.serves(unit.address) && b.serves(unit.address) && this.#reach(a, b);
    if (!both) return void this.#bothSince.delete(key);
    const { now } = this.#facts;
    const since = this.#bothSince.get(key) ?? now;
    this.#bothSince.set(key, since);
    const limit = this.#limitOf(unit, a, b);
    const lasted = now - Math.max(since, this.#apartAt(a, b));
    if (lasted >= limit)
      this.#cluster.violate(
        "two-serve",
        `${printIp(unit.address)} by machines ${a.id} and ${b.id} for ${lasted} us, limit ${limit}`,
      );
    else this.#cluster.queue.in(limit - lasted, () => this.#lookAtBoth(unit, a, b));
  }

  /**
   * None, for those that have reached each other when the second one began. Else as long as two
   * masters need to hear each other and to decide.
   */
  #limitOf(unit: GateUnit, a: MachineView, b: MachineView): number {
    const since = (one: MachineView): number =>
      this.#servesSince.get(`${unit.name}/${one.id}`) ?? 0;
    const later = since(a) > since(b) ? a : b;
    const began = since(later);
    const how = this.#probeOf(a, unit.name);
    const isProbed = how !== "off";
    const before =
      Math.min(began, this.#askedAt.get(`${unit.name}/${later.id}`) ?? began) - PROBE[how];
    // One that was promoted at that time had no address to answer for (seed 484).
    const wasThere = since(later === a ? b : a) < before && !this.#isThird(unit, later);
    // Else it counts that the other one is heard.
    const hasAsked = this.#hasAsked.get(`${unit.name}/${later.id}`) === true;
    const apart = Math.max(this.#unheardAt(a, b), hasAsked ? NEVER : this.#advertLostAt(a, b));
    if (isProbed && wasThere && apart < before) return 1;
    const interval = Math.max(...[a, b].map((one) => this.#intervalOf(one, unit.name)));
    const { wakeLateMicros } = this.#cluster.scenario;
    const busy = 4 * Math.max(a.extraLate, b.extraLate);
    const slow = 40 * Math.max(a.kernel.faults.slowMicros, b.kernel.faults.slowMicros);
    // A round is over when its answer has come.
    const network = 80 * this.#facts.latencySince(this.#facts.now - 2 * interval);
    return electionBound(interval) + 40 * wakeLateMicros + busy + slow + network;
  }

  /**
   * Of three and more, one that has priority 0 from a second one asks nobody, and may not hear the
   * third, which has taken over meanwhile (seed 31258).
   */
  #isThird({ name }: GateUnit, { id }: MachineView): boolean {
    return this.#cluster.machines.length > 2 && this.#isReleased.get(`${name}/${id}`) === true;
  }

  #reach(a: MachineView, b: MachineView): boolean {
    const { network } = this.#cluster;
    return network.reaches(a.port, b.port) && network.reaches(b.port, a.port);
  }

  #wasApart(a: MachineView, b: MachineView, within: number): boolean {
    return !this.#reach(a, b) || this.#facts.now - this.#unaskedAt(a, b) < within;
  }

  /** The last moment at which an advertisement may not have been heard. */
  #apartAt(a: MachineView, b: MachineView): number {
    return Math.max(this.#unaskedAt(a, b), this.#advertLostAt(a, b));
  }

  #advertLostAt(a: MachineView, b: MachineView): number {
    // One that hangs answers ARP, and hears nobody.
    if (!a.engineRuns || !b.engineRuns) return this.#facts.now;
    return Math.max(this.#facts.lostAt(a.id, b.id), this.#facts.lostAt(b.id, a.id));
  }

  /** After a forged priority 0 nobody is asked. */
  #unaskedAt(a: MachineView, b: MachineView): number {
    return Math.max(this.#unheardAt(a, b), this.#facts.deceivedAt);
  }

  /** The last moment at which a question or an advertisement may not have been answered. */
  #unheardAt(a: MachineView, b: MachineView): number {
    const { now } = this.#facts;
    return Math.max(
      this.#facts.networkChangedAt,
      this.#questionLost.get(`${a.id}>${b.id}`) ?? NEVER,
      this.#facts.slowAt,
      2 * this.#facts.latency() > QUESTION ? now : NEVER,
      this.#facts.pausedAt(a),
      this.#facts.pausedAt(b),
      a.isPaused || b.isPaused ? now : NEVER,
      // What its kernel answers comes behind what its engine sends late.
      a.kernel.faults.slowMicros + b.kernel.faults.slowMicros > 0 ? now : NEVER,
      this.#facts.unwellAt(a),
      this.#facts.unwellAt(b),
    );
  }

  #probeOf(machine: MachineView, unit: string): "arp" | "service" | "off" {
    const config = this.#facts.instances(machine).find((one) => unitOf(one) === unit);
    return config?.router.gate?.probe ?? "off";
  }

  #intervalOf(machine: MachineView, unit: string): number {
    const config = this.#facts.instances(machine).find((one) => unitOf(one) === unit);
    return config === undefined ? 0 : this.#facts.interval(config.router.vrid);
  }

  // ---- in the end ------------------------------------------------------------------------------

  #checkServed(units: readonly GateUnit[]): void {
    for (const { name, address, service } of units) {
      if (!this.#isEverywhere(name, address)) continue;
      const serving = this.#cluster.machines.filter((one) => one.serves(address));
      const [only] = serving;
      if (serving.length !== 1 || only === undefined)
        this.#cluster.violate(
          serving.length === 0 ? "nobody-serves" : "several-serve",
          `${printIp(address)}: ${this.#describe(name)}`,
        );
      else if (!service.of(only).isWritable)
        this.#cluster.violate("serves-read-only", `machine ${only.id}: ${this.#describe(name)}`);
    }
  }

  /** For a mixture nothing is promised. */
  #isEverywhere(unit: string, address: IpAddress): boolean {
    return this.#cluster.machines.every(({ instances }) =>
      instances.some(
        (one) =>
          unitOf(one) === unit &&
          one.router.gate !== undefined &&
          virtualsOf(one).includes(address),
      ),
    );
  }

  #describe(unit: string): string {
    return this.#cluster.machines
      .map(({ id, engine, gate }) => {
        const routers = (engine?.instances ?? []).filter(({ config }) => unitOf(config) === unit);
        const states = routers.map(({ state }) => {
          const { phase, reason, gate: known } = state;
          const { eligible, fence } = known ?? {};
          return `${phase.kind} (${reason.kind}), fence ${fence}, eligible ${eligible}`;
        });
        return `${id} ${gate?.standingOf(unit)}: ${states.join("; ")}`;
      })
      .join(" | ");
  }
}
