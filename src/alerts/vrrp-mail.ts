/**
 * Mail of `smtp_alert`: subjects and first lines are those of keepalived 2.2.7, by which existing
 * filters sort; below stands what Baton knows besides.
 */
import type { Language } from "#diagnostics/diagnostic";

export type MailedState = "MASTER" | "BACKUP" | "FAULT" | "STOP" | "DELETED";

export interface MailedChange {
  readonly kind: "INSTANCE" | "GROUP";
  readonly name: string;
  readonly state: MailedState;
  /** With its time: `2026-11-30T17:26:25.123Z`. */
  readonly at: string;
  readonly node: string;
  /** Of an instance; undefined where nobody knows it any more. */
  readonly previous?: string | undefined;
  readonly priority?: number | undefined;
  /** As a sentence. */
  readonly why?: string | undefined;
  readonly interface?: string | undefined;
  readonly addresses?: readonly string[] | undefined;
}

export interface MailText {
  readonly subject: string;
  readonly text: string;
}

export function vrrpMail(change: MailedChange, routerId: string, language: Language): MailText {
  const { kind, name, state } = change;
  const subject = `[${routerId}] VRRP ${kind === "GROUP" ? "Group" : "Instance"} ${name} - ${TITLES[state]}`;
  const first = `=> ${kind === "GROUP" ? groupLine(state) : INSTANCE_LINES[state]} <=`;
  return { subject, text: [first, "", ...factLines(change, language), ""].join("\n") };
}

const TITLES: Readonly<Record<MailedState, string>> = {
  MASTER: "Entering MASTER state",
  BACKUP: "Entering BACKUP state",
  FAULT: "Entering FAULT state",
  STOP: "Stopping",
  DELETED: "Deleted",
};

const INSTANCE_LINES: Readonly<Record<MailedState, string>> = {
  MASTER: "VRRP Instance is now owning VRRP VIPs",
  BACKUP: "VRRP Instance is no longer owning VRRP VIPs",
  FAULT: "VRRP Instance is no longer owning VRRP VIPs",
  STOP: "VRRP Instance stopping",
  DELETED: "VRRP Deleted at reload",
};

function groupLine(state: MailedState): string {
  if (state === "STOP") return "All VRRP group instances are now stopping";
  if (state === "DELETED") return INSTANCE_LINES.DELETED;
  return `All VRRP group instances are now in ${state} state`;
}

function factLines(change: MailedChange, language: Language): readonly string[] {
  const en = language === "en";
  const { why, previous, priority, addresses = [] } = change;
  const rows: readonly (readonly [string, string, string | undefined])[] = [
    ["Reason", "原因", why],
    ["Before", "之前的状态", previous],
    ["Priority", "优先级", priority === undefined ? undefined : String(priority)],
    ["Interface", "网卡", change.interface],
    ["Addresses", "地址", addresses.length === 0 ? undefined : addresses.join(", ")],
    ["Node", "节点", change.node],
    ["Time", "时间", change.at],
  ];
  return rows.flatMap(([name, zh, value]) => {
    if (value === undefined || value === "") return [];
    return en ? wrapped(plain(`${name}: ${value}`)) : [`${zh}：${value}`];
  });
}

/**
 * A longer line, or another character, would have the whole letter encoded, and then the first line
 * too (`=3D>`): filters that look for it would not find it.
 */
const COLUMNS = 76;
const PLAIN: Readonly<Record<string, string>> = { "×": "x", "→": "->", µ: "u", "…": "..." };

const plain = (text: string): string => text.replaceAll(/[×→µ…]/g, (one) => PLAIN[one] ?? one);

function wrapped(text: string): readonly string[] {
  const lines: string[] = [];
  let line = "";
  for (const part of text.split(" ")) {
    const longer = line === "" ? part : `${line} ${part}`;
    if (longer.length <= COLUMNS || line.trim() === "") line = longer;
    else {
      lines.push(line);
      line = `  ${part}`;
    }
  }
  return [...lines, line];
}
