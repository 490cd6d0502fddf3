/** What `baton check` prints: the findings in the requested format, and what would run. */

import type { Severity } from "#diagnostics/codes";
import { CODES, type Code } from "#diagnostics/codes";
import type { Diagnostic, Language } from "#diagnostics/diagnostic";
import { clouds as ENGLISH, ticked } from "#diagnostics/en/phrases";
import { duration } from "#diagnostics/numbers";
import { renderGithub } from "#diagnostics/render/github";
import { jsonFinding } from "#diagnostics/render/json";
import { renderSarif } from "#diagnostics/render/sarif";
import { renderTerminal } from "#diagnostics/render/terminal";
import type { SourceMap } from "#diagnostics/source";
import { clouds as CHINESE, ticked as tickedInChinese } from "#diagnostics/zh/phrases";
import type { Reading } from "#keepalived/read";
import { MOVES_BY_ARP } from "#keepalived/rules/cloud-vendor";
import { printIp } from "#units/address";
import { fromCentis, micros, toSeconds } from "#units/time";
import type { InstanceConfig, VirtualAddress } from "#vrrp/router/config";
import type { Format } from "./check-options.ts";

export interface Outcome {
  readonly readings: readonly Reading[];
  readonly diagnostics: readonly Diagnostic[];
  /**
   * How many findings each code has, including those left out of `diagnostics` because there
   * are too many.
   */
  readonly counts: ReadonlyMap<Code, number>;
  readonly sources: SourceMap;
  readonly wouldRun: boolean;
  /** The findings that `--fix` would correct, or has corrected. */
  readonly fixable: number;
  readonly fixed: boolean;
  /** The keywords of blocks that are not run, such as those of load balancing. */
  readonly skipped: readonly string[];
  readonly version: string;
  /** The platform that was named by `--cloud`, or the one that this machine runs on. */
  readonly isCloudAsked: boolean;
}

export interface ReportOptions {
  readonly format: Format;
  readonly language: Language;
  readonly color: boolean;
}

export function printReport(outcome: Outcome, options: ReportOptions): string {
  const { diagnostics, sources } = outcome;
  switch (options.format) {
    case "json":
      return `${JSON.stringify(jsonReport(outcome), null, 2)}\n`;
    case "sarif":
      return renderSarif(diagnostics, sources, outcome.version);
    case "github":
      return diagnostics.map((one) => renderGithub(one, sources)).join("");
    case "text":
      return textReport(outcome, options);
  }
}

function jsonReport({ readings, diagnostics, counts, sources }: Outcome): object {
  return {
    ok: diagnostics.every(({ severity }) => severity !== "error"),
    counts: Object.fromEntries([...counts].toSorted(([a], [b]) => (a < b ? -1 : 1))),
    findings: diagnostics.map((one) => jsonFinding(one, sources)),
    instances: readings.flatMap(({ plan }) =>
      plan.instances.map(({ config }) => ({
        name: config.router.name,
        vrid: config.router.vrid,
        interface: config.interface ?? null,
        version: config.router.version,
        priority: config.router.priority,
        advertInterval: toSeconds(fromCentis(config.router.advertInterval)),
        preempt: config.router.preempt,
        virtualAddresses: config.addresses.map(printAddress),
      })),
    ),
  };
}

const printAddress = ({ address, prefix }: VirtualAddress): string =>
  `${printIp(address)}/${prefix}`;

function textReport(outcome: Outcome, { language, color }: ReportOptions): string {
  const { diagnostics, sources, readings } = outcome;
  const parts = diagnostics.map((one) => renderTerminal(one, sources, { language, color }));
  const several = readings.length > 1;
  const instances = readings.flatMap((reading) =>
    reading.plan.instances.map(({ config }) => {
      const where = several ? `${reading.sources[0]?.name ?? ""}: ` : "";
      return `${where}${SUMMARIES[language](config)}\n`;
    }),
  );
  if (instances.length > 0) parts.push(instances.join(""));
  parts.push(`${verdict(outcome, language)}\n`);
  const about = aboutCloud(outcome, language);
  if (about !== undefined) parts.push(`${about}\n`);
  return parts.join("\n");
}

/**
 * How long a backup waits without an advertisement: operators want to know this figure, and
 * hardly anybody computes it.
 */
function detection(config: InstanceConfig): string {
  const { advertInterval, downTimerAdverts, priority, version } = config.router;
  const interval = fromCentis(advertInterval);
  const unit = version === 2 ? 1_000_000 : interval;
  const skew = ((256 - Math.min(priority, 255)) / 256) * unit;
  return duration(micros(downTimerAdverts * interval + skew));
}

const addressesIn = (config: InstanceConfig): readonly string[] =>
  [...config.addresses, ...config.excludedAddresses].map(printAddress);

