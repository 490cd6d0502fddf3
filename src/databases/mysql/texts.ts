/** What operators read, in both languages. */
import type { Text } from "../port/database.ts";
import type { ServerProblem } from "../port/problem.ts";
import { text } from "../port/texts.ts";

export const unreachable = (where: string, { code, message }: ServerProblem): Text =>
  text(
    `the database at ${where} does not answer (${code}: ${message})`,
    `数据库 ${where} 没有应答（${code}: ${message}）`,
  );

export const noAnswer = (where: string, problem: ServerProblem): Text =>
  problem.kind === "hung"
    ? text(
        `the database at ${where} accepts connections and does not answer`,
        `数据库 ${where} 接受连接但不应答`,
      )
    : unreachable(where, problem);

export const applyingStopped = (error: string | undefined): Text =>
  text(
    `the replica's SQL thread is stopped${error === undefined ? "" : `: ${error}`}`,
    `副本的 SQL 线程已停止${error === undefined ? "" : `：${error}`}`,
  );

export const receivingStopped = (error: string | undefined): Text =>
  text(
    `the replica's IO thread is stopped${error === undefined ? "" : `: ${error}`}`,
    `副本的 IO 线程已停止${error === undefined ? "" : `：${error}`}`,
  );

export const notReceiving = (error: string | undefined): Text =>
  text(
    `the replica does not reach the primary, which answers here${error === undefined ? "" : `: ${error}`}`,
    `副本连不上主库，而主库在此处可达${error === undefined ? "" : `：${error}`}`,
  );

export const lagUnknown: Text = text(
  "it is not known how far the replica is behind: the primary was never reached from here",
  "不知道副本落后多少：从未在此处连上过主库",
);

export const errant = (difference: string): Text =>
  text(
    `it has transactions that the primary has not: ${difference}`,
    `存在主库没有的事务：${difference}`,
  );

export const lacking = (difference: string): Text =>
  text(
    `the other database has transactions that this one has not: ${difference}`,
    `另一数据库有本库没有的事务：${difference}`,
  );

export const diverged = (ours: string, theirs: string): Text =>
  text(
    `both databases have transactions that the other one has not: here ${ours}, there ${theirs}`,
    `两个数据库各有对方没有的事务：本库 ${ours}，对方 ${theirs}`,
  );

export const notSynchronous: Text = text(
  "sync required: the primary does not wait for this replica (semi-synchronous replication is off)",
  "sync required：主库没有等待本副本确认（半同步复制未生效）",
);

export const synchronousUnknown = (timeoutMs: number | undefined): Text =>
  text(
    timeoutMs === undefined
      ? "sync required: it is not known whether the primary acknowledged without this replica"
      : "sync required: the primary has been out of reach for longer than its semi-synchronous " +
          `time-out (${timeoutMs / 1_000} s), after which it acknowledges without this replica`,
    timeoutMs === undefined
      ? "sync required：不知道主库是否在没有本副本的情况下确认过写入"
      : `sync required：主库失联时间已超过半同步超时（${timeoutMs / 1_000} 秒），此后它会在没有本副本的情况下确认写入`,
  );

export const followsNobody: Text = text(
  "it is read-only and follows no other database, which may have newer data",
  "数据库只读且未跟随任何数据库，对方可能有更新的数据",
);

export const peerIsPrimary = (where: string): Text =>
  text(`the database at ${where} takes writes`, `数据库 ${where} 正在接受写入`);

export const peerStillPrimary = (where: string, why: string): Text =>
  text(
    `the database at ${where} could not be made read-only: ${why}`,
    `无法将数据库 ${where} 设为只读：${why}`,
  );

export const notReplicable: Text = text(
  "it could not be followed after a promotion: log_bin, log_slave_updates or GTIDs are off",
  "提升后无法被跟随：log_bin、log_slave_updates 或 GTID 未启用",
);

export const semiSyncOnReplica: Text = text(
  "semi-synchronous replication of a primary is on here: this replica waits for an " +
    "acknowledgement of what it applies, which nobody sends",
  "本副本启用了主库侧的半同步：它在等待无人发送的确认",
);

export const semiSyncTimeout = (timeoutMs: number): Text =>
  text(
    `the primary waits ${timeoutMs / 1_000} s for its replica and then acknowledges alone, so it ` +
      "may not be replaced later than that after it was last seen; rpl_semi_sync_master_timeout " +
      "should be longer than a take-over takes",
    `主库等待副本 ${timeoutMs / 1_000} 秒后会单独确认，因此失联超过该时间就不能被接替；` +
      "rpl_semi_sync_master_timeout 应长于一次接管所需时间",
  );

export const privileged = (users: readonly string[]): Text =>
  text(
    `these accounts may write while the server is read-only: ${users.join(", ")}`,
    `这些账号在服务器只读时仍可写入：${users.join("、")}`,
  );

export const catchUpLate = (difference: string): Text =>
  text(
    `not everything was applied in time, still missing: ${difference}`,
    `未能及时应用全部事务，仍缺：${difference}`,
  );

export const relayLate: Text = text(
  "what was received could not be applied in time",
  "已接收的事务未能及时应用",
);

export const readOnlyLate = (where: string, why: string): Text =>
  text(
    `${where} could not be made read-only in time: ${why}`,
    `未能及时将 ${where} 设为只读：${why}`,
  );

export const notReplicated = (where: string, why: string): Text =>
  text(
    `the database at ${where} did not get everything in time: ${why}`,
    `数据库 ${where} 未能及时得到全部数据：${why}`,
  );

export const notReady = (where: string, why: Text): Text =>
  text(
    `the database at ${where} could not be promoted now: ${why.en}`,
    `数据库 ${where} 目前无法提升：${why["zh-CN"]}`,
  );

export const stillReadOnly: Text = text(
  "the server is still read-only after SET GLOBAL",
  "执行 SET GLOBAL 后服务器仍为只读",
);

export const stillApplying: Text = text(
  "the replica's SQL thread still runs after it was stopped",
  "停止后副本的 SQL 线程仍在运行",
);

export const stillWritable: Text = text(
  "the database takes writes, so it is not made a replica",
  "数据库正在接受写入，不会被设为副本",
);

export const noReplicationLogin: Text = text(
  "it does not follow: the credentials file has no [replication] section with user and password",
  "未跟随：凭据文件中没有含 user 和 password 的 [replication] 段",
);

export const rejoinManually = (host: string, port: number): Text =>
  text(
    `rejoin manual: nothing is missing there, so make it a replica of ${host}:${port} by hand`,
    `rejoin manual：对方不缺数据，请手工将其设为 ${host}:${port} 的副本`,
  );

export const noPrimary: Text = text(
  "no other database takes writes, so there is nobody to follow",
  "没有其他数据库接受写入，无可跟随对象",
);

export const sameServer = (where: string, id: string): Text =>
  text(
    `the database at ${where} has the server_id of this one (${id}): it is this server itself, or ` +
      "one of the two needs another number",
    `数据库 ${where} 的 server_id（${id}）与本库相同：它就是本库，或者其中一台须改用其他编号`,
  );

export const otherKind: Text = text(
  "the databases are not of the same kind, so their data cannot be compared",
  "两边数据库类型不同，无法比较数据",
);
