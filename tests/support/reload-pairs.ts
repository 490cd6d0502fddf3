/**
 * For every keyword that is acted on: two valid ways to have it, for reloads from one to the other.
 * The tests that use it ask that a reload has the effect of a restart, and that no keyword is
 * missing here.
 */
import type { BlockWord } from "#keepalived/keywords/keyword";

export interface Pair {
  readonly block: BlockWord | "";
  readonly word: string;
  /** Lines of the block; "": none. */
  readonly before: string;
  readonly after: string;
  /** Of the instance, both times. */
  readonly instance?: string;
  readonly globals?: string;
  /** Of the sync group, both times. */
  readonly group?: string;
  /** Besides the instance, both times. */
  readonly root?: string;
  /** Another router than before: its ownership is handed over, as at a restart. */
  readonly isOther?: true;
  /** An address owner on both nodes, or FAULT: nothing for a pair of nodes. */
  readonly isForOne?: true;
}

type Row = readonly [word: string, before: string, after: string, more?: Partial<Pair>];

const rows = (block: Pair["block"], all: readonly Row[]): readonly Pair[] =>
  all.map(([word, before, after, more]) => ({ block, word, before, after, ...more }));

/** The word itself, with these arguments. */
const valued = (
  block: Pair["block"],
  all: readonly (readonly [string, string | number, string | number, Partial<Pair>?])[],
): readonly Pair[] =>
  all.map(([word, before, after, more]) => ({
    block,
    word,
    before: `${word} ${before}`,
    after: `${word} ${after}`,
    ...more,
  }));

const flags = (block: Pair["block"], keywords: readonly string[], more: Partial<Pair> = {}) =>
  keywords.map((word) => ({ block, word, before: "", after: word, ...more }));

const UNICAST = "unicast_peer {\n@PEER@\n}";
/** An instance that is bound to no device. */
const UNBOUND =
  "vrrp_instance U@N@ {\nvirtual_router_id @OTHER@\npriority 150\nunicast_src_ip @OWN@\n" +
  `${UNICAST}\nvirtual_ipaddress {\n10.97.@N@.1/32\n}\n}`;
const IPV6 =
  "vrrp_instance V6_@N@ {\ninterface eth0\nvirtual_router_id @OTHER@\npriority 150\n" +
  "virtual_ipaddress {\nfe80::97:@N@/64\n}\n}";
/** An address on another interface. */
const ELSEWHERE = "virtual_ipaddress_excluded {\n10.97.@N@.9/32 dev eth1\n}";
const V3 = { instance: "version 3" };
const SCRIPT = 'vrrp_script S@N@ {\nscript "/bin/true"\ninterval 1\nweight 2\n}';
const FILES = "track_file F@N@ {\nfile @FOLDER@/f@N@\ninit_file 3 overwrite\n}";
const PROCESS = "vrrp_track_process P@N@ {\nprocess no-such-process-@N@\nweight 5\n}";
const SESSION = "bfd_instance B@N@ {\nneighbor_ip 10.97.@N@.1\n}";
const WEIGHTS = { group: "sync_group_tracking_weight" };
const LISTEN = "listen 127.0.0.1:19@N@";
const NOTIFY = 'notify "/bin/true"';
/** Mail that could be sent, to nobody. */
const SERVER = "smtp_server 127.0.0.1 9";
const RECIPIENTS = "notification_email {\nops@example.com\n}";
/** With which a configuration is complete. */
const SIGNING_KEY = `key 1 ${"word".repeat(8)}\nactive_key 1`;
const GATE = 'gate {\ndemote "/bin/true"\n}';
const MAIL = `${SERVER}\n${RECIPIENTS}`;
const HOOK = "webhook http://127.0.0.1:9/hook";
const notes = (word: string): Row => [
  word,
  `${word} "@FOLDER@/note.sh before @N@ ${word}"`,
  `${word} "@FOLDER@/note.sh after @N@ ${word}"`,
];
const GARP = (prefix: string, block: Pair["block"]): readonly Pair[] =>
  valued(block, [
    [`${prefix}garp_master_delay`, 1, 2],
    [`${prefix}garp_master_repeat`, 1, 3],
    [`${prefix}garp_master_refresh`, 0, 2],
    [`${prefix}garp_master_refresh_repeat`, 1, 2],
    [`${prefix}garp_lower_prio_delay`, 0, 3],
    [`${prefix}garp_lower_prio_repeat`, 1, 3],
  ]);