const SUMMARIES: Readonly<Record<Language, (config: InstanceConfig) => string>> = {
  en: (config) => {
    const { router } = config;
    const addresses = addressesIn(config);
    const parts = [
      `VRID ${router.vrid} on ${config.interface ?? "any interface"}`,
      `version ${router.version}`,
      `priority ${router.priority}${router.preempt ? "" : ", nopreempt"}`,
      config.transport.kind === "unicast" ? "unicast" : "multicast",
      router.priority === 255
        ? "owner of the address: master at once"
        : `takes over ${detection(config)} after the master's last advertisement`,
      addresses.length === 0 ? "no addresses" : `holds ${addresses.join(", ")}`,
    ];
    return `${router.name}: ${parts.join("; ")}`;
  },
  "zh-CN": (config) => {
    const { router } = config;
    const addresses = addressesIn(config);
    const parts = [
      `${config.interface ?? "任意网卡"} 上的 VRID ${router.vrid}`,
      `VRRPv${router.version}`,
      `优先级 ${router.priority}${router.preempt ? "" : "，不抢占"}`,
      config.transport.kind === "unicast" ? "单播" : "组播",
      router.priority === 255
        ? "地址所有者，启动即为主节点"
        : `主节点静默 ${detection(config)} 后接管`,
      addresses.length === 0 ? "没有虚拟地址" : `虚拟地址 ${addresses.join("、")}`,
    ];
    return `${router.name}：${parts.join("；")}`;
  },
};

/**
 * Says that no platform is known, or that gratuitous ARP moves no address on this one.
 * Undefined otherwise.
 */
function aboutCloud({ readings, isCloudAsked }: Outcome, language: Language): string | undefined {
  if (readings.every(({ plan }) => plan.instances.length === 0)) return undefined;
  const en = language === "en";
  const cloud = readings.find((reading) => reading.cloud !== undefined)?.cloud;
  if (cloud === undefined) {
    if (isCloudAsked) return undefined;
    return en
      ? "nothing says that this is for a cloud; `--cloud tencent` (or alibaba, huawei, aws, azure, gcp) adds its advice"
      : "文件里看不出用在哪个云平台；加上 `--cloud tencent`（或 alibaba、huawei、aws、azure、gcp）可得到该平台的建议";
  }
  if (MOVES_BY_ARP.includes(cloud)) return undefined;
  return en
    ? `in ${ENGLISH[cloud] ?? cloud} an address does not move by gratuitous ARP: only a call of the API by a notify script moves it`
    : `在 ${CHINESE[cloud] ?? cloud} 上，地址不会因免费 ARP 而迁移：只有 notify 脚本调用 API 才能迁移`;
}

function verdict(outcome: Outcome, language: Language): string {
  const count = (severity: Severity): number => {
    const own = [...outcome.counts].filter(([code]) => CODES[code].severity === severity);
    return own.reduce((sum, [, times]) => sum + times, 0);
  };
  const [errors, warnings, infos] = [count("error"), count("warning"), count("info")];
  return VERDICTS[language]({ ...outcome, errors, warnings, infos });
}

interface Verdict extends Outcome {
  readonly errors: number;
  readonly warnings: number;
  readonly infos: number;
}

const plural = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? "" : "s"}`;

const VERDICTS: Readonly<Record<Language, (verdict: Verdict) => string>> = {
  en: ({ errors, warnings, infos, wouldRun, fixable, fixed, skipped }) => {
    const found = [
      ...(errors > 0 ? [plural(errors, "error")] : []),
      ...(warnings > 0 ? [plural(warnings, "warning")] : []),
      ...(infos > 0 ? [plural(infos, "remark")] : []),
    ];
    const fixes =
      fixable === 0
        ? fixed && found.length > 0
          ? "; nothing was corrected: `--fix` makes only corrections that are certain"
          : ""
        : fixed
          ? `; corrected ${plural(fixable, "place")} in the file`
          : `; \`--fix\` corrects ${fixable}`;
    if (found.length === 0) return `nothing to complain about: this does what it says${fixes}`;
    const result = !wouldRun
      ? "it would not run"
      : errors > 0
        ? "keepalived would run it, but not as it reads; `baton run` does so only with `--compat`"
        : warnings > 0
          ? "it would run; the warnings are worth a look"
          : "it would run as it reads";
    const blocks = ticked(skipped);
    const except = wouldRun && skipped.length > 0 ? `, without ${blocks}, which Baton skips` : "";
    return `${found.join(", ")}: ${result}${except}${fixes}`;
  },
  "zh-CN": ({ errors, warnings, infos, wouldRun, fixable, fixed, skipped }) => {
    const found = [
      ...(errors > 0 ? [`${errors} 个错误`] : []),
      ...(warnings > 0 ? [`${warnings} 个警告`] : []),
      ...(infos > 0 ? [`${infos} 条提示`] : []),
    ];
    const fixes =
      fixable === 0
        ? fixed && found.length > 0
          ? "；没有改动：`--fix` 只做有把握的改正"
          : ""
        : fixed
          ? `；已在文件中改正 ${fixable} 处`
          : `；\`--fix\` 可自动改正 ${fixable} 处`;
    if (found.length === 0) return `没有发现问题，怎么写就怎么运行${fixes}`;
    const result = !wouldRun
      ? "无法启动"
      : errors > 0
        ? "keepalived 会运行它，但与所写的不一致；`baton run` 须加 `--compat` 才会照此运行"
        : warnings > 0
          ? "能运行，警告请留意"
          : "能按所写的运行";
    const except =
      wouldRun && skipped.length > 0 ? `（${tickedInChinese(skipped)} 除外，Baton 会跳过）` : "";
    return `${found.join("，")}：${result}${except}${fixes}`;
  },
};
