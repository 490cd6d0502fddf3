/**
 * Alerts of a running daemon: events and changes of state in, calls out. Loaded when the file has
 * an `alert` block or `smtp_alert`.
 *
 *   events ──> one collector for each block ──> one target for each destination ──> calls
 *   changes of state that are mailed ─────────> the mail server
 *
 * Nothing waits for it but the end of the daemon, and that not for long.
 */
import {
  type Collected,
  type CollectPolicy,
  collectDeadline,
  collectEvent,
  collectGone,
  collectTime,
  NOTHING_COLLECTED,
} from "#alerts/collect";
import type { DeliverPolicy, Delivery } from "#alerts/deliver";
import type { AlertMessage } from "#alerts/message";
import { alertText } from "#alerts/text";
import { type MailedChange, vrrpMail } from "#alerts/vrrp-mail";
import type { Language } from "#diagnostics/diagnostic";
import type { EventLog } from "#events/event-log";
import type { Unnumbered } from "#events/record";
import type { AlertPlan, DestinationPlan, MailPlan, RunPlan } from "#keepalived/plan/run-plan";
import { earliest, elapsed, fromMillis, fromSeconds, type Instant, toMillis } from "#units/time";
import { callOverHttp } from "./alert-http.ts";
import { labelsOf, mailLabel } from "./alert-labels.ts";
import { type Letter, type MailHost, sendLetter } from "./alert-mail.ts";
import type { CallOutcome } from "./alert-outcome.ts";
import { AlertTarget } from "./alert-target.ts";
import type { AlertsStatus } from "./control-protocol.ts";
import type { Log } from "./log.ts";

export interface AlertsOptions {
  readonly log: Log;
  readonly language: Language;
  readonly record: EventLog["record"];
  /** The machine's name, and the account for mail without a sender. */
  readonly host: MailHost;
  readonly now: () => Instant;
}

interface Route {
  readonly plan: AlertPlan;
  readonly policy: CollectPolicy;
  collected: Collected;
  readonly targets: readonly AlertTarget<AlertMessage>[];
}

/** One mail of `smtp_alert`; each has a cause of its own, so that none replaces another. */
interface Mailed extends Letter {
  readonly cause: string;
}

/** Chat robots take twenty messages a minute. */
const ROBOT_GAP = fromSeconds(3);
const HOOK_GAP = fromMillis(200);
const GATHER = fromMillis(200);
const WAITING_MAX = 200;
/** A thousand instances that change twice. */
const MAILS_MAX = 2_000;
const MAIL_DEADLINE = fromSeconds(600);
const MAIL_BYTES = 16_384;
const BATCH_MAX = 100;

export class Alerts {
  readonly #options: AlertsOptions;
  #routes: readonly Route[] = [];
  #mail: MailPlan | undefined;
  #mails: AlertTarget<Mailed> | undefined;
  #routerId = "";
  #nth = 0;
  /** What targets that a reload removed had counted. */
  #before = { sent: 0, failed: 0 };
  #timer: NodeJS.Timeout | undefined;

  constructor(options: AlertsOptions) {
    this.#options = options;
  }

  /** A block that has not changed goes on: it knows what lasts, and what was reported. */
  configure(plan: RunPlan): void {
    const { globals, alerts = [] } = plan;
    const { host } = this.#options;
    this.#routerId = globals.routerId ?? host.name;
    const sameMail = JSON.stringify(this.#mail) === JSON.stringify(globals.mail);
    this.#mail = globals.mail;
    if (!sameMail) {
      this.#forget(this.#mails);
      this.#mails = undefined;
    }
    const left = [...this.#routes];
    this.#routes = alerts.map((alert) => {
      const usesMail = alert.to.some(({ kind }) => kind === "email");
      const at = left.findIndex((one) => isSamePlan(one.plan, alert) && (sameMail || !usesMail));
      const [known] = at < 0 ? [] : left.splice(at, 1);
      return known ?? this.#route(alert);
    });
    for (const route of this.#routes)
      route.collected = collectGone(route.collected, (event) => isIn(plan, event));
    for (const { targets } of left) for (const target of targets) this.#forget(target);
    this.#arm();
  }

  /** Any event; those about alerts themselves are nobody's cause. */
  happened(event: Unnumbered): void {
    for (const route of this.#routes) {
      const { state, messages } = collectEvent(
        route.collected,
        route.policy,
        event,
        this.#options.now(),
      );
      route.collected = state;
      for (const target of route.targets) target.offer(messages);
    }
    this.#arm();
  }

  /** A change of state of an instance or group with `smtp_alert`. */
  changed(change: MailedChange): void {
    const mail = this.#mail;
    if (mail === undefined || (change.state === "FAULT" && !mail.faults)) return;
    this.#mails ??= this.#target(mailLabel(mail), MAIL_POLICY, async ([letter]) =>
      letter === undefined ? { kind: "arrived" } : await this.#send(letter),
    );
    this.#nth += 1;
    const text = vrrpMail(change, this.#routerId, this.#options.language);
    this.#mails.offer([{ ...text, at: new Date(change.at), cause: String(this.#nth) }]);
    this.#arm();
  }

  status(): AlertsStatus {
    let { sent, failed } = this.#before;
    let waiting = 0;
    for (const { state } of this.#targets()) {
      sent += state.counts.sent;
      failed += state.counts.failed;
      waiting += state.waiting.length + (state.calling?.length ?? 0);
    }
    return { sent, failed, waiting };
  }

  /** What can still be delivered is, for so long; whatever cannot be reached is not waited for. */
  async finish(milliseconds: number): Promise<void> {
    const end = this.#options.now() + milliseconds * 1_000;
    const isOpen = (): boolean =>
      this.#targets().some((target) => !target.isIdle && !target.isFailing);
    while (isOpen() && this.#options.now() < end)
      await new Promise((resolve) => setTimeout(resolve, FINISH_STEP_MS));
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#routes = [];
    this.#mails = undefined;
  }

  async #send(letter: Letter): Promise<CallOutcome> {
    const mail = this.#mail;
    if (mail === undefined) return { kind: "failed", isForGood: true, why: { kind: "no-mail" } };
    return await sendLetter(mail, letter, this.#options.host);
  }

  #route(plan: AlertPlan): Route {
    const { on, minSeverity, repeat, resolved, settle } = plan;
    const labels = labelsOf(plan.to, this.#mail);
    const targets = plan.to.map((destination, at) =>
      this.#target<AlertMessage>(
        labels[at] ?? destination.kind,
        policyOf(destination, plan),
        async (messages, leftOut) => await this.#call(destination, plan, messages, leftOut),
      ),
    );
    const policy = { on, minSeverity, repeat, resolved, settle };
    return { plan, policy, collected: NOTHING_COLLECTED, targets };
  }

  async #call(
    destination: DestinationPlan,
    plan: AlertPlan,
    messages: readonly AlertMessage[],
    leftOut: number,
  ): Promise<CallOutcome> {
    const { host } = this.#options;
    const language = plan.language ?? this.#options.language;
    const at = new Date();
    if (destination.kind !== "email") {
      const call = { node: host.name, messages, leftOut, language, timeout: plan.timeout, at };
      return await callOverHttp(destination, call);
    }
    const bounds = { language, bytes: MAIL_BYTES, leftOut };
    const { title, lines } = alertText(host.name, messages, bounds);
    const text = `${lines.join("\n")}\n`;
    return await this.#send({ subject: `[${this.#routerId}] ${title}`, text, at });
  }

