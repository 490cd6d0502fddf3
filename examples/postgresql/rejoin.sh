#!/bin/bash
# /usr/local/lib/baton/postgresql-rejoin: makes a former PostgreSQL primary the standby of the new
# one. The `rejoin` program of a gate: Baton runs it while another node is master, and again until
# the server follows. It may be run by hand too.
#
#     postgresql-rejoin --cluster 15/main [--peer HOST] [--accept-loss]
#
# It stops the server, takes back what was written here behind the fork of the timelines
# (pg_rewind), and starts it as a standby. It does that only if no transaction was committed here
# that the new primary lacks, or if this node was demoted as planned (BATON_MARKED=0: the other one
# had everything then). Otherwise it says how many there are and leaves the server as it is.
#
# Needs wal_log_hints = on (or data checksums), and on the new primary a login with REPLICATION and
# the rights of pg_rewind (accounts.sql).
set -u

user=postgres                # who runs the server
login=repl                   # its account at the new primary; the password is in the pass file
passfile=                    # unless given, ~postgres/.pgpass
socket_folder=/run/postgresql
port=5432
peer_port=                   # unless given, the same
cluster= data= configuration= bin=
peer=${BATON_PEER:-}
accept_loss=no
all=("$@")

while [ $# -gt 0 ]; do
    case $1 in
        --cluster) cluster=$2; shift 2 ;;           # of Debian: VERSION/NAME
        --data) data=$2; shift 2 ;;
        --configuration) configuration=$2; shift 2 ;;   # folder of postgresql.conf
        --bin) bin=$2; shift 2 ;;
        --user) user=$2; shift 2 ;;
        --login) login=$2; shift 2 ;;
        --passfile) passfile=$2; shift 2 ;;
        --socket-folder) socket_folder=$2; shift 2 ;;
        --port) port=$2; shift 2 ;;
        --peer-port) peer_port=$2; shift 2 ;;
        --peer) peer=$2; shift 2 ;;
        --accept-loss) accept_loss=yes; shift ;;
        INSTANCE | GROUP) break ;;                  # Baton's own arguments follow
        *) echo "unknown option $1"; exit 2 ;;
    esac
done
version=${cluster%%/*}
data=${data:-/var/lib/postgresql/$cluster}
configuration=${configuration:-${cluster:+/etc/postgresql/$cluster}}
configuration=${configuration:-$data}
bin=${bin:-/usr/lib/postgresql/$version/bin}
passfile=${passfile:-$(getent passwd "$user" | cut -d: -f6)/.pgpass}

fail() { echo "$1"; exit 1; }
[ -n "$peer" ] || fail "no peer: neither BATON_PEER nor --peer"
[ -d "$data" ] || fail "no data folder $data"

# Once begun it goes on to its end, whoever ends this program: half a pg_rewind is of no use.
if [ "${REJOIN_WORKER:-}" != yes ]; then
    REJOIN_WORKER=yes exec setsid --wait "$0" "${all[@]}"
fi
# The folder itself is locked, so that no file has to be made where others may have put a link.
exec 9< "$(dirname "$data")"
flock -n 9 || fail "an earlier run has not ended"

as_user() {
    if [ "$(id -u)" = 0 ]; then runuser -u "$user" -- "$@" 9>&-; else "$@" 9>&-; fi
}
source="host=$peer port=${peer_port:-$port} user=$login dbname=postgres connect_timeout=3 passfile=$passfile"
at_peer() { as_user "$bin/psql" "$source${2:-}" -XAtc "$1" 2>&1; }
here() {
    as_user env PGCONNECT_TIMEOUT=3 "$bin/psql" -h "$socket_folder" -p "$port" -U postgres -d postgres -XAtc "$1" 2> /dev/null
}
control() { as_user "$bin/pg_controldata" "$data" | sed -n "s/^$1: *//p"; }

start() {
    if [ -n "$cluster" ]; then
        pg_ctlcluster "${cluster%%/*}" "${cluster#*/}" start 9>&-
    else
        as_user "$bin/pg_ctl" -D "$configuration" -l "$data/../rejoin.log" -w -t 60 start > /dev/null
    fi
}
stop() {
    if [ -n "$cluster" ]; then
        pg_ctlcluster "${cluster%%/*}" "${cluster#*/}" stop -m fast 9>&-
    else
        as_user "$bin/pg_ctl" -D "$configuration" -m fast -w -t 60 stop > /dev/null
    fi
}
is_running() { as_user "$bin/pg_ctl" -D "$data" status > /dev/null 2>&1; }
follows() { [ "$(here "SELECT status FROM pg_stat_wal_receiver")" = streaming ]; }

follows && exit 0
answer=$(at_peer "SELECT NOT pg_is_in_recovery()")
[ "$answer" = t ] || fail "$peer is no primary: ${answer##*$'\n'}"

# ---- what this server has that the new primary lacks ---------------------------------------------
if is_running; then
    timeline=$(here "SELECT CASE WHEN NOT pg_is_in_recovery() THEN ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::int END")
else
    case $(control "Database cluster state") in
        "shut down"*) ;;
        # Crashed: its log is read to the end first, as pg_rewind would do.
        *) as_user "$bin/postgres" --single -F -D "$configuration" -c logging_collector=off template1 < /dev/null > /dev/null 2>&1 ||
            fail "the server cannot end its crash recovery" ;;
    esac
