/** What `npm start -- --mysql` says, in English and Chinese. */
import type { Language } from "#diagnostics/diagnostic";
import type { DaemonKind } from "../measure/daemon.ts";
import type { DatabaseFaultName } from "../measure/database-fault-names.ts";
import type { DatabaseResult, Problem } from "../measure/database-run.ts";
import { daemonName } from "./demo-text.ts";
import { printMilliseconds } from "./report.ts";

export interface DatabaseText {
  readonly title: string;
  readonly settings: string;
  readonly load: string;
  readonly noMariaDb: (how: string) => string;
  readonly noScripts: string;
  readonly starting: (kind: DaemonKind) => string;
  readonly writing: (kind: DaemonKind, node: string) => string;
  readonly faultShort: Readonly<Record<DatabaseFaultName, string>>;
  readonly fault: (name: DatabaseFaultName, node: string, other: string) => string;
  readonly observed: (kind: DaemonKind, after: string | undefined, outage: string) => string;
  readonly healing: string;
  readonly kept: (result: DatabaseResult) => string;
  readonly notKept: (result: DatabaseResult) => string;
  readonly refused: (why: string) => string;
  readonly columns: readonly string[];
  readonly nobody: string;
  readonly problem: Readonly<Record<Problem, string>>;
  readonly upToRepair: (milliseconds: string) => string;
  readonly legend: string;
  readonly allKept: (count: number, writes: number, seconds: string) => string;
  readonly notAllKept: (names: readonly string[]) => string;
  /** Between the members of a list. */
  readonly separator: string;
}

const EN: DatabaseText = {
  title:
    "Baton demonstration: a MariaDB pair behind a HAVIP, and what becomes of the writes it acknowledged",
  settings:
    "  MariaDB on a and b, GTID, semi-synchronous (AFTER_SYNC); VRRPv2 unicast, 1 s; the files: examples/mysql",
  load: "  the client writes numbered rows through the HAVIP on 6 connections, reads on 2, and remembers every answer",
  noMariaDb: (how) =>
    `--mysql needs MariaDB (Debian's mariadb-server-core and mariadb-client-core). Install it: ${how}`,
  noScripts:
    "--mysql --vs keepalived needs root: keepalived runs no notify scripts in a user namespace.",
  starting: (kind) => `${daemonName(kind)}: a new pair, b replicates from a`,
  writing: (kind, node) => `${daemonName(kind)}: the client writes, ${node} acknowledges`,
  faultShort: {
    stop: "stop the daemon",
    restart: "restart the daemon",
    move: "planned move",
    kill: "kill -9 the daemon",
    "kill-engine": "kill -9 the engine",
    "server-kill": "kill -9 mariadbd",
    "server-hang": "mariadbd hangs",
    link: "pull the owner's cable",
    host: "lose the whole machine",
    "vrrp-cut": "only VRRP is cut",
    "slow-promotion": "promotion takes 5 s",
    lagging: "replica behind, then a crash",
    "stopped-replica": "replica stopped, then a crash",
    failback: "crash, return, failback",
    double: "two faults in a row",
    stall: "0.4 s stall during a move",
  },
  fault: (name, node, other) => {
    switch (name) {
      case "stop":
        return `stopping the daemon on ${node} (SIGTERM)`;
      case "restart":
        return `restarting the daemon on ${node}`;
      case "move":
        return `moving the address from ${node} to ${other} (baton switch; keepalived is stopped for that)`;
      case "kill":
        return `kill -9 of every daemon process on ${node}; its MariaDB goes on`;
      case "kill-engine":
        return `kill -9 of the process on ${node} that speaks VRRP`;
      case "server-kill":
        return `kill -9 of mariadbd on ${node}`;
      case "server-hang":
        return `mariadbd on ${node} hangs (SIGSTOP): it takes connections and answers none`;
      case "link":
        return `pulling the cable of ${node}`;
      case "host":
        return `losing the machine ${node}: cable, daemon and MariaDB at once`;
      case "vrrp-cut":
        return "VRRP between the two is lost; the client and the replication reach both";
      case "slow-promotion":
        return `stopping the daemon on ${node}; the promotion on ${other} takes 5 s`;
      case "lagging":
        return `${other} has received the last 3 s but applied none of it; the machine ${node} is lost`;
      case "stopped-replica":
        return `${other} has received nothing for 3 s; the machine ${node} is lost`;
      case "failback":
        return `mariadbd on ${node} is killed, ${other} takes over, ${node} comes back; then the daemon on ${other} is stopped`;
      case "double":
        return `kill -9 of the daemon on ${node}; as soon as ${other} has taken over, of its engine too`;
      case "stall":
        return `moving the address from ${node}; in the middle of it the daemon there does not run for 0.4 s`;
    }
  },
  observed: (kind, after, outage) =>
    after === undefined
      ? `${daemonName(kind)}: nobody takes writes`
      : `${daemonName(kind)}: ${after} takes writes; none acknowledged for ${outage}`,
  healing: "repairing it",
  kept: ({ daemon, acknowledged }) =>
    `${daemonName(daemon)}: all ${acknowledged} acknowledged writes are there`,
  notKept: ({ daemon, acknowledged, lost, byBoth, readOnly, stale }) =>
    `${daemonName(daemon)}: ${[
      lost > 0 ? `${lost} of ${acknowledged} acknowledged writes are LOST` : "",
      byBoth > 0 ? `${byBoth} were taken while both took writes` : "",
      readOnly > 0 ? `${readOnly} statements were refused by a read-only server` : "",
      stale > 0 ? `${stale} answers were stale` : "",
    ]
      .filter((one) => one !== "")
      .join(", ")}`,
  refused: (why) => `why nobody: ${why}`,
  columns: [
    "fault on the owner",
    "daemon",
    "write outage",
    "lost",
    "by both",
    "read-only",
    "stale",
    "writes at",
    "",
  ],
  nobody: "nobody",
  problem: {
    lost: "lost",
    both: "both",
    "read-only": "read-only",
    stale: "stale",
    "wrong-node": "wrong node",
    "not-healed": "not repaired",
    "not-followed": "nobody follows",
  },
  upToRepair: (milliseconds) => `over ${milliseconds}`,
  legend:
    "write outage: the longest time without an acknowledgement, over six connections that connect again after 0.1 s;\nlost: acknowledged writes that the data left at the end does not have; by both: acknowledged by the old primary after the\nnew one had begun; read-only: statements that a server refused as it was read-only; stale: answers without a row that had\nbeen acknowledged. Where the data left is not all of it, nobody taking writes is right.",
  allKept: (count, writes, seconds) =>
    `Through ${count} faults every one of ${writes} acknowledged writes was kept, and none was taken by two. All of it took ${seconds} s.`,
  notAllKept: (names) => `It did not do what it should after: ${names.join(", ")}`,
  separator: ", ",
};