const INSTANCE: readonly Pair[] = [
  ...valued("vrrp_instance", [
    ["state", "BACKUP", "MASTER"],
    ["interface", "eth0", "eth1", { isOther: true }],
    ["virtual_router_id", "@N@", "@OTHER@", { isOther: true }],
    ["priority", 150, 160],
    ["advert_int", 1, 2],
    ["version", 2, 3],
    ["preempt_delay", 5, 9],
    ["down_timer_adverts", 3, 5],
    ["skip_check_adv_addr", "off", "on"],
    ["strict_mode", "off", "on"],
    ["lower_prio_no_advert", "off", "on"],
    ["higher_prio_send_advert", "off", "on"],
    ["owner_ignore_adverts", "off", "on", { instance: "priority 255", isForOne: true }],
    ["unicast_src_ip", "@OWN@", "@OWN2@", { instance: "unicast_peer {\n@PEER@\n@PEER2@\n}" }],
    ["unicast_ttl", 255, 64, { instance: UNICAST }],
    ["check_unicast_src", "on", "off", { instance: UNICAST }],
    ["mcast_src_ip", "@OWN@", "@OWN2@"],
    ["mcast_dst_ip", "224.0.0.18", "224.0.0.99"],
    ["v3_checksum_as_v2", "off", "on", V3],
    ["notify_priority_changes", "off", "on"],
    ["notify_timeout", 10, 20, { instance: NOTIFY }],
    ["handover", "make_before_break", "break_before_make"],
    ["hold_down", "5 60", "6 70"],
    ["garp_preset", "keepalived", "cloud"],
    ["garp_form", "request", "reply"],
    ["garp_rate", "3 10", "5 20"],
    ["smtp_alert", "off", "on", { globals: MAIL }],
  ]),
  ...flags("vrrp_instance", [
    "nopreempt",
    "preempt",
    "dont_track_primary",
    "accept",
    "no_accept",
    "promote_secondaries",
  ]),
  ...flags("vrrp_instance", ["use_vmac"]),
  ...flags("vrrp_instance", ["use_vmac_addr"], { instance: ELSEWHERE }),
  ...flags("vrrp_instance", ["vmac_xmit_base"], { instance: "use_vmac" }),
  ...flags("vrrp_instance", ["unicast_fault_no_peer"], { isForOne: true }),
  ...flags("vrrp_instance", ["track_src_ip"], { instance: "mcast_src_ip @OWN@" }),
  ...GARP("", "vrrp_instance"),
  ...rows("vrrp_instance", [
    [
      "authentication",
      "",
      "authentication {\nauth_type PASS\nauth_pass first\n}",
      { instance: "version 2" },
    ],
    ["auth_hmac", "", `auth_hmac {\n${SIGNING_KEY}\n}`],
    ["unicast_peer", UNICAST, "unicast_peer {\n@PEER@\n@PEER2@\n}"],
    ["virtual_ipaddress", "", "virtual_ipaddress {\n10.99.@N@.1/24\n}"],
    ["virtual_ipaddress_excluded", "", "virtual_ipaddress_excluded {\n10.99.@N@.2/32\n}"],
    ["virtual_routes", "", "virtual_routes {\nblackhole 10.96.@N@.0/24\n}"],
    ["virtual_rules", "", "virtual_rules {\nfrom 10.96.@N@.0/24 table main\n}"],
    ["track_interface", "", "track_interface {\nlo weight 3\n}"],
    ["track_script", "", "track_script {\nS@N@ weight 7\n}", { root: SCRIPT }],
    ["track_file", "", "track_file {\nF@N@ weight 4\n}", { root: FILES }],
    ["track_process", "", "track_process {\nP@N@ weight 4\n}", { root: PROCESS }],
    ["track_bfd", "", "track_bfd {\nB@N@ weight 4\n}", { root: SESSION }],
    ["havip", "", "havip {\nendpoint http://127.0.0.1:9\nregion ap-guangzhou\n}"],
    ["gate", "", GATE],
    ...[
      "notify_master",
      "notify_backup",
      "notify_fault",
      "notify_stop",
      "notify",
      "notify_deleted",
      "notify_master_rx_lower_pri",
    ].map(notes),
  ]),
  // With it the instance needs no address of its own; the pair's own list goes.
  {
    block: "vrrp_instance",
    word: "no_virtual_ipaddress",
    before: "virtual_ipaddress {\n10.99.@N@.3/32\n}",
    after: "no_virtual_ipaddress",
  },
  ...valued("authentication", [
    ["auth_pass", "first\nauth_type PASS", "second\nauth_type PASS", { instance: "version 2" }],
  ]),
  ...rows("authentication", [
    ["auth_type", "auth_type PASS\nauth_pass word", "", { instance: "version 2" }],
  ]),
  ...valued("auth_hmac", [
    ["key", `1 ${"first".repeat(8)}\nactive_key 1`, `1 ${"other".repeat(8)}\nactive_key 1`],
    ["anti_replay", "time", "monotonic"],
    ["time_window", 7, 9],
    ["mode", "receive-only", "enforce"],
  ]),
  {
    block: "auth_hmac",
    word: "active_key",
    before: `key 2 ${"second-".repeat(6)}`,
    after: `key 2 ${"second-".repeat(6)}\nactive_key 2`,
  },
  ...valued("havip", [
    ["endpoint", "http://127.0.0.1:9", "http://127.0.0.1:10"],
    ["region", "ap-guangzhou", "ap-beijing"],
    ["instance_id", "ins-a", "ins-b"],
    ["credentials_file", "@FOLDER@/a", "@FOLDER@/b"],
    ["handover_wait", 15, 3],
  ]),
];

