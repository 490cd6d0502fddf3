/**
 * The calls a user would make to have a lab, through the ordinary client; a refusal is an
 * error with the cloud's text.
 */
import type { ActionName, AnswerOf, ParametersOf } from "#cloud/api/actions";
import { printCallFailure } from "#cloud/client/call-failure";
import { type CloudClient, makeClient } from "#cloud/client/client";
import type { Credentials } from "#cloud/client/credentials";
import type { Endpoint } from "#cloud/client/endpoint";
import type { Transport } from "#cloud/client/transport";
import { waitForRequest, waitForTask } from "#cloud/client/wait";
import { ADMIN_HEADER } from "#cloud/server/admin";
import type { Cloud } from "#cloud/server/cloud";
import { isObject } from "#json/shape";
import { Secret } from "#units/secret";
import { CloudRefusal } from "./cloud-refusal.ts";
import type { HavipDescription } from "./description.ts";

/** Any pair is good for an emulator that was not given one. */
export const LAB_CREDENTIALS: Credentials = { secretId: "AKIDLAB", secretKey: new Secret("lab") };
const ENDPOINT: Endpoint = {
  isSecure: false,
  hostname: "lab",
  port: 80,
  host: "lab",
  path: "/",
};
const TASK_MS = 20_000;

export interface Launched {
  readonly instanceId: string;
  readonly networkInterfaceId: string;
  readonly address: string;
}

export class CloudCalls {
  readonly client: CloudClient;
  readonly #cloud: Cloud;
  readonly #region: string;

  constructor(cloud: Cloud, region: string) {
    this.#cloud = cloud;
    this.#region = region;
    this.client = makeClient({
      endpoint: ENDPOINT,
      region,
      credentials: LAB_CREDENTIALS,
      language: "en-US",
      transport: inProcess(cloud),
    });
  }

  async call<Name extends ActionName>(
    action: Name,
    parameters: ParametersOf<Name>,
  ): Promise<{ readonly answer: AnswerOf<Name>; readonly requestId: string }> {
    const result = await this.client.call(action, parameters);
    if (result.kind === "answer") return result;
    throw new CloudRefusal(action, {
      en: printCallFailure(result, "en"),
      "zh-CN": printCallFailure(result, "zh-CN"),
    });
  }

  async createVpc(name: string, cidr: string, multicast: boolean): Promise<string> {
    const parameters = { VpcName: name, CidrBlock: cidr, EnableMulticast: `${multicast}` };
    const { answer } = await this.call("CreateVpc", parameters);
    return answer.Vpc.VpcId;
  }

  async createSubnet(vpcId: string, name: string, cidr: string): Promise<string> {
    const parameters = { VpcId: vpcId, SubnetName: name, CidrBlock: cidr };
    const { answer } = await this.call("CreateSubnet", {
      ...parameters,
      Zone: `${this.#region}-1`,
    });
    return answer.Subnet.SubnetId;
  }

  async createHavip(vpcId: string, subnetId: string, havip: HavipDescription): Promise<string> {
    const { answer } = await this.call("CreateHaVip", {
      VpcId: vpcId,
      SubnetId: subnetId,
      HaVipName: havip.name,
      CheckAssociate: havip.members !== undefined,
      ...(havip.address !== undefined && { Vip: havip.address }),
    });
    return answer.HaVip.HaVipId;
  }

  async associate(havipId: string, instanceIds: readonly string[]): Promise<void> {
    await this.call("AssociateHaVipInstance", {
      HaVipAssociationSet: instanceIds.map((InstanceId) => ({
        HaVipId: havipId,
        InstanceId,
        InstanceType: "CVM",
      })),
    });
  }

  /** Returns the new public address. */
  async bindNewEip(havipId: string, name: string): Promise<string> {
    const { answer } = await this.call("AllocateAddresses", { AddressCount: 1, AddressName: name });
    const waited = await waitForTask(this.client, answer.TaskId, TASK_MS);
    if (waited.kind !== "done") throw unfinished("AllocateAddresses", waited.kind);
    const found = await this.call("DescribeAddresses", { AddressIds: [...answer.AddressSet] });
    const address = found.answer.AddressSet[0]?.AddressIp ?? "";
    const bound = await this.call("HaVipAssociateAddressIp", {
      HaVipId: havipId,
      AddressIp: address,
    });
    const done = await waitForRequest(this.client, bound.requestId, TASK_MS);
    if (done.kind !== "done") throw unfinished("HaVipAssociateAddressIp", done.kind);
    return address;
  }

  /** Makes an instance, which is CVM's task; the emulator has an admin endpoint for it. */
  async launch(subnetId: string, name: string, address: string | undefined): Promise<Launched> {
    const body = {
      region: this.#region,
      subnetId,
      name,
      ...(address !== undefined && { address }),
    };
    const answer = await this.#cloud.handle({
      method: "POST",
      target: "/_baton/instances",
      headers: { [ADMIN_HEADER]: "lab" },
      body: new TextEncoder().encode(JSON.stringify(body)),
      isTooLarge: false,
    });
    const parsed: unknown = JSON.parse(answer.body);
    const row = isObject(parsed) ? parsed : {};
    if (answer.status !== 200) {
      const why = String(row["error"]);
      throw new CloudRefusal(`instance ${name}`, { en: why, "zh-CN": why });
    }
    const text = (key: string): string => {
      const value = row[key];
      return typeof value === "string" ? value : "";
    };
    return {
      instanceId: text("instanceId"),
      networkInterfaceId: text("networkInterfaceId"),
      address: text("address"),
    };
  }
}

const unfinished = (action: string, how: string): CloudRefusal =>
  new CloudRefusal(action, {
    en: `the task did not succeed (${how})`,
    "zh-CN": `任务未成功（${how}）`,
  });

const inProcess =
  (cloud: Cloud): Transport =>
  async ({ headers, body }) => {
    const lower = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]);
    const answer = await cloud.handle({
      method: "POST",
      target: "/",
      headers: Object.fromEntries(lower) as Readonly<Record<string, string>>,
      body: new TextEncoder().encode(body),
      isTooLarge: false,
    });
    return { kind: "response", status: answer.status, body: answer.body };
  };
