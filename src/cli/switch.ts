/** `baton switch`: a planned move of an address to another node. */
import { defineCommand } from "#command-line/command";
import { type Command, flag, type Line, text, UsageError, value } from "#command-line/definition";
import type { SwitchAnswer, SwitchUnit } from "#daemon/switch-protocol";
import type { Language } from "#diagnostics/diagnostic";
import { visible } from "#units/visible";
import { ask, RUNTIME_DIR_OPTION, runtimeDirOf, unreachableSentence } from "./control-client.ts";
import { DURATION, readSeconds } from "./duration-option.ts";

const OPTIONS = {
  all: flag(text("everything that this node owns", "本节点持有的全部地址")),
  to: value(
    text("PEER", "对端"),
    text(
      "the address of the peer that is to have it; with multicast only who would win anyway",
      "接管者的地址；组播时只能是本来就会赢得选举的节点",
    ),
  ),
  wait: value(
    text("TIME", "时长"),
    text(
      "until then somebody has taken over, or the move is taken back (default 10s)",
      "在此时间内无人接管则撤回切换（默认 10s）",
    ),
    { accepts: DURATION },
  ),
  back: flag(
    text(
      "end an earlier move: this node may take the address again",
      "解除此前的切换：本节点可以重新取回地址",
    ),
  ),
  "dry-run": flag(
    text("only say what would happen, and what speaks against it", "只说明会发生什么、有何妨碍"),
  ),
  reason: value(text("TEXT", "文本"), text("for the history", "写入历史")),
  json: flag(text("for programs", "供程序读取的输出")),
  "runtime-dir": RUNTIME_DIR_OPTION,
} as const;

type SwitchLine = Line<typeof OPTIONS>;

export const command: Command = defineCommand({
  name: "switch",
  summary: text(
    "Moves an address to another node without losing a packet: this node answers until the other one does. If nobody takes over, nothing changes.",
    "将地址切换到另一个节点，不丢失报文：对方开始应答之前由本节点继续应答。若无人接管，一切保持不变。",
  ),
  options: OPTIONS,
  operands: [
    {
      name: text("NAME", "名称"),
      about: text(
        "an instance or a sync group, which moves as one (default: the only one there is)",
        "实例或同步组（同步组整体切换；只有一个时可省略）",
      ),
      isOptional: true,
      most: Infinity,
      isInstance: true,
    },
  ],
  examples: [
    { line: "baton switch VI_1", about: text("on the owner's node", "在持有者上执行") },
    {
      line: "baton switch --all --dry-run",
      about: text("would it work?", "能否切换？"),
    },
    {
      line: "baton switch VI_1 --to 192.0.2.2 --reason 'new kernel'",
      about: text("to this peer, and why", "切换到指定对端，并注明原因"),
    },
    { line: "baton switch --back VI_1", about: text("it may return", "允许切回") },
  ],
  notes: text(
    "Afterwards this node stays BACKUP, also where its priority is higher, until `baton switch --back`, or until the new owner gives up or fails; a restart of the daemon ends that too. To keep a node away for longer, see `baton maintenance`.\n\nExit status: 0 the successor was heard (with --dry-run: nothing speaks against it), 1 it was not, and the address stays; or no daemon; 2 wrong usage.",
    "此后本节点保持 BACKUP（即使优先级更高），直到执行 `baton switch --back`，或新的持有者让出地址或发生故障；重启守护进程也会解除。需要更长时间时请使用 `baton maintenance`。\n\n退出码：0 已收到接管者的通告（--dry-run：没有妨碍），1 没有，地址留在本机；或没有守护进程；2 用法错误。",
  ),
  run: async (line) => {
    const { options, operands, language, io } = line;
    if (options.all && operands.length > 0)
      throw new UsageError(text("names, or --all, not both", "请指定名称或 --all，不能同时使用"));
    const waitSeconds = options.wait === undefined ? undefined : readSeconds(options.wait);
    const asked = await withProgress(
      line,
      async () =>
        await ask(
          runtimeDirOf(line),
          {
            command: "switch",
            lang: language,
            ...(operands.length > 0 && { names: operands }),
            ...(options.all && { all: true as const }),
            ...(options.to !== undefined && { to: options.to }),
            ...(waitSeconds !== undefined && { waitSeconds }),
            ...(options.back && { back: true as const }),
            ...(options["dry-run"] && { dryRun: true as const }),
            ...(options.reason !== undefined && { why: options.reason }),
          },
          ((waitSeconds ?? USUAL_SECONDS) + MORE_SECONDS) * 1_000,
        ),
    );
    if (asked.kind === "unreachable") {
      io.stderr(`baton switch: ${unreachableSentence(asked.why, language)}\n`);
      return 1;
    }
    const { answer } = asked;
    if (!answer.ok) {
      if (options.json) io.stdout(`${JSON.stringify(answer)}\n`);
      const hint = answer.help === undefined ? "" : `\n  ${answer.help}`;
      io.stderr(`baton switch: ${visible(answer.error)}${hint}\n`);
      return 1;
    }
    if (!("switch" in answer) || answer.switch === undefined) return 1;
    if (options.json) io.stdout(`${JSON.stringify(answer.switch)}\n`);
    else print(answer.switch, line);
    const { outcome } = answer.switch;
    return outcome === "refused" || outcome === "partly" ? 1 : 0;
  },
});

/** A platform may take so long to follow; the daemon itself ends the wait. */
const USUAL_SECONDS = 120;
const MORE_SECONDS = 60;
const PROGRESS_MS = 2_000;

/** Who waits for longer than a moment is shown for what. */
export async function withProgress<T>(
  { language, io }: Pick<Line, "language" | "io">,
  work: () => Promise<T>,
): Promise<T> {
  const timer = setTimeout(() => io.stderr(`${WAITING[language]}\n`), PROGRESS_MS);
  try {
    return await work();
  } finally {
    clearTimeout(timer);
  }
}

const WAITING: Readonly<Record<Language, string>> = {
  en: "waiting until another node has taken over; this node answers meanwhile",
  "zh-CN": "正在等待其他节点接管；在此期间由本节点继续应答",
};

/** What is where it was goes to the standard error, as any failure. */
function print({ units }: SwitchAnswer, { language, io }: SwitchLine): void {
  const away = units.filter(({ outcome, successor }) => outcome === "moved" && successor);
  for (const unit of units) {
    const line = `${unitLine(unit, language)}\n`;
    if (unit.outcome === "stays" && unit.reason !== undefined) io.stderr(line);
    else if (unit.outcome === "not-owner") io.stderr(line);
    else io.stdout(line);
  }
  // With a gate nobody preempts at all.
  if (away.some(({ gate }) => gate !== true)) io.stdout(`${AWAY[language]}\n`);
}

const AWAY: Readonly<Record<Language, string>> = {
  en: "this node does not preempt until baton switch --back, or until the new owner gives up or fails",
  "zh-CN": "在执行 baton switch --back，或新的持有者让出地址或发生故障之前，本节点不抢占",
};

export const unitLine = ({ name, text: said }: SwitchUnit, language: Language): string =>
  visible(`${name}${language === "en" ? ": " : "："}${said[language]}`);
