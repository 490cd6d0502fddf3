/**
 * Baton beside a running keepalived, without a packet sent or an address touched.
 *
 *   observations in order ──> every shadowed node: engine + comparisons (shadow-node.ts)
 *                        └──> who owns what, by everybody's advertisements (owners.ts)
 *   what is found ──> `report`, once; what repeats within a minute is only counted (repeated.ts)
 *
 * Pure: the same observations give the same findings, live or from a capture. Virtual time: before
 * an observation everything that is due earlier happens at its own moment.
 */
import type { IpAddress, Mac } from "#units/address";
import { earliestOf, type Instant, type Micros, micros } from "#units/time";
import type { TrackerResult } from "#vrrp/engine/engine-link";
import type { WorldEvent } from "#vrrp/engine/world";
import { parseArp } from "#vrrp/wire/arp";
import { parseAdvert } from "#vrrp/wire/parse-advert";
import { toleranceOf } from "./adopt.ts";
import type { Finding, What } from "./finding.ts";
import { addressesOf } from "./own-advert.ts";
import { Owners } from "./owners.ts";
import { Repetitions } from "./repeated.ts";
import { type NodePlan, ShadowNode } from "./shadow-node.ts";
import { type VerdictContext, verdictOf } from "./verdict.ts";

export type Observation =
  /** A whole IPv4 packet; `mac`: of its sender. */
  | {
      readonly kind: "vrrp";
      readonly bytes: Uint8Array;
      readonly mac: Mac | undefined;
      readonly packet?: number;
    }
  /** A whole Ethernet frame. */
  | { readonly kind: "arp"; readonly bytes: Uint8Array; readonly packet?: number }
  | { readonly kind: "world"; readonly event: WorldEvent }
  | { readonly kind: "tracker"; readonly result: TrackerResult }
  /** keepalived on the shadowed machine. `found`: it ran before we looked. */
  | { readonly kind: "daemon"; readonly state: "found" | "ended" }
  /** `since`: when it was started, which is noticed a moment later. */
  | { readonly kind: "daemon"; readonly state: "started"; readonly since: Instant };

export interface ShadowOptions {
  /** Two decisions that are no further apart are the same; undefined: as the interval suggests. */
  readonly tolerance: Micros | undefined;
  readonly nodes: readonly NodePlan[];
  /** @param isRepeated it was found so often of late that once a minute is enough to show it */
  readonly report: (finding: Finding, isRepeated: boolean) => void;
}

/** After a time in which nothing was captured, all is seen anew: it may be another day. */
export const GAP_MAX: Micros = micros(600_000_000);

export class Shadow {
  readonly #options: ShadowOptions;
  #nodes: readonly ShadowNode[] = [];
  readonly #owners = new Map<string, Owners>();
  readonly #repetitions = new Repetitions();
  #now: Instant | undefined;
  /** Advertisements of the routers that are shadowed. */
  adverts = 0;
  /** Beginnings after a long gap. */
  gaps = 0;

  constructor(options: ShadowOptions) {
    this.#options = options;
  }

  /** Decisions that could not be compared, because what was before them was not seen. */
  get skipped(): number {
    return this.#nodes.reduce((sum, node) => sum + node.skipped, 0);
  }

