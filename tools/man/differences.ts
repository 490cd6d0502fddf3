/** Where Baton differs from keepalived on purpose: for docs/keywords.md and baton.conf(5). */
import { type Text, text } from "#command-line/definition";

export const DIFFERENCES: readonly { readonly keepalived: Text; readonly baton: Text }[] = [
  {
    keepalived: text(
      "unicast advertisements are accepted from anybody unless `check_unicast_src` is set",
      "除非设置 `check_unicast_src`，否则接受任何来源的单播通告",
    ),
    baton: text(
      "accepted from the configured peers unless `check_unicast_src off`",
      "只接受已配置对端的，除非 `check_unicast_src off`",
    ),
  },
  {
    keepalived: text("a check defined below its use is not found", "找不到定义在使用之后的检查"),
    baton: text("found wherever it stands (VR4008)", "无论写在哪里都能找到（VR4008）"),
  },
  {
    keepalived: text(
      "`global_defs` below an instance does not count after a reload",
      "写在实例之后的 `global_defs` 在重新加载后不生效",
    ),
    baton: text("always counts (VR4009)", "总是生效（VR4009）"),
  },
  {
    keepalived: text(
      "`skip_check_adv_addr false` switches it on",
      "`skip_check_adv_addr false` 会启用它",
    ),
    baton: text("off (VR4007)", "禁用它（VR4007）"),
  },
  {
    keepalived: text("`vrrp_garp_interval 0` is an error", "`vrrp_garp_interval 0` 是错误"),
    baton: text("no gap (VR4006)", "没有间隔（VR4006）"),
  },
  {
    keepalived: text("`init_fail` has no effect", "`init_fail` 无效"),
    baton: text(
      "counts as failed until the first success (VR4015)",
      "首次成功之前视为失败（VR4015）",
    ),
  },
  {
    keepalived: text(
      "a reload with a fatal error ends the daemon and leaves the address",
      "重新加载遇到致命错误时守护进程退出并留下地址",
    ),
    baton: text("the old configuration goes on", "继续使用原来的配置"),
  },
  {
    keepalived: text(
      "an instance that a reload adds to a sync group that is MASTER pulls the others down (2.2.7)",
      "重新加载时加入 MASTER 同步组的实例会把其他成员拉下来（2.2.7）",
    ),
    baton: text("it takes the group's state", "它采用该组的状态"),
  },
  {
    keepalived: text(
      "`fifo_write_vrrp_states_on_reload` leaves out instances that are MASTER (2.2.7)",
      "`fifo_write_vrrp_states_on_reload` 漏掉处于 MASTER 的实例（2.2.7）",
    ),
    baton: text("they are written too", "它们也会写入"),
  },
  {
    keepalived: text(
      "scripts get the daemon's whole environment",
      "脚本得到守护进程的全部环境变量",
    ),
    baton: text(
      "`PATH`, `TZ`, `LANG`, `LANGUAGE`, `LC_*`; `HOME`, `USER`, `LOGNAME` of their user; `BATON_…`",
      "`PATH`、`TZ`、`LANG`、`LANGUAGE`、`LC_*`；其用户的 `HOME`、`USER`、`LOGNAME`；`BATON_…`",
    ),
  },
  {
    keepalived: text(
      "notify scripts of successive changes run side by side",
      "连续变化的通知脚本同时运行",
    ),
    baton: text(
      "one after the other; one waits 30 s for an earlier one at the most, STOP 2.5 s",
      "依次运行；最多等待前一个 30 秒，STOP 时 2.5 秒",
    ),
  },
  {
    keepalived: text(
      "a check that runs longer than its interval is started again beside itself (before 2.3.3)",
      "运行时间超过间隔的检查会与自身并行启动（2.3.3 之前）",
    ),
    baton: text(
      "one at a time; the next one begins as soon as the late one has ended",
      "同时只有一个；前一个结束后立即开始下一个",
    ),
  },
];
