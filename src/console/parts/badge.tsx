/** What state something is in: by its word, its shape and its colour, never by colour alone. */
import type { ComponentChildren, JSX } from "preact";
import { t } from "../base/language.ts";
import { type Text, text } from "../base/text.ts";

export type Tone = "ok" | "info" | "warning" | "error" | "idle";
export type Shape = "full" | "ring" | "half" | "dotted" | "triangle" | "square" | "bars";

/** Differs from every other of them in a black and white print too. */
function ShapeMark({ shape }: { readonly shape: Shape }): JSX.Element {
  const line = { fill: "none", stroke: "currentColor", "stroke-width": 3 } as const;
  const marks: Readonly<Record<Shape, JSX.Element>> = {
    full: <circle cx="8" cy="8" r="6.5" fill="currentColor" />,
    ring: <circle cx="8" cy="8" r="5.2" {...line} />,
    half: (
      <>
        <circle cx="8" cy="8" r="6" {...line} stroke-width={2} />
        <path d="M8 2a6 6 0 0 0 0 12z" fill="currentColor" />
      </>
    ),
    dotted: <circle cx="8" cy="8" r="5.4" {...line} stroke-dasharray="2.6 3.05" />,
    triangle: <path d="M8 1.5 15 14H1z" fill="currentColor" />,
    square: <path d="M3 3h10v10H3z" fill="currentColor" />,
    bars: <path d="M3.5 2.5h3.2v11H3.5zM9.3 2.5h3.2v11H9.3z" fill="currentColor" />,
  };
  return (
    <svg class="icon" viewBox="0 0 16 16" aria-hidden="true">
      {marks[shape]}
    </svg>
  );
}

export interface BadgeProps {
  readonly tone: Tone;
  readonly shape: Shape;
  readonly children: ComponentChildren;
}

export function Badge({ tone, shape, children }: BadgeProps): JSX.Element {
  return (
    <span class={`badge tone-${tone}`}>
      <ShapeMark shape={shape} />
      {children}
    </span>
  );
}

interface StateLook {
  readonly tone: Tone;
  readonly shape: Shape;
  readonly word: Text;
}

/** The names of the states are those of the RFC and of keepalived in every language. */
const STATES: Readonly<Record<string, StateLook>> = {
  MASTER: { tone: "ok", shape: "full", word: text("MASTER", "MASTER 主") },
  BACKUP: { tone: "info", shape: "ring", word: text("BACKUP", "BACKUP 备") },
  FAULT: { tone: "error", shape: "triangle", word: text("FAULT", "FAULT 故障") },
  INIT: { tone: "warning", shape: "dotted", word: text("INIT", "INIT 初始") },
  STOP: { tone: "idle", shape: "square", word: text("STOP", "STOP 停止") },
  MIXED: { tone: "warning", shape: "half", word: text("MIXED", "MIXED 不一致") },
};
const UNKNOWN: StateLook = { tone: "idle", shape: "dotted", word: text("unknown", "未知") };

export function StateBadge({ state }: { readonly state: string }): JSX.Element {
  const { tone, shape, word } = STATES[state] ?? UNKNOWN;
  return (
    <Badge tone={tone} shape={shape}>
      {STATES[state] === undefined && state !== "" ? state : t(word)}
    </Badge>
  );
}
