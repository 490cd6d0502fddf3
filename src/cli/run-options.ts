/**
 * The options of `baton run`: its own, and all of keepalived's, so that in a unit file or a
 * script that starts keepalived only the program's name has to change. They are read as
 * getopt_long(3) reads them: `-nlD`, `-f FILE`, `-fFILE`, `--use-file=FILE`.
 */

import { defineCommand } from "#command-line/command";
import {
  attached,
  type Command,
  type FlagOption,
  flag,
  type Line,
  oneOf,
  text,
  UsageError,
  type ValueOption,
  type Values,
  value,
  values,
} from "#command-line/definition";
import type { CommandIo } from "#command-line/io";
import type { CloudQuestion } from "#daemon/cloud-source";
import type { LogFormat } from "#daemon/log";
import type { SyslogOptions } from "#daemon/open-log";
import type { Language } from "#diagnostics/diagnostic";
import { API_LISTEN } from "#keepalived/keywords/api";
import type { ApiAddress } from "#keepalived/plan/run-plan";
import { readApiOption } from "./api-option.ts";
import { DEFAULT_FILE } from "./config-files.ts";
import { RUNTIME_DIR } from "./control-client.ts";
import { STATE_DIR_OPTION, stateDirOf } from "./state-dir.ts";
import { BATON_VERSION } from "./version.ts";

export interface RunOptions {
  /** Undefined for the default file. */
  readonly file: string | undefined;
  readonly runtimeDir: string;
  readonly stateDir: string;
  readonly logFormat: LogFormat;
  readonly logDetail: boolean;
  readonly logFile: string | undefined;
  /** `-S`; undefined: no syslog. */
  readonly syslog: SyslogOptions | undefined;
  readonly language: Language;
  readonly configId: string | undefined;
  /** The PID files of the supervisor and of the engine (keepalived's VRRP child). */
  readonly pidFiles: readonly string[];
  readonly enginePidFile: string | undefined;
  /** The file to which the routers' events are appended, for `baton replay`. */
  readonly recordFile: string | undefined;
  readonly isTest: boolean;
  readonly testLog: string | undefined;
  readonly isCompatible: boolean;
  readonly umask: number | undefined;
  /**
   * Ask the cloud whether it agrees about the addresses. Undefined if it is not to be asked.
   */
  readonly cloud: CloudQuestion | undefined;
  /** `--api`: what is listened on besides what the file says. */
  readonly api: ApiAddress | undefined;
  /** keepalived's options that change nothing here, with the reason. */
  readonly ignored: readonly Ignored[];
}

export interface Ignored {
  /** The option as the help would show it: `-V, --dont-release-vrrp`. */
  readonly option: string;
  readonly why: IgnoredWhy;
}

export type IgnoredWhy =
  | "flushed-anyway"
  | "vrrp-only"
  | "always-released"
  | "always-respawned"
  | "no-snmp"
  | "not-needed";

/**
 * The signals a script may ask for, with keepalived's names and numbers (src/daemon/signals.ts).
 */
const SIGNALS: Readonly<Record<string, number>> = {
  STOP: 15,
  RELOAD: 1,
  DATA: 10,
  STATS: 12,
  STATS_CLEAR: 63,
  JSON: 36,
  /** Ours: the log file is opened again. */
  REOPEN: 35,
};

/** syslog(3): facilities as keepalived names them, and their numbers. */
const FACILITIES: Readonly<Record<string, number>> = {
  daemon: 3,
  user: 1,
  ...Object.fromEntries(Array.from({ length: 8 }, (_, nth) => [`local${nth}`, 16 + nth] as const)),
};
/** keepalived writes `-S 3` for `local3`. */
const facilityOf = (name: string): number | undefined =>
  FACILITIES[/^[0-7]$/.test(name) ? `local${name}` : name];
const LOG_FILE = "/var/log/baton.log";

const FILE = text("FILE", "文件");

