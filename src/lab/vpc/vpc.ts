/**
 * One or more VPCs, running: the emulated control plane, the switch, and a namespace for every
 * instance.
 *
 *   guest ── frame ──> switch ── claim ──> control plane ── change ──> plan ──> switch
 *
 * Everything a user could create is created through the API's client, as a user would.
 */
import type { Server } from "node:http";
import type { Change } from "#cloud/model/cloud-state";
import type { PlatformProfile } from "#cloud/model/platform-profile";
import type { HavipRow, InterfaceRow } from "#cloud/model/rows";
import { makeServer } from "#cloud/server/server";
import { type RunningCloud, startCloud } from "#cloud/server/start";
import { now } from "#linux/clock";
import { changeLink } from "#linux/links";
import { must, mustDo } from "#linux/result";
import { openRtnetlink } from "#linux/rtnetlink";
import { type Ipv4, ipv4, type Mac, printIpv4, readIpv4 } from "#units/address";
import type { Instant } from "#units/time";
import type { PortFault } from "../network/impair.ts";
import type { FabricDrop } from "../network/plan.ts";
import { Switch } from "../network/switch.ts";
import type { PortStats } from "../network/switch-protocol.ts";
import { buildOrder } from "./build-order.ts";
import { CloudCalls } from "./cloud-calls.ts";
import type {
  HavipDescription,
  InstanceDescription,
  LabDescription,
  SubnetDescription,
} from "./description.ts";
import { serveInstance } from "./endpoint.ts";
import { EventOrder } from "./event-order.ts";
import { fabricPlan, gatewayOf, type Plugged } from "./fabric-plan.ts";
import { bilingual } from "./lab-messages.ts";
import { LabMistake } from "./lab-mistake.ts";
import { type Host, Wires } from "./wires.ts";

/** In a sandbox the loopback device is down, and the API's address would not exist. */
export function raiseLoopback(): void {
  using rtnetlink = must(openRtnetlink());
  const lo = must(rtnetlink.links()).find((link) => link.name === "lo");
  if (lo !== undefined && !lo.up) mustDo(changeLink(rtnetlink, lo.index, { up: true }));
}

export const INTERNET = "internet";
/** TEST-NET-1 (RFC 5737): elastic addresses come from the other two ranges. */
const INTERNET_ADDRESS: Ipv4 = ipv4(0xc000020a);
const INTERNET_MAC = 0x02_00_c0_00_02_0a as Mac;

export type VpcEvent =
  /**
   * An announcement that the control plane accepted. `moved`: the address changes its holder,
   * now or after the platform's delay.
   */
  | {
      readonly kind: "claim";
      readonly instance: string;
      readonly address: string;
      readonly moved: boolean;
      readonly at: Instant;
    }
  | {
      readonly kind: "moved";
      readonly havipId: string;
      readonly address: string;
      /** Ids and names of instances; undefined if there is none. */
      readonly from: string | undefined;
      readonly to: string | undefined;
      readonly toName: string | undefined;
      readonly at: Instant;
    }
  | {
      readonly kind: "dropped";
      readonly instance: string;
      readonly drop: FabricDrop;
      readonly count: number;
    }
  | { readonly kind: "log"; readonly level: "warning" | "error"; readonly text: string };

export interface VpcOptions {
  readonly description: LabDescription;
  readonly profile?: Partial<PlatformProfile>;
  readonly apiLatencyMs?: number;
  readonly callsPerSecond?: number;
  /** The address of the API on this machine. The default is 127.0.0.1 and a free port. */
  readonly listen?: { readonly host: string; readonly port: number };
  readonly dataDirectory?: string;
  readonly seed?: number;
  readonly onEvent?: (event: VpcEvent) => void;
}

export interface LaunchedInstance {
  readonly name: string;
  readonly instanceId: string;
  readonly interfaceId: string;
  readonly address: string;
  readonly port: number;
  readonly host: Host;
  readonly description: InstanceDescription;
  readonly subnetId: string;
}

