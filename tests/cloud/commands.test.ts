/** `baton havip` and `baton eip` against an emulator, as a person and as a program use them. */
import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import { test } from "node:test";
import { printColumns } from "#cli/columns";
import { command as runEip } from "#cli/eip";
import { command as runHavip } from "#cli/havip";
import { startCloud } from "#cloud/server/start";
import { fromMillis } from "#units/time";
import { ADMIN, asJson, asList, KEY_TEXT, REGION, SECRETS, text } from "./harness.ts";

interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

interface Shell {
  readonly havip: (...argv: readonly string[]) => Promise<Ran>;
  readonly eip: (...argv: readonly string[]) => Promise<Ran>;
  readonly vpcId: string;
  readonly subnetId: string;
  readonly url: string;
  readonly actions: () => Promise<readonly string[]>;
}

const ENV = {
  TENCENTCLOUD_SECRET_ID: SECRETS.secretId,
  TENCENTCLOUD_SECRET_KEY: KEY_TEXT,
  TENCENTCLOUD_REGION: REGION,
};

async function run(
  command: typeof runHavip,
  argv: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<Ran> {
  let [out, err] = ["", ""];
  const code = await command(argv, {
    stdout: (line) => {
      out += line;
    },
    stderr: (line) => {
      err += line;
    },
    env,
    isTty: false,
  });
  for (const said of [out, err]) {
    assert.equal(said.includes(KEY_TEXT), false, "the secret is never printed");
  }
  return { code, out, err };
}

async function open(
  context: TestContext,
  more: Readonly<Record<string, string>> = {},
): Promise<Shell> {
  const running = await startCloud({
    port: 0,
    secrets: SECRETS,
    profile: { taskTime: fromMillis(5) },
  });
  context.after(async () => await running.close());
  const { makeClient } = await import("#cloud/client/client");
  const { readEndpoint } = await import("#cloud/client/endpoint");
  const client = makeClient({
    endpoint: readEndpoint(running.url) ?? assert.fail(),
    region: REGION,
    credentials: SECRETS,
    language: "en-US",
  });
  const vpc = await client.call("CreateVpc", { VpcName: "v", CidrBlock: "10.4.0.0/16" });
  assert.ok(vpc.kind === "answer");
  const { VpcId } = vpc.answer.Vpc;
  const zone = { VpcId, SubnetName: "s", CidrBlock: "10.4.6.0/24", Zone: "z" };
  const subnet = await client.call("CreateSubnet", zone);
  assert.ok(subnet.kind === "answer");
  const env = { ...ENV, BATON_CLOUD_ENDPOINT: running.url, ...more };
  return {
    havip: async (...argv) => await run(runHavip, argv, env),
    eip: async (...argv) => await run(runEip, argv, env),
    vpcId: VpcId,
    subnetId: subnet.answer.Subnet.SubnetId,
    url: running.url,
    actions: async () => {
      const log = asJson(
        await (await fetch(`${running.url}/_baton/requests`, { headers: ADMIN })).json(),
      );
      return asList(log["requests"]).map(({ action }) => text(action));
    },
  };
}

test("the tutorial by command: apply, list, bind an address, release", async (context) => {
  const { havip, eip, vpcId, subnetId } = await open(context);
  assert.deepEqual(await havip("list"), { code: 0, out: "no HAVIPs\n", err: "" });
  const made = await havip(
    "create",
    "--vpc",
    vpcId,
    "--subnet",
    subnetId,
    "--name",
    "主备",
    "--vip",
    "10.4.6.15",
    "--json",
  );
  assert.equal(made.code, 0, made.err);
  const id = text(asJson(JSON.parse(made.out))["HaVipId"]);
  const list = await havip("list");
  assert.equal(
    list.out,
    "ID              NAME  ADDRESS    STATE   INSTANCE  PUBLIC ADDRESS  SUBNET\n" +
      `${id}  主备  10.4.6.15  UNBIND  -         -               ${subnetId}\n`,
  );
  const allocated = await eip("allocate", "--name", "web", "--bandwidth", "5");
  assert.match(
    allocated.out,
    /^ID +NAME +ADDRESS +STATUS +BOUND TO +MBPS\neip-\w{8} +web +203\.0\.113\.1 +UNBIND +- +5\n$/,
  );
  const eipId = /eip-\w{8}/.exec(allocated.out)?.[0] ?? "";
  const bound = await havip("bind-eip", "10.4.6.15", eipId);
  assert.match(bound.out, /public address +203\.0\.113\.1\n/);
  assert.match((await eip("list")).out, new RegExp(`BIND +${id}`));

  const refused = await havip("release", id);
  assert.equal(refused.code, 1);
  assert.match(
    refused.err,
    /^baton havip release: UnsupportedOperation: the HAVIP .* unbind it first \(RequestId [0-9a-f-]{36}\)\n$/,
  );
  assert.equal((await havip("unbind-eip", id)).code, 0);
  assert.equal((await havip("release", "10.4.6.15")).out, `${id}: released\n`);
  assert.equal((await eip("release", "203.0.113.1")).out, `${eipId}: released\n`);
  assert.equal((await eip("list")).out, "no elastic addresses\n");
});

test("names, ranges and tags", async (context) => {
  const { havip, vpcId } = await open(context);
  const made = await havip(
    "create",
    "--vpc",
    vpcId,
    "--name",
    "a",
    "--check-associate",
    "--associate",
    "ins-aaaaaaaa",
    "--tag",
    "team=db",
  );
  assert.match(made.out, /drift range +ins-aaaaaaaa\n/);
  assert.match(made.out, /tags +team=db\n/);
  assert.match((await havip("rename", "10.4.6.2", "b c")).out, /name +b c\n/);
  assert.match(
    (await havip("associate", "10.4.6.2", "ins-bbbbbbbb")).out,
    /drift range +ins-aaaaaaaa, ins-bbbbbbbb\n/,
  );
  assert.match(
    (await havip("disassociate", "10.4.6.2", "ins-aaaaaaaa", "ins-bbbbbbbb")).out,
    /drift range +nobody\n/,
  );
  await havip("create", "--vpc", vpcId, "--name", "open");
  const open_ = await havip("associate", "10.4.6.3", "ins-aaaaaaaa");
  assert.match(open_.out, /drift range +everybody in the subnet\n/);
  assert.match(open_.err, /does not check its drift range/);
  assert.equal(asList(JSON.parse((await havip("list", "--name", "op", "--json")).out)).length, 1);
});

test("a dry run says what would be asked and asks nothing that changes anything", async (context) => {
  const { havip, eip, vpcId, actions } = await open(context);
  await havip("create", "--vpc", vpcId, "--name", "a");
  const before = await actions();
  const dry = await havip("release", "10.4.6.2", "--dry-run");
  assert.match(
    dry.out,
    /^DeleteHaVip \(ap-guangzhou, http:\/\/127\.0\.0\.1:\d+\)\n\{\n {2}"HaVipId": "havip-\w{8}"\n\}\n$/,
  );
  const json = await havip("create", "--vpc", vpcId, "--name", "b", "--dry-run", "--json");
  assert.deepEqual(asJson(asJson(JSON.parse(json.out))["call"])["parameters"], {
    VpcId: vpcId,
    HaVipName: "b",
  });
  await havip("rename", "10.4.6.2", "c", "--dry-run");
  await eip("allocate", "--dry-run");
  const asked = (await actions()).slice(before.length);
  assert.deepEqual([...new Set(asked)], ["DescribeHaVips"]);
});

test("without waiting, the task is shown", async (context) => {
  const { havip, eip, vpcId } = await open(context);
  await havip("create", "--vpc", vpcId, "--name", "a");
  assert.match(
    (await havip("release", "10.4.6.2", "--no-wait")).out,
    /^havip-\w{8}: accepted, task [0-9a-f-]{36}\n$/,
  );
  assert.match((await eip("allocate", "--no-wait")).out, /^eip-\w{8}: accepted, task \d+\n$/);
});

test("Chinese by the environment or by --lang, with help for the code", async (context) => {
  const { havip, eip } = await open(context, { LANG: "zh_CN.UTF-8" });
  assert.equal((await havip("list")).out, "没有高可用虚拟 IP\n");
  assert.equal((await eip("list", "--lang", "en")).out, "no elastic addresses\n");
  const missing = await havip("show", "10.4.6.9");
  assert.deepEqual(missing, {
    code: 1,
    out: "",
    err: "baton havip show: 地域 ap-guangzhou 没有高可用虚拟 IP 10.4.6.9\n",
  });
});

test("failures: a code, a sentence, what to do, and JSON for programs", async (context) => {
  const { havip, url } = await open(context);
  const wrongKey = { ...ENV, TENCENTCLOUD_SECRET_KEY: "wrong", BATON_CLOUD_ENDPOINT: url };
  const refused = await run(runHavip, ["list"], wrongKey);
  assert.equal(refused.code, 1);
  assert.match(refused.err, /AuthFailure\.SignatureFailure: .*\n {2}check TENCENTCLOUD_SECRET_ID/);
  const json = await run(runHavip, ["list", "--json"], wrongKey);
  const { error } = asJson(JSON.parse(json.out));
  assert.deepEqual(Object.keys(asJson(error)), ["code", "message", "help", "requestId"]);

  await fetch(`${url}/_baton/faults`, {
    method: "PUT",
    headers: ADMIN,
    body: '{"httpStatus":404}',
  });
  assert.match((await havip("list")).err, /HTTP 404/);
  await fetch(`${url}/_baton/faults`, {
    method: "PUT",
    headers: ADMIN,
    body: '{"latencyMs":60000}',
  });
  assert.match((await havip("list", "--timeout", "0.1")).err, /no answer within 0\.1 s/);
  await fetch(`${url}/_baton/faults`, { method: "PUT", headers: ADMIN, body: "{}" });
  const dead = await havip("list", "--endpoint", "http://127.0.0.1:1", "--timeout", "0.1");
  assert.match(dead.err, /cannot be reached: ECONNREFUSED\n {2}check --endpoint/);
});

test("wrong usage is 2 and says where the usage is", async (context) => {
  const { havip, eip } = await open(context);
  for (const argv of [
    [],
    ["fly"],
    ["show"],
    ["show", "a", "b"],
    ["list", "--bogus"],
    ["constructor"],
  ]) {
    const ran = await havip(...argv);
    assert.equal(ran.code, 2, argv.join(" "));
    const isAlone = argv.length === 0;
    assert.match(ran.err, isAlone ? /usage: baton havip / : /\n`baton help havip.*` says more\n$/);
  }
  assert.deepEqual(await havip("create"), {
    code: 2,
    out: "",
    err: "baton havip create: give `--vpc` and `--name`\n`baton help havip create` says more\n",
  });
  for (const argv of [
    ["list", "--timeout", "soon"],
    ["list", "--endpoint", "ftp://x"],
    ["create", "--vpc", "vpc-1", "--name", "x", "--tag", "x"],
  ]) {
    assert.equal((await havip(...argv)).code, 2, argv.join(" "));
  }
  assert.equal((await eip("allocate", "--count", "0")).code, 2);
  assert.equal((await havip("--help")).code, 0);
});

test("no credentials, no region: said, with where it looked; an emulator on this machine needs neither", async (context) => {
  const { url } = await open(context);
  const nobody = await run(runHavip, ["list", "--region", "ap-guangzhou"], {
    HOME: "/nonexistent",
  });
  assert.equal(nobody.code, 1);
  assert.match(
    nobody.err,
    /no credentials; looked at TENCENTCLOUD_SECRET_ID.*\/nonexistent\/\.tccli\/default\.credential/,
  );
  const nowhere = await run(runHavip, ["list"], { HOME: "/nonexistent" });
  assert.match(nowhere.err, /which region\?/);
  const strict = await run(runHavip, ["list", "--endpoint", url], { HOME: "/nonexistent" });
  assert.match(strict.err, /AuthFailure\.SecretIdNotFound/);
});

test("columns count what a terminal shows, and control characters do not reach it", () => {
  assert.equal(
    printColumns([
      ["NAME", "X"],
      ["数据库", "1"],
      ["a\u001b[31m", "2"],
    ]),
    "NAME    X\n数据库  1\na·[31m  2\n",
  );
});