const OWN = {
  "use-file": value(
    FILE,
    text(`configuration (default ${DEFAULT_FILE})`, `配置文件（默认 ${DEFAULT_FILE}）`),
    { short: "f", completes: "files" },
  ),
  "runtime-dir": value(
    text("DIR", "目录"),
    text(
      `control socket, lock and PID file (default ${RUNTIME_DIR})`,
      `控制套接字、锁和 PID 文件所在目录（默认 ${RUNTIME_DIR}）`,
    ),
    { completes: "folders" },
  ),
  "state-dir": STATE_DIR_OPTION,
  "log-format": value(text("FORMAT", "格式"), text("text or json", "text 或 json"), {
    accepts: oneOf(["text", "json"]),
  }),
  "log-facility": value(
    text("NAME", "设施"),
    text(
      "log to syslog instead of stderr: 0 to 7 (local0 to local7), daemon, user",
      "日志写入 syslog，不再输出到标准错误：0 到 7（local0 到 local7）、daemon 或 user",
    ),
    {
      short: "S",
      accepts: {
        test: (name) => facilityOf(name) !== undefined,
        wanted: text(
          "0 to 7, local0 to local7, daemon or user",
          "0 到 7、local0 到 local7、daemon 或 user",
        ),
        list: Object.keys(FACILITIES),
      },
    },
  ),
  "log-console": flag(
    text("with -S: log to stderr as well", "与 -S 同用：日志也输出到标准错误"),
    "l",
  ),
  "no-syslog": flag(text("no syslog, even with -S", "不使用 syslog，即使给出 -S"), "G"),
  "log-file": attached(
    FILE,
    text(
      `append the log to this file as well (default ${LOG_FILE}); signal REOPEN opens it again`,
      `日志同时追加到该文件（默认 ${LOG_FILE}）；收到 REOPEN 信号后重新打开`,
    ),
    { short: "g", completes: "files", mayStandApart: true },
  ),
  "log-detail": flag(text("log more", "输出更详细的日志"), "D"),
  compat: flag(
    text(
      "run what keepalived would run of a file with errors",
      "文件有错误时，仍运行 keepalived 会运行的部分",
    ),
  ),
  "config-test": attached(
    text("LOG", "日志"),
    text("only check the configuration, then exit", "只检查配置，然后退出"),
    { short: "t" },
  ),
  "config-id": value(
    text("ID", "ID"),
    text(
      "for lines that begin with @ID (default: host name)",
      "用于以 @ID 开头的行（默认为主机名）",
    ),
    { short: "i" },
  ),
  pid: values(FILE, text("write the daemon's PID there", "写入守护进程的 PID"), {
    short: "p",
    completes: "files",
  }),
  vrrp_pid: value(FILE, text("write the engine's PID there", "写入引擎进程的 PID"), {
    short: "r",
    completes: "files",
  }),
  umask: value(text("MASK", "掩码"), text("octal", "八进制"), {
    short: "u",
    accepts: {
      test: (mask) => /^[0-7]{1,4}$/.test(mask),
      wanted: text("an octal number from 0 to 0777", "0 到 0777 的八进制数"),
    },
  }),
  record: value(
    FILE,
    text(
      "append what happens to the routers there, for `baton replay` (no passwords; a line an advertisement)",
      "把路由器发生的事件追加到该文件，供 `baton replay` 重放（不含密码；每个通告一行）",
    ),
    { completes: "files" },
  ),
  cloud: attached(
    text("URL", "地址"),
    text(
      "ask the cloud whether it agrees about the addresses of a MASTER (HAVIP), and announce again until it does",
      "成为 MASTER 后向云平台核对 HAVIP 是否已绑定到本机，未绑定则再次宣告",
    ),
  ),
  "cloud-region": value(
    text("NAME", "地域"),
    text("what the environment does not say of the region", "环境变量中没有给出的地域"),
  ),
  "cloud-instance": value(
    text("ID", "ID"),
    text(
      "what the machine's metadata does not say of the instance",
      "实例元数据中没有给出的实例 ID",
    ),
  ),
  api: attached(
    text("ADDRESS", "地址"),
    text(
      `HTTP API on this address of the machine itself (default ${API_LISTEN}), besides what the file says`,
      `在本机的这个地址上提供 HTTP API（默认 ${API_LISTEN}），配置文件中的地址照常`,
    ),
  ),
  signum: value(
    text("NAME", "名称"),
    text(
      `print the number of the signal ${Object.keys(SIGNALS).join(", ")}, then exit`,
      `输出信号 ${Object.keys(SIGNALS).join("、")} 的编号，然后退出`,
    ),
    { accepts: oneOf(Object.keys(SIGNALS)) },
  ),
  version: flag(text("print the version, then exit", "显示版本，然后退出"), "v"),
} as const;

const option = (short?: string): FlagOption => flag(undefined, short);
const withValue = (short?: string): ValueOption<"value"> =>
  value(text("VALUE", "值"), undefined, short === undefined ? {} : { short });
const withOptionalValue = (short?: string): ValueOption<"attached"> =>
  attached(text("VALUE", "值"), undefined, short === undefined ? {} : { short });

/** keepalived(8)'s options that ask for what Baton does anyway. */
const ANYWAY = {
  "dont-fork": option("n"),
  vrrp: option("P"),
  "release-vips": option("X"),
  no_bfd: option("B"),
} as const;

/** Its options that Baton has to refuse. */
const REFUSED = {
  namespace: withValue("s"),
  check: option("C"),
} as const;

/** Its options that change nothing here. */
const IGNORED = {
  all: option(),
  "dont-release-vrrp": option("V"),
  "dont-respawn": option("R"),
  "dont-release-ipvs": option("I"),
  checkers_pid: withValue("c"),
  bfd_pid: withValue("b"),
  "dump-conf": option("d"),
  "flush-log-file": option(),
  "address-monitoring": option("a"),
  "all-config": withOptionalValue("e"),
  "core-dump": option("m"),
  "core-dump-pattern": withOptionalValue("M"),
  "mem-check-log": option("L"),
  perf: withOptionalValue(),
  debug: withOptionalValue(),
  snmp: option("x"),
  "snmp-agent-socket": withValue("A"),
} as const;

