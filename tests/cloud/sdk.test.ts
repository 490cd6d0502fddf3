/**
 * The official SDK decides: `tencentcloud-sdk-nodejs` against a running emulator, in every way
 * of signing it has. Skipped, and said so, where the package is not installed.
 *
 * Own process: the SDK defines global names.
 */
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import type { TestContext } from "node:test";
import { test } from "node:test";
import { startCloud } from "#cloud/server/start";
import type { Json } from "./harness.ts";
import { asJson, asList, KEY_TEXT, REGION, SECRETS, text } from "./harness.ts";

interface SdkClient {
  request(action: string, parameters: Json, options?: object): Promise<unknown>;
}
type SdkClientClass = new (config: object) => SdkClient;
interface Sdk {
  readonly vpc: SdkClientClass;
  readonly tag: SdkClientClass;
}

function loadSdk(): Sdk | undefined {
  const require = createRequire(process.env["BATON_TEST_SDK"] ?? import.meta.url);
  const services = "tencentcloud-sdk-nodejs/tencentcloud/services";
  try {
    const vpc: { Client: SdkClientClass } = require(`${services}/vpc/v20170312/vpc_client.js`);
    const tag: { Client: SdkClientClass } = require(`${services}/tag/v20180813/tag_client.js`);
    return { vpc: vpc.Client, tag: tag.Client };
  } catch {
    return undefined;
  }
}

const sdk = loadSdk();
const options = sdk === undefined ? { skip: "tencentcloud-sdk-nodejs is not installed" } : {};
// The SDK honours these even for 127.0.0.1, and ignores no_proxy.
for (const name of ["http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"])
  delete process.env[name];

interface Mode {
  readonly name: string;
  readonly signMethod?: string;
  readonly reqMethod?: "GET" | "POST";
  readonly token?: string;
  readonly language?: string;
}

const MODES: readonly Mode[] = [
  { name: "TC3 POST" },
  { name: "TC3 POST, English", language: "en-US" },
  { name: "TC3 GET", reqMethod: "GET" },
  { name: "HmacSHA256 POST", signMethod: "HmacSHA256" },
  { name: "HmacSHA256 GET", signMethod: "HmacSHA256", reqMethod: "GET" },
  {
    name: "HmacSHA1 GET with a token",
    signMethod: "HmacSHA1",
    reqMethod: "GET",
    token: "temporary",
  },
];

function connect(
  Client: SdkClientClass,
  endpoint: string,
  mode: Mode,
  secretKey: string,
): SdkClient {
  const { signMethod, reqMethod = "POST", token, language } = mode;
  return new Client({
    credential: { secretId: SECRETS.secretId, secretKey, ...(token !== undefined && { token }) },
    region: REGION,
    profile: {
      ...(signMethod !== undefined && { signMethod }),
      ...(language !== undefined && { language }),
      httpProfile: { protocol: "http://", endpoint, reqMethod, reqTimeout: 10 },
    },
  });
}

async function start(context: TestContext): Promise<string> {
  const running = await startCloud({ port: 0, secrets: SECRETS });
  context.after(async () => await running.close());
  return new URL(running.url).host;
}

const refusedWith = async (call: Promise<unknown>): Promise<unknown> =>
  await call.then(
    () => "OK",
    (error: unknown) => asJson({ ...Object(error) })["code"],
  );

interface Caller {
  readonly ask: (action: string, parameters?: Json) => Promise<Json>;
  readonly until: (
    action: string,
    parameters: Json,
    isDone: (answer: Json) => boolean,
  ) => Promise<Json>;
  /** The code of the refusal, or "OK". */
  readonly refused: (action: string, parameters: Json) => Promise<unknown>;
}

/** A public address for a HAVIP, until both are gone again. */
async function bindAndDelete({ ask, until, refused }: Caller, HaVipId: unknown): Promise<void> {
  const { AddressSet, TaskId } = await ask("AllocateAddresses", { AddressCount: 1 });
  await until(
    "DescribeTaskResult",
    { TaskId: Number(TaskId) },
    ({ Result }) => Result === "SUCCESS",
  );
  const [address] = asList(
    (await ask("DescribeAddresses", { AddressIds: AddressSet }))["AddressSet"],
  );
  const AddressIp = text(address?.["AddressIp"]);
  const bind = await ask("HaVipAssociateAddressIp", { HaVipId, AddressIp });
  await until(
    "DescribeVpcTaskResult",
    { TaskId: bind["RequestId"] },
    ({ Status }) => Status === "SUCCESS",
  );
  const [bound] = asList((await ask("DescribeHaVips", { HaVipIds: [HaVipId] }))["HaVipSet"]);
  assert.equal(bound?.["AddressIp"], AddressIp);
  assert.equal(await refused("DeleteHaVip", { HaVipId }), "UnsupportedOperation");
  await ask("HaVipDisassociateAddressIp", { HaVipId });
  await until(
    "DescribeHaVips",
    { HaVipIds: [HaVipId] },
    (answer) => asList(answer["HaVipSet"])[0]?.["AddressIp"] === "",
  );
  await ask("DeleteHaVip", { HaVipId });
  await until("DescribeHaVips", { HaVipIds: [HaVipId] }, ({ TotalCount }) => TotalCount === 0);
}