const DATABASES = ["mysql", "postgresql", "redis"] as const;

const GATES: readonly Pair[] = [
  ...valued("gate", [
    ["promote", '"/bin/true before"', '"/bin/true after" timeout 3'],
    ["demote", '"/bin/true before"', '"/bin/true after" root root timeout 2.5'],
    ["rejoin", '"/bin/true before"', '"/bin/true after" root timeout 60'],
    ["fence", "tcp 80", "tcp 80 443"],
    ["on_refusal", "backup hold 30", "fault hold 5"],
    ["takeover_probe", "arp", "off"],
    ["reset_connections", "on", "off"],
    ["drain", 0, 5],
  ]),
  ...rows(
    "gate",
    DATABASES.map((word) => [word, "", `${word} {\npeer @PEER@\n}`]),
  ),
  ...DATABASES.flatMap((block) =>
    valued(block, [
      ["socket", "/run/a.sock", "/run/b.sock"],
      ["address", "127.0.0.1:1111", "127.0.0.1:2222"],
      ["peer", "@PEER@:1111", "@PEER@:2222"],
      ["credentials_file", "/etc/baton/a", "/etc/baton/b"],
      ["max_lag", 10, 5],
      ["sync", "required", "off"],
      ["rejoin", "auto", "manual"],
      ["interval", 1, 2],
      ["timeout", 1, 0.5],
      ["promote_timeout", 10, 20],
      ["demote_timeout", 5, 6],
    ]),
  ),
  ...valued("check", [
    ["tcp", "127.0.0.1:9", "127.0.0.1:10"],
    ["http", "http://127.0.0.1:9/", "http://127.0.0.1:9/ status 200"],
    ["mysql", "", "127.0.0.1:9"],
    ["postgresql", "", 'query "select 1"'],
    ["redis", "", "127.0.0.1:9"],
    ["dns", "127.0.0.1 a.example", "127.0.0.1 b.example"],
    ["ping", "127.0.0.1", "127.0.0.2"],
    ["interval", 1, 2],
    ["timeout", 1, 0.5],
    ["rise", 1, 2],
    ["fall", 1, 2],
    ["weight", 2, 6],
  ]),
  ...flags("check", ["init_fail"]),
];
/** What a check asks; there is one in each. */
const CHECK_TARGETS = ["tcp", "http", "mysql", "postgresql", "redis", "dns", "ping"];

