/** A node as the console's server reaches it: over HTTP, or by the local daemon's socket. */
import type { NodeEntry } from "#console/base/session-shape";

export interface NodeRequest {
  readonly method: "GET" | "POST";
  /** With its leading slash, such as `/v1/status`. */
  readonly path: string;
  /** With its question mark; empty if there is none. */
  readonly query: string;
  /** Only those that a node may see, in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** JSON, of a POST. */
  readonly body: string | undefined;
  /** The browser went away. */
  readonly signal: AbortSignal;
}

export interface NodePort {
  readonly entry: NodeEntry;
  /**
   * The node's answer as it is, event streams included. Never throws: a node that cannot be reached
   * is a problem of status 502.
   */
  request(request: NodeRequest): Promise<Response>;
}

/** What of a browser's request goes on to a node. */
export const PASSED_HEADERS = [
  "accept",
  "accept-language",
  "content-type",
  "last-event-id",
] as const;

/** What of a node's API the page uses; nothing else is passed. */
export const PASSED: Readonly<Record<NodeRequest["method"], readonly string[]>> = {
  GET: ["/v1/status", "/v1/events", "/v1/check", "/readyz"],
  POST: ["/v1/switch", "/v1/maintenance", "/v1/promote"],
};
