/** `baton drill`: practise a fail-over on a live pair, and write down what it cost. */
import { hostname } from "node:os";
import { defineCommand } from "#command-line/command";
import {
  type Command,
  flag,
  type Line,
  text,
  UsageError,
  value,
  values,
} from "#command-line/definition";
import { printLocalTime } from "#daemon/local-time";
import { instanceOf } from "#drill/preconditions";
import { type DrillReport, isDestructive, PLANS, type Plan, type Text } from "#drill/report";
import { makeReport } from "#drill/summary";
import { visible } from "#units/visible";
import { RUNTIME_DIR_OPTION, runtimeDirOf } from "./control-client.ts";
import { type DrillNode, DrillProblem, localNode, remoteDrillNode } from "./drill-node.ts";
import { type Probe, Prober, periodOf, readProbe } from "./drill-prober.ts";
import { examine, runDrill } from "./drill-run.ts";
import { writeReports } from "./drill-write.ts";
import { DURATION, readSeconds } from "./duration-option.ts";
import { REMOTE_OPTIONS, remoteNodeOf } from "./remote-node.ts";

const TIMES_MAX = 1_000;

const OPTIONS = {
  plan: value(
    text("LIST", "列表"),
    text(
      `what is done, in this order: ${PLANS.join(", ")} (default switch)`,
      `依次执行的方式：${PLANS.join("、")}（默认 switch）`,
    ),
  ),
  probe: value(
    text("PROBE", "探测"),
    text(
      "how the address is asked, each millisecond: HOST:PORT (a connection), icmp, or arp (by broadcast, every 2 ms: counts both owners)",
      "每毫秒如何探测该地址：地址:端口（建立连接）、icmp，或 arp（每 2 毫秒广播一次，可看到两个持有者）",
    ),
    {
      accepts: {
        test: (given) => readProbe(given) !== undefined,
        wanted: text("HOST:PORT, icmp or arp", "地址:端口、icmp 或 arp"),
      },
    },
  ),
  times: value(text("N", "次数"), text("of each plan (default 3)", "每种方式的次数（默认 3）"), {
    accepts: {
      test: (given) => /^\d{1,4}$/.test(given) && Number(given) >= 1 && Number(given) <= TIMES_MAX,
      wanted: text(`a number from 1 to ${TIMES_MAX}`, `1 到 ${TIMES_MAX} 之间的数`),
    },
  }),
  objective: value(
    text("TIME", "时长"),
    text(
      "the longest outage that passes, for example 200ms (default: a planned move loses no probe)",
      "可通过的最长中断，例如 200ms（默认：计划内切换不得丢失探测）",
    ),
    { accepts: DURATION },
  ),
  destructive: flag(
    text(
      "allow plans that break something: an engine is killed or stopped",
      "允许破坏性方式：引擎会被杀死或挂起",
    ),
  ),
  report: value(
    text("DIR", "目录"),
    text(
      "where the reports are written (default baton-drills)",
      "报告写入的目录（默认 baton-drills）",
    ),
    { completes: "folders" },
  ),
  json: flag(text("the report on the standard output", "将报告输出到标准输出")),
  "runtime-dir": RUNTIME_DIR_OPTION,
  ...REMOTE_OPTIONS,
  node: values(
    text("URL", "地址"),
    text(
      "ask this node over its HTTP API instead of the daemon here; once for each node of the pair",
      "通过 HTTP API 操作该节点，而不是本机的守护进程；每个节点写一次",
    ),
  ),
} as const;

type DrillLine = Line<typeof OPTIONS>;

