/**
 * What is run when something has happened, and with which arguments (keepalived.conf(5), NOTIFY
 * SCRIPTS).
 *
 * The script of the state itself gets no further arguments. `notify` runs beside it and gets
 * four arguments: INSTANCE or GROUP, the name, the state, and the effective priority (0 for a
 * group). A common `notify` script starts a service at MASTER and stops it at anything else;
 * therefore it is notified of states only, never of what else happens to a master.
 */
import type { CommandPlan, NotifyPlan, UserPlan } from "#keepalived/plan/run-plan";
import type { Micros } from "#units/time";
import type { PublicState } from "#vrrp/router/state";

/** The states as keepalived passes them to `notify`. */
export type NotifyState = "MASTER" | "BACKUP" | "FAULT" | "STOP" | "DELETED";

/** What a FIFO gets besides; the first of these also runs `notify_master_rx_lower_pri`. */
export type NotifyEvent = "MASTER_RX_LOWER_PRI" | "MASTER_PRIORITY" | "BACKUP_PRIORITY";

export interface PreparedCommand {
  readonly argv: readonly string[];
  readonly user: UserPlan | undefined;
  readonly timeout: Micros | undefined;
}

export interface NotifyJob {
  readonly state: NotifyState | NotifyEvent;
  /** If two waiting jobs have the same topic, only the later one is run. */
  readonly topic: "state" | "weaker-master";
  /** True for the last job: nothing comes after it. */
  readonly isEnd: boolean;
  readonly command: PreparedCommand;
  /** The `BATON_…` variables, in addition to what every script gets (script-environment.ts). */
  readonly environment: Readonly<Record<string, string>>;
}

export interface NotifySubject {
  readonly kind: "INSTANCE" | "GROUP";
  readonly name: string;
}

/** Whoever is notified besides scripts and pipes. */
export interface NotifiedState {
  readonly kind: NotifySubject["kind"];
  readonly name: string;
  readonly state: NotifyState;
  readonly priority: number;
  /** Of an instance: the state before, and why it changed, as a sentence. */
  readonly previous?: PublicState;
  readonly why?: string;
}

/** The jobs of one change of state: one for the state's own script, and one for `notify`. */
export interface StateJobs {
  readonly own: NotifyJob | undefined;
  readonly any: NotifyJob | undefined;
}

export function stateJobs(
  subject: NotifySubject,
  plan: NotifyPlan,
  happened: NotifyState,
  priority: number,
  environment: Readonly<Record<string, string>>,
): StateJobs {
  // keepalived: an instance that a reload deleted is notified as FAULT unless `notify_deleted` is
  // given, but to `notify` only.
  const state = happened === "DELETED" && plan.deleted === undefined ? "FAULT" : happened;
  const job = (
    command: CommandPlan | undefined,
    added: readonly string[],
  ): NotifyJob | undefined =>
    command === undefined
      ? undefined
      : {
          state,
          topic: "state",
          isEnd: happened === "STOP" || happened === "DELETED",
          command: prepare(command, added),
          environment: { ...environment, ...describe(subject, state, priority) },
        };
  return {
    own: job(ownScript(plan, happened), []),
    any: job(plan.any, [subject.kind, subject.name, state, String(priority)]),
  };
}

/** `notify_master_rx_lower_pri`. */
export function weakerMasterJob(
  subject: NotifySubject,
  plan: NotifyPlan,
  priority: number,
  environment: Readonly<Record<string, string>>,
): NotifyJob | undefined {
  const state = "MASTER_RX_LOWER_PRI";
  if (plan.masterRxLowerPri === undefined) return undefined;
  return {
    state,
    topic: "weaker-master",
    isEnd: false,
    command: prepare(plan.masterRxLowerPri, []),
    environment: { ...environment, ...describe(subject, state, priority) },
  };
}

/** One line of `notify_fifo` and `vrrp_notify_fifo`, with its end. */
export function fifoLine(
  subject: NotifySubject,
  state: NotifyState | NotifyEvent,
  priority: number,
): string {
  return `${subject.kind} "${subject.name}" ${state} ${priority}\n`;
}

function describe(
  subject: NotifySubject,
  state: NotifyState | NotifyEvent,
  priority: number,
): Readonly<Record<string, string>> {
  return {
    BATON_KIND: subject.kind,
    BATON_NAME: subject.name,
    BATON_STATE: state,
    BATON_PRIORITY: String(priority),
  };
}

function prepare(command: CommandPlan, added: readonly string[]): PreparedCommand {
  return { argv: [...command.argv, ...added], user: command.user, timeout: command.timeout };
}

function ownScript(plan: NotifyPlan, state: NotifyState): CommandPlan | undefined {
  switch (state) {
    case "MASTER":
      return plan.master;
    case "BACKUP":
      return plan.backup;
    case "FAULT":
      return plan.fault;
    case "STOP":
      return plan.stop;
    case "DELETED":
      return plan.deleted;
  }
}
