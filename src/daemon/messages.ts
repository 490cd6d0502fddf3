/**
 * What the daemon writes to its log besides the sentences of `diagnostics/`. keepalived's own
 * phrases ("Entering MASTER STATE", "sent 0 priority") are not here: tools look for them, so
 * they are the same in every language.
 */

import type { Language } from "#diagnostics/diagnostic";
import { printIp } from "#units/address";
import type { FromEngine } from "#vrrp/engine/engine-link";
import type { CommandEnd } from "./run-command.ts";
import { problemSentence, type StartProblem } from "./start-problem.ts";

/** More output than this in one run, and that of later runs is not read (check-scripts.ts). */
export const LOUD_KB = 256;

type UnknownVrid = Extract<FromEngine, { readonly type: "unknownVrid" }>;

/** Why a dump file is not written, where the error's name alone says little. */
const DUMP_FAILURES: Readonly<Record<Language, Readonly<Record<string, string>>>> = {
  en: {
    ELOOP: "it is a symbolic link, which is not followed",
    EEXIST: "there is something that is no ordinary file",
    ENODUMP: "there is a file that is no dump, and it is not replaced",
    ENOSPC: "the disk is full (ENOSPC)",
    EROFS: "it is on a read-only file system (EROFS)",
  },
  "zh-CN": {
    ELOOP: "它是符号链接，不会跟随写入",
    EEXIST: "该路径不是普通文件",
    ENODUMP: "已有的文件不是转储文件，不会覆盖",
    ENOSPC: "磁盘已满（ENOSPC）",
    EROFS: "所在文件系统只读（EROFS）",
  },
};

export interface DaemonMessages {
  readonly reloadRefused: string;
  readonly engineGone: string;
  readonly engineEnded: (pid: number | undefined, how: string) => string;
  readonly engineDoesNotStop: string;
  readonly engineUnresponsive: string;
  readonly engineUnresponsiveForLong: string;
  readonly engineAnswersAgain: string;
  readonly diedAsMaster: string;
  readonly leaseWasOver: string;
  readonly removedForEngine: (isSuccessorHeard: boolean) => string;
  readonly cannotHandOver: string;
  readonly noSource: string;
  readonly cannotBeRun: (script: string, why: string) => string;
  /** @param isUndecided it timed out while its output was read, so the run has no result */
  readonly outputDiscarded: (script: string, isUndecided: boolean) => string;
  readonly outputNotRead: string;
  readonly timedOut: (script: string, seconds: number) => string;
  readonly asked: (check: string, found: string, milliseconds: number) => string;
  readonly globalFailed: (word: string, how: string) => string;
  readonly notifyStillRuns: (seconds: number) => string;
  readonly notifyBeside: (seconds: number) => string;
  readonly fifoFull: string;
  readonly fifoReadAgain: (lost: number) => string;
  readonly fifoIsSomethingElse: string;
  readonly fifoWithoutOwner: (problem: StartProblem) => string;
  readonly fifoNeedsRoot: (user: string) => string;
  readonly readerEnded: (how: CommandEnd, seconds: number) => string;
  readonly readerDone: string;
  readonly outputLost: (lines: number) => string;
  readonly cannotBeMade: (file: string, errno: string) => string;
  readonly recordingEnds: (file: string, why: string) => string;
  readonly recordingLost: (file: string, lines: number) => string;
  readonly notARecording: string;
  readonly notAFile: string;
  /** @param killed its PID; undefined if it could not be found */
  readonly otherEngine: (killed: number | undefined) => string;
  readonly leftover: (command: string) => string;
  readonly insecure: string;
  readonly unknownVrid: (heard: UnknownVrid) => string;
  /** @param routers how many the lines are about */
  readonly linesLeftOut: (kind: string, lines: number, routers: number) => string;
  readonly pidFile: (path: string, errno: string) => string;
  readonly placesNotRecorded: (path: string, errno: string) => string;
  readonly statusWritten: (path: string) => string;
  readonly dumpWritten: (path: string) => string;
  /** @param why a sentence, or the error's name */
  readonly dumpFailed: (path: string, why: string) => string;
  /** There is no file then. */
  readonly dumpWithoutEngine: (path: string) => string;
  readonly signalReceived: (signal: string) => string;
  readonly signalIgnored: (signal: string) => string;
  readonly noReaderSocket: (path: string, errno: string) => string;
  readonly apiNotLoaded: (why: string) => string;
  readonly logReopened: string;
  readonly keepsLast: (what: string, errno: string) => string;
  readonly lookedAgain: (what: string) => string;
  readonly cannotStartEngine: string;
  readonly engineUnreadable: string;
  readonly clientsRefused: (errno: string) => string;
  readonly internalError: string;
}

