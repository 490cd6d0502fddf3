/**
 * `global_defs`: firewall, scheduling, buffers, files, other services. Little of it concerns Baton.
 */
import {
  boolean,
  choice,
  command,
  flag,
  INT_MAX,
  integer,
  type Keyword,
  less,
  maybeInteger,
  quiet,
  text,
  texts,
  yes,
} from "./keyword.ts";

export const FILTER: readonly Keyword[] = [
  {
    word: "vrrp_iptables",
    takes: texts(0, 2),
    since: "1.2.20",
    acts: quiet("kernel"),
    purpose: "iptables chains for `no_accept`",
  },
  {
    word: "vrrp_ipsets",
    takes: texts(0, 5),
    since: "1.2.20",
    acts: quiet("kernel"),
    purpose: "ipsets for `no_accept`",
  },
  {
    word: "nftables",
    takes: texts(0, 1),
    since: "2.0.11",
    default: "keepalived",
    acts: quiet("kernel"),
    purpose: "nftables table for `no_accept`",
  },
  {
    word: "nftables_priority",
    takes: integer(-2_147_483_648, INT_MAX),
    since: "2.0.11",
    default: "-1",
    acts: quiet("kernel"),
    purpose: "priority of its chains",
  },
  {
    word: "nftables_counters",
    takes: flag,
    since: "2.0.11",
    acts: quiet("kernel"),
    purpose: "counters in its rules",
  },
  {
    word: "nftables_ifindex",
    takes: flag,
    since: "2.0.11",
    acts: quiet("kernel"),
    purpose: "match interfaces by number",
  },
  {
    word: "disable_local_igmp",
    takes: flag,
    since: "2.2.0",
    acts: quiet("kernel"),
    purpose: "no IGMP from virtual MAC interfaces",
  },
];

const integerSetting = (
  word: string,
  min: number,
  max: number,
  since: string,
  purpose: string,
): Keyword => ({ word, takes: integer(min, max), since, acts: quiet("scheduling"), purpose });

export const SCHEDULING: readonly Keyword[] = [
  integerSetting("vrrp_priority", -20, 19, "1.2.20", "nice value of the VRRP process"),
  integerSetting("checker_priority", -20, 19, "1.2.20", "IPVS: nice value of the checkers"),
  integerSetting("bfd_priority", -20, 19, "2.0.0", "nice value of the BFD process"),
  integerSetting("vrrp_rt_priority", 1, 99, "2.0.0", "real-time priority of the VRRP process"),
  integerSetting("checker_rt_priority", 1, 99, "2.0.0", "IPVS: real-time priority of the checkers"),
  integerSetting("bfd_rt_priority", 1, 99, "2.0.0", "real-time priority of the BFD process"),
  {
    ...integerSetting("max_auto_priority", -1, 99, "2.1.0", "real-time priority taken when late"),
    takes: maybeInteger(-1, 99),
  },
  {
    ...integerSetting("min_auto_priority_delay", 1, 10_000_000, "2.1.0", "how late is late"),
    default: "1000000",
    unit: "µs",
  },
  ...["vrrp", "checker", "bfd"].flatMap((process): Keyword[] => [
    {
      ...integerSetting(`${process}_rlimit_rttime`, 1, INT_MAX, "2.0.0", "limit of real-time work"),
      default: "10000",
      unit: "µs",
    },
    {
      word: `${process}_rlimit_rtime`,
      takes: integer(1, INT_MAX),
      since: "2.0.0",
      acts: quiet("scheduling"),
      deprecated: `${process}_rlimit_rttime`,
      purpose: `old name of \`${process}_rlimit_rttime\``,
    },
    {
      word: `${process}_no_swap`,
      takes: flag,
      since: "1.2.20",
      acts: quiet("scheduling"),
      purpose: "keep the process in memory",
    },
    {
      word: `${process}_cpu_affinity`,
      takes: texts(1, 64),
      since: "2.0.11",
      acts: quiet("scheduling"),
      purpose: "processors it may use",
    },
    {
      word: `${process}_process_name`,
      takes: text,
      since: "2.0.9",
      acts: quiet("names"),
      purpose: "title of the process",
    },
  ]),
];

export const BUFFERS: readonly Keyword[] = [
  "vrrp_netlink_cmd_rcv_bufs",
  "vrrp_netlink_monitor_rcv_bufs",
  "lvs_netlink_cmd_rcv_bufs",
  "lvs_netlink_monitor_rcv_bufs",
  "process_monitor_rcv_bufs",
].flatMap((word): Keyword[] => [
  {
    word,
    takes: integer(1, INT_MAX),
    since: "2.0.0",
    unit: "bytes",
    acts: quiet("buffers"),
    purpose: "receive buffer of a kernel socket",
  },
  {
    word: `${word}_force`,
    takes: boolean,
    since: "2.0.0",
    acts: quiet("buffers"),
    purpose: "take it beyond the system's limit",
  },
]);

