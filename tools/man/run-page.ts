/** What the page of `baton run` says besides its options. */
import { type Text, text } from "#command-line/definition";

interface Item {
  readonly term: string;
  readonly about: Text;
}

export const RUN_SIGNALS: readonly Item[] = [
  {
    term: "SIGTERM, SIGINT, SIGQUIT",
    about: text(
      "hand the addresses over, run what has to run at a stop, and end",
      "移交地址，运行停止时应运行的脚本，然后退出",
    ),
  },
  {
    term: "SIGHUP",
    about: text(
      "read the configuration again; a file with errors changes nothing (`baton reload` says so)",
      "重新读取配置；文件有错误时不作任何更改（`baton reload` 会给出原因）",
    ),
  },
  {
    term: "SIGUSR1, SIGUSR2, SIGRTMIN+2",
    about: text(
      "DATA, STATS, JSON: write /tmp/keepalived.data, /tmp/keepalived.stats, /tmp/keepalived.json as keepalived does; DATA and JSON also the status to /run/baton/status.json",
      "DATA、STATS、JSON：与 keepalived 一样写入 /tmp/keepalived.data、/tmp/keepalived.stats、/tmp/keepalived.json；DATA 与 JSON 还把状态写入 /run/baton/status.json",
    ),
  },
  {
    term: "SIGRTMAX-1",
    about: text(
      "STATS_CLEAR: write /tmp/keepalived.stats, and count from 0 there from then on",
      "STATS_CLEAR：写入 /tmp/keepalived.stats，此后其中的计数从 0 开始",
    ),
  },
  {
    term: "SIGRTMIN+1",
    about: text("REOPEN: open the log file again by its name", "REOPEN：按文件名重新打开日志文件"),
  },
];

export const RUN_FILES: readonly Item[] = [
  {
    term: "/etc/keepalived/keepalived.conf",
    about: text("the configuration, see `baton.conf`(5)", "配置文件，见 `baton.conf`(5)"),
  },
  {
    term: "/etc/default/baton, /etc/sysconfig/baton",
    about: text(
      "`BATON_OPTIONS` of the unit (Debian's package, and the rpm)",
      "unit 的 `BATON_OPTIONS`（Debian 软件包与 rpm）",
    ),
  },
  {
    term: "/run/baton",
    about: text(
      "the runtime directory, for one daemon: lock, PID file, list of running scripts",
      "一个守护进程的运行目录：锁、PID 文件、正在运行的脚本列表",
    ),
  },
  {
    term: "/run/baton/control.sock",
    about: text(
      "where the commands ask the daemon; root only",
      "各命令访问守护进程的套接字；仅限 root",
    ),
  },
  {
    term: "/run/baton/readers.sock",
    about: text(
      "the same for members of the group baton, who may read (`status`, `explain`), if there is one",
      "同上，供 baton 组成员使用（如有该组）；只能读取（`status`、`explain`）",
    ),
  },
  {
    term: "/var/log/baton.log",
    about: text(
      "what `--log-file` writes without a name, and what the rule for rsyslog writes",
      "`--log-file` 未给文件名时写入的文件，也是 rsyslog 规则写入的文件",
    ),
  },
];
