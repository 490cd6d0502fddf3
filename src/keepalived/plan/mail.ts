/**
 * The mail keywords, as keepalived 2.2.7 acts on them: without `smtp_server` or without recipients
 * nothing is sent. Its defaults of sender and HELO name are the machine's, which the daemon knows.
 */
import { fromSeconds } from "#units/time";
import {
  type Block,
  booleanOf,
  hasSetting,
  itemsOf,
  lastSetting,
  numberOf,
  textOf,
} from "../blocks/block.ts";
import type { Model } from "../model/model.ts";
import { readInteger } from "../values/numbers.ts";
import type { MailAddress, MailPlan } from "./run-plan.ts";

/** Seconds. */
const CONNECT_TIMEOUT = 30;
export const SMTP_PORT = 25;

/** Undefined: mail cannot be sent, which a rule reports (rules/mail.ts). */
export function mailOf(model: Model): MailPlan | undefined {
  const { globals } = model;
  const server = serverOf(globals);
  const to = recipientsOf(globals).filter(({ address }) => isMailAddress(address));
  if (server === undefined || to.length === 0) return undefined;
  return {
    server,
    to,
    from: senderOf(globals),
    helo: textOf(globals, "smtp_helo_name"),
    connectTimeout: fromSeconds(numberOf(globals, "smtp_connect_timeout") ?? CONNECT_TIMEOUT),
    faults: !hasSetting(globals, "no_email_faults"),
  };
}

/** The own `smtp_alert` counts first, then `smtp_alert_vrrp`, then the global `smtp_alert`. */
export const isMailed = (block: Block, { globals }: Model): boolean =>
  booleanOf(block, "smtp_alert") ??
  booleanOf(globals, "smtp_alert_vrrp") ??
  booleanOf(globals, "smtp_alert") ??
  false;

function serverOf(globals: Block): MailPlan["server"] | undefined {
  const value = lastSetting(globals, "smtp_server")?.value;
  if (value?.kind !== "texts") return undefined;
  const [host, port] = value.values;
  if (host === undefined) return undefined;
  return { host, port: readInteger(port ?? "") ?? SMTP_PORT };
}

function senderOf(globals: Block): MailAddress | undefined {
  const value = lastSetting(globals, "notification_email_from")?.value;
  const [sender] = value?.kind === "texts" ? readAddresses(value.values) : [];
  return sender !== undefined && isMailAddress(sender.address) ? sender : undefined;
}

export const recipientsOf = (globals: Block): readonly MailAddress[] =>
  itemsOf(globals, "notification_email", "raw").flatMap(({ texts }) => readAddresses(texts));

/**
 * `a@b`, `"Name <a@b>"`, `Name <a@b>` or several `a@b` on one line. keepalived takes each argument
 * for an address, and sends `MAIL FROM:<Name <a@b>>`, which servers refuse.
 */
export function readAddresses(texts: readonly string[]): readonly MailAddress[] {
  const found: MailAddress[] = [];
  let name: string[] = [];
  for (const text of texts.flatMap((one) => one.split(/[ \t]+/)).filter((one) => one !== "")) {
    const inBrackets = /^<([^<>]*)>[,;]?$/.exec(text)?.[1];
    if (inBrackets !== undefined) {
      found.push({ address: inBrackets, ...(name.length === 0 ? {} : { name: name.join(" ") }) });
      name = [];
    } else if (text.includes("@")) found.push({ address: text.replace(/[,;]+$/, "") });
    else name.push(text.replaceAll('"', ""));
  }
  // A local account: `root`.
  for (const one of name) found.push({ address: one });
  return found;
}

/** What a server could take in `RCPT TO:<…>`; a local account has no `@`. */
export const isMailAddress = (address: string): boolean =>
  /^[^\s<>@,;:"\\]+(?:@(?:[\w-]+(?:\.[\w-]+)*|\[[0-9A-Fa-f.:IPv]+\]))?$/u.test(address) &&
  address.length <= ADDRESS_MAX;

/** RFC 5321 4.5.3.1.3, without the brackets. */
const ADDRESS_MAX = 254;
