/**
 * Builds a lab on paper: applies the cloud's own rules in the order in which the lab would be
 * built, and collects everything that they refuse. Pure. Anything that depends on a refused
 * resource is not checked, since it would be refused for that reason alone.
 */
import { readSubnetNetwork } from "#cloud/model/cidr";
import { type CloudState, type Draft, emptyCloud, openDraft } from "#cloud/model/cloud-state";
import type { Done } from "#cloud/model/context";
import { DEFAULT_PROFILE } from "#cloud/model/platform-profile";
import { isRefusal, type Refusal } from "#cloud/model/refusal";
import { type Command, perform } from "#cloud/model/step";
import { ipv4 } from "#units/address";
import { createRng, type Rng } from "#units/rng";
import { instant } from "#units/time";
import { buildOrder } from "./build-order.ts";
import type {
  HavipDescription,
  LabDescription,
  SubnetDescription,
  VpcDescription,
} from "./description.ts";

export interface Objection {
  /** The description that is refused: the same object as in the lab's description. */
  readonly about: object;
  readonly refusal: Refusal;
}

export function rehearse({ region, vpcs }: LabDescription): readonly Objection[] {
  const rehearsal = new Rehearsal(region);
  for (const vpc of vpcs) rehearsal.vpc(vpc);
  return rehearsal.objections;
}

class Rehearsal {
  readonly objections: Objection[] = [];
  readonly #state: CloudState = emptyCloud();
  readonly #draft: Draft;
  readonly #rng: Rng = createRng(1);
  readonly #zone: string;
  #calls = 0;

  constructor(region: string) {
    this.#draft = openDraft(this.#state, region);
    this.#zone = `${region}-1`;
  }

  vpc(vpc: VpcDescription): void {
    const made = this.#perform(vpc, {
      kind: "createVpc",
      name: vpc.name,
      cidr: vpc.cidr,
      multicast: vpc.multicast,
      dnsServers: [],
      domainName: "",
      publishRoutes: false,
      publishRoutesIpv6: false,
      tags: [],
    });
    for (const subnet of vpc.subnets) {
      if (made === undefined) this.#form(subnet);
      else this.#subnet(made.ids[0] ?? "", subnet);
    }
  }

  /** For a subnet in a refused VPC, only its syntax is checked. */
  #form(subnet: SubnetDescription): void {
    const read = readSubnetNetwork(subnet.cidr, "cidr", { network: ipv4(0), prefix: 0 }, []);
    if (isRefusal(read)) this.objections.push({ about: subnet, refusal: read });
  }

  #subnet(vpcId: string, subnet: SubnetDescription): void {
    const { name, cidr } = subnet;
    const zone = this.#zone;
    const command = { kind: "createSubnet", vpcId, name, cidr, zone, cdcId: "", tags: [] } as const;
    const subnetId = this.#perform(subnet, command)?.ids[0];
    if (subnetId === undefined) return;
    const instances = new Map<string, string>();
    const havips = new Map<HavipDescription, string>();
    for (const step of buildOrder(subnet)) {
      if (step.kind === "launch") {
        const { instance } = step;
        const { address } = instance;
        const launch = {
          kind: "launchInstance",
          subnetId,
          instanceId: undefined,
          address,
        } as const;
        const made = this.#perform(instance, { ...launch, name: instance.name });
        if (made !== undefined) instances.set(instance.name, made.ids[1] ?? "");
      } else if (step.kind === "createHavip") {
        const id = this.#createHavip(vpcId, subnetId, step.havip);
        if (id !== undefined) havips.set(step.havip, id);
      } else {
        const id = havips.get(step.havip);
        if (id !== undefined) this.#completeHavip(id, step.havip, instances);
      }
    }
  }

  #createHavip(vpcId: string, subnetId: string, havip: HavipDescription): string | undefined {
    const made = this.#perform(havip, {
      kind: "createHavip",
      vpcId,
      name: havip.name,
      subnetId,
      vip: havip.address,
      interfaceId: undefined,
      checkAssociate: havip.members !== undefined,
      associations: [],
      tags: [],
    });
    return made?.ids[0];
  }

  #completeHavip(
    havipId: string,
    havip: HavipDescription,
    instances: ReadonlyMap<string, string>,
  ): void {
    const entries = (havip.members ?? []).flatMap((name) => {
      const instanceId = instances.get(name);
      return instanceId === undefined ? [] : [{ havipId, instanceId, instanceType: "CVM" }];
    });
    if (entries.length > 0) this.#perform(havip, { kind: "associate", entries });
    if (!havip.eip) return;
    this.#perform(havip, {
      kind: "allocateEips",
      count: 1,
      name: havip.name,
      bandwidth: 1,
      addressType: "EIP",
      isp: "BGP",
      chargeType: "TRAFFIC_POSTPAID_BY_HOUR",
      tags: [],
    });
  }

  #perform(about: object, command: Command): Done | undefined {
    this.#calls += 1;
    const outcome = perform(this.#state, this.#draft, command, {
      now: instant(0),
      requestId: `${this.#calls}`,
      rng: this.#rng,
      profile: DEFAULT_PROFILE,
    });
    if (outcome.kind === "done") return outcome;
    this.objections.push({ about, refusal: outcome });
    return undefined;
  }
}
