/**
 * A machine on the segment that is none of ours: packets no router should believe, and some that
 * plain VRRP has to.
 */
import {
  BROADCAST_MAC,
  type IpAddress,
  type Ipv6,
  ipv4,
  isIpv6,
  type Mac,
  readIpv6,
} from "#units/address";
import type { Rng } from "#units/rng";
import { Secret } from "#units/secret";
import { OWNER, priority, RELEASE, vrid } from "#units/vrrp";
import { Signing } from "#vrrp/engine/signing";
import type { SigningConfig } from "#vrrp/router/config";
import { ARP_FRAME_LENGTH, emitArp, gratuitousArp } from "#vrrp/wire/arp";
import { emitAdvert } from "#vrrp/wire/emit-advert";
import { IPV4_HEADER_LENGTH, ipVersionAt } from "#vrrp/wire/ipv4-fields";
import { IPV6_HEADER_LENGTH } from "#vrrp/wire/ipv6-fields";
import {
  emitNeighbour,
  NEIGHBOUR_FRAME_LENGTH,
  unsolicitedAdvertisement,
} from "#vrrp/wire/neighbour";
import { passwordData } from "#vrrp/wire/password";
import { ADVERT_LENGTH_MAX } from "#vrrp/wire/vrrp-packet";
import { CALENDAR_START } from "./calendar.ts";
import type { EventQueue } from "./event-queue.ts";
import { checksumAt, priorityOf, versionAt } from "./frame-fields.ts";
import type { Hostile, Scenario, ScenarioFault } from "./scenario.ts";
import type { Frame, Port, Segment } from "./segment.ts";

const MAC = 0x02_00_00_00_00_02 as Mac;
const OWN_ADDRESS: IpAddress = ipv4(0x0a_00_00_fe);
const KEPT_MAX = 64;

const OWN_IPV6_ADDRESS = readIpv6("fe80::fe") as Ipv6;

function announcementOf(address: IpAddress): Uint8Array {
  if (isIpv6(address)) {
    const frame = new Uint8Array(NEIGHBOUR_FRAME_LENGTH);
    emitNeighbour(frame, unsolicitedAdvertisement(MAC, address, false));
    return frame;
  }
  const frame = new Uint8Array(ARP_FRAME_LENGTH);
  emitArp(frame, gratuitousArp(MAC, address, "request"));
  return frame;
}

export class UnknownPeer {
  readonly #network: Segment;
  readonly #queue: EventQueue;
  readonly #rng: Rng;
  readonly #scenario: Scenario;
  readonly #port: Port;
  readonly #isSigned: boolean;
  /** Advertisements overheard (multicast, or flooded), to be sent again. */
  readonly #overheard: Frame[] = [];
  /** The storm is over. */
  isQuiet = false;

