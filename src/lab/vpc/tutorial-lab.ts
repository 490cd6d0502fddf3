/**
 * The tutorial as a lab: two instances with its files, a HAVIP with an elastic address, a
 * client beside them.
 */

import { type Profile, printConfig, readExample, TUTORIAL } from "../measure/profile.ts";
import type { InstanceDescription, LabDescription } from "./description.ts";

export const TUTORIAL_VIP = "172.16.0.135";
export const TUTORIAL_NODES: readonly { readonly name: string; readonly address: string }[] = [
  { name: "a", address: "172.16.0.16" },
  { name: "b", address: "172.16.0.14" },
];
export const RUN_BATON: string =
  "baton run -f /etc/keepalived/keepalived.conf --runtime-dir /run/baton --cloud";

export interface TutorialOptions {
  readonly profile?: Profile;
  /** False: a person applies for it, with the console, which also asks the daemons over HTTP. */
  readonly hasHavip?: boolean;
}

export function tutorialLab({
  profile = TUTORIAL,
  hasHavip = true,
}: TutorialOptions = {}): LabDescription {
  const nodes = TUTORIAL_NODES.map(({ name, address }): InstanceDescription => {
    const peers = TUTORIAL_NODES.map((one) => one.address).filter((one) => one !== address);
    const node = { address, peers, virtualAddress: TUTORIAL_VIP, priority: 50 };
    return {
      name,
      address,
      ingress: undefined,
      run: [hasHavip ? RUN_BATON : `${RUN_BATON} --api`],
      files: {
        "/etc/keepalived/keepalived.conf": printConfig(profile, node),
        "/etc/keepalived/do_sth.sh": readExample("do_sth.sh"),
        "/etc/keepalived/notify_action.sh": readExample("notify_action.sh"),
        "/etc/keepalived/service-state": "up\n",
      },
    };
  });
  const client = {
    name: "client",
    address: "172.16.0.200",
    ingress: undefined,
    run: [],
    files: {},
  };
  const havip = { name: "tutorial", address: TUTORIAL_VIP, members: ["a", "b"], eip: true };
  const subnet = { name: "front", cidr: "172.16.0.0/24", instances: [...nodes, client] };
  return {
    region: "ap-guangzhou",
    internet: true,
    vpcs: [
      {
        name: "tutorial",
        cidr: "172.16.0.0/16",
        multicast: false,
        subnets: [{ ...subnet, havips: hasHavip ? [havip] : [] }],
      },
    ],
  };
}
