/** The plan of `baton migrate`, for people and for programs. */
import type { Diagnostic, Language } from "#diagnostics/diagnostic";
import { jsonFinding } from "#diagnostics/render/json";
import { renderHeading, renderTerminal } from "#diagnostics/render/terminal";
import { type InstanceFacts, ownsAny } from "#migrate/facts";
import { type Journal, phaseOf, STEPS } from "#migrate/journal";
import type { Plan } from "#migrate/plan";
import type { Refusal } from "#migrate/refusals";
import { commandsOf } from "#migrate/steps";
import type { Survey } from "./migrate-survey.ts";
import { phaseSentence, printCommand, refusalSentence, stepSentence } from "./migrate-text.ts";
import { ignoredSentence } from "./run-text.ts";

export interface Report {
  readonly survey: Survey;
  readonly plan: Plan;
  readonly refusals: readonly Refusal[];
}

export interface ReportStyle {
  readonly language: Language;
  readonly color: boolean;
}

export function jsonReport({ survey, plan, refusals }: Report, language: Language): object {
  const { facts, diagnostics, sources, scripts } = survey;
  const { keepalived, baton } = facts;
  return {
    canApply: refusals.length === 0,
    keepalived: {
      unit: keepalived.unit,
      version: keepalived.version,
      active: keepalived.isActive,
      enabled: keepalived.isEnabled,
      pid: keepalived.mainPid,
      arguments: keepalived.args,
      argumentsFrom: keepalived.argsFrom,
    },
    baton: { unit: baton.unit, installed: baton.hasUnit, program: baton.program, runs: baton.runs },
    configFile: facts.configFile,
    instances: facts.instances,
    scripts,
    findings: diagnostics.map((one) => jsonFinding(one, sources)),
    differences: differencesOf({ survey, plan, refusals }, language),
    refusals: refusals.map((one) => ({ ...one, text: refusalSentence(one, language) })),
    steps: STEPS.map((step) => ({
      step,
      about: stepSentence(step, "apply", plan.journal, language),
      apply: commandsOf(step, plan.journal, "apply"),
      undo: commandsOf(step, plan.journal, "undo"),
    })),
  };
}

export function textReport(report: Report, style: ReportStyle): string {
  const { language } = style;
  const en = language === "en";
  const { survey, plan, refusals } = report;
  const { facts } = survey;
  const { keepalived } = facts;
  const version = keepalived.version === undefined ? "" : ` ${keepalived.version}`;
  const pid = keepalived.mainPid === undefined ? "" : `, PID ${keepalived.mainPid}`;
  const parts: string[] = [];
  parts.push(
    [
      keepalived.isActive
        ? en
          ? `keepalived${version} runs here (${keepalived.unit}${pid}) with ${facts.configFile}`
          : `本机正在运行 keepalived${version}（${keepalived.unit}${pid}），配置文件为 ${facts.configFile}`
        : en
          ? `keepalived does not run here; looked at ${facts.configFile}`
          : `本机没有运行 keepalived；已检查 ${facts.configFile}`,
      ...facts.instances.map((one) => `  ${instanceSentence(one, en)}`),
      ...survey.scripts.map((path) => `  ${en ? "runs" : "运行"} ${path}`),
    ].join("\n"),
  );
  parts.push(...findings(survey, style));
  const differences = differencesOf(report, language);
  if (differences.length > 0) {
    const title = en ? "Different under Baton:" : "Baton 的不同之处：";
    parts.push([title, ...differences.map((one) => `  - ${one}`)].join("\n"));
  }
  parts.push(stepsText(plan, language));
  if (keepalived.isActive) parts.push(outageSentence(facts.instances, en));
  parts.push(verdict(refusals, language));
  return `${parts.join("\n\n")}\n`;
}

function instanceSentence(one: InstanceFacts, en: boolean): string {
  const head = `${one.name}  ${one.interface ?? "-"}  VRID ${one.vrid}`;
  const separator = en ? ", " : "、";
  const peers = one.heard
    .map(({ address, priority }) =>
      en ? `${address} (priority ${priority})` : `${address}（优先级 ${priority}）`,
    )
    .join(separator);
  if (ownsAny(one)) {
    return en
      ? `${head}  owns ${one.owned.join(separator)}`
      : `${head}  持有 ${one.owned.join(separator)}`;
  }
  if (peers === "") return en ? `${head}  nobody is heard` : `${head}  没有收到通告`;
  return en ? `${head}  hears ${peers}` : `${head}  收到 ${peers} 的通告`;
}

/** A migration that has begun, for programs. */
export const jsonProgress = (journal: Journal): object => ({
  phase: phaseOf(journal),
  startedAt: journal.startedAt,
  steps: STEPS.map((step) => ({ step, progress: journal.progress[step] ?? "open" })),
});

