/** How orders are called, on buttons and in the table. */
import { t } from "../../base/language.ts";
import { type Text, text } from "../../base/text.ts";

export const DAEMON_TEXT: Readonly<Record<string, Text>> = {
  start: text("Start", "启动"),
  stop: text("Stop", "停止"),
  restart: text("Restart", "重启进程"),
  "kill-engine": text("Kill the engine", "杀死引擎进程"),
  "kill-all": text("kill -9", "kill -9"),
  hang: text("Hang", "挂起"),
  continue: text("Continue", "恢复运行"),
  "power-off": text("Power off", "断电"),
  "power-on": text("Power on", "上电"),
  "service-down": text("Service down", "业务故障"),
  "service-up": text("Service up", "业务恢复"),
};

export const FAULT_TEXT: Readonly<Record<string, Text>> = {
  cut: text("Cut off", "断网"),
  unplug: text("Unplug", "拔网线"),
  plug: text("Plug in", "插网线"),
  "loss 30% vrrp": text("Lose 30 % of VRRP", "VRRP 丢包 30%"),
  "one-way from": text("It cannot send", "只收不发"),
  "delay 50ms": text("Delay 50 ms", "延迟 50 毫秒"),
  "swallow-claims": text("Swallow its ARP", "丢弃免费 ARP"),
  heal: text("Heal", "恢复网络"),
};

/** `daemon stop` and `cut`, as the laboratory reports them. */
export function orderText(order: string): string {
  const daemon = /^daemon (.+)$/.exec(order)?.[1];
  const known = daemon === undefined ? FAULT_TEXT[order] : DAEMON_TEXT[daemon];
  return known === undefined ? order : t(known);
}
