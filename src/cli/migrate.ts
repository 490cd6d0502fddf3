/** `baton migrate`: keepalived on this node is replaced by Baton, or comes back. */
import { setTimeout as sleep } from "node:timers/promises";
import { defineCommand } from "#command-line/command";
import {
  type Command,
  flag,
  type Line,
  oneOf,
  text,
  UsageError,
  value,
  values,
} from "#command-line/definition";
import type { InstanceStatus } from "#daemon/control-protocol";
import { readShortFile } from "#daemon/own-files";
import { type Journal, phaseOf, turned } from "#migrate/journal";
import { dropInPath, makePlan } from "#migrate/plan";
import { ACCEPTABLE, refusalsOf } from "#migrate/refusals";
import { DEFAULT_FILE } from "./config-files.ts";
import { ask, RUNTIME_DIR_OPTION, runtimeDirOf } from "./control-client.ts";
import { type Carried, carryOut, pause } from "./migrate-carry-out.ts";
import { readJournal, STATE_DIR, takeStateDir, writeJournal } from "./migrate-journal.ts";
import {
  jsonProgress,
  jsonReport,
  type Report,
  textProgress,
  textReport,
} from "./migrate-report.ts";
import { survey } from "./migrate-survey.ts";
import { BATON_UNIT, observe, perform, showUnit } from "./migrate-system.ts";
import { phaseSentence, refusalSentence, stepSentence, troubleSentence } from "./migrate-text.ts";

const OPTIONS = {
  "use-file": value(
    text("FILE", "文件"),
    text(
      `the configuration (default: what keepalived runs with, else ${DEFAULT_FILE})`,
      `配置文件（默认为 keepalived 正在使用的文件，否则为 ${DEFAULT_FILE}）`,
    ),
    { short: "f", completes: "files" },
  ),
  apply: flag(
    text(
      "replace keepalived on this node, or go on with that",
      "在本节点用 Baton 替换 keepalived，或继续未完成的替换",
    ),
  ),
  undo: flag(
    text("go back to keepalived, from wherever it stands", "无论进行到哪一步，恢复为 keepalived"),
  ),
  accept: values(
    text("WHAT", "事项"),
    text(
      "go on although this node owns addresses (owner), no owner is heard (unheard), or other units stop too (stopped-along)",
      "在下列情况下仍继续：本节点持有地址（owner）、收不到持有者的通告（unheard）、其他 unit 会随之停止（stopped-along）",
    ),
    { accepts: oneOf(ACCEPTABLE) },
  ),
  compat: flag(
    text(
      "run what keepalived would run of a file with errors",
      "文件有错误时，仍运行 keepalived 会运行的部分",
    ),
  ),
  "state-dir": value(
    text("DIR", "目录"),
    text(
      `where the steps are recorded (default ${STATE_DIR})`,
      `记录各步骤的目录（默认 ${STATE_DIR}）`,
    ),
    { completes: "folders" },
  ),
  json: flag(text("for programs", "供程序读取的输出")),
  "runtime-dir": RUNTIME_DIR_OPTION,
} as const;

type MigrateLine = Line<typeof OPTIONS>;

export const command: Command = defineCommand({
  name: "migrate",
  summary: text(
    "Shows how keepalived on this node would be replaced by Baton, and does it with --apply.",
    "显示如何在本节点用 Baton 替换 keepalived；加 --apply 时执行。",
  ),
  details: text(
    "Without --apply and --undo nothing is changed: it reads keepalived's command line, unit and configuration, listens for VRRP for some seconds, and prints what would be different and every step. Migrate the backup first, then the other node.",
    "不加 --apply 和 --undo 时不作任何改动：读取 keepalived 的命令行、unit 和配置，监听几秒 VRRP，然后列出不同之处和每个步骤。请先迁移备节点，再迁移另一个节点。",
  ),
  options: OPTIONS,
  examples: [
    { line: "sudo baton migrate", about: text("the plan", "查看计划") },
    { line: "sudo baton migrate --apply", about: text("on the backup", "在备节点上执行") },
    {
      line: "sudo baton migrate --apply --accept owner",
      about: text(
        "then on the owner: its addresses move to the backup",
        "再在持有地址的节点上执行：地址移到备节点",
      ),
    },
    { line: "sudo baton migrate --undo", about: text("back to keepalived", "恢复为 keepalived") },
  ],
  notes: text(
    "Exit status: 0 done, or it could be; 1 refused, or failed and taken back; 3 migrated, but an instance is in FAULT; 4 stopped between two steps, which is said.",
    "退出码：0 已完成或可以执行；1 被拒绝，或失败后已恢复；3 已迁移，但有实例处于 FAULT；4 停在两个步骤之间，并会说明。",
  ),
  run: async (line) => {
    if (line.options.apply && line.options.undo) {
      throw new UsageError(
        text("--apply and --undo are opposites: give one", "--apply 与 --undo 相反，只能给出一个"),
      );
    }
    if (line.options.undo) return await undo(line);
    return line.options.apply ? await apply(line) : await show(line);
  },
});

