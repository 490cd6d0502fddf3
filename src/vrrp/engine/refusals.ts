/**
 * Packets that change nothing: counted always, reported at most once a minute for each kind, so
 * that a flood of them costs neither the log nor the supervisor.
 */
import { type IpAddress, ipv4 } from "#units/address";
import type { Instant } from "#units/time";
import type { AdvertWarning, DropReason } from "../wire/vrrp-packet.ts";
import type { EngineContext } from "./context.ts";
import { counterOf } from "./counters.ts";
import type { Instance } from "./instance.ts";

const MINUTE = 60_000_000;
/** VRIDs of one byte on a few interfaces; a flood of them is not remembered without end. */
const UNKNOWN_MAX = 1_024;

interface UnknownRouter {
  count: number;
  lastReportedAt: Instant;
}

export class Refusals {
  readonly #context: EngineContext;
  readonly #unknown = new Map<string, UnknownRouter>();
  /** `log_unknown_vrids` */
  reportsUnknown = false;

  constructor(context: EngineContext) {
    this.#context = context;
  }

  /** A packet that `instance` refuses. */
  drop(instance: Instance, drop: DropReason, source: IpAddress | undefined, now: Instant): void {
    const counter = counterOf(drop.kind);
    if (counter !== undefined) instance.counters[counter] += 1;
    this.#count(instance, drop, source ?? ipv4(0), now);
  }

  /** An advertisement that is accepted although something about it is not as configured. */
  warn(instance: Instance, warning: AdvertWarning, from: IpAddress, now: Instant): void {
    if (warning.kind === "address-list-mismatch") instance.counters.addr_list_err += 1;
    this.#count(instance, warning, from, now);
  }

  #count(
    instance: Instance,
    drop: DropReason | AdvertWarning,
    from: IpAddress,
    now: Instant,
  ): void {
    const memory = instance.drops.get(drop.kind) ?? { count: 0, lastReportedAt: undefined };
    instance.drops.set(drop.kind, memory);
    memory.count += 1;
    if (memory.lastReportedAt !== undefined && now < memory.lastReportedAt + MINUTE) return;
    memory.lastReportedAt = now;
    const { name } = instance.config.router;
    this.#context.world.emit({ type: "drop", instance: name, drop, from, count: memory.count });
  }

  /**
   * An advertisement for a router that nobody here is part of: a VRID mistyped, or another cluster
   * beside us.
   */
  unknownRouter(interfaceIndex: number, vrid: number, from: IpAddress, now: Instant): void {
    const { world, interfaces } = this.#context;
    const link = interfaces.link(interfaceIndex);
    if (!this.reportsUnknown || link === undefined) return;
    const key = `${link.name}/${vrid}`;
    const memory = this.#unknown.get(key);
    const count = (memory?.count ?? 0) + 1;
    if (memory !== undefined && now - memory.lastReportedAt < MINUTE) {
      memory.count = count;
      return;
    }
    if (memory === undefined && this.#unknown.size >= UNKNOWN_MAX) return;
    this.#unknown.set(key, { count, lastReportedAt: now });
    world.emit({ type: "unknownVrid", interface: link.name, vrid, from, count });
  }
}
