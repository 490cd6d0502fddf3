/** `baton check --live`: what the cloud says of the addresses, asked of an emulator on loopback. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { type CheckCloudOptions, checkCloud } from "#cli/check-cloud";
import type { AnyFinding } from "#diagnostics/diagnostic";
import { toDiagnostic } from "#diagnostics/render/to-diagnostic";
import { readConfiguration } from "#keepalived/read";
import { REGION } from "./harness.ts";
import { KEYS, type LiveWorld, makeVip, startWorld, VIP } from "./live-world.ts";

const file = (lines: string): string => `vrrp_instance VI_1 {
    interface eth0
    virtual_router_id 51
    virtual_ipaddress {
        ${VIP}/24
    }
    ${lines}
}
`;

async function check(
  text: string,
  options: Partial<CheckCloudOptions>,
): Promise<readonly AnyFinding[]> {
  const reading = readConfiguration([{ name: "a.conf", text }]);
  return await checkCloud([reading], {
    env: {},
    language: "en",
    report: () => undefined,
    ...options,
  });
}

interface Here {
  readonly world: LiveWorld;
  readonly instanceId: string;
  readonly eni: string;
  /** Findings of a file with a block for this instance. */
  readonly run: (options?: Partial<CheckCloudOptions>) => Promise<readonly AnyFinding[]>;
}

async function here(context: TestContext): Promise<Here> {
  const world = await startWorld(context);
  const { instanceId, eni } = await world.launch();
  const text = file(`havip {\n instance_id ${instanceId}\n}`);
  return {
    world,
    instanceId,
    eni,
    run: async (options) => await check(text, { env: world.env, ...options }),
  };
}

const codes = (found: readonly AnyFinding[]): readonly string[] => found.map(({ code }) => code);

test("a HAVIP of this subnet without a drift range is fine", async (context) => {
  const { world, run } = await here(context);
  await makeVip(world);
  assert.deepEqual(await run(), []);
});

test("nobody is asked without a block and without a key", async () => {
  // A transport that was used would be reported as VR5201: nothing listens there.
  const env = { BATON_CLOUD_ENDPOINT: "http://127.0.0.1:9" };
  assert.deepEqual(await check(file(""), { env }), []);
});

test("a key in the environment is enough to ask; what is missing is one warning", async (context) => {
  const { world } = await here(context);
  const [only, ...more] = await check(file(""), { env: world.env });
  assert.equal(only?.code, "VR5201");
  assert.deepEqual(more, []);
  assert.match(JSON.stringify(only?.facts), /metadata do not say which instance/);
});

test("no HAVIP, and the quota is reported with it when there is no room", async (context) => {
  const { world, run } = await here(context);
  assert.deepEqual(codes(await run()), ["VR5202"]);
  for (let index = 0; index < 10; index++) await makeVip(world, { Vip: `10.4.6.${20 + index}` });
  const found = await run();
  assert.deepEqual(codes(found), ["VR5202", "VR5205"]);
  assert.deepEqual(found[1]?.facts, { vpc: world.vpcId, used: 10, limit: 10 });
});

test("a HAVIP of another subnet", async (context) => {
  const { world, run } = await here(context);
  const second = await world.call("CreateVpc", { VpcName: "w", CidrBlock: "10.4.0.0/16" });
  const VpcId = second.Vpc.VpcId;
  const zone = { VpcId, SubnetName: "s", CidrBlock: "10.4.6.0/24", Zone: "z" };
  const { SubnetId } = (await world.call("CreateSubnet", zone)).Subnet;
  const havip = await makeVip(world, { VpcId, SubnetId });
  const [only, ...more] = await run();
  assert.deepEqual(more, []);
  assert.equal(only?.code, "VR5203");
  assert.deepEqual(only?.facts, { address: VIP, havip, subnet: SubnetId, own: [world.subnetId] });
});

test("a drift range without this machine, then with it", async (context) => {
  const { world, run, eni, instanceId } = await here(context);
  const havip = await makeVip(world, { CheckAssociate: true });
  const [only, ...more] = await run();
  assert.deepEqual(more, []);
  assert.equal(only?.code, "VR5204");
  assert.deepEqual(only?.facts, { address: VIP, havip, instance: instanceId });
  await world.call("AssociateHaVipInstance", {
    HaVipAssociationSet: [{ HaVipId: havip, InstanceId: eni, InstanceType: "ENI" }],
  });
  assert.deepEqual(await run(), []);
});

