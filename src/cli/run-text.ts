/** What `baton run` says about its options, in both languages. */
import type { Language } from "#diagnostics/diagnostic";
import { DEFAULT_FILE } from "./config-files.ts";
import { RUNTIME_DIR } from "./control-client.ts";
import { type IgnoredWhy, RUN_OPTION_NAMES, type UsageProblem } from "./run-options.ts";
import { noSuchOption } from "./usage-mistakes.ts";

export const RUN_USAGE: Readonly<Record<Language, string>> = {
  en: `usage: baton run [-f FILE] [OPTION ...]

  -f, --use-file FILE      configuration (default ${DEFAULT_FILE})
      --runtime-dir DIR    control socket, lock and PID file (default ${RUNTIME_DIR})
      --log-format FORMAT  text or json, on stderr
  -D, --log-detail         log more
      --lang LANG          en or zh-CN (default: LC_ALL, LC_MESSAGES, LANG)
      --compat             run what keepalived would run of a file with errors
  -t, --config-test[=LOG]  only check the configuration, then exit
  -i, --config-id ID       for lines that begin with @ID (default: host name)
  -p, --pid FILE           write the daemon's PID there
  -r, --vrrp_pid FILE      write the engine's PID there
  -u, --umask MASK         octal
      --record FILE        append what happens to the routers there, for baton replay (no passwords; a line
                           an advertisement)
      --cloud[=URL]        ask the cloud whether it agrees about the addresses of a MASTER (HAVIP), and
                           announce again until it does; --cloud-region and --cloud-instance say what the
                           environment and the machine's metadata do not
      --signum NAME        print the number of the signal STOP, RELOAD, DATA, STATS, STATS_CLEAR or JSON

keepalived's other options are accepted; those that have no effect here are named once in the log.
Baton stays in the foreground. Exit status: 0 stopped, 1 cannot start, 2 usage, 4 would not run, 5 errors in the file,
6 (-t) a script that others can change would run.
`,
  "zh-CN": `用法：baton run [-f 文件] [选项 ...]

  -f, --use-file 文件      配置文件（默认 ${DEFAULT_FILE}）
      --runtime-dir 目录   控制套接字、锁和 PID 文件所在目录（默认 ${RUNTIME_DIR}）
      --log-format 格式    text 或 json，输出到标准错误
  -D, --log-detail         输出更详细的日志
      --lang 语言          en 或 zh-CN（默认取自 LC_ALL、LC_MESSAGES、LANG）
      --compat             文件有错误时，仍运行 keepalived 会运行的部分
  -t, --config-test[=日志] 只检查配置，然后退出
  -i, --config-id ID       用于以 @ID 开头的行（默认为主机名）
  -p, --pid 文件           写入守护进程的 PID
  -r, --vrrp_pid 文件      写入引擎进程的 PID
  -u, --umask 掩码         八进制
      --record 文件        把路由器发生的事件追加到该文件，供 baton replay 重放（不含密码；每个通告一行）
      --cloud[=地址]       成为 MASTER 后向云平台核对 HAVIP 是否已绑定到本机，未绑定则再次宣告；
                           --cloud-region、--cloud-instance 补充环境变量和实例元数据中没有的信息
      --signum 名称        输出信号 STOP、RELOAD、DATA、STATS、STATS_CLEAR 或 JSON 的编号

keepalived 的其他选项也可使用；对 Baton 无效的选项会在日志中说明一次。
Baton 始终在前台运行。退出码：0 正常停止，1 无法启动，2 用法错误，4 配置无法运行，5 配置有错误，
6（-t）会运行其他用户可改动的脚本。
`,
};

export function usageSentence(problem: UsageProblem, language: Language): string {
  const en = language === "en";
  switch (problem.kind) {
    case "unknown-option":
      return noSuchOption(problem.option, RUN_OPTION_NAMES, language);
    case "missing-value":
      return en ? `${problem.option} needs a value` : `${problem.option} 需要一个值`;
    case "needless-value":
      return en ? `${problem.option} takes no value` : `${problem.option} 不带值`;
    case "bad-value":
      return en
        ? `${problem.option} takes one of ${problem.wanted}, not \`${problem.value}\``
        : `${problem.option} 的值应为 ${problem.wanted}，而不是 \`${problem.value}\``;
    case "no-operand":
      return en
        ? `\`${problem.word}\` is no option; give the file with -f`
        : `\`${problem.word}\` 不是选项；请用 -f 指定文件`;
    case "namespace":
      return en
        ? `-s is not supported: run \`ip netns exec ${problem.name} baton run\`, or give NetworkNamespacePath= in the unit`
        : `不支持 -s：请运行 \`ip netns exec ${problem.name} baton run\`，或在 unit 中设置 NetworkNamespacePath=`;
    case "checkers-only":
      return en
        ? "-C asks for health checkers of virtual servers only, and Baton has none"
        : "-C 只运行虚拟服务器的健康检查，而 Baton 没有该功能";
  }
}

const IGNORED: Readonly<Record<Language, Readonly<Record<IgnoredWhy, string>>>> = {
  en: {
    "log-is-stderr": "Baton logs to stderr (journald, or wherever it is redirected)",
    "vrrp-only": "Baton has no checkers and no BFD, only VRRP",
    "always-released": "Baton always hands its addresses over when it stops",
    "always-respawned": "Baton always starts its engine again",
    "no-snmp": "Baton has no SNMP agent",
    "not-needed": "it does nothing that Baton needs",
  },
  "zh-CN": {
    "log-is-stderr": "Baton 的日志输出到标准错误（由 journald 等收集）",
    "vrrp-only": "Baton 只有 VRRP，没有健康检查进程和 BFD",
    "always-released": "Baton 停止时总会移交地址",
    "always-respawned": "Baton 总会重新启动引擎",
    "no-snmp": "Baton 没有 SNMP 代理",
    "not-needed": "Baton 不需要该选项",
  },
};

export const ignoredSentence = (option: string, why: IgnoredWhy, language: Language): string =>
  language === "en"
    ? `option ${option} has no effect: ${IGNORED.en[why]}`
    : `选项 ${option} 无效：${IGNORED["zh-CN"][why]}`;

/** Why `-t` ends as it does; undefined: 0, and keepalived is silent then too. */
export function testSentence(file: string, status: number, language: Language): string | undefined {
  const en = language === "en";
  switch (status) {
    case 0:
      return undefined;
    case 4:
      return en ? `status 4: ${file} would not run` : `退出码 4：${file} 无法运行`;
    case 5:
      return en
        ? `status 5: ${file} has errors and would run only with --compat`
        : `退出码 5：${file} 有错误，只有加 --compat 才会运行`;
    case 6:
      return en
        ? `status 6: ${file} would run, but what it says about scripts is not safe`
        : `退出码 6：${file} 能运行，但其中的脚本存在安全问题`;
    default:
      return en
        ? `status ${status}: ${file} could not be read`
        : `退出码 ${status}：无法读取 ${file}`;
  }
}

/** The daemon is started by somebody who may not do what it does. */
export const rightsSentence = (missing: readonly string[], language: Language): string =>
  language === "en"
    ? `${missing.join(" and ")} ${missing.length > 1 ? "are" : "is"} missing, without which no address can be owned; run it as root (sudo), or with AmbientCapabilities= in the unit`
    : `缺少 ${missing.join("、")} 权限，无法管理地址；请以 root（sudo）运行，或在 unit 中设置 AmbientCapabilities=`;
