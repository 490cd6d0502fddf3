/** What can become of a call besides its answer. */

export type CallFailure =
  /**
   * The service said no: the platform's code and message as they came, and the id to show to its
   * support.
   */
  | {
      readonly kind: "refused";
      readonly code: string;
      readonly message: string;
      readonly requestId: string;
    }
  /** Not HTTP 200: something in front of the service. */
  | { readonly kind: "http"; readonly status: number }
  | { readonly kind: "unreachable"; readonly errno: string; readonly wasSent: boolean }
  /** No answer within the time; the call may have been carried out. */
  | { readonly kind: "timeout"; readonly afterMs: number }
  /** It cannot stand in a request, so nothing was asked. */
  | { readonly kind: "unsendable"; readonly what: "region" | "credentials" }
  /** HTTP 200 and no answer of this API: the path of what was wrong. */
  | { readonly kind: "unreadable"; readonly path: string };

/** One line, for logs and reports. The platform's own message stays as it came. */
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
