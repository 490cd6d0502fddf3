/** An answered write survives the end of the process, whatever end that is. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { Json } from "./harness.ts";
import {
  asJson,
  asList,
  findHavip,
  garp,
  makeEip,
  makeHavip,
  makeInterface,
  makeSite,
  openTestCloud,
  text,
} from "./harness.ts";
import type { Spawned } from "./spawned.ts";
import { spawnCloud } from "./spawned.ts";

const inDirectory = async (work: (directory: string) => Promise<void>): Promise<void> => {
  const directory = mkdtempSync(join(tmpdir(), "baton-cloud-"));
  try {
    await work(directory);
  } finally {
    rmSync(directory, { recursive: true });
  }
};

test("everything is there after a restart: resources, claims, ranges, tokens, tasks, the clock", async () => {
  await inDirectory(async (dataDirectory) => {
    const first = openTestCloud({ dataDirectory });
    const site = await makeSite(first);
    const nic = await makeInterface(first, site, "ins-aaaaaaaa");
    const parameters = {
      VpcId: site.vpcId,
      SubnetId: site.subnetId,
      HaVipName: "x",
      ClientToken: "t",
    };
    const made = asJson((await first.call("CreateHaVip", parameters))["HaVip"]);
    const { HaVipId, Vip } = made;
    await first.call("AssociateHaVipInstance", {
      HaVipAssociationSet: [{ HaVipId, InstanceId: nic }],
    });
    await garp(first, Vip, nic);
    const eip = await makeEip(first);
    await first.call("HaVipAssociateAddressIp", { HaVipId, AddressIp: eip.address });
    first.settle();
    await first.admin("POST", "clock/advance", { seconds: 3_600 });
    const doomed = await makeHavip(first, site);
    const { RequestId } = await first.call("DeleteHaVip", { HaVipId: doomed["HaVipId"] });
    const actions = [
      "DescribeVpcs",
      "DescribeSubnets",
      "DescribeRouteTables",
      "DescribeHaVips",
      "DescribeAddresses",
      "DescribeNetworkInterfaces",
    ];
    const before: Json[] = [];
    for (const action of actions) before.push(await first.call(action));
    first.cloud[Symbol.dispose]();

    const second = openTestCloud({ dataDirectory });
    for (const [index, action] of actions.entries()) {
      const { RequestId: _, ...after } = await second.call(action);
      const { RequestId: __, ...expected } = before[index] ?? {};
      assert.deepEqual(after, expected, action);
    }
    assert.equal(
      (await second.call("DescribeVpcTaskResult", { TaskId: RequestId }))["Status"],
      "RUNNING",
    );
    second.settle();
    assert.equal(
      (await second.call("DescribeVpcTaskResult", { TaskId: RequestId }))["Status"],
      "SUCCESS",
    );
    assert.equal(
      (await second.call("DescribeHaVips", { HaVipIds: [doomed["HaVipId"]] }))["TotalCount"],
      0,
    );
    assert.deepEqual((await second.call("CreateHaVip", parameters))["HaVip"], made);
    assert.match(text((await makeHavip(second, site))["CreatedTime"]), /^2026-01-01 01:/);
    await second.admin("POST", "reset", {});
    second.cloud[Symbol.dispose]();

    const third = openTestCloud({ dataDirectory });
    assert.equal((await third.call("DescribeVpcs"))["TotalCount"], 0);
    third.cloud[Symbol.dispose]();
  });
});

test("a write that the disk refuses is no write, and is answered as a failure", async () => {
  await inDirectory(async (dataDirectory) => {
    const cloud = openTestCloud({ dataDirectory });
    const site = await makeSite(cloud);
    cloud.cloud[Symbol.dispose]();
    const parameters = { VpcId: site.vpcId, SubnetId: site.subnetId, HaVipName: "x" };
    assert.equal(await cloud.code("CreateHaVip", parameters), "InternalError");
    assert.equal((await cloud.call("DescribeHaVips"))["TotalCount"], 0);
  });
});

interface Acknowledged {
  readonly region: string;
  readonly vpcId: string;
  readonly havips: string[];
  readonly renamed: Map<string, string>;
}

/** Writes from several sides at once until the process is gone; what was answered is noted. */
async function write(
  cloud: Spawned,
  region: string,
  killAfter: number,
): Promise<readonly Acknowledged[]> {
  const noted: Acknowledged[] = [];
  let answers = 0;
  const acknowledge = (): void => {
    answers += 1;
    if (answers === killAfter) cloud.child.kill("SIGKILL");
  };
  const writer = async (): Promise<void> => {
    for (let round = 0; round < 20; round++) {
      const vpc = asJson(
        (await cloud.call("CreateVpc", { VpcName: "v", CidrBlock: "10.0.0.0/16" }, region))["Vpc"],
      );
      const vpcId = text(vpc["VpcId"]);
      const entry: Acknowledged = { region, vpcId, havips: [], renamed: new Map() };
      noted.push(entry);
      acknowledge();
      const zone = { VpcId: vpcId, SubnetName: "s", CidrBlock: "10.0.1.0/24", Zone: "z" };
      const SubnetId = asJson((await cloud.call("CreateSubnet", zone, region))["Subnet"])[
        "SubnetId"
      ];
      for (let index = 0; index < 10; index++) {
        const made = { VpcId: vpcId, SubnetId, HaVipName: `n${index}` };
        const HaVipId = text(
          asJson((await cloud.call("CreateHaVip", made, region))["HaVip"])["HaVipId"],
        );
        entry.havips.push(HaVipId);
        acknowledge();
        const renamed = await cloud.call(
          "ModifyHaVipAttribute",
          { HaVipId, HaVipName: `r${index}` },
          region,
        );
        if (renamed["Error"] === undefined) entry.renamed.set(HaVipId, `r${index}`);
        acknowledge();
      }
    }
  };
  await Promise.allSettled([writer(), writer(), writer()]);
  return noted;
}

