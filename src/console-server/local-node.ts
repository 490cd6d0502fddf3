/**
 * A daemon of this machine: its control socket gives the state with any file, and is the way for
 * root to change something; what only its HTTP API has (events, findings) comes from the socket of
 * that, if the daemon has one.
 */
import type { NodePort } from "./node-port.ts";

export interface LocalNodeOptions {
  readonly control: NodePort;
  readonly api: NodePort;
  /** Asked with every request, because a reload opens and closes it. */
  readonly hasApi: () => boolean;
}

export function localNode({ control, api, hasApi }: LocalNodeOptions): NodePort {
  return {
    entry: control.entry,
    request: async (request) => {
      const isOfControl = request.method === "POST" || request.path === "/v1/status";
      // Without the API the control socket says what would bring it.
      return await (isOfControl || !hasApi() ? control : api).request(request);
    },
  };
}
