/** A failed call in one line, for logs and reports. The platform's own words stay as they came. */
import type { CallFailure } from "./client.ts";

export function printCallFailure(failure: CallFailure, language: "en" | "zh-CN"): string {
  const en = language === "en";
  switch (failure.kind) {
    case "refused":
      return `${failure.code}: ${failure.message}`;
    case "http":
      return `HTTP ${failure.status}`;
    case "unreachable":
      return failure.errno;
    case "timeout":
      return en ? `nothing within ${failure.afterMs} ms` : `${failure.afterMs} 毫秒内没有应答`;
    case "unsendable":
      if (failure.what === "region")
        return en
          ? "the region is no name of a region (such as ap-guangzhou)"
          : "地域的写法不对（应形如 ap-guangzhou）";
      return en
        ? "the credentials hold characters that cannot be sent"
        : "密钥中含有无法发送的字符";
    case "unreadable":
      return en ? `unreadable at ${failure.path}` : `应答在 ${failure.path} 处无法解析`;
  }
}
