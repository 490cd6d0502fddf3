/** A report in Markdown, for a change record or a pull request. */
import {
  everyPeriod,
  lostOf,
  milliseconds,
  PHASE_NAMES,
  PLAN_NAMES,
  passedOf,
  TEXTS,
} from "./drill-text.ts";
import { type DrillReport, type DrillRun, PHASES, type Text } from "./report.ts";

export type ReportLanguage = keyof Text;

/** @param localTime how an ISO date is written for people */
export function printMarkdown(
  report: DrillReport,
  language: ReportLanguage,
  localTime: (iso: string) => string,
): string {
  const say = (text: Text): string => text[language];
  const colon = language === "en" ? ": " : "：";
  const { objectiveMs } = report;
  const facts: readonly (readonly [Text, string])[] = [
    [TEXTS.when, localTime(report.at)],
    [TEXTS.instance, code(report.instance)],
    [TEXTS.address, report.address],
    [TEXTS.measuredFrom, text(report.measuredFrom)],
    [TEXTS.probe, say(everyPeriod(report.probe, report.periodMs))],
    ...(objectiveMs === undefined
      ? []
      : [[TEXTS.objective, `≤ ${milliseconds(objectiveMs)}`] as const]),
  ];
  const lines = [
    `# ${text(report.title)}${colon}${say(report.pass ? TEXTS.passed : TEXTS.failed)}`,
    "",
    ...facts.map(([name, value]) => `- ${say(name)}${colon}${value}`),
    "",
    ...table(
      [TEXTS.plan, TEXTS.median, TEXTS.worst, TEXTS.result].map(say),
      report.summary.map((one) => [
        say(PLAN_NAMES[one.plan]),
        milliseconds(one.medianMs),
        milliseconds(one.worstMs),
        say(passedOf(one.passed, one.of)),
      ]),
    ),
    "",
    ...runTable(report.runs, say),
    ...report.runs.flatMap(({ problem }, index) =>
      problem === undefined ? [] : ["", `${index + 1}. ${text(say(problem))}`],
    ),
  ];
  return `${lines.join("\n")}\n`;
}

function runTable(runs: readonly DrillRun[], say: (text: Text) => string): readonly string[] {
  const phases = PHASES.filter((phase) => runs.some((run) => run.phases[phase] !== undefined));
  const unknown = say(TEXTS.unknown);
  const figure = (ms: number | undefined): string =>
    ms === undefined ? unknown : milliseconds(ms);
  const columns = [
    TEXTS.run,
    TEXTS.plan,
    TEXTS.from,
    TEXTS.to,
    TEXTS.outage,
    TEXTS.both,
    TEXTS.lost,
    ...phases.map((phase) => PHASE_NAMES[phase]),
    TEXTS.result,
  ];
  return table(
    columns.map(say),
    runs.map((run, index) => [
      String(index + 1),
      say(PLAN_NAMES[run.plan]),
      text(run.from),
      run.to === undefined ? say(TEXTS.nobody) : text(run.to),
      milliseconds(run.outageMs),
      figure(run.bothAnsweredMs),
      say(lostOf(run.lost, run.sent)),
      ...phases.map((phase) => figure(run.phases[phase])),
      say(run.pass ? TEXTS.passed : TEXTS.failed),
    ]),
  );
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): readonly string[] {
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)];
}

/** Names come from files and from other machines. */
const text = (value: string): string => value.replaceAll(/[\\`*_{}[\]<>|#\n]/g, "\\$&");
const code = (value: string): string => `\`${value.replaceAll(/[`|\n]/g, "")}\``;
