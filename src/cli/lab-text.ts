/** The help of `baton lab` and the table of its status, in English and Chinese. */
import type { Language } from "#diagnostics/diagnostic";
import type { LabStatus } from "#lab/vpc/lab-protocol";
import { printColumns } from "./columns.ts";

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
      one.faultOrders.join(", ") || "-",
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
