/** How one call to a destination of alerts ended, and how that is said. */
import type { Language } from "#diagnostics/diagnostic";
import type { Micros } from "#units/time";

export type CallOutcome =
  /** `refused`: recipients that the mail server did not take. */
  | { readonly kind: "arrived"; readonly refused?: readonly string[] }
  | {
      readonly kind: "failed";
      /** Again would be the same. */
      readonly isForGood: boolean;
      /** What the destination asked for, or is known to want. */
      readonly retryAfter?: Micros | undefined;
      readonly why: CallFailure;
    };

export type CallFailure =
  /** The system's or TLS's name of it. */
  | { readonly kind: "unreachable"; readonly errno: string }
  | { readonly kind: "timeout"; readonly seconds: number }
  | { readonly kind: "status"; readonly status: number }
  /** Not followed: who redirects could send the alert, and its key, anywhere. */
  | { readonly kind: "redirect"; readonly status: number; readonly host: string | undefined }
  /** A robot's own code and text, or the mail server's. */
  | { readonly kind: "refused"; readonly code: string; readonly text: string }
  /** A success that is not the robot's: a login page, for example. */
  | { readonly kind: "unreadable" }
  | { readonly kind: "no-mail" };

export function failureSentence(why: CallFailure, language: Language): string {
  const en = language === "en";
  switch (why.kind) {
    case "unreachable":
      return en ? `cannot be reached (${why.errno})` : `无法连接（${why.errno}）`;
    case "timeout":
      return en ? `no answer within ${why.seconds} s` : `${why.seconds} 秒内没有应答`;
    case "status":
      return en ? `HTTP status ${why.status}` : `HTTP 状态码 ${why.status}`;
    case "redirect": {
      const to = why.host === undefined ? "" : en ? ` to ${why.host}` : `到 ${why.host}`;
      return en
        ? `HTTP status ${why.status}: a redirect${to}, which is not followed`
        : `HTTP 状态码 ${why.status}：重定向${to}，不会跟随`;
    }
    case "refused":
      return en ? `refused: ${why.code} ${why.text}` : `被拒绝：${why.code} ${why.text}`;
    case "unreadable":
      return en ? "the answer is not one of this service" : "应答不是该服务的格式";
    case "no-mail":
      return en
        ? "`smtp_server` or `notification_email` is missing"
        : "缺少 `smtp_server` 或 `notification_email`";
  }
}
