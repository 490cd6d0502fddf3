/** The options of `baton shadow`, and what its two halves get. */
import { flag, type Line, text, value, values } from "#command-line/definition";
import type { RunPlan } from "#keepalived/plan/run-plan";
import { type IpAddress, readIp } from "#units/address";
import { fromSeconds, type Micros } from "#units/time";
import { DEFAULT_FILE } from "./config-files.ts";

const FILE = text("FILE", "文件");

export const OPTIONS = {
  "use-file": values(
    FILE,
    text(
      `keepalived's configuration (default ${DEFAULT_FILE}); with --pcap one for each node`,
      `keepalived 的配置（默认 ${DEFAULT_FILE}）；与 --pcap 同用时每个节点一个`,
    ),
    { short: "f", completes: "files" },
  ),
  "config-id": value(
    text("ID", "ID"),
    text(
      "for lines that begin with @ID (default: host name)",
      "用于以 @ID 开头的行（默认为主机名）",
    ),
    { short: "i" },
  ),
  pcap: value(
    FILE,
    text(
      "compare what is in this capture (pcap or pcapng) instead of listening; needs no root",
      "比较抓包文件（pcap 或 pcapng）的内容，而不是监听；不需要 root",
    ),
    { completes: "files" },
  ),
  node: values(
    text("ADDRESS", "地址"),
    text(
      "with --pcap: the node's own address, one for each -f, if the file has no unicast_src_ip",
      "与 --pcap 同用：节点自身的地址，每个 -f 对应一个；文件中有 unicast_src_ip 时不需要",
    ),
    {
      accepts: {
        test: (one) => readIp(one) !== undefined,
        wanted: text("an IPv4 address", "IPv4 地址"),
      },
    },
  ),
  for: value(
    text("TIME", "时长"),
    text(
      "end after it, with the summary: 90s, 30m, 1h, 7d",
      "到时结束并输出总结：90s、30m、1h、7d",
    ),
    {
      accepts: {
        test: (one) => durationOf(one) !== undefined,
        wanted: text("a duration like 90s, 30m, 1h or 7d", "90s、30m、1h、7d 这样的时长"),
      },
    },
  ),
  tolerance: value(
    text("MS", "毫秒"),
    text(
      "decisions no further apart than this are the same (default: a fifth of advert_int, 20 to 100)",
      "相差不超过该值的决定视为一致（默认为 advert_int 的五分之一，20 至 100）",
    ),
    {
      accepts: {
        test: (one) => /^[0-9]{1,5}$/.test(one) && Number(one) >= 1,
        wanted: text("milliseconds from 1 to 99999", "1 到 99999 的毫秒数"),
      },
    },
  ),
  "run-scripts": flag(
    text(
      "run the check scripts a second time, as keepalived's own results cannot be read (they may have side effects)",
      "另行运行检查脚本，因为无法读取 keepalived 的结果（脚本可能有副作用）",
    ),
  ),
  all: flag(text("also show what both decide alike", "同时显示两者一致的决定")),
  json: flag(text("a line of JSON for each finding", "每个结果输出一行 JSON")),
} as const;

export type ShadowLine = Line<typeof OPTIONS>;

const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400 };

/** "90s", "30m", "1h", "7d"; a number alone is seconds. */
export function durationOf(given: string): Micros | undefined {
  const match = /^([0-9]{1,6})([smhd]?)$/.exec(given);
  if (match === null) return undefined;
  const [, number = "", unit = ""] = match;
  const seconds = Number(number) * (UNITS[unit] ?? 1);
  return seconds > 0 ? fromSeconds(seconds) : undefined;
}

/** One node: where its configuration is, and what it says. */
export interface NodeFile {
  readonly file: string;
  readonly plan: RunPlan;
  readonly address: IpAddress | undefined;
}
