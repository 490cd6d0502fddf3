/**
 * What is run, and with which arguments, when something happened (keepalived.conf(5), NOTIFY SCRIPTS).
 *
 * The script of the state itself comes first and gets nothing added; `notify` comes second and gets four arguments:
 * INSTANCE or GROUP, the name, the state, and the effective priority (0 for a group).
 */
import type { CommandPlan, NotifyPlan, UserPlan } from "#config/plan";
import type { Micros } from "#units/time";

/** keepalived's words, in `notify` and in the FIFO. */
export type NotifyState =
  | "MASTER"
  | "BACKUP"
  | "FAULT"
  | "STOP"
  | "DELETED"
  | "MASTER_RX_LOWER_PRI"
  | "MASTER_PRIORITY"
  | "BACKUP_PRIORITY";

export interface PreparedCommand {
  readonly argv: readonly string[];
  readonly user: UserPlan | undefined;
  readonly timeout: Micros | undefined;
}

export interface NotifyJob {
  readonly state: NotifyState;
  /** Of two waiting jobs with the same topic only the later is run. */
  readonly topic: "state" | "weaker-master" | "priority";
  /** Nothing comes after it. */
  readonly isEnd: boolean;
  readonly commands: readonly PreparedCommand[];
  /** `BATON_…`, in addition to the daemon's own environment. */
  readonly environment: Readonly<Record<string, string>>;
}

export interface NotifySubject {
  readonly kind: "INSTANCE" | "GROUP";
  readonly name: string;
}

export function prepareJob(
  subject: NotifySubject,
  plan: NotifyPlan,
  happened: NotifyState,
  priority: number,
  environment: Readonly<Record<string, string>>,
): NotifyJob {
  // keepalived: an instance that a reload deleted is told as FAULT unless `notify_deleted` is given.
  const state = happened === "DELETED" && plan.deleted === undefined ? "FAULT" : happened;
  const own = ownScript(plan, state);
  const arguments4 = [subject.kind, subject.name, state, String(priority)];
  const commands: PreparedCommand[] = [];
  if (own !== undefined) commands.push(prepare(own, []));
  if (plan.any !== undefined && (plan.priorityChanges || topicOf(state) !== "priority")) {
    commands.push(prepare(plan.any, arguments4));
  }
  return {
    state,
    topic: topicOf(state),
    isEnd: happened === "STOP" || happened === "DELETED",
    commands,
    environment: {
      ...environment,
      BATON_KIND: subject.kind,
      BATON_NAME: subject.name,
      BATON_STATE: state,
      BATON_PRIORITY: String(priority),
    },
  };
}

/** One line of `notify_fifo` and `vrrp_notify_fifo`, with its end. */
export function fifoLine(subject: NotifySubject, state: NotifyState, priority: number): string {
  return `${subject.kind} "${subject.name}" ${state} ${priority}\n`;
}

function prepare(command: CommandPlan, added: readonly string[]): PreparedCommand {
  return { argv: [...command.argv, ...added], user: command.user, timeout: command.timeout };
}

function topicOf(state: NotifyState): NotifyJob["topic"] {
  switch (state) {
    case "MASTER":
    case "BACKUP":
    case "FAULT":
    case "STOP":
    case "DELETED":
      return "state";
    case "MASTER_RX_LOWER_PRI":
      return "weaker-master";
    case "MASTER_PRIORITY":
    case "BACKUP_PRIORITY":
      return "priority";
  }
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
    case "MASTER_RX_LOWER_PRI":
      return plan.masterRxLowerPri;
    case "MASTER_PRIORITY":
    case "BACKUP_PRIORITY":
      return undefined;
  }
}
