/**
 * Beside VRRP: asks the cloud whether it agrees about every HAVIP of an instance that is MASTER (src/provider/agreement.ts
 * decides when), has it announced again, and tells. The control plane being slow or away changes nothing else.
 */
import { readFileSync } from "node:fs";
import type { HavipStatus } from "#contract/status";
import { now } from "#linux/clock";
import {
  type AgreementEffect,
  type AgreementEvent,
  type AgreementNews,
  type AgreementState,
  agreementDeadline,
  IDLE,
  stepAgreement,
  type View,
} from "#provider/agreement";
import { type CallFailure, type CloudClient, makeClient } from "#provider/client";
import { findAccount } from "#provider/credentials";
import { CLOUD_ENDPOINT, readEndpoint } from "#provider/endpoint";
import { type OwnIdentity, viewOf } from "#provider/whose";
import { elapsed, type Instant, toMillis, toSeconds } from "#units/time";
import type { Log } from "./log.ts";

const METADATA_URL = "http://metadata.tencentyun.com";
/** One question: no longer than the time until the next. */
const ASK_MS = 3_000;

/** Where to ask. */
export interface CloudQuestion {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Undefined: the environment, or the cloud itself. */
  readonly endpoint: string | undefined;
  readonly region: string | undefined;
  /** Undefined: the machine's metadata say. */
  readonly instanceId: string | undefined;
}

export interface HavipOptions extends CloudQuestion {
  readonly log: Log;
  readonly announce: (instance: string) => void;
}

interface Watch {
  readonly instance: string;
  readonly address: string;
  state: AgreementState;
  /** MASTER, or the last agreement, since. */
  changedAt: Instant;
}

export class HavipLoop {
  readonly #options: HavipOptions;
  readonly #watches = new Map<string, Watch>();
  #timer: NodeJS.Timeout | undefined;
  #client: CloudClient | undefined;
  #own: OwnIdentity | undefined;

  constructor(options: HavipOptions) {
    this.#options = options;
  }

  /** An instance has a new state. `addresses`: its virtual addresses, dotted. */
  transition(instance: string, isMaster: boolean, addresses: readonly string[]): void {
    for (const [key, watch] of this.#watches) {
      if (watch.instance !== instance || addresses.includes(watch.address)) continue;
      this.#watches.delete(key);
    }
    for (const address of addresses) {
      const key = `${instance}/${address}`;
      const known = this.#watches.get(key) ?? { instance, address, state: IDLE, changedAt: now() };
      this.#watches.set(key, known);
      this.#step(known, { kind: "role", isMaster });
    }
    this.#arm();
  }