const stateDirOf = ({ options }: MigrateLine): string => options["state-dir"] ?? STATE_DIR;

async function makeReport(line: MigrateLine): Promise<Report> {
  const { options, language, io } = line;
  const file = options["use-file"];
  const found = await survey({ file, runtimeDir: runtimeDirOf(line), language, io });
  return {
    survey: found,
    plan: makePlan(found.facts, {
      file,
      isCompatible: options.compat,
      startedAt: new Date().toISOString(),
      dropInBefore: readShortFile(dropInPath(BATON_UNIT)),
    }),
    refusals: refusalsOf(
      found.facts,
      new Set(ACCEPTABLE.filter((one) => options.accept.includes(one))),
      options.compat,
    ),
  };
}

async function show(line: MigrateLine): Promise<number> {
  const { options, language, io } = line;
  const read = readJournal(stateDirOf(line), language);
  if (read.kind === "journal" && phaseOf(read.journal) !== "undone") {
    // Half of what a plan would look at is changed already.
    const { journal } = read;
    if (options.json) io.stdout(`${JSON.stringify(jsonProgress(journal), undefined, 2)}\n`);
    else io.stdout(textProgress(journal, language));
    return 0;
  }
  const report = await makeReport(line);
  const color = io.isTty && io.env["NO_COLOR"] === undefined;
  if (options.json) io.stdout(`${JSON.stringify(jsonReport(report, language), undefined, 2)}\n`);
  else io.stdout(textReport(report, { language, color }));
  return report.refusals.length === 0 ? 0 : 1;
}

function fail({ io }: MigrateLine, why: string): 1 {
  io.stderr(`baton migrate: ${why}\n`);
  return 1;
}

/** The journal that is there, with the lock on it; or the exit status. */
async function withJournal(
  line: MigrateLine,
  work: (journal: Journal | undefined) => Promise<number>,
): Promise<number> {
  const { language } = line;
  if (process.geteuid?.() !== 0) return fail(line, refusalSentence({ kind: "not-root" }, language));
  const stateDir = stateDirOf(line);
  const taken = takeStateDir(stateDir, language);
  if (taken.kind === "refused") return fail(line, taken.why);
  try {
    const read = readJournal(stateDir, language);
    if (read.kind === "broken") {
      return fail(
        line,
        language === "en"
          ? `${read.path} is no journal of this version (${read.why}); look at what it says, put things right by hand, then remove it`
          : `${read.path} 不是本版本的记录（${read.why}）；请查看其内容，手工处理后删除它`,
      );
    }
    return await work(read.kind === "journal" ? read.journal : undefined);
  } finally {
    taken.release();
  }
}

/** What is there already, and needs nothing to be done. */
function standing(line: MigrateLine, journal: Journal | undefined): 0 {
  const { options, language, io } = line;
  const phase = journal === undefined ? undefined : phaseOf(journal);
  if (options.json) io.stdout(`${JSON.stringify({ phase: phase ?? "none" })}\n`);
  else if (journal !== undefined && phase === "applied")
    io.stdout(`${phaseSentence("applied", journal.startedAt, language)}\n`);
  else {
    io.stdout(
      language === "en"
        ? "there is nothing to undo: no migration is recorded\n"
        : "没有可恢复的内容：没有迁移记录\n",
    );
  }
  return 0;
}

const apply = async (line: MigrateLine): Promise<number> =>
  await withJournal(line, async (earlier) => {
    const phase = earlier === undefined ? "undone" : phaseOf(earlier);
    if (phase === "applied") return standing(line, earlier);
    const isUnfinished = phase !== "undone";
    // Once keepalived may have been stopped, a plan would look at half a machine, and whatever it
    // found, going on is better than staying there.
    if (earlier?.progress["stop-keepalived"] !== undefined)
      return await drive(turned(earlier, "apply"), line);
    const report = await makeReport(line);
    if (report.refusals.length > 0) return refuse(report, line);
    const { journal } = report.plan;
    // What was there before the first of them is what `--undo` goes back to.
    const before = isUnfinished && earlier !== undefined ? earlier : journal;
    const { progress } = before;
    return await drive({ ...journal, before: before.before, progress: begunAgain(progress) }, line);
  });