test("kill -9 twenty times while writing: every answered write is there", {
  timeout: 300_000,
}, async () => {
  await inDirectory(async (directory) => {
    const all: Acknowledged[] = [];
    const rounds = 20;
    for (let round = 0; round < rounds; round++) {
      const cloud = await spawnCloud("--data", directory, "--auth", "off", "--quiet");
      // Killed at another moment each time: after 1, 8, 15 … answers.
      all.push(...(await write(cloud, `ap-test-${round}`, 1 + 7 * round)));
      assert.deepEqual(await cloud.exited, [null, "SIGKILL"]);
    }
    const cloud = await spawnCloud("--data", directory, "--auth", "off", "--quiet");
    try {
      let checked = 0;
      for (const { region, vpcId, havips, renamed } of all) {
        const filters = { Filters: [{ Name: "vpc-id", Values: [vpcId] }], Limit: 100 };
        const vpcs = await cloud.call("DescribeVpcs", { VpcIds: [vpcId] }, region);
        assert.equal(vpcs["TotalCount"], 1, `${vpcId} in ${region}`);
        const rows = asList((await cloud.call("DescribeHaVips", filters, region))["HaVipSet"]);
        const names = new Map(rows.map(({ HaVipId, HaVipName }) => [HaVipId, HaVipName]));
        for (const id of havips) assert.ok(names.has(id), `${id} in ${region}`);
        for (const [id, name] of renamed) assert.equal(names.get(id), name);
        checked += 1 + havips.length + renamed.size;
      }
      assert.ok(
        checked >= (rounds * (rounds - 1) * 7) / 2,
        `${checked} answered writes were checked`,
      );
    } finally {
      cloud.child.kill("SIGKILL");
      await cloud.exited;
    }
  });
});

test("kill -9 after a deletion was accepted: it is carried out after the restart", {
  timeout: 60_000,
}, async () => {
  await inDirectory(async (directory) => {
    const args = ["--data", directory, "--auth", "off", "--quiet"];
    const first = await spawnCloud(...args, "--task-latency", "3600s");
    const vpc = asJson(
      (await first.call("CreateVpc", { VpcName: "v", CidrBlock: "10.0.0.0/16" }))["Vpc"],
    );
    const VpcId = vpc["VpcId"];
    const zone = { VpcId, SubnetName: "s", CidrBlock: "10.0.1.0/24", Zone: "z" };
    await first.call("CreateSubnet", zone);
    const made = asJson((await first.call("CreateHaVip", { VpcId, HaVipName: "x" }))["HaVip"]);
    const { RequestId } = await first.call("DeleteHaVip", { HaVipId: made["HaVipId"] });
    first.child.kill("SIGKILL");
    await first.exited;
    const second = await spawnCloud(...args);
    try {
      for (;;) {
        const task = await second.call("DescribeVpcTaskResult", { TaskId: RequestId });
        if (task["Status"] === "SUCCESS") break;
        assert.equal(task["Status"], "RUNNING");
      }
      assert.equal((await second.call("DescribeHaVips"))["TotalCount"], 0);
    } finally {
      second.child.kill("SIGKILL");
      await second.exited;
    }
  });
});

test("what a restart finds in the directory must make sense", async () => {
  await inDirectory((directory) => {
    const cloud = openTestCloud({ dataDirectory: directory });
    cloud.cloud[Symbol.dispose]();
    return Promise.resolve();
  });
  const { CloudStore } = await import("#cloud/server/cloud-store");
  await inDirectory((directory) => {
    const store = CloudStore.open(directory);
    store.commit([
      { region: "ap-guangzhou", table: "vpcs", id: "vpc-aaaaaaaa", json: '{"id":"vpc-aaaaaaaa"}' },
    ]);
    store[Symbol.dispose]();
    assert.throws(
      () => openTestCloud({ dataDirectory: directory }),
      /vpc-aaaaaaaa of vpcs in ap-guangzhou makes no sense/,
    );
    return Promise.resolve();
  });
});

test("the unfinished claim of a slow platform is finished after a restart", async () => {
  await inDirectory(async (dataDirectory) => {
    const profile = { claimLatency: (await import("#units/time")).fromMillis(10_000) };
    const first = openTestCloud({ dataDirectory, profile });
    const site = await makeSite(first);
    const nic = await makeInterface(first, site, "ins-aaaaaaaa");
    const { HaVipId, Vip } = await makeHavip(first, site);
    await garp(first, Vip, nic);
    assert.equal((await findHavip(first, HaVipId))["State"], "UNBIND");
    first.cloud[Symbol.dispose]();
    const second = openTestCloud({ dataDirectory, profile });
    second.tick(20_000);
    assert.equal((await findHavip(second, HaVipId))["NetworkInterfaceId"], nic);
    second.cloud[Symbol.dispose]();
  });
});
