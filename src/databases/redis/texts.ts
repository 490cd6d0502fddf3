/** What operators read, in both languages. */
import type { HostPort } from "#keepalived/plan/run-plan";
import { printAddress, type Text } from "../port/database.ts";
import type { ServerProblem } from "../port/problem.ts";
import { text, textsOf } from "../port/texts.ts";

const common = textsOf("Redis");
export const { sameServer, peerIsPrimary, peerStillPrimary, notReplicated } = common;

/** An error in place of what was asked for is no answer either. */
export const unreachable = (where: string, { kind, message }: ServerProblem): Text =>
  common.unreachable(where, { kind: kind === "answer" ? "unreachable" : kind, message });

export const loading: Text = text("the server is still loading its data", "服务器仍在加载数据");

export const copying: Text = text(
  "the replica is receiving a whole copy of the data, and has only a part of it",
  "副本正在接收全量数据，目前只有一部分",
);

export const writableReplica: Text = text(
  "replica-read-only is off: clients may have written to the replica, and nothing shows it",
  "replica-read-only 已关闭：客户端可能写入过副本，而且无从得知",
);

export const notReceiving: Text = text(
  "the replica's connection to its master is down",
  "副本与主库的连接已断开",
);

export const notSynchronous: Text = text(
  "sync required: the master does not answer, and Redis acknowledges writes before a replica has them",
  "sync required：主库没有应答，而 Redis 会在副本收到之前确认写入",
);

export const lagUnknown: Text = text(
  "it is not known how far the replica is behind: it has not been seen together with its master",
  "不知道副本落后多少：尚未同时看到它和它的主库",
);

export const ownData: Text = text("it has data that the master has not", "存在主库没有的数据");

export const lacking = (here: string, there: string): Text =>
  text(
    `the other server has data that this one has not: here ${here}, there ${there}`,
    `另一服务器有本服务器没有的数据：本机 ${here}，对方 ${there}`,
  );

export const diverged = (here: string, there: string): Text =>
  text(
    `it has data that the master has not: here ${here}, there ${there}`,
    `存在主库没有的数据：本机 ${here}，对方 ${there}`,
  );

export const unrelated = (here: string, there: string): Text =>
  text(
    `the data of the two servers cannot be compared: here ${here}, there ${there}; if nothing here is needed, run REPLICAOF by hand`,
    `两台服务器的数据无法比较：本机 ${here}，对方 ${there}；如果本机数据都不需要，请手工执行 REPLICAOF`,
  );

export const readOnlyLate = (where: string, why: string): Text =>
  text(`Redis at ${where} still takes writes: ${why}`, `Redis ${where} 仍在接受写入：${why}`);

export const stillWritable: Text = text(
  "the server takes writes, so it is not made a replica",
  "服务器正在接受写入，不会被设为副本",
);

export const rejoinManually = (at: HostPort): Text =>
  text(
    `rejoin manual: nothing is missing there, so run REPLICAOF ${at.host} ${at.port} by hand`,
    `rejoin manual：${printAddress(at)} 不缺数据，请手工执行 REPLICAOF ${at.host} ${at.port}`,
  );
