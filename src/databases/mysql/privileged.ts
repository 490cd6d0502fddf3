/** Accounts that `read_only` does not stop: only MariaDB has such, since MySQL's is `super_`. */
import type { Facts } from "./facts.ts";
import { query, type SqlLink } from "./sql.ts";

const LISTED_MAX = 10;

/** Empty also if the gate's account may not read them. */
export async function privilegedAccounts(
  link: SqlLink,
  { dialect, user }: Facts,
  timeoutMs: number,
): Promise<readonly string[]> {
  if (dialect !== "mariadb") return [];
  try {
    const rows = await query(
      link,
      "SELECT CONCAT(User, '@', Host) AS account, User AS user FROM mysql.global_priv " +
        `WHERE (JSON_VALUE(Priv, '$.access') >> ${READ_ONLY_ADMIN_BIT}) & 1 = 1 ORDER BY account LIMIT 100`,
      timeoutMs,
    );
    return rows
      .filter((row) => row["user"] !== user && row["user"] !== "mariadb.sys")
      .slice(0, LISTED_MAX)
      .map((row) => row["account"] ?? "");
  } catch {
    return [];
  }
}

/** In the number that MariaDB keeps for an account, since 10.5. */
const READ_ONLY_ADMIN_BIT = 33;