const SEEN_BY_SWITCH: ReadonlySet<string> = new Set([
  "vpcs",
  "subnets",
  "havips",
  "eips",
  "interfaces",
]);

function failedClaim(instance: string, address: string, error: unknown): VpcEvent {
  const why = error instanceof Error ? error.message : String(error);
  return { kind: "log", level: "error", text: `claim of ${address} by ${instance}: ${why}` };
}

export class Vpc {
  readonly region: string;
  readonly calls: CloudCalls;
  readonly wires: Wires;
  readonly #cloud: RunningCloud;
  readonly #switch: Switch;
  readonly #instances = new Map<string, LaunchedInstance>();
  readonly #servers: Server[] = [];
  readonly #plugged = new Map<string, Plugged>();
  readonly #faults = new Map<number, PortFault>();
  readonly #events: EventOrder<VpcEvent>;
  #internetPort: number | undefined;
  #nextPort = 1;
  #lastPlan = "";

  private constructor(
    cloud: RunningCloud,
    options: VpcOptions,
    onEvent: (event: VpcEvent) => void,
  ) {
    this.region = options.description.region;
    this.#cloud = cloud;
    this.#events = new EventOrder(onEvent);
    this.calls = new CloudCalls(cloud.cloud, this.region);
    this.wires = new Wires();
    this.#switch = new Switch(
      this.wires.switch,
      {
        claim: ({ interfaceId, vip, at }) => this.#claim(interfaceId, vip, at),
        dropped: ({ port, drop, count }) => this.#dropped(port, drop, count),
        problem: (text) => onEvent({ kind: "log", level: "error", text: `switch: ${text}` }),
      },
      options.seed ?? 1,
    );
    cloud.cloud.onChange((changes) => this.#changed(changes));
  }

  /** Rejects with the error of the cloud or the kernel. */
  static async start(options: VpcOptions): Promise<Vpc> {
    const onEvent = options.onEvent ?? ((): void => undefined);
    const { listen, dataDirectory, profile, apiLatencyMs, callsPerSecond } = options;
    raiseLoopback();
    const cloud = await startCloud({
      host: listen?.host,
      port: listen?.port ?? 0,
      dataDirectory,
      profile,
      apiLatencyMs,
      callsPerSecond,
      log: (level, text) => onEvent({ kind: "log", level, text }),
    });
    let vpc: Vpc;
    try {
      vpc = new Vpc(cloud, options, onEvent);
    } catch (error) {
      await cloud.close();
      throw error;
    }
    try {
      await vpc.#build(options.description);
      return vpc;
    } catch (error) {
      await vpc.close();
      throw error;
    }
  }

  /** The URL of the API on this machine. */
  get url(): string {
    return this.#cloud.url;
  }

  get switchPid(): number | undefined {
    return this.#switch.pid;
  }

