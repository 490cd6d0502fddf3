/** What operators read of every kind of database, in both languages. */
import type { Text } from "./database.ts";

export const text = (en: string, zh: string): Text => ({ en, "zh-CN": zh });

export const secondsOf = (micros: number): string => `${Math.round(micros / 100_000) / 10} s`;

export const lagging = (lag: number, max: number): Text =>
  text(
    `the replica is ${secondsOf(lag)} behind, max_lag allows ${secondsOf(max)}`,
    `副本落后 ${secondsOf(lag)}，max_lag 只允许 ${secondsOf(max)}`,
  );

export const failed = (what: string, why: string): Text =>
  text(`${what} failed: ${why}`, `${what} 失败：${why}`);

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
