/** The emulator without its socket: opened, asked by `handle`, disposed of. */
import { setTimeout as sleep } from "node:timers/promises";
import type { SecretPair } from "../api/verify.ts";
import type { ClaimOutcome } from "../model/claim.ts";
import type { Change, CloudState } from "../model/cloud-state.ts";
import type { PlatformProfile } from "../model/platform-profile.ts";
import { DEFAULT_PROFILE } from "../model/platform-profile.ts";
import { claim, handleAdmin, isAdmin } from "./admin.ts";
import type { ApiParts, AuthMode } from "./api.ts";
import { handleApi } from "./api.ts";
import { ClaimLog } from "./claim-log.ts";
import { CloudClock } from "./clock.ts";
import { CloudStore } from "./cloud-store.ts";
import { ControlPlane } from "./control-plane.ts";
import { Faults } from "./faults.ts";
import type { CloudRequest, CloudResponse } from "./message.ts";
import { RequestLog } from "./request-log.ts";
import { Throttle } from "./throttle.ts";

export interface CloudOptions {
  /** The directory of the durable store. Without one, everything is forgotten at the end. */
  readonly dataDirectory?: string | undefined;
  /** The default is strict if there are secrets, else lenient. */
  readonly auth?: AuthMode | undefined;
  readonly secrets?: SecretPair | undefined;
  /** Deviations from the platform's usual behaviour. */
  readonly profile?: Partial<PlatformProfile> | undefined;
  readonly apiLatencyMs?: number | undefined;
  /** Calls a second per region and action; the real cloud has 20. No limit if left out. */
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
  readonly world: CloudState;
  /** Called after every change with what the network must know. */
  onChange(listener: (changes: readonly Change[]) => void): void;
  [Symbol.dispose](): void;
}

/** Throws the store's error: no access, locked by another emulator, or not a database. */
export function openCloud(options: CloudOptions = {}): Cloud {
  const log = options.log ?? ((): void => undefined);
  const auth = options.auth ?? (options.secrets === undefined ? "lenient" : "strict");
  if (auth === "strict" && options.secrets === undefined) {
    throw new Error("strict authentication needs a secret id and a secret key");
  }
  const clock = new CloudClock(options.realNow ?? Date.now);
  const directory = options.dataDirectory;
  const store = directory === undefined ? undefined : CloudStore.open(directory);
  const controlPlane = openControlPlane(clock, store, log);
  const closing = new AbortController();
  const parts: ApiParts = {
    controlPlane,
    clock,
    profile: { ...DEFAULT_PROFILE, ...options.profile },
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
    world: controlPlane.world,
    onChange: (listener) => controlPlane.onChange(listener),
    [Symbol.dispose]: () => {
      closing.abort();
      controlPlane[Symbol.dispose]();
    },
  };
}

function openControlPlane(
  clock: CloudClock,
  store: CloudStore | undefined,
  log: ApiParts["log"],
): ControlPlane {
  try {
    return new ControlPlane(clock, store, (error) =>
      log("error", error instanceof Error ? error.message : "the store failed"),
    );
  } catch (error) {
    store?.[Symbol.dispose]();
    throw error;
  }
}
