/** `baton maintenance`: this node gives everything up, and takes nothing until it is over. */
import { defineCommand } from "#command-line/command";
import {
  type Command,
  flag,
  type Line,
  oneOf,
  text,
  UsageError,
  value,
} from "#command-line/definition";
import type { ControlAnswer, ControlRequest } from "#daemon/control-protocol";
import type { Maintenance } from "#daemon/maintenance-shape";
import { maintenanceSentence } from "#daemon/operator-messages";
import type { Language } from "#diagnostics/diagnostic";
import { visible } from "#units/visible";
import { ask, RUNTIME_DIR_OPTION, runtimeDirOf, unreachableSentence } from "./control-client.ts";
import { DURATION, readSeconds } from "./duration-option.ts";
import { unitLine, withProgress } from "./switch.ts";

const OPTIONS = {
  for: value(text("TIME", "时长"), text("it ends by itself then", "到时自动结束"), {
    accepts: DURATION,
  }),
  reason: value(text("TEXT", "文本"), text("shown everywhere", "在各处显示")),
  "last-resort": flag(
    text(
      "takes an address if nobody else does, and keeps one that nobody takes over",
      "没有其他节点接管时才接管；无人接管的地址予以保留",
    ),
  ),
  force: flag(
    text(
      "give addresses up even if nobody takes them over: nobody serves them then",
      "即使没有节点接管也放弃地址：届时无人提供服务",
    ),
  ),
  wait: value(
    text("TIME", "时长"),
    text(
      "how long others may take to take over (default 10s)",
      "等待其他节点接管的时间（默认 10s）",
    ),
    { accepts: DURATION },
  ),
  json: flag(text("for programs", "供程序读取的输出")),
  "runtime-dir": RUNTIME_DIR_OPTION,
} as const;

type MaintenanceLine = Line<typeof OPTIONS>;
const ACTIONS = ["on", "off", "status"] as const;

export const command: Command = defineCommand({
  name: "maintenance",
  summary: text(
    "Holds this node back: it gives up what it owns as `baton switch` does, and takes no address until it is over, through restarts and reboots.",
    "让本节点退居：像 `baton switch` 一样让出持有的地址，结束之前不接管任何地址，重启守护进程或机器也不受影响。",
  ),
  options: OPTIONS,
  operands: [
    {
      name: text("ACTION", "操作"),
      about: text("on, off, or status (the default)", "on、off 或 status（默认）"),
      isOptional: true,
      completes: ACTIONS,
    },
  ],
  examples: [
    {
      line: "baton maintenance on --for 2h --reason 'new kernel'",
      about: text("before work on this node", "维护本节点之前"),
    },
    { line: "baton maintenance off", about: text("it takes part again", "重新参与") },
    { line: "baton maintenance", about: text("is it in maintenance?", "是否处于维护状态？") },
  ],
  notes: text(
    "Outside it is an ordinary BACKUP, and notify scripts run as for one. If nobody takes over what it owns, nothing changes, unless --last-resort or --force says otherwise.\n\nExit status: 0 done, 1 refused or no daemon, 2 wrong usage.",
    "对外表现为普通的 BACKUP，notify 脚本也照此运行。如果没有节点接管它持有的地址，则不作任何更改，除非使用 --last-resort 或 --force。\n\n退出码：0 完成，1 被拒绝或没有守护进程，2 用法错误。",
  ),
  run: async (line) => {
    const [action = "status"] = line.operands;
    const actions = oneOf(ACTIONS);
    if (!actions.test(action)) {
      const { en, "zh-CN": zh } = actions.wanted;
      throw new UsageError(text(`${action}: not ${en}`, `${action}：不是 ${zh}`));
    }
    return action === "status" ? await show(line) : await change(line, action === "on");
  },
});

/** Members of the group may see it too: the status has it. */
async function show(line: MaintenanceLine): Promise<number> {
  const answer = await answerTo(line, { command: "status" });
  if (answer === undefined) return 1;
  if ("status" in answer) print(line, answer.status.maintenance ?? null);
  return 0;
}

async function change(line: MaintenanceLine, isOn: boolean): Promise<number> {
  const { options, language, io } = line;
  const [forSeconds, waitSeconds] = [options.for, options.wait].map((given) =>
    given === undefined ? undefined : readSeconds(given),
  );
  const on = {
    ...(forSeconds !== undefined && { forSeconds }),
    ...(waitSeconds !== undefined && { waitSeconds }),
    ...(options.reason !== undefined && { reason: options.reason }),
    ...(options["last-resort"] && { lastResort: true as const }),
    ...(options.force && { force: true as const }),
  };
  if (!isOn && Object.keys(on).length > 0)
    throw new UsageError(text("off takes none of these options", "off 不接受这些选项"));
  const answer = await withProgress(
    line,
    async () =>
      await answerTo(line, {
        command: "maintenance",
        lang: language,
        ...(isOn ? { on } : { off: true }),
      }),
  );
  if (answer === undefined || !("maintenance" in answer)) return 1;
  if (!line.options.json)
    for (const unit of answer.switch?.units ?? [])
      if (unit.outcome !== "not-owner") io.stdout(`${unitLine(unit, language)}\n`);
  print(line, answer.maintenance);
  return 0;
}

const TIMEOUT_MS = 180_000;

/** Undefined: there is none, or it is a refusal, which has been shown. */
async function answerTo(
  line: MaintenanceLine,
  request: ControlRequest,
): Promise<Extract<ControlAnswer, { ok: true }> | undefined> {
  const { language, io, options } = line;
  const asked = await ask(runtimeDirOf(line), request, TIMEOUT_MS);
  if (asked.kind === "unreachable") {
    io.stderr(`baton maintenance: ${unreachableSentence(asked.why, language)}\n`);
    return undefined;
  }
  const { answer } = asked;
  if (answer.ok) return answer;
  if (options.json) io.stdout(`${JSON.stringify(answer)}\n`);
  const hint = answer.help === undefined ? "" : `\n  ${answer.help}`;
  io.stderr(`baton maintenance: ${visible(answer.error)}${hint}\n`);
  return undefined;
}

function print({ options, io, language }: MaintenanceLine, maintenance: Maintenance | null): void {
  if (options.json) return io.stdout(`${JSON.stringify({ maintenance })}\n`);
  if (maintenance === null) return io.stdout(`${NOT[language]}\n`);
  io.stdout(`${visible(maintenanceSentence(maintenance, language))}\n`);
}

const NOT: Readonly<Record<Language, string>> = {
  en: "not in maintenance",
  "zh-CN": "不在维护状态",
};
