/**
 * A small model of keepalived 2.x, from its observed behaviour: the other daemon in a mixed
 * cluster.
 *
 * No lease: a hung or killed one goes on answering. It announces on becoming master, once more
 * after `garp_master_delay`, and after a weaker master was heard; never otherwise. It yields to a
 * higher priority, or the higher address of equals, at once and without a word. A node that takes
 * over beside a weaker one advertises at once, also with `nopreempt`: that keyword only matters
 * to a backup.
 */

import { BROADCAST_MAC, compareIp, type IpAddress, type Mac } from "#units/address";
import type { Rng } from "#units/rng";
import { type Centis, fromCentis } from "#units/time";
import { RELEASE } from "#units/vrrp";
import type { InstanceConfig } from "#vrrp/router/config";
import { masterDown, skew } from "#vrrp/router/timing";
import { ARP_FRAME_LENGTH, arpReply, emitArp, gratuitousArp, parseArp } from "#vrrp/wire/arp";
import { checkAdvert } from "#vrrp/wire/check-advert";
import { emitAdvert } from "#vrrp/wire/emit-advert";
import { parseAdvert } from "#vrrp/wire/parse-advert";
import { passwordData } from "#vrrp/wire/password";
import { ADVERT_LENGTH_MAX, type Advert } from "#vrrp/wire/vrrp-packet";
import type { RivalView } from "./cluster-view.ts";
import type { EventQueue } from "./event-queue.ts";
import { ipv4Of } from "./frame-fields.ts";
import type { Observers } from "./observer.ts";
import type { RivalSpec } from "./scenario.ts";
import type { Frame, Port, Segment } from "./segment.ts";

/** Node number of the first rival; machines are numbered from 0. */
export const RIVAL_NODE = 100;

const SOCKET_MAX = 256;
const WAKE_MIN = 10;
const WAKE_MAX = 400;

interface Router {
  readonly config: InstanceConfig;
  state: "BACKUP" | "MASTER";
  masterInterval: Centis;
  /** The next advertisement, or the end of the master's time. */
  dueAt: number;
  token: number;
  announceAt: { readonly at: number; readonly repeat: number }[];
}

export interface RivalEnvironment {
  readonly queue: EventQueue;
  readonly network: Segment;
  readonly rng: Rng;
  readonly observers: Observers;
  readonly macOf: (address: IpAddress) => Mac | undefined;
}

export class KeepalivedRival implements RivalView {
  readonly id: number;
  readonly mac: Mac;
  readonly port: Port;
  readonly spec: RivalSpec;
  readonly #environment: RivalEnvironment;
  #routers: readonly Router[] = [];
  #isAlive = false;
  /** SIGSTOP. */
  #isStopped = false;
  #inbox: Frame[] = [];
  readonly #owned = new Set<IpAddress>();

