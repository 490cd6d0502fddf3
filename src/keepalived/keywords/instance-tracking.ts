/** `vrrp_instance`: tracking and notification. */
import { boolean, command, flag, integer, type Keyword, list, yes } from "./keyword.ts";

export const TRACKING: readonly Keyword[] = [
  {
    word: "track_interface",
    takes: list("tracked"),
    since: "1.0.1",
    acts: yes,
    repeatable: true,
    purpose: "interfaces that must be up",
  },
  {
    word: "track_script",
    takes: list("tracked"),
    since: "1.1.13",
    acts: yes,
    repeatable: true,
    purpose: "checks (`vrrp_script`)",
  },
  {
    word: "track_file",
    takes: list("tracked"),
    since: "2.0.0",
    acts: yes,
    repeatable: true,
    purpose: "files with a number (`track_file`)",
  },
  {
    word: "track_process",
    takes: list("tracked"),
    since: "2.0.11",
    acts: yes,
    repeatable: true,
    purpose: "processes (`vrrp_track_process`)",
  },
  {
    word: "track_bfd",
    takes: list("tracked"),
    since: "2.0.0",
    acts: yes,
    repeatable: true,
    purpose: "BFD sessions (`bfd_instance`)",
  },
  {
    word: "dont_track_primary",
    takes: flag,
    since: "1.1.8",
    default: "off",
    acts: yes,
    purpose: "the own interface going down is no fault",
  },
];

const notify = (word: string, since: string, purpose: string): Keyword => ({
  word,
  takes: command,
  since,
  acts: yes,
  purpose,
});

export const NOTIFY: readonly Keyword[] = [
  notify("notify_master", "0.6.6", "program to run on becoming MASTER; no arguments are added"),
  notify("notify_backup", "0.6.6", "program to run on becoming BACKUP"),
  notify("notify_fault", "0.6.6", "program to run on FAULT"),
  notify("notify_stop", "1.1.13", "program to run when the daemon stops"),
  notify("notify", "1.1.2", "program to run at every change; four arguments are added"),
  {
    word: "notify_priority_changes",
    takes: boolean,
    since: "2.0.16",
    default: "vrrp_notify_priority_changes",
    acts: yes,
    purpose: "write changes of priority to the notify pipes too",
  },
  {
    word: "notify_timeout",
    takes: integer(1, 86_400),
    since: "baton",
    default: "global notify_timeout",
    unit: "s",
    acts: yes,
    purpose: "end a notify script that runs longer",
  },
  {
    word: "smtp_alert",
    takes: boolean,
    since: "0.6.6",
    default: "global smtp_alert",
    acts: yes,
    purpose: "mail at every change of state",
  },
];

export const INSTANCE_NOTIFY: readonly Keyword[] = [
  {
    word: "notify_deleted",
    takes: { kind: "command", user: true, optional: true },
    since: "2.1.0",
    acts: yes,
    purpose: "program to run when a reload removes the instance; otherwise FAULT is notified",
  },
  notify("notify_master_rx_lower_pri", "2.0.6", "program to run when a weaker master is heard"),
];
