/**
 * Settings under test, and the keepalived.conf they mean for one node. The tutorial's profile
 * prints the very files of `examples/tutorial` (a test compares them), so the demonstration
 * runs exactly what a reader can copy.
 */
import { readFileSync } from "node:fs";
import { resourceUrl } from "#units/installation";

export interface Profile {
  readonly name: string;
  readonly version: 2 | 3;
  /** The version of IP; undefined: 4. */
  readonly ip?: 6;
  readonly transport: "unicast" | "multicast";
  readonly advertSeconds: number;
  /** Priority of each node, by index. */
  readonly priorities: readonly number[];
  readonly preempt: boolean;
  readonly preemptDelaySeconds: number | undefined;
  readonly initialState: "MASTER" | "BACKUP";
  readonly scriptSeconds: number;
  /** The tutorial's `garp_master_*` lines. */
  readonly announce: boolean;
  /** Lines for `global_defs`. */
  readonly globalLines?: readonly string[];
  /** Lines for the instance block that only one of the daemons knows. */
  readonly extraInstanceLines: readonly string[];
  /** Virtual addresses beside the one that is watched. */
  readonly furtherAddresses: readonly string[];
}

export interface NodeAddress {
  readonly address: string;
  readonly peers: readonly string[];
  readonly virtualAddress: string;
  readonly priority: number;
}

/** The tutorial: VRRPv2 unicast, both BACKUP, nopreempt, equal priority 50, one second. */
export const TUTORIAL: Profile = {
  name: "tutorial",
  version: 2,
  transport: "unicast",
  advertSeconds: 1,
  priorities: [50, 50],
  preempt: false,
  preemptDelaySeconds: 10,
  initialState: "BACKUP",
  scriptSeconds: 5,
  announce: true,
  extraInstanceLines: [],
  furtherAddresses: [],
};

export const MULTICAST: Profile = { ...TUTORIAL, name: "multicast", transport: "multicast" };

export const FAST: Profile = {
  ...TUTORIAL,
  name: "v3-100ms",
  version: 3,
  advertSeconds: 0.1,
  preemptDelaySeconds: undefined,
  scriptSeconds: 1,
};

export const FAST_MULTICAST: Profile = {
  ...FAST,
  name: "v3-100ms-multicast",
  transport: "multicast",
};

export const FAST_IPV6: Profile = { ...FAST, name: "ipv6-100ms", ip: 6 };

export const MULTICAST_IPV6: Profile = { ...FAST_MULTICAST, name: "ipv6-multicast", ip: 6 };

export const PREEMPT: Profile = {
  ...TUTORIAL,
  name: "preempt",
  priorities: [100, 90],
  preempt: true,
  preemptDelaySeconds: undefined,
  scriptSeconds: 1,
};

export const PROFILES: readonly Profile[] = [
  TUTORIAL,
  MULTICAST,
  FAST,
  FAST_MULTICAST,
  FAST_IPV6,
  MULTICAST_IPV6,
  PREEMPT,
];

/**
 * Master down interval: when a backup takes over after the last advertisement it heard (RFC
 * 3768 6.1, RFC 9568 6.1).
 */
export function masterDownSeconds(profile: Profile, priority: number): number {
  const skew =
    profile.version === 2
      ? (256 - priority) / 256
      : ((256 - priority) * profile.advertSeconds) / 256;
  return 3 * profile.advertSeconds + skew;
}

/**
 * keepalived.conf of one node. Unless the profile says otherwise, every line but the comments
 * is the tutorial's.
 */
export function printConfig(profile: Profile, node: NodeAddress): string {
  const lines = [
    "! Configuration File for keepalived",
    "global_defs {",
    "   notification_email {",
    "     acassen@firewall.loc",
    "     failover@firewall.loc",
    "     sysadmin@firewall.loc",
    "   }",
    "   notification_email_from Alexandre.Cassen@firewall.loc",
    "   smtp_server 192.168.200.1",
    "   smtp_connect_timeout 30",
    "   router_id LVS_DEVEL",
    "   vrrp_skip_check_adv_addr",
    "   vrrp_garp_interval 0",
    "   vrrp_gna_interval 0",
    ...(profile.version === 3 ? ["   vrrp_version 3"] : []),
    ...(profile.globalLines ?? []).map((line) => `   ${line}`),
    "}",
    "vrrp_script checkhaproxy",
    "{",
    '    script "/etc/keepalived/do_sth.sh"',
    `    interval ${profile.scriptSeconds}`,
    "}",
    "vrrp_instance VI_1 {",
    `    state ${profile.initialState}`,
    "    interface eth0",
    "    virtual_router_id 51",
    ...(profile.preempt ? [] : ["    nopreempt"]),
    ...(profile.preemptDelaySeconds === undefined
      ? []
      : [`    preempt_delay ${profile.preemptDelaySeconds}`]),
    `    priority ${node.priority}`,
    `    advert_int ${profile.advertSeconds}`,
    // VRRPv3 has no authentication (RFC 9568 section 9).
    ...(profile.version === 2
      ? ["    authentication {", "        auth_type PASS", "        auth_pass 1111", "    }"]
      : []),
    ...(profile.transport === "unicast"
      ? [
          `    unicast_src_ip ${node.address}`,
          "    unicast_peer {",
          ...node.peers.map((peer) => `        ${peer}`),
          "    }",
        ]
      : []),
    "    virtual_ipaddress {",
    ...[node.virtualAddress, ...profile.furtherAddresses].map((address) => `        ${address}`),
    "    }",
    ...["master", "backup", "fault", "stop"].map(
      (state) => `    notify_${state} "/etc/keepalived/notify_action.sh ${state.toUpperCase()}"`,
    ),
    ...(profile.announce ? ["    garp_master_delay 1", "    garp_master_refresh 5"] : []),
    ...profile.extraInstanceLines.map((line) => `    ${line}`),
    "",
    "    track_interface {",
    "        eth0",
    "    }",
    "    track_script {",
    "       checkhaproxy",
    "    }",
    "}",
  ];
  return `${lines.join("\n")}\n`;
}

/** The tutorial's scripts, as they are. */
export function readExample(name: "notify_action.sh" | "do_sth.sh"): string {
  return readFileSync(resourceUrl(`examples/tutorial/${name}`), "utf8");
}