  constructor(id: number, mac: Mac, spec: RivalSpec, environment: RivalEnvironment) {
    this.id = id;
    this.mac = mac;
    this.spec = spec;
    this.#environment = environment;
    this.port = environment.network.attach(mac, (frame) => this.#arrived(frame), ["vrrp", "arp"]);
  }

  owns(address: IpAddress): boolean {
    return this.#owned.has(address);
  }

  /** State of one of its routers; undefined while it does not run. */
  state(vrid: number): "BACKUP" | "MASTER" | undefined {
    return this.#routers.find(({ config }) => config.router.vrid === vrid)?.state;
  }

  /** What an earlier run has left on the interface goes first. */
  start(): void {
    if (this.#isAlive) return;
    for (const address of this.#owned) this.#own(address, false);
    this.#isAlive = true;
    this.#routers = this.spec.instances.map((config) => ({
      config,
      state: "BACKUP",
      masterInterval: config.router.advertInterval,
      dueAt: 0,
      token: 0,
      announceAt: [],
    }));
    for (const router of this.#routers) this.#wait(router);
  }

  /** SIGTERM: sends priority 0, then takes the addresses away. */
  stop(): void {
    if (!this.#isAlive) return;
    for (const router of this.#routers) {
      if (router.state !== "MASTER") continue;
      this.#advertise(router, RELEASE);
      this.#release(router);
    }
    this.kill();
  }

  /** SIGKILL: the addresses stay. */
  kill(): void {
    this.#isAlive = false;
    this.#isStopped = false;
    this.#inbox = [];
    for (const router of this.#routers) router.token += 1;
    this.#routers = [];
  }

  /** SIGSTOP and SIGCONT: timers that are over fire before what waits in the socket is read. */
  setStopped(stopped: boolean): void {
    if (!this.#isAlive || this.#isStopped === stopped) return;
    this.#isStopped = stopped;
    if (stopped) return;
    const waiting = this.#inbox;
    this.#inbox = [];
    for (const router of this.#routers) {
      if (router.dueAt <= this.#environment.queue.now) this.#due(router);
    }
    for (const frame of waiting) this.#receive(frame);
  }

  #arrived(frame: Frame): void {
    if (frame.kind === "arp") return this.#answer(frame);
    if (!this.#isAlive || (frame.to !== this.mac && frame.to !== BROADCAST_MAC)) return;
    if (this.#isStopped) {
      if (this.#inbox.length < SOCKET_MAX) this.#inbox.push(frame);
      return;
    }
    this.#later(0, () => this.#receive(frame));
  }

  /** Its kernel does, whether keepalived runs or not. */
  #answer({ bytes }: Frame): void {
    const parsed = parseArp(bytes);
    if (parsed.kind === "drop" || parsed.arp.targetAddress !== this.spec.address) return;
    const { operation, senderMac } = parsed.arp;
    if (operation !== "request") return;
    const reply = new Uint8Array(ARP_FRAME_LENGTH);
    emitArp(reply, arpReply(this.mac, this.spec.address, parsed.arp));
    this.#send({ from: this.mac, to: senderMac, kind: "arp", bytes: reply });
  }

  /** As soon as the process is woken; nothing when it has ended or stands still then. */
  #later(delay: number, run: () => void): void {
    const routers = this.#routers;
    this.#environment.queue.in(delay + this.#environment.rng.between(WAKE_MIN, WAKE_MAX), () => {
      if (routers === this.#routers && this.#isAlive && !this.#isStopped) run();
    });
  }

  #receive({ bytes }: Frame): void {
    const parsed = parseAdvert(bytes);
    if (parsed.kind === "drop") return;
    const { advert } = parsed;
    for (const router of this.#routers) {
      const { config } = router;
      if (config.router.vrid !== advert.vrid) continue;
      const checked = checkAdvert(bytes, advert, {
        version: config.router.version,
        interval: config.router.advertInterval,
        password:
          config.authentication === undefined
            ? undefined
            : passwordData(config.authentication.secret.reveal()),
        transport: config.transport,
        mayBeEmpty: true,
        addresses: undefined,
      });
      if (checked.kind === "drop") continue;
      if (router.state === "BACKUP") this.#hearAsBackup(router, advert);
      else this.#hearAsMaster(router, advert);
    }
  }

  #hearAsBackup(router: Router, { priority, interval }: Advert): void {
    const { router: config } = router.config;
    if (priority === RELEASE) {
      this.#dueIn(router, skew(config, router.masterInterval, config.priority));
      return;
    }
    if (priority < config.priority && config.preempt) return;
    if (config.version === 3) router.masterInterval = interval;
    this.#wait(router);
  }

  #hearAsMaster(router: Router, { priority, source, interval }: Advert): void {
    const { router: config } = router.config;
    if (priority === RELEASE) return this.#beat(router);
    const isStronger =
      priority > config.priority ||
      (priority === config.priority && compareIp(source, this.spec.address) > 0);
    if (isStronger) {
      this.#release(router);
      if (config.version === 3) router.masterInterval = interval;
      return this.#wait(router);
    }
    if (!config.lowerPrioNoAdvert) this.#beat(router);
    const { lowerPrioRepeat, lowerPrioDelay } = config.announce;
    this.#announce(router, lowerPrioRepeat);
    this.#announceLater(router, lowerPrioDelay, lowerPrioRepeat);
  }

