/**
 * `baton shadow`: what Baton would decide beside a running keepalived, or in a capture. Nothing is
 * sent and nothing is changed.
 */
import { defineCommand } from "#command-line/command";
import { type Command, text, UsageError } from "#command-line/definition";
import type { RunPlan } from "#keepalived/plan/run-plan";
import { readIp } from "#units/address";
import { fromMillis } from "#units/time";
import { DEFAULT_FILE } from "./config-files.ts";
import { readPlan } from "./run-plan.ts";
import { type NodeFile, OPTIONS, type ShadowLine } from "./shadow-options.ts";

export const command: Command = defineCommand({
  name: "shadow",
  summary: text(
    "Listens beside a running keepalived, or reads a capture, and reports where Baton would have decided otherwise, and why.",
    "在运行中的 keepalived 旁监听，或读取抓包文件，报告 Baton 会在何处作出不同决定及其原因。",
  ),
  details: text(
    "Sends no packet, sets no address, takes no lease. keepalived's check scripts are not run: what they have made of the priority is seen in its advertisements. Ends with Ctrl-C or after --for, and prints a summary.",
    "不发送报文，不设置地址，不取得租约。不运行 keepalived 的检查脚本：其结果体现在通告的优先级中。按 Ctrl-C 或到达 --for 时结束，并输出总结。",
  ),
  options: OPTIONS,
  examples: [
    {
      line: "sudo baton shadow --for 7d --json > /var/log/shadow.jsonl",
      about: text("a week beside keepalived", "在 keepalived 旁运行一周"),
    },
    {
      line: "baton shadow --pcap night.pcap -f a.conf -f b.conf",
      about: text("both nodes of a pair, from a capture", "从抓包比较一对节点"),
    },
    {
      line: "baton shadow --pcap night.pcap -f a.conf --node 192.0.2.11",
      about: text("one node, with multicast", "单个节点，组播"),
    },
  ],
  notes: text(
    "Exit status: 0 every difference is an expected one, 1 some are unexplained, 2 wrong usage or a file that cannot be read, 4 to 6 as `baton check`. docs/shadow.md explains every expected difference.",
    "退出码：0 所有差异均为预期，1 有未解释的差异，2 用法错误或文件无法读取，4 至 6 同 `baton check`。docs/shadow.md 解释每个预期差异。",
  ),
  run: shadow,
});

async function shadow(line: ShadowLine): Promise<number> {
  const { options } = line;
  const files = options["use-file"].length === 0 ? [DEFAULT_FILE] : options["use-file"];
  if (options.pcap === undefined && (files.length > 1 || options.node.length > 0))
    throw new UsageError(
      text(
        "without --pcap there is one node, this machine: one -f and no --node",
        "不用 --pcap 时只有本机一个节点：只能有一个 -f，且不能用 --node",
      ),
    );
  if (options.pcap !== undefined && (options.for !== undefined || options["run-scripts"]))
    throw new UsageError(
      text("--for and --run-scripts are for listening", "--for 和 --run-scripts 只用于监听"),
    );
  if (options.node.length > files.length)
    throw new UsageError(text("more --node than -f", "--node 多于 -f"));
  const nodes: NodeFile[] = [];
  for (const [place, file] of files.entries()) {
    const plan = planOf(file, line);
    if (typeof plan === "number") return plan;
    const given = options.node[place];
    nodes.push({ file, plan, address: given === undefined ? undefined : readIp(given) });
  }
  const given = options.tolerance;
  const tolerance = given === undefined ? undefined : fromMillis(Number(given));
  if (options.pcap !== undefined) {
    const { shadowCapture } = await import("./shadow-capture.ts");
    return shadowCapture(options.pcap, nodes, tolerance, line);
  }
  const { shadowLive } = await import("./shadow-live.ts");
  const [node] = nodes;
  return node === undefined ? 2 : await shadowLive(node, tolerance, line);
}

/** What keepalived runs of the file, in spite of errors. A number: the exit status. */
function planOf(file: string, { options, language, io }: ShadowLine): RunPlan | number {
  const configId = options["config-id"];
  const read = readPlan({ file, configId, isCompatible: true, language }, io);
  const errors = read.findings.filter(({ severity }) => severity === "error");
  const { plan } = read;
  if (plan === undefined) {
    for (const { rendered } of errors) io.stderr(`${rendered}\n`);
    return read.status === 0 || read.status === 1 ? 2 : read.status;
  }
  if (errors.length > 0)
    io.stderr(
      language === "en"
        ? `baton shadow: ${file} has ${errors.length} error${errors.length === 1 ? "" : "s"}; compared is what keepalived runs of it (\`baton check -f ${file}\` names them)\n`
        : `baton shadow：${file} 有 ${errors.length} 个错误；比较的是 keepalived 实际运行的部分（详见 \`baton check -f ${file}\`）\n`,
    );
  if (plan.instances.length > 0) return plan;
  io.stderr(
    language === "en"
      ? `baton shadow: ${file} has no vrrp_instance to compare\n`
      : `baton shadow：${file} 中没有可比较的 vrrp_instance\n`,
  );
  return 2;
}
