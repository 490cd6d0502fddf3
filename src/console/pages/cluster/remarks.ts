/** What a reader should know of a member beside its state, worst first. Pure. */
import type { HavipStatus, InstanceStatus, ScriptStatus } from "#daemon/control-protocol";
import { type Text, text } from "../../base/text.ts";

export interface Remark {
  readonly tone: "error" | "warning" | "info";
  readonly text: Text;
}

const remark = (tone: Remark["tone"], en: string, zh: string): Remark => ({
  tone,
  text: text(en, zh),
});

/** Half a second more than peers at one advertisement a second may be heard apart. */
const QUIET_INTERVALS = 3.5;
const UNRESOLVED_SECONDS = 1;

export function remarksOf(
  instance: InstanceStatus,
  scripts: readonly ScriptStatus[],
): readonly Remark[] {
  const remarks = [
    ...addressRemarks(instance),
    ...instance.havips.flatMap(havipRemarks),
    ...trackerRemarks(instance, scripts),
    ...peerRemarks(instance),
    ...gateRemarks(instance),
    ...waitRemarks(instance),
    ...notifyRemarks(instance),
  ];
  const rank = { error: 0, warning: 1, info: 2 };
  return remarks.toSorted((a, b) => rank[a.tone] - rank[b.tone]);
}

function addressRemarks({ addresses, claim, linkUp, interface: device }: InstanceStatus): Remark[] {
  const remarks: Remark[] = [];
  if (!linkUp && device !== null)
    remarks.push(remark("error", `the link of ${device} is down`, `${device} 链路断开`));
  if (claim !== undefined) {
    const { mac = "?", address, count } = claim;
    remarks.push(
      remark(
        "error",
        `another machine (${mac}) claims ${address} by ARP, ${count} times`,
        `另一台机器（${mac}）正在通过 ARP 宣告 ${address}，共 ${count} 次`,
      ),
    );
  }
  for (const { address, error, foreign } of addresses) {
    if (error !== undefined)
      remarks.push(remark("error", `${address}: ${error}`, `${address}：${error}`));
    if (foreign.length > 0) {
      const devices = foreign.join(", ");
      remarks.push(
        remark(
          "warning",
          `${address} is on ${devices} without Baton's doing`,
          `${address} 出现在 ${devices} 上，但并非由 Baton 添加`,
        ),
      );
    }
  }
  return remarks;
}

function havipRemarks(havip: HavipStatus): Remark[] {
  const { address } = havip;
  switch (havip.platform) {
    case "not-asked":
    case "agrees":
      return [];
    case "doubtful":
      return [
        remark(
          "warning",
          `${address}: whether the cloud agrees is in doubt: ${havip.detail}`,
          `${address}：云平台是否认可存疑：${havip.detail}`,
        ),
      ];
    case "disputed":
      return [
        remark(
          "error",
          `${address}: ${havip.rival ?? "another instance"} announces it too`,
          `${address}：${havip.rival ?? "另一实例"}也在宣告该地址`,
        ),
      ];
    case "disagrees": {
      const holder = havip.holder ?? "";
      return [
        remark(
          "error",
          `${address}: the cloud says it is with ${holder === "" ? "nobody" : holder}`,
          `${address}：云平台认为${holder === "" ? "无人持有" : `它属于 ${holder}`}`,
        ),
      ];
    }
    case "unknown":
      return [
        remark(
          "warning",
          `${address}: the cloud does not say who holds it`,
          `${address}：云平台未说明它属于谁`,
        ),
      ];
  }
}

const KINDS_ZH: Readonly<Record<string, string>> = {
  script: "脚本",
  interface: "网卡",
  file: "文件",
  process: "进程",
  bfd: "BFD 会话",
  check: "检查",
};

function trackerRemarks({ trackers }: InstanceStatus, scripts: readonly ScriptStatus[]): Remark[] {
  return trackers.flatMap(({ kind: tracked, name, effect }) => {
    if (effect === 0 || (typeof effect === "number" && effect > 0)) return [];
    const script = tracked === "script" ? scripts.find((one) => one.name === name) : undefined;
    // To a router a check without a process is a script.
    const kind = script?.check === undefined ? tracked : "check";
    const found = foundBy(script);
    const [en, zh] = found === undefined ? ["", ""] : [`: ${found.en}`, `：${found["zh-CN"]}`];
    return effect === "fault"
      ? [
          remark(
            "error",
            `${kind} ${name} holds it in FAULT${en}`,
            `${KINDS_ZH[kind] ?? kind} ${name} 使其处于 FAULT${zh}`,
          ),
        ]
      : [
          remark(
            "warning",
            `${kind} ${name} takes ${-effect} off its priority${en}`,
            `${KINDS_ZH[kind] ?? kind} ${name} 使优先级降低 ${-effect}${zh}`,
          ),
        ];
  });
}

