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

/** keepalived 2.4's group, behind the one for authentication; only of an instance that signs. */
const SIGNATURES = [
  ["Missing", "auth_ext_missing"],
  ["Malformed", "auth_ext_malformed"],
  ["Unknown Key", "auth_ext_unknown_key"],
  ["Invalid HMAC", "auth_ext_invalid_hmac"],
  ["Stale", "auth_ext_stale"],
  ["Replay", "auth_ext_replay"],
] as const;

const COUNTERS: readonly string[] = [
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
];

/** The counters of the JSON, in its order. */
export function countersOf({ plan }: DumpInstance): readonly string[] {
  if (plan.config.signing === undefined) return COUNTERS;
  const behind = COUNTERS.indexOf("pri_zero_rcvd");
  return COUNTERS.toSpliced(behind, 0, ...SIGNATURES.map(([, key]) => key));
}

export const printStats = ({ instances }: DumpReading): string =>
  instances.map(printInstance).join("");

function printInstance({ plan, counters }: DumpInstance): string {
  const lines = [`VRRP Instance: ${plan.config.router.name}`];
  for (const [title, inside] of GROUPS) {
    if (typeof inside === "string") lines.push(`  ${title}: ${counters[inside] ?? 0}`);
    else {
      lines.push(`  ${title}:`);
      for (const [name, key] of inside) lines.push(`    ${name}: ${counters[key] ?? 0}`);
      if (title !== "Authentication Errors" || plan.config.signing === undefined) continue;
      lines.push("  Authentication Extension Errors:");
      for (const [name, key] of SIGNATURES) lines.push(`    ${name}: ${counters[key] ?? 0}`);
    }
  }
  return `${lines.join("\n")}\n`;
}
