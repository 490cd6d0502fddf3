/** What `baton migrate` says of its steps and refusals, in both languages. */
import type { Language } from "#diagnostics/diagnostic";
import { detectionSeconds, type InstanceFacts } from "#migrate/facts";
import type { Direction, Journal, Phase, Step } from "#migrate/journal";
import type { Refusal } from "#migrate/refusals";
import type { Command } from "#migrate/steps";
import type { Trouble } from "./migrate-carry-out.ts";

/** A line as a person would type it; a file is shown below it. */
export function printCommand(command: Command, language: Language): string {
  switch (command.kind) {
    case "systemctl":
      return `systemctl ${command.args.join(" ")}`;
    case "write":
      return language === "en" ? `write ${command.path}` : `写入 ${command.path}`;
    case "remove":
      return `rm ${command.path}`;
  }
}

export function stepSentence(
  step: Step,
  direction: Direction,
  { keepalivedUnit, batonUnit }: Journal,
  language: Language,
): string {
  const [en, zh] = direction === "apply" ? APPLY[step] : UNDO[step];
  const sentence = language === "en" ? en : zh;
  return sentence.replaceAll("KEEPALIVED", keepalivedUnit).replaceAll("BATON", batonUnit);
}

type Pair = readonly [en: string, zh: string];

const APPLY: Readonly<Record<Step, Pair>> = {
  "carry-over": [
    "give BATON the options, environment and order of KEEPALIVED",
    "让 BATON 沿用 KEEPALIVED 的选项、环境变量和启动顺序",
  ],
  "enable-baton": ["start Baton at boot", "开机时启动 Baton"],
  "disable-keepalived": ["do not start keepalived at boot", "开机时不再启动 keepalived"],
  "stop-keepalived": [
    "stop keepalived: it gives its addresses up (priority 0), and a backup that listens takes them",
    "停止 keepalived：它以优先级 0 放弃地址，正在监听的备节点随即接管",
  ],
  "start-baton": [
    "start Baton, and see that it answers; it begins as BACKUP",
    "启动 Baton 并确认其应答；它以 BACKUP 状态开始",
  ],
};

const UNDO: Readonly<Record<Step, Pair>> = {
  "carry-over": ["remove what was written for BATON", "删除为 BATON 写入的文件"],
  "enable-baton": ["start Baton at boot only if it was so before", "恢复 Baton 原来的开机启动设置"],
  "disable-keepalived": [
    "start keepalived at boot if it was so before",
    "恢复 keepalived 原来的开机启动设置",
  ],
  "stop-keepalived": ["start keepalived", "启动 keepalived"],
  "start-baton": [
    "stop Baton: it answers until its successor does",
    "停止 Baton：继任者开始应答之前它一直应答",
  ],
};

export const phaseSentence = (phase: Phase, at: string, language: Language): string =>
  PHASES[phase][language === "en" ? 0 : 1].replace("AT", at);

const PHASES: Readonly<Record<Phase, Pair>> = {
  applying: [
    "a migration begun at AT was not finished: `baton migrate --apply` goes on, `baton migrate --undo` goes back",
    "AT 开始的迁移没有完成：`baton migrate --apply` 继续，`baton migrate --undo` 恢复",
  ],
  applied: [
    "this node was migrated (begun at AT); `baton migrate --undo` goes back to keepalived",
    "本节点已迁移（开始于 AT）；`baton migrate --undo` 可恢复为 keepalived",
  ],
  undoing: [
    "the way back of a migration begun at AT was not finished: `baton migrate --undo` goes on",
    "AT 开始的迁移正在恢复，尚未完成：`baton migrate --undo` 继续",
  ],
  undone: ["a migration begun at AT was undone", "AT 开始的迁移已恢复"],
};

/** A step that failed, and what that means for the machine. */
export function troubleSentence(
  { step, direction, why }: Trouble,
  journal: Journal,
  isStuck: boolean,
  language: Language,
): string {
  const en = language === "en";
  const what = stepSentence(step, direction, journal, language);
  const reason = why === "" ? (en ? "it has no effect" : "没有生效") : why.replace(/\.$/, "");
  if (!isStuck) {
    return en
      ? `failed: ${what}: ${reason}; everything was taken back`
      : `失败：${what}：${reason}；已恢复原状`;
  }
  return en
    ? `failed: ${what}: ${reason}; the machine is between two steps: put that right, then \`baton migrate --undo\` or \`--apply\``
    : `失败：${what}：${reason}；目前停在两个步骤之间：请处理后执行 \`baton migrate --undo\` 或 \`--apply\``;
}

export function refusalSentence(refusal: Refusal, language: Language): string {
  return language === "en" ? english(refusal) : chinese(refusal);
}

const names = (instances: readonly InstanceFacts[]): string =>
  instances.map(({ name }) => name).join(", ");
const owned = (instances: readonly InstanceFacts[]): string =>
  [...new Set(instances.flatMap((one) => one.owned))].join(", ");
const seconds = (value: number): string => String(Math.round(value * 100) / 100);
const longest = (instances: readonly InstanceFacts[], of: (one: InstanceFacts) => number): string =>
  seconds(Math.max(...instances.map(of)));
const interval = ({ intervalSeconds }: InstanceFacts): number => intervalSeconds;

