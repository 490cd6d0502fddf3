/** `havip`: no secrets in the file, and values that a cloud could have. */

import { type Block, blocksOf, placeOf } from "../blocks/block.ts";
import { SECRET_KEYWORDS } from "../keywords/havip.ts";
import { addressesOf } from "../model/effective.ts";
import { globalHavip } from "../plan/havip.ts";
import type { Rule, RuleContext } from "./rule.ts";

type Wanted = "url" | "region" | "instance" | "path";

const FORMS: Readonly<Record<string, readonly [RegExp, Wanted]>> = {
  endpoint: [/^(?:https?:\/\/)?(?:[\w.-]+|\[[0-9a-fA-F:.]+\])(?::\d{1,5})?(?:\/[\w./-]*)?$/, "url"],
  region: [/^[a-z][a-z0-9]*(?:-[a-z0-9]+)+$/, "region"],
  instance_id: [/^[a-z]+-[a-z0-9]+$/, "instance"],
  credentials_file: [/^\//, "path"],
};

export const checkHavip: Rule = (context) => {
  const { model } = context;
  const globals = blocksOf(model.root, "global_defs").flatMap((one) => blocksOf(one, "havip"));
  for (const block of globals) checkBlock(context, block);
  for (const instance of model.instances) {
    const own = blocksOf(instance, "havip");
    for (const block of own) checkBlock(context, block);
    const [first] = own;
    if (first !== undefined && !instance.damaged && addressesOf(instance).length === 0) {
      context.report("VR2062", placeOf(first), {});
    }
  }
  const global = globalHavip(model);
  if (global !== undefined && model.instances.length > 0) {
    const isOfUse = model.instances.some((instance) => addressesOf(instance).length > 0);
    if (!isOfUse && !model.instances.some(({ damaged }) => damaged)) {
      context.report("VR2062", placeOf(global), {});
    }
  }
};

function checkBlock({ report, lineOf }: RuleContext, block: Block): void {
  for (const { keyword, token, args } of block.settings) {
    const [first] = args;
    if (SECRET_KEYWORDS.includes(keyword.word)) {
      // Points at the block and not at the secret's line: reports quote the line, and end up in
      // tickets.
      const facts = { keyword: keyword.word, line: lineOf(token.span) };
      report("VR2060", placeOf(block), facts);
      continue;
    }
    const form = FORMS[keyword.word];
    if (form === undefined || first === undefined || form[0].test(first.text)) continue;
    report("VR2061", first.span, { keyword: keyword.word, text: first.text, wanted: form[1] });
  }
}
