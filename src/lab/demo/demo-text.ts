/** Every sentence of the demonstration, in English and Chinese. */
import type { Language } from "#diagnostics/diagnostic";
import type { DaemonKind } from "../measure/daemon.ts";
import type { FaultName } from "../measure/faults.ts";

export interface DemoText {
  readonly title: string;
  readonly rootless: string;
  readonly network: string;
  readonly settings: string;
  readonly probing: string;
  readonly starting: (kind: DaemonKind, nodes: string) => string;
  readonly owns: (kind: DaemonKind, node: string, why: string | undefined) => string;
  readonly notOwned: (kind: DaemonKind) => string;
  readonly step: (index: number, count: number, what: string) => string;
  readonly faultShort: Readonly<Record<FaultName, string>>;
  readonly fault: (name: FaultName, node: string) => string;
  readonly waiting: (what: string, seconds: number) => string;
  readonly took: (
    kind: DaemonKind,
    node: string,
    lost: number,
    outage: string | undefined,
  ) => string;
  readonly stayed: (kind: DaemonKind, node: string) => string;
  readonly twoOwners: (kind: DaemonKind, nodes: string) => string;
  readonly failed: (kind: DaemonKind, name: FaultName) => string;
  readonly healing: Readonly<Partial<Record<FaultName, string>>>;
  readonly columns: {
    readonly fault: string;
    readonly daemon: string;
    readonly outage: string;
    readonly lost: string;
    readonly dual: string;
    readonly before: string;
    readonly after: string;
  };
  readonly nobody: string;
  readonly atLeast: (text: string) => string;
  /** What the column of outages is, of a table without a platform. */
  readonly legend: string;
  readonly dualLegend: string;
  /** This machine was too busy to probe every millisecond. */
  readonly paused: (milliseconds: string) => string;
  readonly pausedLegend: (milliseconds: string, faults: string) => string;
  readonly allMoved: (seconds: string) => string;
  readonly notAllMoved: (names: string) => string;
  readonly noKeepalived: (how: string) => string;
  readonly leaving: string;
  readonly interrupted: string;
  readonly written: (file: string) => string;
}

const DAEMON_NAMES: Readonly<Record<DaemonKind, string>> = {
  baton: "Baton",
  keepalived: "keepalived",
};
export const daemonName = (kind: DaemonKind): string => DAEMON_NAMES[kind];

/** @param outage undefined: every probe was answered in time */
export function printProbes(lost: number, outage: string | undefined): string {
  if (outage === undefined) return "not one probe lost";
  if (lost === 0) return `not one probe lost, but some were answered late: no answer for ${outage}`;
  return `${lost} ${lost === 1 ? "probe" : "probes"} lost, no answer for ${outage}`;
}

export function printProbesInChinese(lost: number, outage: string | undefined): string {
  if (outage === undefined) return "没有丢失任何探测";
  if (lost === 0) return `没有丢失探测，但部分应答迟到：无应答 ${outage}`;
  return `丢失 ${lost} 个探测，无应答 ${outage}`;
}

