/**
 * `--live`: the VRRP routers that are heard on the interfaces now, and how they conflict with
 * ours. It listens for as long as our own routers would wait for a master. Nothing is sent but
 * the kernel's group reports (IGMP).
 */
import { setTimeout as sleep } from "node:timers/promises";
import { type AnyFinding, finding } from "#diagnostics/diagnostic";
import { type Block, nameOf, placeOf } from "#keepalived/blocks/block";
import type { Reading } from "#keepalived/read";
import * as libc from "#linux/ffi";
import { openVrrpSocket, type VrrpSocket } from "#linux/vrrp-socket";
import { type IpAddress, printIp } from "#units/address";
import { type Centis, fromCentis, toSeconds } from "#units/time";
import { type InstanceConfig, versionOf, versionOfAddress } from "#vrrp/router/config";
import { parseAdvert, VRRP_GROUP, VRRP_GROUP_IPV6 } from "#vrrp/wire/parse-advert";

/** One router as its last advertisement described it. */
export interface HeardRouter {
  readonly interface: string;
  readonly source: IpAddress;
  readonly vrid: number;
  readonly version: 2 | 3;
  readonly priority: number;
  readonly interval: Centis;
  readonly addresses: readonly IpAddress[];
}

/** The longest time to listen, however slow our own interval is. */
const LISTEN_SECONDS_MAX = 12;
/**
 * The shortest time to listen: a router with the usual interval of one second is heard at least
 * once.
 */
const LISTEN_SECONDS_MIN = 1.2;
const PROGRESS_AFTER_SECONDS = 2;
const POLL_MILLIS = 50;

/** As long as the slowest of our routers waits for its master: three intervals and a bit. */
export function listenSeconds(instances: readonly InstanceConfig[]): number {
  const waits = instances.map(({ router }) => {
    const interval = toSeconds(fromCentis(router.advertInterval));
    return (router.downTimerAdverts + 1) * interval;
  });
  return Math.min(LISTEN_SECONDS_MAX, Math.max(LISTEN_SECONDS_MIN, ...waits));
}

export interface Listening {
  readonly report: (text: string) => void;
  /** Shows, in the language of the run, what is listened to and how many seconds are left. */
  readonly progress: (interfaces: readonly string[], seconds: number) => string;
}

export async function checkRouters(
  reading: Reading,
  own: ReadonlySet<IpAddress>,
  listening: Listening,
): Promise<readonly AnyFinding[]> {
  const instances = reading.plan.instances.map(({ config }) => config);
  return assessHearing(reading, await hearRouters(instances, own, listening));
}

/** @param own addresses of this machine, from which nothing counts as heard */
export async function hearRouters(
  instances: readonly InstanceConfig[],
  own: ReadonlySet<IpAddress>,
  listening: Listening,
): Promise<Hearing> {
  const { sockets, refused } = openSockets(instances);
  try {
    const heard =
      sockets.size === 0 ? [] : await listen(sockets, listenSeconds(instances), own, listening);
    return { heard, refused };
  } finally {
    for (const { socket } of sockets.values()) socket.close();
  }
}

/** The outcome of listening. */
export interface Hearing {
  readonly heard: readonly HeardRouter[];
  /** The first interface that could not be listened on, and the kernel's reason. */
  readonly refused: { readonly interface: string; readonly why: string } | undefined;
}

/** One for each device and IP version. */
interface DeviceSocket {
  readonly device: string;
  readonly socket: VrrpSocket;
}

interface Opened {
  readonly sockets: ReadonlyMap<string, DeviceSocket>;
  readonly refused: Hearing["refused"];
}

function openSockets(instances: readonly InstanceConfig[]): Opened {
  const sockets = new Map<string, DeviceSocket>();
  for (const config of instances) {
    const { interface: device, transport } = config;
    // Only its peers talk to it, through any device.
    if (device === undefined) continue;
    const version = versionOf(config);
    const key = `${device} ${version}`;
    let { socket } = sockets.get(key) ?? {};
    if (socket === undefined) {
      const index = libc.if_nametoindex(device);
      // A missing interface has been reported already.
      if (index === 0) continue;
      const opened = openVrrpSocket(index, device, version);
      if (!opened.ok) return { sockets, refused: { interface: device, why: opened.errno } };
      socket = opened.value;
      // Others may use multicast where ours uses unicast.
      const joined = socket.joinGroup(version === 6 ? VRRP_GROUP_IPV6 : VRRP_GROUP);
      if (!joined.ok) return { sockets, refused: { interface: device, why: joined.errno } };
      sockets.set(key, { device, socket });
    }
    if (transport.kind !== "multicast") continue;
    const joined = socket.joinGroup(transport.group);
    if (!joined.ok) return { sockets, refused: { interface: device, why: joined.errno } };
  }
  return { sockets, refused: undefined };
}

