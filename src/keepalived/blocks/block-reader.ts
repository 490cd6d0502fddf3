/**
 * Lines to blocks, as keepalived's own loop goes through its keyword tables (2.2.7).
 *
 * It knows no syntax error: an unknown word is a message and the next line is read; a `{` that follows is ignored; and the
 * `}` that belongs to it then closes whatever block is open, so an unknown block inside an instance ends the instance. That
 * is repeated here, because the result must be what keepalived would run. Three things keep the findings apart from their
 * consequences:
 *
 * - `orphans`: braces in the text that opened no block. While there are any, unknown words are theirs, not the operator's.
 * - `cuts`: blocks closed by an orphan's `}` before their own end. Until the text reaches that end, everything is a
 *   consequence.
 * - `damaged` blocks: what is missing in them is not reported again.
 */
import { type AnyFinding, finding } from "#diagnostics/diagnostic";
import type { Source, Span } from "#diagnostics/source";
import { suggester } from "#units/nearest";
import { HIDDEN_SECRET } from "#units/secret";
import type { Keyword, KeywordTable } from "../keywords/keyword.ts";
import { opensBlock, tableOf } from "../keywords/tables.ts";
import { type Line, spanOfLine } from "../lines/line.ts";
import { splitWords, type Word, type Words } from "../lines/tokens.ts";
import { readItem } from "../values/read-item.ts";
import { readValue } from "../values/read-value.ts";
import type { Value } from "../values/value.ts";
import { addSetting, type Block, nameOf, newBlock } from "./block.ts";
import { type CommentedHeader, findCommentedHeader } from "./commented-header.ts";
import type { Frame, KeywordFrame, ListFrame } from "./frames.ts";
import { indentOf, startOfLine } from "./line-places.ts";
import { describeUnknown, isStray, isUnused, type UnknownFacts } from "./unknown-keyword.ts";

export interface BlockReader {
  /** One line, as the line reader gives it. */
  take(line: Line): void;
  /** The end of the files: closes what is open. */
  end(at: Span): void;
  readonly root: Block;
  /** Names of checks whose header was commented out: not finding them is a consequence. */
  readonly lostNames: ReadonlySet<string>;
  /** Reported, and then seen to follow from something else. */
  readonly withdrawn: ReadonlySet<AnyFinding>;
}

export interface BlockReaderContext {
  readonly report: (finding: AnyFinding) => void;
  readonly sourceOf: (file: string) => Source | undefined;
  readonly lineOf: (span: Span) => number;
}

/** keepalived has no limit; ours keeps a file of braces from being a file of findings. */
const DEPTH_MAX = 1_000;

