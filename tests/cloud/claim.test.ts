/** Claims by gratuitous ARP, given to the emulator by `POST /_baton/garp`. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { fromMillis } from "#units/time";
import {
  asJson,
  findHavip,
  garp,
  makeHavip,
  makeInterface,
  makeSite,
  makeSubnet,
  openTestCloud,
  text,
} from "./harness.ts";

test("UNBIND, claimed, moved: state, ids and FlushedTime follow the announcements", async () => {
  const cloud = openTestCloud();
  const site = await makeSite(cloud);
  const { HaVipId, Vip } = await makeHavip(cloud, site);
  const [a, b] = [
    await makeInterface(cloud, site, "ins-aaaaaaaa"),
    await makeInterface(cloud, site, "ins-bbbbbbbb"),
  ];
  const shown = async (): Promise<readonly unknown[]> => {
    const { State, NetworkInterfaceId, InstanceId, FlushedTime } = await findHavip(cloud, HaVipId);
    return [State, NetworkInterfaceId, InstanceId, FlushedTime];
  };
  assert.deepEqual(await garp(cloud, Vip, a), { accepted: true });
  const first = await shown();
  assert.deepEqual(first.slice(0, 3), ["AVAILABLE", a, "ins-aaaaaaaa"]);
  assert.match(text(first[3]), /^2026-01-01 00:00:\d\d$/);
  await cloud.admin("POST", "clock/advance", { seconds: 3_600 });
  assert.deepEqual(await garp(cloud, Vip, a), { accepted: true });
  assert.deepEqual(await shown(), first, "the holder's own announcement changes nothing");
  assert.deepEqual(await garp(cloud, Vip, b), { accepted: true });
  const second = await shown();
  assert.deepEqual(second.slice(0, 3), ["AVAILABLE", b, "ins-bbbbbbbb"]);
  assert.match(text(second[3]), /^2026-01-01 01:00:\d\d$/);
  await cloud.admin("POST", "clock/advance", { seconds: 30 * 86_400 });
  assert.deepEqual(await shown(), second, "nothing ages");
});

test("refused: no interface, no guest, no address, no HAVIP, another subnet; nothing changes", async () => {
  const cloud = openTestCloud();
  const site = await makeSite(cloud);
  const havip = await makeHavip(cloud, site);
  const { HaVipId, Vip } = havip;
  const elsewhere = { ...site, subnetId: await makeSubnet(cloud, site.vpcId, "10.4.7.0/24") };
  const own = await makeInterface(cloud, site, "ins-aaaaaaaa");
  const loose = await makeInterface(cloud, site, undefined);
  const far = await makeInterface(cloud, elsewhere, "ins-bbbbbbbb");
  const other = await makeInterface(cloud, site, "ins-cccccccc");
  const rows = await cloud.call("DescribeNetworkInterfaces", { NetworkInterfaceIds: [other] });
  const neighbour = JSON.stringify(rows).match(/"PrivateIpAddress":"([^"]+)"/)?.[1];
  const cases: readonly (readonly [unknown, string, string])[] = [
    [Vip, "eni-12345678", "unknown-interface"],
    [Vip, "nonsense", "unknown-interface"],
    [Vip, loose, "interface-not-attached"],
    [Vip, far, "other-subnet"],
    ["10.4.6.99", own, "not-a-havip"],
    [neighbour, own, "not-a-havip"],
    ["10.4.6.1", own, "not-a-havip"],
    ["nonsense", own, "not-an-address"],
    ["", own, "not-an-address"],
    ["10.4.6.2/24", own, "not-an-address"],
  ];
  for (const [vip, nic, kind] of cases) {
    const answer = await garp(cloud, vip, nic);
    assert.equal(answer["accepted"], false, kind);
    assert.equal(answer["kind"], kind);
    assert.notEqual(text(answer["reason"]), "");
  }
  assert.deepEqual(await findHavip(cloud, HaVipId), havip);
  assert.equal(cloud.logged.length, cases.length, "every refusal is in the log");
});

test("an address that is no HAVIP any more is refused, from the moment its deletion is accepted", async () => {
  const cloud = openTestCloud();
  const site = await makeSite(cloud);
  const { HaVipId, Vip } = await makeHavip(cloud, site);
  const nic = await makeInterface(cloud, site, "ins-aaaaaaaa");
  assert.equal((await garp(cloud, Vip, nic))["accepted"], true);
  await cloud.call("DeleteHaVip", { HaVipId });
  assert.equal((await garp(cloud, Vip, nic))["kind"], "being-deleted");
  cloud.settle();
  assert.equal((await garp(cloud, Vip, nic))["kind"], "not-a-havip");
});

test("two VPCs with the same address: the interface decides which is meant", async () => {
  const cloud = openTestCloud();
  const [first, second] = [await makeSite(cloud), await makeSite(cloud)];
  const [a, b] = [
    await makeHavip(cloud, first, { Vip: "10.4.6.15" }),
    await makeHavip(cloud, second, { Vip: "10.4.6.15" }),
  ];
  const nic = await makeInterface(cloud, second, "ins-aaaaaaaa");
  assert.equal((await garp(cloud, "10.4.6.15", nic))["accepted"], true);
  assert.equal((await findHavip(cloud, a["HaVipId"]))["State"], "UNBIND");
  assert.equal((await findHavip(cloud, b["HaVipId"]))["State"], "AVAILABLE");
});

test("the drift range counts when it is checked: entries of both kinds, an empty one admits nobody", async () => {
  const cloud = openTestCloud();
  const site = await makeSite(cloud);
  const [a1, a2, b] = [
    await makeInterface(cloud, site, "ins-aaaaaaaa"),
    await makeInterface(cloud, site, "ins-aaaaaaaa"),
    await makeInterface(cloud, site, "ins-bbbbbbbb"),
  ];
  const admitted = async (
    CheckAssociate: boolean,
    ...entries: readonly string[]
  ): Promise<readonly unknown[]> => {
    const { HaVipId, Vip } = await makeHavip(cloud, site, { CheckAssociate });
    if (entries.length > 0) {
      const HaVipAssociationSet = entries.map((InstanceId) => ({ HaVipId, InstanceId }));
      await cloud.call("AssociateHaVipInstance", { HaVipAssociationSet });
    }
    const answers: unknown[] = [];
    for (const nic of [a1, a2, b]) answers.push((await garp(cloud, Vip, nic))["accepted"]);
    return answers;
  };
  assert.deepEqual(await admitted(false), [true, true, true]);
  assert.deepEqual(await admitted(false, "ins-aaaaaaaa"), [true, true, true]);
  assert.deepEqual(await admitted(true), [false, false, false]);
  assert.deepEqual(await admitted(true, "ins-aaaaaaaa"), [true, true, false]);
  assert.deepEqual(await admitted(true, a2), [false, true, false]);
  assert.deepEqual(await admitted(true, a2, b), [false, true, true]);
});

test("a burst of ten passes, also for five addresses at once on one interface", async () => {
  const cloud = openTestCloud();
  const site = await makeSite(cloud);
  const nic = await makeInterface(cloud, site, "ins-aaaaaaaa");
  const vips: unknown[] = [];
  for (let index = 0; index < 5; index++) vips.push((await makeHavip(cloud, site))["Vip"]);
  for (let round = 0; round < 10; round++) {
    for (const vip of vips) assert.equal((await garp(cloud, vip, nic))["accepted"], true);
  }
});

test("a storm is refused with a reason, moves nothing, harms nobody else, and passes after a rest", async () => {
  const cloud = openTestCloud();
  const site = await makeSite(cloud);
  const [loud, quiet] = [
    await makeInterface(cloud, site, "ins-aaaaaaaa"),
    await makeInterface(cloud, site, "ins-bbbbbbbb"),
  ];
  const [stormed, calm] = [await makeHavip(cloud, site), await makeHavip(cloud, site)];
  let refused = 0;
  for (let index = 0; index < 300; index++) {
    cloud.tick(1);
    const answer = await garp(cloud, stormed["Vip"], loud);
    if (answer["accepted"] === false) {
      refused += 1;
      assert.match(text(answer["kind"]), /-rate-exceeded$/);
    }
  }
  assert.ok(refused >= 270, `${refused} of 300 in 0.3 s were refused`);
  assert.equal((await findHavip(cloud, stormed["HaVipId"]))["NetworkInterfaceId"], loud);
  assert.equal((await garp(cloud, calm["Vip"], quiet))["accepted"], true);
  await cloud.admin("POST", "clock/advance", { seconds: 60 });
  assert.equal((await garp(cloud, stormed["Vip"], loud))["accepted"], true);
});

test("who may not claim cannot use up the address's room", async () => {
  const cloud = openTestCloud();
  const site = await makeSite(cloud);
  const [owner, outsider] = [
    await makeInterface(cloud, site, "ins-aaaaaaaa"),
    await makeInterface(cloud, site, "ins-bbbbbbbb"),
  ];
  const { HaVipId, Vip } = await makeHavip(cloud, site, { CheckAssociate: true });
  await cloud.call("AssociateHaVipInstance", {
    HaVipAssociationSet: [{ HaVipId, InstanceId: owner }],
  });
  for (let index = 0; index < 200; index++) await garp(cloud, Vip, outsider);
  assert.equal((await garp(cloud, Vip, owner))["accepted"], true);
});

test("the platform's latency: accepted at once, seen later; the last announcement wins", async () => {
  const cloud = openTestCloud({ profile: { claimLatency: fromMillis(4_000) } });
  const site = await makeSite(cloud);
  const [a, b] = [
    await makeInterface(cloud, site, "ins-aaaaaaaa"),
    await makeInterface(cloud, site, "ins-bbbbbbbb"),
  ];
  const { HaVipId, Vip } = await makeHavip(cloud, site);
  const holder = async (): Promise<unknown> =>
    (await findHavip(cloud, HaVipId))["NetworkInterfaceId"];
  assert.deepEqual(await garp(cloud, Vip, a), { accepted: true });
  assert.equal(await holder(), "");
  cloud.tick(3_900);
  await garp(cloud, Vip, a);
  assert.equal(await holder(), "", "a repeated announcement does not start the wait again");
  cloud.tick(100);
  assert.equal(await holder(), a);
  await garp(cloud, Vip, b);
  cloud.tick(2_000);
  await garp(cloud, Vip, a);
  cloud.tick(10_000);
  assert.equal(await holder(), a, "the holder took it back before the move was done");
  await garp(cloud, Vip, b);
  const { FlushedTime } = await findHavip(cloud, HaVipId);
  cloud.tick(60_000);
  assert.equal(await holder(), b);
  assert.notEqual((await findHavip(cloud, HaVipId))["FlushedTime"], FlushedTime);
});

test("a body that makes no claim is refused by HTTP", async () => {
  const cloud = openTestCloud();
  for (const body of [
    "{",
    "[]",
    { vip: "10.0.0.1" },
    { networkInterfaceId: "eni-1" },
    { vip: 1, networkInterfaceId: "eni-1" },
  ]) {
    assert.equal((await cloud.admin("POST", "garp", body)).status, 400);
  }
  assert.equal((await cloud.admin("GET", "garp")).status, 405);
  assert.equal(
    asJson((await cloud.admin("POST", "garp", {})).body)["error"],
    "vip is missing; wanted is an object with vip and networkInterfaceId",
  );
});
