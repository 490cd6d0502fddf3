/**
 * The model by itself: seeded walks through everything that can be asked of it, with invariants
 * after every step, and the promises of the shape (refusals change nothing, decisions do not write,
 * same seed same cloud).
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import * as v from "valibot";
import { stepClaim } from "#cloud/model/claim";
import type { Change, CloudState } from "#cloud/model/cloud-state";
import {
  applyChanges,
  cloudAsChanges,
  emptyCloud,
  openDraft,
  tablesOf,
} from "#cloud/model/cloud-state";
import { DEFAULT_PROFILE } from "#cloud/model/platform-profile";
import { TABLE_NAMES } from "#cloud/model/rows";
import type { Command } from "#cloud/model/step";
import { perform } from "#cloud/model/step";
import { deadline, finishDue } from "#cloud/model/work";
import { ROWS } from "#cloud/server/row-shapes";
import { isInNetwork, printIpv4 } from "#units/address";
import { createRng, type Rng } from "#units/rng";
import type { Instant } from "#units/time";
import { after, fromMillis, fromSeconds, instant } from "#units/time";

const REGIONS = ["ap-guangzhou", "ap-beijing"] as const;
const REGION = REGIONS[0];

const pick = <T>(rng: Rng, from: readonly T[]): T | undefined =>
  from[rng.between(0, from.length - 1)];
const chance = (rng: Rng, oneIn: number): boolean => rng.between(1, oneIn) === 1;

/** Some command that may or may not make sense in this world. */
function invent(world: CloudState, region: string, rng: Rng): Command {
  const tables = tablesOf(world, region);
  const id = (
    table: "vpcs" | "subnets" | "havips" | "eips" | "interfaces",
    prefix: string,
  ): string =>
    chance(rng, 12)
      ? `${prefix}-zzzzzzzz`
      : (pick(rng, [...tables[table].keys()]) ?? `${prefix}-zzzzzzzz`);
  const vpcId = id("vpcs", "vpc");
  const havipId = id("havips", "havip");
  const eipId = id("eips", "eip");
  const interfaceId = id("interfaces", "eni");
  const subnetId = id("subnets", "subnet");
  const instanceId = `ins-${"abcd"[rng.between(0, 3)] ?? "a"}0000000`;
  const name = chance(rng, 20) ? "x".repeat(61) : "name";
  const entry = {
    havipId,
    instanceId: chance(rng, 2) ? instanceId : interfaceId,
    instanceType: undefined,
  };
  const address = printIpv4(
    [...tables.eips.values()].find((one) => one.id === eipId)?.address ?? (0 as never),
  );
  const third = rng.between(0, 3);
  const ids = { vpcId, havipId, eipId, interfaceId, subnetId, instanceId };
  const commands: readonly Command[] = [
    ...networkCommands(rng, ids, name, third),
    ...havipCommands(rng, ids, { name, entry, third, address }),
    ...eipCommands(rng, ids, name),
    ...interfaceCommands(rng, ids, name, third),
    {
      kind: "migrateAddress",
      fromId: interfaceId,
      toId: id("interfaces", "eni"),
      address: `10.0.${third}.5`,
    },
    { kind: "launchInstance", subnetId, instanceId: undefined, address: undefined, name },
    {
      kind: "setTags",
      table: "havips",
      id: havipId,
      replace: [{ key: "k", value: "v" }],
      removeKeys: [],
    },
  ];
  return pick(rng, commands) ?? { kind: "deleteVpc", vpcId };
}

interface Ids {
  readonly vpcId: string;
  readonly havipId: string;
  readonly eipId: string;
  readonly interfaceId: string;
  readonly subnetId: string;
  readonly instanceId: string;
}

function networkCommands(
  rng: Rng,
  { vpcId, subnetId }: Ids,
  name: string,
  third: number,
): readonly Command[] {
  return [
    {
      kind: "createVpc",
      name,
      cidr: pick(rng, ["10.0.0.0/16", "10.0.0.0/28", "192.168.0.0/16", "8.8.8.0/24"]) ?? "",
      multicast: false,
      dnsServers: [],
      domainName: "",
      publishRoutes: false,
      publishRoutesIpv6: false,
      tags: [],
    },
    { kind: "deleteVpc", vpcId },
    {
      kind: "createSubnet",
      vpcId,
      name,
      cidr: `10.0.${third}.0/28`,
      zone: "z",
      cdcId: "",
      tags: [],
    },
    { kind: "modifySubnet", subnetId, name, broadcast: true },
    { kind: "deleteSubnet", subnetId },
  ];
}

