/** One report: verdict, figures, a bar for each run, and the table. */
import type { JSX } from "preact";
import { PHASES } from "#drill/report";
import { headersOf } from "../../base/http.ts";
import { language, t } from "../../base/language.ts";
import type { DrillReport, DrillRun, ListedReport } from "../../base/report-shape.ts";
import { type Text, text } from "../../base/text.ts";
import { localTime } from "../../base/time-text.ts";
import { Badge } from "../../parts/badge.tsx";
import { Icon } from "../../parts/icon.tsx";
import { toast } from "../../parts/toast.tsx";
import { axisEnd, hasPassed, medianOf, type Part, partsOf, worstOf } from "./summary.ts";

const TEXT = {
  pass: text("passed", "通过"),
  fail: text("failed", "未通过"),
  worst: text("Longest outage", "最长中断"),
  median: text("Median outage", "中断中位数"),
  objective: text("Objective", "目标"),
  noObjective: text("none", "未设"),
  both: text("Both answered, longest", "同时应答最长"),
  runs: text("Runs", "次数"),
  passes: (passed: number, all: number): Text =>
    text(`${passed} of ${all} passed`, `${all} 次中 ${passed} 次通过`),
  outages: text("Outage of each run, by phase", "每次中断及其阶段"),
  table: text("All figures, in milliseconds", "全部数据（毫秒）"),
  run: text("Run", "次序"),
  plan: text("Plan", "方式"),
  outage: text("Outage", "中断"),
  bothColumn: text("Both answered", "同时应答"),
  result: text("Result", "结果"),
  gone: text("This file is no longer there", "文件已不存在"),
};

const PHASE_NAMES: Readonly<Record<Part["phase"], Text>> = {
  detect: text("detect", "检测"),
  elect: text("elect", "选举"),
  gate: text("gate", "放行"),
  announce: text("announce", "宣告"),
  platform: text("platform", "云平台"),
  rest: text("other", "其他"),
};

export function Verdict({ report }: { readonly report: DrillReport }): JSX.Element {
  return hasPassed(report) ? (
    <Badge tone="ok" shape="full">
      {t(TEXT.pass)}
    </Badge>
  ) : (
    <Badge tone="error" shape="triangle">
      {t(TEXT.fail)}
    </Badge>
  );
}

/** `0`, `0.8`, `12`, `1234`: as exact as it was measured. */
const figure = (ms: number): string =>
  ms < 10 && ms % 1 !== 0 ? ms.toFixed(1) : `${Math.round(ms)}`;
const withUnit = (ms: number): string => `${figure(ms)} ms`;

export function Report({ listed }: { readonly listed: ListedReport }): JSX.Element {
  const { report, files } = listed;
  return (
    <article class="card" aria-label={report.title}>
      <header class="spread">
        <div>
          <h2>{report.title}</h2>
          <time class="muted small" dateTime={report.at}>
            {localTime(report.at, "s")}
          </time>
        </div>
        <div class="row">
          <Verdict report={report} />
          {files.map((name) => (
            <button
              key={name}
              type="button"
              class="button small"
              onClick={() => void save(name)}
              title={name}
            >
              <Icon name="download" />
              {name.slice(listed.id.length + 1)}
            </button>
          ))}
        </div>
      </header>
      <div class="body stack wide-gap">
        <Figures report={report} />
        <section class="stack tight">
          <h3>{t(TEXT.outages)}</h3>
          <Bars report={report} />
        </section>
        <section class="stack tight">
          <h3>{t(TEXT.table)}</h3>
          <Table report={report} />
        </section>
      </div>
    </article>
  );
}

