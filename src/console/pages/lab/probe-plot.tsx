/**
 * The probes of one side as they come: the slowest and the fastest answer of each ten
 * milliseconds, what was lost, and below everything who answered.
 */
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { theme } from "../../base/theme.ts";
import type { ProbeSeries, Turn } from "./probe-series.ts";
import { SHOWN_S } from "./probe-series.ts";

const HEIGHT = 176;
const FRAME_MS = 50;
const SLOWEST_MS = 1_000;
const FASTEST_MS = 0.01;

export interface ProbePlotProps {
  readonly label: string;
  readonly series: ProbeSeries;
  /** In the order of the drawing, which gives each its colour. */
  readonly instances: readonly string[];
  readonly names: { readonly slowest: string; readonly fastest: string; readonly lost: string };
}

const colourOf = (name: string): string =>
  getComputedStyle(document.documentElement).getPropertyValue(name).trim();

/** The same in the topology. */
export const instanceColour = (index: number): string => `--plot-${(index % 5) + 1}`;

export function ProbePlot({ label, series, instances, names }: ProbePlotProps): JSX.Element {
  const place = useRef<HTMLDivElement>(null);
  // In an effect's closure it would stay what it was at first.
  const known = useRef(instances);
  known.current = instances;
  const chosen = theme.value;
  useEffect(() => {
    const element = place.current;
    if (element === null) return undefined;
    let turns: readonly Turn[] = [];
    const plot = new uPlot(
      optionsFor(element.clientWidth, names, (drawn) => drawTurns(drawn, turns, known.current)),
      [[], [], [], []],
      element,
    );
    const observer = new ResizeObserver(() => {
      plot.setSize({ width: element.clientWidth, height: HEIGHT });
    });
    observer.observe(element);
    let drawn = -1;
    const timer = setInterval(() => {
      if (document.hidden || series.version === drawn) return;
      drawn = series.version;
      const to = series.lastAt ?? Date.now();
      const from = to - SHOWN_S * 1_000;
      const { at, slowest, fastest, lost } = series.columns(from);
      turns = series.turns(from);
      plot.setData([[...at], [...slowest], [...fastest], [...lost]], false);
      plot.setScale("x", { min: from / 1_000, max: to / 1_000 });
    }, FRAME_MS);
    return () => {
      clearInterval(timer);
      observer.disconnect();
      plot.destroy();
    };
  }, [series, chosen, names.slowest]);
  return <div ref={place} class="plot" role="img" aria-label={label} />;
}

function optionsFor(
  width: number,
  names: ProbePlotProps["names"],
  drawClear: (plot: uPlot) => void,
): uPlot.Options {
  const [text, line] = [colourOf("--muted"), colourOf("--line")];
  const axis = {
    stroke: text,
    grid: { stroke: line, width: 1 },
    ticks: { stroke: line, width: 1 },
  };
  const bars = uPlot.paths.bars?.({ size: [1, 20], align: 1 });
  const font = `12px ${getComputedStyle(document.body).fontFamily}`;
  return {
    width: Math.max(200, width),
    height: HEIGHT,
    legend: { show: false },
    cursor: { show: false },
    padding: [10, 8, 0, 0],
    scales: {
      x: { time: true, auto: false },
      y: { distr: 3, range: [FASTEST_MS, SLOWEST_MS] },
      lost: { range: [0, 1] },
    },
    axes: [
      { ...axis, font, space: 90, size: 32, values: (_, splits) => splits.map(clockText) },
      {
        ...axis,
        font,
        size: 68,
        space: 16,
        splits: () => [...POWERS],
        values: (_, splits) => splits.map((value) => msText(value)),
      },
    ],
    series: [
      {},
      {
        label: names.slowest,
        stroke: colourOf("--text"),
        width: 1.25,
        spanGaps: false,
        points: { show: false },
      },
      {
        label: names.fastest,
        stroke: colourOf("--muted"),
        width: 1,
        spanGaps: false,
        points: { show: false },
      },
      {
        label: names.lost,
        scale: "lost",
        stroke: colourOf("--error"),
        fill: colourOf("--error"),
        width: 0,
        points: { show: false },
        ...(bars !== undefined && { paths: bars }),
      },
    ],
    bands: [{ series: [1, 2], fill: colourOf("--line") }],
    hooks: { drawClear: [drawClear] },
  };
}

const POWERS = [0.01, 0.1, 1, 10, 100, 1_000] as const;

const clockText = (seconds: number): string => {
  const time = new Date(seconds * 1_000);
  const two = (value: number): string => `${value}`.padStart(2, "0");
  return `${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}`;
};

const msText = (value: number | null): string =>
  value === null
    ? ""
    : value >= 1_000
      ? `${value / 1_000} s`
      : `${Number(value.toPrecision(2))} ms`;

/** A strip of the instance's colour, and a hint of it over the whole height. */
function drawTurns(plot: uPlot, turns: readonly Turn[], instances: readonly string[]): void {
  const { ctx, bbox } = plot;
  ctx.save();
  for (const { by, from, to } of turns) {
    const index = instances.indexOf(by);
    if (index < 0) continue;
    const left = plot.valToPos(from, "x", true);
    const width = Math.max(1, plot.valToPos(to, "x", true) - left);
    ctx.fillStyle = colourOf(instanceColour(index));
    ctx.globalAlpha = 0.12;
    ctx.fillRect(left, bbox.top, width, bbox.height);
    ctx.globalAlpha = 1;
    ctx.fillRect(left, bbox.top + bbox.height - 4 * devicePixelRatio, width, 4 * devicePixelRatio);
  }
  ctx.restore();
}