export const HOUSEKEEPING: readonly Keyword[] = [
  ...["vmac_prefix", "vmac_addr_prefix"].map(
    (word): Keyword => ({
      word,
      takes: text,
      since: "2.2.0",
      default: "vrrp",
      acts: yes,
      purpose: "names of generated virtual MAC interfaces",
    }),
  ),
  ...["iproute_usr_dir", "iproute_etc_dir"].map(
    (word): Keyword => ({
      word,
      takes: text,
      since: "2.3.2",
      acts: quiet("names"),
      purpose: "where names of tables and scopes are looked up",
    }),
  ),
  {
    word: "vrrp_rx_bufs_policy",
    takes: texts(1, 2),
    since: "2.0.0",
    acts: quiet("buffers"),
    purpose: "how the receive buffer is sized",
  },
  {
    word: "vrrp_rx_bufs_multiplier",
    takes: integer(1, INT_MAX),
    since: "2.0.0",
    default: "3",
    acts: quiet("buffers"),
    purpose: "by how much",
  },
  {
    word: "reload_check_config",
    takes: texts(0, 1),
    since: "2.2.0",
    default: "off",
    acts: yes,
    purpose: "check the new file before a reload; Baton always does",
  },
  {
    word: "reload_time_file",
    takes: text,
    since: "2.1.0",
    acts: less("reload-file"),
    purpose: "file that holds the time of the next reload",
  },
  {
    word: "reload_repeat",
    takes: flag,
    since: "2.1.0",
    acts: less("reload-file"),
    purpose: "reload at that time every day",
  },
  {
    word: "reload_file",
    takes: texts(0, 1),
    since: "2.2.0",
    acts: less("reload-file"),
    purpose: "marker that exists while files are read",
  },
  ...["tmp_config_directory", "config_save_dir", "umask"].map(
    (word): Keyword => ({
      word,
      takes: texts(1, 9),
      since: "2.0.9",
      acts: quiet("dump-files"),
      purpose: "housekeeping of keepalived's own files",
    }),
  ),
  ...(
    [
      ["state_dump_file", "data", "file that the signal DATA (SIGUSR1) writes"],
      ["stats_dump_file", "stats", "file that the signals STATS (SIGUSR2) and STATS_CLEAR write"],
      ["json_dump_file", "json", "file that the signal JSON (SIGRTMIN+2) writes"],
    ] as const
  ).map(
    ([word, end, purpose]): Keyword => ({
      word,
      takes: text,
      since: "2.3.3",
      default: `/tmp/keepalived.${end}`,
      acts: yes,
      purpose,
    }),
  ),
  {
    word: "data_use_instance",
    takes: boolean,
    since: "2.1.0",
    acts: yes,
    purpose: "the name of `instance` becomes a part of the state dump's name",
  },
  {
    word: "random_seed",
    takes: integer(0, 4_294_967_295),
    since: "2.0.15",
    acts: yes,
    purpose: "seed of `${_RANDOM}`",
  },
  {
    word: "json_version",
    takes: choice("1", "2"),
    since: "2.2.8",
    default: "1",
    acts: yes,
    purpose: "shape of the JSON dump: an array, or an object with tracked processes",
  },
  {
    word: "rs_init_notifies",
    takes: flag,
    since: "2.0.12",
    acts: quiet("always"),
    purpose: "IPVS: notify initial states",
  },
  {
    word: "checker_log_all_failures",
    takes: boolean,
    since: "2.0.14",
    acts: quiet("always"),
    purpose: "IPVS: log every failed check",
  },
  {
    word: "no_checker_emails",
    takes: flag,
    since: "2.0.0",
    acts: quiet("always"),
    deprecated: "smtp_alert_checker",
    purpose: "IPVS: no mail of the checkers",
  },
];

export const OTHER_SERVICES: readonly Keyword[] = [
  {
    word: "snmp_socket",
    takes: texts(0, 1),
    since: "1.2.20",
    acts: quiet("always"),
    purpose: "socket of the SNMP agent",
  },
  ...[
    "enable_traps",
    "enable_snmp_vrrp",
    "enable_snmp_keepalived",
    "enable_snmp_checker",
    "enable_snmp_rfc",
    "enable_snmp_rfcv2",
    "enable_snmp_rfcv3",
  ].map(
    (word): Keyword => ({
      word,
      takes: flag,
      since: "1.2.5",
      default: "off",
      acts: less("snmp"),
      purpose: "SNMP agent",
    }),
  ),
  {
    word: "enable_dbus",
    takes: flag,
    since: "1.3.0",
    default: "off",
    acts: less("dbus"),
    purpose: "D-Bus interface",
  },
  {
    word: "dbus_service_name",
    takes: text,
    since: "1.3.7",
    acts: quiet("always"),
    purpose: "name on the bus",
  },
  {
    word: "dbus_no_interface_name",
    takes: flag,
    since: "2.3.0",
    acts: quiet("always"),
    purpose: "shape of the object paths",
  },
  {
    word: "lvs_sync_daemon",
    takes: texts(2, 16),
    since: "1.2.20",
    acts: less("ipvs"),
    purpose: "IPVS: synchronisation follows an instance",
  },
  {
    word: "lvs_timeouts",
    takes: texts(2, 6),
    since: "2.0.0",
    acts: less("ipvs"),
    purpose: "IPVS: connection time-outs",
  },
  {
    word: "lvs_flush",
    takes: flag,
    since: "1.2.20",
    acts: quiet("always"),
    purpose: "IPVS: flush at start",
  },
  {
    word: "lvs_flush_on_stop",
    takes: texts(0, 1),
    since: "2.0.17",
    acts: quiet("always"),
    purpose: "IPVS: flush at stop",
  },
  {
    word: "lvs_notify_fifo",
    takes: texts(1, 3),
    since: "1.3.6",
    acts: quiet("always"),
    purpose: "IPVS: named pipe of the checkers",
  },
  {
    word: "lvs_notify_fifo_script",
    takes: command,
    since: "1.3.6",
    acts: quiet("always"),
    purpose: "IPVS: program that reads it",
  },
];