  /** What happens at this moment; never earlier than the one before. */
  observe(at: Instant, observation: Observation): void {
    const now = this.#moveTo(at);
    for (const node of this.#nodes) node.now = now;
    switch (observation.kind) {
      case "vrrp":
        return this.#packet(now, observation);
      case "arp":
        return this.#arp(now, observation.bytes, observation.packet);
      case "world":
        for (const node of this.#nodes) node.world(observation.event, now);
        return;
      case "tracker":
        for (const node of this.#nodes) node.tracker(observation.result, now);
        return;
      case "daemon":
        for (const node of this.#nodes) daemonChanged(node, observation, now);
        return;
    }
  }

  /** Nothing was observed until `at`. */
  advance(at: Instant): void {
    this.#moveTo(at);
  }

  #moveTo(at: Instant): Instant {
    const before = this.#now;
    if (before === undefined || at - before > GAP_MAX) {
      if (before !== undefined) this.gaps += 1;
      this.#begin(at);
      return at;
    }
    const now = Math.max(before, at) as Instant;
    this.#now = now;
    for (let due = this.#due(before); due !== undefined && due <= now; due = this.#due(due)) {
      for (const node of this.#nodes) {
        node.now = due;
        node.onTime(due);
      }
    }
    return now;
  }

  /** The next deadline; one that does not move on is not waited for again. */
  #due(last: Instant): Instant | undefined {
    const due = earliestOf(this.#nodes.map((node) => node.deadline()));
    if (due === undefined) return undefined;
    if (due > last || this.#lastDue !== due) {
      this.#lastDue = due;
      return Math.max(due, last) as Instant;
    }
    return (last + 1) as Instant;
  }
  #lastDue: Instant | undefined;

  #begin(at: Instant): void {
    this.#now = at;
    this.#owners.clear();
    this.#nodes = this.#options.nodes.map((plan) => {
      const node: ShadowNode = new ShadowNode(
        plan,
        this.#options.tolerance,
        (when, instance, what, packets, context) =>
          this.#report(when, node.address, instance, what, packets, context),
        at,
      );
      return node;
    });
  }

  #packet(at: Instant, { bytes, mac, packet }: Extract<Observation, { kind: "vrrp" }>): void {
    const parsed = parseAdvert(bytes);
    if (parsed.kind === "drop") return;
    const { advert } = parsed;
    const { source: from, priority, interval, vrid } = advert;
    const [instance] = this.#nodes.flatMap((node) =>
      node.instances.filter(({ config }) => config.router.vrid === vrid),
    );
    if (instance === undefined) return;
    this.adverts += 1;
    for (const node of this.#nodes) node.packet(bytes, advert, at, packet);
    if (advert.checksum.kind === "broken") return;
    const seen = { from, priority, interval, at, packet };
    this.#ownersOf(instance.config.router.name, instance.config.router).advert(seen, mac);
  }

  #arp(at: Instant, frame: Uint8Array, packet: number | undefined): void {
    const parsed = parseArp(frame);
    if (parsed.kind === "drop") return;
    const { senderAddress: address, senderMac } = parsed.arp;
    const isOurs = this.#nodes.flatMap((node) =>
      node.instances.filter(({ config }) => addressesOf(config).includes(address)),
    );
    const [instance] = isOurs;
    if (instance === undefined) return;
    const { router } = instance.config;
    this.#ownersOf(router.name, router).answered(address, senderMac, at, packet);
  }

  #ownersOf(name: string, config: VerdictContext["config"]): Owners {
    const tolerance = toleranceOf(this.#options.tolerance, config);
    const known = this.#owners.get(name);
    if (known !== undefined) return known;
    const context = { config, tolerance, leaseWait: micros(0) };
    const owners = new Owners(tolerance, (at, what, packets) =>
      this.#report(at, undefined, name, what, packets, context),
    );
    this.#owners.set(name, owners);
    return owners;
  }

  #report(
    at: Instant,
    node: IpAddress | undefined,
    instance: string,
    what: What,
    packets: readonly number[],
    context: VerdictContext,
  ): void {
    const verdicts = verdictOf(what, context);
    const isRepeated = this.#repetitions.isRepeated(`${node ?? ""}/${instance}/${what.kind}`, at);
    this.#options.report({ at, node, instance, what, packets, ...verdicts }, isRepeated);
  }
}

function daemonChanged(
  node: ShadowNode,
  observation: Extract<Observation, { kind: "daemon" }>,
  at: Instant,
): void {
  switch (observation.state) {
    case "found":
      return node.begin(at);
    case "ended":
      return node.ended(at);
    case "started":
      return node.started(Math.min(observation.since, at) as Instant, at);
  }
}
