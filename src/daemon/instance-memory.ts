/**
 * What people are shown about each router: the state that the engine reported last, and its
 * history. Through a reload it follows the router (interface, VRID, transport), as the engine
 * does, and not the name: two routers may have exchanged names.
 */

import type { TransitionCount } from "#metrics/reading";
import type { AboutInstance } from "#vrrp/engine/engine-link";
import { pairUp } from "#vrrp/engine/pairing";
import type { InstanceConfig } from "#vrrp/router/config";
import type { PublicState } from "#vrrp/router/state";
import type { Notified } from "./notifier.ts";
import type { PastChange } from "./status.ts";

export interface InstanceMemory {
  config: InstanceConfig;
  state: PublicState;
  priority: number;
  /** The newest first. */
  history: readonly PastChange[];
  /** How it came to its state; undefined if nobody has been notified of it yet. */
  last: Notified | undefined;
  /** Since the daemon's start, by what changed and why. */
  readonly transitions: Map<string, TransitionCount>;
}

/** Of each instance, unless there are so many that all together would have more than this. */
const HISTORY_MAX = 100;
const HISTORY_ALL = 10_000;
const HISTORY_LEAST = 10;

interface Leaving {
  readonly memory: InstanceMemory;
  /** The configuration that removed it. */
  readonly nth: number;
}

/** What a reload did to names. */
export interface NameChanges {
  /** Names that now stand for a router that had another one. */
  readonly moved: readonly string[];
  /** Names that no router has any more, though the router that had the name goes on. */
  readonly gone: readonly string[];
}

export class InstanceMemories {
  #byName = new Map<string, InstanceMemory>();
  /** Removed by a reload; they are forgotten when the engine says that they are gone. */
  #leaving: Leaving[] = [];

  get(name: string): InstanceMemory | undefined {
    return this.#byName.get(name);
  }

  of({ instance, leaving }: AboutInstance): InstanceMemory | undefined {
    if (leaving === undefined) return this.#byName.get(instance);
    return this.#leaving.find(
      ({ memory, nth }) => nth === leaving && memory.config.router.name === instance,
    )?.memory;
  }

  entries(): MapIterator<[string, InstanceMemory]> {
    return this.#byName.entries();
  }

  /** Includes those that are leaving. */
  configs(): readonly InstanceConfig[] {
    return [...this.#byName.values(), ...this.#leaving.map(({ memory }) => memory)].map(
      ({ config }) => config,
    );
  }

  /** @param nth of the engine that runs, counted from 1 (SupervisorEffect) */
  configure(configs: readonly InstanceConfig[], nth: number): NameChanges {
    const before = new Map([...this.#byName.values()].map((memory) => [memory.config, memory]));
    const pairs = pairUp([...before.keys()], configs);
    const moved: string[] = [];
    const gone: string[] = [];
    this.#byName = new Map();
    for (const config of configs) {
      const { name } = config.router;
      const old = pairs.get(config);
      const memory = old === undefined ? undefined : before.get(old);
      this.#byName.set(name, memory ?? fresh(config));
      if (old === undefined || memory === undefined) continue;
      before.delete(old);
      memory.config = config;
      if (old.router.name === name) continue;
      moved.push(name);
      gone.push(old.router.name);
    }
    this.#leaving.push(...[...before.values()].map((memory) => ({ memory, nth })));
    return { moved, gone: gone.filter((name) => !this.#byName.has(name)) };
  }

  /** The engine is gone: nothing is known about any router. */
  engineGone(): void {
    for (const memory of this.#byName.values()) memory.state = "INIT";
    this.#leaving = [];
  }

  changed(about: AboutInstance, event: PastChange, change: Notified): void {
    const memory = this.of(about);
    if (memory === undefined) return;
    const { to, priority } = change;
    memory.state = to;
    memory.priority = priority;
    memory.last = change;
    count(memory.transitions, event);
    memory.history = [event, ...memory.history.slice(0, this.#historyMax - 1)];
  }

  get #historyMax(): number {
    const share = Math.floor(HISTORY_ALL / this.#byName.size);
    return Math.max(HISTORY_LEAST, Math.min(HISTORY_MAX, share));
  }

  /** Forgets a router that was leaving. */
  delete(memory: InstanceMemory): void {
    this.#leaving = this.#leaving.filter((one) => one.memory !== memory);
  }

  /** `VI_1 MASTER, VI_2 BACKUP` */
  summary(): string {
    return [...this.#byName].map(([name, { state }]) => `${name} ${state}`).join(", ");
  }
}

function count(
  transitions: Map<string, TransitionCount>,
  { from, to, reason: { kind: reason } }: PastChange,
): void {
  const key = `${from} ${to} ${reason}`;
  const before = transitions.get(key)?.count ?? 0;
  transitions.set(key, { from, to, reason, count: before + 1 });
}

const fresh = (config: InstanceConfig): InstanceMemory => ({
  config,
  state: "INIT",
  priority: config.router.priority,
  history: [],
  last: undefined,
  transitions: new Map(),
});
