/** `global_defs`, put together. */

import { IDENTITY, MAIL, NOTIFY } from "./globals-people.ts";
import { ANNOUNCE, OWN, PROTOCOL } from "./globals-protocol.ts";
import { BUFFERS, FILTER, HOUSEKEEPING, OTHER_SERVICES, SCHEDULING } from "./globals-system.ts";
import { type KeywordTable, skippedBare, table } from "./keyword.ts";

/**
 * keepalived goes on without the line when these stand alone; the others of one argument or more
 * stop it.
 */
const LONELY: readonly string[] = [
  "router_id",
  "script_user",
  "default_interface",
  "notification_email_from",
  "smtp_helo_name",
  "notify_fifo",
  "notify_fifo_script",
  "vrrp_notify_fifo",
  "vrrp_notify_fifo_script",
  "startup_script",
  "startup_script_timeout",
  "shutdown_script",
  "shutdown_script_timeout",
  "vrrp_priority",
  "checker_priority",
  "bfd_priority",
  "vrrp_rt_priority",
  "checker_rt_priority",
  "bfd_rt_priority",
  "min_auto_priority_delay",
  "vrrp_cpu_affinity",
  "checker_cpu_affinity",
  "bfd_cpu_affinity",
  "vrrp_netlink_cmd_rcv_bufs",
  "vrrp_netlink_monitor_rcv_bufs",
  "lvs_netlink_cmd_rcv_bufs",
  "lvs_netlink_monitor_rcv_bufs",
  "process_monitor_rcv_bufs",
  "vrrp_rx_bufs_policy",
  "vrrp_rx_bufs_multiplier",
  "reload_time_file",
  "tmp_config_directory",
  "dbus_service_name",
  "lvs_sync_daemon",
  "lvs_timeouts",
  "lvs_notify_fifo",
  "lvs_notify_fifo_script",
];

export const GLOBALS: KeywordTable = table(
  skippedBare(
    [
      ...IDENTITY,
      ...MAIL,
      ...PROTOCOL,
      ...ANNOUNCE,
      ...NOTIFY,
      ...FILTER,
      ...SCHEDULING,
      ...BUFFERS,
      ...HOUSEKEEPING,
      ...OTHER_SERVICES,
      ...OWN,
    ],
    LONELY,
  ),
);
