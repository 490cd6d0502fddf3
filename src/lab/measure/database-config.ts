/**
 * The files of a node of the database pair: keepalived.conf, and the scripts that the guides for a
 * MySQL pair behind keepalived print. keepalived is measured with them; so is Baton `--no-gate`.
 */
import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { resourceUrl } from "#units/installation";
import { GATE_ACCOUNT, REPLICATION_ACCOUNT } from "../database/mariadb.ts";
import {
  CHECK,
  GATE_DEMOTE,
  GATE_PROMOTE,
  GUIDE_DEMOTE,
  GUIDE_PROMOTE,
  SLOW_PROMOTE,
} from "./database-scripts.ts";

export const DATABASE_PORT = 3306;

/** Who promotes: Baton itself, scripts that its gate runs, or the guides' notify scripts. */
export type GateKind = "builtin" | "scripts" | "none";

/** How a database that does not answer is noticed. */
export interface Detection {
  readonly intervalSeconds: number;
  readonly timeoutSeconds: number;
  /** So many failures in a row. */
  readonly fall: number;
}

export interface DatabaseNode {
  /** a or b, as in examples/mysql. */
  readonly name: string;
  /** Where the node's /etc/keepalived is outside. */
  readonly etc: string;
  readonly address: string;
  readonly peer: string;
  readonly virtualAddress: string;
  readonly detection: Detection;
  /** Its database is asked by a `vrrp_script`, not by a `check`. */
  readonly isScripted: boolean;
  /** With a script behind the promotion that a fault makes slow. */
  readonly isSlow: boolean;
}

function write(node: DatabaseNode, name: string, text: string, mode: number): void {
  const path = join(node.etc, name);
  writeFileSync(path, text);
  chmodSync(path, mode);
}

/** keepalived.conf as the guides print it, and its scripts. */
export function writeGuide(node: DatabaseNode): string {
  write(node, "promote.sh", GUIDE_PROMOTE, 0o755);
  write(node, "demote.sh", GUIDE_DEMOTE, 0o755);
  return printScripted(node, [
    '    notify_master "/etc/keepalived/promote.sh"',
    '    notify_backup "/etc/keepalived/demote.sh"',
    '    notify_fault "/etc/keepalived/demote.sh"',
    '    notify_stop "/etc/keepalived/demote.sh"',
  ]);
}

/** A gate with scripts, as for a database that Baton does not know. */
export function writeScriptedGate(node: DatabaseNode): string {
  write(node, "promote.sh", GATE_PROMOTE, 0o755);
  write(node, "demote.sh", GATE_DEMOTE, 0o755);
  return printScripted(node, [
    "    gate {",
    '        promote "/etc/keepalived/promote.sh" timeout 10',
    '        demote "/etc/keepalived/demote.sh" timeout 5',
    `        fence tcp ${DATABASE_PORT}`,
    "        takeover_probe service",
    "        on_refusal backup hold 5",
    "        reset_connections on",
    "    }",
  ]);
}

function printScripted(node: DatabaseNode, instance: readonly string[]): string {
  write(node, "check_mysql.sh", CHECK, 0o755);
  const { intervalSeconds, timeoutSeconds, fall } = node.detection;
  return printConfig(node, {
    root: [
      "vrrp_script mysql {",
      '    script "/etc/keepalived/check_mysql.sh"',
      `    interval ${intervalSeconds}`,
      `    timeout ${timeoutSeconds}`,
      `    fall ${fall}`,
      "    rise 1",
      "}",
    ],
    instance,
  });
}

/**
 * The example's file, which is what a reader can copy; only how the check notices a failure is
 * replaced.
 */
export function writeGate(node: DatabaseNode): string {
  const { user, password } = GATE_ACCOUNT;
  const replication = REPLICATION_ACCOUNT;
  const accounts = [
    "[client]",
    `user = ${user}`,
    `password = ${password}`,
    "[replication]",
    `user = ${replication.user}`,
    `password = ${replication.password}`,
  ];
  write(node, "mysql.cnf", `${accounts.join("\n")}\n`, 0o600);
  const { intervalSeconds, timeoutSeconds, fall } = node.detection;
  const text = readExample(`node-${node.name}.conf`)
    .replace(/^( +)interval 1$/m, `$1interval ${intervalSeconds}`)
    .replace(/^( +)timeout 1$/m, `$1timeout ${timeoutSeconds}`)
    .replace(/^( +)fall 2$/m, `$1fall ${fall}`);
  return [withSlowness, withScript].reduce((all, change) => change(all, node), text);
}

function withSlowness(text: string, node: DatabaseNode): string {
  if (!node.isSlow) return text;
  write(node, "promote.sh", SLOW_PROMOTE, 0o755);
  const promote = '    promote "/etc/keepalived/promote.sh" timeout 10';
  return text.replace(/^( +)gate \{$/m, `$1gate {\n$1${promote}`);
}

/** The same question, asked by a script as keepalived's is. */
function withScript(text: string, node: DatabaseNode): string {
  if (!node.isScripted) return text;
  write(node, "check_mysql.sh", CHECK, 0o755);
  return text
    .replace("check db {", "vrrp_script db {")
    .replace(/^( +)mysql \S+ credentials_file .*$/m, '$1script "/etc/keepalived/check_mysql.sh"');
}

const readExample = (name: string): string =>
  readFileSync(resourceUrl(`examples/mysql/${name}`), "utf8");

/** The example's settings of a server, as options of the program. */
export function exampleSettings(name: string): readonly string[] {
  return readExample(`node-${name}.cnf`)
    .split("\n")
    .map((line) => /^(\w+) = (\S+)$/.exec(line))
    .filter((match) => match !== null)
    .map(([, key = "", value = ""]) => `--${key}=${value}`)
    .filter((option) => !option.startsWith("--log_bin="));
}

function printConfig(
  { address, peer, virtualAddress }: DatabaseNode,
  parts: { readonly root: readonly string[]; readonly instance: readonly string[] },
): string {
  const lines = [
    "global_defs {",
    "    router_id db",
    "    script_user root",
    "    enable_script_security",
    "}",
    ...parts.root,
    "vrrp_instance VI_1 {",
    "    state BACKUP",
    "    interface eth0",
    "    virtual_router_id 51",
    "    nopreempt",
    "    priority 50",
    "    advert_int 1",
    "    authentication {",
    "        auth_type PASS",
    "        auth_pass 1111",
    "    }",
    `    unicast_src_ip ${address}`,
    "    unicast_peer {",
    `        ${peer}`,
    "    }",
    "    virtual_ipaddress {",
    `        ${virtualAddress}`,
    "    }",
    "    garp_master_delay 1",
    "    garp_master_refresh 5",
    "    track_interface {",
    "        eth0",
    "    }",
    "    track_script {",
    "        mysql",
    "    }",
    ...parts.instance,
    "}",
  ];
  return `${lines.join("\n")}\n`;
}
