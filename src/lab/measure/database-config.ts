/**
 * The files of a node of the database pair: keepalived.conf, and the scripts that the guides for a
 * MySQL pair behind keepalived print. keepalived is measured with them; so is Baton `--no-gate`.
 */
import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { resourceUrl } from "#units/installation";
import { GATE_ACCOUNT, REPLICATION_ACCOUNT } from "../database/mariadb.ts";

export const DATABASE_PORT = 3306;
/** In the node. */
export const SOCKET = "/run/mysqld/mysqld.sock";

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
  /** With a script behind the promotion that a fault makes slow. */
  readonly isSlow: boolean;
}

const CHECK = `#!/bin/sh
exec mariadb --no-defaults --socket=${SOCKET} -u root -e 'SELECT 1' >/dev/null
`;

/** A promotion that takes long: the file says how long, in seconds. */
const SLOWLY = `[ ! -f /etc/keepalived/slow ] || sleep "$(cat /etc/keepalived/slow)"`;

/**
 * Stop the replica, take writes. Semi-synchronous commits are switched off, since a new primary
 * has no replica yet and would wait for one at every commit.
 */
const PROMOTE = `#!/bin/sh
${SLOWLY}
exec mariadb --no-defaults --socket=${SOCKET} -u root -e \\
  'STOP SLAVE; RESET SLAVE ALL; SET GLOBAL rpl_semi_sync_master_enabled=0; SET GLOBAL read_only=0'
`;

/** Not every guide has it; without it the old primary takes writes for ever. */
const DEMOTE = `#!/bin/sh
exec mariadb --no-defaults --socket=${SOCKET} -u root -e 'SET GLOBAL read_only=1'
`;

/** With the gate the promotion is the daemon's own; this is only for the fault that delays it. */
const SLOW_PROMOTE = `#!/bin/sh
${SLOWLY}
exit 0
`;

function write(node: DatabaseNode, name: string, text: string, mode: number): void {
  const path = join(node.etc, name);
  writeFileSync(path, text);
  chmodSync(path, mode);
}

/** keepalived.conf as the guides print it, and its scripts. */
export function writeGuide(node: DatabaseNode): string {
  write(node, "check_mysql.sh", CHECK, 0o755);
  write(node, "promote.sh", PROMOTE, 0o755);
  write(node, "demote.sh", DEMOTE, 0o755);
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
    instance: [
      '    notify_master "/etc/keepalived/promote.sh"',
      '    notify_backup "/etc/keepalived/demote.sh"',
      '    notify_fault "/etc/keepalived/demote.sh"',
      '    notify_stop "/etc/keepalived/demote.sh"',
    ],
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
  if (!node.isSlow) return text;
  write(node, "promote.sh", SLOW_PROMOTE, 0o755);
  const promote = '    promote "/etc/keepalived/promote.sh" timeout 10';
  return text.replace(/^( +)gate \{$/m, `$1gate {\n$1${promote}`);
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
