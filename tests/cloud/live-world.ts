/** An emulator on a port of loopback, with a subnet, for what asks it over HTTP. */
import type { TestContext } from "node:test";
import type { ActionName, AnswerOf, ParametersOf } from "#cloud/api/actions";
import { printCallFailure } from "#cloud/client/call-failure";
import { makeClient } from "#cloud/client/client";
import type { Credentials } from "#cloud/client/credentials";
import { readEndpoint } from "#cloud/client/endpoint";
import { type RunningCloud, type StartOptions, startCloud } from "#cloud/server/start";
import { Secret } from "#units/secret";
import { REGION } from "./harness.ts";

export const KEYS: Credentials = { secretId: "AKIDLIVE", secretKey: new Secret("SECRETLIVE") };
/** What the emulator's other side asks for. */
export const ADMIN: Readonly<Record<string, string>> = { "X-Baton-Admin": "SECRETLIVE" };
export const VIP = "10.4.6.100";

export interface LiveWorld {
  readonly running: RunningCloud;
  readonly url: string;
  readonly vpcId: string;
  readonly subnetId: string;
  /** What the daemon or the command would have in its environment. */
  readonly env: Readonly<Record<string, string>>;
  readonly call: <Name extends ActionName>(
    action: Name,
    parameters: ParametersOf<Name>,
  ) => Promise<AnswerOf<Name>>;
  /** An instance with its interface, ready. */
  readonly launch: (
    subnetId?: string,
  ) => Promise<{ readonly instanceId: string; readonly eni: string }>;
}

export async function startWorld(
  context: TestContext,
  options: Partial<StartOptions> = {},
): Promise<LiveWorld> {
  const running = await startCloud({ port: 0, auth: "strict", secrets: KEYS, ...options });
  context.after(async () => await running.close());
  const endpoint = readEndpoint(running.url);
  if (endpoint === undefined) throw new Error(running.url);
  const client = makeClient({ endpoint, region: REGION, credentials: KEYS, language: "en-US" });
  const call: LiveWorld["call"] = async (action, parameters) => {
    const result = await client.call(action, parameters);
    if (result.kind !== "answer") throw new Error(printCallFailure(result, "en"));
    return result.answer;
  };
  const vpc = await call("CreateVpc", { VpcName: "v", CidrBlock: "10.4.0.0/16" });
  const vpcId = vpc.Vpc.VpcId;
  const zone = { VpcId: vpcId, SubnetName: "s", CidrBlock: "10.4.6.0/24", Zone: "z" };
  const subnet = await call("CreateSubnet", zone);
  const { SubnetId } = subnet.Subnet;
  return {
    running,
    url: running.url,
    vpcId,
    subnetId: SubnetId,
    env: {
      BATON_CLOUD_ENDPOINT: running.url,
      // Nothing listens there: what only metadata could say is missing at once.
      BATON_METADATA_URL: "http://127.0.0.1:9",
      TENCENTCLOUD_SECRET_ID: KEYS.secretId,
      TENCENTCLOUD_SECRET_KEY: KEYS.secretKey.reveal(),
      TENCENTCLOUD_REGION: REGION,
      HOME: "/nonexistent",
    },
    call,
    launch: async (subnetId = SubnetId) => {
      const answer = await fetch(`${running.url}/_baton/instances`, {
        method: "POST",
        headers: ADMIN,
        body: JSON.stringify({ region: REGION, subnetId }),
      });
      const { instanceId, networkInterfaceId } = (await answer.json()) as Record<string, string>;
      if (instanceId === undefined || networkInterfaceId === undefined)
        throw new Error("no instance");
      return { instanceId, eni: networkInterfaceId };
    },
  };
}

export const makeVip = async (
  { call, vpcId, subnetId }: LiveWorld,
  more: Partial<ParametersOf<"CreateHaVip">> = {},
): Promise<string> => {
  const parameters = { VpcId: vpcId, SubnetId: subnetId, HaVipName: "h", Vip: VIP, ...more };
  return (await call("CreateHaVip", parameters)).HaVip.HaVipId;
};
