/** An emulator without a port and with a clock that only tests move: nothing in here sleeps. */

import {
  dateOf,
  printAuthorization,
  sha256Hex,
  tc3Key,
  tc3Signature,
} from "#cloud/api/signature-tc3";
import type { SecretPair } from "#cloud/api/verify";
import type { Cloud, CloudOptions } from "#cloud/server/cloud";
import { openCloud } from "#cloud/server/cloud";
import type { CloudResponse } from "#cloud/server/message";
import { Secret } from "#units/secret";

/** The key as text, for what is sent and what must not be seen. */
export const KEY_TEXT = "SECRETTEST";
export const SECRETS: SecretPair = { secretId: "AKIDTEST", secretKey: new Secret(KEY_TEXT) };
/** What the other side asks for. */
export const ADMIN: Readonly<Record<string, string>> = { "x-baton-admin": KEY_TEXT };
export const REGION = "ap-guangzhou";
/** 2026-01-01T00:00:00Z */
export const START_SECONDS = 1_767_225_600;

export type Json = Readonly<Record<string, unknown>>;

export interface CallOptions {
  readonly region?: string;
  readonly version?: string;
  readonly method?: "GET" | "POST";
  readonly contentType?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Instead of the JSON of the parameters. */
  readonly body?: string;
  readonly query?: string;
  readonly host?: string;
}

export interface TestCloud {
  readonly cloud: Cloud;
  readonly logged: string[];
  /** The `Response` of a signed call. */
  call(action: string, parameters?: Json, options?: CallOptions): Promise<Json>;
  /** The code of its error, or "OK". */
  code(action: string, parameters?: Json, options?: CallOptions): Promise<string>;
  raw(action: string, parameters?: Json, options?: CallOptions): Promise<CloudResponse>;
  admin(
    method: string,
    path: string,
    body?: unknown,
  ): Promise<{ readonly status: number; readonly body: Json }>;
  /** Real time passes. */
  tick(milliseconds: number): void;
  /** Long enough for asynchronous work. */
  settle(): void;
}

export function openTestCloud(options: CloudOptions = {}): TestCloud {
  let now = START_SECONDS * 1000;
  const logged: string[] = [];
  const cloud = openCloud({
    secrets: SECRETS,
    realNow: () => now,
    log: (level, text) => logged.push(`${level}: ${text}`),
    ...options,
  });
  const raw: TestCloud["raw"] = async (action, parameters = {}, callOptions = {}) =>
    await cloud.handle(signedRequest(action, parameters, Math.floor(now / 1000), callOptions));
  const call: TestCloud["call"] = async (...args) => responseOf(await raw(...args));
  return {
    cloud,
    logged,
    raw,
    call,
    code: async (...args) => codeOf(await call(...args)),
    admin: async (method, path, body) => {
      const text = body === undefined ? "" : typeof body === "string" ? body : JSON.stringify(body);
      const target = `/_baton/${path}`;
      const bytes = new TextEncoder().encode(text);
      const answer = await cloud.handle({
        method,
        target,
        headers: ADMIN,
        body: bytes,
        isTooLarge: false,
      });
      return { status: answer.status, body: asJson(JSON.parse(answer.body)) };
    },
    tick: (milliseconds) => {
      now += milliseconds;
    },
    settle: () => {
      now += 1_000;
    },
  };
}

export function asJson(value: unknown): Json {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new TypeError(`not an object: ${JSON.stringify(value)}`);
  }
  return Object.fromEntries(Object.entries(value));
}

export const asList = (value: unknown): readonly Json[] => {
  if (!Array.isArray(value)) throw new TypeError(`not a list: ${JSON.stringify(value)}`);
  return value.map(asJson);
};

export const text = (value: unknown): string => {
  if (typeof value !== "string") throw new TypeError(`not a text: ${JSON.stringify(value)}`);
  return value;
};

export const responseOf = (answer: CloudResponse): Json =>
  asJson(asJson(JSON.parse(answer.body))["Response"]);

export const codeOf = (response: Json): string =>
  response["Error"] === undefined ? "OK" : text(asJson(response["Error"])["Code"]);

