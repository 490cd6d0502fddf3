/**
 * What is wrong with a lab file, in English and Chinese. The cloud's refusals use the file's
 * names.
 */
import { printError } from "#cloud/api/errors";
import type { Refusal } from "#cloud/model/refusal";
import type { Language } from "#diagnostics/diagnostic";

export type LabText = Readonly<Record<Language, string>>;

export const bilingual = (en: string, zh: string): LabText => ({ en, "zh-CN": zh });

/** Names of the API's parameters → keys of the lab file. */
const KEYS: Readonly<Record<string, string>> = {
  CidrBlock: "cidr",
  cidr: "cidr",
  Vip: "address",
  HaVipName: "name",
  VpcName: "name",
  SubnetName: "name",
  Name: "name",
  AddressName: "name",
};

/** The key that a refusal is about; undefined if it is about the resource as a whole. */
export function keyOf({ facts }: Refusal): string | undefined {
  const parameter = facts.parameter ?? "";
  if (parameter.startsWith("PrivateIpAddresses")) return "address";
  if (parameter.startsWith("HaVipAssociationSet")) return "members";
  return Object.hasOwn(KEYS, parameter) ? KEYS[parameter] : undefined;
}

export function refusalText(refusal: Refusal, vpcCidr: string | undefined): LabText {
  const { code, facts } = refusal;
  const key = keyOf(refusal);
  const value = facts.value ?? "";
  const limit = facts.limit ?? "";
  if (code === "InvalidParameterValue.Malformed" && key === "cidr")
    return bilingual(
      `cidr: ${value} is not a network: write it like ${limit}, with a prefix length up to 28`,
      `cidr：${value} 不是网段：请写成 ${limit} 这样的形式，前缀长度不超过 28`,
    );
  if (code === "InvalidParameterValue" && key === "cidr")
    return bilingual(
      `cidr: ${value} is not possible in the cloud: use ${limit}`,
      `cidr：云平台不支持 ${value}：请使用 ${limit}`,
    );
  if (code === "InvalidParameterValue.SubnetRange")
    return bilingual(
      `cidr: ${value} is not inside its VPC, which is ${limit}: choose a part of that, or widen the VPC`,
      `cidr：${value} 不在所属 VPC 的网段 ${limit} 内：请改用其中的一段，或扩大 VPC 的网段`,
    );
  if (code === "InvalidParameterValue.SubnetConflict")
    return bilingual(
      `cidr: ${value} overlaps with the subnet ${limit}: choose another part of ${vpcCidr ?? "the VPC"}`,
      `cidr：${value} 与子网 ${limit} 重叠：请改用 ${vpcCidr ?? "VPC"} 中的另一段`,
    );
  if (key === "address" && code === "InvalidParameterValue.Range")
    return bilingual(
      `${value} is not in its subnet, which is ${limit}: choose an address of that, or leave the line out`,
      `${value} 不在所属子网 ${limit} 内：请改用该子网的地址，或删去这一行`,
    );
  if (key === "address" && code === "InvalidParameterValue.Reserved")
    return bilingual(
      `${value} is the network, gateway or broadcast address of its subnet: choose another one`,
      `${value} 是子网的网络、网关或广播地址：请改用其他地址`,
    );
  if (key === "address" && limit.startsWith("subnet-"))
    return bilingual(
      `${value} is given to something else already: choose another address, or leave the line out`,
      `${value} 已分配给其他实例或 HAVIP：请改用其他地址，或删去这一行`,
    );
  if (code === "InvalidParameterValue.DuplicatedHaVipAssociations")
    return bilingual("members names an instance more than once", "members 中同一实例出现了多次");
  if (code.startsWith("ResourceInsufficient"))
    return bilingual(
      "its subnet has no free address left: widen the subnet, or ask for fewer",
      "所属子网没有空闲地址：请扩大子网，或减少数量",
    );
  if (code.includes("LimitExceeded") && limit !== "" && key === undefined)
    return bilingual(
      `it is one more than the cloud's quota of ${limit}: leave it out`,
      `超过云平台的配额 ${limit}：请删去`,
    );
  return otherText(refusal, key);
}

/** The cloud's own sentence, with the file's key in place of the API's parameter. */
function otherText({ code, facts }: Refusal, key: string | undefined): LabText {
  const own = { ...facts, ...(key !== undefined && { parameter: key }) };
  return bilingual(
    `the cloud refuses it: ${printError(code, own, "en-US")}`,
    `云平台拒绝：${printError(code, own, "zh-CN")}`,
  );
}