export const command: Command = defineCommand({
  name: "drill",
  summary: text(
    "Practises a fail-over on a live pair: moves an address, measures what clients notice, moves it back, and writes a report.",
    "在运行中的两个节点上演练切换：移动地址、测量客户端的感受、移回，并写出报告。",
  ),
  details: text(
    "Nothing is moved unless the pair is well: both nodes healthy, no maintenance, no other owner, and the cloud agrees. The best place is a third machine of the same network, with --node for each node. On a node of the pair only HOST:PORT can be probed.",
    "只有在主备状态良好时才会移动：两个节点健康、不在维护中、没有其他持有者、云平台状态一致。最好在同网段的第三台机器上运行，用 --node 指定每个节点。在这两个节点上运行时只能探测 地址:端口。",
  ),
  options: OPTIONS,
  operands: [
    {
      name: text("INSTANCE", "实例"),
      about: text("(default: the only one there is)", "（只有一个时可省略）"),
      isOptional: true,
      isInstance: true,
    },
  ],
  examples: [
    {
      line: "baton drill VI_1 --probe 10.0.0.100:3306",
      about: text("on the owner, three planned moves", "在持有者上执行三次计划内切换"),
    },
    {
      line: "baton drill --probe arp --node https://db1:9650 --node https://db2:9650 --token-file FILE",
      about: text("from a third machine", "在第三台机器上执行"),
    },
    {
      line: "baton drill VI_1 --plan switch,kill-engine --destructive --objective 200ms --probe 10.0.0.100:80",
      about: text("the engine is killed, too", "还会杀死引擎"),
    },
  ],
  notes: text(
    "Exit status: 0 every run passed, 1 one did not, or the pair is not well and nothing was moved, 2 wrong usage.",
    "退出码：0 全部通过；1 有未通过的，或状态不佳而未执行任何移动；2 用法错误。",
  ),
  run: async (line) => {
    const probe = probeOf(line);
    const plans = plansOf(line);
    const nodes = nodesOf(line);
    try {
      return await drill(line, { probe, plans, nodes });
    } catch (error) {
      if (!(error instanceof DrillProblem)) throw error;
      fail(line, error.text);
      return 1;
    }
  },
});

interface Wanted {
  readonly probe: Probe;
  readonly plans: readonly Plan[];
  readonly nodes: readonly DrillNode[];
}

function fail({ options, language, io }: DrillLine, why: Text): void {
  if (options.json) io.stdout(`${JSON.stringify({ pass: false, problem: why })}\n`);
  io.stderr(`baton drill: ${visible(why[language])}\n`);
}

function probeOf({ options }: DrillLine): Probe {
  const probe = options.probe === undefined ? undefined : readProbe(options.probe);
  if (probe !== undefined) return probe;
  throw new UsageError(
    text(
      "say how the address is asked: `--probe HOST:PORT`, `--probe icmp` or `--probe arp`",
      "请指定探测方式：`--probe 地址:端口`、`--probe icmp` 或 `--probe arp`",
    ),
  );
}

function plansOf({ options }: DrillLine): readonly Plan[] {
  const names = (options.plan ?? "switch").split(",").map((name) => name.trim());
  const plans = names.map((name) => PLANS.find((plan) => plan === name));
  const unknown = names.find((_, place) => plans[place] === undefined);
  if (unknown !== undefined)
    throw new UsageError(
      text(
        `--plan ${unknown}: there are ${PLANS.join(", ")}`,
        `--plan ${unknown}：可用的有 ${PLANS.join("、")}`,
      ),
    );
  const known = plans.filter((plan) => plan !== undefined);
  const breaks = known.find(isDestructive);
  if (breaks !== undefined && !options.destructive)
    throw new UsageError(
      text(
        `--plan ${breaks} breaks something on purpose: it needs \`--destructive\``,
        `--plan ${breaks} 会故意造成故障：需要 \`--destructive\``,
      ),
    );
  if (breaks !== undefined && options.node.length > 0)
    throw new UsageError(
      text(
        `--plan ${breaks} is done on the owner's own machine, not over --node`,
        `--plan ${breaks} 只能在持有者本机执行，不能通过 --node`,
      ),
    );
  return known;
}

function nodesOf(line: DrillLine): readonly DrillNode[] {
  const { options, language } = line;
  const { "token-file": tokenFile, ca } = options;
  if (options.node.length === 0) {
    remoteNodeOf({ options: { node: undefined, "token-file": tokenFile, ca } });
    return [localNode(runtimeDirOf(line), language)];
  }
  return options.node.flatMap((node) => {
    const remote = remoteNodeOf({ options: { node, "token-file": tokenFile, ca } });
    return remote === undefined ? [] : [remoteDrillNode(remote, language)];
  });
}

