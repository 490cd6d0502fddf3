/** A laboratory of this machine: drawn, broken and measured while one looks. */
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { ProbeSide } from "../../base/lab-shape.ts";
import { t } from "../../base/language.ts";
import { type Text, text } from "../../base/text.ts";
import { localTime } from "../../base/time-text.ts";
import { Badge } from "../../parts/badge.tsx";
import { FailureNotice, Notice } from "../../parts/notice.tsx";
import { PageHead } from "../../parts/page-head.tsx";
import { Controls } from "./controls.tsx";
import { FaultTable } from "./fault-table.tsx";
import "./lab.css";
import {
  type EventNews,
  events,
  failure,
  rows,
  type StatusNews,
  series,
  startWatching,
  status,
} from "./lab-state.ts";
import { instanceColour, ProbePlot } from "./probe-plot.tsx";
import type { ProbeSeries } from "./probe-series.ts";
import { Steps } from "./steps.tsx";
import { Topology } from "./topology.tsx";

type LastSecond = ReturnType<ProbeSeries["latest"]>;

const TEXT = {
  title: text("Laboratory", "实验环境"),
  about: text(
    "A VPC on this machine. Break it: nothing else on the machine is touched.",
    "本机上的私有网络，可任意注入故障，不影响机器上的其他部分。",
  ),
  live: text("live", "实时"),
  waiting: text("connecting", "连接中"),
  table: text("Faults and what a client noticed", "故障与客户端感受"),
  probes: text("Probes each millisecond", "毫秒级探测"),
  client: (address: string): Text =>
    text(`From the client in the subnet to ${address}`, `子网内客户端 → ${address}`),
  internet: (address: string): Text =>
    text(`From the internet to ${address}`, `互联网 → ${address}`),
  noProbes: text("Probing begins with the first HAVIP.", "申请 HAVIP 后开始探测。"),
  slowest: text("slowest answer of each 10 ms", "每 10 毫秒最慢应答"),
  fastest: text("fastest", "最快应答"),
  lost: text("lost", "丢失"),
  answering: text("who answers", "应答者"),
  latest: ({ sent, lost, slowest }: LastSecond): Text => {
    const [en, zh] =
      slowest === undefined
        ? ["no answer", "无应答"]
        : [`slowest ${slowest.toFixed(1)} ms`, `最慢 ${slowest.toFixed(1)} 毫秒`];
    return text(
      `last second: ${sent} probes, ${lost} lost, ${en}`,
      `最近 1 秒：探测 ${sent} 次，丢失 ${lost}，${zh}`,
    );
  },
  events: text("What happens", "事件"),
  noEvents: text("Nothing yet.", "暂无。"),
  output: text("Show what the daemons print", "显示守护进程的输出"),
};

const SIDES: readonly ProbeSide[] = ["client", "internet"];

export function LabPage(): JSX.Element {
  useEffect(startWatching, []);
  const news = status.value;
  const problem = failure.value;
  return (
    <div class="lab stack">
      <PageHead title={t(TEXT.title)} about={t(TEXT.about)}>
        <Badge
          tone={problem === undefined ? "ok" : "warning"}
          shape={problem === undefined ? "full" : "dotted"}
        >
          {t(problem === undefined ? TEXT.live : TEXT.waiting)}
        </Badge>
      </PageHead>
      {typeof problem === "object" && problem.message !== "" && <FailureNotice failure={problem} />}
      {news !== undefined && <Watched news={news} />}
    </div>
  );
}

function Watched({ news }: { readonly news: StatusNews }): JSX.Element {
  const { instances, havips } = news.status;
  const daemons = instances.filter(({ commands }) => commands.length > 0);
  const names = daemons.map(({ name }) => name);
  return (
    <>
      <div class="lab-top">
        <section class="card">
          <Topology news={news} />
        </section>
        <Steps news={news} />
      </div>
      <Probes news={news} />
      <section class="card" aria-label={t(TEXT.table)}>
        <header>
          <h2>{t(TEXT.table)}</h2>
        </header>
        <div class="body">
          <FaultTable rows={rows.value} />
        </div>
      </section>
      <div class="lab-controls">
        {daemons.map((one) => (
          <Controls
            key={one.name}
            instance={one}
            havip={havips[0]}
            others={names.filter((name) => name !== one.name)}
          />
        ))}
      </div>
      <Events />
    </>
  );
}

