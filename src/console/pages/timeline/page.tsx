/** What happened on all nodes, as one sequence. */
import "./timeline.css";
import { type ReadonlySignal, useComputed, useSignal, useSignalEffect } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import { t } from "../../base/language.ts";
import type { NodeView } from "../../base/node-view.ts";
import { followNodes, nodes } from "../../base/nodes.ts";
import { session } from "../../base/session.ts";
import { type Text, text } from "../../base/text.ts";
import { now } from "../../parts/ago.tsx";
import { Empty, Notice } from "../../parts/notice.tsx";
import { PageHead } from "../../parts/page-head.tsx";
import { Controls, Exports } from "./controls.tsx";
import { type Entry, hasText, NOTABLE_CLOCK_MS } from "./entries.ts";
import { entries, failures, followEvents, hasOlder, isLoading, loadOlder } from "./feed.ts";
import { type Filters, printFilters, readFilters, sinceOf } from "./filters.ts";
import { type LaneNow, lanesOf } from "./lanes.ts";
import { LanesChart } from "./lanes-chart.tsx";
import { EventList } from "./list.tsx";

const TEXT = {
  title: text("Timeline", "时间线"),
  none: text("Nothing happened", "没有事件"),
  noneAbout: text(
    "In this time, and with these filters, no node recorded anything.",
    "在此时间范围和筛选条件下，没有节点记录过事件。",
  ),
  loading: text("Reading the events…", "正在读取事件…"),
  older: text("Read older events", "读取更早的事件"),
  failed: (name: string, why: string): Text =>
    text(`Events of ${name} are missing: ${why}`, `缺少 ${name} 的事件：${why}`),
};

export function TimelinePage(): JSX.Element {
  const filters = useSignal<Filters>(readFilters(new URLSearchParams(location.search)));
  const isLive = useSignal(true);
  const known = session.value?.nodes;
  useEffect(() => (known === undefined ? undefined : followNodes(known)), [known]);
  const { range, severity, kinds, node, instance } = filters.value;
  const asked = (known ?? []).filter(({ id }) => node === "" || id === node);
  // The text is looked for here; everything else is the nodes' work.
  const question = JSON.stringify([range, severity, kinds, node, instance]);
  useEffect(
    () => followEvents(asked, filters.peek(), isLive.value),
    [known, question, isLive.value],
  );
  useSignalEffect(() => {
    history.replaceState(null, "", location.pathname + printFilters(filters.value));
  });
  const shown = useComputed(() => {
    const { search } = filters.value;
    return search === "" ? entries.value : entries.value.filter((one) => hasText(one, search));
  });
  return (
    <>
      <PageHead title={t(TEXT.title)}>
        <Exports shown={shown.value} />
      </PageHead>
      <div class="stack">
        <Controls filters={filters} isLive={isLive} />
        <Remarks />
        <Lanes shown={shown} filters={filters.value} />
        {shown.value.length > 0 && <EventList shown={shown.value} />}
        {shown.value.length === 0 && (
          <div class="card">
            {isLoading.value ? (
              <Empty icon="timeline" title={t(TEXT.loading)} />
            ) : (
              <Empty icon="timeline" title={t(TEXT.none)}>
                <p>{t(TEXT.noneAbout)}</p>
              </Empty>
            )}
          </div>
        )}
        {hasOlder.value.size > 0 && (
          <button
            type="button"
            class="button"
            disabled={isLoading.value}
            onClick={() => void loadOlder(asked, filters.peek())}
          >
            {t(isLoading.value ? TEXT.loading : TEXT.older)}
          </button>
        )}
      </div>
    </>
  );
}

const isNotable = ({ clockAheadMs = 0 }: NodeView): boolean =>
  Math.abs(clockAheadMs) > NOTABLE_CLOCK_MS;

function clockText(node: NodeView): Text {
  const ahead = node.clockAheadMs ?? 0;
  const seconds = (Math.abs(ahead) / 1_000).toFixed(1);
  const name = node.name;
  return ahead > 0
    ? text(
        `The clock of ${name} is ${seconds} s ahead of this browser's. Its events keep its times and are placed ${seconds} s earlier.`,
        `${name} 的时钟比浏览器快 ${seconds} 秒。事件仍显示节点时间，排序时提前 ${seconds} 秒。`,
      )
    : text(
        `The clock of ${name} is ${seconds} s behind this browser's. Its events keep its times and are placed ${seconds} s later.`,
        `${name} 的时钟比浏览器慢 ${seconds} 秒。事件仍显示节点时间，排序时推后 ${seconds} 秒。`,
      );
}

/** What a reader has to know to trust the sequence. */
function Remarks(): JSX.Element {
  return (
    <>
      {nodes.value.filter(isNotable).map((node) => (
        <Notice key={node.entry.id} tone="warning">
          {t(clockText(node))}
        </Notice>
      ))}
      {nodes.value.flatMap((node) => {
        const failure = failures.value.get(node.entry.id);
        if (failure === undefined) return [];
        return [
          <Notice key={node.entry.id} tone="warning" isSaid>
            <p>{t(TEXT.failed(node.name, failure.message))}</p>
            {failure.help !== undefined && <p>{failure.help}</p>}
          </Notice>,
        ];
      })}
    </>
  );
}

interface LanesProps {
  readonly shown: ReadonlySignal<readonly Entry[]>;
  readonly filters: Filters;
}

/** Without a state there is nothing to draw; with a kind filtered away it would be wrong. */
function Lanes({ shown, filters }: LanesProps): JSX.Element | null {
  const { kinds, severity, search, node, instance } = filters;
  const isWhole = severity === "info" && search === "" && hasOlder.value.size === 0;
  if (!isWhole || (kinds.length > 0 && !kinds.includes("state"))) return null;
  const current = nodes.value
    .filter(({ entry }) => node === "" || entry.id === node)
    .flatMap((one) => nowOf(one))
    .filter((one) => instance === "" || one.instance === instance);
  const to = now.value;
  const lanes = lanesOf(shown.value, current, sinceOf(filters, to), to);
  const first = Math.min(...lanes.flatMap(({ segments }) => segments.map(({ from }) => from)));
  const names = new Map(nodes.value.map((one) => [one.entry.id, one.name]));
  const from = sinceOf(filters, to) ?? first;
  return <LanesChart lanes={lanes} names={names} from={from} to={to} />;
}

const nowOf = ({ entry, status, failure }: NodeView): readonly LaneNow[] =>
  failure !== undefined || status === undefined
    ? []
    : status.instances.map(({ name, state, since }) => ({
        node: entry.id,
        instance: name,
        state,
        since: Date.parse(since),
      }));
