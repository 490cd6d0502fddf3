/** 中文句子里的小词。 */

/** 超过此数，其余只报个数。 */
const LISTED_MAX = 20;

export const list = (all: readonly string[], word: "和" | "或" = "和"): string => {
  const more = all.length - LISTED_MAX;
  const items = more > 1 ? [...all.slice(0, LISTED_MAX), `其余 ${more} 个`] : all;
  if (items.length < 2) return items[0] ?? "";
  return `${items.slice(0, -1).join("、")} ${word} ${items.at(-1)}`;
};

export const ticked = (items: readonly string[], word: "和" | "或" = "和"): string =>
  list(
    items.map((item) => `\`${item}\``),
    word,
  );

export const blockName = (block: string | undefined): string =>
  block === undefined || block === "" ? "文件最外层" : `\`${block}\` 段`;

export const clouds: Readonly<Record<string, string>> = {
  tencent: "腾讯云",
  alibaba: "阿里云",
  huawei: "华为云",
  aws: "AWS",
  azure: "Azure",
  gcp: "Google Cloud",
};
