/**
 * The language of the page: chosen by the reader, else the browser's. Every text is written beside
 * its use, in both languages, so neither can be forgotten.
 *
 *     const TEXT = { title: text("Cluster", "集群") };
 *     <h1>{t(TEXT.title)}</h1>
 *
 * `t` reads a signal: what was drawn with it is drawn again when the language changes.
 */
import { effect, type Signal, signal } from "@preact/signals";
import type { Language } from "#diagnostics/diagnostic";
import { recall, remember } from "./memory.ts";
import type { Text } from "./text.ts";

const KEY = "language";

export const language: Signal<Language> = signal(firstLanguage());

export const t = (both: Text): string => both[language.value];

export function choose(next: Language): void {
  remember(KEY, next);
  language.value = next;
}

function firstLanguage(): Language {
  const chosen = recall(KEY);
  if (chosen === "en" || chosen === "zh-CN") return chosen;
  return navigator.language.toLowerCase().startsWith("zh") ? "zh-CN" : "en";
}

// A screen reader pronounces the page by this attribute.
effect(() => {
  document.documentElement.lang = language.value;
});
