/**
 * Mail that is set up and never sent (the stock sample's addresses, without `smtp_alert`), mail
 * that is asked for and cannot be sent, and addresses that no server takes.
 */
import {
  blocksOf,
  booleanOf,
  hasSetting,
  itemsOf,
  lastOfAny,
  lastSetting,
  type Setting,
} from "../blocks/block.ts";
import type { Model } from "../model/model.ts";
import { isMailAddress, isMailed, readAddresses, recipientsOf } from "../plan/mail.ts";
import { readInteger } from "../values/numbers.ts";
import type { Rule, RuleContext } from "./rule.ts";

export const checkMail: Rule = (context) => {
  const { model, report } = context;
  checkServer(context);
  checkAddresses(context);
  const asking = askedBy(model);
  if (asking !== undefined) return checkPossible(context, asking);
  const setting = lastSetting(model.globals, "smtp_server", "notification_email");
  if (setting === undefined || hasServers(model)) return;
  // `smtp_alert off`, or an instance that is left out, is a decision too; global ones are not.
  const blocks = [...model.instances, ...model.groups];
  if (!blocks.some((block) => hasSetting(block, "smtp_alert")))
    report("VR3010", setting.token.span, {});
};

/** keepalived mails about real servers unless it is configured not to (check_data.c). */
function hasServers({ root, globals }: Model): boolean {
  if (booleanOf(globals, "smtp_alert_checker") === true) return true;
  const checker = booleanOf(globals, "smtp_alert_checker");
  return (
    hasSetting(root, "virtual_server") && (checker ?? booleanOf(globals, "smtp_alert") ?? true)
  );
}

/** The setting by which something is mailed; undefined: nothing is. */
function askedBy(model: Model): Setting | undefined {
  for (const block of blocksOf(model.root, "alert")) {
    const email = lastSetting(block, "email");
    if (email !== undefined && booleanOf(block, "email") === true) return email;
  }
  const block = [...model.instances, ...model.groups].find((one) => isMailed(one, model));
  if (block === undefined) return undefined;
  return (
    lastSetting(block, "smtp_alert") ?? lastOfAny(model.globals, ["smtp_alert_vrrp", "smtp_alert"])
  );
}

/** keepalived 2.2.7 sends nothing then, and says nothing. */
function checkPossible({ model, report }: RuleContext, { token }: Setting): void {
  const { globals } = model;
  const isLost = (word: string): boolean => globals.damaged || globals.attempted.includes(word);
  const noServer = !hasSetting(globals, "smtp_server") && !isLost("smtp_server");
  const noOne = recipientsOf(globals).length === 0 && !isLost("notification_email");
  const facts = { keyword: token.text, server: noServer, recipients: noOne };
  if (noServer || noOne) report("VR2082", token.span, facts);
}

const PORT_MAX = 65_535;

function checkServer({ model, report }: RuleContext): void {
  const port = lastSetting(model.globals, "smtp_server")?.args[1];
  if (port === undefined) return;
  const number = readInteger(port.text);
  const facts = { keyword: "smtp_server", text: port.text };
  if (number === undefined) report("VR2001", port.span, { ...facts, decimal: false, used: "25" });
  else if (number < 1 || number > PORT_MAX)
    report("VR2002", port.span, { ...facts, min: 1, max: PORT_MAX, used: "25" });
}

function checkAddresses({ model, report }: RuleContext): void {
  const { globals } = model;
  const from = lastSetting(globals, "notification_email_from");
  const texts = from?.value.kind === "texts" ? from.value.values : [];
  const [sender] = readAddresses(texts);
  if (from !== undefined && sender !== undefined && !isMailAddress(sender.address)) {
    const facts = { keyword: from.token.text, text: sender.address };
    report("VR2083", from.args[0]?.span ?? from.token.span, facts);
  }
  for (const item of itemsOf(globals, "notification_email", "raw")) {
    const bad = readAddresses(item.texts).find(({ address }) => !isMailAddress(address));
    if (bad === undefined) continue;
    report("VR2083", item.token.span, { keyword: "notification_email", text: bad.address });
  }
}
