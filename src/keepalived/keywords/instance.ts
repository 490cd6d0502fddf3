/** `vrrp_instance`, put together. */

import { GARP_PRESETS } from "./garp-presets.ts";
import { GATE_BLOCK } from "./gate.ts";
import { HAVIP_BLOCK } from "./havip.ts";
import { ADDRESSES, ANNOUNCE } from "./instance-addresses.ts";
import { NETWORK, ROUTER } from "./instance-router.ts";
import { INSTANCE_NOTIFY, NOTIFY, TRACKING } from "./instance-tracking.ts";
import {
  choice,
  flag,
  integer,
  interfaceName,
  type Keyword,
  type KeywordTable,
  less,
  quiet,
  table,
  texts,
  yes,
} from "./keyword.ts";

const OLD: readonly Keyword[] = [
  {
    word: "linkbeat_use_polling",
    takes: flag,
    since: "1.1.18",
    acts: less("linkbeat"),
    deprecated: "linkbeat_interfaces",
    purpose: "poll the link of the interface",
  },
  {
    word: "lvs_sync_daemon_interface",
    takes: interfaceName,
    since: "0.6.6",
    acts: less("ipvs"),
    deprecated: "lvs_sync_daemon",
    purpose: "IPVS: synchronisation follows this instance",
  },
  {
    word: "debug",
    takes: integer(0, 4),
    since: "0.6.6",
    acts: quiet("obsolete"),
    purpose: "has no effect",
  },
];

const OWN: readonly Keyword[] = [
  HAVIP_BLOCK,
  GATE_BLOCK,
  {
    word: "handover",
    takes: choice("make_before_break", "break_before_make"),
    since: "baton",
    default: "global handover",
    acts: yes,
    purpose: "at a planned move, keep the address until the successor is heard, or remove it first",
  },
  {
    word: "hold_down",
    takes: texts(2, 2),
    since: "baton",
    default: "off",
    unit: "s",
    acts: yes,
    purpose:
      "from the third loss or fault on, leave a weaker master alone for so long, doubled each time, and at the most",
  },
  {
    word: "garp_preset",
    takes: choice(...GARP_PRESETS),
    since: "baton",
    default: "global garp_preset",
    acts: yes,
    purpose: "defaults of the garp_ keywords for a kind of network",
  },
  {
    word: "garp_form",
    takes: choice("request", "reply", "both"),
    since: "baton",
    default: "global garp_form",
    acts: yes,
    purpose: "form of gratuitous ARP",
  },
  {
    word: "garp_rate",
    takes: texts(2, 2),
    since: "baton",
    default: "global garp_rate",
    acts: yes,
    purpose: "frames that may leave at once, and frames a second after that",
  },
];

export const INSTANCE: KeywordTable = table([
  ...ROUTER,
  ...NETWORK,
  ...ADDRESSES,
  ...TRACKING,
  ...ANNOUNCE,
  ...NOTIFY,
  ...INSTANCE_NOTIFY,
  ...OLD,
  ...OWN,
]);
