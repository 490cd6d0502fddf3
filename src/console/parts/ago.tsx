/** "3 min ago", counted on; the exact local time is its tooltip. */
import { type Signal, signal } from "@preact/signals";
import type { JSX } from "preact";
import { language } from "../base/language.ts";
import { agoText, localTime } from "../base/time-text.ts";

/** Milliseconds since 1970; moves every second, with one timer for the whole page. */
export const now: Signal<number> = signal(Date.now());
setInterval(() => {
  if (!document.hidden) now.value = Date.now();
}, 1_000);
document.addEventListener("visibilitychange", () => {
  now.value = Date.now();
});

export interface AgoProps {
  /** ISO 8601. */
  readonly at: string;
  /** How much the node's clock is ahead of this one's, in milliseconds. */
  readonly skewMs?: number;
}

export function Ago({ at, skewMs = 0 }: AgoProps): JSX.Element {
  const age = now.value + skewMs - Date.parse(at);
  return (
    <time dateTime={at} title={localTime(at, "ms")}>
      {agoText(age, language.value)}
    </time>
  );
}
