/** The tag service, as far as Terraform asks it about our resources. */
import { createHash } from "node:crypto";
import type { TAG_ACTIONS } from "../api/actions-tag.ts";
import type { NamedTable } from "../model/context.ts";
import { fail } from "./api-failure.ts";
import type { Handlers } from "./call.ts";
import { carryOut } from "./call.ts";
import { readPageNumber } from "./listing.ts";

/** The prefix in a resource's six-part name. */
const TABLES: Readonly<Record<string, NamedTable>> = {
  vpc: "vpcs",
  subnet: "subnets",
  rtb: "routeTables",
  havip: "havips",
  eip: "eips",
  eni: "interfaces",
};

const tableOf = (prefix: string): NamedTable | undefined =>
  Object.hasOwn(TABLES, prefix) ? TABLES[prefix] : undefined;

const md5 = (text: string): string => createHash("md5").update(text).digest("hex");

interface ResourceName {
  readonly service: string;
  readonly region: string;
  readonly prefix: string;
  readonly id: string;
}

/** `qcs::vpc:ap-guangzhou:uin/1:subnet/subnet-xxxxxxxx` */
export function readResourceName(text: string): ResourceName | undefined {
  const match = /^qcs:[^:]*:([^:]+):([^:]*):[^:]*:([^/:]+)\/(.+)$/.exec(text);
  if (match === null) return undefined;
  const [, service = "", region = "", prefix = "", id = ""] = match;
  return { service, region, prefix, id };
}

export const TAG_HANDLERS: Handlers<keyof typeof TAG_ACTIONS> = {
  DescribeResourceTagsByResourceIds: ({ draft }, p) => {
    const offset = readPageNumber("Offset", p.Offset, 0, Number.MAX_SAFE_INTEGER);
    if (typeof offset !== "number") return offset;
    const limit = readPageNumber("Limit", p.Limit, 15, 1_000);
    if (typeof limit !== "number") return limit;
    const table = tableOf(p.ResourcePrefix);
    const tags = p.ResourceIds.flatMap((id) => {
      const row = table === undefined ? undefined : draft.get(table, id);
      return (row?.tags ?? []).map(({ key, value }) => ({
        TagKey: key,
        TagValue: value,
        ResourceId: id,
        TagKeyMd5: md5(key),
        TagValueMd5: md5(value),
        ServiceType: p.ServiceType,
        Category: "All",
      }));
    });
    const page = tags.slice(offset, offset + limit);
    return { TotalCount: tags.length, Offset: offset, Limit: limit, Tags: page };
  },

  ModifyResourceTags: (call, p) => {
    const parameter = "Resource";
    const name = readResourceName(p.Resource);
    if (name === undefined) {
      const limit = "qcs::vpc:ap-guangzhou:uin/:vpc/vpc-xxxxxxxx";
      return fail("InvalidParameterValue.Malformed", { parameter, value: p.Resource, limit });
    }
    const table = tableOf(name.prefix);
    if (table === undefined) return fail("ResourceNotFound", { parameter, value: p.Resource });
    return carryOut(call, {
      kind: "setTags",
      table,
      id: name.id,
      replace: (p.ReplaceTags ?? []).map(({ TagKey, TagValue }) => ({
        key: TagKey,
        value: TagValue,
      })),
      removeKeys: (p.DeleteTags ?? []).map(({ TagKey }) => TagKey),
    });
  },
};
