/** `vrrp_sync_group`, `garp_group` and `track_group`. */

import { GATE_BLOCK } from "./gate.ts";
import { NOTIFY } from "./instance-tracking.ts";
import {
  decimal,
  flag,
  interfaceName,
  type Keyword,
  type KeywordTable,
  list,
  quiet,
  table,
  yes,
} from "./keyword.ts";

const TRACKED = [
  ["track_interface", "1.2.3"],
  ["track_script", "1.2.3"],
  ["track_file", "1.2.3"],
  ["track_process", "2.0.11"],
  ["track_bfd", "2.0.0"],
] as const;

export const SYNC_GROUP: KeywordTable = table([
  {
    word: "group",
    takes: list("name"),
    since: "0.6.6",
    acts: yes,
    repeatable: true,
    purpose: "names of the instances, one a line",
  },
  ...TRACKED.map(
    ([word, since]): Keyword => ({
      word,
      takes: list("tracked"),
      since,
      acts: yes,
      repeatable: true,
      purpose: "tracked by every member",
    }),
  ),
  ...NOTIFY,
  {
    word: "global_tracking",
    takes: flag,
    since: "1.2.3",
    acts: quiet("obsolete"),
    deprecated: "sync_group_tracking_weight",
    purpose: "once made trackers count for every member",
  },
  {
    word: "sync_group_tracking_weight",
    takes: flag,
    since: "2.0.0",
    default: "off",
    acts: yes,
    purpose: "keep the weights of the members' trackers",
  },
  GATE_BLOCK,
]);

export const GARP_GROUP: KeywordTable = table([
  {
    word: "garp_interval",
    takes: decimal(0.000001, 2147.483647),
    since: "1.2.21",
    unit: "s",
    acts: yes,
    purpose: "gap between gratuitous ARP",
  },
  {
    word: "gna_interval",
    takes: decimal(0.000001, 2147.483647),
    since: "1.2.21",
    unit: "s",
    acts: yes,
    purpose: "gap between neighbour advertisements",
  },
  {
    word: "interface",
    takes: interfaceName,
    since: "1.2.21",
    acts: yes,
    purpose: "one interface",
  },
  {
    word: "interfaces",
    takes: list("interface"),
    since: "1.2.21",
    acts: yes,
    purpose: "several interfaces, one a line",
  },
]);

export const STATIC_TRACK_GROUP: KeywordTable = table([
  {
    word: "group",
    takes: list("name"),
    since: "2.0.3",
    acts: quiet("always"),
    purpose: "names of the instances, one a line",
  },
]);