  #wait(router: Router): void {
    const { router: config } = router.config;
    this.#dueIn(router, masterDown(config, router.masterInterval, config.priority));
  }

  #dueIn(router: Router, delay: number): void {
    router.token += 1;
    const { token } = router;
    router.dueAt = this.#environment.queue.now + delay;
    this.#later(delay, () => {
      if (token === router.token) this.#due(router);
    });
  }

  #due(router: Router): void {
    if (router.state === "MASTER") return this.#beat(router);
    const { config } = router;
    router.state = "MASTER";
    this.#beat(router);
    for (const { address } of addressesOf(config)) this.#own(address, true);
    const { repeat, delay } = config.router.announce;
    this.#announce(router, repeat);
    this.#announceLater(router, delay, repeat);
  }

  #beat(router: Router): void {
    const { priority, advertInterval } = router.config.router;
    this.#advertise(router, priority);
    this.#dueIn(router, fromCentis(advertInterval));
  }

  #release(router: Router): void {
    router.state = "BACKUP";
    router.announceAt = [];
    for (const { address } of addressesOf(router.config)) this.#own(address, false);
  }

  #own(address: IpAddress, owns: boolean): void {
    if (owns === this.#owned.has(address)) return;
    if (owns) this.#owned.add(address);
    else this.#owned.delete(address);
    this.#environment.observers.emit("rivalOwnership", this, address, owns);
  }

  #announceLater(router: Router, delay: number, repeat: number): void {
    if (delay === 0 || repeat === 0) return;
    const entry = { at: this.#environment.queue.now + delay, repeat };
    router.announceAt.push(entry);
    this.#later(delay, () => {
      if (!router.announceAt.includes(entry)) return;
      router.announceAt = router.announceAt.filter((one) => one !== entry);
      this.#announce(router, repeat);
    });
  }

  #announce({ config }: Router, repeat: number): void {
    for (let i = 0; i < repeat; i++) {
      for (const { address } of addressesOf(config)) {
        const bytes = new Uint8Array(ARP_FRAME_LENGTH);
        emitArp(bytes, gratuitousArp(this.mac, ipv4Of(address), "request"));
        this.#send({ from: this.mac, to: BROADCAST_MAC, kind: "garp", bytes });
      }
    }
  }

  #advertise({ config }: Router, priority: Advert["priority"]): void {
    for (const { destination, bytes } of advertPackets(config, this.spec.address, priority)) {
      const to = this.#environment.macOf(destination) ?? BROADCAST_MAC;
      this.#send({ from: this.mac, to, kind: "vrrp", bytes });
    }
  }

  #send(frame: Frame): void {
    this.#environment.network.send(this.port, frame);
  }
}

const addressesOf = (config: InstanceConfig): InstanceConfig["addresses"] => [
  ...config.addresses,
  ...config.excludedAddresses,
];

/** One advertisement for each destination of the instance. */
function advertPackets(
  config: InstanceConfig,
  source: IpAddress,
  priority: Advert["priority"],
): readonly { readonly destination: IpAddress; readonly bytes: Uint8Array }[] {
  const { router, transport, authentication } = config;
  const isUnicast = transport.kind === "unicast";
  const targets = isUnicast ? transport.peers.map((one) => one.address) : [transport.group];
  return targets.map((destination) => {
    const bytes = new Uint8Array(ADVERT_LENGTH_MAX);
    const length = emitAdvert(bytes, {
      source,
      destination,
      ttl: isUnicast ? transport.ttl : 255,
      id: 1,
      version: router.version,
      vrid: router.vrid,
      priority,
      interval: router.advertInterval,
      addresses: config.addresses.map((one) => one.address),
      password:
        authentication === undefined ? undefined : passwordData(authentication.secret.reveal()),
      checksum: config.checksum,
    });
    return { destination, bytes: bytes.slice(0, length) };
  });
}