for (const mode of MODES) {
  test(`the tutorial's steps 1 and 4 through the SDK: ${mode.name}`, options, async (context) => {
    if (sdk === undefined) return;
    const host = await start(context);
    const client = connect(sdk.vpc, host, mode, KEY_TEXT);
    const ask = async (action: string, parameters: Json = {}): Promise<Json> =>
      asJson(await client.request(action, parameters));
    const until = async (
      action: string,
      parameters: Json,
      isDone: (answer: Json) => boolean,
    ): Promise<Json> => {
      for (;;) {
        const answer = await ask(action, parameters);
        if (isDone(answer)) return answer;
      }
    };
    const vpc = asJson(
      (await ask("CreateVpc", { VpcName: "网络", CidrBlock: "10.4.0.0/16" }))["Vpc"],
    );
    const VpcId = vpc["VpcId"];
    const zone = { VpcId, SubnetName: "a b&c=d", CidrBlock: "10.4.6.0/24", Zone: "ap-guangzhou-3" };
    const subnet = asJson((await ask("CreateSubnet", zone))["Subnet"]);
    assert.equal(subnet["SubnetName"], "a b&c=d");
    const made = await ask("CreateHaVip", {
      VpcId,
      SubnetId: subnet["SubnetId"],
      HaVipName: "web-vip",
      Vip: "10.4.6.15",
      CheckAssociate: true,
      Tags: [{ Key: "k", Value: "v" }],
    });
    const { HaVipId, CheckAssociate } = asJson(made["HaVip"]);
    assert.equal(CheckAssociate, true);
    await ask("AssociateHaVipInstance", {
      HaVipAssociationSet: [{ HaVipId, InstanceId: "ins-aaaaaaaa", InstanceType: "CVM" }],
    });
    const listed = await ask("DescribeHaVips", {
      Filters: [{ Name: "vip", Values: ["10.4.6.15"] }],
      Offset: 0,
      Limit: 20,
    });
    assert.equal(listed["TotalCount"], 1);
    assert.equal(asList(listed["HaVipSet"])[0]?.["State"], "UNBIND");

    await bindAndDelete(
      { ask, until, refused: (...call) => refusedWith(client.request(...call)) },
      HaVipId,
    );

    assert.equal(await refusedWith(client.request("DeleteHaVips", {})), "InvalidAction");
    assert.equal(
      await refusedWith(client.request("DeleteHaVip", { HaVipId, Bogus: 1 })),
      "UnknownParameter",
    );
    const wrong = connect(sdk.vpc, host, mode, "not the secret");
    assert.equal(
      await refusedWith(wrong.request("DescribeHaVips", {})),
      "AuthFailure.SignatureFailure",
    );
  });
}

test(
  "the SDK by the name localhost, with localhost:port in its scope",
  options,
  async (context) => {
    if (sdk === undefined) return;
    const host = (await start(context)).replace("127.0.0.1", "localhost");
    const client = connect(sdk.vpc, host, { name: "" }, KEY_TEXT);
    assert.equal(asJson(await client.request("DescribeHaVips", {}))["TotalCount"], 0);
  },
);

test("the SDK's tag client", options, async (context) => {
  if (sdk === undefined) return;
  const client = connect(sdk.tag, await start(context), { name: "" }, KEY_TEXT);
  const ids = {
    ServiceType: "vpc",
    ResourcePrefix: "vpc",
    ResourceIds: ["vpc-aaaaaaaa"],
    ResourceRegion: REGION,
  };
  assert.deepEqual(
    asJson(await client.request("DescribeResourceTagsByResourceIds", ids))["Tags"],
    [],
  );
  assert.equal(await refusedWith(client.request("AddResourceTag", {})), "UnsupportedOperation");
});

test("an unsigned call of the SDK is refused", options, async (context) => {
  if (sdk === undefined) return;
  const client = connect(sdk.vpc, await start(context), { name: "" }, KEY_TEXT);
  const request = client.request("DescribeHaVips", {}, { skipSign: true });
  assert.match(String(await refusedWith(request)), /^AuthFailure\./);
});