/** Steps of an earlier plan that were done may be others in this one: they are looked at again. */
const begunAgain = (progress: Journal["progress"]): Journal["progress"] =>
  Object.fromEntries(Object.keys(progress).map((step) => [step, "begun"]));

function refuse(report: Report, line: MigrateLine): number {
  const { options, language, io } = line;
  if (options.json) {
    io.stdout(`${JSON.stringify(jsonReport(report, language), undefined, 2)}\n`);
    return 1;
  }
  for (const one of report.survey.diagnostics.filter(({ severity }) => severity === "error"))
    io.stderr(`error[${one.code}]: ${one.message}\n`);
  for (const one of report.refusals) fail(line, refusalSentence(one, language));
  return 1;
}

const undo = async (line: MigrateLine): Promise<number> =>
  await withJournal(line, async (earlier) => {
    const { language } = line;
    if (earlier === undefined || phaseOf(earlier) === "undone") return standing(line, undefined);
    const { keepalivedUnit } = earlier;
    // Asked before Baton is stopped for it.
    if ((await showUnit(keepalivedUnit)).get("LoadState") !== "loaded") {
      return fail(
        line,
        language === "en"
          ? `${keepalivedUnit} is not there any more, so there is nothing to go back to: install keepalived first`
          : `${keepalivedUnit} 已不存在，无法恢复：请先安装 keepalived`,
      );
    }
    return await drive(turned(earlier, "undo"), line);
  });

/** What would end us while neither daemon runs. SIGKILL does, and then the journal says where. */
const HELD_OFF: readonly NodeJS.Signals[] = ["SIGHUP", "SIGINT", "SIGTERM", "SIGPIPE"];

async function drive(journal: Journal, line: MigrateLine): Promise<number> {
  const { language, io } = line;
  const stateDir = stateDirOf(line);
  const held = (): void => undefined;
  for (const name of HELD_OFF) process.on(name, held);
  try {
    const failure = writeJournal(stateDir, journal);
    if (failure !== undefined) return fail(line, failure);
    // To stderr, which may go away: an end of stdout's reader ends the program.
    const carried = await carryOut(journal, {
      observe: async (at) => await observe(at, runtimeDirOf(line)),
      perform,
      write: (now) => writeJournal(stateDir, now),
      onStep: (step, direction) =>
        io.stderr(`${stepSentence(step, direction, journal, language)}\n`),
      pause,
    });
    return await conclude(carried, line);
  } finally {
    for (const name of HELD_OFF) process.off(name, held);
  }
}

async function conclude(
  { journal, troubles, isStuck }: Carried,
  line: MigrateLine,
): Promise<number> {
  const { language, io, options } = line;
  const phase = phaseOf(journal);
  const instances = phase === "applied" ? await untilDecided(runtimeDirOf(line)) : [];
  const faults = instances.filter(({ state }) => state === "FAULT");
  for (const one of troubles)
    io.stderr(`baton migrate: ${troubleSentence(one, journal, isStuck, language)}\n`);
  if (options.json) {
    const states = instances.map(({ name, state }) => ({ name, state }));
    io.stdout(`${JSON.stringify({ phase, troubles, instances: states }, undefined, 2)}\n`);
  } else {
    io.stdout(`${phaseSentence(phase, journal.startedAt, language)}\n`);
    for (const { name, state, why } of instances)
      io.stdout(`  ${name} ${state}: ${why[language]}\n`);
  }
  if (isStuck) return 4;
  if (troubles.length > 0) return 1;
  return faults.length > 0 ? 3 : 0;
}

const DECIDED_SECONDS = 15;
const POLL_MS = 200;

/** The instances, once each hears an owner, is one, or cannot be; or what they are by then. */
async function untilDecided(runtimeDir: string): Promise<readonly InstanceStatus[]> {
  let seen: readonly InstanceStatus[] = [];
  const end = performance.now() + DECIDED_SECONDS * 1_000;
  for (;;) {
    const asked = await ask(runtimeDir, { command: "status" });
    if (asked.kind === "answer" && asked.answer.ok && "status" in asked.answer)
      seen = asked.answer.status.instances;
    if ((seen.length > 0 && seen.every(isDecided)) || performance.now() > end) return seen;
    await sleep(POLL_MS);
  }
}

const isDecided = ({ state, standby }: InstanceStatus): boolean =>
  state === "MASTER" || (state === "BACKUP" && standby?.master !== undefined);
