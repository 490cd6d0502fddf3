/** `gate { … }` 与 `check NAME { … }` 的诊断代码。 */
import type { PatternProblem } from "#units/pattern";
import type { Facts } from "../facts.ts";
import type { CodeFamily, Messages } from "../messages.ts";

export const GATE: Messages<CodeFamily<"VR210" | "VR211">> = {
  VR2100: ({ instance }) => ({
    message: `\`${instance}\` 的优先级是 255，又配置了 \`gate\`：地址所有者会立即占用地址，不询问任何人`,
    label: "地址所有者",
    related: ["`gate` 在这里"],
    help: "把优先级改到 255 以下",
  }),
  VR2101: ({ instance, keyword }) => ({
    message: `\`${instance}\` 中的 \`${keyword}\` 不起作用：配置了 \`gate\` 后，绝不会从仍在工作的主节点手中拿走地址`,
    label: "不起作用",
    related: ["原因在这里"],
    notes: ["仅仅因为一台机器恢复就切换数据库，是没有必要的风险"],
    help: `请删去${keyword === "state MASTER" ? "（改为 `state BACKUP`）" : ""}；需要切回时执行 \`baton switch ${instance}\``,
  }),
  VR2102: ({ instance, group, isTwice }) => ({
    message: isTwice
      ? `\`${instance}\` 有自己的 \`gate\`，它所在的同步组 \`${group}\` 也有一个`
      : `\`${instance}\` 有自己的 \`gate\`，却要与同步组 \`${group}\` 一起切换`,
    label: "只属于一个成员",
    related: [isTwice ? "以同步组的为准" : "同步组"],
    help: "请在同步组中写一个 `gate`：所有成员只询问一次",
  }),
  VR2103: () => ({
    message: "这个 `gate` 不做任何事",
    label: "其中没有要做的事",
    help: "请在其中写 `promote` 和 `demote`，或 `mysql`、`postgresql`、`redis` 块，或 `fence`、`drain`、`reset_connections`；否则请删除",
  }),
  VR2104: () => ({
    message: "这个 `gate` 只提升、从不降级：原来的持有者会保持原样",
    label: "没有 `demote`",
    help: '请写 `demote "程序"`：它让服务拒绝写入，失败时会再次执行，直到成功',
    notes: ["此时只有端口隔离能挡住客户端，而且只对虚拟地址有效"],
  }),
  VR2105: ({ first, second }) => ({
    message: `一个 \`gate\` 只对应一个数据库，这里却有 \`${first}\` 和 \`${second}\``,
    label: "第二个",
    related: ["第一个"],
    help: "请为每个数据库配置单独的地址和实例",
  }),
  VR2106: ({ port, protocol, why }) =>
    why === "vrrp"
      ? {
          message: `112 是 VRRP 的协议号，\`${protocol}\` 端口 112 是另一回事`,
          label: "多半不是本意",
          notes: ["隔离从不丢弃 VRRP 通告"],
          help: "请写客户端所连接的服务端口",
        }
      : {
          message: `端口 ${port} 是 Baton 自己的接口：本节点未提升时，它在虚拟地址上不会应答`,
          label: "Baton 自己的端口",
          help: "请写客户端所连接的服务端口",
        },
  VR2107: ({ seconds }) => ({
    message: `\`drain ${seconds}\` 等待既有连接结束，但其间仍有新连接进入，并会被降级中断：没有 \`fence\` 阻挡新连接`,
    label: "不起作用",
    help: "请写 `fence tcp 端口`，即服务的端口",
  }),
  VR2108: ({ seconds, max }) => ({
    message: `这样停止守护进程最长需要 ${seconds} 秒，而 systemd 在 90 秒后会强制结束它`,
    label: `\`drain\`、降级与 \`handover_wait\` 合计超过 ${max} 秒`,
    notes: ["降级被中断后，本节点会带有标记，端口保持隔离"],
    help: "请缩短时间，或为该 unit 设置 `TimeoutStopSec=`",
  }),
  VR2109: () => ({
    message: "`takeover_probe service` 没有可以连接的端口",
    label: "改用 `arp`",
    help: "请写 `fence tcp 端口`：探测其中的第一个端口",
  }),
  VR2110: ({ database, why }) => ({
    message:
      why === undefined
        ? `\`${database}\` 没有写 \`peer\`：无法与另一节点比较`
        : `\`${database}\` 没有写 \`peer\`：不询问对端，就无法判断 \`${why}\``,
    label: "缺少 `peer`",
    help: "请写 `peer 地址:端口`，即另一节点数据库自己的地址",
  }),
  VR2111: ({ keyword, text, why }) => ({
    message: `\`${keyword} ${text}\` 不是数据库的位置：${PLACE_PROBLEMS[why]}`,
    label: "无法连接",
    help:
      keyword === "socket"
        ? "请写 Unix 套接字的绝对路径，例如 `/run/mysqld/mysqld.sock`"
        : `请写 \`${keyword} 地址:端口\`，例如 \`${keyword} 10.0.0.2:3306\``,
  }),
  VR2112: ({ database }) => ({
    message: `\`max_lag 0\` 会使 \`${database}\` 的备库几乎总是没有资格`,
    label: "从库总会稍有延迟",
    help: "请写 1 或更大的值；提升之前会先重放已收到的内容",
  }),
  VR2113: ({ peer }) => ({
    message: `\`peer ${peer}\` 是虚拟地址：切换之后它就是本节点自己`,
    label: "不是另一节点",
    help: "请写另一节点自己的地址",
  }),
  VR2114: ({ script, database }) => ({
    message: `\`${script}\` 检查的就是 \`gate\` 所管理的 \`${database}\`，失败一次即进入 FAULT，引起非计划的降级`,
    label: "任何一次抖动都会切换数据库",
    help: `请改用 \`check ${script} { ${database}; interval 1; timeout 1; fall 3 }\`（每行一个设置），或在这里写 \`fall 3\``,
  }),
  VR2115: ({ keyword }) => ({
    message: `\`${keyword}\` 不起作用：其后又写了该数据库的另一个位置`,
    label: "不起作用",
    related: ["以这个为准"],
    help: "`socket` 和 `address` 只保留一个",
  }),
  VR2116: ({ peer, isLoopback }) => ({
    message: `\`peer ${peer}\` 就是本节点`,
    label: isLoopback ? "本机，且是本机数据库的端口" : "本节点的源地址",
    help: "请写另一节点的地址",
  }),
  VR2118: ({ database }) => ({
    message: `\`${database}\` 的旧主库永远不会跟随新主库：没有 \`rejoin\` 程序`,
    label: "`gate` 中没有 `rejoin`",
    notes: [
      "备库要以备库方式启动服务器才能得到，必要时先执行 pg_rewind：这是程序的工作",
      "在有人处理之前，数据只有一份，也没有节点可以接管",
    ],
    help: '请在 `gate` 中写 `rejoin "程序"`（examples/postgresql/rejoin.sh 可用），或在此处写 `rejoin manual`',
  }),
  VR2119: ({ database }) => ({
    message: "`rejoin` 程序永远不会运行：`rejoin manual` 把这件事留给人",
    label: "不起作用",
    help: `请删除它，或删除 \`${database}\` 中的 \`rejoin manual\``,
  }),
};

