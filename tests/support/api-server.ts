/** The HTTP API with its sockets, in front of a node that is none. */
import { type IncomingMessage, type RequestOptions, request } from "node:http";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { openApi } from "#api/api";
import type { ApiHost, RunningApi } from "#daemon/api-port";
import { privateFileSentence, readPrivateFile } from "#daemon/private-file";
import type { ApiPlan } from "#keepalived/plan/run-plan";
import { FakeNode } from "./api-node.ts";
import { keepLog, makeFolder } from "./daemon-bench.ts";

export interface Served {
  readonly node: FakeNode;
  readonly api: RunningApi;
  readonly folder: string;
  readonly socket: string;
  readonly lines: string[];
  /** The user of the next connections at a loopback address. */
  readonly users: { next: number | undefined };
}

export function serveApi(context: TestContext, node: FakeNode = new FakeNode()): Served {
  const folder = makeFolder(context).path;
  const { log, lines } = keepLog();
  const socket = join(folder, "api.sock");
  const users: Served["users"] = { next: undefined };
  const host: ApiHost = {
    node,
    log,
    language: "en",
    socket,
    group: undefined,
    readFile: (path, mode) => {
      const read = readPrivateFile(path, mode);
      return read.kind === "text"
        ? read
        : { kind: "refused", why: privateFileSentence(read.problem, "en") };
    },
    folderProblem: () => undefined,
    userOf: () => users.next,
    wrongTokens: () => undefined,
  };
  const api = openApi(host);
  context.after(() => api.close());
  return { node, api, folder, socket, lines, users };
}

export const planOf = (ports: readonly number[], more: Partial<ApiPlan> = {}): ApiPlan => ({
  listen: ports.map((port) => ({ kind: "tcp", host: "127.0.0.1", port })),
  tokenFile: undefined,
  tls: undefined,
  ...more,
});

export interface Answer {
  readonly status: number;
  readonly text: string;
  readonly headers: IncomingMessage["headers"];
}

/** The system's name of the failure, if there is no answer. */
export async function get(options: RequestOptions & { readonly body?: string }): Promise<Answer> {
  return await new Promise((resolve, reject) => {
    const asked = request({ host: "127.0.0.1", agent: false, ...options }, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (part: string) => (text += part));
      response.on("error", reject);
      response.on("end", () =>
        resolve({ status: response.statusCode ?? 0, text, headers: response.headers }),
      );
    });
    asked.on("error", reject);
    asked.end(options.body);
  });
}
