/** Which cloud a file is for, as far as it says. */
export type Cloud = "tencent" | "alibaba" | "huawei" | "aws" | "azure" | "gcp" | "none";

export const CLOUDS: readonly Cloud[] = [
  "tencent",
  "alibaba",
  "huawei",
  "aws",
  "azure",
  "gcp",
  "none",
];

/** Clouds in which an address moves by gratuitous ARP; elsewhere only an API call moves it. */
export const MOVES_BY_ARP: readonly Cloud[] = ["tencent", "alibaba", "huawei"];

/** The vendors' advice: virtual addresses on one interface. */
export const ADDRESSES_MAX: Readonly<Record<Cloud, number | undefined>> = {
  tencent: 5,
  alibaba: 5,
  huawei: undefined,
  aws: undefined,
  azure: undefined,
  gcp: undefined,
  none: undefined,
};

const HINTS: readonly (readonly [RegExp, Exclude<Cloud, "none">])[] = [
  [/tencent|qcloud|腾讯/i, "tencent"],
  [/aliyun|alibaba|阿里/i, "alibaba"],
  [/huaweicloud|华为/i, "huawei"],
  // Others have the name too; they are asked for by their own above.
  [/havip|高可用虚拟/i, "tencent"],
  [/\baws\b|\bec2\b|amazonaws/i, "aws"],
  [/\bazure\b/i, "azure"],
  [/\bgcp\b|\bgcloud\b|google cloud/i, "gcp"],
];

/** A word of the vendor anywhere in the text, comments included. */
export function guessCloud(texts: readonly string[]): Exclude<Cloud, "none"> | undefined {
  for (const [pattern, cloud] of HINTS) if (texts.some((text) => pattern.test(text))) return cloud;
  return undefined;
}
