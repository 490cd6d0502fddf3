-- At the primary, once, as a superuser. PostgreSQL 15 or later; in 13 and 14 baton is a SUPERUSER.
CREATE ROLE baton LOGIN REPLICATION PASSWORD 'change-me-1';
GRANT pg_monitor, pg_signal_backend TO baton;
GRANT EXECUTE ON FUNCTION pg_promote(boolean, integer), pg_reload_conf() TO baton;
GRANT ALTER SYSTEM ON PARAMETER default_transaction_read_only, synchronous_standby_names TO baton;
GRANT SET ON PARAMETER baton.history TO baton;
-- Optional: `baton check --live` looks whether pg_hba.conf lets the standby in. In the database postgres.
GRANT SELECT ON pg_hba_file_rules TO baton;
GRANT EXECUTE ON FUNCTION pg_hba_file_rules() TO baton;

-- Of the standby, and of pg_rewind.
CREATE ROLE repl LOGIN REPLICATION PASSWORD 'change-me-2';
GRANT pg_checkpoint TO repl;
GRANT EXECUTE ON FUNCTION pg_ls_dir(text, boolean, boolean), pg_stat_file(text, boolean),
    pg_read_binary_file(text), pg_read_binary_file(text, bigint, bigint, boolean) TO repl;
