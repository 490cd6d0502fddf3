/** What `make-captures.ts` records: the daemons' configurations and what happens to them. */

export interface CaptureCase {
  /** n0 has 10.9.0.1, n1 has 10.9.0.2; both call their interface eth0. */
  readonly nodes: Readonly<Record<string, string>>;
  readonly steps: readonly CaptureStep[];
}

export type CaptureStep =
  | { readonly start: string }
  | { readonly stop: string }
  | { readonly seconds: number };

interface Instance {
  readonly global?: readonly string[];
  readonly vrid: number;
  readonly priority: number;
  readonly interval: number;
  readonly lines?: readonly string[];
  readonly addresses: readonly string[];
}

function configure({
  global = [],
  vrid,
  priority,
  interval,
  lines = [],
  addresses,
}: Instance): string {
  return [
    ...(global.length > 0 ? ["global_defs {", ...global.map((line) => `  ${line}`), "}"] : []),
    "vrrp_instance A {",
    "  interface eth0",
    `  virtual_router_id ${vrid}`,
    `  priority ${priority}`,
    `  advert_int ${interval}`,
    ...lines.map((line) => `  ${line}`),
    "  virtual_ipaddress {",
    ...addresses.map((address) => `    ${address}`),
    "  }",
    "}",
    "",
  ].join("\n");
}

const PASS = ["authentication {", "  auth_type PASS", "  auth_pass 1111", "}"];
/** Enough for the seconds of a capture: only the first block of announcements is on the wire. */
const ONE_BLOCK = ["garp_master_repeat 2", "garp_master_delay 0"];
const unicast = (own: number, peer: number): string[] => [
  `unicast_src_ip 10.9.0.${own}`,
  "unicast_peer {",
  `  10.9.0.${peer}`,
  "}",
];
const many = Array.from({ length: 20 }, (_, i) => `10.9.0.${100 + i}/24`);

/** One node alone: election, a few advertisements, clean stop (which ends with priority 0). */
const alone = (instance: Instance, seconds: number): CaptureCase => ({
  nodes: { n0: configure(instance) },
  steps: [{ start: "n0" }, { seconds }, { stop: "n0" }],
});

/** n0 is master, n1 is there before it stops, takes over, and stops too. */
const handOver = (n0: Instance, n1: Instance, before: number, after: number): CaptureCase => ({
  nodes: { n0: configure(n0), n1: configure(n1) },
  steps: [
    { start: "n0" },
    { start: "n1" },
    { seconds: before },
    { stop: "n0" },
    { seconds: after },
    { stop: "n1" },
  ],
});

const V3: readonly string[] = ["version 3"];

export const CASES: Readonly<Record<string, CaptureCase>> = {
  "v2-no-auth": alone(
    { vrid: 50, priority: 100, interval: 1, lines: ONE_BLOCK, addresses: ["10.9.0.100/24"] },
    6,
  ),
  "v2-pass": alone(
    {
      vrid: 51,
      priority: 100,
      interval: 1,
      lines: [...PASS, ...ONE_BLOCK],
      addresses: ["10.9.0.100/24", "10.9.0.101/24"],
    },
    6,
  ),
  "v2-unicast-hand-over": handOver(
    {
      vrid: 52,
      priority: 254,
      interval: 1,
      lines: [...unicast(1, 2), ...PASS, ...ONE_BLOCK],
      addresses: ["10.9.0.102"],
    },
    {
      vrid: 52,
      priority: 250,
      interval: 1,
      lines: [...unicast(2, 1), ...PASS, ...ONE_BLOCK],
      addresses: ["10.9.0.102"],
    },
    5,
    2,
  ),
  "v3-multicast": alone(
    {
      vrid: 62,
      priority: 100,
      interval: 0.25,
      lines: [...V3, ...ONE_BLOCK],
      addresses: ["10.9.0.110"],
    },
    2,
  ),
  "v3-unicast-hand-over": handOver(
    {
      vrid: 71,
      priority: 120,
      interval: 0.1,
      lines: [...V3, ...unicast(1, 2), ...ONE_BLOCK],
      addresses: ["10.9.0.171"],
    },
    {
      vrid: 71,
      priority: 100,
      interval: 0.1,
      lines: [...V3, ...unicast(2, 1), ...ONE_BLOCK],
      addresses: ["10.9.0.171"],
    },
    1,
    0.5,
  ),
  // `v3_checksum_as_v2` came with 2.2.8; this is the other odd form, keepalived up to 1.3.6 and on
  // demand.
  "v3-old-unicast-checksum": alone(
    {
      vrid: 72,
      priority: 100,
      interval: 0.1,
      lines: [...V3, ...unicast(1, 2), "old_unicast_checksum", ...ONE_BLOCK],
      addresses: ["10.9.0.172"],
    },
    1,
  ),
  "v2-twenty-addresses": alone(
    { vrid: 53, priority: 255, interval: 1, lines: ONE_BLOCK, addresses: many },
    1.5,
  ),
  "v3-twenty-addresses": alone(
    {
      vrid: 63,
      priority: 255,
      interval: 0.5,
      lines: [...V3, ...ONE_BLOCK],
      addresses: many,
    },
    1,
  ),
  "garp-defaults": alone(
    { vrid: 54, priority: 255, interval: 1, addresses: ["10.9.0.100/24", "10.9.0.101/24"] },
    6,
  ),
  "garp-delay-and-refresh": alone(
    {
      vrid: 55,
      priority: 255,
      interval: 1,
      lines: [
        "garp_master_repeat 3",
        "garp_master_delay 1",
        "garp_master_refresh 2",
        "garp_master_refresh_repeat 2",
      ],
      addresses: ["10.9.0.100/24"],
    },
    6,
  ),
};
