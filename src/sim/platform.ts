/**
 * A cloud under the segment: the shipping control-plane model (src/cloud/model) decides to whom
 * each address is bound, by the announcements that the switch lets in, and answers questions about
 * it after a while, or not.
 *
 * Nodes that do not hear each other all reach it: it sits behind each port, as the network of a
 * real one does.
 */

import { stepClaim } from "#cloud/model/claim";
import { applyChanges, type Change, type CloudState, emptyCloud } from "#cloud/model/cloud-state";
import { type PlatformProfile, QUOTAS } from "#cloud/model/platform-profile";
import type { HavipRow, InterfaceRow } from "#cloud/model/rows";
import { deadline, finishDue } from "#cloud/model/work";
import { type IpAddress, type Mac, printIp } from "#units/address";
import type { Rng } from "#units/rng";
import { instant, micros } from "#units/time";
import { parseArp } from "#vrrp/wire/arp";
import type { EventQueue } from "./event-queue.ts";
import { ipv4Of } from "./frame-fields.ts";
import type { Observers } from "./observer.ts";
import type { PlatformSpec } from "./scenario.ts";
import type { Frame, Port } from "./segment.ts";

const REGION = "region";
const VPC = "vpc-1";
const SUBNET = "subnet-1";
/** The daemon gives a question up after this. */
const ASK_MOST = 3_000_000;
const WAY_MIN = 20;
const WAY_MAX = 500;
/** Before the start, so that no binding is younger than its first claim. */
const FOUNDED = instant(0);

/** A row of the answer, as the API names its fields. */
export interface PlatformRow {
  readonly Vip: string;
  readonly SubnetId: string;
  readonly InstanceId: string;
  readonly FlushedTime: string;
}

/** Undefined: no answer in time, or a refusal. */
export type PlatformAnswer = readonly PlatformRow[] | undefined;

export interface PlatformNode {
  readonly node: number;
  readonly port: Port;
  readonly mac: Mac;
  readonly address: IpAddress;
}

interface Past {
  readonly at: number;
  readonly row: PlatformRow;
  readonly node: number | undefined;
}

export class Platform {
  readonly spec: PlatformSpec;
  /** What faults add. */
  extraLatency = 0;
  failing = 0;
  losing = 0;
  /** Answers give what was true so long ago. */
  staleness = 0;
  readonly #queue: EventQueue;
  readonly #observers: Observers;
  readonly #rng: Rng;
  readonly #nodes: readonly PlatformNode[];
  readonly #world: CloudState = emptyCloud();
  readonly #profile: PlatformProfile;
  readonly #past = new Map<IpAddress, Past[]>();

  constructor(
    spec: PlatformSpec,
    environment: {
      readonly queue: EventQueue;
      readonly observers: Observers;
      readonly rng: Rng;
    },
    nodes: readonly PlatformNode[],
    addresses: readonly IpAddress[],
  ) {
    this.spec = spec;
    this.#queue = environment.queue;
    this.#observers = environment.observers;
    this.#rng = environment.rng;
    this.#nodes = nodes;
    this.#profile = {
      claimLatency: micros(spec.claimLatency),
      taskTime: micros(0),
      garpPerInterface: spec.perInterface,
      garpPerAddress: spec.perAddress,
      quotas: QUOTAS,
    };
    applyChanges(this.#world, [
      ...nodes.map((one) => change("interfaces", interfaceRow(one))),
      ...addresses.map((address) => change("havips", this.#havipRow(address))),
    ]);
    for (const address of addresses) this.#remember(address);
  }

  instanceIdOf(node: number): string {
    return instanceId(node);
  }

  /**
   * To whom the address is bound now: a machine's number, `RIVAL_NODE` and more for rivals;
   * undefined: to nobody yet.
   */
  holderOf(address: IpAddress): number | undefined {
    return this.#past.get(address)?.at(-1)?.node;
  }

  /** May this node claim an address at all? */
  admits(node: number): boolean {
    return !this.spec.barred.includes(node);
  }