/** As the Go SDK signs: host as sent. */
export function signedRequest(
  action: string,
  parameters: Json,
  seconds: number,
  options: CallOptions = {},
): Parameters<Cloud["handle"]>[0] {
  const { method = "POST", region = REGION, version = "2017-03-12", query = "" } = options;
  const form = "application/x-www-form-urlencoded";
  const contentType = options.contentType ?? (method === "GET" ? form : "application/json");
  const text = options.body ?? (method === "GET" ? "" : JSON.stringify(parameters));
  const host = options.host ?? "vpc.example:18090";
  const scope = { date: dateOf(seconds), service: "vpc", timestamp: `${seconds}` };
  const signature = tc3Signature(tc3Key(SECRETS.secretKey, scope), scope, {
    method,
    path: "/",
    query,
    headers: [
      ["content-type", contentType],
      ["host", host],
    ],
    payloadHash: sha256Hex(text),
  });
  const authorization = printAuthorization({
    secretId: SECRETS.secretId,
    date: scope.date,
    service: scope.service,
    signedHeaders: ["content-type", "host"],
    signature,
  });
  const headers = {
    host,
    "content-type": contentType,
    "x-tc-action": action,
    "x-tc-version": version,
    "x-tc-region": region,
    "x-tc-timestamp": scope.timestamp,
    "x-tc-language": "en-US",
    authorization,
    ...options.headers,
  };
  return {
    method,
    target: query === "" ? "/" : `/?${query}`,
    headers,
    body: new TextEncoder().encode(text),
    isTooLarge: false,
  };
}

export interface Site {
  readonly vpcId: string;
  readonly subnetId: string;
}

export async function makeSite(
  test: TestCloud,
  cidr = "10.4.6.0/24",
  region: string = REGION,
): Promise<Site> {
  const vpc = asJson(
    (await test.call("CreateVpc", { VpcName: "v", CidrBlock: "10.4.0.0/16" }, { region }))["Vpc"],
  );
  const vpcId = text(vpc["VpcId"]);
  return { vpcId, subnetId: await makeSubnet(test, vpcId, cidr, region) };
}

export async function makeSubnet(
  test: TestCloud,
  vpcId: string,
  cidr: string,
  region: string = REGION,
): Promise<string> {
  const parameters = { VpcId: vpcId, SubnetName: "s", CidrBlock: cidr, Zone: "ap-guangzhou-3" };
  return text(
    asJson((await test.call("CreateSubnet", parameters, { region }))["Subnet"])["SubnetId"],
  );
}

export async function makeHavip(test: TestCloud, site: Site, more: Json = {}): Promise<Json> {
  const parameters = { VpcId: site.vpcId, SubnetId: site.subnetId, HaVipName: "web", ...more };
  const response = await test.call("CreateHaVip", parameters);
  if (response["Error"] !== undefined) throw new Error(JSON.stringify(response["Error"]));
  return asJson(response["HaVip"]);
}

export async function findHavip(test: TestCloud, id: unknown): Promise<Json> {
  const [found] = asList((await test.call("DescribeHaVips", { HaVipIds: [id] }))["HaVipSet"]);
  if (found === undefined) throw new Error(`there is no ${text(id)}`);
  return found;
}

/** An attached interface, ready. */
export async function makeInterface(
  test: TestCloud,
  site: Site,
  instanceId: string | undefined,
): Promise<string> {
  const parameters = { VpcId: site.vpcId, SubnetId: site.subnetId, NetworkInterfaceName: "n" };
  const made = asJson((await test.call("CreateNetworkInterface", parameters))["NetworkInterface"]);
  const id = text(made["NetworkInterfaceId"]);
  test.settle();
  if (instanceId !== undefined) {
    await test.call("AttachNetworkInterface", { NetworkInterfaceId: id, InstanceId: instanceId });
    test.settle();
  }
  return id;
}

/** An unbound elastic address: its id and the address. */
export async function makeEip(test: TestCloud): Promise<{ id: string; address: string }> {
  const [id] = (await test.call("AllocateAddresses"))["AddressSet"] as readonly string[];
  test.settle();
  const [row] = asList((await test.call("DescribeAddresses", { AddressIds: [id] }))["AddressSet"]);
  return { id: text(id), address: text(row?.["AddressIp"]) };
}

export const garp = async (
  test: TestCloud,
  vip: unknown,
  networkInterfaceId: string,
): Promise<Json> => (await test.admin("POST", "garp", { vip, networkInterfaceId })).body;
