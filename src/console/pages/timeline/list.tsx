/** The events, newest first, a heading for each day. */
import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import type { EventRecord } from "#events/record";
import { language, t } from "../../base/language.ts";
import { nodes } from "../../base/nodes.ts";
import { type Text, text } from "../../base/text.ts";
import { localTime, zoneText } from "../../base/time-text.ts";
import { StateBadge } from "../../parts/badge.tsx";
import { Icon, type IconName } from "../../parts/icon.tsx";
import type { Entry } from "./entries.ts";
import { KIND_NAMES, SEVERITY_NAMES } from "./kinds.ts";

const TEXT = {
  more: (count: number): Text => text(`Show ${count} more`, `再显示 ${count} 条`),
  details: text("Details", "详情"),
  today: text("Today", "今天"),
};

const SHOWN = 200;
const ICONS: Readonly<Record<EventRecord["severity"], IconName>> = {
  info: "info",
  warning: "warning",
  error: "bad",
};

export function EventList({ shown }: { readonly shown: readonly Entry[] }): JSX.Element {
  const most = useSignal(SHOWN);
  const days = new Map<string, Entry[]>();
  for (const entry of shown.slice(0, most.value)) {
    const day = localTime(entry.event.at, "s").slice(0, 10);
    days.set(day, [...(days.get(day) ?? []), entry]);
  }
  const rest = shown.length - most.value;
  return (
    <div class="stack">
      {[...days].map(([day, entries]) => (
        <section key={day} class="card day">
          <header>
            <h2>{day}</h2>
            <span class="muted small mono">{zoneText(new Date(entries[0]?.event.at ?? 0))}</span>
          </header>
          <ol>
            {entries.map((entry) => (
              <Row key={`${entry.node} ${entry.event.id}`} entry={entry} />
            ))}
          </ol>
        </section>
      ))}
      {rest > 0 && (
        <button type="button" class="button" onClick={() => (most.value += SHOWN * 5)}>
          {t(TEXT.more(Math.min(rest, SHOWN * 5)))}
        </button>
      )}
    </div>
  );
}

function Row({ entry: { event, node } }: { readonly entry: Entry }): JSX.Element {
  const { at, kind, severity, instance, group } = event;
  const name = nodes.value.find(({ entry }) => entry.id === node)?.name ?? event.node;
  return (
    <li class={`event tone-${severity === "info" ? "idle" : severity}`}>
      <time dateTime={at} title={at} class="mono">
        {localTime(at, "ms").slice(11)}
      </time>
      <span class="severity" title={t(SEVERITY_NAMES[severity])}>
        {severity !== "info" && <Icon name={ICONS[severity]} />}
        <span class="hidden-label">{t(SEVERITY_NAMES[severity])}</span>
      </span>
      <span class="where">
        <strong>{name}</strong>
        <span class="muted small">
          {t(KIND_NAMES[kind] ?? text(kind, kind))}
          {(instance ?? group) !== undefined && ` · ${instance ?? group}`}
        </span>
      </span>
      <div class="what">
        <p>
          {event.kind === "state" && <Change from={event.data.from} to={event.data.to} />}
          {sentenceOf(event)}
        </p>
        <details>
          <summary class="muted small">{t(TEXT.details)}</summary>
          {/* Long lines scroll, also with the keyboard. */}
          <pre class="mono small" tabIndex={0}>
            {JSON.stringify(event.data, undefined, 2)}
          </pre>
        </details>
      </div>
    </li>
  );
}

/** The change of state is shown by its badges already. */
function sentenceOf(event: EventRecord): string {
  const sentence = event.text[language.value];
  if (event.kind !== "state") return sentence;
  const { from, to } = event.data;
  const [, rest = sentence] = /^\S+ → \S+?(?:: |：)(.+)$/s.exec(sentence) ?? [];
  return sentence.startsWith(`${from} → ${to}`) ? rest : sentence;
}

const Change = ({ from, to }: { readonly from: string; readonly to: string }): JSX.Element => (
  <span class="change">
    <StateBadge state={from} />
    <Icon name="right" />
    <StateBadge state={to} />
  </span>
);