const GLOBALS: readonly Pair[] = [
  ...valued("global_defs", [
    ["router_id", "one", "two"],
    ["script_user", "root", "root root"],
    ["default_interface", "eth0", "eth1", { root: UNBOUND }],
    ["dynamic_interfaces", "", "allow_if_changes"],
    ["vrrp_version", 2, 3],
    ["vrrp_mcast_group4", "224.0.0.18", "224.0.0.28"],
    ["vrrp_mcast_group6", "ff02::12", "ff02::112", { root: IPV6 }],
    ["vrrp_down_timer_adverts", 3, 4],
    ["vrrp_lower_prio_no_advert", "off", "on"],
    ["vrrp_higher_prio_send_advert", "off", "on"],
    ["vrrp_check_unicast_src", "on", "off", { instance: UNICAST }],
    ["vrrp_skip_check_adv_addr", "off", "on"],
    ["vrrp_strict", "off", "on"],
    ["v3_checksum_as_v2", "off", "on", V3],
    ["vrrp_owner_ignore_adverts", "off", "on", { instance: "priority 255" }],
    ["vrrp_startup_delay", 0, 1],
    ["vrrp_delay_after_boot", 0, 1],
    ["vrrp_garp_interval", 0, 0.01],
    ["vrrp_gna_interval", 0.01, 0.02, { root: IPV6 }],
    ["vrrp_min_garp", "off", "on"],
    ["notification_email_from", "a@example.org", "b@example.org", { globals: MAIL }],
    ["smtp_server", "127.0.0.1 9", "127.0.0.2 9", { globals: RECIPIENTS }],
    ["smtp_helo_name", "a.example.org", "b.example.org", { globals: MAIL }],
    ["smtp_connect_timeout", 5, 6, { globals: MAIL }],
    ["smtp_alert", "off", "on", { globals: MAIL }],
    ["smtp_alert_vrrp", "off", "on", { globals: MAIL }],
    ["notify_fifo", "@FOLDER@/fifo-a", "@FOLDER@/fifo-b"],
    ["vrrp_notify_fifo", "@FOLDER@/vfifo-a", "@FOLDER@/vfifo-b"],
    [
      "notify_fifo_script",
      '"@FOLDER@/fifo.sh before"',
      '"@FOLDER@/fifo.sh after"',
      { globals: "notify_fifo @FOLDER@/fifo" },
    ],
    [
      "vrrp_notify_fifo_script",
      '"@FOLDER@/fifo.sh before"',
      '"@FOLDER@/fifo.sh after"',
      { globals: "vrrp_notify_fifo @FOLDER@/fifo" },
    ],
    ["vrrp_notify_priority_changes", "off", "on"],
    ["notify_timeout", 10, 20, { instance: NOTIFY }],
    ["startup_script", '"/bin/true a"', '"/bin/true b"'],
    ["startup_script_timeout", 10, 5, { globals: 'startup_script "/bin/true a"' }],
    ["shutdown_script", '"@FOLDER@/note.sh before end"', '"@FOLDER@/note.sh after end"'],
    ["shutdown_script_timeout", 10, 5, { globals: 'shutdown_script "/bin/true a"' }],
    ["reload_check_config", "", "@FOLDER@/check.log"],
    ["random_seed", 1, 2],
    ["state_dump_file", "/run/a.data", "/run/b.data"],
    ["stats_dump_file", "/run/a.stats", "/run/b.stats"],
    ["json_dump_file", "/run/a.json", "/run/b.json"],
    ["json_version", 1, 2],
    ["data_use_instance", "off", "on", { root: "instance one" }],
    ["handover", "make_before_break", "break_before_make"],
    ["garp_preset", "keepalived", "cloud"],
    ["garp_form", "request", "both"],
    ["garp_rate", "3 10", "5 20"],
  ]),
  ...flags("global_defs", [
    "enable_script_security",
    "log_unknown_vrids",
    "fifo_write_vrrp_states_on_reload",
  ]),
  ...flags("global_defs", ["no_email_faults"], { globals: MAIL }),
  ...rows("global_defs", [
    ["vmac_prefix", "", "vmac_prefix vm", { instance: "use_vmac" }],
    ["vmac_addr_prefix", "", "vmac_addr_prefix vm", { instance: `use_vmac_addr\n${ELSEWHERE}` }],
  ]),
  ...GARP("vrrp_", "global_defs"),
  ...rows("global_defs", [
    ["notification_email", "", RECIPIENTS, { globals: SERVER }],
    ["havip", "", "havip {\nendpoint http://127.0.0.1:9\nregion ap-guangzhou\n}"],
  ]),
];

