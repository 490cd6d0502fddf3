/** Reports of `baton drill`: how long nobody answered, and what that time was made of. */
import "./drills.css";
import { type Signal, useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import type { Failure } from "../../base/failure.ts";
import { getJson } from "../../base/http.ts";
import { t } from "../../base/language.ts";
import type { ListedReport, ReportList } from "../../base/report-shape.ts";
import { session } from "../../base/session.ts";
import { type Text, text } from "../../base/text.ts";
import { localTime } from "../../base/time-text.ts";
import { Icon } from "../../parts/icon.tsx";
import { Empty, FailureNotice } from "../../parts/notice.tsx";
import { PageHead } from "../../parts/page-head.tsx";
import { Report, Verdict } from "./report.tsx";
import { worstOf } from "./summary.ts";

const TEXT = {
  title: text("Drill reports", "演练报告"),
  about: text(
    "A drill moves the address on a live pair, measures every millisecond without an answer, and moves it back.",
    "演练在运行中的节点对上切换地址，以毫秒精度测量无应答的时间，然后切回。",
  ),
  none: text("No reports", "没有报告"),
  folder: text(
    "The console was started without a folder of reports. Start it with --reports DIR, the folder that the drill writes to.",
    "启动控制台时未指定报告目录。请以 --reports 目录 启动，即演练写入报告的目录。",
  ),
  empty: (folder: string): Text =>
    text(
      `There is none in ${folder} yet. A drill on a node of the pair writes one:`,
      `${folder} 中还没有报告。在任一节点上运行演练即可生成：`,
    ),
  refresh: text("Read again", "重新读取"),
  list: text("Reports, newest first", "报告（最新在前）"),
  worst: (ms: string): Text => text(`worst ${ms}`, `最长 ${ms}`),
  runs: (count: number): Text => text(count === 1 ? "1 run" : `${count} runs`, `${count} 次`),
  others: (count: number): Text =>
    text(
      count === 1
        ? "One JSON file there is no report."
        : `${count} JSON files there are no reports.`,
      `另有 ${count} 个 JSON 文件不是报告。`,
    ),
};

type Loaded = ReportList | Failure | undefined;

export function DrillsPage(): JSX.Element {
  const loaded = useSignal<Loaded>(undefined);
  const folder = session.value?.reports;
  const load = async (): Promise<void> => {
    const answer = await getJson<ReportList>("/api/reports");
    loaded.value = answer.kind === "failed" ? answer : answer.body;
  };
  useEffect(() => {
    if (folder !== undefined) void load();
  }, [folder]);
  return (
    <>
      <PageHead title={t(TEXT.title)} about={t(TEXT.about)}>
        {folder !== undefined && (
          <button type="button" class="button" onClick={() => void load()}>
            <Icon name="refresh" />
            {t(TEXT.refresh)}
          </button>
        )}
      </PageHead>
      {folder === undefined ? (
        <None about={TEXT.folder} command="baton console --reports ./drills" />
      ) : (
        <Reports loaded={loaded.value} folder={folder} />
      )}
    </>
  );
}

const None = ({
  about,
  command,
}: {
  readonly about: Text;
  readonly command: string;
}): JSX.Element => (
  <div class="card">
    <Empty icon="drill" title={t(TEXT.none)}>
      <p>{t(about)}</p>
      <code>{command}</code>
    </Empty>
  </div>
);

interface ReportsProps {
  readonly loaded: Loaded;
  readonly folder: string;
}

function Reports({ loaded, folder }: ReportsProps): JSX.Element | null {
  const chosen = useSignal<string | undefined>(undefined);
  if (loaded === undefined) return null;
  if ("kind" in loaded) return <FailureNotice failure={loaded} />;
  const { reports, others } = loaded;
  const current = reports.find(({ id }) => id === chosen.value) ?? reports[0];
  if (current === undefined)
    return (
      <None
        about={TEXT.empty(folder)}
        command="sudo baton drill VI_1 --plan switch --probe icmp --times 3"
      />
    );
  return (
    <div class="drills">
      <nav class="stack tight" aria-label={t(TEXT.list)}>
        <ul class="stack tight">
          {reports.map((one) => (
            <li key={one.id}>
              <Item report={one} isCurrent={one === current} chosen={chosen} />
            </li>
          ))}
        </ul>
        {others > 0 && <p class="muted small">{t(TEXT.others(others))}</p>}
      </nav>
      <Report key={current.id} listed={current} />
    </div>
  );
}

interface ItemProps {
  readonly report: ListedReport;
  readonly isCurrent: boolean;
  readonly chosen: Signal<string | undefined>;
}

function Item({ report: { id, report }, isCurrent, chosen }: ItemProps): JSX.Element {
  return (
    <button
      type="button"
      class="card report-item"
      aria-current={isCurrent ? "true" : undefined}
      onClick={() => {
        chosen.value = id;
      }}
    >
      <span class="row spread">
        <strong>{report.title}</strong>
        <Verdict report={report} />
      </span>
      <span class="muted small row spread">
        <time dateTime={report.at}>{localTime(report.at, "s").slice(0, 16)}</time>
        <span>
          {t(TEXT.runs(report.runs.length))} · {t(TEXT.worst(`${worstOf(report)} ms`))}
        </span>
      </span>
    </button>
  );
}
