/** What the system's commonest refusals of a file mean, for people; the name stays for whoever looks it up. */
import type { Language } from "#diagnostics/diagnostic";

const MEANINGS: Readonly<Record<string, Readonly<Record<Language, string>>>> = {
  ENOENT: { en: "there is no such file", "zh-CN": "文件不存在" },
  ENOTDIR: { en: "a part of its path is not a folder", "zh-CN": "路径中有一段不是目录" },
  EISDIR: { en: "it is a folder", "zh-CN": "它是目录" },
  EACCES: {
    en: "this user may not read it; try again with sudo",
    "zh-CN": "当前用户无权读取；请用 sudo 重试",
  },
  EPERM: {
    en: "this user may not read it; try again with sudo",
    "zh-CN": "当前用户无权读取；请用 sudo 重试",
  },
  ELOOP: { en: "it is a link that leads to itself", "zh-CN": "它是指向自身的符号链接" },
};

export function unreadableSentence(path: string, errno: string, language: Language): string {
  const meaning = MEANINGS[errno]?.[language];
  if (language === "en")
    return `${path} cannot be read: ${meaning === undefined ? errno : `${meaning} (${errno})`}`;
  return `无法读取 ${path}：${meaning === undefined ? errno : `${meaning}（${errno}）`}`;
}
