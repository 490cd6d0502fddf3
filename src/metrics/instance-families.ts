/** Of each instance: its state, its advertisements, its addresses, its peers. */
import { isIpv6, printIp, printMac } from "#units/address";
import { type Instant, toSeconds } from "#units/time";
import { eachOf, type Family, type Put, putOneHot, type Unit } from "./family.ts";
import { INSTANCE_LABELS } from "./instance-labels.ts";
import type { InstanceReading, MetricsReading } from "./reading.ts";
import type { Series, SeriesCache } from "./series.ts";

type Value = (instance: InstanceReading, reading: MetricsReading) => number | undefined;

const ofInstance = (
  type: "gauge" | "counter",
  name: string,
  unit: Unit,
  help: string,
  value: Value,
): Family => ({
  name,
  type,
  unit,
  labels: INSTANCE_LABELS,
  help,
  write: (reading, put) => {
    eachOf(reading.instances, (instance) => {
      const known = value(instance, reading);
      if (known !== undefined) put(instance.series.plain, known);
    });
  },
});

const counter = (name: string, help: string, counted: string): Family =>
  ofInstance("counter", name, "number", help, ({ snapshot }) => snapshot.counters[counted] ?? 0);

/** Some samples of each instance. */
const ofMany = (
  about: Omit<Family, "write" | "labels">,
  more: readonly string[],
  write: (instance: InstanceReading, put: Put, reading: MetricsReading) => void,
): Family => ({
  ...about,
  labels: [...INSTANCE_LABELS, ...more],
  write: (reading, put) => {
    eachOf(reading.instances, (instance) => write(instance, put, reading));
  },
});

const bit = (isSo: boolean): number => (isSo ? 1 : 0);
/** Came as JSON: what is not known may be null. */
const isKnown = <Value>(value: Value | undefined | null): value is Value =>
  value !== undefined && value !== null;
/** Of an instant of the engine's clock, as seconds since 1970. */
const wall = (when: Instant, { at, wallMs }: MetricsReading): number =>
  Math.round(wallMs - (at - when) / 1_000) / 1_000;

const STATES = ["INIT", "BACKUP", "MASTER", "FAULT", "STOP"] as const;

const STATE: readonly Family[] = [
  ofMany(
    {
      name: "baton_instance_state",
      type: "gauge",
      unit: "0 or 1",
      help: "1 for the state of the instance, 0 for all others.",
    },
    ["state"],
    ({ snapshot, series }, put) => putOneHot(put, series, STATES, snapshot.state),
  ),
  ofInstance(
    "gauge",
    "baton_instance_state_start_time_seconds",
    "seconds since 1970",
    "Since when the instance is in its state.",
    ({ snapshot }, reading) => wall(snapshot.since, reading),
  ),
  ofMany(
    {
      name: "baton_instance_transitions_total",
      type: "counter",
      unit: "number",
      help: "Changes of state, by the reason that `baton explain` gives; only those that happened.",
    },
    ["from", "to", "reason"],
    ({ transitions, series }, put) => {
      for (const { from, to, reason, count } of transitions) {
        const key = `${from} ${to} ${reason}`;
        const known = series.get("change", key);
        put(known ?? series.add("change", key, { ...series.labels, from, to, reason }), count);
      }
    },
  ),
  ofInstance(
    "gauge",
    "baton_instance_effective_priority",
    "priority",
    "The priority that is advertised: the configured one with what trackers add.",
    ({ snapshot }) => snapshot.effectivePriority,
  ),
  ofInstance(
    "gauge",
    "baton_instance_base_priority",
    "priority",
    "The configured priority.",
    ({ snapshot }) => snapshot.basePriority,
  ),
  ofInstance(
    "gauge",
    "baton_instance_link_up",
    "0 or 1",
    "Whether the link of the interface is up.",
    ({ snapshot }) => bit(snapshot.linkUp),
  ),
  ofInstance(
    "gauge",
    "baton_instance_advertisement_interval_seconds",
    "seconds",
    "The configured interval of advertisements.",
    ({ snapshot }) => snapshot.advertInterval,
  ),
  ofInstance(
    "gauge",
    "baton_instance_held_down_seconds",
    "seconds",
    "How much longer `hold_down` keeps the instance from taking over from a weaker master.",
    ({ snapshot: { holdDown } }, { at }) =>
      isKnown(holdDown?.until) ? Math.max(0, (holdDown.until - at) / 1_000_000) : 0,
  ),
];