  instances(): readonly LaunchedInstance[] {
    return [...this.#instances.values()];
  }

  instance(name: string): LaunchedInstance {
    const found = this.#instances.get(name);
    if (found === undefined)
      throw new LabMistake(bilingual(`no instance is called ${name}`, `没有名为 ${name} 的实例`));
    return found;
  }

  /** An instance or the internet's host. */
  host(name: string): Host {
    return this.wires.host(name);
  }

  havips(): readonly HavipRow[] {
    return [...(this.#tables?.havips.values() ?? [])];
  }

  havip(address: string): HavipRow | undefined {
    return this.havips().find((one) => printIpv4(one.vip) === address);
  }

  get hasInternet(): boolean {
    return this.#internetPort !== undefined;
  }

  subnets(): readonly {
    readonly id: string;
    readonly name: string;
    readonly cidr: string;
    readonly vpc: string;
  }[] {
    return [...(this.#tables?.subnets.values() ?? [])].map(
      ({ id, name, network, prefix, vpcId }) => ({
        id,
        name,
        cidr: `${printIpv4(network)}/${prefix}`,
        vpc: this.#tables?.vpcs.get(vpcId)?.name ?? vpcId,
      }),
    );
  }

  /** The public address that is bound to a HAVIP. */
  publicAddressOf(havip: HavipRow): string | undefined {
    const eip = havip.eipId === null ? undefined : this.#tables?.eips.get(havip.eipId);
    return eip === undefined ? undefined : printIpv4(eip.address);
  }

  nameOf(instanceId: string | undefined): string | undefined {
    return this.instances().find((one) => one.instanceId === instanceId)?.name;
  }

  get #tables() {
    return this.#cloud.cloud.world.regions.get(this.region);
  }

  async #build({ vpcs, internet }: LabDescription): Promise<void> {
    for (const vpc of vpcs) {
      const vpcId = await this.calls.createVpc(vpc.name, vpc.cidr, vpc.multicast);
      for (const subnet of vpc.subnets) await this.#buildSubnet(vpcId, subnet);
    }
    if (internet) {
      const port = this.#nextPort++;
      const wiring = { name: INTERNET, port, mac: INTERNET_MAC, address: INTERNET_ADDRESS };
      this.wires.plug({ ...wiring, prefix: 24, gateway: undefined });
      this.#internetPort = port;
    }
    this.#switch.send({ type: "ports", ports: this.wires.devices() });
    this.#sendPlan();
    await this.#switch.stats();
  }

  async #buildSubnet(vpcId: string, subnet: SubnetDescription): Promise<void> {
    const subnetId = await this.calls.createSubnet(vpcId, subnet.name, subnet.cidr);
    const made = new Map<HavipDescription, string>();
    for (const step of buildOrder(subnet)) {
      if (step.kind === "launch") await this.#launch(subnetId, step.instance);
      else if (step.kind === "createHavip")
        made.set(step.havip, await this.calls.createHavip(vpcId, subnetId, step.havip));
      else await this.#completeHavip(made.get(step.havip) ?? "", step.havip);
    }
  }

  async #completeHavip(id: string, havip: HavipDescription): Promise<void> {
    if (havip.members !== undefined && havip.members.length > 0) {
      const ids = havip.members.map((name) => this.instance(name).instanceId);
      await this.calls.associate(id, ids);
    }
    if (havip.eip) await this.calls.bindNewEip(id, havip.name);
  }

