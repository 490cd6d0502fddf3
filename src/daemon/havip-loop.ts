/**
 * Beside VRRP: asks the cloud whether it agrees about every HAVIP of an instance that is MASTER
 * (src/cloud/agreement/agreement.ts decides when), has it announced again, and logs. A slow or
 * unreachable control plane changes nothing else.
 */

import { agreementDeadline, stepAgreement } from "#cloud/agreement/agreement";
import type { HavipCounters } from "#cloud/agreement/agreement-counters";
import {
  type AgreementCounters,
  countAgreement,
  disagreedFor,
  NO_AGREEMENTS,
} from "#cloud/agreement/agreement-counters";
import {
  type AgreementEffect,
  type AgreementEvent,
  type AgreementNews,
  type AgreementState,
  type ContrarySign,
  IDLE,
  type Role,
  type View,
  verdictOf,
} from "#cloud/agreement/agreement-state";
import { roleAsked } from "#cloud/agreement/role";
import type { Language } from "#diagnostics/diagnostic";
import type { EventLog } from "#events/event-log";
import type { HavipPlan } from "#keepalived/plan/run-plan";
import { now } from "#linux/clock";
import { type IpAddress, readIpv4 } from "#units/address";
import { elapsed, type Instant, toMillis, toSeconds } from "#units/time";
import { announcedAgainEvent, cloudEvent } from "./cloud-events.ts";
import type { CloudQuestion, CloudSource } from "./cloud-source.ts";
import { background, failureText } from "./contain.ts";
import type { HavipStatus } from "./control-protocol.ts";
import { type HavipMessages, havipMessages } from "./havip-messages.ts";
import type { Log } from "./log.ts";

export interface HavipOptions {
  /**
   * `--cloud`: the cloud is asked about every instance. Each setting of a `havip` block takes
   * precedence.
   */
  readonly cloud: CloudQuestion | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly language: Language;
  readonly log: Log;
  readonly events?: EventLog | undefined;
  readonly announce: (one: { readonly instance: string; readonly address: IpAddress }) => void;
  /**
   * Called for an instance that is stopping, when the cloud has moved all its addresses, or
   * when it does not answer and is no longer waited for.
   */
  readonly moved: (instance: string, moved: boolean) => void;
}

export interface HavipInstance {
  readonly name: string;
  /** The virtual addresses, in dotted notation. */
  readonly addresses: readonly string[];
  readonly isMaster: boolean;
  readonly havip: HavipPlan | undefined;
}

interface Watch {
  readonly instance: string;
  readonly address: string;
  /** What `source` was made from: if that changes, the watch is replaced. */
  readonly question: string;
  /** True if the engine waits for the cloud at a planned stop. */
  readonly waits: boolean;
  /** The answer that it waited for has come. */
  moved: boolean | undefined;
  /** Removed by a reload, and handing over. */
  isLeaving: boolean;
  source: LoadedSource;
  state: AgreementState;
  /** Since when it has been MASTER, or when the cloud last agreed. */
  changedAt: Instant;
  counters: AgreementCounters;
}

/** Rejects where the client cannot be loaded. */
type LoadedSource = () => Promise<CloudSource>;

/**
 * The client of the cloud, with schemas, signatures and HTTP, is loaded when a configuration asks
 * for it: most daemons never do. At once, and not with the first question: the files that this
 * daemon was started from are still there.
 */
function loadSource(question: CloudQuestion, options: HavipOptions): LoadedSource {
  const loading = import("./cloud-source.ts").then(
    ({ CloudSource }) => new CloudSource(question, options),
  );
  loading.catch(() => undefined);
  return async () => await loading;
}

export class HavipLoop {
  readonly #options: HavipOptions;
  readonly #messages: HavipMessages;
  #watches: Map<string, Watch> = new Map();
  #timer: NodeJS.Timeout | undefined;

  constructor(options: HavipOptions) {
    this.#options = options;
    this.#messages = havipMessages(options.language);
  }