fi
timeline=${timeline:-$(control "Latest checkpoint's TimeLineID")}
theirs=$(at_peer "IDENTIFY_SYSTEM" " replication=true" | cut -d'|' -f2)
[ "$theirs" -ge "$timeline" ] 2> /dev/null || fail "timeline here $timeline, at $peer $theirs"

if [ "$theirs" -gt "$timeline" ]; then
    fork=$(at_peer "TIMELINE_HISTORY $theirs" " replication=true" | sed 's/^[0-9A-F]*\.history|//' |
        awk -v own="$timeline" '$1 == own { print $2 }')
    [ -n "$fork" ] || fail "timeline $timeline is not in the history of $peer's timeline $theirs"
    # Every commit behind the fork, but for Baton's own when it closed the server.
    found=$(as_user "$bin/pg_waldump" --path="$data/pg_wal" --timeline="$timeline" --start="$fork" 2>&1 |
        awk '/rmgr: LogicalMessage/ && /prefix "baton"/ { match($0, /tx: *[0-9]+/); own[substr($0, RSTART, RLENGTH)] = 1 }
            /rmgr: Transaction/ && /desc: COMMIT/ { match($0, /tx: *[0-9]+/); if (!(substr($0, RSTART, RLENGTH) in own)) commits++ }
            /could not (find|open) file|segment .* not found|has been removed/ { print "gone"; exit }
            END { print commits + 0 }' | head -n 1)
    if [ "$found" != 0 ] && [ "$accept_loss" = no ] && [ "${BATON_MARKED:-1}" = 1 ]; then
        [ "$found" = gone ] && fail "the log behind the fork at $fork is gone, so nobody can say what $peer lacks"
        fail "$found transactions were committed here behind the fork at $fork (timeline $timeline), and $peer lacks them; --accept-loss gives them up"
    fi
fi

# pg_rewind of 15 goes by the last checkpoint's timeline: the one before the promotion would do.
at_peer "CHECKPOINT" > /dev/null
[ "$(at_peer "SELECT timeline_id FROM pg_control_checkpoint()")" = "$theirs" ] ||
    fail "$peer has made no checkpoint since its promotion, and $login may not (GRANT pg_checkpoint)"

# ---- to a standby --------------------------------------------------------------------------------
is_running && { stop || fail "the server could not be stopped"; }
rewind=("$bin/pg_rewind" "--target-pgdata=$data" "--source-server=$source" --no-sync)
"$bin/pg_rewind" --help | grep -q -- --config-file &&
    rewind+=("--config-file=$configuration/postgresql.conf")
if ! output=$(as_user "${rewind[@]}" --dry-run 2>&1); then
    start
    fail "pg_rewind: ${output##*$'\n'}"
fi
output=$(as_user "${rewind[@]}" --write-recovery-conf 2>&1) ||
    fail "pg_rewind failed halfway, make the server anew by pg_basebackup: ${output##*$'\n'}"
as_user sync -f "$data"
start || fail "the server does not start as a standby: see its log"
for _ in $(seq 50); do
    follows && exit 0
    sleep 0.2
done
fail "it is a standby of $peer now, and does not receive yet"
