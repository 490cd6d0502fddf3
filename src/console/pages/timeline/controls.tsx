/** Filters, following, and files. */
import type { Signal } from "@preact/signals";
import type { JSX } from "preact";
import { EVENT_KINDS, type EventKind } from "#events/record";
import { language, t } from "../../base/language.ts";
import { nodes } from "../../base/nodes.ts";
import { type Text, text } from "../../base/text.ts";
import { Icon } from "../../parts/icon.tsx";
import { Segments } from "../../parts/segments.tsx";
import { type Entry, printCsv, printJson } from "./entries.ts";
import { type Filters, RANGES, type Range } from "./filters.ts";
import { KIND_NAMES, SEVERITY_NAMES } from "./kinds.ts";

const TEXT = {
  range: text("Time", "时间"),
  severity: text("Severity", "级别"),
  all: text("all", "全部"),
  from: (name: string): Text => text(`${name} and worse`, `${name}及以上`),
  kinds: text("Kinds", "类型"),
  chosen: (count: number): Text => text(`${count} kinds`, `${count} 种类型`),
  allKinds: text("All kinds", "全部类型"),
  node: text("Node", "节点"),
  allNodes: text("All nodes", "全部节点"),
  instance: text("Instance", "实例"),
  allInstances: text("All instances", "全部实例"),
  search: text("Find text", "查找文字"),
  live: text("Follow", "实时跟踪"),
};

const RANGE_NAMES: Readonly<Record<Range, Text>> = {
  "15m": text("15 min", "15 分钟"),
  "1h": text("1 h", "1 小时"),
  "24h": text("24 h", "24 小时"),
  "7d": text("7 d", "7 天"),
  all: text("all", "全部"),
};

export interface ControlsProps {
  readonly filters: Signal<Filters>;
  readonly isLive: Signal<boolean>;
}

export function Controls({ filters, isLive }: ControlsProps): JSX.Element {
  const set = (change: Partial<Filters>): void => {
    filters.value = { ...filters.value, ...change };
  };
  const { range, severity } = filters.value;
  return (
    <div class="controls">
      <Segments
        label={t(TEXT.range)}
        value={range}
        onChoose={(value) => set({ range: value })}
        choices={RANGES.map((value) => ({ value, label: t(RANGE_NAMES[value]) }))}
      />
      <Segments
        label={t(TEXT.severity)}
        value={severity}
        onChoose={(value) => set({ severity: value })}
        choices={[
          { value: "info", label: t(TEXT.all) },
          { value: "warning", label: t(TEXT.from(t(SEVERITY_NAMES.warning))) },
          { value: "error", label: t(SEVERITY_NAMES.error) },
        ]}
      />
      <Choices filters={filters} set={set} />
      <label class="check live">
        <input
          type="checkbox"
          checked={isLive.value}
          onChange={({ currentTarget }) => {
            isLive.value = currentTarget.checked;
          }}
        />
        <span>{t(TEXT.live)}</span>
      </label>
    </div>
  );
}

interface ChoicesProps {
  readonly filters: Signal<Filters>;
  readonly set: (change: Partial<Filters>) => void;
}

function Choices({ filters, set }: ChoicesProps): JSX.Element {
  const { node, instance, kinds, search } = filters.value;
  const instances = new Set(
    nodes.value.flatMap(({ status }) => status?.instances.map(({ name }) => name) ?? []),
  );
  if (instance !== "") instances.add(instance);
  return (
    <>
      <select
        aria-label={t(TEXT.node)}
        value={node}
        onChange={({ currentTarget }) => set({ node: currentTarget.value })}
      >
        <option value="">{t(TEXT.allNodes)}</option>
        {nodes.value.map((one) => (
          <option key={one.entry.id} value={one.entry.id}>
            {one.name}
          </option>
        ))}
      </select>
      <select
        aria-label={t(TEXT.instance)}
        value={instance}
        onChange={({ currentTarget }) => set({ instance: currentTarget.value })}
      >
        <option value="">{t(TEXT.allInstances)}</option>
        {[...instances].toSorted().map((name) => (
          <option key={name} value={name}>
            {name}
          </option>
        ))}
      </select>
      <Kinds kinds={kinds} onChange={(next) => set({ kinds: next })} />
      <input
        type="search"
        aria-label={t(TEXT.search)}
        placeholder={t(TEXT.search)}
        value={search}
        onInput={({ currentTarget }) => set({ search: currentTarget.value })}
      />
    </>
  );
}

interface KindsProps {
  readonly kinds: readonly EventKind[];
  readonly onChange: (kinds: readonly EventKind[]) => void;
}

function Kinds({ kinds, onChange }: KindsProps): JSX.Element {
  const label = kinds.length === 0 ? TEXT.allKinds : TEXT.chosen(kinds.length);
  return (
    <details class="kinds">
      <summary class="button">
        {kinds.length === 1 && kinds[0] !== undefined ? t(KIND_NAMES[kinds[0]]) : t(label)}
        <Icon name="down" />
      </summary>
      <fieldset>
        <legend class="hidden-label">{t(TEXT.kinds)}</legend>
        {EVENT_KINDS.map((kind) => (
          <label key={kind} class="check">
            <input
              type="checkbox"
              checked={kinds.includes(kind)}
              onChange={({ currentTarget }) =>
                onChange(
                  EVENT_KINDS.filter((one) =>
                    one === kind ? currentTarget.checked : kinds.includes(one),
                  ),
                )
              }
            />
            <span>{t(KIND_NAMES[kind])}</span>
          </label>
        ))}
      </fieldset>
    </details>
  );
}

export function Exports({ shown }: { readonly shown: readonly Entry[] }): JSX.Element {
  const save = (type: "json" | "csv"): void => {
    const content = type === "json" ? printJson(shown) : printCsv(shown, language.peek());
    const mime = type === "json" ? "application/json" : "text/csv;charset=utf-8";
    const url = URL.createObjectURL(new Blob([content], { type: mime }));
    const link = document.createElement("a");
    link.href = url;
    link.download = `baton-events-${new Date().toISOString().slice(0, 19).replaceAll(":", "")}.${type}`;
    link.click();
    URL.revokeObjectURL(url);
  };
  return (
    <>
      {(["json", "csv"] as const).map((type) => (
        <button
          key={type}
          type="button"
          class="button"
          disabled={shown.length === 0}
          onClick={() => save(type)}
        >
          <Icon name="download" />
          {type.toUpperCase()}
        </button>
      ))}
    </>
  );
}
