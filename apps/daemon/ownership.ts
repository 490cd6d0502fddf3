/**
 * One daemon for an address in a network namespace. Several may run side by side, with runtime directories and instances of
 * their own; what they own is claimed (linux/address-claims.ts), and a daemon that names an address of another does not
 * start, nor reload.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { InstanceConfig } from "#core/config";
import type { Language } from "#diagnostics/diagnostic";
import { AddressClaims, type Claim, holdersOf } from "#linux/address-claims";
import { printFailure } from "#linux/result";
import { type Ipv4, printIpv4 } from "#units/address";

/** What an engine calls itself (engine-main.ts): alone it only hands over, and is gone soon. */
const ENGINE = "baton-engine";
const POLL_MS = 20;
/** As for an engine of the same runtime directory (engine-lock.ts). */
const PATIENCE_MS = 10_000;
/** Two daemons that start at the same moment see each other: both step back and look again, not at the same moment. */
const STEP_BACK_MS = 200;
/** Addresses that a message names. */
const NAMED_MAX = 5;

/** With those a reload has taken away: they are handed over yet. */
export function everyAddress(instances: readonly InstanceConfig[]): ReadonlySet<Ipv4> {
  const addresses = new Set<Ipv4>();
  for (const one of instances) {
    for (const { address } of one.addresses) addresses.add(address);
    for (const { address } of one.excludedAddresses) addresses.add(address);
  }
  return addresses;
}

export interface Conflict {
  readonly addresses: readonly Ipv4[];
  /** Empty where they cannot be seen, in another process namespace. */
  readonly holders: readonly { readonly pid: number; readonly name: string }[];
}

export class Ownership {
  readonly #claims = new AddressClaims();
  readonly #warn: (text: string) => void;
  #own: ReadonlySet<Ipv4> = new Set();

  constructor(warn: (text: string) => void) {
    this.#warn = warn;
  }

  /** At the start. Waits for an engine that is handing over, not for a daemon that runs. */
  async take(
    instances: readonly InstanceConfig[],
    patienceMs: number = PATIENCE_MS,
  ): Promise<Conflict | undefined> {
    const end = performance.now() + patienceMs;
    for (let tries = 1; ; tries++) {
      this.#own = everyAddress(instances);
      this.#claim(this.#own);
      const others = this.#others(this.#own);
      if (others.length === 0) return undefined;
      this.#claims.keepOnly(new Set());
      const conflict = conflictOf(others);
      const runs = conflict.holders.some(({ name }) => name !== ENGINE);
      if ((runs && tries > 1) || performance.now() >= end) return conflict;
      await sleep(runs ? STEP_BACK_MS * (0.5 + Math.random()) : POLL_MS);
    }
  }

  /** At a reload. What is no longer configured stays claimed: the engine hands it over yet, and may run on for long. */
  change(instances: readonly InstanceConfig[]): Conflict | undefined {
    const wanted = everyAddress(instances);
    const added = new Set([...wanted].filter((address) => !this.#own.has(address)));
    const all = new Set([...this.#own, ...wanted]);
    this.#claim(all);
    const others = this.#others(added);
    if (others.length > 0) {
      this.#claims.keepOnly(this.#own);
      return conflictOf(others);
    }
    this.#own = all;
    return undefined;
  }

  /** A refusal leaves the locks of the runtime directory; the engine cannot speak without the same right either. */
  #claim(addresses: ReadonlySet<Ipv4>): void {
    const refused = this.#claims.set(addresses);
    if (refused !== undefined) this.#warn(printFailure(refused));
  }

  #others(addresses: ReadonlySet<Ipv4>): readonly Claim[] {
    return this.#claims.others().filter(({ address }) => addresses.has(address));
  }

  [Symbol.dispose](): void {
    this.#claims[Symbol.dispose]();
  }
}

function conflictOf(claims: readonly Claim[]): Conflict {
  const addresses = [...new Set(claims.map(({ address }) => address))];
  return { addresses, holders: holdersOf(claims) };
}

export function conflictSentence({ addresses, holders }: Conflict, language: Language): string {
  const named = addresses.slice(0, NAMED_MAX).map(printIpv4).join(", ");
  const more = addresses.length - NAMED_MAX;
  // The keeper is the one to stop.
  const { pid } = holders.find(({ name }) => name !== ENGINE) ?? holders[0] ?? {};
  if (language === "en") {
    const all = more > 0 ? `${named} and ${more} more` : named;
    const who = pid === undefined ? "a daemon of another process namespace" : `PID ${pid}`;
    return `${all} belongs to another Baton daemon in this network namespace (${who}); stop that one, or give each address to one of them only`;
  }
  const all = more > 0 ? `${named} 等 ${addresses.length} 个地址` : named;
  const who = pid === undefined ? "位于其他进程命名空间" : `PID ${pid}`;
  return `${all} 属于本网络命名空间中的另一个 Baton 守护进程（${who}）；请停止该进程，或确保每个地址只由其中一个管理`;
}
