/** Which cloud a file is for, as far as it says. */
export type CloudVendor = "tencent" | "alibaba" | "huawei" | "aws" | "azure" | "gcp" | "none";
/** `none` is an answer (`--cloud none`), not a cloud. */
export type KnownVendor = Exclude<CloudVendor, "none">;

export const CLOUDS: readonly CloudVendor[] = [
  "tencent",
  "alibaba",
  "huawei",
  "aws",
  "azure",
  "gcp",
  "none",
];

/** Clouds in which an address moves by gratuitous ARP; elsewhere only an API call moves it. */
export const MOVES_BY_ARP: readonly CloudVendor[] = ["tencent", "alibaba", "huawei"];

/** Where the vendor's own tutorial recommends `use_vmac`. */
export const TAKES_VMAC: readonly CloudVendor[] = ["tencent"];

/** The vendors' advice: virtual addresses on one interface. */
export const ADDRESSES_MAX: Readonly<Record<CloudVendor, number | undefined>> = {
  tencent: 5,
  alibaba: 5,
  huawei: undefined,
  aws: undefined,
  azure: undefined,
  gcp: undefined,
  none: undefined,
};

const HINTS: readonly (readonly [RegExp, KnownVendor])[] = [
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
export function guessCloud(texts: readonly string[]): KnownVendor | undefined {
  for (const [pattern, cloud] of HINTS) if (texts.some((text) => pattern.test(text))) return cloud;
  return undefined;
}