function english(refusal: Refusal): string {
  switch (refusal.kind) {
    case "not-root":
      return "only root may do this: try again with sudo";
    case "no-systemd":
      return "systemd does not run this machine. By hand: stop keepalived by its PID file (`kill -TERM $(cat /run/keepalived.pid)`), wait until it and its addresses are gone, then start `baton run` with the same options; never both at once";
    case "no-keepalived":
      return "keepalived.service does not run: there is nothing to take over from. Start it first, or use `systemctl enable --now baton` on a node without it";
    case "outside-unit":
      return `keepalived runs, but not as keepalived.service (PID ${refusal.pids.join(", ")}): whoever started it may start it again beside Baton. Have its unit run it, or replace it by hand`;
    case "version":
      return `keepalived ${refusal.version} runs: its file and protocol differ from 2.x, with which Baton was compared. Upgrade it to 2.x first`;
    case "arguments":
      return `Baton cannot run with keepalived's arguments: ${refusal.why}`;
    case "no-baton-unit":
      return `${refusal.unit} is not installed: install the package, or copy examples/systemd/baton.service to /etc/systemd/system and run \`systemctl daemon-reload\``;
    case "baton-runs":
      return "Baton runs on this machine already, or owns one of the addresses: stop that one first (`baton status`)";
    case "configuration":
      return refusal.status === 5
        ? `${refusal.file} has errors (above): correct them, or add --compat to run what keepalived would run`
        : `${refusal.file} cannot be run (above)`;
    case "no-instances":
      return `${refusal.file} has no vrrp_instance, so there is nothing that Baton would do`;
    case "load-balancing":
      return `${refusal.keywords.join(", ")} is load balancing, which stays keepalived's: move it into a file of its own, have a unit of another name run \`keepalived -C -f\` with that file, and migrate what is left`;
    case "two-owners": {
      const { instance } = refusal;
      const peer = instance.heard.map(({ address }) => address).join(", ");
      return `two machines own ${instance.owned.join(", ")} (${instance.name}): this one, and ${peer} advertises it too. Find out why they do not hear each other (\`baton check --live\`)`;
    }
    case "owner":
      return `this node owns ${owned(refusal.instances)}, and a backup cannot be heard. Migrate the backup first. If a backup is ready (its status says BACKUP), nobody answers for up to ${longest(refusal.instances, interval)} s here; if there is none, for ${longest(refusal.instances, detectionSeconds)} s and the start of Baton. To accept that: --accept owner`;
    case "unheard":
      return `nobody is heard that owns the addresses of ${names(refusal.instances)}: this node would take them after the start, or it does not hear its peer (firewall, interface down). If that is right: --accept unheard`;
    case "stopped-along":
      return `systemd stops ${refusal.units.join(", ")} together with keepalived.service, and does not start it with Baton. Have it name baton.service too, or: --accept stopped-along`;
  }
}

function chinese(refusal: Refusal): string {
  switch (refusal.kind) {
    case "not-root":
      return "只有 root 可以执行：请用 sudo 重试";
    case "no-systemd":
      return "本机不由 systemd 管理。手工步骤：按 PID 文件停止 keepalived（`kill -TERM $(cat /run/keepalived.pid)`），等进程和地址都消失后，再以相同选项启动 `baton run`；两者绝不能同时运行";
    case "no-keepalived":
      return "keepalived.service 没有运行，无从接管。请先启动它；没有 keepalived 的节点请用 `systemctl enable --now baton`";
    case "outside-unit":
      return `keepalived 正在运行，但不属于 keepalived.service（PID ${refusal.pids.join("、")}）：启动它的程序可能会在 Baton 运行时再次启动它。请改由该 unit 运行，或手工替换`;
    case "version":
      return `正在运行的是 keepalived ${refusal.version}：其配置和协议与 2.x 不同，Baton 只与 2.x 作过对比。请先升级到 2.x`;
    case "arguments":
      return `Baton 无法使用 keepalived 的参数：${refusal.why}`;
    case "no-baton-unit":
      return `没有安装 ${refusal.unit}：请安装软件包，或把 examples/systemd/baton.service 复制到 /etc/systemd/system 并执行 \`systemctl daemon-reload\``;
    case "baton-runs":
      return "本机已有 Baton 在运行，或已持有其中的地址：请先停止它（`baton status`）";
    case "configuration":
      return refusal.status === 5
        ? `${refusal.file} 有错误（见上）：请改正，或加 --compat 运行 keepalived 会运行的部分`
        : `${refusal.file} 无法运行（见上）`;
    case "no-instances":
      return `${refusal.file} 中没有 vrrp_instance，Baton 无事可做`;
    case "load-balancing":
      return `${refusal.keywords.join("、")} 属于负载均衡，仍由 keepalived 负责：请把它移到单独的文件，由另一个 unit 以 \`keepalived -C -f\` 运行，再迁移其余部分`;
    case "two-owners": {
      const { instance } = refusal;
      const peer = instance.heard.map(({ address }) => address).join("、");
      return `两台机器同时持有 ${instance.owned.join("、")}（${instance.name}）：除本机外，${peer} 也在通告。请先查明它们为何收不到对方（\`baton check --live\`）`;
    }
    case "owner":
      return `本节点持有 ${owned(refusal.instances)}，而备节点不发送通告，无法确认它是否就绪。请先迁移备节点。若备节点已就绪（其状态为 BACKUP），地址最多 ${longest(refusal.instances, interval)} 秒无人应答；若没有备节点，则为 ${longest(refusal.instances, detectionSeconds)} 秒加上 Baton 的启动时间。确认接受：--accept owner`;
    case "unheard":
      return `没有收到 ${names(refusal.instances)} 的地址持有者的通告：本节点启动后会接管，或者它收不到对端（防火墙、网卡未启用）。如确实如此：--accept unheard`;
    case "stopped-along":
      return `systemd 会随 keepalived.service 一起停止 ${refusal.units.join("、")}，且不会随 Baton 启动。请让它也依赖 baton.service，或：--accept stopped-along`;
  }
}
