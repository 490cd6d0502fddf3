/**
 * What dashboards made for keepalived's exporter ask. The names and labels are those of
 * github.com/mehdy/keepalived-exporter (its README and its output); the expressions are written
 * here in the form that its dashboard and alerts have.
 */

/** Each must have a value for both nodes of a pair that works. */
export const BOTH_NODES: readonly string[] = [
  "keepalived_up",
  "keepalived_vrrp_state",
  'keepalived_vrrp_state{ip_address=~".+"}',
  "keepalived_script_status",
  "keepalived_script_state",
  "sum by (instance, iname, vrid) (keepalived_vrrp_state)",
  ...[
    "advertisements_received",
    "advertisements_sent",
    "become_master",
    "release_master",
    "priority_zero_received",
    "priority_zero_sent",
    "packet_length_errors",
    "advertisements_interval_errors",
    "ip_ttl_errors",
    "invalid_type_received",
    "address_list_errors",
    "authentication_invalid",
    "authentication_mismatch",
    "authentication_failure",
    "gratuitous_arp_delay",
  ].flatMap((name) => [
    `irate(keepalived_${name}_total[1m])`,
    `rate(keepalived_${name}_total{iname="VI_1"}[1m])`,
  ]),
];

/** Alerts as they are written for it: nothing while the pair works. */
export const NOTHING_WRONG: readonly string[] = [
  "keepalived_up == 0",
  "keepalived_script_status == 0",
  "keepalived_vrrp_state == 3",
  "count by (iname, vrid, ip_address) (keepalived_vrrp_state == 2) != 1",
  "absent(keepalived_vrrp_state == 2)",
];
