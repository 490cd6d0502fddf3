/**
 * `use_vmac`: arguments that keepalived ignores, names that are taken, and keywords that have no
 * effect as they stand.
 */
import { type Block, hasSetting, lastSetting, nameOf, placeOf } from "../blocks/block.ts";
import { interfaceOf, isUnicast } from "../model/effective.ts";
import { nameTakenBy, usesVmac, vmacArguments, wantsIpv6Vmac } from "../model/vmac.ts";
import type { Rule, RuleContext } from "./rule.ts";

export const checkVmac: Rule = (context) => {
  for (const block of context.model.instances) {
    checkAlone(context, block);
    if (usesVmac(block)) checkArguments(context, block);
    checkFamily(context, block);
  }
};

/** What needs `use_vmac`, and a `use_vmac` with nothing to be on. */
function checkAlone({ report }: RuleContext, block: Block): void {
  const instance = nameOf(block);
  const vmac = lastSetting(block, "use_vmac");
  const base = lastSetting(block, "vmac_xmit_base");
  const keyword = vmac?.keyword.word;
  if (vmac !== undefined && keyword !== undefined && isWithoutInterface(block))
    report("VR2153", vmac.token.span, { keyword, instance, why: "no-interface" });
  else if (base !== undefined && vmac === undefined)
    report("VR2153", base.token.span, { keyword: "vmac_xmit_base", instance, why: "no-vmac" });
}

/** One that was written and refused has been reported. */
const isWithoutInterface = (block: Block): boolean =>
  interfaceOf(block) === undefined && !block.attempted.includes("interface") && isUnicast(block);

/** keepalived puts the excluded ones on the IPv4 device, which answers with the wrong address. */
function checkFamily({ report }: RuleContext, block: Block): void {
  if (!wantsIpv6Vmac(block)) return;
  const place = lastSetting(block, "use_vmac", "use_vmac_addr")?.token.span ?? placeOf(block);
  report("VR2154", place, { instance: nameOf(block) });
}

function checkArguments({ model, report }: RuleContext, block: Block): void {
  const setting = lastSetting(block, "use_vmac");
  const args = vmacArguments(block);
  if (setting === undefined || args === undefined) return;
  const instance = nameOf(block);
  for (const { token, why } of args.refused)
    report("VR2150", token.span, { word: token.text, instance, why });
  const owner = nameTakenBy(block, model);
  if (owner !== undefined && args.name !== undefined) {
    const by = owner === "interface" ? undefined : nameOf(owner);
    report("VR2151", args.name.span, { name: args.name.text, instance, by });
  }
  if (!isUnicast(block) || hasSetting(block, "vmac_xmit_base")) return;
  const { span } = setting.token;
  const edits = [{ span: { ...span, end: span.start }, text: "vmac_xmit_base\n    " }];
  report("VR2152", span, { instance }, { fix: { safety: "safe", edits } });
}
