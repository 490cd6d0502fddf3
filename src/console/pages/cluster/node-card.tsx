/** A node: whether it answers, what runs on it, how punctual it is, and its maintenance. */
import type { ComponentChildren, JSX } from "preact";
import { language, t } from "../../base/language.ts";
import type { NodeView } from "../../base/node-view.ts";
import { type Text, text } from "../../base/text.ts";
import { localTime } from "../../base/time-text.ts";
import { Ago } from "../../parts/ago.tsx";
import { Badge } from "../../parts/badge.tsx";
import { Icon } from "../../parts/icon.tsx";
import type { Maintenance } from "./actions.ts";

const TEXT = {
  answers: text("answers", "正常"),
  waiting: text("asking…", "正在连接…"),
  unreachable: text("does not answer", "没有应答"),
  engine: text("engine does not answer", "引擎没有应答"),
  maintenance: text("maintenance", "维护中"),
  owns: text("Owns", "持有"),
  of: (owned: number, all: number): Text =>
    text(`${owned} of ${all} instances`, `${all} 个实例中的 ${owned} 个`),
  version: text("Version", "版本"),
  up: text("Started", "启动"),
  late: text("Engine late, p99 / worst", "引擎延迟 p99 / 最大"),
  restarts: text("Engine restarts", "引擎重启"),
  clock: text("Clock", "时钟"),
  checks: text("Checks", "检查"),
  down: (count: number): Text => text(`${count} failing`, `${count} 项失败`),
  allUp: (count: number): Text => text(`all ${count} pass`, `全部 ${count} 项通过`),
  begin: text("Maintenance…", "维护…"),
  end: text("End maintenance", "结束维护"),
  until: (at: string): Text => text(`until ${at}`, `至 ${at}`),
  open: text("until it is ended", "直到手动结束"),
  by: (by: string): Text => text(`by ${by}`, `操作者：${by}`),
  lastResort: text("takes over if nobody else does", "无其他节点接管时仍会接管"),
};

export interface NodeCardProps {
  readonly node: NodeView;
  readonly onMaintenance: () => void;
}

export function NodeCard({ node, onMaintenance }: NodeCardProps): JSX.Element {
  const { entry, status, failure } = node;
  const maintenance = status?.maintenance;
  return (
    <article class="card node" aria-label={node.name}>
      <header class="spread">
        <div>
          <h3>{node.name}</h3>
          <p class="muted small mono">{entry.address}</p>
        </div>
        <div class="row">
          <NodeBadge node={node} maintenance={maintenance} />
          {entry.mayAct && status !== undefined && failure === undefined && (
            <button type="button" class="button small" onClick={onMaintenance}>
              <Icon name="maintenance" />
              {t(maintenance === undefined ? TEXT.begin : TEXT.end)}
            </button>
          )}
        </div>
      </header>
      <div class="body stack">
        {failure !== undefined && (
          <p class="tone-error failure">
            {failure.message}
            {failure.help !== undefined && <span class="muted small"> {failure.help}</span>}
          </p>
        )}
        {maintenance !== undefined && <MaintenanceLine maintenance={maintenance} />}
        {status !== undefined && <NodeFacts node={node} />}
      </div>
    </article>
  );
}

interface NodeBadgeProps {
  readonly node: NodeView;
  readonly maintenance: Maintenance | undefined;
}

function NodeBadge({ node: { status, failure }, maintenance }: NodeBadgeProps): JSX.Element {
  if (failure !== undefined)
    return (
      <Badge tone="error" shape="triangle">
        {t(TEXT.unreachable)}
      </Badge>
    );
  if (status === undefined)
    return (
      <Badge tone="idle" shape="dotted">
        {t(TEXT.waiting)}
      </Badge>
    );
  if (!status.engineAnswers)
    return (
      <Badge tone="error" shape="half">
        {t(TEXT.engine)}
      </Badge>
    );
  if (maintenance !== undefined)
    return (
      <Badge tone="warning" shape="bars">
        {t(TEXT.maintenance)}
      </Badge>
    );
  return (
    <Badge tone="ok" shape="full">
      {t(TEXT.answers)}
    </Badge>
  );
}

function MaintenanceLine({ maintenance }: { readonly maintenance: Maintenance }): JSX.Element {
  const { until, reason, by, lastResort } = maintenance;
  return (
    <p class="small">
      {reason !== undefined && <strong>{reason} · </strong>}
      {until === undefined ? t(TEXT.open) : t(TEXT.until(localTime(until, "s", new Date())))}
      {" · "}
      {t(TEXT.by(by))}
      {lastResort && ` · ${t(TEXT.lastResort)}`}
    </p>
  );
}

interface FactProps {
  readonly name: string;
  readonly children: ComponentChildren;
}

const Fact = ({ name, children }: FactProps): JSX.Element => (
  <div>
    <dt>{name}</dt>
    <dd>{children}</dd>
  </div>
);

const milliseconds = (micros: number): string => `${(micros / 1_000).toFixed(1)} ms`;

/** Less is the network's way there and back, not the clock. */
const CLOCK_MS = 100;

function clockText(ahead: number): string {
  const size = `${(Math.abs(ahead) / 1_000).toFixed(1)} s`;
  const en = ahead > 0 ? `${size} ahead of this browser` : `${size} behind this browser`;
  const zh = ahead > 0 ? `比浏览器快 ${size}` : `比浏览器慢 ${size}`;
  return language.value === "en" ? en : zh;
}

function NodeFacts({ node }: { readonly node: NodeView }): JSX.Element | null {
  const { status, clockAheadMs = 0 } = node;
  if (status === undefined) return null;
  const { instances, scripts, lateness, engineRestarts, version, startedAt } = status;
  const owned = instances.filter(({ state }) => state === "MASTER").length;
  const failing = scripts.filter(({ result }) => result === "down").length;
  return (
    <dl class="facts">
      <Fact name={t(TEXT.owns)}>{t(TEXT.of(owned, instances.length))}</Fact>
      {scripts.length > 0 && (
        <Fact name={t(TEXT.checks)}>
          {t(failing > 0 ? TEXT.down(failing) : TEXT.allUp(scripts.length))}
        </Fact>
      )}
      <Fact name={t(TEXT.up)}>
        <Ago at={startedAt} skewMs={clockAheadMs} />
      </Fact>
      <Fact name={t(TEXT.version)}>
        <span class="mono">{version}</span>
      </Fact>
      {lateness !== undefined && (
        <Fact name={t(TEXT.late)}>
          <span class="mono">
            {milliseconds(lateness.p99)} / {milliseconds(lateness.max)}
          </span>
        </Fact>
      )}
      {engineRestarts > 0 && <Fact name={t(TEXT.restarts)}>{engineRestarts}</Fact>}
      {Math.abs(clockAheadMs) >= CLOCK_MS && (
        <Fact name={t(TEXT.clock)}>{clockText(clockAheadMs)}</Fact>
      )}
    </dl>
  );
}
