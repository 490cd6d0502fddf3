/**
 * The supervisor process on a simulated machine: performs what src/vrrp/supervisor decides, as
 * src/daemon/supervision.ts does, on the simulated kernel, network and engine process. It may be
 * late, stopped (SIGSTOP), killed, and started again without any memory.
 */

import type { IpAddress } from "#units/address";
import type { Rng } from "#units/rng";
import { micros } from "#units/time";
import { RELEASE } from "#units/vrrp";
import type { FromEngine } from "#vrrp/engine/engine-link";
import { fenceMode, fenceOf } from "#vrrp/engine/fences";
import type { PublicState } from "#vrrp/router/state";
import type { SupervisorEffect, SupervisorEvent } from "#vrrp/supervisor/event";
import { releasePackets } from "#vrrp/supervisor/release-packets";
import { INITIAL, type SupervisorConfig, type SupervisorState } from "#vrrp/supervisor/state";
import { isSuccessor } from "#vrrp/supervisor/successor";
import { deadline, step } from "#vrrp/supervisor/supervisor";
import type { CloudWatch } from "./cloud-watch.ts";
import type { SimulatedMachine } from "./machine.ts";
import type { MachineSupervisor } from "./machine-processes.ts";
import { sendPacket } from "./machine-world.ts";

/** A Node.js process with its modules is running after about this time. */
const ENGINE_START_MIN = 60_000;
const ENGINE_START_MAX = 200_000;
const NOTICED_MIN = 50;
/** From a question to the engine until its answer is missed. */
const ANSWER_WITHIN = 1_000_000;
/** A process that stands still is looked at again after this. */
const RETRY = 10_000;
const NOT_THERE: readonly string[] = ["EADDRNOTAVAIL", "ENODEV"];
const CONFIG: SupervisorConfig = { questionPeriod: micros(2_000_000) };

type Effect<K extends SupervisorEffect["kind"]> = Extract<SupervisorEffect, { readonly kind: K }>;

export class SimulatedSupervisor implements MachineSupervisor {
  readonly #machine: SimulatedMachine;
  readonly #rng: Rng;
  /** Where there is a cloud. */
  cloud: CloudWatch | undefined;
  isAlive = false;
  /** SIGSTOP. */
  isStopped = false;
  #state: SupervisorState = INITIAL;
  #revision = 0;
  /** As the engine reported them last, by name. */
  readonly #states = new Map<string, PublicState>();
  /** What came while it was stopped. */
  #inbox: FromEngine[] = [];
  #packets: Uint8Array[] = [];
  #engineExited = false;
  #isToReload = false;
  #isToStop = false;
  /** Counts up with each process: what an earlier one waited for is no matter. */
  #life = 0;
  #timerAt: number | undefined;
  /** Called once everything has ended after a stop. */
  #afterStop: (() => void) | undefined;

  constructor(machine: SimulatedMachine, rng: Rng) {
    this.#machine = machine;
    this.#rng = rng;
  }

  get runs(): boolean {
    return this.isAlive && !this.isStopped && !this.#machine.isPaused && this.#machine.isPowered;
  }

  /** Is the address of this instance kept for a successor right now? */
  isHolding(name: string): boolean {
    return this.#state.holds.some(({ config }) => config.router.name === name);
  }