type Entry = Extract<Command, { kind: "associate" }>["entries"][number];

function havipCommands(
  rng: Rng,
  { vpcId, subnetId, interfaceId, havipId }: Ids,
  given: {
    readonly name: string;
    readonly entry: Entry;
    readonly third: number;
    readonly address: string;
  },
): readonly Command[] {
  const { name, entry, third, address } = given;
  return [
    ...Array.from(
      { length: 4 },
      (): Command => ({
        kind: "createHavip",
        vpcId,
        name,
        subnetId: chance(rng, 3) ? undefined : subnetId,
        vip: chance(rng, 3) ? `10.0.${third}.${rng.between(0, 16)}` : undefined,
        interfaceId: chance(rng, 6) ? interfaceId : undefined,
        checkAssociate: chance(rng, 2),
        associations: chance(rng, 5) ? [entry] : [],
        tags: [],
      }),
    ),
    { kind: "renameHavip", havipId, name },
    { kind: "deleteHavip", havipId },
    { kind: "bindEip", havipId, address },
    { kind: "bindEip", havipId, address },
    { kind: "unbindEip", havipId },
    { kind: "associate", entries: [entry] },
    { kind: "disassociate", entries: [entry] },
  ];
}

function eipCommands(rng: Rng, { eipId, instanceId }: Ids, name: string): readonly Command[] {
  return [
    {
      kind: "allocateEips",
      count: rng.between(0, 5),
      name: "",
      bandwidth: 1,
      addressType: "EIP",
      isp: "BGP",
      chargeType: "x",
      tags: [],
    },
    { kind: "renameEip", eipId, name },
    { kind: "releaseEips", eipIds: [eipId] },
    { kind: "associateEip", eipId, instanceId, interfaceId: undefined, privateAddress: undefined },
    { kind: "disassociateEip", eipId },
  ];
}

function interfaceCommands(
  rng: Rng,
  { vpcId, subnetId, interfaceId, instanceId }: Ids,
  name: string,
  third: number,
): readonly Command[] {
  return [
    ...Array.from(
      { length: 2 },
      (): Command => ({
        kind: "createInterface",
        vpcId,
        subnetId,
        name,
        description: "",
        groups: [],
        addresses: [],
        secondaryCount: rng.between(0, 2),
        qosLevel: "",
        tags: [],
      }),
    ),
    { kind: "attachInterface", interfaceId, instanceId, attachType: 0 },
    { kind: "attachInterface", interfaceId, instanceId, attachType: 0 },
    { kind: "detachInterface", interfaceId, instanceId },
    { kind: "deleteInterface", interfaceId },
    { kind: "assignAddresses", interfaceId, addresses: [], count: 1 },
    { kind: "unassignAddresses", interfaceId, addresses: [`10.0.${third}.5`] },
  ];
}

