/**
 * One machine: kernel, switch port, supervisor and engine, and the ways each of them can fail.
 *
 * The engine runs as in the daemon: woken by input or deadline (a little late), it drains pipe,
 * notifications and packets, then fires what is due. While it is stopped (SIGSTOP) its sockets
 * fill, up to their limits; while the whole machine is paused, what is sent to it is lost and its
 * kernel's timers stand still.
 */

import { BROADCAST_MAC, type IpAddress, type Mac } from "#units/address";
import type { Rng } from "#units/rng";
import { type Instant, instant } from "#units/time";
import { Engine } from "#vrrp/engine/engine";
import type {
  AboutInstance,
  FromEngine,
  GroupConfig,
  ToEngine,
  TrackerResult,
} from "#vrrp/engine/engine-link";
import type { EngineRecord } from "#vrrp/engine/recording";
import type { WorldEvent } from "#vrrp/engine/world";
import type { InstanceConfig } from "#vrrp/router/config";
import type { Maintenance } from "#vrrp/router/state";
import type { MachineView } from "./cluster-view.ts";
import type { EventQueue } from "./event-queue.ts";
import { arpSender, priorityOf, sourceOf, vridOf } from "./frame-fields.ts";
import { SimulatedKernel } from "./kernel.ts";
import type { MachineGate, MachineSupervisor } from "./machine-processes.ts";
import { createMachineWorld, type WorldParts } from "./machine-world.ts";
import { Neighbours } from "./neighbours.ts";
import type { Observers } from "./observer.ts";
import { type MachineSpec, virtualsOf } from "./scenario.ts";
import type { Frame, Port, Segment } from "./segment.ts";

/** A raw socket's default receive buffer holds about this many advertisements. */
const SOCKET_MAX = 256;
const NOTIFICATIONS_MAX = 512;
const WAKE_MIN = 10;
const HEARS: Port["hears"] = ["vrrp", "garp", "arp"];
const PIPE_MICROS = 100;
const NOTIFY_MICROS = 50;
/** A process that stands still is looked at again after this. */
const STANDS_STILL = 10_000;

export interface MachineEnvironment {
  readonly queue: EventQueue;
  readonly network: Segment;
  readonly rng: Rng;
  readonly observers: Observers;
  readonly hasGuard: boolean;
  readonly wakeLateMicros: number;
  readonly supervisorLateMicros: number;
  /**
   * The node that has the address: a machine's number, `RIVAL_NODE` and more for rivals, -1 for an
   * unknown peer.
   */
  readonly nodeOf: (address: IpAddress) => number;
  readonly recorder: ((machine: number, record: EngineRecord) => void) | undefined;
  readonly createSupervisor: (machine: SimulatedMachine, rng: Rng) => MachineSupervisor;
}

/**
 * The label this stream had when the seeds of regressions were recorded: another one would draw
 * other faults.
 */
const SUPERVISOR_STREAM = ["kee", "per"].join("");

type PipeMessage = ToEngine | "end";

export class SimulatedMachine implements MachineView {
  readonly id: number;
  readonly address: IpAddress;
  readonly mac: Mac;
  readonly kernel: SimulatedKernel;
  readonly port: Port;
  readonly neighbours: Neighbours;
  readonly supervisor: MachineSupervisor;
  readonly environment: MachineEnvironment;
  readonly spec: MachineSpec;
  gate: MachineGate | undefined;
  engine: Engine | undefined;
  instances: readonly InstanceConfig[];
  groups: readonly GroupConfig[];
  readonly trackers: Map<string, TrackerResult> = new Map();
  isPowered = true;
  isPaused = false;
  /** What an operator wants of it: kept on its disk. */
  maintenance: Maintenance | undefined;
  /** SIGSTOP of the engine. */
  isEngineStopped = false;
  /** Added to the wake-up lateness while the processors are busy. */
  extraLate = 0;
  /** The clock of the machine minus simulation time, microseconds. */
  clockOffset: number;
  /** When its clock last fell behind without its knowing. */
  clockOffsetFellAt: number = Number.NEGATIVE_INFINITY;
  #pausedAt = 0;
  /** The device its sockets are bound to; one that took its place is not heard. */
  #listensOn: number | undefined;
  #busyUntil = 0;
  #loopAt: number | undefined;
  #pipe: PipeMessage[] = [];
  /** The pipe of a process that is being started. */
  #starting: PipeMessage[] | undefined;
  #notifications: WorldEvent[] = [];
  #overflowed = false;
  #packets: Frame[] = [];
  readonly #rng: Rng;
  #owned: ReadonlySet<IpAddress> = new Set();
  /** Addresses that its daemon has been configured with since it started. */
  #named: ReadonlySet<IpAddress> = new Set();

