/**
 * Keywords that Baton reads and does not act on, by consequence. One finding per kind of loss and
 * file, with every place: twenty mail notifications are one finding. So are twenty blocks of one
 * keyword that keepalived does not know.
 */
import type { Span } from "#diagnostics/source";
import { type Block, booleanOf, itemsOf, type Setting } from "../blocks/block.ts";
import type { Acts, BlockWord } from "../keywords/keyword.ts";
import type { Rule, RuleContext } from "./rule.ts";

export const checkActedOn: Rule = ({ model, report }) => {
  const losses = new Map<string, { first: Setting; acts: Acts; places: Span[] }>();
  const own = new Map<string, { first: Setting; places: Span[] }>();
  const visit = (block: Block): void => {
    for (const setting of block.settings) {
      const { acts, word, deprecated, since } = setting.keyword;
      if (isOff(block, setting)) continue;
      if (since === "baton") {
        const known = own.get(word);
        if (known === undefined) own.set(word, { first: setting, places: [setting.token.span] });
        else known.places.push(setting.token.span);
      }
      // What it would run without is reported below, and is worse.
      if (deprecated !== undefined && acts.kind !== "without") {
        const instead = deprecated === "" ? undefined : deprecated;
        report("VR4010", setting.token.span, { keyword: word, instead });
      }
      if (acts.kind === "yes" || (acts.kind === "no-need" && acts.quiet)) continue;
      const key = keyOf(acts, word);
      const known = losses.get(key);
      if (known === undefined)
        losses.set(key, { first: setting, acts, places: [setting.token.span] });
      else known.places.push(setting.token.span);
    }
    for (const inner of block.blocks) if (!isLost(inner)) visit(inner);
  };
  visit(model.root);
  checkAddressFlags(model.instances, report);
  for (const [keyword, { first, places }] of own) {
    const kind = first.value.kind === "block" ? ({ isBlock: true } as const) : {};
    const facts = { keyword, ...kind, places: places.length };
    report("VR4005", first.token.span, facts, { related: places.slice(1) });
  }
  for (const { first, acts, places } of losses.values()) {
    const keyword = first.keyword.word;
    const related = places.slice(1);
    const count = places.length;
    const place = first.token.span;
    if (acts.kind === "foreign") report("VR4004", place, { keyword, places: count }, { related });
    else if (acts.kind === "without") {
      const code = acts.severity === "error" ? "VR4001" : "VR4002";
      report(code, place, { keyword, loss: acts.loss, places: count }, { related });
    } else if (acts.kind === "no-need") {
      report("VR4003", place, { keyword, noNeed: acts.why, places: count }, { related });
    }
  }
};

/** Kernel flags and virtual MAC options of single addresses. */
function checkAddressFlags(instances: readonly Block[], report: RuleContext["report"]): void {
  const others = instances.flatMap((block) =>
    ["virtual_ipaddress", "virtual_ipaddress_excluded"].flatMap((list) =>
      itemsOf(block, list, "address").flatMap((item) => item.others),
    ),
  );
  const [first, ...more] = others;
  if (first === undefined) return;
  const facts = { keyword: first.text, loss: "address-flags" as const, places: others.length };
  report("VR4002", first.span, facts, { related: more.map(({ span }) => span) });
}

function keyOf(acts: Acts, word: string): string {
  if (acts.kind === "without") return `${acts.severity} ${acts.loss}`;
  if (acts.kind === "no-need") return `no-need ${acts.why}`;
  return acts.kind === "foreign" ? "foreign" : word;
}

/** `vrrp_strict false` changes nothing, so nothing is lost. */
function isOff(block: Block, setting: Setting): boolean {
  return setting.value.kind === "boolean" && booleanOf(block, setting.keyword.word) === false;
}

/** In a block that is lost as a whole, or is ours as a whole, no keyword is reported by itself. */
const isLost = (block: Block): boolean => block.word !== undefined && WHOLE.has(block.word);

const WHOLE: ReadonlySet<BlockWord> = new Set(["havip", "api", "alert", "check", "gate"]);