  /** Nobody of ours is MASTER until another engine says so. */
  engineGone(): void {
    for (const watch of this.#watches.values())
      this.#step(watch, { kind: "role", isMaster: false });
    this.#arm();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#watches.clear();
  }

  status(instance: string): readonly HavipStatus[] {
    return [...this.#watches.values()]
      .filter((one) => one.instance === instance)
      .map(({ address, state, changedAt }) => {
        if (state.kind === "idle") return { address, platform: "not-asked" as const };
        const { view, agreed, announcements } = state;
        const forSeconds = toSeconds(elapsed(changedAt, now()));
        if (agreed) return { address, platform: "agrees" as const, forSeconds };
        const holder = view?.kind === "theirs" ? view.instanceId : undefined;
        const platform =
          view === undefined || view.kind === "unknown"
            ? ("unknown" as const)
            : ("disagrees" as const);
        const detail = view === undefined ? undefined : printView(view);
        return { address, platform, forSeconds, holder, detail, announcements };
      });
  }

  #step(watch: Watch, event: AgreementEvent): void {
    const { state, effects } = stepAgreement(watch.state, event, now());
    if (event.kind === "role" && state !== watch.state) watch.changedAt = now();
    watch.state = state;
    for (const effect of effects) this.#perform(watch, effect);
  }

  #perform(watch: Watch, effect: AgreementEffect): void {
    switch (effect.kind) {
      case "ask":
        void this.#ask(watch.address).then((view) => {
          this.#step(watch, { kind: "answered", turn: effect.turn, view });
          this.#arm();
        });
        return;
      case "announce":
        return this.#options.announce(watch.instance);
      case "tell":
        watch.changedAt = now();
        return this.#tell(watch, effect.news);
    }
  }

  #tell({ instance, address }: Watch, news: AgreementNews): void {
    const { log } = this.#options;
    const fields = { instance, address, havip: news };
    switch (news.kind) {
      case "agrees": {
        const seconds = toSeconds(news.after).toFixed(1);
        return log(
          "info",
          `(${instance}) the platform agrees: ${address} is ours, after ${seconds} s`,
          fields,
        );
      }
      case "disagrees": {
        const seconds = toSeconds(news.after).toFixed(1);
        const tries = `announced again ${news.announcements} times`;
        const text = `(${instance}) MASTER but the platform does not agree for ${seconds} s: ${address}: ${printView(news.view)}; ${tries}`;
        return log("error", text, fields);
      }
      case "lost":
        return log(
          "warning",
          `(${instance}) MASTER and ${address} moved away: ${printView(news.view)}; claiming it again`,
          fields,
        );
    }
  }

  #arm(): void {
    clearTimeout(this.#timer);
    let first: Instant | undefined;
    for (const { state } of this.#watches.values()) {
      const due = agreementDeadline(state);
      if (due !== undefined && (first === undefined || due < first)) first = due;
    }
    if (first === undefined) return;
    const wait = Math.max(0, Math.ceil(toMillis(elapsed(now(), first))));
    this.#timer = setTimeout(() => {
      for (const watch of this.#watches.values()) {
        const due = agreementDeadline(watch.state);
        if (due !== undefined && due <= now()) this.#step(watch, { kind: "timeReached" });
      }
      this.#arm();
    }, wait);
    this.#timer.unref();
  }

  /** Never rejects. */
  async #ask(address: string): Promise<View> {
    try {
      const client = await this.#connect();
      if (typeof client === "string") return { kind: "unknown", why: client };
      const own = await this.#identity(client);
      if (typeof own === "string") return { kind: "unknown", why: own };
      const Filters = [{ Name: "vip", Values: [address] }];
      const result = await client.call("DescribeHaVips", { Filters });
      if (result.kind !== "answer") return { kind: "unknown", why: printFailure(result) };
      return viewOf(result.answer.HaVipSet, address, own);
    } catch (error) {
      return { kind: "unknown", why: error instanceof Error ? error.message : String(error) };
    }
  }

  async #connect(): Promise<CloudClient | string> {
    if (this.#client !== undefined) return this.#client;
    const { env } = this.#options;
    const account = findAccount({ env, profile: undefined, readFile: readText });
    if (account.credentials === undefined) {
      return `no credentials in ${account.lookedAt.join(", ")}`;
    }
    const text = this.#options.endpoint ?? env["BATON_CLOUD_ENDPOINT"] ?? CLOUD_ENDPOINT;
    const endpoint = readEndpoint(text);
    if (endpoint === undefined) return `${text} is not an endpoint`;
    const region =
      this.#options.region ?? account.region ?? (await this.#metadata("placement/region"));
    if (region === undefined) return "no region: neither in the environment nor in the metadata";
    const { credentials } = account;
    this.#client = makeClient({
      endpoint,
      region,
      credentials,
      language: "en-US",
      attemptTimeoutMs: ASK_MS,
      deadlineMs: ASK_MS,
    });
    return this.#client;
  }

  /** Instance and subnets are for life, so they are asked for once. */
  async #identity(client: CloudClient): Promise<OwnIdentity | string> {
    if (this.#own !== undefined) return this.#own;
    const instanceId = this.#options.instanceId ?? (await this.#metadata("instance-id"));
    if (instanceId === undefined) return "the metadata do not say which instance this is";
    const Filters = [{ Name: "attachment.instance-id", Values: [instanceId] }];
    const result = await client.call("DescribeNetworkInterfaces", { Filters });
    if (result.kind !== "answer") return printFailure(result);
    const subnetIds = result.answer.NetworkInterfaceSet.map((one) => one.SubnetId);
    this.#own = { instanceId, subnetIds };
    return this.#own;
  }

  async #metadata(path: string): Promise<string | undefined> {
    const base = this.#options.env["BATON_METADATA_URL"] ?? METADATA_URL;
    try {
      const response = await fetch(`${base}/latest/meta-data/${path}`, {
        signal: AbortSignal.timeout(ASK_MS),
      });
      return response.ok ? (await response.text()).trim() : undefined;
    } catch {
      return undefined;
    }
  }
}

function printView(view: View): string {
  switch (view.kind) {
    case "ours":
      return "it is ours";
    case "theirs":
      return view.instanceId === "" ? "bound to nobody" : `bound to ${view.instanceId}`;
    case "no-havip":
      return "no HAVIP of our subnets";
    case "unknown":
      return `no answer (${view.why})`;
  }
}

function printFailure(failure: CallFailure): string {
  switch (failure.kind) {
    case "refused":
      return `${failure.code}: ${failure.message}`;
    case "http":
      return `HTTP ${failure.status}`;
    case "unreachable":
      return failure.errno;
    case "timeout":
      return `nothing within ${failure.afterMs} ms`;
    case "unreadable":
      return `unreadable at ${failure.path}`;
  }
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