const ZH: DatabaseText = {
  title: "Baton 演示：HAVIP 后面的一对 MariaDB，已确认的写入会怎样",
  settings:
    "  a、b 上各有 MariaDB，GTID，半同步（AFTER_SYNC）；VRRPv2 单播，1 秒；配置文件见 examples/mysql",
  load: "  客户端经 HAVIP 用 6 个连接写入带编号的行，用 2 个连接读取，并记住每个应答",
  noMariaDb: (how) =>
    `--mysql 需要 MariaDB（Debian 的 mariadb-server-core 和 mariadb-client-core）。请先安装：${how}`,
  noScripts: "--mysql --vs keepalived 需要 root：keepalived 在用户命名空间里不运行 notify 脚本。",
  starting: (kind) => `${daemonName(kind)}：新建一对数据库，b 复制 a`,
  writing: (kind, node) => `${daemonName(kind)}：客户端正在写入，由 ${node} 确认`,
  faultShort: {
    stop: "停止守护进程",
    restart: "重启守护进程",
    move: "计划内切换",
    kill: "kill -9 守护进程",
    "kill-engine": "kill -9 引擎进程",
    "server-kill": "kill -9 mariadbd",
    "server-hang": "mariadbd 挂起",
    link: "拔掉主节点网线",
    host: "整机故障",
    "vrrp-cut": "仅 VRRP 中断",
    "slow-promotion": "提升耗时 5 秒",
    lagging: "从库落后时主库崩溃",
    "stopped-replica": "复制停止后主库崩溃",
    failback: "崩溃、恢复、切回",
    double: "连续两次故障",
    stall: "切换途中停顿 0.4 秒",
  },
  fault: (name, node, other) => {
    switch (name) {
      case "stop":
        return `停止 ${node} 上的守护进程（SIGTERM）`;
      case "restart":
        return `重启 ${node} 上的守护进程`;
      case "move":
        return `把地址从 ${node} 切换到 ${other}（baton switch；keepalived 只能停止服务）`;
      case "kill":
        return `kill -9 ${node} 上的全部守护进程，其 MariaDB 继续运行`;
      case "kill-engine":
        return `kill -9 ${node} 上负责 VRRP 的进程`;
      case "server-kill":
        return `kill -9 ${node} 上的 mariadbd`;
      case "server-hang":
        return `${node} 上的 mariadbd 挂起（SIGSTOP）：可以连接，但没有应答`;
      case "link":
        return `拔掉 ${node} 的网线`;
      case "host":
        return `${node} 整机故障：网络、守护进程和 MariaDB 同时消失`;
      case "vrrp-cut":
        return "两节点之间的 VRRP 丢失；客户端和复制与两者都通";
      case "slow-promotion":
        return `停止 ${node} 上的守护进程；${other} 的提升需要 5 秒`;
      case "lagging":
        return `${other} 收到了最近 3 秒的数据但尚未应用；${node} 整机故障`;
      case "stopped-replica":
        return `${other} 已有 3 秒没有收到数据；${node} 整机故障`;
      case "failback":
        return `${node} 的 mariadbd 被杀死，${other} 接管，${node} 恢复；随后停止 ${other} 上的守护进程`;
      case "double":
        return `kill -9 ${node} 上的守护进程；${other} 一接管，再 kill -9 它的引擎进程`;
      case "stall":
        return `把地址从 ${node} 切走，其守护进程在途中停顿 0.4 秒`;
    }
  },
  observed: (kind, after, outage) =>
    after === undefined
      ? `${daemonName(kind)}：没有节点接受写入`
      : `${daemonName(kind)}：${after} 接受写入；${outage} 内没有写入得到确认`,
  healing: "正在修复",
  kept: ({ daemon, acknowledged }) =>
    `${daemonName(daemon)}：已确认的 ${acknowledged} 次写入全部保留`,
  notKept: ({ daemon, acknowledged, lost, byBoth, readOnly, stale }) =>
    `${daemonName(daemon)}：${[
      lost > 0 ? `已确认的 ${acknowledged} 次写入中丢失 ${lost} 次` : "",
      byBoth > 0 ? `${byBoth} 次写入发生在两台同时接受写入期间` : "",
      readOnly > 0 ? `${readOnly} 次遇到只读的服务器` : "",
      stale > 0 ? `${stale} 个应答是旧数据` : "",
    ]
      .filter((one) => one !== "")
      .join("，")}`,
  refused: (why) => `无人接管的原因：${why}`,
  columns: ["主节点故障", "软件", "写入中断", "丢失", "双写", "只读错误", "旧数据", "写入节点", ""],
  nobody: "无",
  problem: {
    lost: "丢失",
    both: "双写",
    "read-only": "只读",
    stale: "旧数据",
    "wrong-node": "节点不符",
    "not-healed": "未恢复",
    "not-followed": "无从库跟随",
  },
  upToRepair: (milliseconds) => `超过 ${milliseconds}`,
  legend:
    "写入中断：六个连接（0.1 秒后重连）中最长一段没有得到确认的时间；丢失：已确认、但最终数据里没有的写入；双写：新主库开始确认之后，\n旧主库仍确认的写入；只读错误：因服务器只读而被拒绝的语句；旧数据：缺少已确认行的应答。剩下的数据不完整时，没有节点接受写入才是正确的。",
  allKept: (count, writes, seconds) =>
    `${count} 种故障之后，已确认的 ${writes} 次写入全部保留，没有一次被两台同时接受。总用时 ${seconds} 秒。`,
  notAllKept: (names) => `以下故障后的行为不符合预期：${names.join("、")}`,
  separator: "、",
};

export const databaseText = (lang: Language): DatabaseText => (lang === "zh-CN" ? ZH : EN);

/** The outage as a table and a sentence print it. */
export const printDatabaseOutage = (
  { outageMilliseconds, isOpen }: Pick<DatabaseResult, "outageMilliseconds" | "isOpen">,
  text: DatabaseText,
): string => {
  const milliseconds = printMilliseconds(outageMilliseconds);
  return isOpen ? text.upToRepair(milliseconds) : milliseconds;
};
