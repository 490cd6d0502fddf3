/**
 * Notifies scripts, FIFOs and alerts of what happened, with one queue for each instance and each
 * sync group, and with keepalived's arguments and order.
 *
 * Scripts are notified of a state once: a new engine begins as BACKUP, which is nothing new for
 * a script that was last notified of BACKUP.
 */

import type { Language } from "#diagnostics/diagnostic";
import { type EventLog, NO_EVENTS } from "#events/event-log";
import type { NotifyPlan, RunPlan } from "#keepalived/plan/run-plan";
import type { NotifyReading } from "#metrics/reading";
import { printIp } from "#units/address";
import type { InstanceConfig } from "#vrrp/router/config";
import type { Reason } from "#vrrp/router/reason";
import type { PublicState } from "#vrrp/router/state";
import { AlertFeed } from "./alert-feed.ts";
import type { NotifyStatus, Status } from "./control-protocol.ts";
import { type FifoOptions, NotifyFifo } from "./fifo.ts";
import { FifoReader } from "./fifo-reader.ts";
import type { Launcher } from "./launcher.ts";
import type { Log } from "./log.ts";
import { daemonMessages } from "./messages.ts";
import {
  fifoLine,
  type NotifiedState,
  type NotifyEvent,
  type NotifyState,
  type NotifySubject,
} from "./notify-command.ts";
import { NotifyQueue } from "./notify-runner.ts";

export interface Notified {
  readonly to: PublicState;
  readonly from: PublicState;
  readonly priority: number;
  readonly reason: Reason;
  /** The reason as a sentence. */
  readonly why: string;
}

interface Line {
  readonly subject: NotifySubject;
  readonly queue: NotifyQueue;
  notified: PublicState | undefined;
  /** The `BATON_…` variables that do not change with the state. */
  fixed: Readonly<Record<string, string>>;
}

export class Notifier {
  readonly #launcher: Launcher;
  readonly #log: Log;
  readonly #language: Language;
  readonly #events: EventLog;
  readonly #instances = new Map<string, Line>();
  readonly #groups = new Map<string, Line>();
  #fifos: readonly NotifyFifo[] = [];
  readonly #readers = new Map<string, FifoReader>();
  #sequence = 0;
  readonly #alerts: AlertFeed;

  constructor(launcher: Launcher, log: Log, language: Language, events: EventLog = NO_EVENTS) {
    this.#launcher = launcher;
    this.#log = log;
    this.#language = language;
    this.#events = events;
    this.#alerts = new AlertFeed({ log, language, events });
  }

  /**
   * Instances and groups that are gone stay until `forget`: the scripts they had still have to
   * be notified of their end.
   */
  configure(plan: RunPlan): void {
    for (const { config, notify } of plan.instances) {
      const { name } = config.router;
      const line = this.#line(this.#instances, { kind: "INSTANCE", name }, notify);
      line.fixed = describe(config);
    }
    for (const { name, notify } of plan.groups) {
      this.#line(this.#groups, { kind: "GROUP", name }, notify);
    }
    for (const name of this.#groups.keys()) {
      if (!plan.groups.some((group) => group.name === name)) this.#groups.delete(name);
    }
    this.#openFifos(plan);
    this.#startReaders(plan);
    this.#alerts.configure(plan);
  }

