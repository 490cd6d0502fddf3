/** One value given twice: the last one wins, except for `state`, where it is the first. */
import { type Block, type Setting } from "../blocks/block.ts";
import type { Rule, RuleContext } from "./rule.ts";

export const checkRepeated: Rule = (context) => {
  const visit = (block: Block): void => {
    checkBlock(context, block);
    for (const inner of block.blocks) visit(inner);
  };
  visit(context.model.root);
};

function checkBlock({ report, lineOf }: RuleContext, block: Block): void {
  const seen = new Map<string, Setting>();
  for (const setting of block.settings) {
    const { keyword } = setting;
    const kind = keyword.takes.kind;
    if (keyword.repeatable === true || kind === "list" || kind === "foreign") continue;
    const first = seen.get(keyword.word);
    seen.set(keyword.word, setting);
    if (first === undefined) continue;
    const related = [first.token.span];
    const [before, after] = [valueOf(first), valueOf(setting)];
    if (keyword.word === "state") {
      if (before !== after)
        report("VR2042", setting.token.span, { kept: before, ignored: after }, { related });
      continue;
    }
    const secret = kind === "secret";
    // Of our own blocks one counts as a whole; keepalived joins the lines of its own.
    const isWhole = kind === "block" && keyword.since === "baton";
    if (!isWhole && (secret ? isSameSecret(first, setting) : before === after)) continue;
    const facts = {
      keyword: keyword.word,
      first: secret ? "" : before,
      last: secret ? "" : after,
      line: lineOf(first.token.span),
    };
    report("VR2036", setting.token.span, facts, { related });
  }
}

function isSameSecret({ value: a }: Setting, { value: b }: Setting): boolean {
  return a.kind === "secret" && b.kind === "secret" && a.secret.equals(b.secret);
}

const valueOf = (setting: Setting): string => setting.args.map(({ text }) => text).join(" ");
