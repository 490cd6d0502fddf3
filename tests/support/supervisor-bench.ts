/**
 * The machine of src/vrrp/supervisor, driven by hand in a kernel of two devices. Effects are
 * performed as an executor does it, each on a line of `lines`; what the kernel answers comes back
 * before the next effect.
 */
import { type IpAddress, printIp } from "#units/address";
import { type Instant, instant, micros } from "#units/time";
import { type AddressInfo, BATON_PROTO, type Failure, type LinkInfo } from "#vrrp/engine/world";
import type { InstanceConfig } from "#vrrp/router/config";
import { type RoutingItem, textOf } from "#vrrp/router/routes";
import type { PublicState } from "#vrrp/router/state";
import type { Place, SupervisorEffect, SupervisorEvent } from "#vrrp/supervisor/event";
import { INITIAL, type SupervisorState } from "#vrrp/supervisor/state";
import { deadline, step } from "#vrrp/supervisor/supervisor";
import { ETH0, mac, own } from "./fake-world.ts";

export const ETH1: LinkInfo = { ...ETH0, index: 3, name: "eth1", mac: mac("02:00:00:00:00:11") };
export const REFUSED: Failure = { ok: false, errno: "EPERM", call: "socket" };
export const SECOND = 1_000_000;

export class SupervisorBench {
  state: SupervisorState = INITIAL;
  now: Instant = instant(0);
  lines: string[] = [];
  links: readonly LinkInfo[] = [ETH0, ETH1];
  addresses: AddressInfo[] = [own(2, "192.0.2.1"), own(3, "198.51.100.1")];
  /** Addresses that the kernel refuses to remove. */
  readonly stuck = new Set<IpAddress>();
  /** The same for a device's. */
  stuckOn: number | undefined;
  /** Processes can be started. */
  startable = true;
  kernelFails: Failure | undefined;
  listenFails: Failure | undefined;
  /** The engine answers every question at once. */
  answersQuestions = true;
  #revision = 0;

  /** What the effects of this event were. */
  happen(event: SupervisorEvent): readonly string[] {
    const before = this.lines.length;
    this.#happen(event);
    return this.lines.slice(before);
  }