  instance(name: string, change: Notified): void {
    const line = this.#instances.get(name);
    if (line === undefined || change.to === "INIT" || line.notified === change.to) return;
    line.notified = change.to;
    const { from: previous, why } = change;
    this.#notify(
      line,
      { state: change.to, priority: change.priority, previous, why },
      {
        BATON_PREVIOUS_STATE: previous,
        BATON_REASON: change.reason.kind,
        BATON_WHY: why,
      },
    );
  }

  group(name: string, to: PublicState): void {
    const line = this.#groups.get(name);
    if (line === undefined || to === "INIT" || line.notified === to) return;
    line.notified = to;
    // keepalived: the priority of a group is always 0.
    this.#notify(line, { state: to, priority: 0 }, {});
  }

  /**
   * Notifies the pipes only: a `notify` script would take it for a state that is not MASTER.
   */
  priority(name: string, priority: number): void {
    const line = this.#instances.get(name);
    if (line?.queue.plan.priorityChanges !== true) return;
    const event = line.notified === "MASTER" ? "MASTER_PRIORITY" : "BACKUP_PRIORITY";
    this.#write(line.subject, event, priority);
  }

  /** Notifies the pipes, and `notify_master_rx_lower_pri`. */
  weakerMaster(name: string, priority: number): void {
    const line = this.#instances.get(name);
    if (line === undefined) return;
    this.#write(line.subject, "MASTER_RX_LOWER_PRI", priority);
    line.queue.weakerMaster(priority, this.#environment(line, {}));
  }

  /**
   * `fifo_write_vrrp_states_on_reload`: what was notified last, groups before instances as
   * keepalived has it. Its 2.2.7 leaves out instances that are MASTER; readers would miss the
   * most important ones, so here they are written too.
   */
  statesAgain(plan: RunPlan, priorityOf: (name: string) => number): void {
    const write = (line: Line | undefined, priority: number): void => {
      if (line?.notified === undefined || line.notified === "INIT") return;
      this.#write(line.subject, line.notified, priority);
    };
    for (const { name } of plan.groups) write(this.#groups.get(name), 0);
    for (const { config } of plan.instances) {
      const { name } = config.router;
      write(this.#instances.get(name), priorityOf(name));
    }
  }

  /**
   * A name that its router no longer has: nobody is notified of it any more, least of all of an
   * end.
   */
  forget(name: string): void {
    this.#instances.delete(name);
  }

  /** A reload has removed the instance, and it has given up its addresses. */
  deleted(name: string, priority: number): void {
    const line = this.#instances.get(name);
    if (line === undefined) return;
    this.#instances.delete(name);
    // keepalived: notified as FAULT if there is no `notify_deleted`, unless the instance was in
    // FAULT already.
    if (line.notified === "FAULT" && line.queue.plan.deleted === undefined) return;
    this.#notify(line, { state: "DELETED", priority }, {});
  }

  resultsOf(kind: NotifySubject["kind"], name: string): NotifyStatus {
    const queue = (kind === "GROUP" ? this.#groups : this.#instances).get(name)?.queue;
    return { last: queue?.last, queued: queue?.queued ?? 0 };
  }

  /** Of all that have scripts, or had. */
  readings(): readonly NotifyReading[] {
    return [...this.#instances.values(), ...this.#groups.values()]
      .filter(({ queue }) => !queue.tally.isEmpty || hasScript(queue.plan))
      .map(({ subject, queue }) => ({
        kind: subject.kind === "GROUP" ? "group" : "instance",
        name: subject.name,
        runs: queue.tally.counts,
        queued: queue.queued,
      }));
  }

  /** The member of `Status`; none where there are no alerts. */
  alertsStatus(): Pick<Status, "alerts"> {
    return this.#alerts.status();
  }

  /**
   * Waits for the scripts, but no longer than this; those that still run then are ended. Letters
   * that can be delivered get some time too.
   */
  async finish(milliseconds: number): Promise<void> {
    await Promise.all([this.#finishScripts(milliseconds), this.#alerts.finish(ALERTS_MS)]);
  }

  async #finishScripts(milliseconds: number): Promise<void> {
    const queues = [...this.#instances.values(), ...this.#groups.values()].map(
      ({ queue }) => queue,
    );
    const all = Promise.all(queues.map(async (queue) => await queue.idle()));
    if (!(await endsWithin(all, milliseconds))) {
      this.#log("warning", daemonMessages(this.#language).notifyStillRuns(milliseconds / 1_000));
      for (const queue of queues) queue.abandon();
      if (!(await endsWithin(all, LAST_CHANCE_MS))) for (const queue of queues) queue.kill();
    }
    for (const fifo of this.#fifos) fifo.close();
    this.#fifos = [];
    await Promise.all([...this.#readers.values()].map(async (reader) => await reader.stop(true)));
    this.#readers.clear();
  }

  #notify(
    line: Line,
    what: Omit<NotifiedState, "kind" | "name">,
    environment: Readonly<Record<string, string>>,
  ): void {
    const { state, priority } = what;
    const isFault = state === "DELETED" && line.queue.plan.deleted === undefined;
    const reported = isFault ? "FAULT" : state;
    this.#write(line.subject, reported, priority);
    this.#alerts.notified({ ...line.subject, ...what, state: reported });
    line.queue.push(state, priority, this.#environment(line, environment));
  }

  #write(subject: NotifySubject, happened: NotifyState | NotifyEvent, priority: number): void {
    const written = fifoLine(subject, happened, priority);
    for (const fifo of this.#fifos) fifo.write(written);
  }

  #environment(
    line: Line,
    more: Readonly<Record<string, string>>,
  ): Readonly<Record<string, string>> {
    this.#sequence += 1;
    return { ...line.fixed, ...more, BATON_SEQUENCE: String(this.#sequence) };
  }

  #line(lines: Map<string, Line>, subject: NotifySubject, plan: NotifyPlan): Line {
    const known = lines.get(subject.name);
    if (known !== undefined) {
      known.queue.plan = plan;
      return known;
    }
    const queue = new NotifyQueue(
      subject,
      plan,
      this.#launcher,
      this.#log,
      this.#language,
      this.#events,
    );
    const line: Line = { subject, queue, notified: undefined, fixed: {} };
    lines.set(subject.name, line);
    return line;
  }

  /**
   * A FIFO that stays in the configuration stays open: unlike with keepalived, its reader sees
   * no end.
   */
  #openFifos(plan: RunPlan): void {
    const wanted = fifosOf(plan);
    const kept = this.#fifos.filter((fifo) => wanted.some((options) => fifo.isFor(options)));
    for (const fifo of this.#fifos) if (!kept.includes(fifo)) fifo.close();
    this.#fifos = wanted.map(
      (options) =>
        kept.find((fifo) => fifo.isFor(options)) ??
        new NotifyFifo(options, this.#log, daemonMessages(this.#language)),
    );
  }

  /** This comes after the pipes, because a reader opens its pipe at once. */
  #startReaders({ globals }: RunPlan): void {
    for (const [word, path, command] of [
      ["notify_fifo_script", globals.notifyFifo, globals.notifyFifoScript],
      ["vrrp_notify_fifo_script", globals.vrrpNotifyFifo, globals.vrrpNotifyFifoScript],
    ] as const) {
      const known = this.#readers.get(word);
      if (path !== undefined && command !== undefined && known?.isFor(path, command) === true)
        continue;
      this.#readers.delete(word);
      const before = known?.stop(false);
      if (path === undefined || command === undefined) continue;
      const messages = daemonMessages(this.#language);
      const reader = { word, command, path, messages, after: before };
      this.#readers.set(
        word,
        new FifoReader({ ...reader, launcher: this.#launcher, log: this.#log }),
      );
    }
  }
}

const hasScript = ({ priorityChanges: _changes, ...scripts }: NotifyPlan): boolean =>
  Object.values(scripts).some((script) => script !== undefined);

/** Two settings with the same path mean one pipe: a line is written once. */
function fifosOf({ globals }: RunPlan): readonly FifoOptions[] {
  const { notifyFifo, notifyFifoOwner, vrrpNotifyFifo, vrrpNotifyFifoOwner } = globals;
  const byPath = new Map<string, FifoOptions>();
  for (const [path, owner] of [
    [vrrpNotifyFifo, vrrpNotifyFifoOwner],
    [notifyFifo, notifyFifoOwner],
  ] as const) {
    if (path !== undefined) byPath.set(path, { path, owner });
  }
  return [...byPath.values()];
}

const ALERTS_MS = 2_000;
/** The time between SIGTERM and SIGKILL at the very end. */
const LAST_CHANCE_MS = 500;

async function endsWithin(work: Promise<unknown>, milliseconds: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), milliseconds);
  });
  const ended = await Promise.race([work.then(() => true), late]);
  clearTimeout(timer);
  return ended;
}

function describe(config: InstanceConfig): Readonly<Record<string, string>> {
  const addresses = [...config.addresses, ...config.excludedAddresses];
  return {
    // Empty if the instance is bound to none.
    BATON_INTERFACE: config.interface ?? "",
    BATON_VRID: String(config.router.vrid),
    BATON_ADDRESSES: addresses
      .map(({ address, prefix }) => `${printIp(address)}/${prefix}`)
      .join(" "),
  };
}
