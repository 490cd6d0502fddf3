/**
 * HTTP requests and responses as values, so that everything but the socket can be tested
 * without a port.
 */

export interface CloudRequest {
  readonly method: string;
  /** As in the request line: origin form, or absolute form if we are used as a proxy. */
  readonly target: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  /** The body was over the limit and has been discarded. */
  readonly isTooLarge: boolean;
}

export interface CloudResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface Target {
  readonly path: string;
  /** Without the question mark, as sent. */
  readonly query: string;
}

export function readTarget(target: string): Target {
  // Terraform behind HTTP_PROXY sends `http://vpc.tencentcloudapi.com/`.
  const origin = target.replace(/^https?:\/\/[^/?#]*/i, "");
  const [beforeFragment = ""] = origin.split("#", 1);
  const mark = beforeFragment.indexOf("?");
  const path = mark < 0 ? beforeFragment : beforeFragment.slice(0, mark);
  const query = mark < 0 ? "" : beforeFragment.slice(mark + 1);
  return { path: path === "" ? "/" : path, query };
}

/**
 * The content type is exact: the Python SDK does not look for an error in an answer with `;
 * charset=utf-8`, and tccli then ends with 0 after a failed call.
 */
export const JSON_TYPE = "application/json";

export const json = (
  status: number,
  value: unknown,
  headers: Readonly<Record<string, string>> = {},
): CloudResponse => ({
  status,
  headers: { "Content-Type": JSON_TYPE, ...headers },
  body: JSON.stringify(value),
});