/** The same for people. */
export function textProgress(journal: Journal, language: Language): string {
  const en = language === "en";
  const marks = { done: en ? "done" : "已完成", begun: en ? "begun" : "已开始", open: "-" };
  const lines = STEPS.map((step, index) => {
    const mark = marks[journal.progress[step] ?? "open"];
    return `  ${index + 1}. [${mark}] ${stepSentence(step, "apply", journal, language)}\n`;
  });
  const head = phaseSentence(phaseOf(journal), journal.startedAt, language);
  return `${head}\n${lines.join("")}`;
}

/** With their lines; advice that changes nothing is one line each. */
function findings(
  { diagnostics, sources }: Survey,
  { language, color }: ReportStyle,
): readonly string[] {
  const isAdvice = ({ severity }: Diagnostic): boolean => severity === "info";
  const main = diagnostics
    .filter((one) => !isAdvice(one))
    .map((one) => renderTerminal(one, sources, { language, color }).trimEnd());
  const advice = diagnostics.filter(isAdvice).map((one) => renderHeading(one, { language, color }));
  return advice.length === 0 ? main : [...main, advice.join("\n")];
}

function differencesOf({ survey, plan }: Report, language: Language): readonly string[] {
  const en = language === "en";
  const { facts, ignored, scripts, stopScripts } = survey;
  const { unit, argsAtNextStart } = facts.keepalived;
  const { batonUnit } = plan.journal;
  const found = plan.left.map(({ section, key, value }) =>
    en
      ? `${unit} says [${section}] ${key}=${value}: not carried over; add it to ${batonUnit} if it is still needed`
      : `${unit} 中的 [${section}] ${key}=${value} 不会沿用；如仍需要，请加到 ${batonUnit}`,
  );
  for (const { option, why } of ignored) found.push(ignoredSentence(option, why, language));
  if (argsAtNextStart !== undefined) {
    const line = argsAtNextStart.join(" ");
    found.push(
      en
        ? `keepalived runs with other arguments than its unit would give it now (${line}); those of the running one are taken`
        : `正在运行的 keepalived 的参数与其 unit 现在给出的（${line}）不同；以正在运行的为准`,
    );
  }
  if (scripts.length > 0) {
    found.push(
      en
        ? "scripts get a small environment instead of the daemon's, and notify scripts of an instance run one after the other"
        : "脚本只得到少量环境变量，而不是守护进程的全部环境；同一实例的 notify 脚本依次执行",
    );
  }
  if (stopScripts.length > 0) {
    const paths = stopScripts.join(", ");
    found.push(
      en
        ? `stopping keepalived runs ${paths}, as every stop does; see that it leaves the service running`
        : `停止 keepalived 会照常执行 ${paths}；请确认它不会停掉业务服务`,
    );
  }
  const { notListened } = facts;
  if (notListened !== undefined) {
    const { interface: device, why } = notListened;
    found.push(
      en
        ? `not listened on ${device} (${why}): who owns the addresses is not known`
        : `无法在 ${device} 上监听（${why}）：不清楚谁持有地址`,
    );
  }
  return found;
}

function stepsText({ journal }: Plan, language: Language): string {
  const lines = STEPS.flatMap((step, index) => [
    `  ${index + 1}. ${stepSentence(step, "apply", journal, language)}`,
    ...commandsOf(step, journal, "apply").flatMap((command) => [
      `       ${printCommand(command, language)}`,
      ...(command.kind === "write"
        ? command.text
            .trimEnd()
            .split("\n")
            .map((line) => `       | ${line}`)
        : []),
    ]),
  ]);
  const title = language === "en" ? "Steps of `--apply`:" : "`--apply` 的步骤：";
  return [title, ...lines].join("\n");
}

function outageSentence(instances: readonly InstanceFacts[], en: boolean): string {
  const most = Math.max(0, ...instances.filter(ownsAny).map((one) => one.intervalSeconds));
  if (most === 0) {
    return en
      ? "Clients notice nothing: this node owns no address. For the seconds of the change it could not take over from the owner."
      : "客户端不会察觉：本节点没有持有地址。切换的几秒内，它无法接替当前持有者。";
  }
  return en
    ? `Clients get no answer for the time keepalived needs to hand over: less than ${most} s with a backup that listens.`
    : `keepalived 移交期间客户端得不到应答：备节点正在监听时少于 ${most} 秒。`;
}

function verdict(refusals: readonly Refusal[], language: Language): string {
  const en = language === "en";
  if (refusals.length > 0) {
    const title = en ? "`--apply` is refused:" : "`--apply` 会被拒绝：";
    return [title, ...refusals.map((one) => `  - ${refusalSentence(one, language)}`)].join("\n");
  }
  return en
    ? "Nothing has been changed. `baton migrate --apply` does it, `baton migrate --undo` goes back."
    : "尚未作任何改动。`baton migrate --apply` 执行，`baton migrate --undo` 恢复。";
}