const EN: DemoText = {
  title: "Baton demonstration: step 5 of the HAVIP tutorial, in private network namespaces",
  rootless:
    "Not root: running inside a user namespace of your own (unshare --user --map-root-user …), where you are root.",
  network:
    "  node a 172.16.0.16   node b 172.16.0.14   client 172.16.0.200   virtual IP 172.16.0.135",
  settings:
    "  VRRPv2 unicast, both BACKUP, nopreempt, priority 50, advert_int 1 (the files: examples/tutorial)",
  probing: "  the client asks the virtual IP for an answer every millisecond",
  starting: (kind, nodes) => `starting ${DAEMON_NAMES[kind]} on ${nodes}`,
  owns: (kind, node, why) =>
    `${DAEMON_NAMES[kind]}: ${node} owns the virtual IP${why === undefined ? "" : ` (${why})`}`,
  notOwned: (kind) => `${DAEMON_NAMES[kind]}: nobody owns the virtual IP`,
  step: (index, count, what) => `[${index}/${count}] ${what}`,
  faultShort: {
    stop: "stop the owner",
    restart: "restart the owner",
    "kill-engine": "kill -9 the engine",
    "kill-supervisor": "kill -9 the supervisor",
    "kill-all": "kill -9 everything",
    hang: "freeze the owner",
    link: "pull the owner's cable",
    host: "lose the whole machine",
    "late-port": "lose it; back behind a late port",
    script: "health check fails",
    flap: "cable flaps 3 x 100 ms",
    partition: "nodes cannot hear each other",
  },
  fault: (name, node) => {
    switch (name) {
      case "stop":
        return `stopping the owner: SIGTERM to the daemon on ${node}`;
      case "restart":
        return `restarting the daemon on the owner ${node}`;
      case "kill-engine":
        return `kill -9 of the process on ${node} that speaks VRRP (engine; keepalived's child)`;
      case "kill-supervisor":
        return `kill -9 of the parent process on ${node} (supervisor; keepalived's main process)`;
      case "kill-all":
        return `kill -9 of every daemon process on ${node} at once`;
      case "hang":
        return `freezing every daemon process on ${node} (SIGSTOP)`;
      case "link":
        return `pulling the cable of ${node}`;
      case "host":
        return `losing the machine ${node}: cable and processes at once`;
      case "late-port":
        return `losing the machine ${node}; when it is back, its switch port forwards nothing for 6 s`;
      case "script":
        return `the service on ${node} breaks, its health check (every 5 s) will fail`;
      case "flap":
        return `the cable of ${node} is loose: three times 100 ms without link`;
      case "partition":
        return "the two nodes cannot hear each other any more; the client hears both";
    }
  },
  waiting: (what, seconds) => `… ${what} (${seconds.toFixed(0)} s)`,
  took: (kind, node, lost, outage) =>
    `${DAEMON_NAMES[kind]}: ${node} owns the virtual IP now; ${printProbes(lost, outage)}`,
  stayed: (kind, node) => `${DAEMON_NAMES[kind]}: ${node} still owns the virtual IP`,
  twoOwners: (kind, nodes) =>
    `${DAEMON_NAMES[kind]}: the virtual IP is on ${nodes} at the same time`,
  failed: (kind, name) =>
    `${DAEMON_NAMES[kind]}: no other node took over ("${EN.faultShort[name]}")`,
  healing: {
    stop: "starting it again",
    "kill-supervisor": "starting it again",
    "kill-all": "starting it again",
    hang: "letting it go on (SIGCONT)",
    link: "plugging the cable in again",
    host: "the machine boots again",
    script: "the service works again",
    partition: "they can hear each other again",
  },
  columns: {
    fault: "fault on the owner",
    daemon: "daemon",
    outage: "outage",
    lost: "lost probes",
    dual: "on both for",
    before: "owner before",
    after: "after",
  },
  nobody: "nobody",
  atLeast: (text) => `over ${text}`,
  legend:
    "outage: all times without an answer, measured by probes 1 ms apart; lost probes: never answered.",
  dualLegend:
    "on both for: both reachable nodes had the address on their interface. At a hand-over the old owner keeps it, and\nanswers, until the new one is heard; nodes that cannot hear each other both keep it.",
  paused: (milliseconds) =>
    `this machine was too busy to probe every millisecond (pause of up to ${milliseconds}): the figures include its own delays`,
  pausedLegend: (milliseconds, faults) =>
    `* this machine was too busy to probe every millisecond (pause of up to ${milliseconds}): the figures include its own\ndelays; again on a quiet one: ${faults}`,
  allMoved: (seconds) =>
    `Every fault moved the virtual IP to the other node. All of it took ${seconds} s.`,
  notAllMoved: (names) => `The virtual IP did not do what it should after: ${names}`,
  noKeepalived: (how) => `--vs keepalived needs keepalived. Install it: ${how}`,
  leaving: "stopping the daemons and removing the namespaces",
  interrupted: "interrupted",
  written: (file) => `written: ${file}`,
};

