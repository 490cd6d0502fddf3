/**
 * A model of the supervisor process: what it does for the address when the engine dies, and what its own death means.
 *
 * Engine dead: for every instance that was MASTER, priority 0 at once; the address stays until the successor's
 * advertisement is heard, or the new engine is MASTER, or the time is up; then it is removed. An address that the kernel has
 * taken away meanwhile is not put back. A new engine starts with the names of those instances as `resume`.
 */

import type { Ipv4 } from "#units/address";
import { fromCentis } from "#units/time";
import { RELEASE } from "#units/vrrp";
import type { FromEngine } from "#vrrp/engine/engine-link";
import type { InstanceConfig } from "#vrrp/router/config";
import type { PublicState } from "#vrrp/router/state";
import { LINGER, skew } from "#vrrp/router/timing";
import { advertPackets } from "./advert-packets.ts";
import type { CloudWatch } from "./cloud-watch.ts";
import type { SimulatedMachine } from "./machine.ts";
import { sendPacket } from "./machine-world.ts";
import type { Random } from "./random.ts";

/** A Node.js process with its modules is running after about this time. */
const ENGINE_START_MIN = 60_000;
const ENGINE_START_MAX = 200_000;
const RESTART_AFTER = 100_000;

interface Hold {
  readonly instance: InstanceConfig;
  isOver: boolean;
}

export class SimulatedSupervisor {
  readonly #machine: SimulatedMachine;
  readonly #random: Random;
  /** Where there is a cloud. */
  cloud: CloudWatch | undefined;
  isAlive = false;
  /** SIGSTOP. */
  isStopped = false;
  #wantsEngine = false;
  #states = new Map<string, PublicState>();
  #holds = new Map<string, Hold>();
  #inbox: FromEngine[] = [];
  #engineDied = false;
  #isToReload = false;
  #life = 0;
  /** Told once the engine has ended after a stop. */
  #afterStop: (() => void) | undefined;

  constructor(machine: SimulatedMachine, random: Random) {
    this.#machine = machine;
    this.#random = random;
  }

  get runs(): boolean {
    return this.isAlive && !this.isStopped && !this.#machine.isPaused && this.#machine.isPowered;
  }

  /** Is the address of this instance kept for a successor right now? */
  isHolding(name: string): boolean {
    return this.#holds.has(name);
  }

  /** The engine is dead, the supervisor alive and about to take over for it. */
  get isTakingOver(): boolean {
    return this.isAlive && this.#engineDied;
  }