function Probes({ news }: { readonly news: StatusNews }): JSX.Element {
  const { status: lab, probed } = news;
  const instances = lab.instances.map(({ name }) => name);
  const labels = { slowest: t(TEXT.slowest), fastest: t(TEXT.fastest), lost: t(TEXT.lost) };
  const shown = SIDES.flatMap((side) => probed.filter((one) => one.side === side));
  return (
    <section class="card" aria-label={t(TEXT.probes)}>
      <header class="row spread">
        <h2>{t(TEXT.probes)}</h2>
        <ul class="row small legend">
          <li class="line-slowest">{labels.slowest}</li>
          <li class="line-fastest">{labels.fastest}</li>
          <li class="bar-lost">{labels.lost}</li>
          {lab.instances.map(({ name, commands }, index) =>
            commands.length === 0 ? null : (
              <li key={name} style={{ "--own": `var(${instanceColour(index)})` }}>
                {t(TEXT.answering)}: {name}
              </li>
            ),
          )}
        </ul>
      </header>
      <div class="body plots">
        {shown.length === 0 && (
          <Notice tone="info">
            <p>{t(TEXT.noProbes)}</p>
          </Notice>
        )}
        {shown.map(({ side, address }) => {
          const label = t(side === "client" ? TEXT.client(address) : TEXT.internet(address));
          return (
            <figure key={side}>
              <figcaption class="small row spread">
                {label}
                <Latest side={side} />
              </figcaption>
              <ProbePlot label={label} series={series[side]} instances={instances} names={labels} />
            </figure>
          );
        })}
      </div>
    </section>
  );
}

const LATEST_MS = 500;

/** The last second in figures, for those who do not see the plot, and for whoever looks closely. */
function Latest({ side }: { readonly side: ProbeSide }): JSX.Element | null {
  const [latest, setLatest] = useState(series[side].latest());
  useEffect(() => {
    const timer = setInterval(() => setLatest(series[side].latest()), LATEST_MS);
    return () => clearInterval(timer);
  }, [side]);
  if (latest.sent === 0) return null;
  return <span class="muted">{t(TEXT.latest(latest))}</span>;
}

const KINDS: Readonly<Record<EventNews["kind"], Text>> = {
  claim: text("announced", "宣告"),
  moved: text("bound", "绑定"),
  refused: text("refused", "拒绝"),
  output: text("printed", "输出"),
  ended: text("ended", "结束"),
  cloud: text("cloud", "平台"),
};

function Events(): JSX.Element {
  const [hasOutput, setOutput] = useState(false);
  const shown = events.value.filter(({ kind }) => hasOutput || kind !== "output").slice(0, 60);
  return (
    <section class="card" aria-label={t(TEXT.events)}>
      <header class="row spread">
        <h2>{t(TEXT.events)}</h2>
        <label class="check small">
          <input
            type="checkbox"
            checked={hasOutput}
            onChange={(event) => setOutput(event.currentTarget.checked)}
          />
          {t(TEXT.output)}
        </label>
      </header>
      <div class="body">
        {shown.length === 0 ? (
          <p class="muted">{t(TEXT.noEvents)}</p>
        ) : (
          <ul class="lab-events small" tabIndex={0} aria-label={t(TEXT.events)}>
            {shown.map(({ at, kind, instance, text: line }, index) => (
              <li key={`${at} ${index}`}>
                <time class="muted mono">
                  {localTime(new Date(at).toISOString(), "ms", new Date())}
                </time>
                <span class="muted">{t(KINDS[kind])}</span>
                <strong>{instance ?? ""}</strong>
                <span class={kind === "output" || kind === "ended" ? "mono" : ""}>{t(line)}</span>
              </li>
            ))}
          </ul>
        )}
      </div>
    </section>
  );
}
