/** What operators read, in both languages. */
import type { Text } from "../port/database.ts";
import { text, textsOf } from "../port/texts.ts";

export const { unreachable, sameServer, peerIsPrimary, peerStillPrimary, notReplicated } =
  textsOf("PostgreSQL");

export const notStreaming: Text = text(
  "the standby does not receive from its primary",
  "备库没有从主库接收日志",
);

export const paused: Text = text(
  "replay is paused on the standby (pg_wal_replay_resume() ends that)",
  "备库的回放已暂停（用 pg_wal_replay_resume() 恢复）",
);

export const lagUnknown: Text = text(
  "it is not known how far the standby is behind: it has not been seen together with its primary",
  "不知道备库落后多少：尚未同时看到它和它的主库",
);

export const notSynchronous: Text = text(
  "sync required: the primary does not wait for this standby",
  "sync required：主库没有等待本备库确认",
);

export const synchronousUnknown: Text = text(
  "sync required: the primary does not answer, and it is not known that it waited for this standby",
  "sync required：主库没有应答，且不能确定它曾等待本备库确认",
);

export const ownData: Text = text(
  "it has log records that the primary has not",
  "存在主库没有的日志记录",
);

export const lacking = (here: string, there: string): Text =>
  text(
    `the other server has data that this one has not: here ${here}, there ${there} ` +
      "(timeline:position)",
    `另一服务器有本服务器没有的数据：本机 ${here}，对方 ${there}（时间线:位置）`,
  );

export const diverged = (here: string, there: string): Text =>
  text(
    `each server has log records that the other one has not: here ${here}, there ${there} ` +
      "(timeline:position)",
    `两台服务器各有对方没有的日志记录：本机 ${here}，对方 ${there}（时间线:位置）`,
  );

export const unrelated = (here: string, there: string): Text =>
  text(
    "the servers are not copies of one cluster, or the history file of a timeline is gone: " +
      `here ${here}, there ${there}`,
    `两台服务器不是同一集群的副本，或时间线历史文件已不存在：本机 ${here}，对方 ${there}`,
  );

export const readOnlyLate = (where: string, why: string): Text =>
  text(
    `PostgreSQL at ${where} may still take writes: ${why}`,
    `PostgreSQL ${where} 可能仍在接受写入：${why}`,
  );

export const sessionsLeft = (users: readonly string[]): Text =>
  text(`sessions of ${users.join(", ")} could not be ended`, `无法结束 ${users.join("、")} 的会话`);

export const notReady = (where: string, why: Text): Text =>
  text(
    `PostgreSQL at ${where} could not be promoted now: ${why.en}`,
    `PostgreSQL ${where} 目前无法提升：${why["zh-CN"]}`,
  );

export const replayLate: Text = text(
  "what was received could not be replayed in time",
  "已接收的日志未能及时回放",
);

export const promotionLate: Text = text(
  "the server has not ended its recovery in time",
  "服务器未能及时结束恢复状态",
);

export const stillWritable: Text = text(
  "the server takes writes, so it is not made a standby",
  "服务器正在接受写入，不会被设为备库",
);

export const needsRestart: Text = text(
  "a former primary follows only after a restart as a standby: by the gate's `rejoin` program, " +
    "or by hand (pg_rewind, standby.signal)",
  "旧主库须以备库方式重启后才能跟随：由 `gate` 的 `rejoin` 程序完成，或手工执行（pg_rewind、standby.signal）",
);

export const prepared = (count: number): Text =>
  text(
    `${count} prepared transactions can be committed although the server is closed ` +
      "(pg_prepared_xacts)",
    `有 ${count} 个两阶段预备事务，在服务器关闭写入后仍可提交（pg_prepared_xacts）`,
  );

export const exempt = (names: readonly string[]): Text =>
  text(
    `these roles or databases begin writable although the server is closed: ${names.join(", ")} ` +
      "(ALTER ROLE or ALTER DATABASE … SET default_transaction_read_only = off)",
    `以下角色或数据库在服务器关闭写入后仍可写：${names.join("、")}` +
      "（ALTER ROLE 或 ALTER DATABASE … SET default_transaction_read_only = off）",
  );

export const waitsForNobody: Text = text(
  "commits wait for no standby at the moment",
  "目前提交不等待任何备库",
);

export const commitsStandStill: Text = text(
  "sync required: no standby receives, so commits wait until one does",
  "sync required：没有备库在接收，提交会一直等待",
);
