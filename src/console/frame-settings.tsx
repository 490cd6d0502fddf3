/** Language and colours. */
import type { JSX } from "preact";
import { choose, language, t } from "./base/language.ts";
import { text } from "./base/text.ts";
import { chooseTheme, THEMES, theme } from "./base/theme.ts";
import { Segments } from "./parts/segments.tsx";

const TEXT = {
  language: text("Language", "语言"),
  theme: text("Colours", "配色"),
  themes: {
    system: text("As the system", "跟随系统"),
    light: text("Light", "浅色"),
    dark: text("Dark", "深色"),
  },
};
const ICONS = { system: "system", light: "sun", dark: "moon" } as const;

export function Settings(): JSX.Element {
  return (
    <div class="settings">
      <Segments
        label={t(TEXT.language)}
        value={language.value}
        onChoose={choose}
        choices={[
          { value: "en", label: "English", lang: "en" },
          { value: "zh-CN", label: "中文", lang: "zh-CN" },
        ]}
      />
      <Segments
        label={t(TEXT.theme)}
        value={theme.value}
        onChoose={chooseTheme}
        choices={THEMES.map((value) => ({
          value,
          label: t(TEXT.themes[value]),
          icon: ICONS[value],
        }))}
      />
    </div>
  );
}
