/**
 * The files of a node of a database pair: keepalived.conf, and the scripts that the guides for a
 * MySQL pair behind keepalived print. keepalived is measured with them; so is Baton `--gate none`.
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

export function writeNodeFile(node: DatabaseNode, name: string, text: string, mode: number): void {
  const path = join(node.etc, name);
  writeFileSync(path, text);
  chmodSync(path, mode);
}

/** keepalived.conf as the guides print it, and its scripts. */
export function writeGuide(node: DatabaseNode): string {
  writeNodeFile(node, "promote.sh", GUIDE_PROMOTE, 0o755);
  writeNodeFile(node, "demote.sh", GUIDE_DEMOTE, 0o755);
  return printGuide(node, "mysql", CHECK);
}

const GUIDE_LINES: readonly string[] = [
  '    notify_master "/etc/keepalived/promote.sh"',
  '    notify_backup "/etc/keepalived/demote.sh"',
  '    notify_fault "/etc/keepalived/demote.sh"',
  '    notify_stop "/etc/keepalived/demote.sh"',
];

/** keepalived.conf as the guides have it; promote.sh and demote.sh are beside it already. */
export const printGuide = (node: DatabaseNode, database: string, check: string): string =>
  printScripted(node, { database, check, instance: GUIDE_LINES });

/** A gate with scripts, as for a database that Baton does not know. */
export function writeScriptedGate(node: DatabaseNode): string {
  writeNodeFile(node, "promote.sh", GATE_PROMOTE, 0o755);
  writeNodeFile(node, "demote.sh", GATE_DEMOTE, 0o755);
  const instance = [
    "    gate {",
    '        promote "/etc/keepalived/promote.sh" timeout 10',
    '        demote "/etc/keepalived/demote.sh" timeout 5',
    `        fence tcp ${DATABASE_PORT}`,
    "        takeover_probe service",
    "        on_refusal backup hold 5",
    "        reset_connections on",
    "    }",
  ];
  return printScripted(node, { database: "mysql", check: CHECK, instance });
}

interface Scripted {
  /** Name of the check. */
  readonly database: string;
  readonly check: string;
  readonly instance: readonly string[];
}

function printScripted(node: DatabaseNode, { database, check, instance }: Scripted): string {
  writeNodeFile(node, `check_${database}.sh`, check, 0o755);
  const { intervalSeconds, timeoutSeconds, fall } = node.detection;
  return printConfig(node, database, {
    root: [
      `vrrp_script ${database} {`,
      `    script "/etc/keepalived/check_${database}.sh"`,
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
  writeNodeFile(node, "mysql.cnf", `${accounts.join("\n")}\n`, 0o600);
  return withScript(withNode(readExample(`node-${node.name}.conf`), node), node);
}

/** The example's file with how the check notices a failure, and slow where it may be. */
export function withNode(example: string, node: DatabaseNode): string {
  const { intervalSeconds, timeoutSeconds, fall } = node.detection;
  const text = example
    .replace(/^( +)interval 1$/m, `$1interval ${intervalSeconds}`)
    .replace(/^( +)timeout 1$/m, `$1timeout ${timeoutSeconds}`)
    .replace(/^( +)fall 2$/m, `$1fall ${fall}`);
  return withSlowness(text, node);
}

function withSlowness(text: string, node: DatabaseNode): string {
  if (!node.isSlow) return text;
  writeNodeFile(node, "promote.sh", SLOW_PROMOTE, 0o755);
  const promote = '    promote "/etc/keepalived/promote.sh" timeout 10';
  return text.replace(/^( +)gate \{$/m, `$1gate {\n$1${promote}`);
}

/** The same question, asked by a script as keepalived's is. */
function withScript(text: string, node: DatabaseNode): string {
  if (!node.isScripted) return text;
  writeNodeFile(node, "check_mysql.sh", CHECK, 0o755);
  return text
    .replace("check db {", "vrrp_script db {")
    .replace(/^( +)mysql \S+ credentials_file .*$/m, '$1script "/etc/keepalived/check_mysql.sh"');
}

export const readExampleFile = (path: string): string =>
  readFileSync(resourceUrl(`examples/${path}`), "utf8");

const readExample = (name: string): string => readExampleFile(`mysql/${name}`);

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
  database: string,
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
    `        ${database}`,
    "    }",
    ...parts.instance,
    "}",
  ];
  return `${lines.join("\n")}\n`;
}
