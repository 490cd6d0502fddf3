/** What operators read of every kind of database, in both languages. */
import type { Text } from "./database.ts";
import type { ServerProblem } from "./problem.ts";

export const text = (en: string, zh: string): Text => ({ en, "zh-CN": zh });

export const secondsOf = (micros: number): string => `${Math.round(micros / 100_000) / 10} s`;

export const lagging = (lag: number, max: number): Text =>
  text(
    `the replica is ${secondsOf(lag)} behind, max_lag allows ${secondsOf(max)}`,
    `副本落后 ${secondsOf(lag)}，max_lag 只允许 ${secondsOf(max)}`,
  );

export const failed = (what: string, why: string): Text =>
  text(`${what} failed: ${why}`, `${what} 失败：${why}`);

export const followsNobody: Text = text(
  "it takes no writes and follows no other server, which may have newer data",
  "服务器不接受写入且未跟随其他服务器，对方可能有更新的数据",
);

export const noPrimary: Text = text(
  "no other server takes writes, so there is nobody to follow",
  "没有其他服务器接受写入，无可跟随对象",
);

export const stillReadOnly: Text = text(
  "the server takes no writes after its promotion",
  "提升后服务器仍不接受写入",
);

export const receivingLate: Text = text(
  "it was made a replica, and does not receive yet",
  "已设为副本，但尚未开始接收",
);

export const overtaken: Text = text(
  "another promotion or demotion was asked for meanwhile",
  "期间又收到了另一次提升或降级请求",
);

export const late: Text = text("there was no time left", "时间已用尽");

export const lostRole: Text = text(
  "it was promoted here and is read-only now: its server was started again, or another node has " +
    "taken its role",
  "它在此处被提升过，现在却是只读：服务器被重新启动，或其角色已被另一节点接管",
);

export const noRow: Text = text("the query gave no row", "查询没有返回任何行");

export const falseRow: Text = text(
  "the query gave a row with 0 or false in its first column",
  "查询返回的某行首列为 0 或 false",
);

/** What is said of a server by the name of its product; `where` is its address. */
export interface ServerTexts {
  readonly unreachable: (where: string, problem: Pick<ServerProblem, "kind" | "message">) => Text;
  readonly sameServer: (where: string) => Text;
  readonly peerIsPrimary: (where: string) => Text;
  readonly peerStillPrimary: (where: string, why: string) => Text;
  readonly notReplicated: (where: string, why: string) => Text;
}

export const textsOf = (product: string): ServerTexts => ({
  unreachable: (where, { kind, message }) => {
    switch (kind) {
      case "hung":
        return text(
          `${product} at ${where} accepts connections and does not answer`,
          `${product} ${where} 接受连接但不应答`,
        );
      case "refused":
        return text(
          `${product} at ${where} refuses Baton's login: ${message}`,
          `${product} ${where} 拒绝 Baton 登录：${message}`,
        );
      case "answer":
        return text(
          `${product} at ${where} answers with an error: ${message}`,
          `${product} ${where} 返回错误：${message}`,
        );
      case "unreachable":
        return text(
          `${product} at ${where} does not answer (${message})`,
          `${product} ${where} 没有应答（${message}）`,
        );
    }
  },
  sameServer: (where) =>
    text(
      `${product} at ${where} is this server itself: \`peer\` has to be the other node's`,
      `${product} ${where} 就是本服务器：\`peer\` 应为另一节点的`,
    ),
  peerIsPrimary: (where) =>
    text(`${product} at ${where} takes writes`, `${product} ${where} 正在接受写入`),
  peerStillPrimary: (where, why) =>
    text(
      `${product} at ${where} could not be kept from taking writes: ${why}`,
      `无法让 ${product} ${where} 停止接受写入：${why}`,
    ),
  notReplicated: (where, why) =>
    text(
      `${product} at ${where} did not get everything in time: ${why}`,
      `${product} ${where} 未能及时得到全部数据：${why}`,
    ),
});
