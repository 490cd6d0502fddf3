/** Every effective value with where it comes from: `baton config show --effective`. */

import type { Span } from "#diagnostics/source";
import { isIpv6, printIp } from "#units/address";
import type { Micros } from "#units/time";
import type { InstanceConfig, SigningConfig } from "#vrrp/router/config";
import { type Block, lastSetting } from "./blocks/block.ts";
import type { GarpPreset } from "./keywords/garp-presets.ts";
import { garpPresetOf } from "./model/effective.ts";
import { find, type Model } from "./model/model.ts";
import { apiBlock, printApiAddress } from "./plan/api.ts";
import { printCheckTarget } from "./plan/checks.ts";
import { eventsBlock } from "./plan/events.ts";
import { printGate } from "./plan/gate.ts";
import { printHavip } from "./plan/havip.ts";
import type { CommandPlan, DumpPlan, InstancePlan, RunPlan } from "./plan/run-plan.ts";

export type Origin =
  | { readonly kind: "place"; readonly span: Span }
  | { readonly kind: "default" }
  /** `garp_preset NAME`, chosen there. */
  | { readonly kind: "preset"; readonly name: string; readonly span: Span }
  /** keepalived's correction: the file says something else there. */
  | { readonly kind: "corrected"; readonly span: Span };

export interface ShownValue {
  readonly keyword: string;
  readonly value: string;
  readonly origin: Origin;
}

export interface ShownBlock {
  readonly title: string;
  readonly values: readonly ShownValue[];
}

export function showEffective(plan: RunPlan, model: Model): readonly ShownBlock[] {
  return [
    ...showApi(plan.api, model),
    ...showEvents(plan.events, model),
    ...showDumps(plan.globals.dumps, model),
    ...plan.scripts.map((script): ShownBlock => {
      const block = find(model.scripts, script.name);
      const row = rowsOf(block, model.globals);
      return {
        title: `vrrp_script ${script.name}`,
        values: [
          row("script", printCommand(script.command)),
          row("interval", seconds(script.interval)),
          row("timeout", seconds(script.timeout)),
          row("rise", String(script.rise)),
          row("fall", String(script.fall)),
          ...(script.command.user === undefined
            ? []
            : [row("user", script.command.user.user, "script_user")]),
          ...(script.initFail ? [row("init_fail", "")] : []),
        ],
      };
    }),
    ...(plan.checks ?? []).map((check): ShownBlock => {
      const row = rowsOf(find(model.checks, check.name), undefined);
      return {
        title: `check ${check.name}`,
        values: [
          row(check.target.kind, printCheckTarget(check.target)),
          row("interval", seconds(check.interval)),
          row("timeout", seconds(check.timeout)),
          row("rise", String(check.rise)),
          row("fall", String(check.fall)),
          ...(check.initFail ? [row("init_fail", "")] : []),
        ],
      };
    }),
    ...plan.instances.map((instance) => showInstance(instance, model)),
    ...plan.groups.map((group): ShownBlock => {
      const block = find(model.groups, group.name);
      const row = rowsOf(block, undefined);
      const values = [
        row("group", group.members.join(" ")),
        ...notifyRows(row, group.notify),
        ...gateRows(row, group.gate),
      ];
      return { title: `vrrp_sync_group ${group.name}`, values };
    }),
  ];
}

function showApi(api: RunPlan["api"], model: Model): readonly ShownBlock[] {
  if (api === undefined) return [];
  const row = rowsOf(apiBlock(model), undefined);
  const { certFile, keyFile, clientCaFile } = api.tls ?? {};
  const tls = [
    ...(certFile === undefined ? [] : [`cert_file ${certFile}`]),
    ...(keyFile === undefined ? [] : [`key_file ${keyFile}`]),
    ...(clientCaFile === undefined ? [] : [`client_ca_file ${clientCaFile}`]),
  ];
  const values = [
    ...api.listen.map((one) => row("listen", printApiAddress(one))),
    row("token_file", api.tokenFile ?? "none"),
    row("tls", tls.length === 0 ? "off" : tls.join(" ")),
  ];
  return [{ title: "api", values }];
}

function showEvents(events: RunPlan["events"], model: Model): readonly ShownBlock[] {
  if (events === undefined) return [];
  const row = rowsOf(eventsBlock(model), undefined);
  if (events.isOff) return [{ title: "events", values: [row("off", "")] }];
  const { hours, bytes, entries } = events;
  const values = [
    row("keep", hours === undefined ? "400d" : hours % 24 === 0 ? `${hours / 24}d` : `${hours}h`),
    row("max_size", bytes === undefined ? "64M" : `${bytes / 1_048_576}M`),
    row("max_entries", String(entries ?? 100_000)),
  ];
  return [{ title: "events", values }];
}