async function drill(line: DrillLine, { probe, plans, nodes }: Wanted): Promise<number> {
  const { options, language, io } = line;
  const instance = await instanceOrOnly(line, nodes);
  const owner = await examine(nodes, instance);
  if (probe.kind !== "connect" && nodes.some(({ isLocal }) => isLocal))
    throw new DrillProblem({
      en: `${probe.text} on a node of the pair does not cross the network while the address is here: probe HOST:PORT, or run it on a third machine with --node`,
      "zh-CN": `在这两个节点上，地址位于本机时 ${probe.text} 探测不经过网络：请探测 地址:端口，或在第三台机器上用 --node 运行`,
    });
  const address = instanceOf(owner.status, instance)?.addresses[0]?.address;
  if (address === undefined)
    throw new DrillProblem({
      en: `${instance} has no address to probe`,
      "zh-CN": `${instance} 没有可探测的地址`,
    });
  const plain = address.split("/", 1)[0] ?? address;
  const times = Number(options.times ?? 3);
  const objective = options.objective === undefined ? undefined : readSeconds(options.objective);
  const objectiveMs = objective === undefined ? undefined : objective * 1_000;
  const at = new Date().toISOString();
  using stopping = onInterrupt(() =>
    say(line, {
      en: "interrupted: the run is ended, and the address moved back",
      "zh-CN": "已中断：结束本次演练并移回地址",
    }),
  );
  const prober = new Prober(probe, plain);
  try {
    await prober.ready();
    const { runs, problem } = await runDrill({
      instance,
      plans,
      times,
      objectiveMs,
      probe,
      nodes,
      prober,
      interrupted: stopping.signal,
      say: (said) => say(line, said),
    });
    const head = {
      title: titleOf(instance, language),
      at,
      measuredFrom: hostname(),
      instance,
      address: plain,
      probe: probe.text,
      periodMs: periodOf(probe),
      ...(objectiveMs !== undefined && { objectiveMs }),
    };
    const report = makeReport(head, runs, plans.length * times);
    if (runs.length > 0) publish(report, line);
    if (problem !== undefined) io.stderr(`baton drill: ${visible(problem[language])}\n`);
    return report.pass ? 0 : 1;
  } finally {
    prober.close();
  }
}

const titleOf = (instance: string, language: DrillLine["language"]): string =>
  language === "en" ? `Drill of ${instance}` : `${instance} 切换演练`;

async function instanceOrOnly(line: DrillLine, nodes: readonly DrillNode[]): Promise<string> {
  const [given] = line.operands;
  if (given !== undefined) return given;
  const status = await nodes[0]?.status();
  const names = status?.instances.map(({ name }) => name) ?? [];
  const [only] = names;
  if (only !== undefined && names.length === 1) return only;
  throw new DrillProblem({
    en: `say which instance: ${names.join(", ")}`,
    "zh-CN": `请指定实例：${names.join("、")}`,
  });
}

function say({ language, io }: DrillLine, said: Text): void {
  io.stderr(`${visible(said[language])}\n`);
}

function publish(report: DrillReport, line: DrillLine): void {
  const { options, language, io } = line;
  const localTime = (iso: string): string => printLocalTime(new Date(iso));
  const written = writeReports(options.report ?? "baton-drills", report, localTime);
  if (written.kind === "failed")
    io.stderr(`baton drill: ${visible(`${written.path}: ${written.errno}`)}\n`);
  if (options.json) {
    io.stdout(`${JSON.stringify(report)}\n`);
    return;
  }
  for (const one of report.summary)
    io.stdout(
      `${
        language === "en"
          ? `${one.plan}: ${one.passed} of ${one.of} passed, outage ${Math.round(one.medianMs)} ms in the median, ${Math.round(one.worstMs)} ms at the longest`
          : `${one.plan}：${one.of} 次中 ${one.passed} 次通过，中断中位数 ${Math.round(one.medianMs)} 毫秒，最长 ${Math.round(one.worstMs)} 毫秒`
      }\n`,
    );
  if (written.kind === "written")
    io.stdout(`${language === "en" ? "report: " : "报告："}${visible(written.html[language])}\n`);
}

interface Stopping extends Disposable {
  readonly signal: AbortSignal;
}

/** A second one ends the program as usual. */
function onInterrupt(first: () => void): Stopping {
  const controller = new AbortController();
  const stop = (): void => {
    first();
    release();
    controller.abort();
  };
  const release = (): void => {
    for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.off(name, stop);
  };
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(name, stop);
  return { signal: controller.signal, [Symbol.dispose]: release };
}
