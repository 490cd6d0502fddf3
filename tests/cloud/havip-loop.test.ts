/**
 * The daemon's loop against an emulator over HTTP: where it asks, what it says, and what a reload
 * changes.
 */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import type { HavipStatus } from "#daemon/control-protocol";
import { HavipLoop, type HavipOptions } from "#daemon/havip-loop";
import type { Language } from "#diagnostics/diagnostic";
import { readConfiguration } from "#keepalived/read";
import { printIp } from "#units/address";
import { keepLog, until } from "../support/daemon-bench.ts";
import { REGION } from "./harness.ts";
import { KEYS, type LiveWorld, makeVip, startWorld, VIP } from "./live-world.ts";

const NOWHERE = { BATON_METADATA_URL: "http://127.0.0.1:9", HOME: "/nonexistent" };

interface Bench {
  readonly loop: HavipLoop;
  readonly lines: readonly string[];
  readonly announced: string[];
  /** What the engine of a stopping instance was sent. */
  readonly moved: string[];
  status(): HavipStatus | undefined;
  /** Reads the text as the daemon would at a reload. */
  reload(text: string, isMaster?: boolean): void;
}

function bench(
  context: TestContext,
  options: Partial<HavipOptions> & { readonly language?: Language } = {},
): Bench {
  const { log, lines } = keepLog();
  const announced: string[] = [];
  const moved: string[] = [];
  const loop = new HavipLoop({
    cloud: undefined,
    env: NOWHERE,
    language: "en",
    log,
    announce: ({ instance, address }) => void announced.push(`${instance} ${printIp(address)}`),
    moved: (instance, has) => void moved.push(`${instance} ${has}`),
    ...options,
  });
  context.after(() => loop.stop());
  return {
    loop,
    lines,
    announced,
    moved,
    status: () => loop.status("VI_1")[0],
    reload: (text, isMaster = true) => {
      const { plan } = readConfiguration([{ name: "a.conf", text }]);
      loop.configure(
        plan.instances.map(({ config, havip }) => {
          return { name: config.router.name, addresses: [VIP], isMaster, havip };
        }),
      );
    },
  };
}

const file = (havip: string, globals = ""): string => `global_defs {
${globals}
}
vrrp_instance VI_1 {
    interface eth0
    virtual_router_id 51
    virtual_ipaddress {
        ${VIP}/24
    }
    ${havip}
}
`;

/** A world, an instance in it, and the block that finds both. */
async function known(context: TestContext): Promise<{
  readonly world: LiveWorld;
  readonly eni: string;
  readonly block: string;
}> {
  const world = await startWorld(context);
  await makeVip(world);
  const { instanceId, eni } = await world.launch();
  const folder = mkdtempSync(join(tmpdir(), "baton-havip-"));
  context.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, "credentials");
  const { secretId, secretKey } = KEYS;
  const text = `[default]\nsecret_id = ${secretId}\nsecret_key = ${secretKey.reveal()}\n`;
  writeFileSync(path, text);
  const block = `havip {
    endpoint ${world.url}
    region ${REGION}
    instance_id ${instanceId}
    credentials_file ${path}
}`;
  return { world, eni, block };
}

test("a block in the file is enough: asked, announced again, agreed, counted", async (context) => {
  const { world, eni, block } = await known(context);
  const made = bench(context);
  made.reload(file(block), false);
  assert.deepEqual(made.status()?.platform, "not-asked");
  made.loop.transition("VI_1", "master");
  await until("it is announced again", () => made.announced.length > 0);
  assert.match(made.announced[0] ?? "", new RegExp(` ${VIP}$`));
  assert.equal(made.status()?.platform, "disagrees");
  assert.equal(world.running.cloud.claim(VIP, eni).kind, "accepted");
  await until("agrees", () => made.status()?.platform === "agrees");
  const counters = made.status()?.counters;
  assert.ok(counters !== undefined);
  assert.equal(counters.agreed, 1);
  assert.ok(counters.refused >= 1 && counters.announced >= 1);
  assert.equal(counters.asked, counters.agreed + counters.refused + counters.unanswered);
  assert.ok(counters.disagreementSeconds > 0.3);
  assert.match(made.lines.join("\n"), /info: \(VI_1\) the platform agrees: 10\.4\.6\.100 is ours/);
});

test("a block in global_defs is for every instance, and an instance's own values go before it", async (context) => {
  const { world, eni, block } = await known(context);
  world.running.cloud.claim(VIP, eni);
  const made = bench(context);
  made.reload(file("havip {\n region ap-guangzhou\n}", block.replace(REGION, "ap-nowhere")));
  await until("agrees", () => made.status()?.platform === "agrees");
});