  #happen(event: SupervisorEvent): void {
    const { state, effects } = step(
      { questionPeriod: micros(2 * SECOND) },
      this.state,
      event,
      this.now,
    );
    this.state = state;
    for (const effect of effects) {
      this.lines.push(printEffect(effect));
      const answer = this.#answer(effect);
      if (answer !== undefined) this.#happen(answer);
    }
  }

  #answer(effect: SupervisorEffect): SupervisorEvent | undefined {
    switch (effect.kind) {
      case "startEngine":
        return { kind: this.startable ? "engineStarted" : "engineNotStarted" };
      case "askEngine":
        return this.answersQuestions ? { kind: "engineAnswered" } : undefined;
      case "readKernel": {
        const { links, addresses, kernelFails: failure } = this;
        if (failure !== undefined) return { kind: "kernelUnreadable", failure };
        return { kind: "kernelRead", kernel: { links, addresses } };
      }
      case "listen": {
        const { hold } = effect;
        const failure = this.listenFails;
        return failure === undefined
          ? { kind: "listening", hold }
          : { kind: "listenRefused", hold, failure };
      }
      case "removeAddresses": {
        const { instance, places, spared } = effect;
        const gone = this.#remove(places);
        return { kind: "addressesRemoved", instance, spared, gone, here: this.addresses };
      }
      case "killEngine":
      case "configureEngine":
      case "configurationTaken":
      case "stopEngine":
      case "engineIsAlive":
      case "unlisten":
      case "sendRelease":
      case "holdAddresses":
      case "prolongGuard":
      case "clearGuard":
      case "closeFence":
      case "demote":
      case "report":
      case "stopped":
        return undefined;
    }
  }

  #remove(places: readonly Place[]): readonly IpAddress[] {
    const gone: IpAddress[] = [];
    for (const { interfaceIndex, address } of places) {
      if (this.stuck.has(address.address) || interfaceIndex === this.stuckOn) continue;
      gone.push(address.address);
      this.addresses = this.addresses.filter(
        (one) =>
          one.address !== address.address ||
          one.index !== interfaceIndex ||
          one.prefix !== address.prefix,
      );
    }
    return gone;
  }

  /** Read, and with an engine that runs taken over by it. */
  configure(...instances: readonly InstanceConfig[]): readonly string[] {
    const before = this.lines.length;
    this.read(...instances);
    if (this.state.engine.kind === "running") this.take();
    return this.lines.slice(before);
  }

  read(...instances: readonly InstanceConfig[]): readonly string[] {
    this.#revision += 1;
    return this.happen({ kind: "configured", revision: this.#revision, instances });
  }

  /** The engine takes over what it was sent. */
  take(): readonly string[] {
    return this.happen({ kind: "engineSaid", message: { type: "configuring" } });
  }

  /** With an engine that runs, and has taken these over. */
  start(...instances: readonly InstanceConfig[]): void {
    this.read(...instances);
    this.happen({ kind: "startAsked" });
    this.take();
    this.lines = [];
  }

  /** The engine reports a state; as MASTER it has its addresses. */
  becomes(config: InstanceConfig, to: PublicState, more: { leaving?: number } = {}): void {
    if (to === "MASTER") this.put(config);
    const { name: instance, priority } = config.router;
    const reason = { kind: "started", masterDown: micros(1) } as const;
    const transition = { type: "transition", from: "INIT", to, reason, priority } as const;
    const message = { ...transition, at: this.now, instance, ...more };
    this.happen({ kind: "engineSaid", message });
  }

  /** The kernel has the addresses of this instance, with our mark. */
  put(config: InstanceConfig): void {
    for (const { address, prefix, interface: device } of [
      ...config.addresses,
      ...config.excludedAddresses,
    ]) {
      const index = this.links.find(({ name }) => name === (device ?? config.interface))?.index;
      const isHere = this.addresses.some(
        (one) => one.index === index && one.address === address && one.prefix === prefix,
      );
      if (index !== undefined && !isHere)
        this.addresses.push({ index, address, prefix, secondary: true, proto: BATON_PROTO });
    }
  }

  exit(): readonly string[] {
    return this.happen({ kind: "engineExited" });
  }

  /** Time passes; the machine is woken at each of its deadlines. */
  until(seconds: number): readonly string[] {
    const before = this.lines.length;
    const end = instant(seconds * SECOND);
    for (let wakes = 0; wakes < 10_000; wakes += 1) {
      const due = deadline(this.state);
      if (due === undefined || due > end) break;
      this.now = instant(Math.max(this.now, due));
      this.#happen({ kind: "timeReached" });
    }
    this.now = end;
    return this.lines.slice(before);
  }
}

const printPlaces = (places: readonly Place[]): string =>
  places.map((one) => `${printIp(one.address.address)}@${one.interfaceIndex}`).join(" ");

export function printEffect(effect: SupervisorEffect): string {
  switch (effect.kind) {
    case "configureEngine": {
      const { revision, isReload, instances, resume } = effect;
      const names = instances.map(({ router }) => router.name).join(" ");
      const held = resume.length === 0 ? "" : `, resume ${resume.join(" ")}`;
      return `configureEngine ${revision}${isReload ? " reload" : ""} [${names}${held}]`;
    }
    case "configurationTaken":
      return `configurationTaken ${effect.revision}${effect.isReload ? " reload" : ""}`;
    case "listen": {
      const { hold, link, group } = effect;
      return `listen ${hold} ${link.name}${group === undefined ? "" : ` ${printIp(group)}`}`;
    }
    case "unlisten":
      return `unlisten ${effect.hold}`;
    case "sendRelease":
      return `sendRelease ${effect.config.router.name} from ${printIp(effect.source)}`;
    case "holdAddresses":
      return `holdAddresses ${printPlaces(effect.places)} ${effect.seconds}s`;
    case "prolongGuard":
      return `prolongGuard ${effect.addresses.map(printIp).join(" ")} ${effect.milliseconds}ms`;
    case "removeAddresses":
      return `removeAddresses ${printPlaces(effect.places)}${printResets(effect.resets)}${printRouting(effect.routing)}`;
    case "clearGuard":
      return `clearGuard ${effect.addresses.map(printIp).join(" ")}`;
    case "closeFence":
      return `closeFence ${effect.instances.map(({ router }) => router.name).join(" ")}`;
    case "demote":
      return `demote ${effect.unit}`;
    case "report": {
      const { report } = effect;
      const name = "instance" in report ? ` ${report.instance ?? "all"}` : "";
      const heard = "isSuccessorHeard" in report ? ` heard=${report.isSuccessorHeard}` : "";
      const why = "failure" in report ? ` ${report.failure?.errno ?? "no source"}` : "";
      return `report ${report.kind}${name}${heard}${why}`;
    }
    case "startEngine":
    case "killEngine":
    case "stopEngine":
    case "askEngine":
    case "engineIsAlive":
    case "readKernel":
    case "stopped":
      return effect.kind;
  }
}

/** An engine that owns the addresses of all of these, and is about to die. */
export function ownerOf(...masters: readonly InstanceConfig[]): SupervisorBench {
  const bench = new SupervisorBench();
  bench.start(...masters);
  for (const one of masters) bench.becomes(one, "MASTER");
  return bench;
}

const printRouting = (items: readonly RoutingItem[] | undefined): string =>
  items === undefined ? "" : ` routing ${items.map(textOf).join(", ")}`;

const printResets = (resets: readonly number[] | "all" | undefined): string =>
  resets === undefined ? "" : ` resets ${String(resets)}`;