export function createBlockReader(context: BlockReaderContext): BlockReader {
  const { report } = context;
  const root = newBlock(undefined, undefined, undefined);
  const frames: Frame[] = [
    {
      kind: "keywords",
      block: root,
      table: tableOf(undefined),
      header: undefined,
      needsBrace: false,
    },
  ];
  const orphans: { readonly facts: UnknownFacts | undefined }[] = [];
  const cuts: { readonly facts: UnknownFacts | undefined }[] = [];
  const lostNames = new Set<string>();
  /** Words of an outer block: misplaced, or the inner block was meant to end before. */
  const suspects: AnyFinding[] = [];
  const withdrawn = new Set<AnyFinding>();
  /** The block that was closed last, until another is opened. */
  let closed: { readonly frame: Frame; readonly at: Span } | undefined;
  const named = new Map<string, Block>();
  const suggestions = new Map<string, string | undefined>();
  const suggesters = new Map<KeywordTable, ReturnType<typeof suggester>>();
  let unknown: UnknownLine | undefined;
  const strays = new Map<Block, string[]>();
  let braceTrouble = false;
  let tooDeep = false;

  const top = (): Frame => frames.at(-1) as Frame;
  const consequence = (): boolean => orphans.length > 0 || cuts.length > 0;
  const ownBlock = (): Block => {
    const frame = frames.findLast((one): one is KeywordFrame => one.kind === "keywords");
    return frame?.block ?? root;
  };
  const enclosing = (): KeywordFrame => {
    const frame = frames.findLast((one): one is KeywordFrame => one.kind === "keywords");
    return frame ?? (frames[0] as KeywordFrame);
  };

  function open(at: Span): void {
    const frame = top();
    const before = unknown;
    before?.isBlock?.();
    unknown = undefined;
    if (frame.kind === "skip") {
      if (frame.needsBrace) frame.needsBrace = false;
      frame.depth++;
      return;
    }
    if (frame.needsBrace) {
      frame.needsBrace = false;
      return;
    }
    if (orphans.length > DEPTH_MAX && !tooDeep) {
      tooDeep = true;
      report(finding("VR1036", at, { depth: DEPTH_MAX }));
    }
    if (before !== undefined) {
      if (before.facts !== undefined) before.facts.isBlock = true;
      orphans.push({ facts: before.facts });
    } else {
      if (!consequence()) reportOrphan(at);
      orphans.push(NO_FACTS);
    }
    braceTrouble = true;
  }

  function reportOrphan(at: Span): void {
    const source = context.sourceOf(at.file);
    const { table, block } = enclosing();
    const header = source && findCommentedHeader(source, at.start, table);
    if (header === undefined) {
      const facts = { looksLike: undefined, inside: block.word };
      report(finding("VR1003", at, facts));
      return;
    }
    reportCommented(header, at);
  }

  /** What was taken for words in the wrong block were words behind the end of a block that has none. */
  function withdraw(): void {
    for (const one of suspects.splice(0)) withdrawn.add(one);
  }

  function reportCommented(header: CommentedHeader, at: Span): void {
    const { word } = header.keyword;
    ownBlock().damaged = true;
    lostNames.add(header.name);
    const edits = [{ span: header.marks, text: "" }];
    const facts = {
      keyword: word,
      name: header.name,
      headerLine: context.lineOf(header.span),
      usedBy: [] as readonly string[],
      inside: enclosing().block.word,
    };
    report(
      finding("VR1002", at, facts, { related: [header.span], fix: { safety: "safe", edits } }),
    );
  }

  function close(at: Span): void {
    unknown = undefined;
    const frame = top();
    if (frame.kind === "skip") {
      if (frame.needsBrace) frames.pop();
      else if (--frame.depth <= 0) {
        frames.pop();
        return;
      } else return;
    }
    const orphan = orphans.pop();
    if (orphan !== undefined) {
      if (frames.length > 1) cut(orphan.facts, at);
      return;
    }
    const early = cuts.pop();
    if (early !== undefined) {
      if (early.facts?.cut !== undefined) early.facts.cut.to = context.lineOf(at);
      if (frames.length > 1) cut(early.facts, at);
      return;
    }
    if (frames.length === 1) {
      if (!braceTrouble) report(finding("VR1004", at, { block: undefined }));
      return;
    }
    const inner = top();
    if (inner.kind !== "skip" && inner.needsBrace) reportMissingBrace(inner);
    closeFrame();
    closed = { frame: inner, at };
  }

  /** A brace of something else closes the innermost block. */
  function cut(facts: UnknownFacts | undefined, at: Span): void {
    const frame = top();
    ownBlock().damaged = true;
    if (facts !== undefined && facts.cut === undefined && frame.kind === "keywords") {
      const line = context.lineOf(at);
      const { block } = frame;
      const name = block.name === undefined ? (block.word ?? "") : `${block.word} ${nameOf(block)}`;
      facts.cut = { name, from: line + 1, to: line + 1 };
    }
    closeFrame();
    cuts.push({ facts });
  }

  function closeFrame(): void {
    const frame = frames.pop();
    if (frame?.kind !== "list") return;
    const value = { kind: "list", items: frame.items } as const;
    addSetting(ownBlock(), { keyword: frame.keyword, word: frame.header, args: [], value });
  }

  function reportMissingBrace(frame: Frame): void {
    frame.needsBrace = false;
    if (consequence() || frame.header === undefined) return;
    braceTrouble = true;
    const { header } = frame;
    const point = { ...header.span, start: header.span.end };
    report(finding("VR1006", header.span, { block: header.text }, { related: [point] }));
  }

  function takeWords({ words, openQuote }: Words, line: Line): void {
    const before = unknown;
    unknown = undefined;
    let frame = top();
    if (frame.kind === "skip") {
      if (!frame.needsBrace) return;
      // keepalived reads its content with or without a brace.
      if (!tableOf(undefined).has(words[0]?.text ?? "")) {
        reportMissingBrace(frame);
        frame.depth = 1;
        return;
      }
      frames.pop();
      frame = top();
    }
    if (frame.kind !== "skip" && frame.needsBrace) {
      reportMissingBrace(frame);
      if (frame.kind === "list") frame.lost = true;
      ownBlock().damaged = true;
    }
    if (frame.kind === "list") takeItem(frame, words);
    else if (frame.kind === "keywords")
      takeKeyword(frame, words, before, openQuote !== undefined, line);
  }

  function takeItem(frame: ListFrame, words: readonly Word[]): void {
    const first = words[0];
    if (first === undefined || frame.keyword.takes.kind !== "list") return;
    // No keyword begins with a digit, and most addresses do.
    const outside = startsWithDigit(first.text)
      ? undefined
      : (enclosing().table.get(first.text) ?? tableOf(undefined).get(first.text));
    const stray =
      outside !== undefined &&
      (frame.keyword.takes.of === "address" ||
        frame.keyword.takes.of === "peer" ||
        opensBlock(outside));
    if (stray && !frame.lost && !consequence()) {
      reportNotClosed(frame.header, first);
      frame.lost = true;
    }
    const silent = frame.lost || consequence();
    const kind = frame.keyword.takes.of;
    // Names of group members may share a line (seen with 2.2.7); everything else is one item a line.
    const lines = kind === "name" ? words.map((word) => [word]) : [words];
    for (const one of lines) {
      const { keyword } = frame;
      const item = readItem({ keyword, kind, words: one, report: silent ? ignore : report });
      if (item === undefined) enclosing().block.attempted.push(keyword.word);
      else frame.items.push(item);
    }
    if (stray && opensBlock(outside)) unknown = NO_FACTS;
  }

  /** A word of an outer block inside an inner one: the inner one was not closed. */
  function reportNotClosed(header: Word, at: Word): void {
    withdraw();
    braceTrouble = true;
    ownBlock().damaged = true;
    root.damaged = true;
    const line = context.lineOf(header.span);
    const source = context.sourceOf(at.span.file);
    const start = source === undefined ? at.span.start : startOfLine(source.text, at.span.start);
    const indent = source === undefined ? "" : indentOf(source.text, header.span.start);
    const edits = [{ span: { ...at.span, start, end: start }, text: `${indent}}\n` }];
    report(
      finding(
        "VR1005",
        at.span,
        { block: header.text, line, count: 1 },
        { related: [header.span], fix: { safety: "maybe", edits } },
      ),
    );
  }

  function takeKeyword(
    frame: KeywordFrame,
    words: readonly Word[],
    before: typeof unknown,
    openQuote: boolean,
    line: Line,
  ): void {
    const word = words[0];
    if (word === undefined) return;
    const args = words.length === 1 ? NO_WORDS : words.slice(1);
    const keyword = frame.table.get(word.text);
    if (keyword === undefined) {
      takeUnknown(frame, word, before);
      return;
    }
    const { takes } = keyword;
    const silent = consequence() ? ignore : report;
    if (takes.kind === "block") openBlock(frame, keyword, word, args);
    else if (takes.kind === "list") {
      if (args.length > 0) reportInlineList(keyword, word, args, silent);
      frames.push({
        kind: "list",
        keyword,
        header: word,
        items: [],
        needsBrace: args.length === 0,
        lost: args.length > 0,
      });
    } else if (takes.kind === "foreign") {
      addSetting(frame.block, { keyword, word, args, value: NO_VALUE });
      frames.push({ kind: "skip", header: word, depth: 0, needsBrace: true });
    } else {
      const value = readValue({
        keyword,
        word,
        args,
        table: frame.table,
        report: silent,
        openQuote,
        line,
      });
      if (value !== undefined) {
        addSetting(frame.block, { keyword, word, args: withoutSecrets(keyword, args), value });
      } else frame.block.attempted.push(keyword.word);
    }
  }

  /** `unicast_peer 10.0.0.2`: a list written as a value. keepalived then reads on to the next `}`. */
  function reportInlineList(
    keyword: Keyword,
    word: Word,
    args: readonly Word[],
    to: (finding: AnyFinding) => void,
  ): void {
    braceTrouble = true;
    ownBlock().damaged = true;
    const [first] = args;
    const last = args.at(-1);
    if (first === undefined || last === undefined) return;
    const edits = [
      { span: { ...first.span, end: first.span.start }, text: "{ " },
      { span: { ...last.span, start: last.span.end }, text: " }" },
    ];
    to(
      finding(
        "VR1006",
        { ...word.span, end: last.span.end },
        { block: keyword.word },
        { related: [], fix: { safety: "safe", edits } },
      ),
    );
  }

  function openBlock(
    frame: KeywordFrame,
    keyword: Keyword,
    word: Word,
    args: readonly Word[],
  ): void {
    const { takes } = keyword;
    if (takes.kind !== "block") return;
    const silent = consequence() ? ignore : report;
    const [name] = args;
    if (takes.named && (name === undefined || args.length > 1)) {
      silent(finding("VR1030", (name ?? word).span, { block: word.text, count: args.length }));
      root.damaged = true;
      frames.push({ kind: "skip", header: word, depth: 0, needsBrace: true });
      return;
    }
    if (!takes.named && name !== undefined) {
      const words = args.map(({ text }) => text).join(" ");
      silent(finding("VR1021", name.span, { keyword: word.text, words, isKeyword: false }));
    }
    const key = `${takes.block} ${name?.text}`;
    const twin = takes.named ? named.get(key) : undefined;
    if (twin?.name !== undefined && name !== undefined) {
      // A file that includes itself brings the same text again.
      if (twin.name.span.start !== name.span.start || twin.name.span.file !== name.span.file) {
        const line = context.lineOf(twin.name.span);
        const facts = { block: word.text, name: name.text, line };
        silent(finding("VR1031", name.span, facts, { related: [twin.name.span] }));
      }
      frames.push({ kind: "skip", header: word, depth: 0, needsBrace: true });
      return;
    }
    const block = newBlock(takes.block, word, takes.named ? name : undefined);
    block.damaged = consequence();
    if (takes.named) named.set(key, block);
    frame.block.blocks.push(block);
    addSetting(frame.block, { keyword, word, args, value: NO_VALUE });
    frames.push({
      kind: "keywords",
      block,
      table: tableOf(takes.block),
      header: word,
      needsBrace: true,
    });
  }

  function takeUnknown(frame: KeywordFrame, word: Word, before: typeof unknown): void {
    if (consequence()) {
      unknown = NO_FACTS;
      return;
    }
    if (before === undefined && reportCommentedOpener(frame, word)) return;
    if (reportClosedEarly(word)) return;
    const outer = frames
      .slice(0, -1)
      .findLast((one): one is KeywordFrame => one.kind === "keywords" && one.table.has(word.text));
    const known = outer?.table.get(word.text);
    if (
      outer !== undefined &&
      known !== undefined &&
      opensBlock(known) &&
      frame.header !== undefined
    ) {
      reportNotClosed(frame.header, word);
      unknown = NO_FACTS;
      return;
    }
    const { block, table } = frame;
    const described = describeUnknown(word, block.word, table, (text) => suggest(frame, text));
    const { facts } = described;
    if (isStray(block, facts)) {
      reportStray(block, word, described.finding);
      return;
    }
    const meant = table.get(facts.suggestion ?? "");
    if (described.finding.code === "VR1001" && isUnused(word.text, meant)) {
      const extras = described.finding.fix === undefined ? {} : { fix: described.finding.fix };
      const soft = { word: word.text, suggestion: meant.word };
      report(finding("VR1042", word.span, soft, extras));
      // A brace behind it makes it a block, and then more is lost than the line.
      unknown = { facts, isBlock: () => report(described.finding) };
      return;
    }
    unknown = { facts };
    if (known !== undefined) suspects.push(described.finding);
    if (facts.suggestion !== undefined) block.attempted.push(facts.suggestion);
    // It may stand for any word that is missing.
    else if (block !== root) block.damaged = true;
    // A character that is not what it seems, or a line that was meant to go on: reported where it stands.
    if (/[^\x20-\x7e]|\\$/.test(word.text)) block.damaged = true;
    report(described.finding);
  }

  /** `vrrp_sync_group G { VI_1 VI_2 }`: names without the `group { … }` that they belong in. */
  function reportStray(block: Block, word: Word, otherwise: AnyFinding): void {
    let names = strays.get(block);
    if (names === undefined) {
      names = [];
      strays.set(block, names);
      block.attempted.push("group");
      report(finding("VR1044", word.span, { names }));
    }
    const list = names;
    if (list.length < STRAYS_MAX) list.push(word.text);
    unknown = {
      facts: undefined,
      isBlock: () => {
        list.pop();
        report(otherwise);
      },
    };
  }

  /** A file of one misspelled word a million times is looked up once. */
  function suggest(frame: KeywordFrame, word: string): string | undefined {
    const key = `${frame.block.word} ${word}`;
    if (suggestions.has(key)) return suggestions.get(key);
    let suggestIn = suggesters.get(frame.table);
    if (suggestIn === undefined) {
      suggestIn = suggester(() => [...frame.table.keys()]);
      suggesters.set(frame.table, suggestIn);
    }
    const suggestion = suggestIn(word);
    suggestions.set(key, suggestion);
    return suggestion;
  }

  /** A `}` too many ended a block, and its own words follow. What they make is nobody's, up to the `}` that was meant. */
  function reportClosedEarly(word: Word): boolean {
    if (closed === undefined) return false;
    const { frame, at } = closed;
    const isItsOwn =
      frame.kind === "keywords"
        ? frame.table.has(word.text)
        : frame.kind === "list" && startsWithDigit(word.text);
    if (!isItsOwn) return false;
    report(finding("VR1004", at, { block: frame.header?.text }));
    orphans.push(NO_FACTS);
    braceTrouble = true;
    return true;
  }

  /** `#vrrp_script check {` above a body that is not commented out: the body's words are unknown here. */
  function reportCommentedOpener(frame: KeywordFrame, word: Word): boolean {
    const source = context.sourceOf(word.span.file);
    const header = source && findCommentedHeader(source, word.span.start, frame.table);
    if (header === undefined || !header.opens) return false;
    const { takes } = header.keyword;
    const inside =
      takes.kind === "list" || (takes.kind === "block" && tableOf(takes.block).has(word.text));
    if (!inside) return false;
    reportCommented(header, word.span);
    orphans.push(NO_FACTS);
    braceTrouble = true;
    return true;
  }

  function end(at: Span): void {
    const openFrames = frames.length - 1;
    const inner = top();
    if (openFrames > 0 && inner.kind !== "skip" && inner.needsBrace) reportMissingBrace(inner);
    if (openFrames > 0 && !braceTrouble && inner.header !== undefined) {
      withdraw();
      const { header } = inner;
      const line = context.lineOf(header.span);
      const text = `${"}\n".repeat(openFrames)}`;
      report(
        finding(
          "VR1005",
          header.span,
          { block: header.text, line, count: openFrames, isFileOver: true },
          { related: [at], fix: { safety: "maybe", edits: [{ span: at, text }] } },
        ),
      );
    }
    while (frames.length > 1) closeFrame();
  }

  return {
    take(line: Line): void {
      if (line.text === "{") open(spanOfLine(line));
      else if (line.text === "}") close(spanOfLine(line));
      else takeWords(splitWords(line), line);
    },
    end,
    root,
    lostNames,
    withdrawn,
  };
}

interface UnknownLine {
  readonly facts: UnknownFacts | undefined;
  /** A `{` follows. */
  readonly isBlock?: () => void;
}

/** More names than anybody reads. */
const STRAYS_MAX = 1_000;

/** A file may have a hundred thousand blocks and a million braces. */
const NO_FACTS: { readonly facts: undefined } = { facts: undefined };
const NO_WORDS: readonly Word[] = [];
const NO_VALUE: Value = { kind: "block" };

/** Words too many are secrets too: `auth_type PASS 1111`. */
function withoutSecrets({ takes, word }: Keyword, args: readonly Word[]): readonly Word[] {
  const isSecret = takes.kind === "secret" || (takes.kind === "words" && takes.isSecret === true);
  if (isSecret) return args.map(hideWord);
  return word === "auth_type" ? [...args.slice(0, 1), ...args.slice(1).map(hideWord)] : args;
}

/** Where a secret stands may be told; what it is, not. */
const hideWord = (word: Word): Word => ({ ...word, text: HIDDEN_SECRET });

const ignore = (): void => {};

function startsWithDigit(text: string): boolean {
  const code = text.charCodeAt(0);
  return code >= 0x30 && code <= 0x39;
}
