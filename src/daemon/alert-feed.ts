/**
 * What the supervisor has of alerts: it passes on events and changes of state that are mailed.
 * alerts.ts is loaded when the file asks for alerts; what happens until it is loaded waits.
 */
import { hostname, userInfo } from "node:os";
import type { MailedChange } from "#alerts/vrrp-mail";
import type { Language } from "#diagnostics/diagnostic";
import type { EventLog } from "#events/event-log";
import type { RunPlan } from "#keepalived/plan/run-plan";
import { now } from "#linux/clock";
import { printIp } from "#units/address";
import type { Alerts } from "./alerts.ts";
import { failureText } from "./contain.ts";
import type { AlertsStatus } from "./control-protocol.ts";
import type { Log } from "./log.ts";
import type { NotifiedState } from "./notify-command.ts";

export interface AlertFeedOptions {
  readonly log: Log;
  readonly language: Language;
  readonly events: EventLog;
}

/** Events that wait for the code; loading takes some milliseconds. */
const EARLY_MAX = 5_000;

export class AlertFeed {
  readonly #options: AlertFeedOptions;
  #plan: RunPlan | undefined;
  #alerts: Alerts | undefined;
  #loading: Promise<void> | undefined;
  #early: ((alerts: Alerts) => void)[] = [];
  /** Subjects with `smtp_alert`, and what they were last mailed about. */
  #mailed = new Map<string, { readonly facts: MailFacts; state: string | undefined }>();
  #endEvents: (() => void) | undefined;

  constructor(options: AlertFeedOptions) {
    this.#options = options;
  }

  configure(plan: RunPlan): void {
    this.#plan = plan;
    this.#configureMailed(plan);
    const isAsked = plan.alerts !== undefined || this.#mailed.size > 0;
    if (plan.alerts === undefined) {
      this.#endEvents?.();
      this.#endEvents = undefined;
    } else {
      this.#endEvents ??= this.#options.events.onRecorded((event) =>
        this.#pass((alerts) => alerts.happened(event)),
      );
    }
    if (this.#alerts !== undefined) this.#alerts.configure(plan);
    else if (isAsked) this.#loading ??= this.#load();
  }

  /** An instance or a group has been notified of a state. */
  notified({ kind, name, state, priority, previous, why }: NotifiedState): void {
    const subject = this.#mailed.get(`${kind} ${name}`);
    if (subject === undefined || subject.state === state) return;
    // keepalived: a FAULT that is not mailed is not the last state that was.
    if (state === "FAULT" && this.#plan?.globals.mail?.faults === false) return;
    subject.state = state;
    if (state === "DELETED") this.#mailed.delete(`${kind} ${name}`);
    const at = new Date().toISOString();
    const node = hostname();
    const more = kind === "GROUP" ? {} : { priority, previous };
    const change: MailedChange = { kind, name, state, why, at, node, ...more, ...subject.facts };
    this.#pass((alerts) => alerts.changed(change));
  }

  /** The member of `Status`; none where there are no alerts. */
  status(): { readonly alerts?: AlertsStatus } {
    return this.#alerts === undefined ? {} : { alerts: this.#alerts.status() };
  }

  async finish(milliseconds: number): Promise<void> {
    this.#endEvents?.();
    await this.#loading;
    await this.#alerts?.finish(milliseconds);
  }

  #configureMailed({ globals, instances, groups }: RunPlan): void {
    const before = this.#mailed;
    this.#mailed = new Map();
    if (globals.mail === undefined) return;
    const add = (key: string, facts: MailFacts): void => {
      this.#mailed.set(key, { facts, state: before.get(key)?.state });
    };
    for (const { config, isMailed } of instances) {
      if (isMailed !== true) continue;
      const addresses = config.addresses.map(
        ({ address, prefix }) => `${printIp(address)}/${prefix}`,
      );
      add(`INSTANCE ${config.router.name}`, { interface: config.interface, addresses });
    }
    for (const { name, isMailed } of groups) if (isMailed === true) add(`GROUP ${name}`, {});
    // An instance that the reload removes is still mailed about once, when it is gone.
    const names = new Set(instances.map(({ config }) => `INSTANCE ${config.router.name}`));
    for (const [key, { facts, state }] of before)
      if (key.startsWith("INSTANCE ") && !names.has(key)) this.#mailed.set(key, { facts, state });
  }

  #pass(what: (alerts: Alerts) => void): void {
    if (this.#alerts !== undefined) what(this.#alerts);
    else if (this.#early.length < EARLY_MAX) this.#early.push(what);
  }

  async #load(): Promise<void> {
    const { log, language, events } = this.#options;
    try {
      const { Alerts: Loaded } = await import("./alerts.ts");
      const host = { name: hostname(), user: userName() };
      const record = events.record.bind(events);
      const alerts = new Loaded({ log, language, record, host, now });
      if (this.#plan !== undefined) alerts.configure(this.#plan);
      this.#alerts = alerts;
      const early = this.#early;
      this.#early = [];
      for (const what of early) what(alerts);
    } catch (error) {
      log("error", `alerts: ${failureText(error)}`);
    }
  }
}

interface MailFacts {
  readonly interface?: string | undefined;
  readonly addresses?: readonly string[];
}

/** An account without an entry in /etc/passwd has no name. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return "root";
  }
}
