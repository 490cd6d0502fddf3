/** Small labs for the tests. */
import type { HavipDescription, InstanceDescription, LabDescription } from "#lab/vpc/description";

export const VIP = "172.16.0.135";

export const instance = (
  name: string,
  address: string,
  more: Partial<InstanceDescription> = {},
): InstanceDescription => ({ name, address, ingress: undefined, run: [], files: {}, ...more });

export const havip = (more: Partial<HavipDescription> = {}): HavipDescription => ({
  name: "web",
  address: VIP,
  members: undefined,
  eip: false,
  ...more,
});

/** Subnet front with a, b and the HAVIP; subnet back with c. */
export const shopLab = (more: Partial<HavipDescription> = {}): LabDescription => ({
  region: "ap-guangzhou",
  internet: true,
  vpcs: [
    {
      name: "shop",
      cidr: "172.16.0.0/16",
      multicast: false,
      subnets: [
        {
          name: "front",
          cidr: "172.16.0.0/24",
          instances: [instance("a", "172.16.0.16"), instance("b", "172.16.0.14")],
          havips: [havip(more)],
        },
        {
          name: "back",
          cidr: "172.16.1.0/24",
          instances: [instance("c", "172.16.1.20")],
          havips: [],
        },
      ],
    },
  ],
});
