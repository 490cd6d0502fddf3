/**
 * The configuration of routers and of the engine: plain data, made from keepalived.conf and checked
 * in `keepalived/plan`. JSON-safe but for passwords, which are printed as "(hidden)": it crosses
 * the pipe from supervisor to engine (vrrp/engine/engine-link-lines.ts), is written to recordings
 * and is built by hand in tests.
 */
import { type IpAddress, type Ipv4, isIpv6, type Mac } from "#units/address";
import type { Secret } from "#units/secret";
import type { Centis, Micros } from "#units/time";
import type { Priority, Vrid } from "#units/vrrp";
import type { VirtualRoute, VirtualRule } from "./routes.ts";

/** `interface_up_down_delays` of the interface with this name: changes of its link count later. */
export interface LinkDelay {
  readonly name: string;
  readonly down: Micros;
  readonly up: Micros;
}

/** Everything the pure router needs; no names of devices, no sockets. */
export interface RouterConfig {
  /** `vrrp_instance NAME` */
  readonly name: string;
  readonly vrid: Vrid;
  readonly version: 2 | 3;
  /** Configured (base) priority, 1 to 255; 255 is the address owner. */
  readonly priority: Priority;
  /** Own advertisement interval; version 2 has whole seconds only. */
  readonly advertInterval: Centis;
  /** keepalived `nopreempt` is `preempt: false`. */
  readonly preempt: boolean;
  readonly preemptDelay: Micros;
  /**
   * `hold_down`: after repeated losses a weaker master is not preempted for `first`, doubled up to
   * `max`.
   */
  readonly holdDown?: { readonly first: Micros; readonly max: Micros };
  /** `vrrp_startup_delay`: added before the first election. */
  readonly startupDelay: Micros;
  /**
   * `vrrp_delay_after_boot`: the first election does not begin before this time after the machine's
   * boot, which is where the clock begins. The longer of both delays counts.
   */
  readonly delayAfterBoot?: Micros;
  /** `down_timer_adverts`, 1 to 100, ordinarily 3. */
  readonly downTimerAdverts: number;
  /** Number of unicast peers; 0 means multicast, where the number of routers is unknown. */
  readonly peerCount: number;
  /** `unicast_fault_no_peer`, and there is no peer: FAULT instead of multicast. */
  readonly lacksPeer?: true;
  /**
   * `owner_ignore_adverts`: an address owner (priority 255) that is MASTER acts on no advertisement
   * (RFC 9568 7.1 wants that of every owner), so it never yields.
   */
  readonly ownerIgnoresAdverts?: true;
  readonly lowerPrioNoAdvert: boolean;
  readonly higherPrioSendAdvert: boolean;
  /** Planned stop: keep the address until the successor is heard, or remove it first. */
  readonly handover: "make-before-break" | "break-before-make";
  /**
   * `havip`: the platform decides where packets go, so after a planned stop the address stays until
   * the platform has moved it, at most this long after the successor was heard. Undefined: no
   * platform is asked, and the successor's advertisement suffices.
   */
  readonly handoverWait?: Micros;
  readonly announce: AnnounceConfig;
  readonly trackers: readonly TrackerConfig[];
  /** False for `dont_track_primary`: then a lost link does not cause FAULT. */
  readonly trackPrimary: boolean;
  /** `gate`: what must succeed before the address is served (gate.ts). */
  readonly gate?: GateConfig;
}

/** `gate`: a promotion comes before the address, a demotion before its release. */
export interface GateConfig {
  /** A promotion without an answer for so long is late, which is a refusal. */
  readonly promoteTimeout: Micros;
  /** The same for a demotion, and for a comparison of the data. */
  readonly demoteTimeout: Micros;
  /**
   * What a refused or late promotion does: BACKUP, and not electable for `hold`; FAULT for `hold`;
   * or serve the address all the same.
   */
  readonly onRefusal: "backup" | "fault" | "serve";
  readonly hold: Micros;
  /** When the master is heard no more, ask before taking the address: by ARP, or its service. */
  readonly probe: "arp" | "service" | "off";
  /** Of two masters the data decides; false: the rules of VRRP. */
  readonly comparesData: boolean;
  /** Not electable until it is known to be eligible; false: until it is known not to be. */
  readonly needsEligible: boolean;
  /** At a planned release running connections may go on for so long; 0: they end at once. */
  readonly drain: Micros;
  /** At a release the connections of the address are reset, so that clients connect anew. */
  readonly resetConnections: boolean;
}