  async #launch(subnetId: string, description: InstanceDescription): Promise<void> {
    const { name } = description;
    const launched = await this.calls.launch(subnetId, name, description.address);
    const row = this.#interfaceRow(launched.networkInterfaceId);
    const subnet = this.#tables?.subnets.get(subnetId);
    const address = readIpv4(launched.address);
    if (subnet === undefined || address === undefined) throw new Error(`${name} has no address`);
    const port = this.#nextPort++;
    const { prefix } = subnet;
    const gateway = gatewayOf(subnet);
    const host = this.wires.plug({ name, port, mac: row.mac, address, prefix, gateway });
    this.#plugged.set(row.id, { port, ingress: description.ingress });
    const { instanceId } = launched;
    const metadata = { instanceId, interfaceId: row.id, address: launched.address };
    const server = serveInstance(
      host,
      { ...metadata, region: this.region },
      (request) => this.#cloud.cloud.handle(request),
      () => undefined,
    );
    this.#servers.push(server);
    this.#instances.set(name, { name, ...metadata, port, host, description, subnetId });
  }

  #interfaceRow(id: string): InterfaceRow {
    const row = this.#tables?.interfaces.get(id);
    if (row === undefined) throw new Error(`the cloud has no interface ${id}`);
    return row;
  }

  #changed(changes: readonly Change[]): void {
    for (const change of changes) {
      if (change.table === "havips" && change.region === this.region) this.#noteHolder(change.id);
    }
    if (changes.some(({ table }) => SEEN_BY_SWITCH.has(table))) this.#sendPlan();
  }

  readonly #holders = new Map<string, string | undefined>();

  #noteHolder(havipId: string): void {
    const row = this.#tables?.havips.get(havipId);
    const to = row?.holder?.instanceId;
    const from = this.#holders.get(havipId);
    if (from === to) return;
    this.#holders.set(havipId, to);
    const address = row === undefined ? "" : printIpv4(row.vip);
    const toName = this.nameOf(to);
    this.#events.emit({ kind: "moved", havipId, address, from, to, toName, at: now() });
  }

  #sendPlan(): void {
    const plan = fabricPlan({
      state: this.#cloud.cloud.world,
      region: this.region,
      ports: this.#plugged,
      internetPort: this.#internetPort,
    });
    const text = JSON.stringify(plan);
    if (text === this.#lastPlan) return;
    this.#lastPlan = text;
    this.#switch.send({ type: "plan", plan });
  }

  #claim(interfaceId: string, vip: Ipv4, at: Instant): void {
    const address = printIpv4(vip);
    const instance = this.instances().find((one) => one.interfaceId === interfaceId)?.name ?? "";
    this.#events.leading(
      () => {
        const outcome = this.#cloud.cloud.claim(address, interfaceId);
        // A refusal is in the cloud's own log, with its reason.
        if (outcome.kind === "refused") return undefined;
        return { kind: "claim", instance, address, moved: outcome.moved, at };
      },
      // The store failed, for example because the disk is full: nothing was done, and the next
      // claim may succeed.
      (error) => failedClaim(instance, address, error),
    );
  }

  #dropped(port: number, drop: FabricDrop, count: number): void {
    const instance = this.wires.hosts().find((one) => one.port === port)?.name ?? `port ${port}`;
    this.#events.emit({ kind: "dropped", instance, drop, count });
    if (drop.kind !== "not-a-havip") return;
    // The switch knows that it is refused, and the control plane knows why (another subnet, an
    // ordinary address).
    const interfaceId = this.#instances.get(instance)?.interfaceId;
    // The refusal is in the cloud's own log, with its reason.
    if (interfaceId !== undefined) this.#claim(interfaceId, drop.address, now());
  }

  /** Replaces the instance's faults; an empty object heals it. */
  setFault(name: string, fault: PortFault): void {
    const { port } = this.host(name);
    this.#faults.set(port, fault);
    this.#switch.send({ type: "fault", port, fault });
  }

  faultOf(name: string): PortFault {
    return this.#faults.get(this.host(name).port) ?? {};
  }

  /** The named instances do not hear each other; all others hear them. */
  setApart(names: readonly string[], apart: boolean): void {
    for (const name of names) {
      const { notHearing: _, ...rest } = this.faultOf(name);
      const others = names.filter((other) => other !== name).map((other) => this.host(other).port);
      this.setFault(name, apart ? { ...rest, notHearing: others } : rest);
    }
  }

  /** Records everything on the host's cable in a pcap file; undefined ends the recording. */
  capture(name: string, file: string | undefined): void {
    this.#switch.send({ type: "capture", port: this.host(name).port, file });
  }

  /**
   * Serves the API on a socket in the file system, which network namespaces do not separate.
   */
  serveApi(path: string): Server {
    const server = makeServer(
      (request) => this.#cloud.cloud.handle(request),
      () => undefined,
    );
    this.#servers.push(server);
    return server.listen(path);
  }

  /** Resolves when the switch has done everything that it was given before. */
  stats(): Promise<readonly PortStats[]> {
    return this.#switch.stats();
  }

  async close(): Promise<void> {
    for (const server of this.#servers) {
      server.closeAllConnections();
      server.close();
    }
    await this.#switch.close();
    this.wires.close();
    await this.#cloud.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
