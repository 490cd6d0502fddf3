/**
 * What of an account's rights and of a server's settings a gate needs otherwise: asked by
 * `baton check --live` alone. Pure but for `survey`.
 */
import type { Remark, SurveyAsk } from "../port/database.ts";
import { text } from "../port/texts.ts";
import { type Connection, quoted, type Row } from "./connection.ts";

/** From this version on ALTER SYSTEM can be granted for a single setting. */
const GRANTS_SETTINGS = 150_000;

const COMMON = `SELECT current_user AS account, rolsuper, rolreplication,
  pg_has_role('pg_monitor', 'USAGE') AS monitor,
  pg_has_role('pg_signal_backend', 'USAGE') AS signal,
  has_function_privilege('pg_promote(boolean, integer)', 'EXECUTE') AS promote,
  has_function_privilege('pg_reload_conf()', 'EXECUTE') AS reload,
  has_table_privilege('pg_hba_file_rules', 'SELECT')
    AND has_function_privilege('pg_hba_file_rules()', 'EXECUTE') AS reads_hba,
  current_setting('server_version_num') AS version,
  current_setting('wal_log_hints') AS hints,
  current_setting('data_checksums') AS checksums,
  current_setting('synchronous_commit') AS commits,
  (SELECT string_agg(coalesce(r.rolname, d.datname), ' ')
    FROM pg_db_role_setting s LEFT JOIN pg_roles r ON r.oid = s.setrole
      LEFT JOIN pg_database d ON d.oid = s.setdatabase, unnest(s.setconfig) one
    WHERE one IN ('synchronous_commit=off', 'synchronous_commit=local')) AS early`;

const SETTINGS = `has_parameter_privilege('default_transaction_read_only', 'ALTER SYSTEM')
    AND has_parameter_privilege('synchronous_standby_names', 'ALTER SYSTEM') AS alter_system,
  has_parameter_privilege('baton.history', 'SET') AS marks`;

const FROM = "FROM pg_roles WHERE rolname = current_user";

export async function survey(
  connection: Connection,
  ask: SurveyAsk,
  timeoutMs: number,
): Promise<readonly Remark[]> {
  const end = performance.now() + timeoutMs;
  const left = (): number => Math.max(1, end - performance.now());
  const version = await connection.query("SHOW server_version_num", left());
  const isNew = Number(version[0]?.["server_version_num"]) >= GRANTS_SETTINGS;
  const [row] = await connection.query(`${COMMON}${isNew ? `, ${SETTINGS}` : ""} ${FROM}`, left());
  if (row === undefined) return [];
  const remarks = [...rightsRemarks(row), ...settingRemarks(row, ask)];
  const peers = ask.peers.filter((peer) => ADDRESS.test(peer));
  if (row["reads_hba"] !== "t" || peers.length === 0) return remarks;
  return [...remarks, ...hbaRemarks(await connection.query(hbaQuery(peers), left()))];
}

/** Names are not looked up. */
const ADDRESS = /^[\d.]+$|^[\da-f]*:[\da-f:.]*$/i;

/** What a list of rights is missing, as statements that grant it. */
export function rightsRemarks(row: Row): readonly Remark[] {
  const has = (name: string): boolean => row[name] === "t";
  if (has("rolsuper")) return [];
  const account = `"${(row["account"] ?? "").replaceAll('"', '""')}"`;
  const grants = (statement: string): string => `GRANT ${statement} TO ${account}`;
  if (Number(row["version"]) < GRANTS_SETTINGS) {
    const why = text(
      "the account is no superuser, and before version 15 nobody else can be allowed ALTER SYSTEM: writes cannot be closed",
      "该账号不是超级用户，而 15 之前的版本无法将 ALTER SYSTEM 授予其他用户，因此无法关闭写入",
    );
    return [{ kind: "server", why, fix: sql([`ALTER ROLE ${account} SUPERUSER`]) }];
  }
  const wanted: readonly (readonly [string, string])[] = [
    ["rolreplication", `ALTER ROLE ${account} REPLICATION`],
    ["monitor", grants("pg_monitor")],
    ["signal", grants("pg_signal_backend")],
    ["promote", grants("EXECUTE ON FUNCTION pg_promote(boolean, integer)")],
    ["reload", grants("EXECUTE ON FUNCTION pg_reload_conf()")],
    [
      "alter_system",
      grants("ALTER SYSTEM ON PARAMETER default_transaction_read_only, synchronous_standby_names"),
    ],
    ["marks", grants("SET ON PARAMETER baton.history")],
  ];
  const lacking = wanted.filter(([name]) => !has(name)).map(([, statement]) => statement);
  if (lacking.length === 0) return [];
  const why = text(
    "the account lacks rights that a promotion or a demotion needs",
    "该账号缺少提升或降级所需的权限",
  );
  return [{ kind: "server", why, fix: sql(lacking) }];
}