/** Gratuitous ARP as keepalived's `garp_*` keywords say it. */
export interface AnnounceConfig {
  /** `garp_master_delay`: the second block comes this long after the first; 0 = no second block. */
  readonly delay: Micros;
  /** `garp_master_repeat`: frames per address in each block. */
  readonly repeat: number;
  /** `garp_master_refresh`: period of the refresh while master; 0 = none. */
  readonly refresh: Micros;
  readonly refreshRepeat: number;
  /** `garp_lower_prio_delay`, `garp_lower_prio_repeat`: after a weaker master was heard. */
  readonly lowerPrioDelay: Micros;
  readonly lowerPrioRepeat: number;
}

export type TrackerKind = "script" | "interface" | "file" | "process" | "bfd";

export interface TrackerConfig {
  readonly kind: TrackerKind;
  /** Name of the vrrp_script, interface, track_file, vrrp_track_process or bfd_instance. */
  readonly name: string;
  /** 0: failure means FAULT. Otherwise see keepalived's weights: `trackerEffect` in tracking.ts. */
  readonly weight: number;
  readonly reverse: boolean;
}

/** Of addresses and packets. */
export type IpVersion = 4 | 6;

/** One virtual router: what the protocol needs, and what the engine needs around it. */
export interface InstanceConfig {
  readonly router: RouterConfig;
  /**
   * Undefined: IPv4. That of its advertised addresses, its source, its peers or group; an excluded
   * address may be of the other one (`versionOf`).
   */
  readonly family?: 6;
  /**
   * Undefined: bound to no device, with unicast peers reached by the routing table. Then `source`
   * is set, and every address names its device.
   */
  readonly interface?: string;
  readonly transport: Transport;
  /** `use_vmac`, `use_vmac_addr`: devices for its addresses, which name them. */
  readonly vmacs?: readonly VmacConfig[];
  /** The one of them that advertisements leave by; undefined: `interface` itself. */
  readonly advertisesBy?: string;
  /** Version 2 only. */
  readonly authentication?: { readonly kind: "pass"; readonly secret: Secret };
  /** `auth_hmac`; never together with `authentication`. */
  readonly signing?: SigningConfig;
  /** Version 3 over IPv4: which checksum to send. Receiving accepts all. */
  readonly checksum: "pseudo-header" | "no-pseudo-header";
  /** Advertised, in this order. */
  readonly addresses: readonly VirtualAddress[];
  /** `virtual_ipaddress_excluded`: owned and announced, not in the advertisement. */
  readonly excludedAddresses: readonly VirtualAddress[];
  /**
   * `vrrp_skip_check_adv_addr`: compare the address list only on the first advertisement of a
   * master.
   */
  readonly skipCheckAdvAddr: boolean;
  /** Form of gratuitous ARP. keepalived sends requests. */
  readonly arp: "request" | "reply" | "both";
  /** Limits of announcements on the interface, all instances together; the smallest applies. */
  readonly pacing: PacingConfig;
  /**
   * The kernel keeps the other addresses of a subnet when one is removed; see
   * linux/promote-secondaries.ts.
   */
  readonly promoteSecondaries?: true;
  /** `no_accept` of a router that is not the owner by priority 255: the addresses do not answer. */
  readonly accept?: false;
  /** Sync group this instance belongs to, if any. */
  readonly group?: string;
  /** `gate`: packets to these ports of its addresses are dropped while it is not promoted. */
  readonly fence?: readonly FencePort[];
  /** Added after the addresses in this order, removed before them in reverse. */
  readonly routes?: readonly VirtualRoute[];
  /** After the routes. */
  readonly rules?: readonly VirtualRule[];
}