function checkInvariants(world: CloudState): void {
  const publicAddresses = new Set<number>();
  for (const [region, tables] of world.regions) {
    const at = (what: string): string => `${what} in ${region}`;
    const used = new Set<string>();
    const perVpc = new Map<string, number>();
    const use = (subnetId: string, address: number): void => {
      const subnet = tables.subnets.get(subnetId);
      assert.ok(subnet !== undefined, at(`${subnetId} is used and exists`));
      assert.ok(
        isInNetwork(address as never, subnet.network, subnet.prefix),
        at("inside its subnet"),
      );
      const last = subnet.network + 2 ** (32 - subnet.prefix) - 1;
      assert.ok(address - subnet.network >= 2 && address < last, at("not reserved"));
      assert.ok(
        !used.has(`${subnetId} ${address}`),
        at(`${printIpv4(address as never)} once in ${subnetId}`),
      );
      used.add(`${subnetId} ${address}`);
    };
    for (const havip of tables.havips.values()) {
      use(havip.subnetId, havip.vip);
      perVpc.set(havip.vpcId, (perVpc.get(havip.vpcId) ?? 0) + 1);
      checkHavip(havip, tables, at);
    }
    for (const count of perVpc.values()) assert.ok(count <= 10, at("ten HAVIPs a VPC"));
    for (const nic of tables.interfaces.values()) {
      for (const { address } of nic.addresses) use(nic.subnetId, address);
      assert.equal(
        nic.addresses.filter(({ primary }) => primary).length,
        1,
        at(`${nic.id} has one primary address`),
      );
      assert.equal(nic.busy === null || tables.works.has(nic.busy), true);
    }
    for (const eip of tables.eips.values()) {
      assert.ok(!publicAddresses.has(eip.address), "public addresses are unique over regions");
      publicAddresses.add(eip.address);
      checkEip(eip, tables, at);
    }
    assert.ok(tables.vpcs.size <= 20 && tables.eips.size <= 20);
    for (const subnet of tables.subnets.values()) assert.ok(tables.vpcs.has(subnet.vpcId));
    assert.equal(tables.routeTables.size, tables.vpcs.size, at("a main route table each"));
    for (const work of tables.works.keys()) assert.equal(tables.tasks.get(work)?.status, "RUNNING");
    for (const table of TABLE_NAMES) {
      for (const row of tables[table].values())
        assert.ok(v.is(ROWS[table], JSON.parse(JSON.stringify(row))), `${table} ${row.id}`);
    }
  }
}

type Tables = ReturnType<typeof tablesOf>;
type RowOf<Table extends keyof Tables> =
  Tables[Table] extends ReadonlyMap<string, infer Row> ? Row : never;

function checkHavip(havip: RowOf<"havips">, tables: Tables, at: (what: string) => string): void {
  assert.equal(tables.subnets.get(havip.subnetId)?.vpcId, havip.vpcId);
  const holder =
    havip.holder === null ? undefined : tables.interfaces.get(havip.holder.networkInterfaceId);
  assert.equal(holder === undefined, havip.holder === null, at("a holder exists"));
  if (holder !== undefined)
    assert.equal(holder.subnetId, havip.subnetId, at("a holder is in the subnet"));
  assert.equal(new Set(havip.associations.map(({ instanceType }) => instanceType)).size <= 1, true);
  assert.ok(havip.associations.length <= 10);
  if (havip.eipId !== null) {
    assert.equal(
      tables.eips.get(havip.eipId)?.target?.instanceId,
      havip.id,
      at("both sides of a binding"),
    );
  }
  assert.equal(
    havip.busy === null || tables.works.has(havip.busy),
    true,
    at("busy with work that exists"),
  );
}

function checkEip(eip: RowOf<"eips">, tables: Tables, at: (what: string) => string): void {
  if (eip.target?.instanceType === "HAVIP") {
    assert.equal(
      tables.havips.get(eip.target.instanceId)?.eipId,
      eip.id,
      at("both sides of a binding"),
    );
  }
  assert.equal(eip.busy === null || tables.works.has(eip.busy), true);
  assert.equal(
    eip.busy === null,
    ["BIND", "UNBIND", "BIND_ENI"].includes(eip.status),
    at(`${eip.id} ${eip.status}`),
  );
}

interface Walk {
  readonly world: CloudState;
  readonly done: ReadonlyMap<string, number>;
  readonly refused: number;
}

function walk(seed: number, steps: number): Walk {
  const rng = createRng(seed);
  const world = emptyCloud();
  const profile = {
    ...DEFAULT_PROFILE,
    claimLatency: chance(rng, 2) ? fromSeconds(4) : fromMillis(0),
  };
  const done = new Map<string, number>();
  let refused = 0;
  let now = instant(1_767_225_600_000_000);
  for (let step = 0; step < steps; step++) {
    if (chance(rng, 3)) now = after(now, fromMillis(rng.between(0, 399)));
    applyChanges(world, finishDue(world, now));
    const due = deadline(world);
    assert.ok(due === undefined || due > now, "nothing that is due is left");
    const region = pick(rng, REGIONS) ?? REGION;
    if (chance(rng, 5)) {
      const interfaces = [...tablesOf(world, region).interfaces.keys()];
      const havips = [...tablesOf(world, region).havips.values()];
      const vip = printIpv4(pick(rng, havips)?.vip ?? (0 as never));
      const claim = { interfaceId: pick(rng, interfaces) ?? "eni-none", vip };
      const { changes, outcome } = stepClaim(world, claim, now, profile);
      applyChanges(world, changes);
      done.set(`claim ${outcome.kind}`, (done.get(`claim ${outcome.kind}`) ?? 0) + 1);
    } else {
      const command = invent(world, region, rng);
      const draft = openDraft(world, region);
      const call = { now, requestId: `request-${step}`, rng, profile };
      const before = step % 50 === 0 ? JSON.stringify(cloudAsChanges(world)) : undefined;
      const outcome = perform(world, draft, command, call);
      if (before !== undefined)
        assert.equal(JSON.stringify(cloudAsChanges(world)), before, "deciding writes nothing");
      if (outcome.kind === "done") {
        applyChanges(world, draft.changes());
        done.set(command.kind, (done.get(command.kind) ?? 0) + 1);
      } else refused += 1;
    }
    if (step % 10 === 0) checkInvariants(world);
  }
  checkInvariants(world);
  return { world, done, refused };
}

