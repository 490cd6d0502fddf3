/** The emulated cloud behind the console's HAVIP page, without a port: a VPC with two instances. */
import assert from "node:assert/strict";
import { EMULATOR_CREDENTIALS } from "#cloud/client/credentials";
import { readEndpoint } from "#cloud/client/endpoint";
import type { Transport } from "#cloud/client/transport";
import type { CloudAccess } from "#console-server/cloud-routes";
import { micros } from "#units/time";
import { openTestCloud, REGION, type TestCloud } from "../cloud/harness.ts";

export interface TutorialCloud {
  readonly cloud: TestCloud;
  readonly access: CloudAccess;
  readonly vpcId: string;
  readonly subnetId: string;
  /** Of a and b. */
  readonly instances: readonly string[];
  readonly interfaces: readonly string[];
}

export async function openTutorialCloud(): Promise<TutorialCloud> {
  const cloud = openTestCloud({
    auth: "off",
    realNow: Date.now,
    profile: { taskTime: micros(0) },
  });
  const transport: Transport = async ({ headers, body }) => {
    const lower = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]);
    const { status, body: answer } = await cloud.cloud.handle({
      method: "POST",
      target: "/",
      headers: Object.fromEntries(lower) as Readonly<Record<string, string>>,
      body: new TextEncoder().encode(body),
      isTooLarge: false,
    });
    return { kind: "response", status, body: answer };
  };
  const endpoint = readEndpoint("http://127.0.0.1:18080");
  assert.ok(endpoint !== undefined);
  const vpc = await cloud.call("CreateVpc", { VpcName: "tutorial", CidrBlock: "172.16.0.0/16" });
  const { VpcId: vpcId } = vpc["Vpc"] as { readonly VpcId: string };
  const subnet = await cloud.call("CreateSubnet", {
    VpcId: vpcId,
    SubnetName: "front",
    CidrBlock: "172.16.0.0/24",
    Zone: "ap-guangzhou-1",
  });
  const { SubnetId: subnetId } = subnet["Subnet"] as { readonly SubnetId: string };
  const made: Readonly<Record<string, unknown>>[] = [];
  for (const name of ["a", "b"]) {
    const { body } = await cloud.admin("POST", "instances", { region: REGION, subnetId, name });
    made.push(body);
  }
  return {
    cloud,
    access: { endpoint, region: REGION, credentials: EMULATOR_CREDENTIALS, transport },
    vpcId,
    subnetId,
    instances: made.map((one) => String(one["instanceId"])),
    interfaces: made.map((one) => String(one["networkInterfaceId"])),
  };
}
