-- On node b, once, after a copy of a's data (mariadb-backup, or mariadb-dump --master-data --gtid).
CHANGE MASTER TO
  MASTER_HOST = '172.16.0.16',
  MASTER_PORT = 3306,
  MASTER_USER = 'repl',
  MASTER_PASSWORD = 'change-me-2',
  MASTER_USE_GTID = slave_pos;
START SLAVE;
