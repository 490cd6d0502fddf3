/**
 * What a request's parameters are made of: text, integers, booleans, lists and structures.
 *
 * The message of each schema is what the platform says is wanted. A parameter that is null
 * counts as left out. An unknown one is refused before the known ones are checked.
 */
import * as v from "valibot";
import { isObject } from "#json/shape";

export const text: v.StringSchema<"string"> = v.string("string");
/** Only integers that JavaScript does not round. */
export const whole: v.SchemaWithPipe<
  readonly [v.NumberSchema<"integer">, v.SafeIntegerAction<number, "integer">]
> = v.pipe(v.number("integer"), v.safeInteger("integer"));
export const flag: v.BooleanSchema<"boolean"> = v.boolean("boolean");

export const list = <Element extends v.GenericSchema>(element: Element): List<Element> =>
  v.array(element, "list");
export type List<Element extends v.GenericSchema> = v.GenericSchema<
  unknown,
  readonly v.InferOutput<Element>[]
> & { readonly type: "array"; readonly item: Element };

export const optional = <Kind extends v.GenericSchema>(
  kind: Kind,
): v.NullishSchema<Kind, undefined> => v.nullish(kind);

/** The values of a structure: an optional one is present or absent, never null. */
export type Values<Entries extends v.ObjectEntries> = Given<
  v.InferOutput<v.ObjectSchema<Entries, undefined>>
>;
type Given<Object> = { readonly [Name in keyof Object]: Exclude<Object[Name], null | undefined> };

/** `entries`: its parameters by name, for reading flat text and for comparison with the SDK. */
export type Structure<Entries extends v.ObjectEntries> = v.GenericSchema<
  unknown,
  Values<Entries>
> & { readonly type: "custom"; readonly entries: Entries };

export function structure<Entries extends v.ObjectEntries>(entries: Entries): Structure<Entries> {
  const schema = v.pipe(
    v.custom<Readonly<Record<string, unknown>>>(isObject, "object"),
    v.rawCheck(({ dataset, addIssue }) => {
      if (!dataset.typed) return;
      const { value: input } = dataset;
      const key = Object.keys(input).find((name) => !Object.hasOwn(entries, name));
      if (key === undefined) return;
      const place = { type: "object", origin: "key", input, key, value: input[key] } as const;
      addIssue({ expected: "never", message: "no such parameter", path: [place] });
    }),
    v.object(entries),
    v.transform(withoutNulls),
  );
  return Object.assign(schema, { entries });
}

function withoutNulls<Object extends object>(values: Object): Given<Object> {
  const given = Object.entries(values).filter(([, value]) => value !== null && value !== undefined);
  return Object.fromEntries(given) as Given<Object>;
}

// Structures inside requests. Names and required fields are those of the official SDK, 4.1.313.
export const Filter = structure({ Name: text, Values: list(text) });

/** What most Describe actions accept besides ids, in the order in which it is checked. */
export const PAGE = {
  Filters: optional(list(Filter)),
  Offset: optional(whole),
  Limit: optional(whole),
};

export const Tag = structure({ Key: text, Value: optional(text) });
export const HaVipAssociation = structure({
  InstanceId: text,
  HaVipId: optional(text),
  InstanceType: optional(text),
});
export const PrivateIpAddressSpecification = structure({
  PrivateIpAddress: optional(text),
  Primary: optional(flag),
  PublicIpAddress: optional(text),
  AddressId: optional(text),
  Description: optional(text),
  IsWanIpBlocked: optional(flag),
  State: optional(text),
  QosLevel: optional(text),
});
export const AddressChargePrepaid = structure({ Period: whole, AutoRenewFlag: optional(whole) });
export const ServiceTag = structure({ TagKey: text, TagValue: text, Category: optional(text) });
export const ServiceTagKey = structure({ TagKey: text });