const OTHERS: readonly Pair[] = [
  ...valued("vrrp_script", [
    ["script", '"/bin/true"', '"/bin/true again"'],
    ["interval", 1, 2],
    ["timeout", 1, 2],
    ["weight", 2, 6],
    ["rise", 1, 2],
    ["fall", 1, 2],
    ["user", "root", "root root"],
  ]),
  ...flags("vrrp_script", ["init_fail"]),
  ...valued("track_file", [
    ["file", "@FOLDER@/one", "@FOLDER@/two"],
    ["weight", 1, 2],
    ["init_file", 3, 4],
  ]),
  ...valued("vrrp_track_process", [
    ["process", "no-such-@N@", "none-of-these-@N@"],
    ["param_match", "exact", "partial"],
    ["quorum", 1, 2],
    ["quorum_max", 5, 6],
    ["delay", 0, 1],
    ["fork_delay", 0, 1],
    ["terminate_delay", 0, 1],
    ["weight", 4, 5],
  ]),
  ...flags("vrrp_track_process", ["full_command"]),
  ...valued("bfd_instance", [
    ["neighbor_ip", "10.97.@N@.1", "10.97.@N@.2"],
    ["source_ip", "@OWN@", "@OWN2@"],
    ["min_rx", 50, 100],
    ["min_tx", 50, 100],
    ["idle_tx", 1_000, 2_000],
    ["multiplier", 3, 5],
    ["ttl", 255, 64],
    ["max_hops", 0, 255],
    ["weight", 4, 5],
  ]),
  ...flags("bfd_instance", ["passive"]),
  ...rows("vrrp_sync_group", [
    ["group", "group {\nVI_@N@\n}", "group {\nVI_@N@\nMORE_@N@\n}"],
    ["track_interface", "", "track_interface {\nlo weight 3\n}", WEIGHTS],
    ["track_script", "", "track_script {\nS@N@ weight 7\n}", { root: SCRIPT, ...WEIGHTS }],
    ["track_file", "", "track_file {\nF@N@ weight 4\n}", { root: FILES, ...WEIGHTS }],
    ["track_process", "", "track_process {\nP@N@ weight 4\n}", { root: PROCESS, ...WEIGHTS }],
    ["track_bfd", "", "track_bfd {\nB@N@ weight 4\n}", { root: SESSION, ...WEIGHTS }],
    ...["notify_master", "notify_backup", "notify_fault", "notify_stop", "notify"].map(notes),
    ["notify_priority_changes", "", "notify_priority_changes on"],
    ["notify_timeout", "", "notify_timeout 20", { group: NOTIFY }],
    ["smtp_alert", "", "smtp_alert", { globals: MAIL }],
    ["gate", "", GATE],
    [
      "sync_group_tracking_weight",
      "",
      "sync_group_tracking_weight",
      { root: SCRIPT, group: "track_script {\nS@N@ weight 7\n}" },
    ],
  ]),
  ...valued("garp_group", [
    ["garp_interval", 0.01, 0.02],
    ["gna_interval", 0.01, 0.02, { root: IPV6 }],
    ["interface", "eth0", "eth1"],
  ]),
  ...valued("alert", [
    ["webhook", "http://127.0.0.1:9/a", "http://127.0.0.1:9/b"],
    ["wecom", "http://127.0.0.1:9/a", "http://127.0.0.1:9/b"],
    ["dingtalk", "http://127.0.0.1:9/a", "http://127.0.0.1:9/a secret"],
    ["feishu", "http://127.0.0.1:9/a first", "http://127.0.0.1:9/a second"],
    ["on", "fault", "fault conflict"],
    ["min_severity", "warning", "error"],
    ["repeat", 3_600, 7_200],
    ["resolved", "on", "off"],
    ["settle", 30, 60],
    ["timeout", 10, 5],
    ["deadline", 600, 60],
    ["language", "en", "zh-CN"],
  ]),
  ...flags("alert", ["email"], { globals: MAIL }),
  ...valued("api", [
    ["listen", "127.0.0.1:19@N@", "127.0.0.1:29@N@"],
    ["token_file", "@FOLDER@/token-a", "@FOLDER@/token-b"],
  ]),
  ...rows("api", [["tls", "", "tls {\ncert_file @FOLDER@/crt\nkey_file @FOLDER@/key\n}"]]),
  ...valued("events", [
    ["keep", "30d", "400d"],
    ["max_size", "8M", "64M"],
    ["max_entries", "5000", "100000"],
  ]),
  ...rows("events", [["off", "", "off"]]),
  ...valued("tls", [
    ["cert_file", "@FOLDER@/crt-a", "@FOLDER@/crt-b"],
    ["key_file", "@FOLDER@/key-a", "@FOLDER@/key-b"],
    ["client_ca_file", "@FOLDER@/ca-a", "@FOLDER@/ca-b"],
  ]),
  ...rows("", [
    [
      "interface_up_down_delays",
      "interface_up_down_delays {\neth0 1 1\n}",
      "interface_up_down_delays {\neth0 0.5\n}",
    ],
  ]),
  ...rows("garp_group", [["interfaces", "interfaces {\neth0\n}", "interfaces {\neth1\n}"]]),
];

