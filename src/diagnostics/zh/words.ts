/** 中文句子里的小词。 */

export const list = (items: readonly string[], word: "和" | "或" = "和"): string => {
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
