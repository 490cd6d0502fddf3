/**
 * `keepalived.json` (JSON, SIGRTMIN+2). Version 1 is an array of `{ data, stats }`, as keepalived
 * 2.2.7 writes it; version 2, from 2.2.8 on, is an object with tracked processes beside them.
 */
import type { CommandPlan, NotifyPlan, ProcessTrackerPlan } from "#keepalived/plan/run-plan";
import { fromCentis, toSeconds } from "#units/time";
import type { RouterConfig } from "#vrrp/router/config";
import {
  addressLines,
  type DumpInstance,
  type DumpReading,
  dumpState,
  MASKED,
  masterInterval,
  quoteCommand,
  STATES,
  vmacOf,
  wantedState,
} from "./reading.ts";
import { countersOf } from "./stats-text.ts";

/** @param version `json_version` */
export function printDumpJson(reading: DumpReading, version: 1 | 2): string {
  const commands = new Map(reading.scripts.map(({ name, command }) => [name, command]));
  const instances = reading.instances.map((one) => ({
    data: dataOf(one, reading, commands),
    stats: Object.fromEntries(countersOf(one).map((key) => [key, one.counters[key] ?? 0])),
  }));
  const { processes } = reading.plan;
  const whole =
    version === 1
      ? instances
      : { vrrp: instances, track_process: processes.map((one) => processOf(one, reading)) };
  return `${JSON.stringify(whole)}\n`;
}

const flag = (value: boolean): 0 | 1 => (value ? 1 : 0);

/** In keepalived's order; what is undefined is left out, as there. */
function dataOf(
  one: DumpInstance,
  { wall }: DumpReading,
  commands: ReadonlyMap<string, readonly string[]>,
): object {
  const { plan, seen } = one;
  const { config, notify } = plan;
  const { router } = config;
  return {
    iname: router.name,
    dont_track_primary: flag(!router.trackPrimary),
    skip_check_adv_addr: flag(config.skipCheckAdvAddr),
    strict_mode: 0,
    vmac_ifname: vmacOf(config)?.name ?? "",
    ifp_ifname: vmacOf(config)?.name ?? seen.interface ?? "",
    master_priority: seen.standby?.master?.priority ?? 0,
    last_transition: wall(seen.since) / 1_000_000,
    ...announceOf(router),
    lower_prio_no_advert: flag(router.lowerPrioNoAdvert),
    higher_prio_send_advert: flag(router.higherPrioSendAdvert),
    vrid: router.vrid,
    base_priority: seen.basePriority,
    effective_priority: seen.effectivePriority,
    vipset: seen.addresses.some(({ owned }) => owned),
    promote_secondaries: config.promoteSecondaries === true,
    adver_int: toSeconds(fromCentis(router.advertInterval)),
    master_adver_int: masterInterval(one),
    accept: config.accept === false ? 0 : 1,
    nopreempt: !router.preempt,
    preempt_delay: toSeconds(router.preemptDelay),
    state: STATES.indexOf(dumpState(seen)),
    wantstate: STATES.indexOf(wantedState(seen)),
    version: router.version,
    smtp_alert: plan.isMailed === true,
    notify_deleted: notify.deleted !== undefined,
    ...scriptsOf(notify),
    vips: some(addressLines(one, "addresses")),
    evips: some(addressLines(one, "excludedAddresses")),
    track_ifp: some(tracked(router, "interface")),
    track_script: some(
      tracked(router, "script").map((name) => quoteCommand(commands.get(name) ?? [name])),
    ),
    track_process: some(tracked(router, "process")),
    auth_type: flag(config.authentication !== undefined),
    auth_data: config.authentication === undefined ? undefined : MASKED,
  };
}

function announceOf({ announce }: RouterConfig): object {
  return {
    garp_delay: toSeconds(announce.delay),
    garp_refresh: toSeconds(announce.refresh),
    garp_rep: announce.repeat,
    garp_refresh_rep: announce.refreshRepeat,
    garp_lower_prio_delay: toSeconds(announce.lowerPrioDelay),
    garp_lower_prio_rep: announce.lowerPrioRepeat,
  };
}

function scriptsOf({ backup, master, fault, stop, deleted, any, ...more }: NotifyPlan): object {
  const quoted = (command: CommandPlan | undefined): string | undefined =>
    command && quoteCommand(command.argv);
  return {
    script_backup: quoted(backup),
    script_master: quoted(master),
    script_fault: quoted(fault),
    script_stop: quoted(stop),
    script_deleted: quoted(deleted),
    script: quoted(any),
    script_master_rx_lower_pri: quoted(more.masterRxLowerPri),
  };
}

const tracked = ({ trackers }: RouterConfig, kind: string): readonly string[] =>
  trackers.filter((one) => one.kind === kind).map(({ name }) => name);

/** keepalived leaves a list that is empty out. */
const some = (list: readonly string[]): readonly string[] | undefined =>
  list.length === 0 ? undefined : list;

function processOf(process: ProcessTrackerPlan, { instances }: DumpReading): object {
  const { name, argv, paramMatch, quorum, quorumMax, fullCommand, ...delays } = process;
  const trackers = instances.flatMap(({ seen }) => seen.trackers);
  const found = trackers.find((one) => one.kind === "process" && one.name === name);
  return {
    process: argv[0] ?? "",
    parameters: argv.slice(1).join(" "),
    param_match: paramMatch,
    min_processes: quorum,
    max_processes: quorumMax,
    have_quorum: found?.result === "up",
    weight: found?.weight ?? 0,
    terminate_delay: toSeconds(delays.terminateDelay),
    fork_delay: toSeconds(delays.forkDelay),
    full_command: fullCommand,
  };
}
