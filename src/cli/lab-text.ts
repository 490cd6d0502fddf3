/** The help of `baton lab` and the table of its status, in English and Chinese. */
import type { Language } from "#diagnostics/diagnostic";
import { FAULT_USAGE } from "#lab/vpc/fault-orders";
import type { LabStatus } from "#lab/vpc/lab-protocol";
import { printColumns } from "./columns.ts";

export const LAB_USAGE: Readonly<Record<Language, string>> = {
  en: `usage: baton lab up [-f LAB.yaml] [--api HOST:PORT]
       baton lab status
       baton lab exec INSTANCE [--] COMMAND [ARGUMENT ...]
       baton lab fault INSTANCE FAULT [VALUE ...]
       baton lab capture INSTANCE FILE.pcap | --stop
       baton lab down

  up        builds the VPCs, subnets, instances and HAVIPs of the file, starts the instances' commands, and stays in the
            foreground; Ctrl-C ends everything and leaves nothing behind. Without a file: the HAVIP tutorial
  --api     where the cloud's API can be reached from this machine (default 127.0.0.1, a free port)
  --name    of the lab, for more than one at a time (default: default)
  --json    for programs; \`up\` prints an event a line
  --lang    en or zh-CN

faults:
${FAULT_USAGE.en}`,
  "zh-CN": `用法：baton lab up [-f LAB.yaml] [--api 地址:端口]
      baton lab status
      baton lab exec 实例 [--] 命令 [参数 ...]
      baton lab fault 实例 故障 [值 ...]
      baton lab capture 实例 文件.pcap | --stop
      baton lab down

  up        按文件创建 VPC、子网、实例和 HAVIP，启动各实例的命令，并一直在前台运行；
            Ctrl-C 结束并清除一切。不写文件时使用 HAVIP 教程的环境
  --api     本机访问云 API 的地址（默认 127.0.0.1 的空闲端口）
  --name    实验环境的名称，用于同时运行多个（默认 default）
  --json    供程序读取的输出；\`up\` 每行输出一个事件
  --lang    en 或 zh-CN

故障：
${FAULT_USAGE["zh-CN"]}`,
};

interface Heads {
  readonly instances: readonly string[];
  readonly havips: readonly string[];
}

const HEADS: Readonly<Record<Language, Heads>> = {
  en: {
    instances: ["INSTANCE", "ID", "ADDRESS", "IN", "OUT", "REFUSED", "FAULTS", "COMMANDS"],
    havips: ["HAVIP", "ID", "ADDRESS", "PUBLIC", "STATE", "INSTANCE"],
  },
  "zh-CN": {
    instances: ["实例", "ID", "地址", "入", "出", "拒绝", "故障", "命令"],
    havips: ["HAVIP", "ID", "地址", "公网地址", "状态", "实例"],
  },
};

/** `baton lab status`, for people. */
export function printLabStatus({ instances, havips }: LabStatus, language: Language): string {
  const head = HEADS[language];
  const machines = printColumns([
    head.instances,
    ...instances.map((one) => [
      one.name,
      one.instanceId,
      one.address,
      `${one.sent}`,
      `${one.received}`,
      `${Object.values(one.dropped).reduce((sum, count) => sum + count, 0)}`,
      Object.keys(one.faults).join(" ") || "-",
      one.commands.map(({ state }) => state).join(", ") || "-",
    ]),
  ]);
  const addresses = printColumns([
    head.havips,
    ...havips.map((one) => [
      one.name,
      one.id,
      one.address,
      one.publicAddress ?? "-",
      one.state,
      one.instance ?? "-",
    ]),
  ]);
  return `${machines}\n${addresses}`;
}
