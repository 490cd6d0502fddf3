/**
 * Gratuitous ARP, and unsolicited neighbour advertisements for IPv6: one announcer
 * (router/announcer.ts) for each interface that carries virtual addresses, and the frames it sends.
 */

import { type IpAddress, isIpv6 } from "#units/address";
import { earliest, type Instant, type Micros } from "#units/time";
import {
  type AnnouncerState,
  announcerDeadline,
  cancel,
  emptyAnnouncer,
  request,
  take,
} from "../router/announcer.ts";
import type { InstanceConfig, PacingConfig } from "../router/config.ts";
import { ARP_FRAME_LENGTH, emitArp, gratuitousArp } from "../wire/arp.ts";
import {
  emitNeighbour,
  NEIGHBOUR_FRAME_LENGTH,
  unsolicitedAdvertisement,
} from "../wire/neighbour.ts";
import { deviceOf, type EngineContext } from "./context.ts";
import type { Instance, InstanceAddress } from "./instance.ts";
import type { LinkInfo } from "./world.ts";

/** Of gratuitous ARP; "reply" also stands for the one form there is over IPv6. */
type Form = "request" | "reply";

interface Announcement {
  readonly instance: Instance;
  readonly entry: InstanceAddress;
  readonly form: Form;
}

const FORMS: Readonly<Record<InstanceConfig["arp"], readonly Form[]>> = {
  request: ["request"],
  reply: ["reply"],
  both: ["request", "reply"],
};
const formsOf = ({ config }: Instance, { virtual }: InstanceAddress): readonly Form[] =>
  isIpv6(virtual.address) ? FORMS.reply : FORMS[config.arp];
const keyOf = ({ key }: InstanceAddress, form: Form): string => `${key} ${form}`;

interface PacedInterface {
  /** Of the device, when its pacing was looked up. */
  name: string | undefined;
  pacing: PacingConfig;
  state: AnnouncerState<Announcement>;
  /** Of `state`; "stale" when it has to be worked out again. */
  due: Instant | undefined | "stale";
}

const UNLIMITED: PacingConfig = { burst: 0, perSecond: 0, gap: 0 as Micros };

export class Announcements {
  readonly #context: EngineContext;
  readonly #ports = new Map<number, PacedInterface>();
  readonly #arp = new Uint8Array(ARP_FRAME_LENGTH);
  readonly #neighbour = new Uint8Array(NEIGHBOUR_FRAME_LENGTH);
  /** Of the interface that frames are being sent on; asked of the kernel once for all of them. */
  #forwards: boolean | undefined;
  #pacing = new Map<string, PacingConfig>();

  constructor(context: EngineContext) {
    this.#context = context;
  }

  /** All instances of an interface share its budget: the strictest limit counts. */
  configure(instances: readonly Instance[], now: Instant): void {
    const pacing = new Map<string, PacingConfig>();
    for (const { config } of instances) {
      for (const name of devices(config)) {
        pacing.set(name, strictest(pacing.get(name) ?? UNLIMITED, config.pacing));
      }
    }
    this.#pacing = pacing;
    for (const [index, port] of this.#ports) this.#pace(port, this.#nameOf(index), now);
  }

  #nameOf(index: number): string | undefined {
    return this.#context.interfaces.link(index)?.name;
  }

  /** Pacing is configured by name, and a device may have another one by now. */
  #pace(port: PacedInterface, name: string | undefined, now: Instant): void {
    const wasLimited = isLimited(port.pacing);
    port.name = name;
    port.pacing = (name === undefined ? undefined : this.#pacing.get(name)) ?? UNLIMITED;
    const { burst } = port.pacing;
    const tokens = wasLimited ? Math.min(port.state.tokens, burst) : burst;
    port.state = { ...port.state, tokens, filledAt: now };
    port.due = "stale";
  }