function Figures({ report }: { readonly report: DrillReport }): JSX.Element {
  const { runs, objectiveMs } = report;
  const passed = runs.filter(({ pass }) => pass).length;
  const figures: readonly (readonly [Text, string])[] = [
    [TEXT.worst, withUnit(worstOf(report))],
    [TEXT.median, withUnit(medianOf(runs.map(({ outageMs }) => outageMs)))],
    [
      TEXT.objective,
      objectiveMs === undefined ? t(TEXT.noObjective) : `≤ ${withUnit(objectiveMs)}`,
    ],
    [TEXT.both, withUnit(Math.max(0, ...runs.map((one) => one.bothAnsweredMs ?? 0)))],
    [TEXT.runs, t(TEXT.passes(passed, runs.length))],
  ];
  return (
    <dl class="figures">
      {figures.map(([name, value]) => (
        <div key={name.en}>
          <dt>{t(name)}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

const BARS_MAX = 60;

/** Bars of plain elements: they wrap, print and are read as a list. */
function Bars({ report }: { readonly report: DrillReport }): JSX.Element {
  const end = axisEnd(report);
  const percent = (ms: number): string => `${Math.min(100, (ms / end) * 100)}%`;
  const { objectiveMs, runs } = report;
  const used = new Set(runs.flatMap((run) => partsOf(run).map(({ phase }) => phase)));
  return (
    <div class="bars">
      <ol>
        {runs.slice(0, BARS_MAX).map((run, index) => (
          <li key={index}>
            <span class="bar-name">
              <span class="muted mono">{index + 1}</span> {run.plan}
            </span>
            <span class="bar-track">
              {partsOf(run).map(({ phase, ms }) => (
                <span
                  key={phase}
                  class={`bar-part phase-${phase}`}
                  style={{ width: percent(ms) }}
                  title={`${t(PHASE_NAMES[phase])} ${withUnit(ms)}`}
                />
              ))}
              {objectiveMs !== undefined && (
                <span class="bar-objective" style={{ left: percent(objectiveMs) }} />
              )}
            </span>
            <span class="bar-value mono">
              {withUnit(run.outageMs)}
              {!run.pass && (
                <span class="tone-error failed">
                  <Icon name="bad" />
                  {t(TEXT.fail)}
                </span>
              )}
            </span>
          </li>
        ))}
      </ol>
      <ul class="legend small muted">
        {([...PHASES, "rest"] as const)
          .filter((phase) => used.has(phase))
          .map((phase) => (
            <li key={phase}>
              <span class={`bar-part phase-${phase}`} />
              {t(PHASE_NAMES[phase])}
            </li>
          ))}
        {objectiveMs !== undefined && (
          <li>
            <span class="objective-mark" />
            {t(TEXT.objective)} {withUnit(objectiveMs)}
          </li>
        )}
      </ul>
    </div>
  );
}

function Table({ report: { runs } }: { readonly report: DrillReport }): JSX.Element {
  const phases = PHASES.filter((phase) => runs.some((run) => run.phases[phase] !== undefined));
  return (
    <div class="table-scroll" tabIndex={0} role="region" aria-label={t(TEXT.table)}>
      <table class="rows">
        <thead>
          <tr>
            <th scope="col">{t(TEXT.run)}</th>
            <th scope="col">{t(TEXT.plan)}</th>
            <th scope="col" class="number">
              {t(TEXT.outage)}
            </th>
            <th scope="col" class="number">
              {t(TEXT.bothColumn)}
            </th>
            {phases.map((phase) => (
              <th key={phase} scope="col" class="number">
                {t(PHASE_NAMES[phase])}
              </th>
            ))}
            <th scope="col">{t(TEXT.result)}</th>
          </tr>
        </thead>
        <tbody>
          {runs.map((run, index) => (
            <Row key={index} run={run} index={index} phases={phases} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

interface RowProps {
  readonly run: DrillRun;
  readonly index: number;
  readonly phases: readonly (typeof PHASES)[number][];
}

const Row = ({ run, index, phases }: RowProps): JSX.Element => (
  <tr>
    <td class="mono">{index + 1}</td>
    <td>{run.plan}</td>
    <td class="number mono">{figure(run.outageMs)}</td>
    <td class="number mono">
      {run.bothAnsweredMs === undefined ? "–" : figure(run.bothAnsweredMs)}
    </td>
    {phases.map((phase) => (
      <td key={phase} class="number mono">
        {run.phases[phase] === undefined ? "–" : figure(run.phases[phase])}
      </td>
    ))}
    <td>{t(run.pass ? TEXT.pass : TEXT.fail)}</td>
  </tr>
);

/** A plain link would carry no access key. */
async function save(name: string): Promise<void> {
  const response = await fetch(`/api/reports/${encodeURIComponent(name)}`, {
    headers: headersOf("*/*"),
    credentials: "omit",
  }).catch(() => undefined);
  if (response?.ok !== true) {
    toast("error", `${name}: ${TEXT.gone[language.peek()]}`);
    return;
  }
  const url = URL.createObjectURL(await response.blob());
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  URL.revokeObjectURL(url);
}
