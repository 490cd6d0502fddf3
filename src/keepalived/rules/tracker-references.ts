/**
 * Names in `track_*` lists: that they exist, that they stand before their use, and that every check
 * is used.
 */
import type { TrackerWord } from "#diagnostics/facts";
import type { Span } from "#diagnostics/source";
import { suggester } from "#units/nearest";
import { type Block, hasSetting, itemsOf, nameOf, placeOf } from "../blocks/block.ts";
import { find, type Model } from "../model/model.ts";
import type { Rule, RuleContext } from "./rule.ts";

interface ReferenceKind {
  readonly list: string;
  readonly tracker: TrackerWord;
  readonly blocks: (model: Model) => readonly Block[];
  /** Keyword without which the block is nothing; a `check` has a rule of its own. */
  readonly needs: string;
}

/** `track_script` has both, in one name space. */
const scriptsOf = ({ scripts, checks }: Model): readonly Block[] =>
  checks.length === 0 ? scripts : [...scripts, ...checks];

const KINDS: readonly ReferenceKind[] = [
  { list: "track_script", tracker: "vrrp_script", blocks: scriptsOf, needs: "script" },
  {
    list: "track_process",
    tracker: "vrrp_track_process",
    blocks: (m) => m.processes,
    needs: "process",
  },
  { list: "track_file", tracker: "track_file", blocks: (m) => m.files, needs: "file" },
  { list: "track_bfd", tracker: "bfd_instance", blocks: (m) => m.sessions, needs: "neighbor_ip" },
];

export const checkTrackerReferences: Rule = (context) => {
  for (const kind of KINDS) checkKind(context, kind);
};

function checkKind(context: RuleContext, kind: ReferenceKind): void {
  const { model, report } = context;
  const blocks = kind.blocks(model);
  const used = new Set<string>();
  const users = [...model.instances, ...model.groups];
  // Which name stood in a line that was dropped is not known.
  const isComplete = users.every((user) => !user.attempted.includes(kind.list));
  const late = new Map<string, Span>();
  const suggest = suggester(() => blocks.map(nameOf));
  for (const user of users) {
    for (const { token } of itemsOf(user, kind.list, "tracked")) {
      used.add(token.text);
      const block = find(blocks, token.text);
      if (block === undefined) {
        if (model.lostNames.has(token.text)) continue;
        const suggestion = suggest(token.text);
        // The one that was probably meant is not also unused.
        if (suggestion !== undefined) used.add(suggestion);
        const { tracker } = kind;
        const facts = { tracker, name: token.text, user: nameOf(user), suggestion };
        const edits = [{ span: token.span, text: suggestion ?? "" }];
        const fix = { safety: "maybe" as const, edits };
        report("VR2010", token.span, facts, suggestion === undefined ? {} : { fix });
      } else if (isLate(block, token.span) && !late.has(token.text)) {
        late.set(token.text, token.span);
      }
    }
  }
  for (const block of blocks) {
    const isUsed = !isComplete || used.has(nameOf(block));
    checkBlock(context, kind, block, isUsed, late.get(nameOf(block)));
  }
}

/** Only places in one file can be put in order here. */
function isLate(block: Block, use: Span): boolean {
  const place = placeOf(block);
  return place.file === use.file && place.start > use.start;
}

function checkBlock(
  { report, lineOf, model }: RuleContext,
  { tracker: kind, needs }: ReferenceKind,
  block: Block,
  isUsed: boolean,
  lateUse: Span | undefined,
): void {
  const name = nameOf(block);
  const place = placeOf(block);
  const isCheck = block.word === "check";
  const tracker = isCheck ? "check" : kind;
  if (!isCheck && !hasSetting(block, needs) && !block.damaged && !block.attempted.includes(needs)) {
    report("VR2034", place, { block: block.head?.text ?? "", name, keyword: needs });
  }
  if (!isUsed) {
    if (!block.damaged && !model.root.damaged) report("VR2011", place, { tracker, name });
    return;
  }
  // keepalived does not find a `check` anywhere.
  if (lateUse !== undefined && !isCheck) {
    const facts = { tracker, name, line: lineOf(place), user: name };
    report("VR4008", lateUse, facts, { related: [place] });
  }
}