test("a public address that is bound to nothing", async (context) => {
  const { world, run } = await here(context);
  await makeVip(world);
  const { AddressSet } = await world.call("AllocateAddresses", {});
  const [id = ""] = AddressSet;
  for (;;) {
    const { AddressSet: rows } = await world.call("DescribeAddresses", { AddressIds: [id] });
    if (rows[0]?.AddressStatus === "UNBIND") break;
  }
  const [only, ...more] = await run();
  assert.deepEqual(more, []);
  assert.equal(only?.code, "VR5206");
  assert.ok(JSON.stringify(only?.facts).includes(id));
  assert.ok(JSON.stringify(only?.facts).includes(REGION));
});

test("a clock that is off: reported before the limit, and instead of all else beyond it", async (context) => {
  const { run } = await here(context);
  const ahead = await run({ now: () => Date.now() + 120_000 });
  assert.deepEqual(codes(ahead), ["VR5207", "VR5202"]);
  const behind = await run({ now: () => Date.now() - 400_000 });
  assert.deepEqual(codes(behind), ["VR5207"]);
  const [only] = behind;
  assert.ok(only?.code === "VR5207");
  assert.ok(Math.abs(only.facts.seconds + 400) <= 2, String(only.facts.seconds));
  assert.match(toDiagnostic(only, "en").message, /behind the cloud's/);
  assert.match(toDiagnostic(only, "zh-CN").message, /慢 \d+ 秒/);
});

test("a key that others can read", async (context) => {
  const { world, instanceId } = await here(context);
  await makeVip(world);
  const folder = mkdtempSync(join(tmpdir(), "baton-key-"));
  context.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, "key");
  const keys = { secretId: KEYS.secretId, secretKey: KEYS.secretKey.reveal() };
  writeFileSync(path, JSON.stringify(keys), { mode: 0o600 });
  const text = file(`havip {\n instance_id ${instanceId}\n credentials_file ${path}\n}`);
  const { env } = world;
  assert.deepEqual(await check(text, { env }), []);
  chmodSync(path, 0o644);
  const [only, ...more] = await check(text, { env });
  assert.deepEqual(more, []);
  assert.equal(only?.code, "VR5208");
  assert.deepEqual(only?.facts, { path, mode: "644" });
});

test("nobody listens: one warning that says so", async (context) => {
  const { world, instanceId } = await here(context);
  const env = { ...world.env, BATON_CLOUD_ENDPOINT: "http://127.0.0.1:9" };
  const text = file(`havip {\n instance_id ${instanceId}\n}`);
  const [only, ...more] = await check(text, { env, deadlineMs: 400 });
  assert.deepEqual(more, []);
  assert.equal(only?.code, "VR5201");
});

test("a service that takes the call and never answers ends with the deadline, and a person hears of it meanwhile", async (context) => {
  const { world, instanceId } = await here(context);
  const unanswering = createServer(() => undefined).listen(0, "127.0.0.1");
  context.after(() => unanswering.close());
  const sockets = new Set<{ destroy: () => void }>();
  unanswering.on("connection", (socket) => sockets.add(socket));
  context.after(() => sockets.forEach((socket) => socket.destroy()));
  await once(unanswering, "listening");
  const address = unanswering.address();
  assert.ok(typeof address === "object" && address !== null);
  const endpoint = `http://127.0.0.1:${address.port}`;
  const lines: string[] = [];
  const text = file(`havip {\n endpoint ${endpoint}\n instance_id ${instanceId}\n}`);
  const found = await check(text, {
    env: world.env,
    deadlineMs: 300,
    progressMs: 50,
    report: (line) => void lines.push(line),
  });
  assert.deepEqual(codes(found), ["VR5201"]);
  assert.deepEqual(found[0]?.facts, { endpoint, why: "nothing within 0.3 s" });
  assert.deepEqual(lines, [`baton check: waiting for the cloud (${endpoint})\n`]);
});
