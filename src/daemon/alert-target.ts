/**
 * One destination: its machine (`#alerts/deliver`), the calls it asks for, and what is logged and
 * recorded about them.
 */
import {
  type Deliverable,
  type DeliverEffect,
  type DeliverEvent,
  type DeliverPolicy,
  type Delivery,
  deliveryDeadline,
  emptyDelivery,
  stepDelivery,
} from "#alerts/deliver";
import type { Language } from "#diagnostics/diagnostic";
import type { EventLog } from "#events/event-log";
import type { Instant } from "#units/time";
import { type CallFailure, type CallOutcome, failureSentence } from "./alert-outcome.ts";
import { failureText } from "./contain.ts";
import type { Log } from "./log.ts";

export interface TargetOptions<M> {
  /** `dingtalk oapi.dingtalk.com`: without the key. */
  readonly label: string;
  readonly policy: DeliverPolicy;
  readonly call: (messages: readonly M[], leftOut: number) => Promise<CallOutcome>;
  readonly log: Log;
  readonly language: Language;
  readonly record: EventLog["record"];
  readonly now: () => Instant;
  /** A call has ended: what is due may be another time than before. */
  readonly changed: () => void;
}

export class AlertTarget<M extends Deliverable> {
  readonly #options: TargetOptions<M>;
  #state: Delivery<M>;
  /** Why the last call failed; undefined: it did not. */
  #why: CallFailure | undefined;

  constructor(options: TargetOptions<M>) {
    this.#options = options;
    this.#state = emptyDelivery(options.now());
  }

  get state(): Delivery<M> {
    return this.#state;
  }

  get deadline(): Instant | undefined {
    return deliveryDeadline(this.#state, this.#options.policy);
  }

  /** Nothing waits, and no call is being made. */
  get isIdle(): boolean {
    return this.#state.calling === undefined && this.#state.waiting.length === 0;
  }

  get isFailing(): boolean {
    return this.#state.failures > 0;
  }

  offer(messages: readonly M[]): void {
    if (messages.length > 0) this.#step({ kind: "offered", messages });
  }

  timeReached(): void {
    this.#step({ kind: "timeReached" });
  }

  #step(event: DeliverEvent<M>): void {
    const { policy, now } = this.#options;
    const { state, effects } = stepDelivery(this.#state, policy, event, now());
    this.#state = state;
    for (const effect of effects) this.#perform(effect);
  }

  #perform(effect: DeliverEffect<M>): void {
    switch (effect.kind) {
      case "call":
        void this.#call(effect.messages, effect.leftOut);
        return;
      case "gaveUp":
        return this.#gaveUp(effect.messages.length, effect.why);
    }
  }

  async #call(messages: readonly M[], leftOut: number): Promise<void> {
    const outcome = await this.#outcome(messages, leftOut);
    if (outcome.kind === "arrived") this.#arrived(messages.length, outcome.refused);
    else this.#failed(outcome);
    this.#options.changed();
  }

  async #outcome(messages: readonly M[], leftOut: number): Promise<CallOutcome> {
    try {
      return await this.#options.call(messages, leftOut);
    } catch (error) {
      // A letter that cannot be composed, a program that is not installed: not the other side.
      const errno = failureText(error);
      return { kind: "failed", isForGood: true, why: { kind: "unreachable", errno } };
    }
  }

  #arrived(count: number, refused: readonly string[] = []): void {
    const { label, log, record, language } = this.#options;
    if (refused.length > 0) log("warning", refusedText(label, refused)[language]);
    const text = arrivedText(label, count);
    if (this.#why !== undefined) log("info", text[language]);
    this.#why = undefined;
    const data = { outcome: "sent", to: label, count };
    this.#step({ kind: "arrived" });
    record({ kind: "alert", severity: "info", text, data });
  }

  #failed(outcome: Extract<CallOutcome, { kind: "failed" }>): void {
    const { label, log, language } = this.#options;
    this.#why = outcome.why;
    log("warning", failedText(label, outcome.why)[language]);
    this.#step({ kind: "failed", isForGood: outcome.isForGood, retryAfter: outcome.retryAfter });
  }

  #gaveUp(count: number, why: "refused" | "late"): void {
    const { label, log, language, record } = this.#options;
    const text = gaveUpText(label, count, why, this.#why);
    log("error", text[language]);
    const data = { outcome: "given-up", to: label, count, why, failure: this.#why };
    record({ kind: "alert", severity: "error", text, data });
  }
}

type Both = Readonly<Record<Language, string>>;

const arrivedText = (label: string, count: number): Both => ({
  en: `alert sent to ${label}${count === 1 ? "" : ` (${count} together)`}`,
  "zh-CN": `告警已发送到 ${label}${count === 1 ? "" : `（共 ${count} 条）`}`,
});

const refusedText = (label: string, refused: readonly string[]): Both => ({
  en: `${label} does not take mail for ${refused.join(", ")}`,
  "zh-CN": `${label} 不接受以下收件人的邮件：${refused.join("、")}`,
});

const failedText = (label: string, why: CallFailure): Both => ({
  en: `alert to ${label}: ${failureSentence(why, "en")}`,
  "zh-CN": `发往 ${label} 的告警：${failureSentence(why, "zh-CN")}`,
});

function gaveUpText(
  label: string,
  count: number,
  why: "refused" | "late",
  last: CallFailure | undefined,
): Both {
  const of = (language: Language): string =>
    last === undefined ? "" : failureSentence(last, language);
  const again = why === "late";
  return {
    en: `${count === 1 ? "an alert" : `${count} alerts`} to ${label} could not be delivered${again ? " in time" : ""}, and ${count === 1 ? "is" : "are"} given up${last === undefined ? "" : `: ${of("en")}`}`,
    "zh-CN": `发往 ${label} 的 ${count} 条告警${again ? "未能在时限内送达" : "无法送达"}，已放弃${last === undefined ? "" : `：${of("zh-CN")}`}`,
  };
}
