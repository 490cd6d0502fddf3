/** Every command of `baton`, in groups; each is imported when it is asked for. */
import {
  type CommandGroup,
  type FlagOption,
  flag,
  type Text,
  text,
  type ValueOption,
  value,
} from "#command-line/definition";
import type { CommandIo } from "#command-line/io";
import { GLOBAL_OPTIONS } from "#command-line/language";

type Dispatch = (args: readonly string[], io: CommandIo) => Promise<number>;

/** The options that may precede the command's name. */
export const ROOT_OPTIONS: typeof GLOBAL_OPTIONS & {
  readonly version: FlagOption;
  readonly signum: ValueOption<"value">;
} = {
  ...GLOBAL_OPTIONS,
  version: flag(text("print the version", "显示版本"), "v"),
  signum: value(
    text("NAME", "名称"),
    text(
      "print the number of a signal, as `baton run --signum`: DATA, STATS, JSON, …",
      "输出信号的编号，与 `baton run --signum` 相同：DATA、STATS、JSON 等",
    ),
  ),
};

export const ROOT_NOTES: Text = text(
  "`baton help COMMAND` says more, `baton explain VR2010` explains a finding of `baton check`.",
  "`baton help 命令` 显示详细说明，`baton explain VR2010` 解释 `baton check` 的结果编号。",
);

const RUN: CommandGroup = {
  title: text("run and watch:", "运行与观察："),
  commands: [
    {
      name: "run",
      summary: text("run the daemon in the foreground", "在前台运行守护进程"),
      load: async () => (await import("./run.ts")).command,
    },
    {
      name: "status",
      summary: text("show who owns what, and since when", "显示谁持有哪些地址，以及从何时开始"),
      load: async () => (await import("./status.ts")).command,
    },
    {
      name: "console",
      summary: text(
        "nodes, history and switches in a browser",
        "在浏览器中查看节点、历史并执行切换",
      ),
      load: async () => (await import("./console.ts")).command,
    },
    {
      name: "drill",
      summary: text(
        "practise a fail-over on a live pair, and write a report",
        "在运行中的主备节点上演练切换，并写出报告",
      ),
      load: async () => (await import("./drill.ts")).command,
    },
    {
      name: "explain",
      summary: text(
        "why an instance or a sync group is in its state, or what a code like VR2010 means",
        "解释实例或同步组为何处于当前状态，或 VR2010 这样的编号",
      ),
      load: async () => (await import("./explain.ts")).command,
    },
    {
      name: "events",
      summary: text(
        "show what happened, and why: on this node, or on several as one sequence",
        "显示发生过什么及原因：本节点，或多个节点按时间合并",
      ),
      load: async () => (await import("./events.ts")).command,
    },
    {
      name: "switch",
      summary: text(
        "move an address to another node without losing a packet",
        "将地址切换到另一个节点，不丢失报文",
      ),
      load: async () => (await import("./switch.ts")).command,
    },
    {
      name: "promote",
      summary: text(
        "promote this node where its gate holds it back",
        "在 gate 阻止本节点时将其提升",
      ),
      load: async () => (await import("./promote.ts")).command,
    },
    {
      name: "maintenance",
      summary: text("hold this node back for a while", "让本节点退居一段时间"),
      load: async () => (await import("./maintenance.ts")).command,
    },
    {
      name: "reload",
      summary: text("make the daemon read its configuration again", "让守护进程重新读取配置"),
      load: async () => (await import("./reload.ts")).command,
    },
    {
      name: "alert",
      summary: text("try where alerts go", "测试告警的接收方"),
      load: async () => (await import("./alert.ts")).command,
    },
    {
      name: "release",
      summary: text(
        "remove addresses that a dead daemon left behind",
        "清除已退出的守护进程遗留的地址",
      ),
      load: async () => (await import("./release.ts")).command,
    },
    {
      name: "metrics",
      summary: text("print the metrics for Prometheus", "输出供 Prometheus 使用的指标"),
      load: async () => (await import("./metrics.ts")).command,
    },
    {
      name: "replay",
      summary: text(
        "give a recording to the core again and explain its decisions",
        "重放录制文件，并解释每个决定",
      ),
      load: async () => (await import("./replay.ts")).command,
    },
    {
      name: "shadow",
      summary: text(
        "listen beside a running keepalived, or read a capture: where would Baton decide otherwise?",
        "在运行中的 keepalived 旁监听，或读取抓包：Baton 会在何处作出不同决定？",
      ),
      load: async () => (await import("./shadow.ts")).command,
    },
  ],
};

const CONFIGURATION: CommandGroup = {
  title: text("configuration:", "配置："),
  commands: [
    {
      name: "check",
      summary: text("find what is wrong with a keepalived.conf", "检查 keepalived.conf 的问题"),
      load: async () => (await import("./check.ts")).command,
    },
    {
      name: "config",
      summary: text(
        "format a configuration, or show its effective values",
        "格式化配置，或显示生效的值",
      ),
      load: async () => (await import("./config.ts")).command,
    },
    {
      name: "migrate",
      summary: text(
        "replace keepalived on this node, or go back to it",
        "在本节点用 Baton 替换 keepalived，或恢复",
      ),
      load: async () => (await import("./migrate.ts")).command,
    },
  ],
};

const CLOUD: CommandGroup = {
  title: text("cloud:", "云平台："),
  commands: [
    {
      name: "havip",
      summary: text(
        "apply for, list, bind and release HAVIPs",
        "申请、查看、绑定、释放高可用虚拟 IP（HAVIP）",
      ),
      load: async () => (await import("./havip.ts")).command,
    },
    {
      name: "eip",
      summary: text("manage elastic public addresses", "管理弹性公网 IP"),
      load: async () => (await import("./eip.ts")).command,
    },
  ],
};

const LABORATORY: CommandGroup = {
  title: text("laboratory:", "实验环境："),
  commands: [
    {
      name: "lab",
      summary: text(
        "a VPC on this machine: networks, instances, faults",
        "在本机搭建 VPC：网络、实例、故障",
      ),
      load: async () => (await import("./lab.ts")).command,
    },
    {
      name: "cloud",
      summary: text("serve the API of an emulated cloud", "提供模拟云平台的 API"),
      load: async () => (await import("./cloud.ts")).command,
    },
  ],
};

/**
 * All commands in the order of the overview. To add a command, write its file and add an entry
 * to a group above.
 *
 * @param dispatch `baton` itself, for `baton help`
 */
export function listCommands(dispatch: Dispatch): readonly CommandGroup[] {
  const groups: readonly CommandGroup[] = [
    RUN,
    CONFIGURATION,
    CLOUD,
    LABORATORY,
    {
      title: text("more:", "其他："),
      commands: [
        {
          name: "help",
          summary: text("show the page of a command, or of a code", "显示命令或编号的说明"),
          load: async () => (await import("./help.ts")).helpCommand(dispatch),
        },
        {
          name: "completion",
          summary: text(
            "print the completion script of bash, zsh or fish",
            "输出 bash、zsh 或 fish 的补全脚本",
          ),
          load: async () =>
            (await import("./completion.ts")).completionCommand(groups, ROOT_OPTIONS),
        },
        {
          name: "version",
          summary: text("print the version", "显示版本"),
          load: async () => (await import("./version.ts")).command,
        },
      ],
    },
  ];
  return groups;
}