const PLACE_PROBLEMS: Readonly<Record<Facts["VR2111"]["why"], string>> = {
  form: "不是 `地址:端口` 的形式",
  host: "冒号之前既不是名称，也不是地址",
  port: "端口不是 1 到 65535 的数字",
  path: "不是以 `/` 开头",
};

export const CHECKS: Messages<CodeFamily<"VR212">> = {
  VR2120: ({ name }) => ({
    message: `\`check ${name}\` 没有检查任何内容，会被丢弃`,
    label: "没有检查目标",
    help: "请在其中写 `tcp 地址:端口`、`http URL`、`mysql`、`postgresql`、`redis`、`dns 服务器 名称` 或 `ping 地址`",
    notes: ["引用它的实例会在没有这项检查的情况下运行"],
  }),
  VR2121: ({ name, first, second }) => ({
    message: `\`check ${name}\` 只能检查一个目标，这里却有 \`${first}\` 和 \`${second}\``,
    label: "以这个为准",
    related: ["这个不起作用"],
    help: "请另写一个 `check`，并同时跟踪两者",
  }),
  VR2122: ({ keyword, text, why }) => {
    const { form, example } = TARGETS[why];
    const shown = why === "account" ? keyword : `${keyword} ${text}`;
    return {
      message: `\`${shown}\` 无法检查：${form}`,
      label: "不可用",
      help: `例如写 ${example}`,
    };
  },
  VR2123: ({ why, at }) => ({
    message: `\`body\` 不是有效的模式：${PATTERN_PROBLEMS[why]}（第 ${at} 个字符）`,
    label: "不可用：不检查正文",
    notes: [
      "匹配所需的时间与文本长度成正比，因此不支持反向引用和环视",
      "可用：`.` `[a-z]` `[^…]` `\\d \\w \\s` `^` `$` `( )` `|` `* + ?` `{2,5}`，以及开头的 `(?i)`",
    ],
    help: "要表示字符本身，请在前面加 `\\`",
  }),
  VR2124: ({ keyword, option }) => ({
    message: `\`${keyword}\` 中的 \`${option}\` 没有值`,
    label: "后面缺少值",
  }),
  VR2125: ({ name, host }) => ({
    message: `\`${name}\` 每次运行都会解析 \`${host}\`，解析时间计入超时`,
    label: "这是名称",
    notes: ["名称服务不应答时，检查即失败"],
    help: "改用地址，或在 /etc/hosts 中写一行，就不依赖名称服务",
  }),
  VR2126: ({ name }) => ({
    message: `同步组 \`${name}\` 有 \`gate\`，却与组外的一个实例同名`,
    label: "有实例用了同一名称",
    notes: ["提升、`baton promote` 及其记录都以此名称区分"],
    help: "请给同步组换一个名称",
  }),
  VR2127: ({ ports, max }) => ({
    message: `\`fence\` 有 ${ports} 个端口，最多 ${max} 个`,
    label: "过多",
    notes: [`只对前 ${max} 个端口有效`],
    help: "客户端只连接该地址的少数端口：写出这些端口即可",
  }),
};

