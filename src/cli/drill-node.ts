/** A node of the pair that is drilled: the daemon of this machine, or one over its HTTP API. */
import { hostname } from "node:os";
import type { Status } from "#daemon/control-protocol";
import type { SwitchAnswer, SwitchRequest } from "#daemon/switch-protocol";
import type { Language } from "#diagnostics/diagnostic";
import type { Text } from "#drill/report";
import { ask, unreachableSentence } from "./control-client.ts";
import { askRemote, type RemoteNode } from "./remote-node.ts";

/** Why a drill cannot go on, for people. */
export class DrillProblem extends Error {
  readonly text: Text;

  constructor(text: Text) {
    super(text.en);
    this.text = text;
  }
}

export interface DrillNode {
  readonly name: string;
  readonly isLocal: boolean;
  status(): Promise<Status>;
  /** @throws DrillProblem if it could not be asked */
  move(request: SwitchRequest): Promise<SwitchAnswer>;
}

/** The daemon waits for a platform, too. */
const MOVE_TIMEOUT_MS = 180_000;

export function localNode(runtimeDir: string, language: Language): DrillNode {
  const name = hostname();
  return {
    name,
    isLocal: true,
    status: async () => {
      const asked = await ask(runtimeDir, { command: "status" });
      if (asked.kind === "unreachable") throw problem((one) => unreachableSentence(asked.why, one));
      if (asked.answer.ok && "status" in asked.answer) return asked.answer.status;
      throw NOT_BATON(name);
    },
    move: async (request) => {
      const asked = await ask(
        runtimeDir,
        { command: "switch", lang: language, ...request },
        MOVE_TIMEOUT_MS,
      );
      if (asked.kind === "unreachable") throw problem((one) => unreachableSentence(asked.why, one));
      const { answer } = asked;
      if (!answer.ok) throw problem(() => answer.error);
      if ("switch" in answer && answer.switch !== undefined) return answer.switch;
      throw NOT_BATON(name);
    },
  };
}

export function remoteDrillNode(node: RemoteNode, language: Language): DrillNode {
  const name = node.address.kind === "url" ? node.address.url.host : node.address.path;
  return {
    name,
    isLocal: false,
    status: async () => {
      const answer = await askRemote(node, { path: "/v1/status", language });
      if (answer.kind === "failed") throw problem(() => answer.why);
      const { isStatus } = await import("#daemon/control-shapes");
      if (isStatus(answer.value)) return answer.value;
      throw NOT_BATON(name);
    },
    move: async (request) => {
      const answer = await askRemote(node, {
        path: "/v1/switch",
        method: "POST",
        body: request,
        language,
        timeoutMilliseconds: MOVE_TIMEOUT_MS,
      });
      if (answer.kind === "failed") throw problem(() => answer.why);
      const { switch: moved } = (answer.value ?? {}) as { readonly switch?: unknown };
      if (isSwitchAnswer(moved)) return moved;
      throw NOT_BATON(name);
    },
  };
}

const problem = (text: (language: Language) => string): DrillProblem =>
  new DrillProblem({ en: text("en"), "zh-CN": text("zh-CN") });

const NOT_BATON = (name: string): DrillProblem =>
  new DrillProblem({
    en: `${name}: this is no answer of this version of Baton`,
    "zh-CN": `${name}：不是本版本 Baton 的应答`,
  });

/** As much of it as a drill reads; it comes from another machine. */
function isSwitchAnswer(value: unknown): value is SwitchAnswer {
  if (typeof value !== "object" || value === null) return false;
  const { outcome, units } = value as Partial<Record<keyof SwitchAnswer, unknown>>;
  return typeof outcome === "string" && Array.isArray(units) && units.every(isUnit);
}

function isUnit(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  const { outcome, text, tookMs, bothAnsweredMs, successor } = value as Record<string, unknown>;
  const isTime = (one: unknown): boolean => one === undefined || Number.isFinite(one);
  return (
    typeof outcome === "string" &&
    typeof text === "object" &&
    text !== null &&
    typeof (text as Record<string, unknown>)["en"] === "string" &&
    typeof (text as Record<string, unknown>)["zh-CN"] === "string" &&
    isTime(tookMs) &&
    isTime(bothAnsweredMs) &&
    (successor === undefined || typeof successor === "string")
  );
}