test("a reload that asks elsewhere begins anew; one that changes nothing goes on", async (context) => {
  const { world, eni, block } = await known(context);
  world.running.cloud.claim(VIP, eni);
  const made = bench(context);
  made.reload(file(block));
  await until("agrees", () => made.status()?.platform === "agrees");
  made.reload(file(block));
  assert.equal(made.status()?.platform, "agrees");
  assert.equal(made.status()?.counters.agreed, 1);
  const other = await startWorld(context);
  made.reload(file(block.replace(world.url, other.url)));
  assert.equal(made.status()?.counters.asked, 0);
  await until("disagrees", () => made.status()?.platform === "disagrees");
  made.reload(file(""));
  assert.equal(made.status(), undefined, "without a block nobody is asked");
  made.reload(file(block));
  await until("agrees again", () => made.status()?.platform === "agrees");
});

test("a key that was changed is read again without a reload", async (context) => {
  const { world, eni, block } = await known(context);
  world.running.cloud.claim(VIP, eni);
  const path = /credentials_file (\S+)/.exec(block)?.[1] ?? "";
  const keys = JSON.stringify({ secretId: KEYS.secretId, secretKey: KEYS.secretKey.reveal() });
  writeFileSync(path, JSON.stringify({ secretId: KEYS.secretId, secretKey: "old" }));
  const made = bench(context);
  made.reload(file(block));
  await until("refused", () => (made.status()?.counters.unanswered ?? 0) > 0);
  assert.match(JSON.stringify(made.status()), /AuthFailure\.SignatureFailure/);
  writeFileSync(path, keys);
  await until("agrees", () => made.status()?.platform === "agrees");
  assert.ok(!made.lines.join("\n").includes(KEYS.secretKey.reveal()));
});

test("--cloud alone asks for every instance, with what the environment says", async (context) => {
  const world = await startWorld(context);
  await makeVip(world);
  const { instanceId, eni } = await world.launch();
  world.running.cloud.claim(VIP, eni);
  const cloud = {
    endpoint: undefined,
    region: undefined,
    instanceId,
    credentialsFile: undefined,
  };
  const made = bench(context, { cloud, env: world.env });
  made.reload(file(""));
  await until("agrees", () => made.status()?.platform === "agrees");
});

test("in Chinese, and what is missing is said in it too", async (context) => {
  const { world, eni, block } = await known(context);
  world.running.cloud.claim(VIP, eni);
  const made = bench(context, { language: "zh-CN" });
  made.reload(file(block));
  await until("agrees", () => made.status()?.platform === "agrees");
  assert.match(made.lines.join("\n"), /云平台已确认：10\.4\.6\.100 属于本机/);
  made.reload(file(block.replace(/credentials_file \S+/, "credentials_file /nonexistent")));
  await until("the reason is logged", () =>
    JSON.stringify(made.status()).includes("/nonexistent 中没有可用的密钥"),
  );
});

test("a planned stop waits until the platform has moved the address, also one by a reload", async (context) => {
  const { world, eni, block } = await known(context);
  const other = await world.launch();
  for (const how of ["stop", "reload"] as const) {
    world.running.cloud.claim(VIP, eni);
    const made = bench(context);
    made.reload(file(block));
    await until("agrees", () => made.status()?.platform === "agrees");
    if (how === "reload") made.reload("global_defs { }");
    made.loop.transition("VI_1", "leaving");
    const asked = made.status()?.counters.asked ?? 0;
    await until("asked again", () => (made.status()?.counters.asked ?? 0) > asked + 1);
    assert.deepEqual(made.moved, [], how);
    assert.equal(world.running.cloud.claim(VIP, other.eni).kind, "accepted");
    await until("the engine has heard", () => made.moved.length > 0);
    assert.deepEqual(made.moved, ["VI_1 true"], how);
    assert.equal(made.status()?.platform, how === "reload" ? undefined : "not-asked");
  }
});

test("a planned stop waits for nobody: a cloud that is away, an instance never asked about, handover_wait 0", async (context) => {
  const { world, eni, block } = await known(context);
  world.running.cloud.claim(VIP, eni);
  const idle = bench(context);
  idle.reload(file(block), false);
  idle.loop.transition("VI_1", "leaving");
  assert.deepEqual(idle.moved, ["VI_1 false"]);

  const never = bench(context);
  never.reload(file(block.replace("havip {", "havip {\n    handover_wait 0")));
  await until("agrees", () => never.status()?.platform === "agrees");
  never.loop.transition("VI_1", "leaving");
  assert.equal(never.status()?.platform, "not-asked");
  assert.deepEqual(never.moved, []);

  const away = bench(context);
  away.reload(file(block));
  await until("agrees", () => away.status()?.platform === "agrees");
  await world.running.close();
  away.loop.transition("VI_1", "leaving");
  await until("the engine has heard", () => away.moved.length > 0);
  assert.deepEqual(away.moved, ["VI_1 false"]);
});
