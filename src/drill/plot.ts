/**
 * The answers around one move as an SVG picture: a point for the slowest answer of each part on a
 * logarithmic scale, a red bar where probes were lost, and a colour for each machine that answered.
 * Colours come from the page's style sheet (html.ts), so that one picture serves light and dark.
 */
import { TEXTS } from "./drill-text.ts";
import type { DrillRun, Text } from "./report.ts";

const WIDTH = 720;
const HEIGHT = 150;
const LEFT = 56;
const RIGHT = 12;
const TOP = 10;
const BOTTOM = 30;
const FROM_MS = 0.01;
const TO_MS = 1_000;
const TICKS_MS = [0.1, 1, 10, 100, 1_000];
const MACHINES = 4;

export function plotRun(run: DrillRun, say: (text: Text) => string): string {
  const { parts } = run;
  const first = parts[0]?.at ?? 0;
  const last = Math.max(first + 1, parts.at(-1)?.at ?? 1);
  const x = (ms: number): number => LEFT + ((ms - first) / (last - first)) * (WIDTH - LEFT - RIGHT);
  const y = (ms: number): number => {
    const share = Math.log(Math.max(FROM_MS, ms) / FROM_MS) / Math.log(TO_MS / FROM_MS);
    return HEIGHT - BOTTOM - Math.min(1, share) * (HEIGHT - TOP - BOTTOM);
  };
  const machines = [...new Set(parts.flatMap(({ by }) => (by === undefined ? [] : [by])))];
  const classOf = (by: string | undefined): string =>
    `m${Math.max(0, machines.indexOf(by ?? "")) % MACHINES}`;
  const step = (WIDTH - LEFT - RIGHT) / Math.max(1, parts.length);
  const shapes = parts.map(({ at, lost, slowest, by }) => {
    const bar =
      lost === 0
        ? ""
        : `<rect class="lost" x="${n(x(at))}" y="${TOP}" width="${n(Math.max(1, step))}" height="${HEIGHT - TOP - BOTTOM}"/>`;
    const point =
      slowest === undefined
        ? ""
        : `<circle class="${classOf(by)}" cx="${n(x(at))}" cy="${n(y(slowest))}" r="1.6"/>`;
    return bar + point;
  });
  const ticks = TICKS_MS.map(
    (ms) =>
      `<line class="grid" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${n(y(ms))}" y2="${n(y(ms))}"/>` +
      `<text class="tick" x="${LEFT - 6}" y="${n(y(ms) + 4)}" text-anchor="end">${ms} ms</text>`,
  );
  const label = `${say(TEXTS.answers)}: ${say(TEXTS.slowest)}`;
  return [
    `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${label}">`,
    ...ticks,
    `<line class="begin" x1="${n(x(0))}" x2="${n(x(0))}" y1="${TOP}" y2="${HEIGHT - BOTTOM}"/>`,
    ...shapes,
    ...timeTicks(first, last).map(
      (ms) =>
        `<text class="tick" x="${n(x(ms))}" y="${HEIGHT - 14}" text-anchor="middle">${ms / 1_000}</text>`,
    ),
    `<text class="tick" x="${WIDTH - RIGHT}" y="${HEIGHT - 2}" text-anchor="end">${say(TEXTS.seconds)}</text>`,
    "</svg>",
  ].join("");
}

const n = (value: number): string => value.toFixed(1);

/** Whole steps of 1, 2 or 5 times a power of ten: five to ten of them. */
function timeTicks(first: number, last: number): readonly number[] {
  const rough = (last - first) / 8;
  const power = 10 ** Math.floor(Math.log10(Math.max(rough, 1)));
  const step = [1, 2, 5, 10].map((one) => one * power).find((one) => one >= rough) ?? power;
  const ticks: number[] = [];
  for (let at = Math.ceil(first / step) * step; at <= last; at += step) ticks.push(at);
  return ticks;
}
