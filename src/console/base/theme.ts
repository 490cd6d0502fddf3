/** Light or dark: the system's, or what the reader chose. styles/tokens.css has the colours. */
import { computed, effect, type ReadonlySignal, type Signal, signal } from "@preact/signals";
import { recall, remember } from "./memory.ts";

export const THEMES = ["system", "light", "dark"] as const;
export type Theme = (typeof THEMES)[number];

const KEY = "theme";
const system = matchMedia("(prefers-color-scheme: dark)");
const systemIsDark = signal(system.matches);
system.addEventListener("change", ({ matches }) => {
  systemIsDark.value = matches;
});

const isTheme = (name: string | undefined): name is Theme => THEMES.some((one) => one === name);

const kept = recall(KEY);
export const theme: Signal<Theme> = signal(isTheme(kept) ? kept : "system");

/** For what is drawn on a canvas, which style sheets do not reach. */
export const isDark: ReadonlySignal<boolean> = computed(() =>
  theme.value === "system" ? systemIsDark.value : theme.value === "dark",
);

export function chooseTheme(next: Theme): void {
  remember(KEY, next === "system" ? undefined : next);
  theme.value = next;
}

effect(() => {
  document.documentElement.dataset["theme"] = isDark.value ? "dark" : "light";
});

/** The value of a colour of styles/tokens.css at this moment, such as `--accent`. */
export const colorOf = (name: `--${string}`): string =>
  getComputedStyle(document.documentElement).getPropertyValue(name).trim();