const LEASE: readonly Family[] = [
  ofInstance(
    "gauge",
    "baton_instance_lease_seconds",
    "seconds",
    "How long the kernel keeps the addresses if the daemon stops running.",
    ({ snapshot }) => toSeconds(snapshot.lease.micros),
  ),
  ofInstance(
    "gauge",
    "baton_instance_lease_left_seconds",
    "seconds",
    "What is left of the lease now; MASTER only.",
    ({ snapshot: { lease } }) =>
      isKnown(lease.leftMicros) ? toSeconds(lease.leftMicros) : undefined,
  ),
  ofInstance(
    "gauge",
    "baton_instance_take_over_seconds",
    "seconds",
    "The earliest take-over by a peer after the last advertisement of this node.",
    ({ snapshot }) => toSeconds(snapshot.lease.takeOverMicros),
  ),
];

/** Kinds of `refused` that were accepted all the same. */
const WARNINGS: ReadonlySet<string> = new Set(["address-list-mismatch", "interval-differs"]);

const ofRefused = (name: string, help: string, isMeant: (kind: string) => boolean): Family =>
  ofMany(
    { name, type: "counter", unit: "number", help },
    ["reason"],
    ({ snapshot, series }, put) => {
      const { refused = {} } = snapshot;
      for (const kind in refused)
        if (isMeant(kind)) put(series.with("reason", kind), refused[kind] ?? 0);
    },
  );

const ADVERTISEMENTS: readonly Family[] = [
  counter(
    "baton_advertisements_sent_total",
    "Advertisements sent, each to each unicast peer.",
    "advert_sent",
  ),
  counter("baton_advertisements_received_total", "Advertisements accepted.", "advert_rcvd"),
  ofRefused(
    "baton_advertisements_refused_total",
    "Advertisements refused, by reason; only those that happened.",
    (kind) => !WARNINGS.has(kind),
  ),
  ofRefused(
    "baton_advertisements_with_warning_total",
    "Advertisements accepted although something is not as configured here; only those that happened.",
    (kind) => WARNINGS.has(kind),
  ),
  counter(
    "baton_advertisements_priority_zero_sent_total",
    "Advertisements with priority 0 sent: the addresses were handed over.",
    "pri_zero_sent",
  ),
  counter(
    "baton_advertisements_priority_zero_received_total",
    "Advertisements with priority 0 accepted: the master handed over.",
    "pri_zero_rcvd",
  ),
  counter(
    "baton_send_errors_total",
    "Advertisements and announcements that the kernel did not send.",
    "send_errors",
  ),
  counter("baton_become_master_total", "Times the instance became MASTER.", "become_master"),
  counter(
    "baton_release_master_total",
    "Times the instance ceased to be MASTER.",
    "release_master",
  ),
];

const ADDRESS_LABELS = ["address", "device"];
type Address = InstanceReading["snapshot"]["addresses"][number];

function addressSeries(series: SeriesCache, one: Address): Series {
  const { address, prefix, interface: device } = one;
  // Below 2^38, or a text. A device may be called as a kind is: none of those has such keys but
  // peers.
  const key = isIpv6(address) ? `${address}/${prefix}` : address * 64 + prefix;
  const kind = device === "peer" ? "device peer" : device;
  const known = series.get(kind, key);
  if (known !== undefined) return known;
  const printed = `${printIp(address)}/${prefix}`;
  return series.add(kind, key, { ...series.labels, address: printed, device });
}

const ofAddress = (
  name: string,
  unit: Unit,
  help: string,
  value: (address: Address, reading: MetricsReading) => number | undefined,
): Family =>
  ofMany(
    { name, type: "gauge", unit, help },
    ADDRESS_LABELS,
    ({ snapshot, series }, put, reading) => {
      for (const address of snapshot.addresses) {
        const known = value(address, reading);
        if (known !== undefined) put(addressSeries(series, address), known);
      }
    },
  );

const ADDRESSES: readonly Family[] = [
  ofAddress(
    "baton_address_owned",
    "0 or 1",
    "Whether this node has put the address on the device.",
    ({ owned }) => bit(owned),
  ),
  ofAddress(
    "baton_address_last_announcement_timestamp_seconds",
    "seconds since 1970",
    "When the address was last announced (gratuitous ARP); absent if it never was.",
    ({ announcedAt }, reading) => (isKnown(announcedAt) ? wall(announcedAt, reading) : undefined),
  ),
  ofAddress(
    "baton_address_foreign_devices",
    "number",
    "Devices of this machine that have the address although Baton has not put it there.",
    ({ foreign }) => foreign.length,
  ),
  ofAddress(
    "baton_address_error",
    "0 or 1",
    "Whether the kernel refused what was last asked for this address.",
    ({ error }) => bit(isKnown(error)),
  ),
  counter(
    "baton_announcements_sent_total",
    "Announcements (gratuitous ARP) sent.",
    "announcements_sent",
  ),
  counter(
    "baton_addresses_restored_total",
    "Times an address of ours was removed by somebody else and put back.",
    "address_restored",
  ),
  counter(
    "baton_foreign_addresses_total",
    "Times one of the addresses appeared on this machine that Baton had not put there.",
    "foreign_address",
  ),
  counter(
    "baton_address_claims_total",
    "ARP frames in which another machine had an address that this node owns.",
    "foreign_claims",
  ),
  ofMany(
    {
      name: "baton_address_claimed",
      type: "gauge",
      unit: "0 or 1",
      help: "1 while another machine claims an address that this node owns; absent otherwise.",
    },
    ["address", "mac"],
    ({ snapshot: { claim }, series }, put) => {
      if (!isKnown(claim)) return;
      const mac = isKnown(claim.mac) ? printMac(claim.mac) : "";
      const address = printIp(claim.address);
      const key = `${address} ${mac}`;
      const known = series.get("claim", key);
      put(known ?? series.add("claim", key, { ...series.labels, address, mac }), 1);
    },
  ),
];

