/** Bodies of POST: what may be asked of a node, as on the control socket without the command. */
import * as v from "valibot";
import type { ApiAction } from "#daemon/api-port";
import { wanted } from "#json/problem";
import { closedObject, type Shape } from "#json/shape";

/** A week; a wait is much shorter, a maintenance may be longer. */
const WAIT_MAX = 600;
const YEAR = 366 * 24 * 3_600;
const TEXT_MAX = 1_000;
const NAMES_MAX = 4_096;

const flag = v.literal(true, wanted("true", " true"));
const NAME = wanted("a name", "名称");
const name = v.pipe(
  v.string(NAME),
  v.minLength(1, NAME),
  v.maxLength(255, wanted("a name of at most 255 characters", "不超过 255 个字符的名称")),
);
const names = v.pipe(
  v.array(name, wanted("a list of names", "名称的列表")),
  v.maxLength(NAMES_MAX, wanted(`at most ${NAMES_MAX} names`, `不超过 ${NAMES_MAX} 个名称`)),
);
const reason = v.pipe(
  v.string(wanted("a text", "文字")),
  v.maxLength(
    TEXT_MAX,
    wanted(`at most ${TEXT_MAX} characters`, `不超过 ${TEXT_MAX} 个字符的文字`),
  ),
);
const seconds = (most: number) =>
  v.pipe(
    v.number(wanted("a number of seconds", "秒数")),
    v.minValue(0, wanted("a number of seconds from 0", "不小于 0 的秒数")),
    v.maxValue(most, wanted(`a number of seconds up to ${most}`, `不超过 ${most} 的秒数`)),
  );

export const SWITCH_BODY = closedObject(
  {
    names: v.exactOptional(names),
    all: v.exactOptional(flag),
    to: v.exactOptional(name),
    waitSeconds: v.exactOptional(seconds(WAIT_MAX)),
    dryRun: v.exactOptional(flag),
    back: v.exactOptional(flag),
    why: v.exactOptional(reason),
  },
  wanted(
    "an object with names, all, to, waitSeconds, dryRun, back and why",
    "由 names、all、to、waitSeconds、dryRun、back、why 组成的对象",
  ),
);

export const MAINTENANCE_BODY = closedObject(
  {
    on: v.exactOptional(
      closedObject(
        {
          forSeconds: v.exactOptional(seconds(YEAR)),
          reason: v.exactOptional(reason),
          lastResort: v.exactOptional(flag),
          force: v.exactOptional(flag),
          waitSeconds: v.exactOptional(seconds(WAIT_MAX)),
        },
        wanted(
          "an object with forSeconds, reason, lastResort, force and waitSeconds",
          "由 forSeconds、reason、lastResort、force、waitSeconds 组成的对象",
        ),
      ),
    ),
    off: v.exactOptional(flag),
  },
  wanted("an object with on or off", "含有 on 或 off 的对象"),
);

export const PROMOTE_BODY = closedObject(
  {
    name: v.exactOptional(name),
    acceptLoss: v.exactOptional(flag),
    dryRun: v.exactOptional(flag),
    why: v.exactOptional(reason),
  },
  wanted(
    "an object with name, acceptLoss, dryRun and why",
    "由 name、acceptLoss、dryRun、why 组成的对象",
  ),
);

export const BODIES: Readonly<
  Record<ApiAction["command"], Shape<Readonly<Record<string, unknown>>>>
> = {
  switch: SWITCH_BODY,
  maintenance: MAINTENANCE_BODY,
  promote: PROMOTE_BODY,
};

/**
 * Nothing, or not all, of what was asked for was done, though it was tried. A maintenance that was
 * begun is no refusal, whatever became of what the node owned.
 */
export const isRefusal = (command: ApiAction["command"], answer: object): boolean =>
  (command === "switch" &&
    hasOutcome(answer, "switch") &&
    /^(?:refused|partly)$/.test(answer.switch.outcome)) ||
  (hasOutcome(answer, "promote") && answer.promote.outcome === "refused");

const hasOutcome = <Name extends string>(
  answer: object,
  key: Name,
): answer is Readonly<Record<Name, { readonly outcome: string }>> => key in answer;