/** What a check found, or the last line that a script wrote, of one that is down. */
function foundBy(script: ScriptStatus | undefined): ScriptStatus["found"] {
  if (script?.result !== "down") return undefined;
  if (script.found !== undefined) return script.found;
  const line = script.lastOutput.trimEnd().split("\n").at(-1) ?? "";
  return line === "" ? undefined : { en: line, "zh-CN": line };
}

function peerRemarks(instance: InstanceStatus): Remark[] {
  return instance.peers.flatMap(({ address, configured, unresolvedSeconds, heardSecondsAgo }) => {
    if (!configured)
      return [
        remark("warning", `peer ${address} is not configured here`, `对端 ${address} 未在本机配置`),
      ];
    if ((unresolvedSeconds ?? 0) >= UNRESOLVED_SECONDS)
      return [
        remark(
          "warning",
          `peer ${address} does not answer ARP: nothing reaches it`,
          `对端 ${address} 不应答 ARP，通告无法送达`,
        ),
      ];
    // A master is heard by everybody; backups say nothing.
    const isMaster = instance.standby?.master?.address === address;
    const limit = instance.advertIntervalSeconds * QUIET_INTERVALS;
    return isMaster && (heardSecondsAgo ?? 0) > limit
      ? [remark("warning", `${address} is late`, `${address} 的通告延迟`)]
      : [];
  });
}

const GATE_PHASES: Readonly<Record<NonNullable<InstanceStatus["gate"]>["phase"], Text>> = {
  closed: text("closed", "关闭"),
  probing: text("asks whether the address is still served", "正在询问地址是否仍有应答"),
  promoting: text("promotion under way", "正在提升"),
  open: text("open", "开放"),
  demoting: text("demotion under way", "正在降级"),
};

/** A node that may not be promoted is no standby, whatever its state. */
function gateRemarks({ gate, state }: InstanceStatus): Remark[] {
  if (gate === undefined) return [];
  const { phase, eligible, why, last, epoch, database } = gate;
  const name = GATE_PHASES[phase];
  const lag = database?.lagMicros;
  const behind =
    lag === undefined ? undefined : (lag / 1_000_000).toFixed(lag < 10_000_000 ? 1 : 0);
  const isFailed = last?.outcome === "refused" || last?.outcome === "late";
  const isOut = eligible === "no" && phase !== "open";
  const said = last?.text ?? { en: last?.outcome ?? "", "zh-CN": last?.outcome ?? "" };
  return [
    remark(
      phase === "open" || phase === "closed" ? "info" : "warning",
      `gate: ${name.en}${phase === "open" && epoch > 0 ? ` (epoch ${epoch})` : ""}${behind === undefined ? "" : `, database ${behind} s behind`}`,
      `gate：${name["zh-CN"]}${phase === "open" && epoch > 0 ? `（epoch ${epoch}）` : ""}${behind === undefined ? "" : `，数据库落后 ${behind} 秒`}`,
    ),
    ...(state === "MASTER" && gate.fence === "closed"
      ? [
          remark(
            "error",
            "it owns the address, but its ports are fenced: nobody is served",
            "它持有地址，但端口被拦截：无人得到服务",
          ),
        ]
      : []),
    ...(isOut
      ? [
          remark(
            "error",
            `may not be promoted: ${why.map(({ en }) => en).join("; ")}`,
            `不可提升：${why.map((one) => one["zh-CN"]).join("；")}`,
          ),
        ]
      : []),
    ...(isFailed && last !== undefined
      ? [
          remark(
            "error",
            `last ${last.kind} failed: ${said.en}`,
            `最近一次 ${last.kind} 失败：${said["zh-CN"]}`,
          ),
        ]
      : []),
  ];
}

function waitRemarks({ standby, holdDown, lease }: InstanceStatus): Remark[] {
  const remarks: Remark[] = [];
  if (holdDown?.leftSeconds !== undefined) {
    const seconds = Math.ceil(holdDown.leftSeconds);
    remarks.push(
      remark(
        "info",
        `hold-down: a weaker master is left alone for ${seconds} s`,
        `抑制中：${seconds} 秒内不抢占优先级较低的主节点`,
      ),
    );
  }
  if (standby?.preemptInSeconds !== undefined) {
    const seconds = Math.ceil(standby.preemptInSeconds);
    remarks.push(remark("info", `takes over in ${seconds} s`, `${seconds} 秒后接管`));
  }
  if (lease.guarantee === "backstop")
    remarks.push(
      remark(
        "info",
        `lease of ${lease.seconds} s, longer than the peers wait`,
        `租约 ${lease.seconds} 秒，长于对端的等待时间`,
      ),
    );
  return remarks;
}

function notifyRemarks({ notify: { last } }: InstanceStatus): Remark[] {
  if (last === undefined || last.exit === 0) return [];
  return [
    remark(
      "warning",
      `notify script for ${last.state}: exit ${last.exit}`,
      `${last.state} 的 notify 脚本：退出码 ${last.exit}`,
    ),
  ];
}
