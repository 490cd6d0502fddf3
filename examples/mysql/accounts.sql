-- On the primary, once, before the replica is made: the replica gets the accounts with the data.
-- The passwords are those of mysql.cnf.

-- An anonymous account (of mariadb-install-db; Debian makes none) would be taken before 'baton'@'%' at
-- this machine, and refused: DROP USER ''@'localhost'; mariadb-secure-installation does it too.

-- Baton's own: may look, switch read-only, and start and stop replication; sees no data of yours.
CREATE USER 'baton'@'%' IDENTIFIED BY 'change-me-1';
GRANT REPLICATION SLAVE ADMIN, REPLICATION MASTER ADMIN, REPLICA MONITOR, BINLOG MONITOR, READ_ONLY ADMIN, CONNECTION ADMIN, PROCESS, RELOAD ON *.* TO 'baton'@'%';
GRANT SELECT ON mysql.global_priv TO 'baton'@'%';

-- With which each server replicates from the other.
CREATE USER 'repl'@'%' IDENTIFIED BY 'change-me-2';
GRANT REPLICATION SLAVE ON *.* TO 'repl'@'%';

-- An account of an application must not have READ_ONLY ADMIN (SUPER in MariaDB before 10.11, in
-- MySQL): it would write to a server that is read-only.
