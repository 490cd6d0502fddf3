/** Mail that is set up and never sent: the stock sample's addresses, without `smtp_alert`. */
import { booleanOf, hasSetting, lastSetting } from "../blocks/block.ts";
import type { Rule } from "./rule.ts";

export const checkMail: Rule = ({ model, report }) => {
  const setting = lastSetting(model.globals, "smtp_server", "notification_email");
  if (setting === undefined) return;
  const asked = [...model.instances, ...model.groups].some((block) =>
    hasSetting(block, "smtp_alert"),
  );
  const global =
    booleanOf(model.globals, "smtp_alert") === true ||
    booleanOf(model.globals, "smtp_alert_vrrp") === true ||
    booleanOf(model.globals, "smtp_alert_checker") === true;
  // keepalived mails about real servers unless it is configured not to (check_data.c).
  const checker = booleanOf(model.globals, "smtp_alert_checker");
  const servers =
    hasSetting(model.root, "virtual_server") &&
    (checker ?? booleanOf(model.globals, "smtp_alert") ?? true);
  if (!asked && !global && !servers) report("VR3010", setting.token.span, {});
};