  constructor(id: number, mac: Mac, spec: MachineSpec, environment: MachineEnvironment) {
    this.id = id;
    this.mac = mac;
    this.spec = spec;
    this.address = spec.address;
    this.environment = environment;
    this.instances = spec.instances;
    this.groups = spec.groups;
    this.#rng = environment.rng.split(`machine ${id}`);
    // Clocks of different machines have nothing to do with each other.
    this.clockOffset = this.#rng.between(1_000_000, 1_000_000_000);
    this.kernel = new SimulatedKernel(
      environment.queue,
      this.#rng.split("kernel"),
      mac,
      spec.address,
    );
    this.port = environment.network.attach(
      mac,
      (frame, sentAt) => this.#receive(frame, sentAt),
      HEARS,
    );
    this.neighbours = this.#createNeighbours();
    this.supervisor = environment.createSupervisor(this, this.#rng.split(SUPERVISOR_STREAM));
    this.kernel.notify = (event) => this.#notify(event);
    this.kernel.onChange = () => this.recheck();
    this.kernel.fence.onChange = () => environment.observers.emit("gateChanged", this);
    for (const one of spec.trackers) this.trackers.set(`${one.kind}/${one.name}`, one);
  }

  /** The machine's own clock (CLOCK_BOOTTIME). */
  clock(): Instant {
    return instant(this.environment.queue.now + this.kernel.lag + this.clockOffset);
  }

  get engineRuns(): boolean {
    return this.engine !== undefined && !this.isEngineStopped && !this.isPaused && this.isPowered;
  }

  /** Answers for the address: the kernel has it, lets it through and runs. */
  answers(address: IpAddress): boolean {
    return this.isPowered && !this.isPaused && this.kernel.answers(address);
  }

  serves(address: IpAddress): boolean {
    return this.answers(address) && this.kernel.fence.lets(address);
  }

  /** Emits what changed in who answers here. */
  recheck(): void {
    for (const address of this.addresses()) {
      const owns = this.answers(address);
      if (owns === this.#owned.has(address)) continue;
      const next = new Set(this.#owned);
      if (owns) next.add(address);
      else next.delete(address);
      this.#owned = next;
      this.environment.observers.emit("ownership", this, address, owns);
    }
    const hasCarrier = this.isPowered && this.kernel.linkUp && this.kernel.linkExists;
    if (!hasCarrier) this.neighbours.clear();
    const up = hasCarrier && !this.isPaused;
    if (up !== this.port.up) {
      this.port.up = up;
      this.environment.network.changed();
    }
  }

  /** Virtual addresses of the present configuration, and those still owned from an earlier one. */
  *addresses(): Iterable<IpAddress> {
    const seen = new Set<IpAddress>();
    for (const one of this.instances) for (const address of virtualsOf(one)) seen.add(address);
    for (const address of this.#owned) seen.add(address);
    yield* seen;
  }

  /**
   * By its daemon, as long as supervisor or engine are there: the addresses of its configuration,
   * and those that a reload has taken away and that are here still. What an earlier daemon left is
   * nobody's, as its sockets went with it (sim seed 120921).
   */
  claimed(): ReadonlySet<IpAddress> {
    const isThere =
      this.engine !== undefined || this.#starting !== undefined || this.supervisor.isAlive;
    const claims = [...this.addresses()].filter((address) => this.#named.has(address));
    return new Set(isThere ? claims : []);
  }

  /** A new daemon, with no claim of an earlier one. */
  daemonStarted(): void {
    this.#named = new Set(this.instances.flatMap(virtualsOf));
  }

  owns(address: IpAddress): boolean {
    return this.#owned.has(address);
  }

  /** An operator asks for a planned move of everything this node owns. */
  switchAway(): void {
    if (!this.supervisor.runs) return;
    const instances = this.instances.map(({ router }) => router.name);
    this.send({ type: "switch", id: 1, instances });
  }

  switchBack(): void {
    const instances = this.instances.map(({ router }) => router.name);
    this.send({ type: "switchBack", instances });
  }

  setMaintenance(mode: Maintenance | undefined): void {
    this.maintenance = mode;
    if (this.supervisor.runs) this.send({ type: "maintenance", mode });
  }

  /** Another configuration file; sync groups lose the members that are gone. */
  setInstances(instances: readonly InstanceConfig[]): void {
    const names = (group: string): readonly string[] =>
      instances.filter((one) => one.group === group).map(({ router }) => router.name);
    this.instances = instances;
    this.#named = new Set([...this.#named, ...instances.flatMap(virtualsOf)]);
    this.groups = this.spec.groups
      .map(({ name, members }) => {
        const staying = names(name);
        return { name, members: members.filter((one) => staying.includes(one)) };
      })
      .filter((group) => group.members.length > 0);
  }

  // ---- processes -------------------------------------------------------------------------------

  /** A process that is up, and reads its pipe, after `delay`. */
  spawnEngine(delay: number): void {
    const pipe: PipeMessage[] = [];
    this.#starting = pipe;
    const { queue } = this.environment;
    const attempt = (): void => {
      if (this.#starting !== pipe) return;
      if (this.isPaused || this.supervisor.isStopped) return queue.in(STANDS_STILL, attempt);
      this.#starting = undefined;
      this.#startEngine(pipe);
    };
    queue.in(delay, attempt);
  }

  #startEngine(messages: readonly PipeMessage[]): void {
    const { environment } = this;
    const world = createMachineWorld(this.#worldParts());
    const { recorder } = environment;
    const engine = new Engine(
      world,
      recorder === undefined ? undefined : (record) => recorder(this.id, record),
      // Half of the machines have more routers than a turn takes, even with a few.
      this.id % 2 === 0 ? {} : { turnMax: 1 },
    );
    this.engine = engine;
    this.isEngineStopped = false;
    this.#forgetInputs();
    this.#notifications.push({
      kind: "resync",
      links: this.kernel.links(),
      addresses: this.kernel.addresses(),
    });
    const [first] = messages;
    const isConfigured = first !== undefined && first !== "end" && first.type === "configure";
    environment.observers.emit("engineStarted", this, isConfigured ? first.resume : []);
    for (const message of messages) this.#write(message);
  }

  /**
   * An engine of another daemon, with routers that are no matter here: it sweeps what is nobody's,
   * and is gone.
   */
  runSecondDaemon(): void {
    if (!this.isPowered || this.isPaused) return;
    const engine = new Engine(
      createMachineWorld({
        ...this.#worldParts(),
        emit: () => undefined,
        sent: () => undefined,
        listening: () => undefined,
      }),
    );
    const links = this.kernel.links();
    engine.onWorld({ kind: "resync", links, addresses: this.kernel.addresses() }, this.clock());
    const nothing = { instances: [], groups: [], resume: [], trackers: [] };
    engine.onSupervisor({ type: "configure", ...nothing }, this.clock());
    engine.onSupervisor({ type: "stop" }, this.clock());
  }

  #worldParts(): WorldParts {
    const { environment, kernel, port, neighbours } = this;
    return {
      kernel,
      network: environment.network,
      port,
      hasGuard: environment.hasGuard,
      hasFence: this.gate !== undefined,
      neighbours,
      emit: (message) => this.#emitted(message),
      claimed: () => this.claimed(),
      sent: (kind, bytes) => this.#sent(kind, bytes),
      listening: (on) => {
        this.#listensOn = on ? this.kernel.device : undefined;
      },
    };
  }

  /** The process is gone (crash, kill -9, or its ordinary end). False: there was none. */
  endEngine(how: "stopped" | "died"): boolean {
    const wasStarting = this.#starting !== undefined;
    this.#starting = undefined;
    if (this.engine === undefined) return wasStarting;
    this.engine = undefined;
    this.#listensOn = undefined;
    this.#forgetInputs();
    this.environment.observers.emit("engineEnded", this, how);
    if (!this.supervisor.isAlive) this.kernel.dropCopies();
    return true;
  }

  /** SIGSTOP and SIGCONT. */
  setEngineStopped(stopped: boolean): void {
    if (this.isEngineStopped === stopped) return;
    this.isEngineStopped = stopped;
    if (stopped) this.kernel.dropCopies();
    this.environment.observers.emit("runs", this, !stopped);
    if (!stopped) this.#wake(0);
  }

  /**
   * Into the engine's pipe, which may be that of a process that does not read yet. Lost without
   * one.
   */
  send(message: ToEngine): void {
    this.#write(message);
  }

  /** The supervisor's end of the pipe is closed. */
  closePipe(): void {
    this.#write("end");
  }

  #write(message: PipeMessage): void {
    if (this.#starting !== undefined) return void this.#starting.push(message);
    if (this.engine === undefined) return;
    this.#pipe.push(message);
    this.#wake(PIPE_MICROS);
  }

  // ---- the whole machine -----------------------------------------------------------------------

  pause(): void {
    if (this.isPaused || !this.isPowered) return;
    this.isPaused = true;
    this.#pausedAt = this.environment.queue.now;
    this.kernel.dropCopies();
    this.kernel.freeze();
    this.recheck();
    this.environment.observers.emit("runs", this, false);
  }

  unpause(clock: "runs" | "stops"): void {
    if (!this.isPaused) return;
    this.isPaused = false;
    if (clock === "stops") {
      this.clockOffset -= this.environment.queue.now - this.#pausedAt;
      this.clockOffsetFellAt = this.environment.queue.now;
    }
    this.kernel.thaw();
    this.recheck();
    this.neighbours.thaw();
    this.environment.observers.emit("runs", this, true);
    this.supervisor.continue();
    this.#wake(0);
  }

  powerOff(): void {
    this.endEngine("died");
    // What waits for the end of a stop starts a daemon again, and there is nowhere to start it.
    this.isPowered = false;
    this.supervisor.vanish();
    this.isPaused = false;
    this.isEngineStopped = false;
    this.gate?.powerOff();
    this.kernel.clear();
    this.recheck();
  }

  powerOn(portLate: number): void {
    if (this.isPowered) return;
    this.isPowered = true;
    this.#forwardIn(portLate);
    this.recheck();
    this.supervisor.start();
  }

  /** The carrier is back; the switch forwards `portLate` later. */
  restoreCarrier(portLate = 0): void {
    if (portLate > 0 && !this.kernel.linkUp) this.#forwardIn(portLate);
    this.kernel.setLink(true);
  }

  #forwardIn(portLate: number): void {
    this.port.forwardsFrom = this.environment.queue.now + portLate;
    this.environment.queue.at(this.port.forwardsFrom, () => this.environment.network.changed());
  }

  // ---- the engine's loop -----------------------------------------------------------------------

  #forgetInputs(): void {
    this.#pipe = [];
    this.#notifications = [];
    this.#packets = [];
    this.#overflowed = false;
    this.#busyUntil = 0;
    this.#loopAt = undefined;
  }

  #wake(delay: number): void {
    const late = this.environment.wakeLateMicros + this.extraLate;
    this.#scheduleLoop(
      this.environment.queue.now + delay + this.#rng.between(WAKE_MIN, WAKE_MIN + late),
    );
  }

  #scheduleLoop(wanted: number): void {
    const at = Math.max(wanted, this.#busyUntil, this.environment.queue.now);
    if (this.#loopAt !== undefined && this.#loopAt <= at) return;
    this.#loopAt = at;
    this.environment.queue.at(at, this.#onLoop);
  }

  /**
   * One closure for all wake-ups; one that another has replaced, an earlier or later one, finds
   * nothing to do.
   */
  readonly #onLoop = (): void => {
    const { now } = this.environment.queue;
    if (this.#loopAt !== now) return;
    this.#loopAt = undefined;
    // The kernel has notified it of what it does in a turn that goes on, behind slow calls (sim
    // seed 162928).
    if (now < this.#busyUntil) return this.#scheduleLoop(now);
    this.#loop();
  };

  #loop(): void {
    const { engine, kernel } = this;
    if (engine === undefined || !this.engineRuns) return;
    kernel.lag = 0;
    this.#drain(engine);
    engine.onTime(this.clock());
    this.environment.observers.emit("loopDone", this);
    if (kernel.lag > 0) this.#busyUntil = this.environment.queue.now + kernel.lag;
    kernel.lag = 0;
    if (engine.finished) return this.#finish();
    const due = engine.deadline();
    if (due === undefined) return;
    const late = this.environment.wakeLateMicros + this.extraLate;
    this.#scheduleLoop(due - this.clockOffset + this.#rng.between(WAKE_MIN, WAKE_MIN + late));
  }

  /** In the daemon's order: notifications, pipe, packets. */
  #drain(engine: Engine): void {
    if (this.#overflowed) {
      this.#overflowed = false;
      const links = this.kernel.links();
      engine.onWorld({ kind: "resync", links, addresses: this.kernel.addresses() }, this.clock());
    }
    for (const one of taken(this.#notifications)) engine.onWorld(one, this.clock());
    for (const one of taken(this.#pipe)) this.#handle(engine, one);
    for (const { kind, bytes } of taken(this.#packets)) {
      const interfaceIndex = this.kernel.linkIndex;
      const named = kind === "vrrp" ? "packet" : "neighbour";
      engine.onWorld({ kind: named, interfaceIndex, bytes }, this.clock());
    }
  }

  #handle(engine: Engine, message: PipeMessage): void {
    if (message === "end") {
      if (!engine.finished) engine.supervisorGone(this.clock());
      return;
    }
    const { observers } = this.environment;
    if (message.type === "configure") {
      this.supervisor.receive({ type: "configuring" });
      observers.emit("beforeReload", this, message.instances);
    }
    engine.onSupervisor(message, this.clock());
    observers.emit("engineReceived", this, message);
    if (message.type === "configure") observers.emit("afterReload", this);
  }

  #finish(): void {
    this.endEngine("stopped");
    this.supervisor.engineEnded("stopped");
  }

  // ---- inputs and outputs ----------------------------------------------------------------------

  /** Notifications of the kernel are lost; everything has to be read anew. */
  overflow(): void {
    this.#notifications = [];
    this.#overflowed = true;
    this.#wake(NOTIFY_MICROS);
  }

  #notify(event: WorldEvent): void {
    if (this.engine === undefined) return;
    if (this.#notifications.length >= NOTIFICATIONS_MAX) return this.overflow();
    this.#notifications.push(event);
    this.#wake(NOTIFY_MICROS);
  }

  #receive(frame: Frame, sentAt: number): void {
    if (!this.isPowered || this.isPaused) return;
    // Flooded by the switch, and refused by the device.
    if (frame.to !== this.mac && frame.to !== BROADCAST_MAC) return;
    if (frame.kind !== "vrrp") this.neighbours.receive(frame);
    if (frame.kind === "vrrp") {
      const vrid = vridOf(frame.bytes);
      const priority = priorityOf(frame.bytes);
      const from = this.environment.nodeOf(sourceOf(frame.bytes));
      this.supervisor.hears(frame.bytes);
      if (this.engine === undefined || !this.#listens()) return;
      if (this.#packets.length >= SOCKET_MAX) return;
      this.environment.observers.emit("advertArrived", this, from, vrid, priority, sentAt);
    } else if (
      this.engine === undefined ||
      !this.#listens() ||
      this.#packets.length >= SOCKET_MAX
    ) {
      return;
    }
    this.#packets.push(frame);
    this.#wake(0);
  }

  #listens(): boolean {
    return this.#listensOn === this.kernel.device;
  }

  #sent(kind: Frame["kind"], bytes: Uint8Array): void {
    const { observers } = this.environment;
    if (kind === "vrrp")
      observers.emit("advertSent", this, vridOf(bytes), priorityOf(bytes), bytes);
    else if (kind === "garp") observers.emit("arpSent", this, arpSender(bytes));
  }

  #createNeighbours(): Neighbours {
    const { environment, kernel, mac, address } = this;
    const { queue, network, observers, nodeOf } = environment;
    return new Neighbours({
      queue,
      rng: this.#rng.split("neighbours"),
      mac,
      address,
      runs: () => !this.isPaused,
      isOurs: (one) => one === address || kernel.answers(one),
      transmit: (frame, lag, sentAt) => network.send(this.port, frame, lag, sentAt),
      dropped: (to, bytes) => observers.emit("advertLost", this.id, nodeOf(to), vridOf(bytes)),
      changed: (to, state) => observers.emit("neighbour", this, to, state),
    });
  }

  #emitted(message: FromEngine): void {
    this.environment.observers.emit("engineMessage", this, message);
    if (message.type === "transition" && !this.#isReplaced(message))
      this.environment.observers.emit("transition", this, message);
    if (message.type === "gate") this.environment.observers.emit("gateAsked", this, message);
    this.supervisor.receive(message);
  }

  /** By its name another one is meant from now on, which a reload has brought back. */
  #isReplaced({ instance, leaving }: AboutInstance): boolean {
    const all = this.engine?.instances ?? [];
    return (
      leaving !== undefined &&
      all.some((one) => one.leaving === undefined && one.config.router.name === instance)
    );
  }
}

/** Empties the list and gives what was in it; what comes meanwhile waits for the next turn. */
const taken = <T>(list: T[]): readonly T[] => (list.length === 0 ? list : list.splice(0));
