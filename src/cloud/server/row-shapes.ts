/**
 * Rows as JSON: exactly what the store and `PUT /_baton/state` accept. The compiler compares
 * every table with its row.
 */
import * as v from "valibot";
import { closedObject, type Shape } from "#json/shape";
import type { Ipv4, Mac } from "#units/address";
import type { Instant } from "#units/time";
import type { Tables, Work } from "../model/rows.ts";

/**
 * The number of regions. The platform has some twenty; each one here has quotas of its own, so
 * this number bounds what callers can create.
 */
export const REGIONS_MAX = 64;

const text = v.string("text");
const flag = v.boolean("true or false");
const isCount = (value: unknown): value is number =>
  typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
const count = v.custom<number>(isCount, "an integer from 0");
const instant = v.custom<Instant>(isCount, "a time in microseconds since 1970");
const mac = v.custom<Mac>(isCount, "a MAC address as an integer");
const ipv4 = v.custom<Ipv4>(
  (value) => isCount(value) && value <= 0xffffffff,
  "an IPv4 address as an integer",
);
const prefix = v.custom<number>((value) => isCount(value) && value <= 32, "a prefix length");
const amount = v.pipe(v.number("a number from 0"), v.minValue(0, "a number from 0"));
const texts = v.array(text, "a list of texts");
/** An object with all its members. */
const row = <Entries extends v.ObjectEntries>(
  entries: Entries,
): ReturnType<typeof closedObject<Entries>> =>
  closedObject(entries, `an object with ${Object.keys(entries).join(", ")}`);
const rows = <Element extends v.GenericSchema>(element: Element): v.ArraySchema<Element, string> =>
  v.array(element, "a list");

const tags = rows(row({ key: text, value: text }));
const holder = row({ networkInterfaceId: text, instanceId: text });

const WORK: Shape<Work> = v.variant(
  "kind",
  [
    v.strictObject({ kind: v.literal("follow") }),
    v.strictObject({ kind: v.literal("deleteHavip"), havipId: text }),
    v.strictObject({ kind: v.literal("bindEip"), havipId: text, eipId: text }),
    v.strictObject({ kind: v.literal("unbindEip"), havipId: text, eipId: text }),
    v.strictObject({ kind: v.literal("allocateEips"), eipIds: texts }),
    v.strictObject({ kind: v.literal("releaseEips"), eipIds: texts }),
    v.strictObject({ kind: v.literal("associateEip"), eipId: text }),
    v.strictObject({ kind: v.literal("disassociateEip"), eipId: text }),
    v.strictObject({ kind: v.literal("createInterface"), interfaceId: text }),
    v.strictObject({ kind: v.literal("attachInterface"), interfaceId: text, instanceId: text }),
    v.strictObject({ kind: v.literal("detachInterface"), interfaceId: text }),
    v.strictObject({ kind: v.literal("deleteInterface"), interfaceId: text }),
    v.strictObject({ kind: v.literal("assignAddresses"), interfaceId: text }),
    v.strictObject({
      kind: v.literal("migrateAddress"),
      fromId: text,
      toId: text,
      address: ipv4,
    }),
  ],
  "a kind of work",
);

export const ROWS: { readonly [Table in keyof Tables]: Shape<Tables[Table]> } = {
  vpcs: row({
    id: text,
    name: text,
    network: ipv4,
    prefix,
    multicast: flag,
    dnsServers: texts,
    domainName: text,
    publishRoutes: flag,
    publishRoutesIpv6: flag,
    tags,
    createdAt: instant,
  }),
  subnets: row({
    id: text,
    vpcId: text,
    name: text,
    network: ipv4,
    prefix,
    zone: text,
    broadcast: flag,
    cdcId: text,
    routeTableId: text,
    tags,
    createdAt: instant,
  }),
  routeTables: row({ id: text, vpcId: text, name: text, main: flag, tags, createdAt: instant }),
  havips: row({
    id: text,
    vpcId: text,
    subnetId: text,
    name: text,
    vip: ipv4,
    holder: v.nullable(holder),
    claim: v.nullable(row({ holder, dueAt: instant })),
    flushedAt: v.nullable(instant),
    checkAssociate: flag,
    associations: rows(
      row({ instanceId: text, instanceType: v.picklist(["CVM", "ENI"], "CVM or ENI") }),
    ),
    eipId: v.nullable(text),
    busy: v.nullable(text),
    deleting: flag,
    tags,
    createdAt: instant,
  }),
  eips: row({
    id: text,
    name: text,
    address: ipv4,
    status: v.picklist(
      ["CREATING", "BINDING", "BIND", "UNBINDING", "UNBIND", "OFFLINING", "BIND_ENI"],
      "the state of an elastic address",
    ),
    target: v.nullable(
      row({
        instanceType: v.picklist(["HAVIP", "CVM", "ENI"], "HAVIP, CVM or ENI"),
        instanceId: text,
        networkInterfaceId: v.nullable(text),
        privateAddress: v.nullable(ipv4),
      }),
    ),
    bandwidth: count,
    addressType: text,
    isp: text,
    chargeType: text,
    busy: v.nullable(text),
    tags,
    createdAt: instant,
  }),
  interfaces: row({
    id: text,
    vpcId: text,
    subnetId: text,
    name: text,
    description: text,
    groups: texts,
    mac,
    primary: flag,
    addresses: rows(
      row({
        address: ipv4,
        primary: flag,
        description: text,
        state: v.picklist(
          ["PENDING", "AVAILABLE", "DELETING", "MIGRATING"],
          "the state of a private address",
        ),
      }),
    ),
    state: v.picklist(
      ["PENDING", "AVAILABLE", "ATTACHING", "DETACHING", "DELETING"],
      "the state of an interface",
    ),
    attachment: v.nullable(row({ instanceId: text, deviceIndex: count, attachedAt: instant })),
    attachType: count,
    qosLevel: text,
    busy: v.nullable(text),
    tags,
    createdAt: instant,
  }),
  works: row({ id: text, dueAt: instant, work: WORK }),
  tasks: row({
    id: text,
    kind: v.picklist(["request", "numbered"], "request or numbered"),
    status: v.picklist(["RUNNING", "SUCCESS", "FAILED"], "RUNNING, SUCCESS or FAILED"),
    resourceIds: texts,
  }),
  tokens: row({ id: text, fingerprint: text, answer: text, taskId: v.nullable(text) }),
  buckets: row({ id: text, tokens: amount, at: instant }),
  counters: row({ id: text, value: count }),
};
