/** A report as one page that needs nothing else: styles and pictures are in it. */
import {
  everyPeriod,
  lostOf,
  milliseconds,
  PHASE_NAMES,
  PLAN_NAMES,
  passedOf,
  TEXTS,
} from "./drill-text.ts";
import type { ReportLanguage } from "./markdown.ts";
import { plotRun } from "./plot.ts";
import { type DrillReport, type DrillRun, PHASES, type Phase, type Text } from "./report.ts";

const STYLE = `
:root{color-scheme:light dark;--ink:#1c2330;--dim:#5b6575;--line:#dfe3ea;--paper:#fff;--card:#f6f7f9;--ok:#1a7f4b;--bad:#c0362c;
--detect:#8a5a00;--elect:#2f6fde;--gate:#7a4bd0;--announce:#0c8c8c;--platform:#b0457f;--m0:#2f6fde;--m1:#c77700;--m2:#0c8c8c;--m3:#7a4bd0}
@media(prefers-color-scheme:dark){:root{--ink:#e8ebf0;--dim:#9aa4b4;--line:#323a47;--paper:#14181f;--card:#1c222b;--ok:#4cc38a;--bad:#ff7b6e;
--detect:#d9a441;--elect:#78a6ff;--gate:#b394f0;--announce:#4fc4c4;--platform:#e58bbb;--m0:#78a6ff;--m1:#f0aa4c;--m2:#4fc4c4;--m3:#b394f0}}
body{margin:0;background:var(--paper);color:var(--ink);font:15px/1.55 system-ui,"Noto Sans","Noto Sans CJK SC","PingFang SC","Microsoft YaHei",sans-serif}
main{max-width:56rem;margin:0 auto;padding:2rem 1.25rem 4rem}
h1{font-size:1.5rem;margin:0 0 .25rem;line-height:1.3}h2{font-size:1.05rem;margin:2.2rem 0 .6rem}
.verdict{display:inline-block;font-weight:600;padding:.15rem .7rem;border-radius:1rem;border:1.5px solid}
.ok{color:var(--ok)}.bad{color:var(--bad)}
dl{display:grid;grid-template-columns:repeat(auto-fit,minmax(11rem,1fr));gap:.9rem 1.5rem;background:var(--card);border-radius:.6rem;padding:1rem 1.2rem;margin:1.2rem 0}
dt{color:var(--dim);font-size:.82rem}dd{margin:0;overflow-wrap:anywhere}
.scroll{overflow-x:auto;margin:1.4rem 0 0}table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}
th,td{text-align:left;padding:.4rem .7rem .4rem 0;border-bottom:1px solid var(--line);white-space:nowrap}th{color:var(--dim);font-weight:500;font-size:.85rem}
td.number,th.number{text-align:right}
.bar{display:flex;height:.75rem;border-radius:.2rem;overflow:hidden;background:var(--line);min-width:8rem}
.bar i{display:block}.detect{background:var(--detect)}.elect{background:var(--elect)}.gate{background:var(--gate)}.announce{background:var(--announce)}.platform{background:var(--platform)}
.legend{display:flex;flex-wrap:wrap;gap:.3rem 1.2rem;color:var(--dim);font-size:.85rem;margin:.6rem 0 0;padding:0;list-style:none}
.legend i{display:inline-block;width:.75rem;height:.75rem;border-radius:.2rem;margin-right:.4rem;vertical-align:-.1rem}
figure{margin:1.1rem 0}figcaption{color:var(--dim);font-size:.85rem}
svg{width:100%;height:auto;display:block}.grid{stroke:var(--line)}.begin{stroke:var(--dim);stroke-dasharray:3 3}.tick{fill:var(--dim);font-size:11px}
.lost{fill:var(--bad);opacity:.75}circle.m0{fill:var(--m0)}circle.m1{fill:var(--m1)}circle.m2{fill:var(--m2)}circle.m3{fill:var(--m3)}
.problem{color:var(--bad)}
@media print{body{font-size:11pt}}
`;

/** @param localTime how an ISO date is written for people */
export function printHtml(
  report: DrillReport,
  language: ReportLanguage,
  localTime: (iso: string) => string,
): string {
  const say = (text: Text): string => escape(text[language]);
  const verdict = `<span class="verdict ${report.pass ? "ok" : "bad"}">${report.pass ? "✓" : "✗"} ${say(report.pass ? TEXTS.passed : TEXTS.failed)}</span>`;
  return `<!doctype html>
<html lang="${language}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<title>${escape(report.title)}</title><style>${STYLE}</style></head><body><main>
<h1>${escape(report.title)}</h1>${verdict}
${facts(report, say, localTime)}
${summary(report, say)}
${runs(report, say)}
${plots(report, say, localTime)}
</main></body></html>
`;
}

type Say = (text: Text) => string;