function howEnded(how: CommandEnd, language: Language): string {
  switch (how.kind) {
    case "exit":
      return `exit ${how.code}`;
    case "signal":
      return how.signal;
    case "notStarted":
      return problemSentence(how.problem, language);
  }
}

const ENGLISH: DaemonMessages = {
  reloadRefused: "reload refused: the running configuration stays",
  engineGone: "the engine is gone; another is started",
  engineEnded: (pid, how) => `engine ${pid ?? ""} ended: ${how}`,
  engineDoesNotStop: "the engine does not stop; it is killed",
  engineUnresponsive: "the engine does not answer; its addresses end with their lease",
  engineUnresponsiveForLong: "the engine still does not answer; it is killed and another started",
  engineAnswersAgain: "the engine answers again",
  diedAsMaster: "the engine died as MASTER",
  leaseWasOver:
    "its address was gone already, by its lease or with its interface; nothing to hand over",
  removedForEngine: (isHeard) => (isHeard ? "a successor was heard" : "nobody took over in time"),
  cannotHandOver: "cannot hand over for the dead engine",
  noSource: "the interface has no address to send from",
  cannotBeRun: (script, why) => `Script ${script} cannot be run: ${why}; it counts as failed`,
  outputDiscarded: (script, isUndecided) =>
    `Script ${script} wrote more than ${LOUD_KB} kB in one run${isUndecided ? " and timed out while that was read; this run does not count" : ""}. From now on its output goes to /dev/null, until its command is changed or the daemon is started again`,
  outputNotRead: `(not read: an earlier run wrote more than ${LOUD_KB} kB)`,
  timedOut: (script, seconds) =>
    `Script ${script} timed out after ${seconds} s, sent SIGTERM to its process group`,
  asked: (check, found, milliseconds) => `Check ${check} now: ${found} (${milliseconds} ms)`,
  globalFailed: (word, how) => `${word}: ${how}`,
  notifyStillRuns: (seconds) => `notify scripts still run after ${seconds} s and are ended`,
  notifyBeside: (seconds) =>
    `an earlier notify script still runs after ${seconds} s; the next one is started beside it`,
  fifoFull: "full, nobody reads it; lines are lost",
  fifoReadAgain: (lost) => `is read again; ${lost} lines were lost`,
  fifoIsSomethingElse: "there is something else by that name, nothing is written",
  fifoWithoutOwner: (problem) => `${problemSentence(problem, "en")}, nothing is written`,
  fifoNeedsRoot: (user) => `only a daemon that runs as root can give it to ${user}`,
  readerEnded: (how, seconds) => `ended (${howEnded(how, "en")}); started again in ${seconds} s`,
  readerDone: "ended by itself (exit 0), and is not started again",
  outputLost: (lines) => `${lines} more lines of output were not logged`,
  cannotBeMade: (file, errno) => `${file} cannot be made: ${errno}`,
  recordingEnds: (file, why) => `${file}: ${why}; nothing is recorded from here on`,
  recordingLost: (file, lines) => `${file} is written too slowly; ${lines} lines are missing`,
  notARecording: "holds something else than a recording and is left as it is",
  notAFile: "is no ordinary file",
  otherEngine: (killed) =>
    killed === undefined
      ? "an engine of an earlier daemon does not end; its addresses end with their lease"
      : `the engine of an earlier daemon (PID ${killed}) does not end; it is killed`,
  leftover: (command) => `ended a script of an earlier daemon: ${command}`,
  insecure: "script security",
  unknownVrid: ({ interface: device, vrid, from, count }) =>
    `(${device}) ${printIp(from)} advertises virtual router ${vrid}, which no instance here is part of${count > 1 ? ` (${count} times)` : ""}`,
  linesLeftOut: (kind, lines, routers) =>
    `${kind}: ${lines} more lines of the last minute, about ${routers} virtual routers, are left out; baton status --json counts for each instance`,
  pidFile: (path, errno) => `pid file ${path}: ${errno}`,
  placesNotRecorded: (path, errno) =>
    `${path} cannot be written: ${errno}; this kernel does not mark addresses, so what a killed daemon leaves ends with its lease only`,
  statusWritten: (path) => `status written to ${path}`,
  dumpWritten: (path) => `dump written to ${path}`,
  dumpFailed: (path, why) => `no dump in ${path}: ${DUMP_FAILURES.en[why] ?? why}`,
  dumpWithoutEngine: (path) =>
    `no dump in ${path}: the engine does not answer, and an old file would say what is no longer so`,
  noReaderSocket: (path, errno) =>
    `${path}: ${errno}; members of the group baton cannot ask for the status`,
  apiNotLoaded: (why) =>
    `the HTTP API cannot be loaded; after an upgrade restart the daemon: ${why}`,
  logReopened: "log file opened again",
  signalReceived: (signal) => `${signal} was received`,
  signalIgnored: (signal) => `${signal} asks for nothing here and is ignored`,
  keepsLast: (what, errno) => `${what} cannot be looked at (${errno}); its last value stays`,
  lookedAgain: (what) => `${what} can be looked at again`,
  cannotStartEngine: "the engine cannot be started; it is tried again",
  engineUnreadable: "the engine wrote what cannot be acted upon, and is killed",
  clientsRefused: (errno) => `clients of the control socket cannot be accepted: ${errno}`,
  internalError: "internal error, the daemon ends",
};

