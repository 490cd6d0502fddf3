/** "3 min ago", counted on; the exact local time is its tooltip. */
import { type Signal, signal } from "@preact/signals";
import type { JSX } from "preact";
import { language } from "../base/language.ts";
import { agoText, forText, localTime } from "../base/time-text.ts";

/** Milliseconds since 1970; moves every second, with one timer for the whole page. */
export const now: Signal<number> = signal(Date.now());
setInterval(() => {
  if (!document.hidden) now.value = Date.now();
}, 1_000);
document.addEventListener("visibilitychange", () => {
  now.value = Date.now();
});

/** `ago`: "3 min ago"; `for`: "for 3 min". */
type Form = "ago" | "for";

export interface AgoProps {
  /** ISO 8601. */
  readonly at: string;
  /** How much the node's clock is ahead of this one's, in milliseconds. */
  readonly skewMs?: number;
  readonly form?: Form;
}

export function Ago({ at, skewMs = 0, form = "ago" }: AgoProps): JSX.Element {
  const age = now.value + skewMs - Date.parse(at);
  return (
    <time dateTime={at} title={localTime(at, "ms")}>
      {form === "ago" ? agoText(age, language.value) : forText(age, language.value)}
    </time>
  );
}
