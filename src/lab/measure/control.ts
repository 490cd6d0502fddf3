/**
 * What baton's control socket says about a node, for the explanations of the demonstration. If
 * anything goes wrong here there is just no answer: the demonstration relies on addresses and
 * probes, not on what a daemon says about itself.
 */

import { join } from "node:path";
import type {
  ControlAnswer,
  ControlRequest,
  InstanceStatus,
  Status,
} from "#daemon/control-protocol";
import { readAnswer } from "#daemon/control-shapes";
import type { Language } from "#diagnostics/diagnostic";
import { askSocket } from "../sandbox/ask-socket.ts";

const ANSWER_MILLISECONDS = 1_000;

export async function askDaemon(
  socketPath: string,
  request: ControlRequest,
  milliseconds: number = ANSWER_MILLISECONDS,
): Promise<ControlAnswer | undefined> {
  const line = await askSocket(socketPath, request, milliseconds);
  return line === undefined ? undefined : readAnswer(line);
}

/** Maps the node's folder outside to its daemon's status. */
export async function statusOf(nodeFolder: string): Promise<Status | undefined> {
  const answer = await askDaemon(join(nodeFolder, "run/baton/control.sock"), { command: "status" });
  return answer?.ok === true && "status" in answer ? answer.status : undefined;
}

export async function whyOf(nodeFolder: string, lang: Language): Promise<string | undefined> {
  const status = await statusOf(nodeFolder);
  const instance: InstanceStatus | undefined = status?.instances[0];
  return lang === "zh-CN" ? instance?.why["zh-CN"] : instance?.why.en;
}