function showDumps(dumps: DumpPlan | undefined, model: Model): readonly ShownBlock[] {
  if (dumps === undefined) return [];
  const row = rowsOf(model.globals, undefined);
  const values = [
    row("state_dump_file", dumps.stateFile ?? "/tmp/keepalived.data"),
    row("stats_dump_file", dumps.statsFile ?? "/tmp/keepalived.stats"),
    row("json_dump_file", dumps.jsonFile ?? "/tmp/keepalived.json"),
    row("json_version", String(dumps.jsonVersion ?? 1)),
    ...(dumps.instance === undefined ? [] : [row("data_use_instance", "on")]),
  ];
  return [{ title: "global_defs", values }];
}

type Row = (keyword: string, value: string, global?: string) => ShownValue;

/** The instance's own line, else the global one, else the default. */
function rowsOf(block: Block | undefined, globals: Block | undefined): Row {
  return (keyword, value, global) => {
    const own = block && lastSetting(block, keyword);
    const inherited = globals && lastSetting(globals, global ?? `vrrp_${keyword}`);
    const setting = own ?? inherited;
    if (setting === undefined) return { keyword, value, origin: { kind: "default" } };
    const written = setting.args[0]?.text;
    const { span } = setting.token;
    const same =
      setting.keyword.takes.kind !== "integer" && setting.keyword.takes.kind !== "decimal";
    const kept = same || written === undefined || Number(written) === Number(value);
    return { keyword, value, origin: { kind: kept ? "place" : "corrected", span } };
  };
}

const gateRows = (row: Row, gate: InstancePlan["gate"]): readonly ShownValue[] =>
  gate === undefined ? [] : [row("gate", printGate(gate))];

function showInstance({ config, notify, havip, gate }: InstancePlan, model: Model): ShownBlock {
  const block = find(model.instances, config.router.name);
  const row = rowsOf(block, model.globals);
  return {
    title: `vrrp_instance ${config.router.name}`,
    values: [
      row("interface", config.interface ?? "any"),
      row("virtual_router_id", String(config.router.vrid)),
      row("version", String(config.router.version)),
      row("priority", String(config.router.priority)),
      row("advert_int", String(config.router.advertInterval / 100)),
      row("down_timer_adverts", String(config.router.downTimerAdverts)),
      row(config.router.preempt ? "preempt" : "nopreempt", ""),
      row("preempt_delay", seconds(config.router.preemptDelay)),
      row("hold_down", printHoldDown(config)),
      row("startup_delay", seconds(config.router.startupDelay)),
      ...transportRows(row, config),
      row("authentication", config.authentication === undefined ? "none" : "PASS ********"),
      ...(config.signing === undefined ? [] : [row("auth_hmac", printSigning(config.signing))]),
      row("skip_check_adv_addr", onOff(config.skipCheckAdvAddr)),
      row("lower_prio_no_advert", onOff(config.router.lowerPrioNoAdvert)),
      row("higher_prio_send_advert", onOff(config.router.higherPrioSendAdvert)),
      row("dont_track_primary", onOff(!config.router.trackPrimary)),
      ...announceRows(presetRow(row, block, model), config),
      row("handover", config.router.handover.replaceAll("-", "_"), "handover"),
      row("virtual_ipaddress", addresses(config.addresses)),
      ...(config.excludedAddresses.length === 0
        ? []
        : [row("virtual_ipaddress_excluded", addresses(config.excludedAddresses))]),
      ...trackerRows(row, config),
      ...notifyRows(row, notify),
      ...(havip === undefined ? [] : [row("havip", printHavip(havip), "havip")]),
      ...gateRows(row, gate),
    ],
  };
}

const printSigning = ({ keys, active, ...rest }: SigningConfig): string =>
  [
    `key ${keys.map(({ id }) => id).join(", ")}`,
    `active_key ${active}`,
    `mode ${rest.mode}`,
    `anti_replay ${rest.antiReplay}`,
    ...(rest.antiReplay === "time" ? [`time_window ${rest.window}`] : []),
  ].join("; ");

/** What no keyword says comes from the preset, if there is one. `vrrp_min_garp` goes before it. */
function presetRow(row: Row, block: Block | undefined, model: Model): Row {
  const setting =
    (block && lastSetting(block, "garp_preset")) ?? lastSetting(model.globals, "garp_preset");
  const preset = block && garpPresetOf(block, model);
  if (setting === undefined || preset === undefined) return row;
  return (keyword, value, global) => {
    const shown = row(keyword, value, global);
    const isOurs = PRESET_SAYS[keyword]?.(preset) === value;
    return shown.origin.kind === "default" && isOurs
      ? { ...shown, origin: { kind: "preset", name: preset.name, span: setting.token.span } }
      : shown;
  };
}

