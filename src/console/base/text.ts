/** A text in both languages. Pure, so that what tests load without a browser can have texts too. */
import type { Language } from "#diagnostics/diagnostic";

export type Text = Readonly<Record<Language, string>>;

export const text = (en: string, zh: string): Text => ({ en, "zh-CN": zh });
