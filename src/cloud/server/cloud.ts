/** The emulator without its socket: opened, asked by `handle`, disposed of. */
import { setTimeout as sleep } from "node:timers/promises";
import type { SecretPair } from "../api/verify.ts";
import type { ClaimOutcome } from "../model/claim.ts";
import type { Habits } from "../model/habits.ts";
import { HABITS } from "../model/habits.ts";
import type { Change, World } from "../model/world.ts";
import { claim, handleAdmin, isAdmin } from "./admin.ts";
import type { ApiParts, AuthMode } from "./api.ts";
import { handleApi } from "./api.ts";
import { ClaimLog } from "./claim-log.ts";
import { CloudClock } from "./clock.ts";
import { CloudStore } from "./cloud-store.ts";
import { Faults } from "./faults.ts";
import { Keeper } from "./keeper.ts";
import type { CloudRequest, CloudResponse } from "./message.ts";
import { RequestLog } from "./request-log.ts";
import { Throttle } from "./throttle.ts";

export interface CloudOptions {
  /** Directory of the durable store; left out, everything is forgotten at the end. */
  readonly dataDirectory?: string | undefined;
  /** Default: strict when there are secrets, else lenient. */
  readonly auth?: AuthMode | undefined;
  readonly secrets?: SecretPair | undefined;
  /** What differs from the platform's usual behaviour. */
  readonly habits?: Partial<Habits> | undefined;
  readonly apiLatencyMs?: number | undefined;
  /** Per region and action; the real cloud has 20. Left out: no limit. */
  readonly callsPerSecond?: number | undefined;
  readonly log?: ((level: "warning" | "error", text: string) => void) | undefined;
  /** Milliseconds since 1970, for tests. */
  readonly realNow?: (() => number) | undefined;
}

export interface Cloud {
  handle(request: CloudRequest): Promise<CloudResponse>;
  /** A gratuitous ARP for `vip` on an interface, as the network saw it. */
  claim(vip: string, interfaceId: string): ClaimOutcome;
  /** For reading only. */
  readonly world: World;
  /** After every change: what the network must know. */
  onChange(listener: (changes: readonly Change[]) => void): void;
  [Symbol.dispose](): void;
}

/** Throws what the store says: no access, locked by another emulator, no database. */
export function openCloud(options: CloudOptions = {}): Cloud {
  const log = options.log ?? ((): void => undefined);
  const auth = options.auth ?? (options.secrets === undefined ? "lenient" : "strict");
  if (auth === "strict" && options.secrets === undefined) {
    throw new Error("strict authentication needs a secret id and a secret key");
  }
  const clock = new CloudClock(options.realNow ?? Date.now);
  const directory = options.dataDirectory;
  const store = directory === undefined ? undefined : CloudStore.open(directory);
  const keeper = openKeeper(clock, store, log);
  const closing = new AbortController();
  const parts: ApiParts = {
    keeper,
    clock,
    habits: { ...HABITS, ...options.habits },
    faults: new Faults(),
    requests: new RequestLog(),
    claims: new ClaimLog(),
    throttle: new Throttle(options.callsPerSecond),
    auth,
    secrets: options.secrets,
    latencyMs: options.apiLatencyMs ?? 0,
    sleep: async (milliseconds) => {
      await sleep(milliseconds, undefined, { signal: closing.signal });
    },
    log,
  };
  return {
    handle: async (request) =>
      isAdmin(request.target) ? handleAdmin(parts, request) : await handleApi(parts, request),
    claim: (vip, interfaceId) => claim(parts, vip, interfaceId),
    world: keeper.world,
    onChange: (listener) => keeper.onChange(listener),
    [Symbol.dispose]: () => {
      closing.abort();
      keeper[Symbol.dispose]();
    },
  };
}

function openKeeper(
  clock: CloudClock,
  store: CloudStore | undefined,
  log: ApiParts["log"],
): Keeper {
  try {
    return new Keeper(clock, store, (error) =>
      log("error", error instanceof Error ? error.message : "the store failed"),
    );
  } catch (error) {
    store?.[Symbol.dispose]();
    throw error;
  }
}
