/** How a call can end, other than with its answer. */

export type CallFailure =
  /**
   * The service refused: the platform's code and message as received, and the id to show to its
   * support.
   */
  | {
      readonly kind: "refused";
      readonly code: string;
      readonly message: string;
      readonly requestId: string;
    }
  /** The status is not 200, so something in front of the service answered. */
  | { readonly kind: "http"; readonly status: number }
  | { readonly kind: "unreachable"; readonly errno: string; readonly wasSent: boolean }
  /** There was no answer in time; the call may have been carried out. */
  | { readonly kind: "timeout"; readonly afterMs: number }
  /** A value cannot be part of a request, so nothing was sent. */
  | { readonly kind: "unsendable"; readonly what: "region" | "credentials" }
  /** HTTP 200, but not an answer of this API: the path of what is wrong. */
  | { readonly kind: "unreadable"; readonly path: string };

/** One line, for logs and reports. The platform's own message is not changed. */
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
