/**
 * Before the address of a master that is heard no more is taken (router/gate.ts): does anybody
 * still answer for it? Two questions for each address on its device, by ARP or by neighbour
 * discovery, in the form that no cache learns from (questions.ts), and whoever claims one of them
 * before the end, with another MAC address than this machine's, is somebody. An address that is on
 * this machine itself is not asked for, nor is one on a device without ARP.
 */
import type { IpAddress, Mac } from "#units/address";
import { after, type Instant, type Micros, micros } from "#units/time";
import type { RouterEvent } from "../router/event.ts";
import { deviceOf, type EngineContext } from "./context.ts";
import type { Instance } from "./instance.ts";
import { Questions } from "./questions.ts";

/** From one question to the next, and from the last one to the end. */
const WAIT: Micros = micros(30_000);
const QUESTIONS = 2;

interface Place {
  readonly index: number;
  readonly address: IpAddress;
}

interface Probe {
  readonly instance: Instance;
  readonly run: number;
  readonly places: readonly Place[];
  asked: number;
  dueAt: Instant;
}

/** Gives a router an event (steps.ts). */
interface Stepper {
  apply(instance: Instance, event: RouterEvent, now: Instant): void;
}

export class Probes {
  readonly #context: EngineContext;
  readonly #questions = new Questions();
  #probes: Probe[] = [];

  constructor(context: EngineContext) {
    this.#context = context;
  }

  get isEmpty(): boolean {
    return this.#probes.length === 0;
  }

  begin(instance: Instance, run: number, now: Instant, outcomes: RouterEvent[]): void {
    this.#probes = this.#probes.filter((one) => one.instance !== instance);
    const places = this.#placesOf(instance);
    if (places.length === 0)
      return void outcomes.push({ kind: "probeAnswered", run, by: "nobody" });
    const probe: Probe = { instance, run, places, asked: 0, dueAt: now };
    this.#probes.push(probe);
    this.#ask(probe, now);
  }

  deadline(): Instant | undefined {
    let first: Instant | undefined;
    for (const { dueAt } of this.#probes) if (first === undefined || dueAt < first) first = dueAt;
    return first;
  }

  /** Everything that has come was read before. */
  onTime(steps: Stepper, now: Instant): void {
    for (const probe of this.#probes) {
      if (now < probe.dueAt) continue;
      if (probe.asked < QUESTIONS && isWanted(probe)) this.#ask(probe, now);
      else this.#end(steps, probe, "nobody", now);
    }
  }

  /** A frame in which the sender says that the address is his. */
  heard(steps: Stepper, interfaceIndex: number, address: IpAddress, mac: Mac, now: Instant): void {
    if (this.#context.interfaces.hasMac(mac)) return;
    for (const probe of this.#probes)
      if (probe.places.some((one) => one.index === interfaceIndex && one.address === address))
        this.#end(steps, probe, "somebody", now);
  }

  #end(steps: Stepper, probe: Probe, by: "nobody" | "somebody", now: Instant): void {
    this.#probes = this.#probes.filter((one) => one !== probe);
    const { instance, run } = probe;
    if (isWanted(probe)) steps.apply(instance, { kind: "probeAnswered", run, by }, now);
  }

  #ask(probe: Probe, now: Instant): void {
    probe.asked += 1;
    probe.dueAt = after(now, WAIT);
    for (const { index, address } of probe.places) {
      const link = this.#context.interfaces.link(index);
      if (link === undefined) continue;
      const frame = this.#questions.frame(link.mac, undefined, address);
      // A device that is down is a fault of the router's, and ends this.
      void this.#context.world.sendFrame(index, frame);
    }
  }

  #placesOf(instance: Instance): readonly Place[] {
    const { interfaces } = this.#context;
    const here = new Set<IpAddress>();
    for (const { address } of interfaces.addresses()) here.add(address);
    return instance.addresses.flatMap(({ virtual: { address, interface: name } }) => {
      const index = deviceOf(this.#context, instance, name);
      const link = interfaces.link(index);
      const isAsked = link !== undefined && link.arp && link.mac !== 0 && !here.has(address);
      return isAsked ? [{ index: link.index, address }] : [];
    });
  }
}

/** It has not heard a master meanwhile, nor been taken along by its sync group. */
const isWanted = ({ instance, run }: Probe): boolean => {
  const { phase } = instance.state;
  return phase.kind === "backup" && phase.probing?.run === run;
};