type Peer = InstanceReading["snapshot"]["peers"][number];

function peerSeries(series: SeriesCache, { address }: Peer): Series {
  const known = series.get("peer", address);
  return known ?? series.add("peer", address, { ...series.labels, peer: printIp(address) });
}

const ofPeer = (
  name: string,
  unit: Unit,
  help: string,
  value: (peer: Peer, instance: InstanceReading, reading: MetricsReading) => number | undefined,
): Family =>
  ofMany({ name, type: "gauge", unit, help }, ["peer"], (one, put, reading) => {
    eachOf(one.snapshot.peers, (peer) => {
      const known = value(peer, one, reading);
      if (known !== undefined) put(peerSeries(one.series, peer), known);
    });
  });

const PEERS: readonly Family[] = [
  ofInstance(
    "gauge",
    "baton_master_heard",
    "0 or 1",
    "Whether another node is heard as master; BACKUP only.",
    ({ snapshot: { standby } }) => (isKnown(standby) ? bit(isKnown(standby.master)) : undefined),
  ),
  ofInstance(
    "gauge",
    "baton_master_down_left_seconds",
    "seconds",
    "How long until this node takes over if no advertisement comes; BACKUP only.",
    ({ snapshot: { standby } }, { at }) =>
      isKnown(standby) ? Math.max(0, (standby.masterDownAt - at) / 1_000_000) : undefined,
  ),
  ofInstance(
    "gauge",
    "baton_peers_heard",
    "number",
    "Addresses heard sending advertisements within the last four intervals.",
    ({ snapshot: { peers, advertInterval } }, { at }) =>
      peers.filter(
        ({ heardAt }) => isKnown(heardAt) && at - heardAt <= 4 * advertInterval * 1_000_000,
      ).length,
  ),
  ofPeer(
    "baton_peer_last_heard_timestamp_seconds",
    "seconds since 1970",
    "When this address last sent an advertisement that was accepted; a BACKUP sends none.",
    ({ heardAt }, _, reading) => (isKnown(heardAt) ? wall(heardAt, reading) : undefined),
  ),
  ofPeer(
    "baton_peer_priority",
    "priority",
    "The priority in its last advertisement.",
    ({ priority }) => (isKnown(priority) ? priority : undefined),
  ),
  ofPeer(
    "baton_peer_unreachable",
    "0 or 1",
    "Whether a unicast peer does not answer ARP, so that no advertisement reaches it; MASTER only.",
    ({ configured, unresolvedSince }, { snapshot }) =>
      configured && snapshot.state === "MASTER" ? bit(isKnown(unresolvedSince)) : undefined,
  ),
];

type Tracker = InstanceReading["snapshot"]["trackers"][number];

function trackerSeries(series: SeriesCache, { kind, name }: Tracker): Series {
  const key = `${kind} ${name}`;
  const known = series.get("tracker", key);
  return known ?? series.add("tracker", key, { ...series.labels, kind, name });
}

const TRACKERS: readonly Family[] = [
  ofMany(
    {
      name: "baton_tracker_effect",
      type: "gauge",
      unit: "number",
      help: "What a tracker adds to the priority now; absent while it holds the instance in FAULT.",
    },
    ["kind", "name"],
    ({ snapshot: { trackers }, series }, put) => {
      for (const one of trackers)
        if (one.effect !== "fault") put(trackerSeries(series, one), one.effect);
    },
  ),
  ofMany(
    {
      name: "baton_tracker_fault",
      type: "gauge",
      unit: "0 or 1",
      help: "Whether a tracker holds the instance in FAULT.",
    },
    ["kind", "name"],
    ({ snapshot: { trackers }, series }, put) => {
      for (const one of trackers) put(trackerSeries(series, one), bit(one.effect === "fault"));
    },
  ),
];

export const INSTANCE_FAMILIES: readonly Family[] = [
  ...STATE,
  ...LEASE,
  ...ADVERTISEMENTS,
  ...ADDRESSES,
  ...PEERS,
  ...TRACKERS,
];
