/** `keepalived.stats` (SIGUSR2, STATS_CLEAR), as keepalived 2.2.7 writes it. */
import type { DumpInstance, DumpReading } from "./reading.ts";

/** Each group with its lines: what it is called, and the counter. */
const GROUPS = [
  [
    "Advertisements",
    [
      ["Received", "advert_rcvd"],
      ["Sent", "advert_sent"],
    ],
  ],
  ["Became master", "become_master"],
  ["Released master", "release_master"],
  [
    "Packet Errors",
    [
      ["Length", "packet_len_err"],
      ["TTL", "ip_ttl_err"],
      ["Invalid Type", "invalid_type_rcvd"],
      ["Advertisement Interval", "advert_interval_err"],
      ["Address List", "addr_list_err"],
    ],
  ],
  [
    "Authentication Errors",
    [
      ["Invalid Type", "invalid_authtype"],
      ["Type Mismatch", "authtype_mismatch"],
      ["Failure", "auth_failure"],
    ],
  ],
  [
    "Priority Zero",
    [
      ["Received", "pri_zero_rcvd"],
      ["Sent", "pri_zero_sent"],
    ],
  ],
] as const;

/** The counters of the JSON, in its order. */
export const COUNTERS = [
  "advert_rcvd",
  "advert_sent",
  "become_master",
  "release_master",
  "packet_len_err",
  "advert_interval_err",
  "ip_ttl_err",
  "invalid_type_rcvd",
  "addr_list_err",
  "invalid_authtype",
  "authtype_mismatch",
  "auth_failure",
  "pri_zero_rcvd",
  "pri_zero_sent",
] as const;

export const printStats = ({ instances }: DumpReading): string =>
  instances.map(printInstance).join("");

function printInstance({ plan, counters }: DumpInstance): string {
  const lines = [`VRRP Instance: ${plan.config.router.name}`];
  for (const [title, inside] of GROUPS) {
    if (typeof inside === "string") lines.push(`  ${title}: ${counters[inside] ?? 0}`);
    else {
      lines.push(`  ${title}:`);
      for (const [name, key] of inside) lines.push(`    ${name}: ${counters[key] ?? 0}`);
    }
  }
  return `${lines.join("\n")}\n`;
}
