/** What went wrong with a call, and what to do about it, for people. */
import { ERRORS, isErrorCode } from "../api/errors.ts";
import { type CallFailure, printCallFailure } from "./call-failure.ts";
import type { Waited } from "./wait.ts";

export interface FailureReport {
  readonly code: string;
  readonly message: string;
  readonly help?: string;
  /** What the platform's support asks for. */
  readonly requestId?: string;
}

export function describeFailure(
  failure: CallFailure | Waited,
  language: "en" | "zh-CN",
): FailureReport {
  const say = (en: string, zh: string): string => (language === "en" ? en : zh);
  switch (failure.kind) {
    case "refused": {
      const { code, message, requestId } = failure;
      const help = helpFor(code, language);
      return { code, message, ...(help !== undefined && { help }), requestId };
    }
    case "http":
      return {
        code: `HTTP ${failure.status}`,
        message: say(
          `the endpoint answered with HTTP ${failure.status}, which no API of this cloud does`,
          `接入点返回 HTTP ${failure.status}，不是该云 API 的应答`,
        ),
      };
    case "unsendable":
      return { code: failure.what, message: printCallFailure(failure, language) };
    case "unreachable":
      return {
        code: failure.errno,
        message: say(
          `the API cannot be reached: ${failure.errno}`,
          `无法连接 API：${failure.errno}`,
        ),
        help: say("check --endpoint and the network", "请检查 --endpoint 与网络"),
      };
    case "timeout":
      return {
        code: "timeout",
        message: say(
          `no answer within ${failure.afterMs / 1000} s; it may have been carried out`,
          `${failure.afterMs / 1000} 秒内没有应答，操作可能已执行`,
        ),
      };
    case "unreadable":
      return {
        code: "unreadable",
        message: say(
          `the answer makes no sense at ${failure.path}`,
          `应答在 ${failure.path} 处无法解析`,
        ),
      };
    case "failed":
      return {
        code: "failed",
        message: say(
          `the cloud accepted the call and then failed: ${failure.output}`,
          `操作已受理但执行失败：${failure.output}`,
        ),
      };
    case "still-running":
      return {
        code: "still-running",
        message: say(
          `accepted, and still not done after ${Math.round(failure.afterMs / 1000)} s`,
          `已受理，${Math.round(failure.afterMs / 1000)} 秒后仍未完成`,
        ),
      };
    case "done":
      return { code: "done", message: "" };
  }
}

/** The advice for the code, or for the nearest code above it. */
function helpFor(code: string, language: "en" | "zh-CN"): string | undefined {
  const [family = ""] = code.split(".");
  const known = isErrorCode(code) ? code : isErrorCode(family) ? family : undefined;
  return known === undefined
    ? undefined
    : ERRORS[known].help?.[language === "en" ? "en-US" : "zh-CN"];
}
