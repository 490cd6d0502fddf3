/** How kinds and severities are called. Pure. */
import type { EventKind, EventSeverity } from "#events/record";
import { type Text, text } from "../../base/text.ts";

export const KIND_NAMES: Readonly<Record<EventKind, Text>> = {
  state: text("state", "状态"),
  group: text("group", "同步组"),
  priority: text("priority", "优先级"),
  check: text("check", "检查"),
  reload: text("reload", "重新加载"),
  announcement: text("announcement", "宣告"),
  conflict: text("conflict", "冲突"),
  cloud: text("cloud", "云平台"),
  stall: text("stall", "停顿"),
  engine: text("engine", "引擎"),
  notify: text("notify", "通知脚本"),
  operator: text("operator", "操作"),
  maintenance: text("maintenance", "维护"),
  daemon: text("daemon", "守护进程"),
  alert: text("alert", "告警"),
  gate: text("gate", "提升与降级"),
};

export const SEVERITY_NAMES: Readonly<Record<EventSeverity, Text>> = {
  info: text("info", "信息"),
  warning: text("warning", "警告"),
  error: text("error", "错误"),
};