  /** Puts frames for these addresses in line, and sends what may leave now. */
  announce(
    instance: Instance,
    addresses: readonly InstanceAddress[],
    repeat: number,
    now: Instant,
  ): void {
    for (const entry of addresses) {
      const index = deviceOf(this.#context, instance, entry.virtual.interface);
      if (index !== undefined) this.request(instance, entry, index, repeat, now);
    }
    this.pump(now);
  }

  request(
    instance: Instance,
    entry: InstanceAddress,
    index: number,
    repeat: number,
    now: Instant,
  ): void {
    const port = this.#port(index, now);
    // Each form is a frame of its own, also to whoever counts them.
    const wanted = formsOf(instance, entry).map((form) => ({
      key: keyOf(entry, form),
      target: { instance, entry, form },
    }));
    port.state = request(port.state, wanted, repeat, now);
    port.due = "stale";
  }

  cancel(addresses: readonly InstanceAddress[]): void {
    const keys = new Set(addresses.flatMap((one) => FORMS.both.map((form) => keyOf(one, form))));
    for (const port of this.#ports.values()) {
      if (port.state.queue.length === 0) continue;
      port.state = cancel(port.state, keys);
      port.due = "stale";
    }
  }

  deadline(): Instant | undefined {
    let first: Instant | undefined;
    for (const port of this.#ports.values()) {
      if (port.due === "stale") port.due = announcerDeadline(port.pacing, port.state);
      first = earliest(first, port.due);
    }
    return first;
  }

  /** Sends what may leave now. */
  pump(now: Instant): void {
    for (const [index, port] of this.#ports) {
      if (port.state.queue.length === 0) continue;
      const taken = take(port.pacing, port.state, now);
      port.state = taken.state;
      port.due = "stale";
      this.#forwards = undefined;
      for (const target of taken.send) this.#send(index, target, now);
    }
  }

  #send(index: number, { instance, entry, form }: Announcement, now: Instant): void {
    const link = this.#context.interfaces.link(index);
    // An address that is not owned (any more) is not announced.
    if (link === undefined || !entry.owned) return;
    const frame = this.#frame(link, entry.virtual.address, form);
    const outcome = this.#context.world.sendFrame(index, frame);
    if (!outcome.ok) {
      instance.counters.send_errors += 1;
      return;
    }
    entry.announcements += 1;
    entry.announcedAt = now;
    instance.counters.announcements_sent += 1;
  }

  #frame({ index, mac }: LinkInfo, address: IpAddress, form: Form): Uint8Array {
    if (!isIpv6(address)) {
      emitArp(this.#arp, gratuitousArp(mac, address, form));
      return this.#arp;
    }
    this.#forwards ??= this.#context.world.forwardsIpv6(index);
    emitNeighbour(this.#neighbour, unsolicitedAdvertisement(mac, address, this.#forwards));
    return this.#neighbour;
  }

  #port(index: number, now: Instant): PacedInterface {
    const name = this.#nameOf(index);
    const known = this.#ports.get(index);
    if (known !== undefined) {
      if (known.name !== name) this.#pace(known, name, now);
      return known;
    }
    const pacing = (name === undefined ? undefined : this.#pacing.get(name)) ?? UNLIMITED;
    const port: PacedInterface = {
      name,
      pacing,
      state: emptyAnnouncer<Announcement>(pacing, now),
      due: "stale",
    };
    this.#ports.set(index, port);
    return port;
  }
}

function devices(config: InstanceConfig): ReadonlySet<string> {
  const names = new Set<string>();
  if (config.interface !== undefined) names.add(config.interface);
  for (const one of [...config.addresses, ...config.excludedAddresses]) {
    if (one.interface !== undefined) names.add(one.interface);
  }
  return names;
}

const isLimited = ({ burst, perSecond }: PacingConfig): boolean => burst > 0 && perSecond > 0;

function strictest(a: PacingConfig, b: PacingConfig): PacingConfig {
  const gap = Math.max(a.gap, b.gap) as Micros;
  const aRate = isLimited(a) ? a.perSecond : Number.POSITIVE_INFINITY;
  const bRate = isLimited(b) ? b.perSecond : Number.POSITIVE_INFINITY;
  const { burst, perSecond } = aRate <= bRate ? a : b;
  return { burst, perSecond, gap };
}
