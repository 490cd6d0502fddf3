/**
 * Routes and policy rules of an instance: added after its addresses, removed before them in
 * reverse. What the kernel refuses is logged and left out, as keepalived does it: a node without a
 * route is a better master than none.
 */
import type { InstanceConfig } from "../router/config.ts";
import { type RoutingItem, textOf } from "../router/routes.ts";
import type { EngineContext } from "./context.ts";
import type { Instance } from "./instance.ts";
import { type Failure, printFailure } from "./world.ts";

/** In the order of adding: rules may look up the tables that the routes have filled. */
export function routingItems({ routes = [], rules = [] }: InstanceConfig): readonly RoutingItem[] {
  return [
    ...routes.map((route) => ({ kind: "route", route }) as const),
    ...rules.map((rule) => ({ kind: "rule", rule }) as const),
  ];
}

/** Of a removal: it went by itself, with its address, its device or its table. */
export const isRouteGone = ({ errno }: Failure): boolean =>
  ["ESRCH", "ENOENT", "ENODEV", "EADDRNOTAVAIL"].includes(errno);

export class Routing {
  readonly #context: EngineContext;

  constructor(context: EngineContext) {
    this.#context = context;
  }

  /** After its addresses were added. */
  take(instance: Instance): void {
    const { routing } = this.#context.world;
    const items = routingItems(instance.config);
    if (routing === undefined || items.length === 0) return;
    instance.routing = items.filter((item) => this.#add(instance, item));
  }

  #add(instance: Instance, item: RoutingItem): boolean {
    const outcome = this.#context.world.routing?.add(item, this.#indexOf);
    if (outcome === undefined || outcome.ok) return true;
    this.#log(instance, `${nameOf(item)} cannot be added: ${printFailure(outcome)}`);
    return false;
  }

  /** Before its addresses are removed. */
  giveUp(instance: Instance): void {
    if (instance.routing.length === 0) return;
    this.#remove(instance, instance.routing);
    instance.routing = [];
  }

  #remove(instance: Instance, items: readonly RoutingItem[]): void {
    const { routing } = this.#context.world;
    for (const item of items.toReversed()) {
      if (this.#isUsedElsewhere(instance, item)) continue;
      const outcome = routing?.remove(item, this.#indexOf);
      if (outcome === undefined || outcome.ok || isRouteGone(outcome)) continue;
      this.#log(instance, `${nameOf(item)} could not be removed: ${printFailure(outcome)}`);
    }
  }

  /** A reload: what is gone goes, what is new comes; all in the order that is written. */
  change(instance: Instance): void {
    const had = instance.routing;
    const wanted = routingItems(instance.config);
    if (had.map(keyOf).join() === wanted.map(keyOf).join()) return;
    const isIn = (list: readonly RoutingItem[], item: RoutingItem): boolean =>
      list.some((one) => isSame(one, item));
    this.#remove(
      instance,
      had.filter((item) => !isIn(wanted, item)),
    );
    instance.routing = [];
    instance.routing = wanted.filter((item) => isIn(had, item) || this.#add(instance, item));
  }

  /** What a dead engine may have left of instances that begin as nobody's. */
  sweep(instance: Instance): void {
    this.#remove(instance, routingItems(instance.config));
  }

  #isUsedElsewhere(except: Instance, item: RoutingItem): boolean {
    return this.#context.instances.all.some(
      (other) => other !== except && other.routing.some((one) => isSame(one, item)),
    );
  }

  readonly #indexOf = (device: string): number | undefined =>
    this.#context.interfaces.named(device)?.index;

  #log({ config }: Instance, what: string): void {
    const text = `(${config.router.name}) ${what}`;
    this.#context.world.emit({ type: "log", level: "error", text });
  }
}

const nameOf = (item: RoutingItem): string => `${item.kind} \`${textOf(item)}\``;

/** Compared with those of every other instance, a thousand of them at a stop: made once. */
const keys = new WeakMap<RoutingItem, string>();

function keyOf(item: RoutingItem): string {
  const known = keys.get(item);
  if (known !== undefined) return known;
  const key = JSON.stringify(item);
  keys.set(item, key);
  return key;
}

const isSame = (a: RoutingItem, b: RoutingItem): boolean => keyOf(a) === keyOf(b);
