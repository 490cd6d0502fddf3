/** What runs of checks say, for people. */
import type { Text } from "./probe.ts";

export const connected: Text = { en: "connected", "zh-CN": "已连接" };
export const replied: Text = { en: "it replied", "zh-CN": "已应答" };
export const answered: Text = { en: "it answered", "zh-CN": "已应答" };
export const stopped: Text = { en: "given up", "zh-CN": "已放弃" };

export const timedOut = (seconds: number): Text => ({
  en: `no answer within ${seconds} s`,
  "zh-CN": `${seconds} 秒内没有应答`,
});

const REASONS: Readonly<Record<string, Text>> = {
  ECONNREFUSED: { en: "nobody listens there", "zh-CN": "没有程序在监听" },
  ECONNRESET: { en: "the connection was reset", "zh-CN": "连接被重置" },
  EHOSTUNREACH: { en: "there is no way to the host", "zh-CN": "目标不可达" },
  ENETUNREACH: { en: "there is no route to the network", "zh-CN": "没有到该网络的路由" },
  EPERM: { en: "this machine does not permit it", "zh-CN": "本机不允许" },
};

/** @param code of the call that was refused */
export function refused(where: string, code: string): Text {
  const reason = REASONS[code];
  return {
    en: `${where}: ${reason === undefined ? code : `${reason.en} (${code})`}`,
    "zh-CN": `${where}：${reason === undefined ? code : `${reason["zh-CN"]}（${code}）`}`,
  };
}

export const unresolved = (name: string, code: string): Text => ({
  en: `the name ${name} has no address (${code})`,
  "zh-CN": `名称 ${name} 没有地址（${code}）`,
});

export const status = (code: number): Text => ({
  en: `status ${code}`,
  "zh-CN": `状态码 ${code}`,
});

export const wrongStatus = (code: number, { from, to }: { from: number; to: number }): Text => {
  const range = from === to ? `${from}` : `${from}-${to}`;
  return { en: `status ${code}, not ${range}`, "zh-CN": `状态码为 ${code}，不是 ${range}` };
};

/** @param isCut the answer is longer than what was looked at */
export const notInBody = (code: number, isCut: boolean): Text => ({
  en: `status ${code}, but the pattern is not in ${isCut ? "the first 64 KB of " : ""}the body`,
  "zh-CN": `状态码为 ${code}，但正文${isCut ? "的前 64 KB " : ""}与模式不匹配`,
});

export const unreadableFile = (file: string, code: string): Text => ({
  en: `${file} cannot be read (${code})`,
  "zh-CN": `无法读取 ${file}（${code}）`,
});

export const records = (count: number, type: string): Text => ({
  en: `${count} ${type} ${count === 1 ? "record" : "records"}`,
  "zh-CN": `${count} 条 ${type} 记录`,
});

export const truncated: Text = {
  en: "an answer that is too large for a datagram",
  "zh-CN": "应答过长，一个数据报放不下",
};

export const noRecord = (name: string, type: string): Text => ({
  en: `it has no ${type} record of ${name}`,
  "zh-CN": `没有 ${name} 的 ${type} 记录`,
});

export const dnsRefused = (code: string): Text => ({
  en: `the server answered ${code}`,
  "zh-CN": `服务器应答 ${code}`,
});

export const internal = (what: string): Text => ({
  en: `internal error: ${what}`,
  "zh-CN": `内部错误：${what}`,
});
