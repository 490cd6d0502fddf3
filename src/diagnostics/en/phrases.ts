/** Phrases that many English messages use. */

export const plural = (count: number, noun: string): string =>
  count === 1 ? `1 ${noun}` : `${count} ${noun}s`;

/** Of more items than this, the rest is only counted. */
const LISTED_MAX = 20;

export function list(all: readonly string[], word: "and" | "or" = "and"): string {
  const more = all.length - LISTED_MAX;
  const items = more > 1 ? [...all.slice(0, LISTED_MAX), `${more} more`] : all;
  if (items.length < 2) return items[0] ?? "";
  if (items.length === 2) return `${items[0]} ${word} ${items[1]}`;
  return `${items.slice(0, -1).join(", ")} ${word} ${items.at(-1)}`;
}

export const ticked = (items: readonly string[], word: "and" | "or" = "and"): string =>
  list(
    items.map((item) => `\`${item}\``),
    word,
  );

/** The block a keyword stands in; the root has no keyword. */
export const blockName = (block: string | undefined): string =>
  block === undefined || block === "" ? "the file's outermost level" : `\`${block}\``;

export const clouds: Readonly<Record<string, string>> = {
  tencent: "Tencent Cloud",
  alibaba: "Alibaba Cloud",
  huawei: "Huawei Cloud",
  aws: "AWS",
  azure: "Azure",
  gcp: "Google Cloud",
};