/** What runs is the same: they say how a file is read, or what keepalived would need. */
export const WITHOUT_DIFFERENCE: readonly string[] = [
  "vrrp_instance state",
  "vrrp_instance preempt",
  "vrrp_instance accept",
  "global_defs dynamic_interfaces",
  "global_defs reload_check_config",
  "global_defs random_seed",
];

export const PAIRS: readonly Pair[] = [...INSTANCE, ...GATES, ...GLOBALS, ...OTHERS];

export interface Places {
  /** VRID and number of the pair. */
  readonly number: number;
  readonly folder: string;
  readonly own: readonly [string, string];
  readonly peers: readonly [string, string];
}

const fill = (text: string, { number, folder, own, peers }: Places): string =>
  text
    .replaceAll("@N@", String(number))
    .replaceAll("@OTHER@", String(number + 100))
    .replaceAll("@FOLDER@", folder)
    .replaceAll("@OWN2@", own[1])
    .replaceAll("@OWN@", own[0])
    .replaceAll("@PEER2@", peers[1])
    .replaceAll("@PEER@", peers[0]);

/** The whole file of one pair, before or after. */
export function textOf(pair: Pair, which: "before" | "after", places: Places): string {
  const { block, word } = pair;
  const line = pair[which];
  const inner = (of: string): string => (block === of ? line : "");
  const needs = (other: string): boolean => block === other;
  const parts: string[] = [];
  parts.push(`global_defs {\n${pair.globals ?? ""}\n${inner("global_defs")}\n}`);
  if (pair.root !== undefined) parts.push(pair.root);
  if (needs("")) parts.push(line);
  if (needs("alert")) parts.push(`alert {\n${word === "webhook" ? "" : HOOK}\n${line}\n}`);
  if (needs("api")) parts.push(`api {\n${word === "listen" ? "" : LISTEN}\n${line}\n}`);
  if (needs("events")) parts.push(`events {\n${line}\n}`);
  if (needs("tls")) {
    const others = ["cert_file", "key_file"]
      .filter((one) => one !== word)
      .map((one) => `${one} @FOLDER@/${one}`);
    parts.push(`api {\n${LISTEN}\ntls {\n${others.join("\n")}\n${line}\n}\n}`);
  }
  if (needs("vrrp_script"))
    parts.push(`vrrp_script S@N@ {\n${word === "script" ? "" : 'script "/bin/true"'}\n${line}\n}`);
  if (needs("track_file"))
    parts.push(`track_file F@N@ {\n${word === "file" ? "" : "file @FOLDER@/f@N@"}\n${line}\n}`);
  if (needs("vrrp_track_process"))
    parts.push(
      `vrrp_track_process P@N@ {\n${word === "process" ? "" : "process no-such-@N@"}\n${word === "weight" ? "" : "weight 4"}\n${line}\n}`,
    );
  if (needs("bfd_instance"))
    parts.push(
      `bfd_instance B@N@ {\n${word === "neighbor_ip" ? "" : "neighbor_ip 10.97.@N@.1"}\n${word === "weight" ? "" : "weight 4"}\n${line}\n}`,
    );
  if (needs("check"))
    parts.push(
      `check C@N@ {\n${CHECK_TARGETS.includes(word) ? "" : "tcp 127.0.0.1:9"}\n${line}\n}`,
    );
  if (needs("garp_group"))
    parts.push(
      `garp_group {\n${word.endsWith("_interval") ? "interface eth0" : "garp_interval 0.01"}\n${line}\n}`,
    );
  if (needs("vrrp_sync_group"))
    parts.push(
      `vrrp_sync_group G@N@ {\n${word === "group" ? "" : "group {\nVI_@N@\n}"}\n${pair.group ?? ""}\n${line}\n}`,
    );
  parts.push(instanceText(pair, line));
  // Its second member, when the group gets one.
  if (line.includes("MORE_"))
    parts.push(
      "vrrp_instance MORE_@N@ {\ninterface eth0\nvirtual_router_id @OTHER@\npriority 150\n" +
        "virtual_ipaddress {\n10.98.@N@.200/32\n}\n}",
    );
  return fill(parts.join("\n"), places);
}