const ZH: DemoText = {
  title: "Baton 演示：在私有网络命名空间里完成 HAVIP 教程的步骤 5（主备切换）",
  rootless: "当前不是 root：在您自己的用户命名空间中运行（unshare --user --map-root-user …）。",
  network: "  节点 a 172.16.0.16   节点 b 172.16.0.14   客户端 172.16.0.200   虚拟 IP 172.16.0.135",
  settings:
    "  VRRPv2 单播，两台均为 BACKUP，nopreempt，优先级 50，advert_int 1（配置文件见 examples/tutorial）",
  probing: "  客户端每毫秒探测一次虚拟 IP",
  starting: (kind, nodes) => `在 ${nodes} 上启动 ${DAEMON_NAMES[kind]}`,
  owns: (kind, node, why) =>
    `${DAEMON_NAMES[kind]}：${node} 持有虚拟 IP${why === undefined ? "" : `（${why}）`}`,
  notOwned: (kind) => `${DAEMON_NAMES[kind]}：没有节点持有虚拟 IP`,
  step: (index, count, what) => `[${index}/${count}] ${what}`,
  faultShort: {
    stop: "停止主节点",
    restart: "重启主节点",
    "kill-engine": "kill -9 引擎进程",
    "kill-supervisor": "kill -9 守护进程",
    "kill-all": "kill -9 全部进程",
    hang: "冻结主节点",
    link: "拔掉主节点网线",
    host: "整机故障",
    "late-port": "整机故障，恢复后端口延迟转发",
    script: "健康检查失败",
    flap: "网线抖动 3 x 100 ms",
    partition: "两节点互相不通",
  },
  fault: (name, node) => {
    switch (name) {
      case "stop":
        return `停止主节点：向 ${node} 上的进程发送 SIGTERM`;
      case "restart":
        return `重启主节点 ${node} 上的进程`;
      case "kill-engine":
        return `kill -9 ${node} 上负责 VRRP 的进程（engine；keepalived 的子进程）`;
      case "kill-supervisor":
        return `kill -9 ${node} 上的父进程（supervisor；keepalived 的主进程）`;
      case "kill-all":
        return `同时 kill -9 ${node} 上的全部进程`;
      case "hang":
        return `冻结 ${node} 上的全部进程（SIGSTOP）`;
      case "link":
        return `拔掉 ${node} 的网线`;
      case "host":
        return `${node} 整机故障：网络和进程同时消失`;
      case "late-port":
        return `${node} 整机故障；恢复后其交换机端口 6 秒内不转发`;
      case "script":
        return `${node} 上的业务故障，健康检查（每 5 秒一次）将失败`;
      case "flap":
        return `${node} 的网线松动：三次各断开 100 ms`;
      case "partition":
        return "两个节点之间不通，客户端与两者都通";
    }
  },
  waiting: (what, seconds) => `… ${what}（${seconds.toFixed(0)} 秒）`,
  took: (kind, node, lost, outage) =>
    `${DAEMON_NAMES[kind]}：${node} 已持有虚拟 IP；${printProbesInChinese(lost, outage)}`,
  stayed: (kind, node) => `${DAEMON_NAMES[kind]}：${node} 仍然持有虚拟 IP`,
  twoOwners: (kind, nodes) => `${DAEMON_NAMES[kind]}：虚拟 IP 同时位于 ${nodes}`,
  failed: (kind, name) => `${DAEMON_NAMES[kind]}：“${ZH.faultShort[name]}”之后没有其他节点接管`,
  healing: {
    stop: "重新启动",
    "kill-supervisor": "重新启动",
    "kill-all": "重新启动",
    hang: "恢复运行（SIGCONT）",
    link: "重新插上网线",
    host: "机器重新开机",
    script: "业务恢复",
    partition: "两节点恢复互通",
  },
  columns: {
    fault: "主节点故障",
    daemon: "软件",
    outage: "中断时间",
    lost: "丢失探测",
    dual: "同时在两台上",
    before: "之前的主节点",
    after: "之后",
  },
  nobody: "无",
  atLeast: (text) => `超过 ${text}`,
  legend: "中断时间：以 1 ms 间隔探测，无应答时间的总和；丢失探测：始终没有应答。",
  dualLegend:
    "同时在两台上：两个可达节点的网卡上都有该地址。交接时旧主节点会保留地址并继续应答，直到收到新主节点的通告；\n彼此不通的节点会各自保留地址。",
  paused: (milliseconds) =>
    `本机过于繁忙，无法每毫秒探测一次（最长停顿 ${milliseconds}），数值包含本机自身的延迟`,
  pausedLegend: (milliseconds, faults) =>
    `* 本机过于繁忙，无法每毫秒探测一次（最长停顿 ${milliseconds}），数值包含本机自身的延迟；请在空闲的机器上重测：${faults}`,
  allMoved: (seconds) => `每次故障后虚拟 IP 都切换到了另一个节点。总用时 ${seconds} 秒。`,
  notAllMoved: (names) => `以下故障后虚拟 IP 的行为不符合预期：${names}`,
  noKeepalived: (how) => `--vs keepalived 需要先安装 keepalived：${how}`,
  leaving: "正在停止进程并删除命名空间",
  interrupted: "已中断",
  written: (file) => `已写入：${file}`,
};

export const demoText = (lang: Language): DemoText => (lang === "zh-CN" ? ZH : EN);
