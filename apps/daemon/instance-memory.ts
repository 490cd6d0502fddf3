/**
 * What the keeper remembers of each instance: the state last told by the engine, whether its address may be here, and its
 * history. Enough to hand over for an engine that died.
 */
import type { InstanceConfig } from "#core/config";
import type { PublicState } from "#core/state";
import { pairUp } from "#engine/pairing";
import type { History } from "./status.ts";

export interface InstanceMemory {
  config: InstanceConfig;
  state: PublicState;
  /** From MASTER until the addresses are given up for certain: a hand-over at a stop belongs to it. */
  mayOwn: boolean;
  priority: number;
  history: History;
  /** A reload has taken it away; it goes when the engine says that it is removed. */
  isLeaving: boolean;
}

const HISTORY_MAX = 100;

export class InstanceMemories {
  readonly #byName = new Map<string, InstanceMemory>();

  get(name: string): InstanceMemory | undefined {
    return this.#byName.get(name);
  }

  entries(): MapIterator<[string, InstanceMemory]> {
    return this.#byName.entries();
  }

  /** Returns old name → new name of those that the engine goes on with under another name. */
  configure(configs: readonly InstanceConfig[]): ReadonlyMap<string, string> {
    const renamed = new Map<string, string>();
    const before = new Map(
      [...this.#byName].map(([name, memory]) => [memory.config, { name, memory }]),
    );
    const pairs = pairUp([...before.keys()], configs);
    const names = new Set(configs.map(({ router }) => router.name));
    for (const config of configs) {
      const { name } = config.router;
      const old = pairs.get(config);
      const known = old === undefined ? undefined : before.get(old);
      if (known !== undefined && known.name !== name && !names.has(known.name)) {
        this.#byName.delete(known.name);
        this.#byName.set(name, known.memory);
        renamed.set(known.name, name);
      }
      const memory = this.#byName.get(name);
      if (memory === undefined) this.#byName.set(name, fresh(config));
      else {
        memory.config = config;
        memory.isLeaving = false;
      }
    }
    for (const [name, memory] of this.#byName) memory.isLeaving = !names.has(name);
    return renamed;
  }

  /** The engine is gone: nothing is known of any of them. Returns what it may have owned. */
  engineGone(): readonly InstanceConfig[] {
    const owned: InstanceConfig[] = [];
    for (const [name, memory] of this.#byName) {
      if (memory.mayOwn) owned.push(memory.config);
      memory.mayOwn = false;
      memory.state = "INIT";
      if (memory.isLeaving) this.#byName.delete(name);
    }
    return owned;
  }

  changed(name: string, event: History[number], to: PublicState, priority: number): void {
    const memory = this.#byName.get(name);
    if (memory === undefined) return;
    memory.state = to;
    memory.priority = priority;
    if (to === "MASTER") memory.mayOwn = true;
    else if (to !== "STOP") memory.mayOwn = false;
    memory.history = [event, ...memory.history].slice(0, HISTORY_MAX);
  }

  handedOver(name: string): void {
    const memory = this.#byName.get(name);
    if (memory !== undefined) memory.mayOwn = false;
  }

  /** The engine has ended in good order. */
  allHandedOver(): void {
    for (const memory of this.#byName.values()) memory.mayOwn = false;
  }

  delete(name: string): void {
    this.#byName.delete(name);
  }

  /** `VI_1 MASTER, VI_2 BACKUP` */
  summary(): string {
    return [...this.#byName].map(([name, { state }]) => `${name} ${state}`).join(", ");
  }
}

const fresh = (config: InstanceConfig): InstanceMemory => ({
  config,
  state: "INIT",
  mayOwn: false,
  priority: config.router.priority,
  history: [],
  isLeaving: false,
});