function instanceText({ block, word, instance = "" }: Pair, line: string): string {
  const own = block === "vrrp_instance" ? line : "";
  const has = (what: string): boolean => block === "vrrp_instance" && word === what;
  const lines = [
    has("interface") ? "" : "interface eth0",
    has("virtual_router_id") ? "" : "virtual_router_id @N@",
    has("priority") ? "" : "priority 150",
    instance,
    own,
  ];
  if (block === "authentication" && line !== "") lines.push(`authentication {\n${line}\n}`);
  if (block === "auth_hmac")
    lines.push(`auth_hmac {\n${word === "key" ? "" : SIGNING_KEY}\n${line}\n}`);
  if (block === "havip")
    lines.push(`havip {\n${word === "endpoint" ? "" : "endpoint http://127.0.0.1:9"}\n${line}\n}`);
  if (block === "check") lines.push("track_script {\nC@N@\n}");
  if (block === "vrrp_script") lines.push("track_script {\nS@N@\n}");
  if (block === "track_file") lines.push("track_file {\nF@N@\n}");
  if (block === "vrrp_track_process") lines.push("track_process {\nP@N@\n}");
  if (block === "bfd_instance") lines.push("track_bfd {\nB@N@\n}");
  if (word !== "no_virtual_ipaddress") lines.push("virtual_ipaddress {\n10.98.@N@.100/32\n}");
  const isDatabase = DATABASES.some((one) => one === block);
  if (block === "gate" || isDatabase) {
    const peer = word === "peer" ? "" : "peer @PEER@";
    const inner = isDatabase ? `${block} {\n${peer}\n${line}\n}` : line;
    const ports = word === "drain" ? "fence tcp 80" : "";
    lines.push(`gate {\n${word === "demote" ? "" : 'demote "/bin/true"'}\n${ports}\n${inner}\n}`);
  }
  return `vrrp_instance VI_@N@ {\n${lines.join("\n")}\n}`;
}
