/** `keepalived.data` (SIGUSR1), in keepalived 2.2.7's form. */
import type { CommandPlan, Globals, GroupPlan, NotifyPlan } from "#keepalived/plan/run-plan";
import { printIp } from "#units/address";
import { fromCentis, type Micros, toMillis, toSeconds } from "#units/time";
import type { InstanceConfig, RouterConfig, TrackerConfig } from "#vrrp/router/config";
import { masterDown } from "#vrrp/router/timing";
import { block, list, printWeight, section } from "./lines.ts";
import {
  addressLines,
  type DumpInstance,
  type DumpReading,
  dumpState,
  MASKED,
  masterInterval,
  quoteCommand,
  vmacOf,
  wantedState,
} from "./reading.ts";
import { trackerSections } from "./tracker-text.ts";

export function printData(reading: DumpReading): string {
  const { plan, instances } = reading;
  const groups = Map.groupBy(instances, (one) => one.plan.config.group ?? "");
  const lines = [
    ...section("Global definitions", globalLines(plan.globals)),
    ...section(
      "VRRP Topology",
      instances.flatMap((one) => instanceLines(one, reading)),
    ),
    ...section(
      "VRRP Sync groups",
      plan.groups.flatMap((group) => groupLines(group, groups.get(group.name) ?? [])),
    ),
    ...trackerSections(reading),
  ];
  return `${lines.join("\n")}\n`;
}

function globalLines({ routerId, dumps, ...globals }: Globals): readonly string[] {
  return [
    ...(dumps?.instance === undefined ? [] : [` Instance name = ${dumps.instance}`]),
    ...(routerId === undefined ? [] : [` Router ID = ${routerId}`]),
    ...(dumps?.instance === undefined ? [] : [" Use instance name in data dumps"]),
    ` Script security ${globals.enableScriptSecurity ? "enabled" : "disabled"}`,
  ];
}

function interfaceLines({ plan: { config }, seen }: DumpInstance): readonly string[] {
  const vmac = vmacOf(config);
  if (vmac === undefined) return [`Interface = ${seen.interface ?? "(none)"}`];
  const isBase = config.advertisesBy === undefined;
  return [
    `Use VMAC, i/f name ${vmac.name}, is_up = ${seen.linkUp}, xmit_base = ${isBase}`,
    `Interface = ${vmac.name}, vmac on ${vmac.base}${isBase ? ", xmit base i/f" : ""}`,
  ];
}

function instanceLines(one: DumpInstance, reading: DumpReading): readonly string[] {
  const { plan, seen } = one;
  const { config, notify } = plan;
  const { router } = config;
  return block(`VRRP Instance = ${router.name}`, [
    `VRRP Version = ${router.version}`,
    ...(config.group === undefined ? [] : [`Sync group = ${config.group}`]),
    ...stateLines(one, reading),
    ...interfaceLines(one),
    ...(router.trackPrimary ? [] : ["VRRP interface tracking disabled"]),
    ...(config.skipCheckAdvAddr ? ["Skip checking advert IP addresses"] : []),
    ...sourceLines(one),
    ...announceLines(router),
    `Down timer adverts = ${router.downTimerAdverts}`,
    `Send advert after receive lower priority advert = ${!router.lowerPrioNoAdvert}`,
    `Send advert after receive higher priority advert = ${router.higherPrioSendAdvert}`,
    `Virtual Router ID = ${router.vrid}`,
    `Priority = ${seen.basePriority}`,
    `Effective priority = ${seen.effectivePriority}`,
    `Total priority = ${seen.effectivePriority}`,
    ...intervalLines(one),
    `Accept = ${config.accept === false ? "disabled" : "enabled"}`,
    `Preempt = ${router.preempt ? "enabled" : "disabled"}`,
    ...(router.preemptDelay > 0 ? [`Preempt delay = ${toSeconds(router.preemptDelay)} secs`] : []),
    `Promote_secondaries = ${config.promoteSecondaries === true ? "enabled" : "disabled"}`,
    ...authenticationLines(config),
    ...addressBlocks(one),
    ...unicastLines(config),
    ...trackerLines(router.trackers),
    `Using smtp notification = ${plan.isMailed === true ? "yes" : "no"}`,
    `Notify deleted = ${notify.deleted === undefined ? "Fault" : "Deleted"}`,
    ...scriptLines(notify),
    `Notify priority changes = ${notify.priorityChanges}`,
  ]);
}

