import { visible } from "#units/visible";

/**
 * How many columns a terminal gives a text: CJK and other wide characters take two, combining marks
 * none.
 */

const WIDE: readonly (readonly [number, number])[] = [
  [0x1100, 0x115f],
  [0x2e80, 0x303e],
  [0x3041, 0x33ff],
  [0x3400, 0x4dbf],
  [0x4e00, 0x9fff],
  [0xa000, 0xa4cf],
  [0xac00, 0xd7a3],
  [0xf900, 0xfaff],
  [0xfe30, 0xfe4f],
  [0xff00, 0xff60],
  [0xffe0, 0xffe6],
  [0x1f300, 0x1f64f],
  [0x1f900, 0x1f9ff],
  [0x20000, 0x3fffd],
];

const ZERO = /^[\p{Mn}\p{Me}\p{Cf}]$/u;

export function charWidth(char: string): number {
  const code = char.codePointAt(0) ?? 0;
  if (code < 0x20 || (code >= 0x7f && code < 0xa0)) return 0;
  if (code < 0x300) return 1;
  if (ZERO.test(char)) return 0;
  return WIDE.some(([from, to]) => code >= from && code <= to) ? 2 : 1;
}

/** One column a character. */
const PLAIN = /^[ -~]*$/;

export function textWidth(text: string): number {
  if (PLAIN.test(text)) return text.length;
  let width = 0;
  for (const char of text) width += charWidth(char);
  return width;
}

export const TAB = 4;

/**
 * Tabs to blanks at fixed stops, other control characters to a visible mark, so that columns are
 * what they seem.
 */
export function expandTabs(text: string): string {
  if (PLAIN.test(text)) return text;
  let out = "";
  let column = 0;
  for (const char of visible(text)) {
    if (char === "\t") {
      const blanks = TAB - (column % TAB);
      out += " ".repeat(blanks);
      column += blanks;
    } else {
      out += char;
      column += charWidth(char);
    }
  }
  return out;
}