  /** An announcement at the switch, which let it in. */
  receive(from: Port, frame: Frame): void {
    const node = this.#nodes.find((one) => one.port === from);
    const parsed = parseArp(frame.bytes);
    if (node === undefined || parsed.kind === "drop") return;
    if (this.#rng.chance(this.losing)) return;
    const { senderAddress } = parsed.arp;
    this.#queue.in(this.#rng.between(WAY_MIN, WAY_MAX), () => this.#claim(node, senderAddress));
  }

  /** `answer` runs once, at most `ASK_MOST` later. */
  ask(node: number, address: IpAddress, answer: (rows: PlatformAnswer) => void): void {
    const rng = this.#rng;
    const { askMin, askMax } = this.spec;
    const latency = rng.between(askMin, askMax) + this.extraLatency;
    const there = Math.round(latency * rng.real());
    const fails = rng.chance(this.failing) || !this.#isReachable(node);
    if (fails || latency > ASK_MOST) {
      // A refusal comes at once, as for one question too many; a lost one is waited for.
      const isRefusal = fails && this.#isReachable(node) && rng.chance(0.5);
      return this.#queue.in(isRefusal ? askMin : ASK_MOST, () => answer(undefined));
    }
    this.#queue.in(there, () => {
      const row = this.#truth(address, this.#queue.now - this.staleness);
      this.#queue.in(latency - there, () =>
        answer(this.#isReachable(node) ? (row === undefined ? [] : [row]) : undefined),
      );
    });
  }

  #isReachable(node: number): boolean {
    return this.#nodes.find((one) => one.node === node)?.port.up === true;
  }

  #claim(node: PlatformNode, address: IpAddress): void {
    const claim = { interfaceId: interfaceId(node.node), vip: printIp(address) };
    const step = stepClaim(this.#world, claim, this.#now(), this.#profile);
    this.#apply(step.changes);
    this.#observers.emit(
      "claimed",
      node.node,
      address,
      step.outcome.kind === "accepted" ? "" : step.outcome.reason.kind,
    );
    const due = deadline(this.#world);
    if (due !== undefined)
      this.#queue.at(due, () => this.#apply(finishDue(this.#world, this.#now())));
  }

  #now(): ReturnType<typeof instant> {
    return instant(this.#queue.now);
  }

  #apply(changes: readonly Change[]): void {
    applyChanges(this.#world, changes);
    for (const { table, row } of changes)
      if (table === "havips" && row !== null && "vip" in row) this.#remember(row.vip);
  }

  #remember(address: IpAddress): void {
    const past = this.#past.get(address) ?? [];
    this.#past.set(address, past);
    const havip = this.#world.regions.get(REGION)?.havips.get(havipId(address));
    if (havip === undefined) return;
    const node = this.#nodes.find(
      (one) => interfaceId(one.node) === havip.holder?.networkInterfaceId,
    )?.node;
    const before = past.at(-1);
    if (before !== undefined && before.node === node) return;
    past.push({ at: this.#queue.now, row: rowOf(havip), node });
    if (before !== undefined) this.#observers.emit("addressMoved", address, before.node, node);
  }

  #truth(address: IpAddress, at: number): PlatformRow | undefined {
    const past = this.#past.get(address);
    return (past?.findLast((one) => one.at <= at) ?? past?.[0])?.row;
  }

  #havipRow(vip: IpAddress): HavipRow {
    const { barred } = this.spec;
    return {
      id: havipId(vip),
      vpcId: VPC,
      subnetId: SUBNET,
      name: "",
      vip: ipv4Of(vip),
      holder: null,
      claim: null,
      flushedAt: null,
      checkAssociate: barred.length > 0,
      associations: this.#nodes
        .filter(({ node }) => !barred.includes(node))
        .map(({ node }) => ({ instanceId: instanceId(node), instanceType: "CVM" })),
      eipId: null,
      busy: null,
      deleting: false,
      tags: [],
      createdAt: FOUNDED,
    };
  }
}

const havipId = (address: IpAddress): string => `havip-${address}`;
const instanceId = (node: number): string => `ins-${node}`;
const interfaceId = (node: number): string => `eni-${node}`;

const change = (table: "havips" | "interfaces", row: HavipRow | InterfaceRow): Change => ({
  region: REGION,
  table,
  id: row.id,
  row,
});

function interfaceRow({ node, mac, address }: PlatformNode): InterfaceRow {
  return {
    id: interfaceId(node),
    vpcId: VPC,
    subnetId: SUBNET,
    name: "",
    description: "",
    groups: [],
    mac,
    primary: true,
    addresses: [{ address: ipv4Of(address), primary: true, description: "", state: "AVAILABLE" }],
    state: "AVAILABLE",
    attachment: { instanceId: instanceId(node), deviceIndex: 0, attachedAt: FOUNDED },
    attachType: 1,
    qosLevel: "",
    busy: null,
    tags: [],
    createdAt: FOUNDED,
  };
}

/** The API gives the date of the last move in whole seconds. */
const rowOf = ({ vip, holder, flushedAt }: HavipRow): PlatformRow => ({
  Vip: printIp(vip),
  SubnetId: SUBNET,
  InstanceId: holder?.instanceId ?? "",
  FlushedTime: flushedAt === null ? "" : `${Math.floor(flushedAt / 1_000_000)}`,
});
