/**
 * `vrrp_strict`: the usual reason why a virtual address does not answer, and for two masters where
 * only one node has it.
 */

import {
  type Block,
  blocksOf,
  booleanOf,
  hasSetting,
  lastSetting,
  nameOf,
  textOf,
} from "../blocks/block.ts";
import {
  DOWN_TIMER_ADVERTS,
  inherited,
  isOwner,
  isStrict,
  isUnicast,
  stateOf,
  writtenState,
} from "../model/effective.ts";
import type { Model } from "../model/model.ts";
import { signingBlock } from "../model/signing.ts";
import { usesVmac, vmacArguments } from "../model/vmac.ts";
import type { Rule, RuleContext } from "./rule.ts";

export const checkStrict: Rule = (context) => {
  const { model } = context;
  const global = lastSetting(model.globals, "vrrp_strict");
  const byGlobal: Block[] = [];
  for (const block of model.instances) {
    if (!isStrict(block, model)) continue;
    const own = lastSetting(block, "strict_mode");
    if (own === undefined) byGlobal.push(block);
    else reportStrict(context, own.token.span, [block]);
  }
  if (global !== undefined && byGlobal.length > 0)
    reportStrict(context, global.token.span, byGlobal);
};

function reportStrict(
  { model, report }: RuleContext,
  span: Parameters<RuleContext["report"]>[1],
  blocks: readonly Block[],
): void {
  const [first] = blocks;
  report("VR3007", span, {
    instance: first === undefined ? "" : nameOf(first),
    unicast: blocks.some(isUnicast),
    authentication: blocks.some((block) => blocksOf(block, "authentication").length > 0),
    resets: [...new Set(blocks.flatMap((block) => resetBy(block, model)))],
  });
}

const NO_REPEATS = ["garp_lower_prio_delay", "garp_lower_prio_repeat"] as const;

/** What strict mode sets otherwise than it is written (keepalived 2.2.7: "resetting"). */
function resetBy(block: Block, model: Model): readonly string[] {
  const flag = (word: string): boolean | undefined =>
    booleanOf(block, word) ?? booleanOf(model.globals, `vrrp_${word}`);
  const isWritten = (word: string): boolean =>
    hasSetting(block, word) || hasSetting(model.globals, `vrrp_${word}`);
  return [
    ...(hasSetting(block, "state") && writtenState(block) !== stateOf(block, model)
      ? ["state"]
      : []),
    ...(hasSetting(block, "preempt_delay") ? ["preempt_delay"] : []),
    ...(isWritten("down_timer_adverts") &&
    inherited(block, model, "down_timer_adverts") !== DOWN_TIMER_ADVERTS
      ? ["down_timer_adverts"]
      : []),
    ...(flag("lower_prio_no_advert") === false ? ["lower_prio_no_advert"] : []),
    ...(flag("higher_prio_send_advert") === true ? ["higher_prio_send_advert"] : []),
    ...NO_REPEATS.filter(isWritten),
    ...(isModeReset(block) ? ["mode"] : []),
    ...(hasSetting(block, "vmac_xmit_base") && usesVmac(block) ? ["vmac_xmit_base"] : []),
    ...(usesVmac(block) && vmacArguments(block)?.mac !== undefined ? ["use_vmac"] : []),
    ...(hasSetting(block, "accept") && !isOwner(block) ? ["accept"] : []),
  ];
}

/** `auth_hmac` is always enforced then. */
function isModeReset(instance: Block): boolean {
  const signing = signingBlock(instance);
  const mode = signing && textOf(signing, "mode");
  return mode !== undefined && mode !== "enforce";
}