test("walks of any seed keep the invariants", () => {
  const seen = new Set<string>();
  let refused = 0;
  for (let seed = 1; seed <= 12; seed++) {
    const result = walk(seed, 1_500);
    for (const kind of result.done.keys()) seen.add(kind);
    refused += result.refused;
  }
  const expected = [
    "allocateEips",
    "assignAddresses",
    "associate",
    "associateEip",
    "attachInterface",
    "bindEip",
    "claim accepted",
    "claim refused",
    "createHavip",
    "createInterface",
    "createSubnet",
    "createVpc",
    "deleteHavip",
    "deleteInterface",
    "deleteSubnet",
    "deleteVpc",
    "detachInterface",
    "disassociate",
    "disassociateEip",
    "launchInstance",
    "migrateAddress",
    "modifySubnet",
    "releaseEips",
    "renameEip",
    "renameHavip",
    "setTags",
    "unassignAddresses",
    "unbindEip",
  ];
  assert.deepEqual([...seen].toSorted(), expected, "the walks came everywhere");
  assert.ok(refused > 1_000);
});

test("the same seed makes the same cloud", () => {
  const state = (seed: number): string => JSON.stringify(cloudAsChanges(walk(seed, 300).world));
  assert.equal(state(7), state(7));
  assert.notEqual(state(7), state(8));
});

test("a world written down and read again is the same world", () => {
  const { world } = walk(3, 500);
  const changes: readonly Change[] = JSON.parse(JSON.stringify(cloudAsChanges(world)));
  const copy = emptyCloud();
  applyChanges(copy, changes);
  assert.deepEqual(cloudAsChanges(copy), cloudAsChanges(world));
});

test("work ends in the order of its time, and a deadline is when to come back", () => {
  const world = emptyCloud();
  const rng = createRng(1);
  const at = (milliseconds: number): Instant => instant(milliseconds * 1_000);
  const ask = (command: Command, now: Instant, requestId: string): readonly string[] => {
    const draft = openDraft(world, REGION);
    const outcome = perform(world, draft, command, {
      now,
      requestId,
      rng,
      profile: DEFAULT_PROFILE,
    });
    assert.equal(outcome.kind, "done", JSON.stringify(outcome));
    applyChanges(world, draft.changes());
    return outcome.kind === "done" ? outcome.ids : [];
  };
  const eips = { name: "", bandwidth: 1, addressType: "EIP", isp: "", chargeType: "", tags: [] };
  assert.equal(deadline(world), undefined);
  ask({ kind: "allocateEips", count: 1, ...eips }, at(0), "a");
  ask({ kind: "allocateEips", count: 1, ...eips }, at(40), "b");
  assert.equal(deadline(world), at(100));
  assert.deepEqual(finishDue(world, at(99)), []);
  applyChanges(world, finishDue(world, at(100)));
  const statuses = (): readonly string[] =>
    [...tablesOf(world, REGION).eips.values()].map(({ status }) => status);
  assert.deepEqual(statuses(), ["UNBIND", "CREATING"]);
  assert.equal(deadline(world), at(140));
  applyChanges(world, finishDue(world, at(5_000)));
  assert.deepEqual(statuses(), ["UNBIND", "UNBIND"]);
  assert.equal(deadline(world), undefined);
});
