/**
 * The emulated cloud refused to make something of a lab: that is the user's mistake, never a
 * bug of the program.
 */
import type { Language } from "#diagnostics/diagnostic";

export class CloudRefusal extends Error {
  readonly #texts: Readonly<Record<Language, string>>;

  constructor(what: string, texts: Readonly<Record<Language, string>>) {
    super(`${what}: ${texts.en}`);
    this.name = "CloudRefusal";
    this.#texts = { en: `${what}: ${texts.en}`, "zh-CN": `${what}：${texts["zh-CN"]}` };
  }

  text(language: Language): string {
    return this.#texts[language];
  }
}
