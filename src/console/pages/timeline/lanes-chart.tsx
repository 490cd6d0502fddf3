/** Lanes of states over time, drawn in SVG: who was the owner when, and where two were. */
import type { JSX } from "preact";
import { t } from "../../base/language.ts";
import { type Text, text } from "../../base/text.ts";
import { localTime } from "../../base/time-text.ts";
import type { Lane } from "./lanes.ts";

const TEXT = {
  title: text("States over time", "状态变化"),
  from: (at: string, to: string): Text => text(`${at} to ${to}`, `${at} 至 ${to}`),
};

const WIDTH = 1_000;
const ROW = 22;
const BAR = 14;
const TICKS = 6;
const LANES_MAX = 12;
/** A state that lasted for milliseconds is still seen. */
const NARROWEST = 1.5;

export interface LanesChartProps {
  readonly lanes: readonly Lane[];
  readonly names: ReadonlyMap<string, string>;
  readonly from: number;
  readonly to: number;
}

export function LanesChart({ lanes, names, from, to }: LanesChartProps): JSX.Element | null {
  const shown = lanes.filter(({ segments }) => segments.length > 0).slice(0, LANES_MAX);
  if (shown.length === 0 || to <= from) return null;
  const height = shown.length * ROW;
  const place = (at: number): number => ((Math.max(at, from) - from) / (to - from)) * WIDTH;
  return (
    <figure class="card lanes">
      <figcaption class="hidden-label">{t(TEXT.title)}</figcaption>
      <div class="lane-names" aria-hidden="true">
        {shown.map(({ node, instance }) => (
          <div key={`${node} ${instance}`}>
            <strong>{instance}</strong> <span class="muted">{names.get(node) ?? node}</span>
          </div>
        ))}
      </div>
      <svg
        role="img"
        aria-label={shown.map((lane) => describe(lane, names)).join("; ")}
        viewBox={`0 0 ${WIDTH} ${height}`}
        preserveAspectRatio="none"
        style={{ height: `${height}px` }}
      >
        {ticksOf(from, to).map((at) => (
          <path key={at} class="tick" d={`M${place(at)} 0V${height}`} />
        ))}
        {shown.map(({ node, instance, segments }, row) => (
          <g key={`${node} ${instance}`}>
            {segments.map((one) => (
              <rect
                key={one.from}
                class={`lane-${one.state.toLowerCase()}`}
                x={place(one.from)}
                y={row * ROW + (ROW - barOf(one.state)) / 2}
                width={Math.max(NARROWEST, place(one.to) - place(one.from))}
                height={barOf(one.state)}
              >
                <title>{`${one.state} ${span(one.from, one.to)}`}</title>
              </rect>
            ))}
          </g>
        ))}
      </svg>
      <div class="lane-times mono muted" aria-hidden="true">
        {ticksOf(from, to).map((at) => (
          <span key={at} style={{ left: `${place(at) / (WIDTH / 100)}%` }}>
            {tickText(at, to - from)}
          </span>
        ))}
      </div>
      <Legend />
    </figure>
  );
}

/** Owners are high, others are a line: it is seen without colours. */
const barOf = (state: string): number => (state === "MASTER" ? BAR : state === "FAULT" ? 8 : 3);

const iso = (at: number): string => new Date(at).toISOString();
const span = (from: number, to: number): string =>
  t(TEXT.from(localTime(iso(from), "ms"), localTime(iso(to), "ms")));

const describe = ({ node, instance, segments }: Lane, names: LanesChartProps["names"]): string =>
  `${instance} ${names.get(node) ?? node}: ${segments
    .slice(-5)
    .map(({ state, from }) => `${state} ${localTime(iso(from), "s")}`)
    .join(", ")}`;

const ticksOf = (from: number, to: number): readonly number[] =>
  Array.from({ length: TICKS }, (_, index) => from + ((to - from) * (index + 0.5)) / TICKS);

const DAY_MS = 86_400_000;

/** Seconds where they differ, days where hours do not. */
function tickText(at: number, length: number): string {
  const local = localTime(iso(at), "s");
  if (length > 2 * DAY_MS) return local.slice(5, 16);
  return length > DAY_MS / 24 ? local.slice(11, 16) : local.slice(11, 19);
}

const LEGEND = ["MASTER", "BACKUP", "FAULT", "INIT"] as const;

const Legend = (): JSX.Element => (
  <ul class="legend small muted" aria-hidden="true">
    {LEGEND.map((state) => (
      <li key={state}>
        <svg viewBox="0 0 24 16" width="24" height="16">
          <rect
            class={`lane-${state.toLowerCase()}`}
            x="0"
            y={8 - barOf(state) / 2}
            width="24"
            height={barOf(state)}
          />
        </svg>
        {state}
      </li>
    ))}
  </ul>
);
