/**
 * The same values under the names of keepalived's exporter (github.com/mehdy/keepalived-exporter),
 * so that dashboards and alerts made for it go on showing what they did. Names, labels and numbers
 * of states are those of its documentation and its output; like there, `state` is a label of every
 * counter, so that a series ends and another begins with a change of state.
 */
import { printIp } from "#units/address";
import { eachOf, type Family, single } from "./family.ts";
import type { CheckReading, InstanceReading } from "./reading.ts";
import type { Series } from "./series.ts";

const LABELS = ["iname", "intf", "vrid", "state"];

/** keepalived has no STOP: its process has ended by then. */
const STATES: Readonly<Record<InstanceReading["snapshot"]["state"], number>> = {
  INIT: 0,
  BACKUP: 1,
  MASTER: 2,
  FAULT: 3,
  STOP: 0,
};
/** As keepalived says it: idle, running, requested termination, forcing termination. */
const RUNS: Readonly<Record<CheckReading["run"], number>> = {
  idle: 0,
  running: 1,
  terminating: 2,
  killing: 3,
};

function seriesOf({ snapshot, series }: InstanceReading): Series {
  const state = snapshot.state === "STOP" ? "INIT" : snapshot.state;
  const known = series.get("exporter", state);
  if (known !== undefined) return known;
  const { name: iname, interface: device, vrid } = snapshot;
  return series.add("exporter", state, { iname, intf: device ?? "", vrid: String(vrid), state });
}

const ofInstance = (
  name: string,
  help: string,
  value: (instance: InstanceReading) => number,
): Family => ({
  name,
  type: "counter",
  unit: "number",
  labels: LABELS,
  help,
  write: ({ instances }, put) => {
    eachOf(instances, (instance) => put(seriesOf(instance), value(instance)));
  },
});

const counter = (name: string, help: string, counted: string): Family =>
  ofInstance(name, help, ({ snapshot }) => snapshot.counters[counted] ?? 0);

const COUNTERS: readonly Family[] = [
  counter("keepalived_advertisements_received_total", "Advertisements received.", "advert_rcvd"),
  counter("keepalived_advertisements_sent_total", "Advertisements sent.", "advert_sent"),
  counter("keepalived_become_master_total", "Times it became master.", "become_master"),
  counter("keepalived_release_master_total", "Times it ceased to be master.", "release_master"),
  counter(
    "keepalived_priority_zero_received_total",
    "Advertisements with priority 0 received.",
    "pri_zero_rcvd",
  ),
  counter(
    "keepalived_priority_zero_sent_total",
    "Advertisements with priority 0 sent.",
    "pri_zero_sent",
  ),
  counter(
    "keepalived_packet_length_errors_total",
    "Packets too short or too long.",
    "packet_len_err",
  ),
  counter(
    "keepalived_advertisements_interval_errors_total",
    "Advertisements with another interval.",
    "advert_interval_err",
  ),
  counter("keepalived_ip_ttl_errors_total", "Packets with a wrong TTL.", "ip_ttl_err"),
  counter(
    "keepalived_invalid_type_received_total",
    "Packets that are no advertisement.",
    "invalid_type_rcvd",
  ),
  counter(
    "keepalived_address_list_errors_total",
    "Advertisements with other addresses.",
    "addr_list_err",
  ),
  counter(
    "keepalived_authentication_invalid_total",
    "Packets with an unknown type of authentication.",
    "invalid_authtype",
  ),
  counter(
    "keepalived_authentication_mismatch_total",
    "Packets with another type of authentication.",
    "authtype_mismatch",
  ),
  counter(
    "keepalived_authentication_failure_total",
    "Packets with another password.",
    "auth_failure",
  ),
  ofInstance(
    "keepalived_gratuitous_arp_delay_total",
    "`garp_master_delay` in seconds; a counter by its name and type alone.",
    ({ announceDelaySeconds }) => announceDelaySeconds,
  ),
];

export const KEEPALIVED_FAMILIES: readonly Family[] = [
  single(
    {
      name: "keepalived_up",
      type: "gauge",
      unit: "0 or 1",
      help: "Whether the daemon and its engine answer.",
    },
    ({ engineAnswers }) => (engineAnswers ? 1 : 0),
  ),
  {
    name: "keepalived_vrrp_state",
    type: "gauge",
    unit: "code",
    labels: ["iname", "intf", "vrid", "ip_address"],
    help: "State of the instance for each of its addresses: 0 INIT, 1 BACKUP, 2 MASTER, 3 FAULT.",
    write: ({ instances }, put) => {
      for (const { snapshot, series } of instances) {
        const { name: iname, state, addresses } = snapshot;
        for (const { address, prefix, interface: intf } of addresses) {
          const key = `${address} ${prefix} ${intf}`;
          let known = series.get("exporter address", key);
          if (known === undefined) {
            // As keepalived prints them: without the prefix of a single address.
            const ip = printIp(address);
            const ip_address = prefix === 32 ? ip : `${ip}/${prefix}`;
            const labels = { iname, intf, vrid: String(snapshot.vrid), ip_address };
            known = series.add("exporter address", key, labels);
          }
          put(known, STATES[state]);
        }
      }
    },
  },
  ...COUNTERS,
  {
    name: "keepalived_script_status",
    type: "gauge",
    unit: "0 or 1",
    labels: ["name"],
    help: "Result of a check script: 0 bad, 1 good; absent before its first result.",
    write: ({ checks, series }, put) => {
      for (const { name, result } of checks)
        if (result !== "unknown") put(series.with("name", name), result === "up" ? 1 : 0);
    },
  },
  {
    name: "keepalived_script_state",
    type: "gauge",
    unit: "code",
    labels: ["name"],
    help: "Whether a check script runs: 0 idle, 1 running, 2 asked to end, 3 being killed.",
    write: ({ checks, series }, put) => {
      for (const { name, run } of checks) put(series.with("name", name), RUNS[run]);
    },
  },
];
