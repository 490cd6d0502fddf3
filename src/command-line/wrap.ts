/** Breaks text at the columns of a terminal, Chinese too. */
import { textWidth } from "#diagnostics/render/width";

/** At blanks, and between Chinese characters, but never before a mark that ends a clause. */
export function wrap(text: string, columns: number): string {
  const lines: string[] = [];
  let line = "";
  let width = 0;
  for (const piece of text.match(PIECE) ?? []) {
    const visible = textWidth(piece.trimEnd());
    if (width + visible > columns && line !== "") {
      lines.push(line.trimEnd());
      line = "";
      width = 0;
    }
    line += piece;
    width += textWidth(piece);
  }
  return [...lines, line.trimEnd()].join("\n");
}

/** A Chinese character with the punctuation around it, or a word with its blanks. */
const PIECE =
  /[（「『“]*[\u3400-\u9fff][，。、；：？！）」』”…]*\s*|[（「『“]*[^\s\u3400-\u9fff（「『“，。、；：？！）」』”…]+[，。、；：？！）」』”…]*\s*|\s+|./gu;