/** The IP version of a router's advertisements. */
export const versionOf = ({ family }: Pick<InstanceConfig, "family">): IpVersion => family ?? 4;

export const versionOfAddress = (address: IpAddress): IpVersion => (isIpv6(address) ? 6 : 4);
/** A device with a virtual MAC address. */
export interface VmacConfig {
  readonly name: string;
  readonly mac: Mac;
  /** The interface it is on. */
  readonly base: string;
}

/** `auth_hmac`: advertisements are signed (engine/signing.ts). */
export interface SigningConfig {
  /** At least one, each id once. */
  readonly keys: readonly SigningKey[];
  /** `active_key`: the one to sign with, of `keys`. */
  readonly active: number;
  /**
   * `enforce`: what has no signature is refused. `permissive`: it is accepted. `receive-only`: it
   * is accepted, and what is sent has none. A signature that is wrong is refused always.
   */
  readonly mode: "enforce" | "permissive" | "receive-only";
  /** `time`: the sender's clock may differ from ours by `window`. `monotonic`: by anything. */
  readonly antiReplay: "time" | "monotonic";
  /** Whole seconds. */
  readonly window: number;
}

export interface SigningKey {
  /** 1 to 255. */
  readonly id: number;
  /** 32 to 64 bytes, as hexadecimal digits. */
  readonly secret: Secret;
}

export interface FencePort {
  readonly protocol: "tcp" | "udp";
  readonly port: number;
}

/** Compares passwords and keys too, which the printed form hides. */
export function isSameConfig(a: InstanceConfig, b: InstanceConfig): boolean {
  if (JSON.stringify(a) !== JSON.stringify(b)) return false;
  const [own, others] = [secretsOf(a), secretsOf(b)];
  return own.every((secret, at) => others[at]?.equals(secret) === true);
}

const secretsOf = ({ authentication, signing }: InstanceConfig): readonly Secret[] => [
  ...(authentication === undefined ? [] : [authentication.secret]),
  ...(signing === undefined ? [] : signing.keys.map(({ secret }) => secret)),
];

export interface PacingConfig {
  /** Frames that may leave at once; 0 = no limit. */
  readonly burst: number;
  /** Frames a second after the burst; 0 = no limit. */
  readonly perSecond: number;
  /** `vrrp_garp_interval`: smallest gap between two frames; 0 = none. */
  readonly gap: Micros;
}

export type Transport =
  | {
      readonly kind: "unicast";
      /** Undefined: the primary address of the interface. */
      readonly source?: IpAddress;
      readonly peers: readonly UnicastPeer[];
      readonly ttl: number;
      /** Drop advertisements from sources that are no configured peer. */
      readonly checkSource: boolean;
    }
  | {
      readonly kind: "multicast";
      readonly source?: IpAddress;
      readonly group: IpAddress;
      /** `track_src_ip`: FAULT while `source` is not on the interface, as always with unicast. */
      readonly trackSource?: true;
    };

export interface UnicastPeer {
  readonly address: IpAddress;
  readonly minTtl?: number;
  readonly maxTtl?: number;
}

export interface VirtualAddress {
  readonly address: IpAddress;
  readonly prefix: number;
  /** Undefined: the instance's interface. */
  readonly interface?: string;
  readonly label?: string;
  /** Kernel scope number: 0 global, 200 site, 253 link, 254 host. */
  readonly scope: number;
  readonly broadcast?: Ipv4;
  readonly peer?: IpAddress;
  /** keepalived `preferred_lft 0`: never chosen as a source address. */
  readonly deprecated?: boolean;
  /** IPv6: keepalived's `home`, `mngtmpaddr` and `noprefixroute`. */
  readonly home?: true;
  readonly manageTemporary?: true;
  readonly noPrefixRoute?: true;
  /** IPv6, keepalived's `-nodad`: the kernel looks whether another machine has it. */
  readonly detectDuplicates?: true;
}