function stateLines(one: DumpInstance, { wall }: DumpReading): readonly string[] {
  const { plan, seen } = one;
  const { router } = plan.config;
  const { standby, deadline, faults, trackers } = seen;
  const master = standby?.master;
  const waits = standby?.masterDownMicros ?? downTime(router, seen.effectivePriority);
  const unknown = trackers.filter(({ kind, result }) => kind === "script" && result === "unknown");
  const own = faults.filter(({ kind }) => kind !== "group");
  return [
    `State = ${dumpState(seen)}`,
    ...(master === undefined
      ? []
      : [
          `Master router = ${printIp(master.address)}`,
          `Master priority = ${master.priority}`,
          ...(router.version === 3
            ? [`Master advert int = ${masterInterval(one).toFixed(2)} sec`]
            : []),
        ]),
    ...flagLines(one.plan.config),
    `Wantstate = ${wantedState(seen)}`,
    "Number of config faults = 0",
    `Number of interface and track script faults = ${own.length}`,
    `Number of track scripts init = ${unknown.length}`,
    `Last transition = ${printTime(wall(seen.since))}`,
    `Read timeout = ${deadline === undefined ? "DISABLED" : printTime(wall(deadline))}`,
    `Master down timer = ${waits} usecs`,
  ];
}

/** keepalived has more flags than names for them. */
function flagLines({ router, transport, skipCheckAdvAddr }: InstanceConfig): readonly string[] {
  if (transport.kind === "unicast") return ["Flags:", "  Using unicast"];
  const isFlagged =
    !router.preempt || !router.trackPrimary || skipCheckAdvAddr || transport.trackSource === true;
  return [isFlagged ? "Flags:" : "Flags: none"];
}

const downTime = (router: RouterConfig, priority: number): Micros =>
  masterDown(router, router.advertInterval, priority);

function sourceLines({ plan, seen }: DumpInstance): readonly string[] {
  const { transport } = plan.config;
  const source = seen.source === undefined ? "(none)" : printIp(seen.source);
  return [
    `Using src_ip = ${source}${transport.source === undefined ? "" : " (from configuration)"}`,
    ...(transport.kind === "multicast" ? [`Multicast address ${printIp(transport.group)}`] : []),
  ];
}

const announceLines = ({ announce }: RouterConfig): readonly string[] => [
  `Gratuitous ARP delay = ${toSeconds(announce.delay)}`,
  `Gratuitous ARP repeat = ${announce.repeat}`,
  `Gratuitous ARP refresh = ${toSeconds(announce.refresh)}`,
  `Gratuitous ARP refresh repeat = ${announce.refreshRepeat}`,
  `Gratuitous ARP lower priority delay = ${toSeconds(announce.lowerPrioDelay)}`,
  `Gratuitous ARP lower priority repeat = ${announce.lowerPrioRepeat}`,
];

function intervalLines(one: DumpInstance): readonly string[] {
  const { router } = one.plan.config;
  const own = fromCentis(router.advertInterval);
  if (router.version === 2) return [`Advert interval = ${toSeconds(own)} sec`];
  return [
    `Advert interval = ${toMillis(own)} milli-sec`,
    ...(one.seen.standby?.master === undefined
      ? []
      : [`Master advert interval = ${Math.round(masterInterval(one) * 1_000)} milli-sec`]),
  ];
}

function authenticationLines({ router, authentication }: InstanceConfig): readonly string[] {
  if (router.version === 3) return [];
  if (authentication === undefined) return ["Authentication type = none"];
  return ["Authentication type = SIMPLE_PASSWORD", `Password = ${MASKED}`];
}