  #target<M extends { readonly cause: string }>(
    label: string,
    policy: DeliverPolicy,
    call: (messages: readonly M[], leftOut: number) => Promise<CallOutcome>,
  ): AlertTarget<M> {
    const { log, language, record, now } = this.#options;
    const changed = (): void => this.#arm();
    return new AlertTarget<M>({ label, policy, call, log, language, record, now, changed });
  }

  #targets(): readonly AnyTarget[] {
    const routed: readonly AnyTarget[] = this.#routes.flatMap(({ targets }) => targets);
    return this.#mails === undefined ? routed : [...routed, this.#mails];
  }

  #forget(target: AnyTarget | undefined): void {
    if (target === undefined) return;
    const { sent, failed } = target.state.counts;
    const lost = target.state.waiting.length;
    this.#before = { sent: this.#before.sent + sent, failed: this.#before.failed + failed + lost };
  }

  #arm(): void {
    clearTimeout(this.#timer);
    let first: Instant | undefined;
    for (const { collected, policy } of this.#routes)
      first = earliest(first, collectDeadline(collected, policy));
    for (const { deadline } of this.#targets()) first = earliest(first, deadline);
    if (first === undefined) return;
    const wait = Math.ceil(toMillis(elapsed(this.#options.now(), first)));
    // setTimeout takes 24 days; what is due later is looked at again by then.
    this.#timer = setTimeout(() => this.#timeReached(), Math.min(Math.max(0, wait), WAIT_MAX_MS));
    this.#timer.unref();
  }

  #timeReached(): void {
    const at = this.#options.now();
    for (const route of this.#routes) {
      const { state, messages } = collectTime(route.collected, route.policy, at);
      route.collected = state;
      for (const target of route.targets) target.offer(messages);
    }
    for (const target of this.#targets()) target.timeReached();
    this.#arm();
  }
}

type AnyTarget = Pick<
  AlertTarget<AlertMessage>,
  "isIdle" | "isFailing" | "deadline" | "timeReached"
> & { readonly state: Pick<Delivery<AlertMessage>, "counts"> & Waits };
interface Waits {
  readonly waiting: readonly unknown[];
  readonly calling: readonly unknown[] | undefined;
}

const FINISH_STEP_MS = 20;
const WAIT_MAX_MS = 86_400_000;

const MAIL_POLICY: DeliverPolicy = {
  gather: fromMillis(0),
  gap: fromMillis(0),
  deadline: MAIL_DEADLINE,
  batchMax: 1,
  waitingMax: MAILS_MAX,
};

function policyOf({ kind }: DestinationPlan, { deadline }: AlertPlan): DeliverPolicy {
  const isRobot = kind !== "webhook" && kind !== "email";
  const gap = isRobot ? ROBOT_GAP : HOOK_GAP;
  return { gather: GATHER, gap, deadline, batchMax: BATCH_MAX, waitingMax: WAITING_MAX };
}

/** What the event is about is in the configuration. */
function isIn({ instances, groups, scripts }: RunPlan, event: Unnumbered): boolean {
  const { instance, group } = event;
  if (event.kind === "check") return scripts.some(({ name }) => name === event.data.script);
  if (instance !== undefined)
    return instances.some(({ config }) => config.router.name === instance);
  return group === undefined || groups.some(({ name }) => name === group);
}

/** Secrets print alike, and are compared by themselves. */
function isSamePlan(a: AlertPlan, b: AlertPlan): boolean {
  return (
    JSON.stringify(a) === JSON.stringify(b) &&
    a.to.every((one, at) => {
      const other = b.to[at];
      if (one.kind === "email" || other === undefined || other.kind === "email") return true;
      const { secret } = one;
      const isSameSecret =
        secret === undefined || other.secret === undefined || secret.equals(other.secret);
      return one.url.equals(other.url) && isSameSecret;
    })
  );
}