  start(): void {
    if (this.isAlive || !this.#machine.isPowered) return;
    this.isAlive = true;
    this.isStopped = false;
    this.#life += 1;
    this.#states.clear();
    this.#wantsEngine = true;
    this.cloud?.forget();
    this.cloud?.configure(() => false);
    this.#startEngineIn(this.#random.between(ENGINE_START_MIN, ENGINE_START_MAX));
  }

  /** SIGTERM: hand over, end. `then` runs when the engine has ended. */
  stop(then: () => void): void {
    if (!this.isAlive) return then();
    this.#wantsEngine = false;
    this.#afterStop = () => {
      this.isAlive = false;
      this.#life += 1;
      this.cloud?.forget();
      then();
    };
    if (this.#machine.engine === undefined) return this.#ended();
    this.#machine.send({ type: "stop" });
  }

  /** kill -9 of the supervisor: the engine sees the pipe's end. */
  crash(): void {
    if (!this.isAlive) return;
    this.vanish();
    this.#machine.closePipe();
  }

  vanish(): void {
    this.isAlive = false;
    this.isStopped = false;
    this.#life += 1;
    this.cloud?.forget();
    this.#holds.clear();
    this.#inbox = [];
    this.#engineDied = false;
    this.#isToReload = false;
    this.#wantsEngine = false;
    const then = this.#afterStop;
    this.#afterStop = undefined;
    then?.();
  }

  continue(): void {
    if (!this.runs) return;
    const waiting = this.#inbox;
    this.#inbox = [];
    for (const message of waiting) this.#handle(message);
    if (this.#isToReload) this.reload();
    if (this.#engineDied) this.#takeOver();
    // Scripts have run on, or run again now: their results are told.
    for (const result of this.#machine.trackers.values()) {
      if (this.#machine.engine !== undefined) this.#machine.send({ type: "tracker", ...result });
    }
  }

  /** SIGHUP; one that is stopped gets it when it goes on. An engine that starts later has the new configuration anyway. */
  reload(): void {
    const machine = this.#machine;
    this.#isToReload = this.isAlive && !this.runs;
    if (!this.runs || machine.engine === undefined) return;
    machine.send({
      type: "configure",
      instances: machine.instances,
      groups: machine.groups,
      resume: [],
      trackers: [...machine.trackers.values()],
    });
  }

  receive(message: FromEngine): void {
    if (!this.isAlive) return;
    if (this.runs) this.#handle(message);
    else this.#inbox.push(message);
  }

  engineEnded(how: "stopped" | "died"): void {
    if (!this.isAlive) return;
    if (how === "stopped") return this.#ended();
    this.#engineDied = true;
    const life = this.#life;
    const { queue, supervisorLateMicros } = this.#machine.environment;
    queue.in(this.#random.between(50, 50 + supervisorLateMicros), () => {
      if (life === this.#life && this.runs && this.#engineDied) this.#takeOver();
    });
  }

  /** The supervisor's own raw socket, while it holds an address. */
  hears(vrid: number, priority: number, from: number): void {
    if (this.#holds.size === 0 || priority === 0 || from === this.#machine.id) return;
    for (const [name, hold] of this.#holds) {
      if (hold.instance.router.vrid !== vrid || hold.isOver) continue;
      hold.isOver = true;
      const linger = Math.min(LINGER, fromCentis(hold.instance.router.advertInterval) / 2);
      this.#in(linger, () => this.#letGo(name));
    }
  }

  /** Nothing is kept any more when the daemon ends: the successor has been told, or there is none. */
  #ended(): void {
    for (const name of this.#holds.keys()) this.#letGo(name);
    const then = this.#afterStop;
    this.#afterStop = undefined;
    then?.();
  }

  #handle(message: FromEngine): void {
    this.#machine.environment.observers.emit("supervisorReceives", this.#machine, message);
    if (message.type === "configuring")
      this.cloud?.configure((name) => this.#states.get(name) === "MASTER");
    if (message.type === "transition") this.#states.set(message.instance, message.to);
    this.cloud?.receive(message);
    if (message.type !== "transition") return;
    // The new engine has the seat: nothing is to be removed any more.
    if (message.to === "MASTER") this.#holds.delete(message.instance);
  }

  #takeOver(): void {
    this.#engineDied = false;
    this.cloud?.engineGone();
    const machine = this.#machine;
    const resume: string[] = [];
    for (const instance of machine.instances) {
      const { name } = instance.router;
      if (this.#states.get(name) !== "MASTER") continue;
      this.#states.set(name, "BACKUP");
      const isThere = addressesOf(instance).some((address) => machine.kernel.has(address));
      if (instance.router.handover === "break-before-make" || !isThere) {
        this.#remove(instance);
        this.#release(instance);
        continue;
      }
      this.#hold(instance);
      this.#release(instance);
      resume.push(name);
    }
    if (this.#wantsEngine) {
      this.#startEngineIn(
        RESTART_AFTER + this.#random.between(ENGINE_START_MIN, ENGINE_START_MAX),
        resume,
      );
    } else {
      this.#ended();
    }
  }

  #hold(instance: InstanceConfig): void {
    const { router } = instance;
    const { kernel, environment } = this.#machine;
    const wait =
      skew(router, router.advertInterval, 1) + fromCentis(router.advertInterval) + LINGER;
    const virtuals = [...instance.addresses, ...instance.excludedAddresses];
    for (const virtual of virtuals) {
      // Refused where the link is gone, and the address with it.
      if (kernel.has(virtual.address))
        void kernel.setAddress(kernel.linkIndex, virtual, Math.ceil(wait / 1_000_000));
    }
    // Refused: the addresses are silent sooner than the hand-over ends.
    if (environment.hasGuard)
      void kernel.guard.prolong(addressesOf(instance), Math.ceil(wait / 1_000));
    this.#holds.set(router.name, { instance, isOver: false });
    this.#in(wait, () => this.#letGo(router.name));
  }

  #letGo(name: string): void {
    const hold = this.#holds.get(name);
    if (hold === undefined) return;
    this.#holds.delete(name);
    this.#remove(hold.instance);
  }

  #remove(instance: InstanceConfig): void {
    const { kernel } = this.#machine;
    for (const { address, prefix } of [...instance.addresses, ...instance.excludedAddresses]) {
      // Refused where the link is gone, and the address with it.
      if (kernel.has(address)) void kernel.removeAddress(kernel.linkIndex, { address, prefix });
    }
    // The addresses are gone; the next engine opens or closes the guard again.
    void kernel.guard.close(addressesOf(instance));
  }

  #release(instance: InstanceConfig): void {
    const machine = this.#machine;
    const { transport, router } = instance;
    if (!machine.kernel.linkUp || !machine.kernel.linkExists) return;
    const source = transport.source ?? machine.address;
    for (const { destination, bytes } of advertPackets(instance, source, RELEASE)) {
      const { network, observers } = machine.environment;
      const { neighbours, port } = machine;
      observers.emit("advertSent", machine, router.vrid, RELEASE, bytes);
      sendPacket({ network, neighbours, port }, destination, bytes, 0);
    }
  }

  #startEngineIn(delay: number, resume: readonly string[] = []): void {
    this.#in(delay, () => {
      const machine = this.#machine;
      if (!this.#wantsEngine || machine.engine !== undefined) return;
      // Only what is still held is resumed: what was handed over meanwhile is not ours any more.
      machine.startEngine(resume.filter((name) => this.#holds.has(name)));
    });
  }

  /** Later, if this very supervisor still runs then; a stopped one does it when it goes on. */
  #in(delay: number, run: () => void): void {
    const life = this.#life;
    const { queue } = this.#machine.environment;
    const attempt = (): void => {
      if (life !== this.#life) return;
      if (this.runs) run();
      else queue.in(10_000, attempt);
    };
    queue.in(delay, attempt);
  }
}

const addressesOf = (instance: InstanceConfig): readonly Ipv4[] =>
  [...instance.addresses, ...instance.excludedAddresses].map((one) => one.address);
