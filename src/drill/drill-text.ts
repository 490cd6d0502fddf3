/** The texts of the reports, in both languages. */
import type { Phase, Plan, Text } from "./report.ts";

const t = (en: string, zh: string): Text => ({ en, "zh-CN": zh });

export const TEXTS = {
  passed: t("passed", "通过"),
  failed: t("not passed", "未通过"),
  when: t("When", "时间"),
  instance: t("Instance", "实例"),
  address: t("Address", "地址"),
  measuredFrom: t("Measured from", "测量位置"),
  probe: t("Probe", "探测"),
  objective: t("Objective", "目标"),
  run: t("Run", "次序"),
  plan: t("Plan", "方式"),
  from: t("From", "原持有者"),
  to: t("To", "接管者"),
  nobody: t("nobody", "无"),
  outage: t("Outage", "中断"),
  both: t("Both answered", "同时应答"),
  lost: t("Lost", "丢失"),
  result: t("Result", "结果"),
  median: t("Median outage", "中断中位数"),
  worst: t("Longest outage", "最长中断"),
  answers: t("Answers around the move", "切换前后的应答"),
  slowest: t("slowest answer", "最慢应答"),
  seconds: t("seconds from the begin of the move", "距切换开始的秒数"),
  unknown: t("–", "–"),
} as const satisfies Readonly<Record<string, Text>>;

export const PLAN_NAMES: Readonly<Record<Plan, Text>> = {
  switch: t("planned move", "计划内切换"),
  "kill-engine": t("engine killed", "引擎被杀死"),
  "hang-engine": t("engine hangs", "引擎挂起"),
};

export const PHASE_NAMES: Readonly<Record<Phase, Text>> = {
  detect: t("detect", "检测"),
  elect: t("elect", "选举"),
  gate: t("gate", "放行"),
  announce: t("announce", "宣告"),
  platform: t("platform", "云平台"),
};

export const everyPeriod = (probe: string, periodMs: number): Text =>
  t(`${probe}, every ${periodMs} ms`, `${probe}，每 ${periodMs} 毫秒一次`);

export const passedOf = (passed: number, of: number): Text =>
  t(`${passed} of ${of} passed`, `${of} 次中 ${passed} 次通过`);

export const lostOf = (lost: number, sent: number): Text =>
  t(`${lost} of ${sent}`, `${sent} 中的 ${lost}`);

/** `0 ms`, `0.8 ms`, `12 ms`: as exact as it was measured. */
export function milliseconds(ms: number): string {
  return `${ms < 10 && ms % 1 !== 0 ? ms.toFixed(1) : Math.round(ms)} ms`;
}