const sql = (statements: readonly string[]): { readonly en: string; readonly "zh-CN": string } => {
  const all = statements.map((one) => `${one};`).join(" ");
  return text(`at the primary, as a superuser: ${all}`, `在主库上以超级用户执行：${all}`);
};

export function settingRemarks(row: Row, { sync }: SurveyAsk): readonly Remark[] {
  const remarks: Remark[] = [];
  const commits = row["commits"] ?? "";
  if (sync !== "off" && ["off", "local"].includes(commits)) {
    remarks.push({
      kind: "server",
      why: text(
        `synchronous_commit is ${commits}: commits are acknowledged before the standby has them, whatever \`sync\` says`,
        `synchronous_commit 为 ${commits}：备库收到之前提交就已被确认，\`sync\` 无法保证不丢失`,
      ),
      fix: text(
        "synchronous_commit = on in postgresql.conf, and a reload",
        "在 postgresql.conf 中设置 synchronous_commit = on 并重新加载",
      ),
    });
  }
  const early = row["early"] ?? "";
  if (sync !== "off" && early !== "") {
    remarks.push({
      kind: "server",
      why: text(
        `synchronous_commit is off or local for ${early}: their commits are acknowledged before the standby has them`,
        `${early} 的 synchronous_commit 为 off 或 local：备库收到之前其提交就已被确认`,
      ),
      fix: text(
        "ALTER ROLE (or DATABASE) … RESET synchronous_commit, unless that loss is meant",
        "若并非有意，执行 ALTER ROLE（或 DATABASE）… RESET synchronous_commit",
      ),
    });
  }
  if (row["hints"] === "off" && row["checksums"] === "off") {
    remarks.push({
      kind: "server",
      why: text(
        "neither wal_log_hints nor data checksums are on: pg_rewind refuses, and a former primary has to be copied anew",
        "wal_log_hints 与数据校验和均未启用：pg_rewind 会拒绝执行，旧主库只能重新复制",
      ),
      fix: text(
        "wal_log_hints = on in postgresql.conf, and a restart",
        "在 postgresql.conf 中设置 wal_log_hints = on 并重启",
      ),
    });
  }
  return remarks;
}

/** Rows: a peer that no rule lets in (`peer`), or a line that the server cannot read (`line`). */
export const hbaQuery = (
  peers: readonly string[],
): string => `SELECT host(peer) AS peer, NULL AS line, NULL AS error
  FROM unnest(ARRAY[${peers.map(quoted).join(", ")}]::inet[]) AS peer
  WHERE NOT EXISTS (SELECT FROM pg_hba_file_rules
    WHERE error IS NULL AND type LIKE 'host%' AND auth_method <> 'reject'
      AND 'replication' = ANY(database)
      AND CASE WHEN address !~ '^[0-9a-f.:]+$' OR netmask IS NULL THEN true
        WHEN family(address::inet) <> family(peer) THEN false
        ELSE (peer & netmask::inet) = (address::inet & netmask::inet) END)
  UNION ALL SELECT NULL, line_number::text, error FROM pg_hba_file_rules WHERE error IS NOT NULL`;

export function hbaRemarks(rows: readonly Row[]): readonly Remark[] {
  return rows.map(({ peer, line, error }) =>
    typeof peer === "string"
      ? {
          kind: "server",
          why: text(
            `no line of pg_hba.conf lets the standby at ${peer} in for replication`,
            `pg_hba.conf 中没有允许备库 ${peer} 进行复制的行`,
          ),
          fix: text(
            `add \`host replication repl ${peer}/${peer.includes(":") ? 128 : 32} scram-sha-256\` with the standby's account, and reload`,
            `以备库所用账号添加 \`host replication repl ${peer}/${peer.includes(":") ? 128 : 32} scram-sha-256\` 并重新加载`,
          ),
        }
      : {
          kind: "server",
          why: text(
            `line ${line} of pg_hba.conf cannot be read: ${error}`,
            `pg_hba.conf 第 ${line} 行无法解析：${error}`,
          ),
          fix: text("correct the line, and reload", "更正该行并重新加载"),
        },
  );
}
