/** What can be done with a node: switch, switch back, maintenance. */
import type { InstanceStatus, Status } from "#daemon/control-protocol";
import type { Failure } from "../../base/failure.ts";
import { type Answer, postJson } from "../../base/http.ts";
import { language } from "../../base/language.ts";
import { pathOf, refreshNodes } from "../../base/nodes.ts";
import type { NodeEntry } from "../../base/session-shape.ts";
import type { Text } from "../../base/text.ts";

export interface SwitchUnit {
  readonly name: string;
  readonly kind: "instance" | "group";
  readonly outcome: "moved" | "stays" | "not-owner" | "would-move";
  readonly successor?: string;
  readonly bothAnsweredMs?: number;
  readonly tookMs?: number;
  readonly text: Text;
}

export interface SwitchAnswer {
  readonly outcome: "moved" | "refused" | "partly";
  readonly units: readonly SwitchUnit[];
}

/** As the control socket takes it; empty `names` with `all` for everything. */
export interface SwitchRequest {
  readonly names?: readonly string[];
  readonly all?: true;
  readonly to?: string;
  readonly dryRun?: true;
  readonly back?: true;
  readonly why?: string;
  readonly waitSeconds?: number;
}

export interface Maintenance {
  readonly since: string;
  readonly until?: string;
  readonly reason?: string;
  readonly lastResort: boolean;
  readonly by: string;
}

export type MaintenanceRequest =
  | {
      readonly on: {
        readonly forSeconds?: number;
        readonly reason?: string;
        readonly lastResort?: boolean;
      };
    }
  | { readonly off: true };

/** Of a node that knows it; an older one has none. */
export const maintenanceOf = (status: Status): Maintenance | undefined =>
  (status as Status & { readonly maintenance?: Maintenance }).maintenance;

export interface Switched {
  readonly at: string;
  readonly to: string;
  readonly by: string;
}

export const switchedOf = (instance: InstanceStatus): Switched | undefined =>
  (instance as InstanceStatus & { readonly switched?: Switched }).switched;

/** A refusal of the switch is an answer too: it names its reasons. */
export async function switchOver(
  node: NodeEntry,
  request: SwitchRequest,
): Promise<Answer<SwitchAnswer>> {
  const answer = await postJson<unknown>(pathOf(node, "/v1/switch"), {
    ...request,
    lang: language.peek(),
  });
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
  const answer = await postJson<unknown>(pathOf(node, "/v1/maintenance"), {
    ...request,
    lang: language.peek(),
  });
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
