/** Who owns which address, why and since when; what every node says; switch and maintenance. */
import "./cluster.css";
import { type Signal, useComputed, useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import { go } from "../../base/address.ts";
import { t } from "../../base/language.ts";
import type { NodeView } from "../../base/node-view.ts";
import { followNodes, nodes } from "../../base/nodes.ts";
import { session } from "../../base/session.ts";
import { type Text, text } from "../../base/text.ts";
import { Empty, Notice } from "../../parts/notice.tsx";
import { PageHead } from "../../parts/page-head.tsx";
import { MaintenanceDialog } from "./maintenance-dialog.tsx";
import { NodeCard } from "./node-card.tsx";
import { RouterCard } from "./router-card.tsx";
import { type Member, type Router, routersOf, searchText, totalsOf } from "./routers.ts";
import { SwitchDialog } from "./switch-dialog.tsx";
import { Verdict } from "./verdict.tsx";

const TEXT = {
  title: text("Cluster", "集群"),
  routers: text("Virtual addresses", "虚拟地址"),
  nodes: text("Nodes", "节点"),
  find: text("Find an address, instance, node or state", "查找地址、实例、节点或状态"),
  none: text("No instances yet", "尚无实例"),
  noneAbout: text(
    "As soon as a node runs with a vrrp_instance in its file, it is shown here.",
    "节点以含有 vrrp_instance 的配置运行后，将显示在这里。",
  ),
  labIdle: text(
    "Nothing runs in the laboratory yet. Its page leads through the tutorial: apply for a HAVIP, start the daemons, break something.",
    "实验环境中尚未启动任何守护进程。请到“实验环境”页按教程操作：申请高可用虚拟 IP、启动守护进程、注入故障。",
  ),
  openLab: text("Open the laboratory", "前往实验环境"),
  noMatch: text("Nothing has this text", "没有匹配的内容"),
  more: (count: number): Text => text(`Show ${count} more`, `再显示 ${count} 个`),
};

/** A reader with fewer sees them all at once. */
const FILTER_FROM = 5;
const SHOWN = 50;

interface Moving {
  readonly member: Member;
  readonly name: string;
  readonly isBack: boolean;
}

export function ClusterPage(): JSX.Element {
  const moving = useSignal<Moving | undefined>(undefined);
  const maintained = useSignal<string | undefined>(undefined);
  const entries = session.value?.nodes;
  useEffect(() => (entries === undefined ? undefined : followNodes(entries)), [entries]);
  const routers = useComputed(() => routersOf(nodes.value));
  const isKnown = nodes.value.some(({ status }) => status !== undefined);
  const isLabIdle =
    session.value?.hasLab === true &&
    nodes.value.length > 0 &&
    nodes.value.every(({ status, failure }) => status === undefined && failure !== undefined);
  const node = nodes.value.find(({ entry }) => entry.id === maintained.value);
  return (
    <>
      <PageHead title={t(TEXT.title)} />
      <div class="stack wide-gap">
        {isLabIdle && (
          <Notice tone="info">
            <p>{t(TEXT.labIdle)}</p>
            <button type="button" class="button small primary" onClick={() => go("/lab")}>
              {t(TEXT.openLab)}
            </button>
          </Notice>
        )}
        <Verdict totals={totalsOf(routers.value, nodes.value)} />
        <section class="stack">
          {(isKnown || routers.value.length > 0) && <h2>{t(TEXT.routers)}</h2>}
          {routers.value.length === 0 && isKnown && (
            <div class="card">
              <Empty icon="cluster" title={t(TEXT.none)}>
                <p>{t(TEXT.noneAbout)}</p>
              </Empty>
            </div>
          )}
          <Routers routers={routers.value} moving={moving} />
        </section>
        <Nodes nodes={nodes.value} onMaintenance={(id) => (maintained.value = id)} />
      </div>
      {moving.value !== undefined && (
        <SwitchDialog {...moving.value} onClose={() => (moving.value = undefined)} />
      )}
      {node !== undefined && (
        <MaintenanceDialog node={node} onClose={() => (maintained.value = undefined)} />
      )}
    </>
  );
}

interface RoutersProps {
  readonly routers: readonly Router[];
  readonly moving: Signal<Moving | undefined>;
}

function Routers({ routers, moving }: RoutersProps): JSX.Element {
  const wanted = useSignal("");
  const most = useSignal(SHOWN);
  const parts = wanted.value.toLowerCase().split(/\s+/);
  const found = routers.filter((one) => parts.every((part) => searchText(one).includes(part)));
  return (
    <>
      {routers.length >= FILTER_FROM && (
        <input
          type="search"
          class="find"
          aria-label={t(TEXT.find)}
          placeholder={t(TEXT.find)}
          value={wanted.value}
          onInput={({ currentTarget }) => {
            wanted.value = currentTarget.value;
          }}
        />
      )}
      {routers.length > 0 && found.length === 0 && <p class="muted">{t(TEXT.noMatch)}</p>}
      {found.slice(0, most.value).map((router) => (
        <RouterCard
          key={router.key}
          router={router}
          onSwitch={(member, isBack) => {
            // A sync group moves as one.
            moving.value = { member, name: router.group ?? member.instance.name, isBack };
          }}
        />
      ))}
      {found.length > most.value && (
        <button type="button" class="button" onClick={() => (most.value += SHOWN * 4)}>
          {t(TEXT.more(Math.min(SHOWN * 4, found.length - most.value)))}
        </button>
      )}
    </>
  );
}

interface NodesProps {
  readonly nodes: readonly NodeView[];
  readonly onMaintenance: (id: string) => void;
}

function Nodes({ nodes: all, onMaintenance }: NodesProps): JSX.Element {
  return (
    <section class="stack">
      <h2>{t(TEXT.nodes)}</h2>
      <div class="nodes">
        {all.map((node) => (
          <NodeCard
            key={node.entry.id}
            node={node}
            onMaintenance={() => onMaintenance(node.entry.id)}
          />
        ))}
      </div>
    </section>
  );
}