function addressBlocks(one: DumpInstance): readonly string[] {
  const addresses = addressLines(one, "addresses");
  const excluded = addressLines(one, "excludedAddresses");
  return [
    ...list(`Virtual IP (${addresses.length}):`, addresses),
    ...list("Virtual IP Excluded :", excluded),
  ];
}

function unicastLines({ transport, checksum }: InstanceConfig): readonly string[] {
  if (transport.kind !== "unicast") return [];
  const peers = transport.peers.map(
    ({ address, minTtl = 0, maxTtl = 255 }) =>
      `${printIp(address)} min_ttl ${minTtl} max_ttl ${maxTtl}`,
  );
  return [
    `Unicast TTL = ${transport.ttl}`,
    `Check unicast src : ${transport.checkSource ? "yes" : "no"}`,
    ...list("Unicast Peer :", peers),
    `Unicast checksum compatibility = ${checksum === "no-pseudo-header" ? "yes" : "no"}`,
  ];
}

const TRACKED = [
  ["Tracked interfaces :", "interface", ""],
  ["Tracked scripts :", "script", ""],
  ["Tracked files :", "file", ","],
  ["Tracked processes :", "process", ","],
  ["Tracked BFDs :", "bfd", ":"],
] as const;

const trackerLines = (trackers: readonly TrackerConfig[]): readonly string[] =>
  TRACKED.flatMap(([title, kind, comma]) => {
    const ofKind = trackers.filter((one) => one.kind === kind);
    return list(
      title,
      ofKind.map((one) => `${one.name}${comma} ${printWeight(one)}`),
    );
  });

function scriptLines(notify: NotifyPlan): readonly string[] {
  const scripts: readonly (readonly [string, CommandPlan | undefined])[] = [
    ["Backup state", notify.backup],
    ["Master state", notify.master],
    ["Fault state", notify.fault],
    ["Stop state", notify.stop],
    ["Deleted state", notify.deleted],
    ["Generic state", notify.any],
    ["Master rx lower pri state", notify.masterRxLowerPri],
  ];
  return scripts.flatMap(([what, command]) =>
    command === undefined ? [] : [`${what} transition script = ${quoteCommand(command.argv)}`],
  );
}

function groupLines(
  { name, members, isMailed, notify }: GroupPlan,
  inside: readonly DumpInstance[],
): readonly string[] {
  const states = inside.map(({ seen }) => dumpState(seen));
  const faults = inside.filter(({ seen }) => seen.faults.some(({ kind }) => kind !== "group"));
  const [first = "INIT"] = states;
  const mixed = states.includes("FAULT") ? "FAULT" : "BACKUP";
  const state = states.every((one) => one === first) ? first : mixed;
  const starting = states.filter((one) => one === "INIT").length;
  return block(`VRRP Sync Group = ${name}, ${state}`, [
    `Num member fault ${faults.length}, num member init ${starting}`,
    ...list("VRRP member instances :", members),
    `Using smtp notification = ${isMailed === true ? "yes" : "no"}`,
    ...scriptLines(notify),
  ]);
}

const DAYS = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"] as const;
const MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");

/** `1796086000.594805 (Tue Dec  1 00:46:40.594805 2026)`: ctime(3) in local time. */
export function printTime(wallMicros: number): string {
  const seconds = Math.floor(wallMicros / 1_000_000);
  const fraction = String(wallMicros - seconds * 1_000_000).padStart(6, "0");
  const at = new Date(seconds * 1_000);
  const time = [at.getHours(), at.getMinutes(), at.getSeconds()]
    .map((part) => String(part).padStart(2, "0"))
    .join(":");
  const day = `${DAYS[at.getDay()]} ${MONTHS[at.getMonth()]} ${String(at.getDate()).padStart(2)}`;
  return `${seconds}.${fraction} (${day} ${time}.${fraction} ${at.getFullYear()})`;
}
