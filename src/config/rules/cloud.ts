/** Which cloud a file is for, as far as it says. */
import { addressesOf, isUnicast } from "../effective.ts";
import type { Model } from "../model.ts";

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
  [/havip|tencent|qcloud|腾讯|高可用虚拟/i, "tencent"],
  [/aliyun|alibaba|阿里/i, "alibaba"],
  [/huaweicloud|华为/i, "huawei"],
];

/**
 * A word of the vendor anywhere in the text, comments included. Unicast on a private address alone proves nothing: it is
 * good practice in any network.
 */
export function guessCloud(
  model: Model,
  texts: readonly string[],
): Exclude<Cloud, "none"> | undefined {
  const unicast = model.instances.some(
    (instance) => isUnicast(instance) && addressesOf(instance).length > 0,
  );
  if (!unicast) return undefined;
  for (const [pattern, cloud] of HINTS) if (texts.some((text) => pattern.test(text))) return cloud;
  return undefined;
}