  /**
   * Called at the start and after every reload. Existing watches go on, with the keys that are
   * on disk now.
   */
  configure(instances: readonly HavipInstance[]): void {
    const sources = new Map<string, LoadedSource>();
    const before = this.#watches;
    this.#watches = new Map();
    for (const { name, addresses, isMaster, havip } of instances) {
      const asked = this.#questionOf(havip);
      if (asked === undefined) continue;
      const question = JSON.stringify(asked);
      const source = sources.get(question) ?? loadSource(asked, this.#options);
      sources.set(question, source);
      for (const address of addresses) {
        const key = `${name}/${address}`;
        const known = before.get(key);
        const fresh = { state: IDLE, changedAt: now(), counters: NO_AGREEMENTS };
        const kept = known?.question === question ? known : fresh;
        const waits = (havip?.handoverWait ?? 0) > 0;
        const more = { waits, moved: undefined, isLeaving: false };
        const watch: Watch = { ...kept, ...more, instance: name, address, question, source };
        this.#watches.set(key, watch);
        this.#step(watch, { kind: "role", role: isMaster ? "master" : "other" });
      }
    }
    const names = new Set(instances.map((one) => one.name));
    for (const [key, watch] of before) {
      if (!watch.waits || watch.state.kind === "idle" || names.has(watch.instance)) continue;
      watch.isLeaving = true;
      this.#watches.set(key, watch);
    }
    this.#arm();
  }

  /**
   * An instance has a new state. "Leaving" is a planned stop of a MASTER, during which the
   * address still answers.
   */
  transition(instance: string, role: Role): void {
    const mine = [...this.#watches.values()].filter((watch) => watch.instance === instance);
    for (const watch of mine) {
      watch.moved = undefined;
      this.#step(watch, { kind: "role", role: roleAsked(role, watch.waits) });
    }
    const isWaitedFor = role === "leaving" && mine.some((watch) => watch.waits);
    // It was never asked about as MASTER, so there is no answer to wait for.
    if (isWaitedFor && mine.every((watch) => watch.state.kind !== "leaving"))
      this.#options.moved(instance, false);
    this.#arm();
  }

  /** Reports to the waiting instance, once all its addresses have an answer. */
  #reportMoved(watch: Watch, moved: boolean): void {
    watch.moved = moved;
    const all = [...this.#watches.values()].filter((one) => one.instance === watch.instance);
    if (all.some((one) => one.state.kind === "leaving")) return;
    this.#options.moved(
      watch.instance,
      all.every((one) => one.moved !== false),
    );
    for (const [key, one] of this.#watches)
      if (one.isLeaving && one.instance === watch.instance) this.#watches.delete(key);
  }

  /**
   * Something in the network suggests that we are not the only owner, so what the cloud said
   * before it does not count.
   */
  sign(instance: string, sign: ContrarySign, address?: string): void {
    for (const watch of this.#watches.values()) {
      const isMeant = watch.instance === instance && (address ?? watch.address) === watch.address;
      if (isMeant) this.#step(watch, { kind: "sign", sign });
    }
    this.#arm();
  }

  /** No instance of ours is MASTER until another engine says so. */
  engineGone(): void {
    for (const watch of this.#watches.values()) this.#step(watch, { kind: "role", role: "other" });
    this.#arm();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#watches.clear();
  }

  status(instance: string): readonly HavipStatus[] {
    return [...this.#watches.values()]
      .filter((one) => one.instance === instance)
      .map((watch) => this.#statusOf(watch));
  }

  #statusOf({ address, state, changedAt, counters: counted }: Watch): HavipStatus {
    const { disagreed: _, ...numbers } = counted;
    const disagreementSeconds = toSeconds(disagreedFor(counted, state, now()));
    const counters: HavipCounters = { ...numbers, disagreementSeconds };
    const at = now();
    const since = (from: Instant): number => toSeconds(elapsed(from, at));
    const verdict = verdictOf(state);
    const common = { address, counters, forSeconds: since(changedAt) };
    const announcements = state.kind === "watching" ? state.announcements : 0;
    switch (verdict.kind) {
      case "not-asked":
        return { address, platform: "not-asked", counters };
      case "agrees": {
        const answerSecondsAgo = verdict.asOf === undefined ? undefined : since(verdict.asOf);
        return { ...common, platform: "agrees", answerSecondsAgo };
      }
      case "disputed": {
        const { rival, moves, lastAt, since: from } = verdict.conflict;
        const { view } = verdict;
        const holder = view?.kind === "theirs" ? view.instanceId : undefined;
        const detail = view === undefined ? undefined : this.#messages.view(view);
        const conflict = { rival, moves, rivalSecondsAgo: since(lastAt), announcements };
        const forSeconds = since(from);
        return { ...common, forSeconds, platform: "disputed", holder, detail, ...conflict };
      }
      case "doubtful": {
        const { doubt } = verdict;
        const detail = this.#messages.sign(doubt.sign);
        return { ...common, platform: "doubtful", forSeconds: since(doubt.since), detail };
      }
      case "disagrees":
      case "unknown": {
        const { kind: platform, view } = verdict;
        const holder = view?.kind === "theirs" ? view.instanceId : undefined;
        const detail = view === undefined ? undefined : this.#messages.view(view);
        return { ...common, platform, holder, detail, announcements };
      }
    }
  }

  /** Undefined if nobody is asked. */
  #questionOf(havip: HavipPlan | undefined): CloudQuestion | undefined {
    const { cloud } = this.#options;
    if (havip === undefined) return cloud;
    return {
      endpoint: havip.endpoint ?? cloud?.endpoint,
      region: havip.region ?? cloud?.region,
      instanceId: havip.instanceId ?? cloud?.instanceId,
      credentialsFile: havip.credentialsFile ?? cloud?.credentialsFile,
    };
  }

  #step(watch: Watch, event: AgreementEvent): void {
    const at = now();
    const before = watch.state;
    const step = stepAgreement(before, event, at);
    watch.counters = countAgreement(watch.counters, before, event, step, at);
    if (event.kind === "role" && step.state !== before) watch.changedAt = at;
    watch.state = step.state;
    for (const effect of step.effects) this.#perform(watch, effect);
  }

  #perform(watch: Watch, effect: AgreementEffect): void {
    switch (effect.kind) {
      case "ask":
        return background(
          this.#options.log,
          `(${watch.instance}) ${watch.address}`,
          async () => await this.#ask(watch, effect.turn),
        );
      case "announce": {
        const address = readIpv4(watch.address);
        if (address === undefined) return;
        this.#options.announce({ instance: watch.instance, address });
        return this.#options.events?.record(announcedAgainEvent(watch));
      }
      case "moved":
        return this.#reportMoved(watch, effect.moved);
      case "report":
        watch.changedAt = now();
        return this.#logNews(watch, effect.news);
    }
  }

  async #ask({ instance, address, question, source }: Watch, turn: number): Promise<void> {
    const view = await this.#answer(address, source);
    // A reload may have replaced this watch with another, which goes on from here.
    const watch = this.#watches.get(`${instance}/${address}`);
    if (watch?.question !== question) return;
    this.#step(watch, { kind: "answered", turn, view });
    this.#arm();
  }

  async #answer(address: string, source: LoadedSource): Promise<View> {
    try {
      return await (await source()).ask(address);
    } catch (error) {
      // No outside failure makes the source throw; if it throws nevertheless, there is no
      // answer.
      return { kind: "unknown", why: failureText(error) };
    }
  }

  #logNews({ instance, address }: Watch, news: AgreementNews): void {
    const { log, language, events } = this.#options;
    const event = cloudEvent(instance, address, news);
    const text = `(${instance}) ${event.text[language]}`;
    log(event.severity, text, { instance, address, havip: news });
    events?.record(event);
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
}