function facts(report: DrillReport, say: Say, localTime: (iso: string) => string): string {
  const { objectiveMs } = report;
  const list: readonly (readonly [Text, string])[] = [
    [TEXTS.when, escape(localTime(report.at))],
    [TEXTS.instance, escape(report.instance)],
    [TEXTS.address, escape(report.address)],
    [TEXTS.measuredFrom, escape(report.measuredFrom)],
    [TEXTS.probe, say(everyPeriod(report.probe, report.periodMs))],
    ...(objectiveMs === undefined
      ? []
      : [[TEXTS.objective, `≤ ${milliseconds(objectiveMs)}`] as const]),
  ];
  const items = list.map(([name, value]) => `<div><dt>${say(name)}</dt><dd>${value}</dd></div>`);
  return `<dl>${items.join("")}</dl>`;
}

function summary({ summary: all }: DrillReport, say: Say): string {
  const rows = all.map(
    (one) =>
      `<tr><td>${say(PLAN_NAMES[one.plan])}</td>${number(milliseconds(one.medianMs))}${number(milliseconds(one.worstMs))}<td class="${one.passed === one.of ? "ok" : "bad"}">${say(passedOf(one.passed, one.of))}</td></tr>`,
  );
  return table(
    `<th>${say(TEXTS.plan)}</th><th class="number">${say(TEXTS.median)}</th><th class="number">${say(TEXTS.worst)}</th><th>${say(TEXTS.result)}</th>`,
    rows,
  );
}

function runs({ runs: all }: DrillReport, say: Say): string {
  const seen = PHASES.filter((phase) => all.some((run) => run.phases[phase] !== undefined));
  const longest = Math.max(1, ...all.map(totalOf), ...all.map(({ outageMs }) => outageMs));
  const rows = all.map((run, index) => {
    const cells = [
      `<td>${index + 1}</td><td>${say(PLAN_NAMES[run.plan])}</td>`,
      `<td>${escape(run.from)}</td><td>${run.to === undefined ? say(TEXTS.nobody) : escape(run.to)}</td>`,
      number(milliseconds(run.outageMs)),
      number(run.bothAnsweredMs === undefined ? "–" : milliseconds(run.bothAnsweredMs)),
      number(say(lostOf(run.lost, run.sent))),
      ...(seen.length === 0 ? [] : [`<td>${bar(run, seen, longest, say)}</td>`]),
      `<td class="${run.pass ? "ok" : "bad"}">${say(run.pass ? TEXTS.passed : TEXTS.failed)}</td>`,
    ];
    return `<tr>${cells.join("")}</tr>`;
  });
  const head = [
    `<th>${say(TEXTS.run)}</th><th>${say(TEXTS.plan)}</th><th>${say(TEXTS.from)}</th><th>${say(TEXTS.to)}</th>`,
    `<th class="number">${say(TEXTS.outage)}</th><th class="number">${say(TEXTS.both)}</th><th class="number">${say(TEXTS.lost)}</th>`,
    ...(seen.length === 0 ? [] : [`<th aria-hidden="true"></th>`]),
    `<th>${say(TEXTS.result)}</th>`,
  ];
  const legend =
    seen.length === 0
      ? ""
      : `<ul class="legend">${seen.map((phase) => `<li><i class="${phase}"></i>${say(PHASE_NAMES[phase])}</li>`).join("")}</ul>`;
  return `${table(head.join(""), rows)}${legend}`;
}

const totalOf = (run: DrillRun): number =>
  Object.values(run.phases).reduce((sum, ms) => sum + ms, 0);

function bar(run: DrillRun, seen: readonly Phase[], longest: number, say: Say): string {
  const parts = seen.flatMap((phase) => {
    const ms = run.phases[phase];
    if (ms === undefined || ms === 0) return [];
    const width = ((ms / longest) * 100).toFixed(2);
    const title = `${say(PHASE_NAMES[phase])} ${milliseconds(ms)}`;
    return [`<i class="${phase}" style="width:${width}%" title="${title}"></i>`];
  });
  return `<div class="bar">${parts.join("")}</div>`;
}

function plots(report: DrillReport, say: Say, localTime: (iso: string) => string): string {
  const pictures = report.runs.map((run, index) => {
    const title = `${index + 1}. ${say(PLAN_NAMES[run.plan])}, ${escape(localTime(run.at))}`;
    const problem = run.problem === undefined ? "" : `<p class="problem">${say(run.problem)}</p>`;
    return `<figure><figcaption>${title}</figcaption>${plotRun(run, say)}${problem}</figure>`;
  });
  return `<h2>${say(TEXTS.answers)}</h2>${pictures.join("")}`;
}

const number = (text: string): string => `<td class="number">${text}</td>`;
const table = (head: string, rows: readonly string[]): string =>
  `<div class="scroll"><table><thead><tr>${head}</tr></thead><tbody>${rows.join("")}</tbody></table></div>`;

/** Names come from files and from other machines. */
function escape(text: string): string {
  return text.replaceAll(/[&<>"']/g, (one) => `&#${one.charCodeAt(0)};`);
}
