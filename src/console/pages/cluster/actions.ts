/** What can be done with a node: switch, switch back, maintenance. */
import type { Status } from "#daemon/control-protocol";
import type { SwitchAnswer, SwitchRequest } from "#daemon/switch-protocol";
import type { Failure } from "../../base/failure.ts";
import { type Answer, postJson } from "../../base/http.ts";
import { pathOf, refreshNodes } from "../../base/nodes.ts";
import type { NodeEntry } from "../../base/session-shape.ts";

export type Maintenance = NonNullable<Status["maintenance"]>;

export type MaintenanceRequest =
  | {
      readonly on: {
        readonly forSeconds?: number;
        readonly reason?: string;
        readonly lastResort?: true;
        /** Also if nobody takes over what the node owns. */
        readonly force?: true;
      };
    }
  | { readonly off: true };

/** A refusal of the switch is an answer too: it names its reasons. */
export async function switchOver(
  node: NodeEntry,
  request: SwitchRequest,
): Promise<Answer<SwitchAnswer>> {
  const answer = await postJson<unknown>(pathOf(node, "/v1/switch"), request);
  if (request.dryRun === undefined) void refreshNodes();
  const body = answer.kind === "answer" ? answer.body : answer.body;
  const read = switchAnswerIn(body);
  if (read !== undefined) return { kind: "answer", body: read };
  return answer.kind === "failed" ? answer : unreadable(body);
}

export async function setMaintenance(
  node: NodeEntry,
  request: MaintenanceRequest,
): Promise<Answer<unknown>> {
  const answer = await postJson<unknown>(pathOf(node, "/v1/maintenance"), request);
  void refreshNodes();
  return answer;
}

function switchAnswerIn(body: unknown): SwitchAnswer | undefined {
  if (typeof body !== "object" || body === null) return undefined;
  if ("units" in body && Array.isArray(body.units)) return body as SwitchAnswer;
  return "switch" in body ? switchAnswerIn(body.switch) : undefined;
}

const unreadable = (body: unknown): Failure => ({
  kind: "failed",
  status: undefined,
  message: JSON.stringify(body).slice(0, 300),
});
