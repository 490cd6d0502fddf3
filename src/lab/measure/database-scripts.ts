/**
 * The shell scripts of a database pair: those that guides print for keepalived's `notify_*`, and
 * what a careful person writes for a gate that has no database of its own.
 */
import { GATE_ACCOUNT, REPLICATION_ACCOUNT } from "../database/mariadb.ts";

/** In the node. */
export const SOCKET = "/run/mysqld/mysqld.sock";
const CLIENT = "mariadb --no-defaults";
const LOCAL = `${CLIENT} --socket=${SOCKET} -u root`;

/** A promotion that takes long: the file says how long, in seconds. */
export const SLOWLY = `[ ! -f /etc/keepalived/slow ] || sleep "$(cat /etc/keepalived/slow)"`;

export const CHECK = `#!/bin/sh
exec ${LOCAL} -e 'SELECT 1' >/dev/null
`;

/**
 * Stop the replica, take writes. Semi-synchronous commits are switched off, since a new primary
 * has no replica yet and would wait for one at every commit.
 */
export const GUIDE_PROMOTE = `#!/bin/sh
${SLOWLY}
exec ${LOCAL} -e \\
  'STOP SLAVE; RESET SLAVE ALL; SET GLOBAL rpl_semi_sync_master_enabled=0; SET GLOBAL read_only=0'
`;

/** Not every guide has it; without it the old primary takes writes for ever. */
export const GUIDE_DEMOTE = `#!/bin/sh
exec ${LOCAL} -e 'SET GLOBAL read_only=1'
`;

/** With a database in the gate the promotion is Baton's; this only makes it slow. */
export const SLOW_PROMOTE = `#!/bin/sh
${SLOWLY}
exit 0
`;

/** Status 0 only when this node has everything that was received, and takes writes. */
export const GATE_PROMOTE = `#!/bin/sh
${SLOWLY}
db() { ${LOCAL} -N -s -e "$1"; }
status=$(${LOCAL} -e 'SHOW SLAVE STATUS\\G') || exit 1
field() { echo "$status" | sed -n "s/^ *$1: //p"; }
if [ -n "$status" ]; then
  [ "$(field Slave_SQL_Running)" = Yes ] || { echo "the replica does not apply"; exit 1; }
  [ "$(field Slave_IO_Running)" != No ] || { echo "the replica does not receive"; exit 1; }
  [ "$(db "SELECT MASTER_GTID_WAIT('$(field Gtid_IO_Pos)', 8)")" = 0 ] ||
    { echo "the replica is behind"; exit 1; }
  db 'STOP SLAVE SQL_THREAD' || exit 1
fi
db 'SET GLOBAL rpl_semi_sync_master_enabled=0; SET GLOBAL read_only=0' || exit 1
# Whatever the old primary still sends is not applied; the thread may take seconds to end.
(db 'STOP SLAVE; RESET SLAVE ALL' >/dev/null 2>&1 &)
exit 0
`;

/** Status 0 only when this node takes no writes, and, at a planned move, the other one has all. */
export const GATE_DEMOTE = `#!/bin/sh
db() { ${LOCAL} -N -s -e "$1"; }
peer() {
  ${CLIENT} -h "$BATON_PEER" -u ${GATE_ACCOUNT.user} -p${GATE_ACCOUNT.password} -N -s -e "$1"
}
if [ "$BATON_REASON" = rejoin ]; then
  [ -n "$BATON_PEER" ] || exit 1
  db "STOP SLAVE; SET GLOBAL gtid_slave_pos=@@gtid_current_pos; CHANGE MASTER TO \\
    MASTER_HOST='$BATON_PEER', MASTER_USER='${REPLICATION_ACCOUNT.user}', \\
    MASTER_PASSWORD='${REPLICATION_ACCOUNT.password}', MASTER_USE_GTID=slave_pos, \\
    MASTER_CONNECT_RETRY=1; START SLAVE" || exit 1
  sleep 1
  ${LOCAL} -e 'SHOW SLAVE STATUS\\G' | grep -q 'Slave_IO_Running: Yes'
  exit
fi
ids="SELECT id FROM information_schema.processlist WHERE user='app'"
for id in $(db "$ids"); do db "KILL $id" 2>/dev/null; done
db 'SET GLOBAL read_only=1' || exit 1
for id in $(db "$ids"); do db "KILL $id" 2>/dev/null; done
[ "$BATON_REASON" = switch ] || [ "$BATON_REASON" = stop ] || exit 0
[ -n "$BATON_PEER" ] || exit 0
all=$(db 'SELECT @@gtid_binlog_pos')
[ "$(peer "SELECT MASTER_GTID_WAIT('$all', 3)")" = 0 ] && exit 0
echo "the other node does not have everything"
db 'SET GLOBAL read_only=0'
exit 1
`;
