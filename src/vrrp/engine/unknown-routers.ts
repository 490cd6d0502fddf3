/** `log_unknown_vrids`: advertisements for routers that nobody here is part of: a VRID mistyped, or another cluster beside us. */
import type { Ipv4 } from "#units/address";
import type { Instant } from "#units/time";
import type { Engine } from "./engine.ts";

const MINUTE = 60_000_000;
/** VRIDs of one byte on a few interfaces; a flood of them is not remembered without end. */
const REMEMBERED_MAX = 1_024;

interface Memory {
  count: number;
  toldAt: Instant;
}

export class UnknownRouters {
  readonly #memories = new Map<string, Memory>();
  isTold = false;

  heard(engine: Engine, interfaceIndex: number, vrid: number, from: Ipv4, now: Instant): void {
    const link = engine.interfaces.link(interfaceIndex);
    if (!this.isTold || link === undefined) return;
    const key = `${link.name}/${vrid}`;
    const memory = this.#memories.get(key);
    const count = (memory?.count ?? 0) + 1;
    if (memory !== undefined && now - memory.toldAt < MINUTE) {
      memory.count = count;
      return;
    }
    if (memory === undefined && this.#memories.size >= REMEMBERED_MAX) return;
    this.#memories.set(key, { count, toldAt: now });
    engine.emit({ type: "unknownVrid", interface: link.name, vrid, from, count });
  }
}