const WHY_IGNORED: Readonly<Record<keyof typeof IGNORED, IgnoredWhy>> = {
  all: "vrrp-only",
  "dont-release-vrrp": "always-released",
  "dont-respawn": "always-respawned",
  "dont-release-ipvs": "vrrp-only",
  checkers_pid: "vrrp-only",
  bfd_pid: "vrrp-only",
  "dump-conf": "not-needed",
  "flush-log-file": "flushed-anyway",
  "address-monitoring": "not-needed",
  "all-config": "not-needed",
  "core-dump": "not-needed",
  "core-dump-pattern": "not-needed",
  "mem-check-log": "not-needed",
  perf: "not-needed",
  debug: "not-needed",
  snmp: "no-snmp",
  "snmp-agent-socket": "no-snmp",
};

const OPTIONS = { ...OWN, ...ANYWAY, ...REFUSED, ...IGNORED } as const;

/** @param start runs the daemon as the line asks; its result is the exit status */
export const daemonCommand = (
  start: (options: RunOptions, io: CommandIo) => number | Promise<number>,
): Command =>
  defineCommand({
    name: "run",
    summary: text(
      "Runs the daemon in the foreground until it is stopped.",
      "在前台运行守护进程，直到被停止。",
    ),
    details: text(
      "keepalived's other options are accepted; those that have no effect here are named once in the log.",
      "keepalived 的其他选项也可使用；对 Baton 无效的选项会在日志中说明一次。",
    ),
    options: OPTIONS,
    takesAnyValue: true,
    hasEitherDash: true,
    operandAdvice: text("give the file with -f", "请用 -f 指定文件"),
    examples: [
      {
        line: "sudo baton run -f /etc/keepalived/keepalived.conf",
        about: text("as keepalived -n -f", "相当于 keepalived -n -f"),
      },
      {
        line: "baton run -t -f new.conf",
        about: text("only look whether it would run", "只检查能否运行"),
      },
      {
        line: "sudo baton run --log-format json --record night.jsonl",
        about: text("for a log collector, and for replay", "供日志系统收集，并可重放"),
      },
    ],
    notes: text(
      "Exit status: 0 stopped, 1 cannot start, 2 usage, 4 would not run, 5 errors in the file, 6 (-t) a script that others can change would run.",
      "退出码：0 正常停止，1 无法启动，2 用法错误，4 配置无法运行，5 配置有错误，6（-t）会运行其他用户可改动的脚本。",
    ),
    run: async (line) => {
      const { options, io } = line;
      if (options.version) {
        io.stdout(`baton ${BATON_VERSION}\n`);
        return 0;
      }
      refuse(options);
      if (options.signum !== undefined) {
        io.stdout(`${SIGNALS[options.signum] ?? 0}\n`);
        return 0;
      }
      return await start(readOptions(line), io);
    },
  });

function refuse({ namespace, check }: Values<typeof REFUSED>): void {
  if (namespace !== undefined) {
    throw new UsageError(
      text(
        `-s is not supported: run \`ip netns exec ${namespace} baton run\`, or give NetworkNamespacePath= in the unit`,
        `不支持 -s：请运行 \`ip netns exec ${namespace} baton run\`，或在 unit 中设置 NetworkNamespacePath=`,
      ),
    );
  }
  if (check) {
    throw new UsageError(
      text(
        "-C asks for health checkers of virtual servers only, and Baton has none",
        "-C 只运行虚拟服务器的健康检查，而 Baton 没有该功能",
      ),
    );
  }
}

function readOptions({ options, given, language }: Line<typeof OPTIONS>): RunOptions {
  const { umask, cloud } = options;
  const test = options["config-test"];
  const logFile = options["log-file"];
  const facility = facilityOf(options["log-facility"] ?? "");
  return {
    file: options["use-file"],
    runtimeDir: options["runtime-dir"] ?? RUNTIME_DIR,
    stateDir: stateDirOf(options["state-dir"], options["runtime-dir"]),
    logFormat: options["log-format"] === "json" ? "json" : "text",
    logDetail: options["log-detail"],
    logFile: logFile === true ? LOG_FILE : logFile,
    syslog:
      facility === undefined || options["no-syslog"]
        ? undefined
        : { facility, isConsoleToo: options["log-console"] },
    language,
    configId: options["config-id"],
    pidFiles: options.pid,
    enginePidFile: options.vrrp_pid,
    recordFile: options.record,
    isTest: test !== undefined,
    testLog: test === true ? undefined : test,
    isCompatible: options.compat,
    umask: umask === undefined ? undefined : Number.parseInt(umask, 8),
    cloud:
      cloud === undefined
        ? undefined
        : {
            endpoint: cloud === true ? undefined : cloud,
            region: options["cloud-region"],
            instanceId: options["cloud-instance"],
            credentialsFile: undefined,
          },
    api: readApiOption(options.api),
    ignored: given.flatMap(({ name }) => {
      if (!isIgnored(name)) return [];
      const { short } = IGNORED[name];
      const written = short === undefined ? `--${name}` : `-${short}, --${name}`;
      return [{ option: written, why: WHY_IGNORED[name] }];
    }),
  };
}

const isIgnored = (name: string): name is keyof typeof IGNORED => Object.hasOwn(IGNORED, name);
