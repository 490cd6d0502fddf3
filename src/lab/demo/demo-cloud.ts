/**
 * The tutorial's VPC under the demonstration's pair: HAVIP applied for, claimed, given a public
 * address, and watched.
 */

import { isIpv4, printIpv4, readIpv4 } from "#units/address";
import { elapsed, type Instant, type Micros } from "#units/time";
import type { LabCloud } from "../measure/lab-cloud.ts";
import type { LabNetwork } from "../measure/network.ts";
import type { PortFault } from "../network/impair.ts";
import { instanceEnvironment } from "../vpc/lab-instance.ts";
import { INTERNET, Vpc, type VpcEvent } from "../vpc/vpc.ts";

/** IP protocol number. */
const VRRP = 112;

export interface DemoCloudOptions {
  readonly hosts: readonly { readonly name: string; readonly address: string }[];
  /** The names of the instances that may claim the address. */
  readonly nodes: readonly string[];
  readonly virtualAddress: string;
  readonly claimLatency: Micros;
}

export interface HavipLine {
  readonly id: string;
  readonly address: string;
  readonly state: "UNBIND" | "AVAILABLE";
  readonly instanceId: string | undefined;
  readonly publicAddress: string | undefined;
}

type Noted = Extract<VpcEvent, { readonly kind: "claim" | "moved" }>;

export class DemoCloud implements LabCloud {
  readonly outsideClient: string = INTERNET;
  readonly network: LabNetwork;
  readonly claimLatency: Micros;
  readonly #vpc: Vpc;
  readonly #options: DemoCloudOptions;
  readonly #noted: Noted[];
  #havipId = "";

  private constructor(vpc: Vpc, options: DemoCloudOptions, noted: Noted[]) {
    this.#vpc = vpc;
    this.#options = options;
    this.#noted = noted;
    this.claimLatency = options.claimLatency;
    this.network = vpcNetwork(vpc, options.nodes);
  }

  /** A VPC with its instances, and no HAVIP yet. */
  static async start(options: DemoCloudOptions): Promise<DemoCloud> {
    const noted: Noted[] = [];
    const instances = options.hosts.map(({ name, address }) => ({
      name,
      address,
      ingress: undefined,
      run: [],
      files: {},
    }));
    const subnet = { name: "front", cidr: "172.16.0.0/24", instances, havips: [] };
    const vpc = await Vpc.start({
      description: {
        region: "ap-guangzhou",
        internet: true,
        vpcs: [{ name: "tutorial", cidr: "172.16.0.0/16", multicast: false, subnets: [subnet] }],
      },
      profile: { claimLatency: options.claimLatency },
      onEvent: (event) => {
        if (event.kind === "claim" || event.kind === "moved") noted.push(event);
      },
    });
    return new DemoCloud(vpc, options, noted);
  }

  /** Step 1 of the tutorial, with the drift range set to the nodes. */
  async applyForHavip(): Promise<HavipLine> {
    const [subnet] = (await this.#vpc.calls.call("DescribeSubnets", {})).answer.SubnetSet;
    if (subnet === undefined) throw new Error("the VPC has no subnet");
    this.#havipId = await this.#vpc.calls.createHavip(subnet.VpcId, subnet.SubnetId, {
      name: "tutorial",
      address: this.#options.virtualAddress,
      members: this.#options.nodes,
      eip: false,
    });
    const ids = this.#options.nodes.map((name) => this.#vpc.instance(name).instanceId);
    await this.#vpc.calls.associate(this.#havipId, ids);
    return await this.describe();
  }

  /** Step 4: the public address. */
  async bindPublicAddress(): Promise<string> {
    return await this.#vpc.calls.bindNewEip(this.#havipId, "tutorial");
  }

  /** The HAVIP as the API lists it. */
  async describe(): Promise<HavipLine> {
    const { answer } = await this.#vpc.calls.call("DescribeHaVips", {
      HaVipIds: [this.#havipId],
    });
    const [row] = answer.HaVipSet;
    if (row === undefined) throw new Error(`the cloud has no ${this.#havipId}`);
    return {
      id: row.HaVipId,
      address: row.Vip,
      state: row.State === "AVAILABLE" ? "AVAILABLE" : "UNBIND",
      instanceId: row.InstanceId === "" ? undefined : row.InstanceId,
      publicAddress: row.AddressIp === "" ? undefined : row.AddressIp,
    };
  }

  environmentOf(node: string): Readonly<Record<string, string | undefined>> {
    return instanceEnvironment(process.env, node, this.#vpc.region);
  }

  instanceIdOf(node: string): string {
    return this.#vpc.instance(node).instanceId;
  }

  holderId(): string | undefined {
    return this.#vpc.havip(this.#options.virtualAddress)?.holder?.instanceId;
  }

  holder(): string | undefined {
    return this.#vpc.nameOf(this.holderId());
  }

  moveWithin(from: Instant, to: Instant): Micros | undefined {
    const inside = this.#noted.filter((event) => event.at >= from && event.at <= to);
    const moved = inside.findLast((event) => event.kind === "moved");
    if (moved?.kind !== "moved") return undefined;
    const claim = inside.find(
      (event) => event.kind === "claim" && event.moved && event.instance === moved.toName,
    );
    return claim === undefined ? undefined : elapsed(claim.at, moved.at);
  }

  close(): Promise<void> {
    return this.#vpc.close();
  }
}

function vpcNetwork(vpc: Vpc, nodes: readonly string[]): LabNetwork {
  const change = (name: string, fault: PortFault): void =>
    vpc.setFault(name, { ...vpc.faultOf(name), ...fault });
  return {
    bridge: vpc.wires.switch,
    namespaceOf: (name) => vpc.host(name).namespace,
    interfaceIndexOf: (name) => vpc.host(name).index,
    macOf: (name) => vpc.host(name).mac,
    setPort: (name, up) => vpc.wires.setCable(name, up),
    setNodesApart: (apart) => vpc.setApart(nodes, apart),
    setForwarding: (name, forwards) => change(name, { cut: !forwards }),
    setVrrpLoss: (name, part) => change(name, { loss: part, onlyProtocol: VRRP }),
    setArpLimit: (name, limit) => {
      const { arpPerSecond: _, arpBurst: __, ...others } = vpc.faultOf(name);
      const limited = limit && { arpPerSecond: limit.perSecond, arpBurst: limit.burst };
      vpc.setFault(name, { ...others, ...limited });
    },
    addressesOf: (name) => {
      const { rtnetlink, index } = vpc.host(name);
      const found = rtnetlink.addresses();
      if (!found.ok) throw new Error(`${name}: ${found.errno}`);
      return found.value.flatMap((entry) =>
        entry.index === index && isIpv4(entry.address) ? [printIpv4(entry.address)] : [],
      );
    },
    removeAddress: (name, text) => {
      const { rtnetlink, index } = vpc.host(name);
      const address = readIpv4(text);
      // If the address is missing already, that is what the caller wants.
      if (address !== undefined)
        void rtnetlink.removeAddress(index, { address, prefix: 32, scope: 0 });
    },
    // Namespaces, switch and control plane are one thing, and that ends with `DemoCloud.close`.
    close: () => undefined,
  };
}