/** The keywords that a preset sets, and its values as they are shown. */
const PRESET_SAYS: Readonly<Record<string, (preset: GarpPreset) => string>> = {
  garp_master_delay: (preset) => String(preset.garp_master_delay),
  garp_master_repeat: (preset) => String(preset.garp_master_repeat),
  garp_master_refresh: (preset) => String(preset.garp_master_refresh),
  garp_lower_prio_delay: (preset) => String(preset.garp_master_delay),
  garp_lower_prio_repeat: (preset) => String(preset.garp_master_repeat),
  garp_rate: (preset) => preset.garp_rate?.join(" ") ?? NO_LIMIT,
};
const NO_LIMIT = "no limit";

function printHoldDown({ router: { holdDown } }: InstanceConfig): string {
  return holdDown === undefined ? "off" : `${seconds(holdDown.first)} ${seconds(holdDown.max)}`;
}

function transportRows(row: Row, { transport }: InstanceConfig): readonly ShownValue[] {
  const source = transport.source === undefined ? "primary address" : printIp(transport.source);
  if (transport.kind === "multicast") {
    const group = isIpv6(transport.group) ? "mcast_group6" : "mcast_group4";
    return [row("mcast_src_ip", source), row(group, printIp(transport.group))];
  }
  const peers = transport.peers.map(({ address }) => printIp(address)).join(" ");
  return [
    row("unicast_src_ip", source),
    row("unicast_peer", peers),
    row("unicast_ttl", String(transport.ttl)),
    row("check_unicast_src", onOff(transport.checkSource)),
  ];
}

function announceRows(row: Row, config: InstanceConfig): readonly ShownValue[] {
  const { announce } = config.router;
  const { burst, perSecond } = config.pacing;
  return [
    row("garp_master_delay", seconds(announce.delay)),
    row("garp_master_repeat", String(announce.repeat)),
    row("garp_master_refresh", seconds(announce.refresh)),
    row("garp_master_refresh_repeat", String(announce.refreshRepeat)),
    row("garp_lower_prio_delay", seconds(announce.lowerPrioDelay)),
    row("garp_lower_prio_repeat", String(announce.lowerPrioRepeat)),
    row(config.family === 6 ? "gna_interval" : "garp_interval", seconds(config.pacing.gap)),
    row("garp_form", config.arp, "garp_form"),
    row(
      "garp_rate",
      burst === 0 && perSecond === 0 ? NO_LIMIT : `${burst} ${perSecond}`,
      "garp_rate",
    ),
  ];
}

function trackerRows(row: Row, config: InstanceConfig): readonly ShownValue[] {
  return config.router.trackers.map(({ kind, name, weight, reverse }) =>
    row(
      `track_${kind}`,
      weight === 0
        ? `${name} (failure is FAULT)`
        : `${name} weight ${weight}${reverse ? " reverse" : ""}`,
    ),
  );
}

function notifyRows(row: Row, notify: InstancePlan["notify"]): readonly ShownValue[] {
  const commands: readonly (readonly [string, CommandPlan | undefined])[] = [
    ["notify_master", notify.master],
    ["notify_backup", notify.backup],
    ["notify_fault", notify.fault],
    ["notify_stop", notify.stop],
    ["notify_deleted", notify.deleted],
    ["notify_master_rx_lower_pri", notify.masterRxLowerPri],
    ["notify", notify.any],
  ];
  const timeout = commands.find(([, command]) => command?.timeout !== undefined)?.[1]?.timeout;
  return [
    ...commands.flatMap(([keyword, command]) =>
      command === undefined ? [] : [row(keyword, printCommand(command))],
    ),
    ...(timeout === undefined ? [] : [row("notify_timeout", seconds(timeout), "notify_timeout")]),
  ];
}

const onOff = (value: boolean): string => (value ? "on" : "off");
const seconds = (value: Micros): string => String(value / 1_000_000);
const addresses = (items: InstanceConfig["addresses"]): string =>
  items.map(({ address, prefix }) => `${printIp(address)}/${prefix}`).join(" ");

function printCommand(command: CommandPlan): string {
  const args = command.argv.map((word) =>
    /[^A-Za-z0-9_./:=,@%+-]/.test(word) ? `'${word}'` : word,
  );
  return args.join(" ");
}
