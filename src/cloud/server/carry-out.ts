/**
 * One action, from typed parameters to its answer, without interruption: there is no await
 * between the check and the write, so a hundred simultaneous calls get a hundred addresses or
 * the quota's refusal, but never one address twice.
 */

import { createHash, randomInt } from "node:crypto";
import { createRng } from "#units/rng";
import type { Instant } from "#units/time";
import type { ActionName, ParametersOf } from "../api/actions.ts";
import type { Draft } from "../model/cloud-state.ts";
import { openDraft } from "../model/cloud-state.ts";
import type { Done } from "../model/context.ts";
import type { PlatformProfile } from "../model/platform-profile.ts";
import { perform } from "../model/step.ts";
import type { ApiFailure } from "./api-failure.ts";
import { fail, isFailure } from "./api-failure.ts";
import type { Call } from "./call.ts";
import type { ControlPlane } from "./control-plane.ts";
import { readResourceName } from "./handle-tag.ts";
import { HANDLERS } from "./handlers.ts";

export interface Execution {
  readonly controlPlane: ControlPlane;
  readonly profile: PlatformProfile;
  readonly now: Instant;
  readonly requestId: string;
  readonly region: string;
}

/**
 * The fields of the answer, without RequestId. Throws if the store throws; then nothing was
 * done.
 */
export function carryOutAction<Name extends ActionName>(
  name: Name,
  parameters: ParametersOf<Name>,
  execution: Execution,
): object {
  const { controlPlane, now, requestId, profile } = execution;
  const region = regionOf(parameters, execution.region);
  const draft = openDraft(controlPlane.world, region);
  const token = readToken(name, parameters);
  if (token !== undefined && "kind" in token) return token;
  if (token !== undefined) {
    const earlier = replay(draft, token, requestId);
    if (earlier !== undefined) {
      controlPlane.commit(draft.changes());
      return earlier;
    }
  }
  let task: string | null = null;
  const call: Call = {
    draft,
    region,
    perform: (command): Done | ApiFailure => {
      const rng = createRng(randomInt(2 ** 32));
      const outcome = perform(controlPlane.world, draft, command, { now, requestId, rng, profile });
      if (outcome.kind === "done") task = outcome.taskId;
      return outcome;
    },
  };
  const answer = HANDLERS[name](call, parameters);
  if (isFailure(answer)) return answer;
  if (token !== undefined) remember(draft, token, answer, task);
  controlPlane.commit(draft.changes());
  return answer;
}

/** Calls of the tag service name the region in their parameters. */
function regionOf(parameters: object, region: string): string {
  if ("ResourceRegion" in parameters) return String(parameters.ResourceRegion);
  if (!("Resource" in parameters)) return region;
  return readResourceName(String(parameters.Resource))?.region ?? region;
}

interface Token {
  /** Action, slash, token. */
  readonly id: string;
  readonly fingerprint: string;
}

const TOKEN_LENGTH_MAX = 64;
const TOKENS_MAX = 10_000;

/**
 * SDKs generate tokens in different forms: any printable ASCII of the right length is accepted.
 */
function readToken(name: string, parameters: object): Token | undefined | ApiFailure {
  if (!("ClientToken" in parameters)) return undefined;
  const { ClientToken: token, ...rest } = parameters;
  if (typeof token !== "string" || token === "") return undefined;
  if (token.length > TOKEN_LENGTH_MAX || !/^[\x20-\x7e]+$/.test(token)) {
    const limit = `1 - ${TOKEN_LENGTH_MAX} ASCII`;
    return fail("InvalidParameter", {
      situation: "token-too-long",
      parameter: "ClientToken",
      limit,
    });
  }
  // Parameters were read in the order of the table, so the same values give the same text.
  const fingerprint = createHash("sha256").update(JSON.stringify(rest)).digest("hex");
  return { id: `${name}/${token}`, fingerprint };
}

function replay(draft: Draft, token: Token, requestId: string): object | undefined {
  const row = draft.get("tokens", token.id);
  if (row === undefined) return undefined;
  if (row.fingerprint !== token.fingerprint) {
    const value = token.id.slice(token.id.indexOf("/") + 1);
    return fail("UnsupportedOperation.IdempotentParameterMismatch", { value });
  }
  // This call's RequestId is polled like the first one's; by now both tasks have the same state, or
  // will.
  const task = row.taskId === null ? undefined : draft.get("tasks", row.taskId);
  if (task?.kind === "request") {
    draft.put("tasks", { ...task, id: requestId });
    const work = draft.get("works", task.id);
    if (work !== undefined) {
      draft.put("works", { id: requestId, dueAt: work.dueAt, work: { kind: "follow" } });
    }
  }
  const answer: object = JSON.parse(row.answer);
  return answer;
}

function remember(draft: Draft, token: Token, answer: object, taskId: string | null): void {
  const oldest = draft.count("tokens") >= TOKENS_MAX ? draft.oldest("tokens") : undefined;
  if (oldest !== undefined) draft.remove("tokens", oldest);
  draft.put("tokens", { ...token, answer: JSON.stringify(answer), taskId });
}
