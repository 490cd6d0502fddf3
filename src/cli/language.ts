/** Which language to speak: `--lang`, else what the environment says (POSIX order, ours first). */
import type { Language } from "#diagnostics/diagnostic";
import { languageOf, readLanguage } from "#diagnostics/language";

/** What the words say, wherever `--lang` stands among them, else the environment; a word that is no language does not count. */
export function languageAmong(
  words: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Language {
  const at = words.indexOf("--lang");
  const asked = at < 0 ? undefined : readLanguage(words[at + 1] ?? "");
  return asked ?? languageOf(env);
}
