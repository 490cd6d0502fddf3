/** A valid file around lines of any block: for tests that go through every keyword. */
import type { BlockWord, KeywordTable } from "#keepalived/keywords/keyword";
import { TABLES, tableOf } from "#keepalived/keywords/tables";

export const instanceWith = (lines: string, name = "A", device = "eth0", vrid = 51): string =>
  `vrrp_instance ${name} {
 state BACKUP
 interface ${device}
 virtual_router_id ${vrid}
 priority 100
${lines}
 virtual_ipaddress {
  10.0.0.${vrid}
 }
}
`;

const tracked = (list: string, name: string): string => ` ${list} {\n  ${name}\n }`;

/** At the end of the instance, as keepalived needs it. */
const gated = (lines: string): string =>
  instanceWith("").replace(/\}\n$/, ` gate {\n  demote "/bin/true"\n${lines}\n }\n}\n`);

/** Block → text with the lines in it. "" is the root. */
export const AROUND: { readonly [B in BlockWord | ""]: (lines: string) => string } = {
  "": (lines) => `${lines}\n${instanceWith("")}`,
  check: (lines) =>
    `check c {\n tcp 127.0.0.1:80\n${lines}\n}\n${instanceWith(tracked("track_script", "c"))}`,
  gate: (lines) => gated(lines),
  mysql: (lines) => gated(`  mysql {\n  peer 10.0.0.2\n${lines}\n  }`),
  postgresql: (lines) => gated(`  postgresql {\n  peer 10.0.0.2\n${lines}\n  }`),
  redis: (lines) => gated(`  redis {\n  peer 10.0.0.2\n${lines}\n  }`),
  events: (lines) => `events {\n${lines}\n}\n${instanceWith("")}`,
  api: (lines) => `api {\n${lines}\n}\n${instanceWith("")}`,
  alert: (lines) => `alert {\n webhook https://ops.example.com/x\n${lines}\n}\n${instanceWith("")}`,
  authentication: (lines) => instanceWith(` authentication {\n${lines}\n }`),
  auth_hmac: (lines) => instanceWith(` auth_hmac {\n${lines}\n }`),
  bfd_instance: (lines) =>
    `bfd_instance b {\n neighbor_ip 10.0.0.2\n${lines}\n}\n${instanceWith("")}`,
  garp_group: (lines) =>
    `garp_group {\n${lines}\n interfaces {\n  eth0\n }\n garp_interval 1\n}\n${instanceWith("")}`,
  global_defs: (lines) => `global_defs {\n${lines}\n}\n${instanceWith("")}`,
  havip: (lines) => instanceWith(` havip {\n${lines}\n }`),
  static_track_group: (lines) => `track_group g {\n${lines}\n}\n${instanceWith("")}`,
  tls: (lines) =>
    `api {\n tls {\n  cert_file /x\n  key_file /y\n${lines}\n }\n}\n${instanceWith("")}`,
  track_file: (lines) =>
    `track_file f {\n file /proc/version\n${lines}\n}\n${instanceWith(tracked("track_file", "f"))}`,
  vrrp_instance: (lines) => instanceWith(lines),
  vrrp_script: (lines) =>
    `global_defs {\n script_user root\n}\nvrrp_script s {\n script "/bin/true"\n${lines}\n}\n${instanceWith(tracked("track_script", "s"))}`,
  vrrp_sync_group: (lines) =>
    `${instanceWith("")}${instanceWith("", "B", "eth0", 52)}vrrp_sync_group G {\n group {\n  A\n  B\n }\n${lines}\n}\n`,
  vrrp_track_process: (lines) =>
    `vrrp_track_process p {\n process nginx\n${lines}\n}\n${instanceWith(tracked("track_process", "p"))}`,
};

export const BLOCKS: readonly (readonly [BlockWord | "", KeywordTable])[] = [
  ["", tableOf(undefined)],
  ...(Object.entries(TABLES) as [BlockWord, KeywordTable][]),
];
