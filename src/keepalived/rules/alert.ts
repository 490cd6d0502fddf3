/** `alert`: addresses that can be called, kinds that there are, and somebody to report to. */
import { nearest } from "#units/nearest";
import {
  type Block,
  blocksOf,
  booleanOf,
  lastSetting,
  placeOf,
  type Setting,
} from "../blocks/block.ts";
import { ALERT_KINDS, DESTINATIONS } from "../keywords/alert.ts";
import type { Rule, RuleContext } from "./rule.ts";

export const checkAlert: Rule = (context) => {
  for (const block of blocksOf(context.model.root, "alert")) checkBlock(context, block);
};

function checkBlock(context: RuleContext, block: Block): void {
  const { report } = context;
  const destinations = block.settings.filter(({ keyword }) =>
    (DESTINATIONS as readonly string[]).includes(keyword.word),
  );
  for (const setting of destinations) checkAddress(context, setting);
  checkKinds(context, block);
  const isTried = DESTINATIONS.some((word) => block.attempted.includes(word));
  const isMailed = booleanOf(block, "email") === true;
  if (destinations.length === 0 && !isMailed && !isTried && !block.damaged)
    report("VR2081", placeOf(block), {});
}

/** The address is a secret: what is wrong with it is said without it. */
function checkAddress({ report }: RuleContext, { keyword, value, args }: Setting): void {
  const [place] = args;
  if (value.kind !== "secrets" || place === undefined) return;
  const problem = problemOf(value.secrets[0]?.reveal() ?? "");
  if (problem !== undefined) report("VR2080", place.span, { keyword: keyword.word, problem });
}

function problemOf(text: string): "scheme" | "form" | "account" | undefined {
  if (!/^https?:/i.test(text)) return "scheme";
  const url = URL.parse(text);
  if (url === null || url.hostname === "" || !/^https?:\/\//i.test(text)) return "form";
  return url.username === "" && url.password === "" ? undefined : "account";
}

function checkKinds({ report }: RuleContext, block: Block): void {
  const setting = lastSetting(block, "on");
  for (const { text, span } of setting?.args ?? []) {
    if ((ALERT_KINDS as readonly string[]).includes(text)) continue;
    const suggestion = nearest(text, ALERT_KINDS);
    const facts = {
      keyword: "on",
      text,
      choices: ALERT_KINDS,
      suggestion,
      used: "",
      isOwn: true,
    } as const;
    report("VR2004", span, facts);
  }
}
