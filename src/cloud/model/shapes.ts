/**
 * Is this JSON a row? For state that comes from outside: a file or `PUT /_baton/state`. The table below must name every
 * field of every row, which the compiler checks.
 */
import type { Tables } from "./rows.ts";

type Check = (value: unknown) => boolean;
type Shape<Row> = { readonly [Field in keyof Row]-?: Check };

const text: Check = (value) => typeof value === "string";
const flag: Check = (value) => typeof value === "boolean";
const count: Check = (value) => Number.isSafeInteger(value) && Number(value) >= 0;
const amount: Check = (value) => typeof value === "number" && value >= 0;
const address: Check = (value) => count(value) && Number(value) <= 0xffffffff;
const prefix: Check = (value) => count(value) && Number(value) <= 32;
const oneOf =
  (...words: readonly string[]): Check =>
  (value) =>
    typeof value === "string" && words.includes(value);
const orNull =
  (check: Check): Check =>
  (value) =>
    value === null || check(value);
const list =
  (check: Check): Check =>
  (value) =>
    Array.isArray(value) && value.every(check);
const object =
  (fields: Readonly<Record<string, Check>>): Check =>
  (value) =>
    typeof value === "object" &&
    value !== null &&
    Object.keys(value).every((name) => Object.hasOwn(fields, name)) &&
    Object.entries(fields).every(([name, check]) => check(Reflect.get(value, name)));

const tags = list(object({ key: text, value: text }));
const holder = object({ networkInterfaceId: text, instanceId: text });
const texts = list(text);

const WORKS: Readonly<Record<string, Check>> = {
  follow: object({ kind: text }),
  deleteHavip: object({ kind: text, havipId: text }),
  bindEip: object({ kind: text, havipId: text, eipId: text }),
  unbindEip: object({ kind: text, havipId: text, eipId: text }),
  allocateEips: object({ kind: text, eipIds: texts }),
  releaseEips: object({ kind: text, eipIds: texts }),
  associateEip: object({ kind: text, eipId: text }),
  disassociateEip: object({ kind: text, eipId: text }),
  createInterface: object({ kind: text, interfaceId: text }),
  attachInterface: object({ kind: text, interfaceId: text, instanceId: text }),
  detachInterface: object({ kind: text, interfaceId: text }),
  deleteInterface: object({ kind: text, interfaceId: text }),
  assignAddresses: object({ kind: text, interfaceId: text }),
  migrateAddress: object({ kind: text, fromId: text, toId: text, address }),
};

const work: Check = (value) => {
  if (typeof value !== "object" || value === null || !("kind" in value)) return false;
  const { kind } = value;
  return typeof kind === "string" && Object.hasOwn(WORKS, kind) && WORKS[kind]?.(value) === true;
};

const SHAPES: { readonly [Table in keyof Tables]: Shape<Tables[Table]> } = {
  vpcs: {
    id: text,
    name: text,
    network: address,
    prefix,
    multicast: flag,
    dnsServers: texts,
    domainName: text,
    publishRoutes: flag,
    publishRoutesIpv6: flag,
    tags,
    createdAt: count,
  },
  subnets: {
    id: text,
    vpcId: text,
    name: text,
    network: address,
    prefix,
    zone: text,
    broadcast: flag,
    cdcId: text,
    routeTableId: text,
    tags,
    createdAt: count,
  },
  routeTables: { id: text, vpcId: text, name: text, main: flag, tags, createdAt: count },
  havips: {
    id: text,
    vpcId: text,
    subnetId: text,
    name: text,
    vip: address,
    holder: orNull(holder),
    claim: orNull(object({ holder, dueAt: count })),
    flushedAt: orNull(count),
    checkAssociate: flag,
    associations: list(object({ instanceId: text, instanceType: oneOf("CVM", "ENI") })),
    eipId: orNull(text),
    busy: orNull(text),
    deleting: flag,
    tags,
    createdAt: count,
  },
  eips: {
    id: text,
    name: text,
    address,
    status: oneOf("CREATING", "BINDING", "BIND", "UNBINDING", "UNBIND", "OFFLINING", "BIND_ENI"),
    target: orNull(
      object({
        instanceType: oneOf("HAVIP", "CVM", "ENI"),
        instanceId: text,
        networkInterfaceId: orNull(text),
        privateAddress: orNull(address),
      }),
    ),
    bandwidth: count,
    addressType: text,
    isp: text,
    chargeType: text,
    busy: orNull(text),
    tags,
    createdAt: count,
  },
  interfaces: {
    id: text,
    vpcId: text,
    subnetId: text,
    name: text,
    description: text,
    groups: texts,
    mac: count,
    primary: flag,
    addresses: list(
      object({
        address,
        primary: flag,
        description: text,
        state: oneOf("PENDING", "AVAILABLE", "DELETING", "MIGRATING"),
      }),
    ),
    state: oneOf("PENDING", "AVAILABLE", "ATTACHING", "DETACHING", "DELETING"),
    attachment: orNull(object({ instanceId: text, deviceIndex: count, attachedAt: count })),
    attachType: count,
    qosLevel: text,
    busy: orNull(text),
    tags,
    createdAt: count,
  },
  works: { id: text, dueAt: count, work },
  tasks: {
    id: text,
    kind: oneOf("request", "numbered"),
    status: oneOf("RUNNING", "SUCCESS", "FAILED"),
    resourceIds: texts,
  },
  tokens: { id: text, fingerprint: text, answer: text, taskId: orNull(text) },
  buckets: { id: text, tokens: amount, at: count },
  counters: { id: text, value: count },
};

/** True: `value` is a row of the table, neither less nor more. */
export function isRow<Table extends keyof Tables>(
  table: Table,
  value: unknown,
): value is Tables[Table] {
  return object(SHAPES[table])(value);
}