async function listen(
  sockets: ReadonlyMap<string, DeviceSocket>,
  seconds: number,
  own: ReadonlySet<IpAddress>,
  { report, progress }: Listening,
): Promise<readonly HeardRouter[]> {
  const heard = new Map<string, HeardRouter>();
  const buffer = new Uint8Array(65_536);
  const start = performance.now();
  let shownAt = 0;
  for (;;) {
    for (const { device, socket } of sockets.values()) {
      for (let size = socket.receive(buffer); size > 0; size = socket.receive(buffer)) {
        const parsed = parseAdvert(buffer, 0, size);
        if (parsed.kind !== "advert" || own.has(parsed.advert.source)) continue;
        const { source, vrid, version, priority, interval, addresses } = parsed.advert;
        const router = { interface: device, source, vrid, version, priority, interval, addresses };
        heard.set(`${device} ${vrid} ${source}`, router);
      }
    }
    const passed = (performance.now() - start) / 1000;
    if (passed >= seconds) return [...heard.values()];
    if (passed >= shownAt + PROGRESS_AFTER_SECONDS) {
      shownAt += PROGRESS_AFTER_SECONDS;
      report(`${progress(devicesOf(sockets), Math.ceil(seconds - passed))}\n`);
    }
    await sleep(Math.min(POLL_MILLIS, (seconds - passed) * 1000));
  }
}

const devicesOf = (sockets: ReadonlyMap<string, DeviceSocket>): readonly string[] => [
  ...new Set([...sockets.values()].map(({ device }) => device)),
];

/** Each router heard is reported; what it has in common with ours must agree. */
export function assessHearing(
  { model, plan }: Reading,
  { heard, refused }: Hearing,
): readonly AnyFinding[] {
  const instances = plan.instances.map(({ config }) => config);
  const blocks = new Map(model.instances.map((block) => [nameOf(block), block]));
  const found: AnyFinding[] = [];
  const unheard = instances.find(
    (one) => refused !== undefined && one.interface === refused.interface,
  );
  const place = blocks.get(unheard?.router.name ?? "");
  if (refused !== undefined && place !== undefined) {
    found.push(finding("VR5116", placeOf(place), refused));
  }
  for (const router of heard) found.push(...assessRouter(router, instances, blocks));
  return found;
}

function assessRouter(
  router: HeardRouter,
  instances: readonly InstanceConfig[],
  blocks: ReadonlyMap<string, Block>,
): readonly AnyFinding[] {
  const onDevice = instances.filter((one) => one.interface === router.interface);
  const version = versionOfAddress(router.source);
  const ours = onDevice.find(
    (one) => one.router.vrid === router.vrid && versionOf(one) === version,
  );
  const block = blocks.get((ours ?? onDevice[0])?.router.name ?? "");
  if (block === undefined) return [];
  const place = placeOf(block);
  const from = printIp(router.source);
  const theirs = router.addresses.map(printIp);
  const info = finding("VR5115", place, {
    interface: router.interface,
    vrid: router.vrid,
    from,
    version: router.version,
    priority: router.priority,
    seconds: toSeconds(fromCentis(router.interval)),
    addresses: theirs,
    instance: ours?.router.name,
  });
  return ours === undefined ? [info] : [info, ...conflicts(router, ours, block, theirs)];
}

function conflicts(
  router: HeardRouter,
  ours: InstanceConfig,
  block: Block,
  theirs: readonly string[],
): readonly AnyFinding[] {
  const place = placeOf(block);
  const from = printIp(router.source);
  const facts = { interface: router.interface, vrid: router.vrid, from, instance: nameOf(block) };
  const found: AnyFinding[] = [];
  if (router.version !== ours.router.version) {
    const versions = { differs: "version", theirs: [String(router.version)] } as const;
    found.push(
      finding("VR5113", place, { ...facts, ...versions, ours: [String(ours.router.version)] }),
    );
  }
  const own = ours.addresses.map(({ address }) => printIp(address));
  if (own.toSorted().join(" ") !== theirs.toSorted().join(" ")) {
    found.push(finding("VR5113", place, { ...facts, differs: "addresses", theirs, ours: own }));
  }
  const { advertInterval } = ours.router;
  if (router.version === ours.router.version && advertInterval !== router.interval) {
    const [mine, its] = [advertInterval, router.interval].map(fromCentis).map(toSeconds);
    const seconds = { theirs: its ?? 0, ours: mine ?? 0, version: router.version };
    found.push(finding("VR5114", place, { ...facts, ...seconds }));
  }
  return found;
}
