/**
 * One daemon for an address in a network namespace. Several daemons may run side by side, with
 * runtime directories and instances of their own. What they own is claimed
 * (linux/address-claims.ts), and a daemon that names an address of another neither starts nor
 * reloads.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { Language } from "#diagnostics/diagnostic";
import { type AddressClaim, AddressClaims, holdersOf } from "#linux/address-claims";
import { type IpAddress, printIp } from "#units/address";
import { type Failure, printFailure } from "#vrrp/engine/world";
import type { InstanceConfig } from "#vrrp/router/config";
import { everyAddress } from "./every-address.ts";

/**
 * The name that an engine gives itself (engine-main.ts). Without a supervisor it only hands
 * over, and soon ends.
 */
const ENGINE = "baton-engine";
const POLL_MS = 20;
/** As long as for an engine of the same runtime directory (engine-lock.ts). */
const TIMEOUT_MS = 10_000;
/**
 * Two daemons that start at the same moment see each other's claims: both step back, and look
 * again at different moments.
 */
const STEP_BACK_MS = 200;
/** How many addresses a message names. */
const NAMED_MAX = 5;

export interface Conflict {
  readonly addresses: readonly IpAddress[];
  /** Empty if they are in another process namespace and cannot be seen. */
  readonly holders: readonly { readonly pid: number; readonly name: string }[];
}

/**
 * A claim needs a descriptor. Without one, another owner would not see ours, and the next call
 * would fail for the same reason.
 */
export interface Shortage {
  readonly failure: Failure;
  readonly count: number;
}

const isShort = ({ errno }: Failure): boolean => errno === "EMFILE" || errno === "ENFILE";

export class Ownership {
  readonly #claims = new AddressClaims();
  readonly #warn: (text: string) => void;
  #own: ReadonlySet<IpAddress> = new Set();

  constructor(warn: (text: string) => void) {
    this.#warn = warn;
  }

  /**
   * Called at the start. Waits for an engine that is handing over, but not for a running
   * daemon, and stops waiting once this daemon has been asked to stop: then nothing is owned,
   * whatever the result.
   */
  async take(
    instances: readonly InstanceConfig[],
    timeoutMs: number = TIMEOUT_MS,
    isStopped: () => boolean = () => false,
  ): Promise<Conflict | Shortage | undefined> {
    const end = performance.now() + timeoutMs;
    for (let tries = 1; ; tries++) {
      this.#own = everyAddress(instances);
      const shortage = this.#claim(this.#own);
      if (shortage !== undefined) {
        this.#claims.keepOnly(new Set());
        return shortage;
      }
      const others = this.#others(this.#own);
      if (others.length === 0) return undefined;
      this.#claims.keepOnly(new Set());
      const conflict = conflictOf(others);
      const runs = conflict.holders.some(({ name }) => name !== ENGINE);
      if (isStopped()) return undefined;
      if ((runs && tries > 1) || performance.now() >= end) return conflict;
      await sleep(runs ? STEP_BACK_MS * (0.5 + Math.random()) : POLL_MS);
    }
  }

  /**
   * Called at a reload. Addresses that are no longer configured stay claimed until the engine
   * has given them up (`keepOnly`).
   */
  change(instances: readonly InstanceConfig[]): Conflict | Shortage | undefined {
    const wanted = everyAddress(instances);
    const added = new Set([...wanted].filter((address) => !this.#own.has(address)));
    const all = new Set([...this.#own, ...wanted]);
    const shortage = this.#claim(all);
    if (shortage !== undefined) {
      this.#claims.keepOnly(this.#own);
      return shortage;
    }
    const others = this.#others(added);
    if (others.length > 0) {
      this.#claims.keepOnly(this.#own);
      return conflictOf(others);
    }
    this.#own = all;
    return undefined;
  }

  /**
   * The addresses that a reload removed have been given up, so another daemon may have them.
   */
  keepOnly(instances: readonly InstanceConfig[]): void {
    this.#own = everyAddress(instances);
    this.#claims.keepOnly(this.#own);
  }

  /**
   * If claims are refused, the locks of the runtime directory remain, and the engine cannot
   * send without the same right either.
   */
  #claim(addresses: ReadonlySet<IpAddress>): Shortage | undefined {
    const failure = this.#claims.set(addresses);
    if (failure === undefined) return undefined;
    if (isShort(failure)) return { failure, count: addresses.size };
    this.#warn(printFailure(failure));
    return undefined;
  }

  #others(addresses: ReadonlySet<IpAddress>): readonly AddressClaim[] {
    return this.#claims.others().filter(({ address }) => addresses.has(address));
  }

  [Symbol.dispose](): void {
    this.#claims[Symbol.dispose]();
  }
}

function conflictOf(claims: readonly AddressClaim[]): Conflict {
  const addresses = [...new Set(claims.map(({ address }) => address))];
  return { addresses, holders: holdersOf(claims) };
}

export function refusalSentence(refused: Conflict | Shortage, language: Language): string {
  return "failure" in refused
    ? shortageSentence(refused, language)
    : conflictSentence(refused, language);
}

function shortageSentence({ failure, count }: Shortage, language: Language): string {
  const why = printFailure(failure);
  return language === "en"
    ? `${count} addresses take as many descriptors, and there are too few (${why}); raise the limit (\`ulimit -n\`, LimitNOFILE=)`
    : `${count} 个地址需要同样多的文件描述符，当前不够（${why}）；请调高上限（\`ulimit -n\`、LimitNOFILE=）`;
}

function conflictSentence({ addresses, holders }: Conflict, language: Language): string {
  const named = addresses.slice(0, NAMED_MAX).map(printIp).join(", ");
  const more = addresses.length - NAMED_MAX;
  // The supervisor is the process to stop.
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
