/** Why a file was left as it is. */
import type { Language } from "#diagnostics/diagnostic";

const REASONS: Readonly<Record<string, Readonly<Record<Language, string>>>> = {
  "changed-meanwhile": {
    en: "somebody else changed it meanwhile",
    "zh-CN": "在此期间被别人改动过",
  },
  encoding: { en: "it is not UTF-8", "zh-CN": "它不是 UTF-8 编码" },
  "hard-links": {
    en: "it has other names (hard links), which would keep the old text",
    "zh-CN": "它还有其他硬链接，改写后那些名字仍指向旧内容",
  },
  attributes: {
    en: "it has extended attributes (an access list?), which would be lost",
    "zh-CN": "它带有扩展属性（例如访问控制列表），改写会丢失",
  },
  owner: {
    en: "a new file could not be given the same owner",
    "zh-CN": "无法让新文件保持原来的属主",
  },
  "not-regular": { en: "it is not a regular file", "zh-CN": "它不是普通文件" },
};

export function notWritten(path: string, why: string, language: Language): string {
  const reason = REASONS[why]?.[language] ?? why;
  return language === "en" ? `${path} was left as it is: ${reason}` : `${path} 未改动：${reason}`;
}