const CHINESE: DaemonMessages = {
  reloadRefused: "重新加载被拒绝：继续使用当前配置",
  engineGone: "引擎进程已退出，正在启动新的引擎",
  engineEnded: (pid, how) => `引擎进程 ${pid ?? ""} 已结束：${how}`,
  engineDoesNotStop: "引擎未能停止，将被强制结束",
  engineUnresponsive: "引擎没有应答，其地址将随租约到期而失效",
  engineUnresponsiveForLong: "引擎长时间没有应答，将被强制结束并重新启动",
  engineAnswersAgain: "引擎恢复应答",
  diedAsMaster: "引擎在 MASTER 状态下退出",
  leaseWasOver: "地址已因租约到期或网卡消失而不在本机，无需交接",
  removedForEngine: (isHeard) => (isHeard ? "已收到接管者的通告" : "限定时间内无人接管"),
  cannotHandOver: "无法代已退出的引擎移交",
  noSource: "网卡没有可用的源地址",
  cannotBeRun: (script, why) => `脚本 ${script} 无法运行：${why}；按失败处理`,
  outputDiscarded: (script, isUndecided) =>
    `脚本 ${script} 单次运行的输出超过 ${LOUD_KB} kB${isUndecided ? "，并在读取输出期间超时，本次运行不计入结果" : ""}。此后其输出写入 /dev/null，直至修改其命令或重新启动守护进程`,
  outputNotRead: `（未读取：先前一次运行的输出超过 ${LOUD_KB} kB）`,
  timedOut: (script, seconds) => `脚本 ${script} 运行超过 ${seconds} 秒，已向其进程组发送 SIGTERM`,
  asked: (check, found, milliseconds) => `检查 ${check}：${found}（${milliseconds} ms）`,
  globalFailed: (word, how) => `${word}：${how}`,
  notifyStillRuns: (seconds) => `notify 脚本 ${seconds} 秒后仍在运行，将被结束`,
  notifyBeside: (seconds) => `先前的 notify 脚本 ${seconds} 秒后仍在运行，不再等待，直接启动下一个`,
  fifoFull: "管道已满且无人读取，后续内容将丢失",
  fifoReadAgain: (lost) => `恢复读取，已丢失 ${lost} 行`,
  fifoIsSomethingElse: "同名文件不是命名管道，不会写入",
  fifoWithoutOwner: (problem) => `${problemSentence(problem, "zh-CN")}，不会写入`,
  fifoNeedsRoot: (user) => `只有以 root 运行的守护进程才能将其属主改为 ${user}`,
  readerEnded: (how, seconds) => `已结束（${howEnded(how, "zh-CN")}），${seconds} 秒后重新启动`,
  readerDone: "已自行退出（exit 0），不再启动",
  outputLost: (lines) => `另有 ${lines} 行输出未记录`,
  cannotBeMade: (file, errno) => `无法创建 ${file}：${errno}`,
  recordingEnds: (file, why) => `${file}：${why}；从此刻起不再录制`,
  recordingLost: (file, lines) => `${file} 写入太慢，缺少 ${lines} 行`,
  notARecording: "内容不是录制文件，未作改动",
  notAFile: "不是普通文件",
  otherEngine: (killed) =>
    killed === undefined
      ? "先前守护进程的引擎没有结束，其地址将随租约到期而失效"
      : `先前守护进程的引擎（PID ${killed}）没有结束，将被强制结束`,
  leftover: (command) => `已结束先前守护进程遗留的脚本：${command}`,
  insecure: "脚本安全",
  unknownVrid: ({ interface: device, vrid, from, count }) =>
    `（${device}）${printIp(from)} 在通告虚拟路由器 ${vrid}，本机没有配置对应的实例${count > 1 ? `（共 ${count} 次）` : ""}`,
  linesLeftOut: (kind, lines, routers) =>
    `${kind}：最近一分钟内另有 ${lines} 行未记录，涉及 ${routers} 个虚拟路由器；各实例的计数见 baton status --json`,
  pidFile: (path, errno) => `PID 文件 ${path}：${errno}`,
  placesNotRecorded: (path, errno) =>
    `无法写入 ${path}：${errno}；本机内核不能标记地址，守护进程被强制结束后遗留的地址只能等租约到期`,
  statusWritten: (path) => `状态已写入 ${path}`,
  dumpWritten: (path) => `转储已写入 ${path}`,
  dumpFailed: (path, why) => `无法转储到 ${path}：${DUMP_FAILURES["zh-CN"][why] ?? why}`,
  dumpWithoutEngine: (path) => `无法转储到 ${path}：引擎没有应答；旧文件的内容已不可信，不再保留`,
  noReaderSocket: (path, errno) => `${path}：${errno}；baton 组成员无法查询状态`,
  apiNotLoaded: (why) => `无法加载 HTTP API；如果刚升级过，请重启守护进程：${why}`,
  logReopened: "已重新打开日志文件",
  signalReceived: (signal) => `收到 ${signal}`,
  signalIgnored: (signal) => `${signal} 在此没有对应的操作，已忽略`,
  keepsLast: (what, errno) => `无法查看 ${what}（${errno}）；沿用上一次的结果`,
  lookedAgain: (what) => `${what} 已恢复查看`,
  cannotStartEngine: "无法启动引擎，稍后重试",
  engineUnreadable: "引擎写出了无法处理的内容，将被强制结束",
  clientsRefused: (errno) => `控制套接字无法接受新连接：${errno}`,
  internalError: "内部错误，守护进程退出",
};

export const daemonMessages = (language: Language): DaemonMessages =>
  language === "en" ? ENGLISH : CHINESE;