  constructor(network: Segment, queue: EventQueue, rng: Rng, scenario: Scenario) {
    this.#network = network;
    this.#queue = queue;
    this.#rng = rng;
    this.#scenario = scenario;
    this.#isSigned = scenario.machines.some(({ instances }) =>
      instances.some(({ signing }) => signing !== undefined),
    );
    const overhear = (frame: Frame): void => {
      if (this.#overheard.length < KEPT_MAX) this.#overheard.push(frame);
      else if (this.#isSigned) this.#keepNew(frame);
    };
    this.#port = network.attach(MAC, overhear, ["vrrp"]);
  }

  attack(fault: Extract<ScenarioFault, { kind: "hostile" }>): undefined {
    for (let i = 0; i < fault.times; i++) {
      this.#queue.in(i * fault.every, () => {
        const bytes = this.isQuiet ? undefined : this.#packet(fault.what);
        if (bytes === undefined) return;
        this.#network.send(this.#port, { from: MAC, to: BROADCAST_MAC, kind: "vrrp", bytes });
      });
    }
  }

  announce(fault: Extract<ScenarioFault, { kind: "foreign-announcement" }>): undefined {
    for (let i = 0; i < fault.times; i++) {
      this.#queue.in(i * 200_000, () => {
        if (this.isQuiet) return;
        const bytes = announcementOf(fault.address);
        this.#network.send(this.#port, { from: MAC, to: BROADCAST_MAC, kind: "garp", bytes });
      });
    }
  }

  #packet(what: Hostile): Uint8Array | undefined {
    const rng = this.#rng;
    const machine = rng.pick(this.#scenario.machines);
    const instance = machine.instances[0];
    if (instance === undefined) return undefined;
    if (what === "replay")
      return this.#overheard.length === 0 ? undefined : rng.pick(this.#overheard).bytes;
    if (what === "altered") return this.#altered();
    if (what === "noise") {
      return Uint8Array.from({ length: rng.between(0, 120) }, () => rng.between(0, 255));
    }
    const { router, transport } = instance;
    const isSix = instance.family === 6;
    const forged = what === "forged-release" || what === "forged-master";
    const version = what === "wrong-version" ? (router.version === 2 ? 3 : 2) : router.version;
    const secret = instance.authentication?.secret.reveal();
    const bytes = new Uint8Array(ADVERT_LENGTH_MAX);
    const length = emitAdvert(bytes, {
      source: forged ? machine.address : isSix ? OWN_IPV6_ADDRESS : OWN_ADDRESS,
      destination: transport.kind === "multicast" ? transport.group : machine.address,
      ttl: what === "wrong-ttl" ? 64 : 255,
      id: rng.between(0, 65_535),
      version: isSix ? 3 : version,
      vrid: what === "other-vrid" ? vrid((router.vrid % 255) + 1) : router.vrid,
      priority:
        what === "forged-release" ? RELEASE : what === "forged-master" ? priority(200) : OWNER,
      interval: (version === 2
        ? Math.max(100, Math.ceil(router.advertInterval / 100) * 100)
        : router.advertInterval) as typeof router.advertInterval,
      addresses: instance.addresses.map((one) => one.address),
      password:
        secret === undefined
          ? undefined
          : passwordData(what === "wrong-password" ? `${secret.slice(0, 6)}?` : secret),
      checksum: instance.checksum,
      isSigned: instance.signing !== undefined,
    });
    if (instance.signing !== undefined) this.#sign(bytes.subarray(0, length), instance.signing);
    if (what === "truncated") return bytes.slice(0, rng.between(0, length - 1));
    // Version 2 has no IPv6: it is written over.
    if (isSix && version === 2) bytes[versionAt(bytes)] = 0x21;
    if (what === "bad-checksum") bytes[checksumAt(bytes)] = (bytes[checksumAt(bytes)] ?? 0) ^ 0x5a;
    return bytes.slice(0, length);
  }

  /** An old signature is refused for its age alone; a release is worth keeping all the same. */
  #keepNew(frame: Frame): void {
    const at = this.#rng.between(0, KEPT_MAX - 1);
    const old = this.#overheard[at];
    if (old === undefined || priorityOf(old.bytes) !== RELEASE) this.#overheard[at] = frame;
  }

  /** One bit of the message or of what follows it. */
  #altered(): Uint8Array | undefined {
    const rng = this.#rng;
    if (this.#overheard.length === 0) return undefined;
    const bytes = rng.pick(this.#overheard).bytes.slice();
    const begin = ipVersionAt(bytes, 0) === 6 ? IPV6_HEADER_LENGTH : IPV4_HEADER_LENGTH;
    const at = rng.between(begin, bytes.length - 1);
    bytes[at] = (bytes[at] ?? 0) ^ (1 << rng.between(0, 7));
    return bytes;
  }

  /** With a key of its own. */
  #sign(packet: Uint8Array, signing: SigningConfig): void {
    const secret = new Secret("66".repeat(32));
    const keys = signing.keys.map(({ id }) => ({ id, secret }));
    const clock = CALENDAR_START + this.#queue.now;
    new Signing({ ...signing, keys, mode: "enforce" }).sign([{ packet }], clock);
  }
}