const TARGETS: Readonly<
  Record<Facts["VR2122"]["why"], { readonly form: string; readonly example: string }>
> = {
  form: { form: "不是 `地址:端口` 的形式", example: "`127.0.0.1:80`" },
  host: { form: "冒号之前既不是名称，也不是地址", example: "`127.0.0.1`" },
  port: { form: "端口不是 1 到 65535 的数字", example: "`127.0.0.1:80`" },
  url: {
    form: "不是以 `http://` 或 `https://` 开头并带主机名的 URL",
    example: "`http http://127.0.0.1/health`",
  },
  account: {
    form: "URL 中含有用户名或密码，而这个文件会被复制和展示",
    example: "`http http://127.0.0.1/health`",
  },
  status: { form: "不是状态码，也不是 100 到 599 之间的范围", example: "`status 200-299`" },
  server: {
    form: "`dns` 的服务器必须是地址，否则还要先解析它的名称",
    example: "`dns 127.0.0.1 www.example.com A`",
  },
  name: { form: "不是名称", example: "`dns 127.0.0.1 www.example.com A`" },
  tls: {
    form: "`tls` 需要 `https://` 的 URL",
    example: "`http https://127.0.0.1/health tls name www.example.com`",
  },
};

const PATTERN_PROBLEMS: Readonly<Record<PatternProblem, string>> = {
  bracket: "`[` 没有闭合",
  parenthesis: "括号不成对",
  repeat: "没有可重复的内容，或重复超过 100 次",
  escape: "`\\` 后面没有字符",
  range: "`[ ]` 中的范围不是从小到大",
  unsupported: "不支持这种写法",
  "too-large": "模式过大",
};