  holds(address: IpAddress): boolean {
    return this.#state.holds.some(({ places }) =>
      places.some((place) => place.address.address === address),
    );
  }

  /** The engine is dead, the supervisor alive and about to take over for it. */
  get isTakingOver(): boolean {
    return this.isAlive && this.#engineExited;
  }

  start(): void {
    if (this.isAlive || !this.#machine.isPowered) return;
    this.isAlive = true;
    this.isStopped = false;
    this.#life += 1;
    this.#state = INITIAL;
    this.#machine.daemonStarted();
    this.#machine.gate?.restart();
    this.#machine.environment.observers.emit("supervisorStarted", this.#machine);
    this.cloud?.forget();
    this.cloud?.configure(() => false);
    this.#configured();
    this.#happened({ kind: "startAsked" });
  }

  /** SIGTERM: hand over, end. `then` runs when everything has ended. */
  stop(then: () => void): void {
    if (!this.isAlive) return then();
    this.#afterStop = then;
    this.#isToStop = !this.runs;
    if (this.runs) this.#happened({ kind: "stopAsked" });
  }

  /** kill -9 of the supervisor: the engine sees the pipe's end. */
  crash(): void {
    if (!this.isAlive) return;
    // First of all: what waits for the end of a stop starts the next engine.
    this.#machine.closePipe();
    this.vanish();
  }

  vanish(): void {
    this.#end();
    if (this.#machine.engine === undefined) this.#machine.kernel.dropCopies();
    const then = this.#afterStop;
    this.#afterStop = undefined;
    then?.();
  }

  #end(): void {
    this.isAlive = false;
    this.isStopped = false;
    this.#life += 1;
    this.cloud?.forget();
    this.#machine.gate?.forget();
    this.#state = INITIAL;
    this.#timerAt = undefined;
    this.#states.clear();
    this.#inbox = [];
    this.#packets = [];
    this.#engineExited = false;
    this.#isToReload = false;
    this.#isToStop = false;
  }

  continue(): void {
    if (!this.runs) return;
    const waiting = this.#inbox;
    this.#inbox = [];
    for (const message of waiting) this.#handle(message);
    const packets = this.#packets;
    this.#packets = [];
    for (const packet of packets) this.hears(packet);
    if (this.#isToReload) this.reload();
    if (this.#engineExited) this.#exited();
    if (this.#isToStop) {
      this.#isToStop = false;
      this.#happened({ kind: "stopAsked" });
    }
    this.#wake();
    // Scripts have run on, or run again now: their results are sent.
    for (const result of this.#machine.trackers.values())
      this.#machine.send({ type: "tracker", ...result });
    this.#machine.send({ type: "maintenance", mode: this.#machine.maintenance });
  }

  /** SIGHUP; one that is stopped gets it when it goes on. */
  reload(): void {
    this.#isToReload = this.isAlive && !this.runs;
    if (this.runs) this.#configured();
  }

  #configured(): void {
    this.#revision += 1;
    const { instances } = this.#machine;
    this.#happened({ kind: "configured", revision: this.#revision, instances });
  }

  receive(message: FromEngine): void {
    if (!this.isAlive) return;
    if (this.runs) this.#handle(message);
    else this.#inbox.push(message);
  }

  /** `stopped`: in order, and noticed with its last message. */
  engineEnded(how: "stopped" | "died"): void {
    if (!this.isAlive) return;
    this.#engineExited = true;
    if (how === "stopped") {
      if (this.runs) this.#exited();
      return;
    }
    const life = this.#life;
    const { queue, supervisorLateMicros } = this.#machine.environment;
    queue.in(this.#rng.between(NOTICED_MIN, NOTICED_MIN + supervisorLateMicros), () => {
      if (life === this.#life && this.runs && this.#engineExited) this.#exited();
    });
  }

  #exited(): void {
    this.#engineExited = false;
    this.#states.clear();
    this.#machine.gate?.forget();
    this.cloud?.engineGone();
    this.#happened({ kind: "engineExited" });
    this.#acted();
  }

  /** The supervisor's own raw sockets, while it holds an address. */
  hears(packet: Uint8Array): void {
    if (!this.runs) {
      if (this.#state.holds.length > 0) this.#packets.push(packet);
      return;
    }
    for (const hold of this.#state.holds)
      if (isSuccessor(hold, packet, this.#machine.kernel.calendar.unixTime()))
        this.#happened({ kind: "peerHeard", hold: hold.id });
  }

  #handle(message: FromEngine): void {
    this.#machine.environment.observers.emit("supervisorReceives", this.#machine, message);
    if (message.type === "gate") this.#machine.gate?.receive(message);
    this.#happened({ kind: "engineSaid", message });
    if (message.type === "transition") this.#states.set(message.instance, message.to);
    this.cloud?.receive(message);
  }

  // ---- the machine of src/vrrp/supervisor ------------------------------------------------------

  #happened(event: SupervisorEvent): void {
    const life = this.#life;
    const { state, effects } = step(CONFIG, this.#state, event, this.#machine.clock());
    this.#state = state;
    for (const effect of effects) {
      const answer = this.#perform(effect);
      if (life !== this.#life) return;
      if (answer !== undefined) this.#happened(answer);
    }
    this.#arm();
  }

  #perform(effect: SupervisorEffect): SupervisorEvent | undefined {
    const machine = this.#machine;
    switch (effect.kind) {
      case "startEngine":
        machine.spawnEngine(this.#rng.between(ENGINE_START_MIN, ENGINE_START_MAX));
        return { kind: "engineStarted" };
      case "killEngine":
        return this.#kill();
      case "configureEngine":
        return this.#configure(effect);
      case "configurationTaken":
        this.cloud?.configure((name) => this.#states.get(name) === "MASTER");
        return undefined;
      case "stopEngine":
        machine.send({ type: "stop" });
        return undefined;
      case "askEngine":
        return this.#ask();
      case "readKernel": {
        const { kernel } = machine;
        const found = { links: kernel.links(), addresses: kernel.addresses() };
        return { kind: "kernelRead", kernel: found };
      }
      case "listen":
        return this.#listen(effect);
      case "sendRelease":
        return this.#release(effect);
      case "holdAddresses":
      case "prolongGuard":
      case "removeAddresses":
      case "clearGuard":
        return this.#onKernel(effect);
      case "closeFence":
        for (const config of effect.instances) {
          // Refused: the address is removed at once all the same.
          void machine.kernel.fence.close(fenceOf(config), fenceMode(config));
        }
        return undefined;
      case "demote": {
        const { gate } = effect.config.router;
        if (gate !== undefined)
          machine.gate?.demote(effect.unit, "engine-died", gate.demoteTimeout);
        return undefined;
      }
      case "stopped":
        machine.environment.observers.emit("daemonStopped", machine);
        this.vanish();
        return undefined;
      case "unlisten":
      case "engineIsAlive":
      case "report":
        return undefined;
    }
  }

  #kill(): undefined {
    if (this.#machine.endEngine("died")) this.engineEnded("died");
  }

  #configure({ instances, resume, spared }: Effect<"configureEngine">): undefined {
    const { groups, trackers, maintenance, gate } = this.#machine;
    const results = [...trackers.values()];
    this.#machine.send({
      type: "configure",
      instances,
      groups,
      resume,
      spared,
      trackers: results,
      ...(gate === undefined ? {} : { eligible: gate.eligible() }),
      ...(maintenance === undefined ? {} : { maintenance }),
    });
  }

  #ask(): SupervisorEvent | undefined {
    const machine = this.#machine;
    if (machine.engineRuns) return { kind: "engineAnswered" };
    this.#in(ANSWER_WITHIN, () =>
      this.#happened({ kind: machine.engineRuns ? "engineAnswered" : "engineDidNotAnswer" }),
    );
    return undefined;
  }

  #listen({ hold, link }: Effect<"listen">): SupervisorEvent {
    const { kernel } = this.#machine;
    if (kernel.linkExists && kernel.linkIndex === link.index) return { kind: "listening", hold };
    const failure = { ok: false, errno: "ENODEV", call: "SO_BINDTODEVICE" } as const;
    return { kind: "listenRefused", hold, failure };
  }

  #release({ config, source }: Effect<"sendRelease">): undefined {
    const machine = this.#machine;
    const { kernel, neighbours, port, environment } = machine;
    if (!kernel.linkUp || !kernel.linkExists) return;
    const { network, observers } = environment;
    for (const { destination, bytes } of releasePackets(
      config,
      source,
      machine.kernel.calendar.unixTime(),
    )) {
      observers.emit("advertSent", machine, config.router.vrid, RELEASE, bytes);
      sendPacket({ network, neighbours, port }, destination, bytes, 0);
    }
  }

  #onKernel(effect: KernelEffect): SupervisorEvent | undefined {
    const { kernel, environment } = this.#machine;
    // Its slow calls are not the engine's.
    const { lag } = kernel;
    try {
      switch (effect.kind) {
        case "holdAddresses":
          // Refused where the link is gone, and the address with it.
          for (const { interfaceIndex, address } of effect.places)
            void kernel.setAddress(interfaceIndex, address, effect.seconds);
          return undefined;
        case "prolongGuard": {
          const alive = new Set(kernel.aliveAddresses());
          const addresses = effect.addresses.filter((address) => alive.has(address));
          // Refused: the addresses become unreachable sooner than the hand-over ends.
          if (environment.hasGuard) void kernel.guard.prolong(addresses, effect.milliseconds);
          return undefined;
        }
        case "removeAddresses": {
          const { instance, spared } = effect;
          const gone = this.#remove(effect);
          return { kind: "addressesRemoved", instance, spared, gone, here: kernel.addresses() };
        }
        case "clearGuard":
          // Refused: the rule stays, and is reported.
          if (environment.hasGuard) void kernel.guard.close(effect.addresses);
          return undefined;
      }
    } finally {
      kernel.lag = lag;
    }
  }

  /** What is not there is gone, as rtnetlink sees it. */
  #remove({ places }: Effect<"removeAddresses">): readonly IpAddress[] {
    const gone: IpAddress[] = [];
    for (const { interfaceIndex, address } of places) {
      const outcome = this.#machine.kernel.removeAddress(interfaceIndex, address);
      const isGone = outcome.ok || NOT_THERE.includes(outcome.errno);
      if (isGone) gone.push(address.address);
    }
    return gone;
  }

  /** One timer for the earliest deadline, by the machine's own clock. */
  #arm(): void {
    const due = deadline(this.#state);
    const { queue } = this.#machine.environment;
    const at = due === undefined ? undefined : queue.now + Math.max(0, due - this.#machine.clock());
    if (at === this.#timerAt) return;
    this.#timerAt = at;
    if (at === undefined) return;
    const life = this.#life;
    queue.at(at, () => {
      if (life !== this.#life || this.#timerAt !== at) return;
      this.#timerAt = undefined;
      if (this.runs) this.#wake();
    });
  }

  #wake(): void {
    const due = deadline(this.#state);
    if (due === undefined || due > this.#machine.clock()) return this.#arm();
    this.#happened({ kind: "timeReached" });
    this.#acted();
  }

  #acted(): void {
    if (this.isAlive) this.#machine.environment.observers.emit("supervisorActed", this.#machine);
  }

  /** Later, if this very process still runs then; a stopped one does it when it goes on. */
  #in(delay: number, run: () => void): void {
    const life = this.#life;
    const { queue } = this.#machine.environment;
    const attempt = (): void => {
      if (life !== this.#life) return;
      if (this.runs) run();
      else queue.in(RETRY, attempt);
    };
    queue.in(delay, attempt);
  }
}

type KernelEffect = Effect<"holdAddresses" | "prolongGuard" | "removeAddresses" | "clearGuard">;
