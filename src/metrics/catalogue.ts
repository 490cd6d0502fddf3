/** Every family, in the order in which they are printed. docs/metrics.md has the same table. */
import { CLOUD_FAMILIES } from "./cloud-families.ts";
import { DAEMON_FAMILIES } from "./daemon-families.ts";
import type { Family } from "./family.ts";
import { GATE_FAMILIES } from "./gate-families.ts";
import { INSTANCE_FAMILIES } from "./instance-families.ts";
import { KEEPALIVED_FAMILIES } from "./keepalived-families.ts";
import { SCRIPT_FAMILIES } from "./script-families.ts";
import { SESSION_FAMILIES } from "./session-families.ts";

export const FAMILIES: readonly Family[] = [
  ...DAEMON_FAMILIES,
  ...INSTANCE_FAMILIES,
  ...CLOUD_FAMILIES,
  ...SCRIPT_FAMILIES,
  ...SESSION_FAMILIES,
  ...GATE_FAMILIES,
  ...KEEPALIVED_FAMILIES,
];
