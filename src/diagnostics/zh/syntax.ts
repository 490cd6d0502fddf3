/** VR1xxx 的中文。 */
import type { ExpectedArgument, Facts } from "../facts.ts";
import {
  type CodeFamily,
  headerOf,
  isTrackedCheck,
  type Message,
  type Messages,
} from "../messages.ts";
import { blockName, list } from "./phrases.ts";

export const SYNTAX: Messages<CodeFamily<"VR1">> = {
  VR1001: unknownKeyword,
  VR1002: commentedHeader,
  VR1003: ({ inside }) => ({
    message: "这个 `{` 前面没有关键字，不属于任何配置段",
    label: "没有段头",
    notes: [
      inside === undefined
        ? "keepalived 会忽略这个括号、其中各行以及对应的 `}`"
        : `keepalived 会忽略这个括号，而对应的 \`}\` 会提前结束 \`${inside}\` 段`,
    ],
    help: "在括号前补上段的关键字，或删掉整段",
  }),
  VR1004: ({ block }) => ({
    message:
      block === undefined
        ? "多了一个 `}`"
        : `这个 \`}\` 关闭了 \`${block}\`，而后面的内容属于这一段`,
    label: block === undefined ? "这里没有未闭合的段" : "多余，或者位置太靠前",
    help: "删掉它，或者找出前面缺少的 `{`",
  }),
  VR1005: ({ block, line, count, isFileOver }) => ({
    message:
      count === 1
        ? `第 ${line} 行的 \`${block}\` 没有闭合，缺少 \`}\``
        : `缺少 ${count} 个 \`}\`，最内层未闭合的是第 ${line} 行的 \`${block}\``,
    label: isFileOver === true ? "没有闭合" : "应当写在该段之外",
    related: [isFileOver === true ? "文件到此结束" : `\`${block}\` 段从这里开始`],
    notes: ["keepalived 仍会启动，只按已读懂的部分运行"],
    help: `在 \`${block}\` 段末尾补上 \`}\``,
  }),
  VR1006: ({ block }) => ({
    message: `\`${block}\` 的内容要写在花括号里，每行一项`,
    label: "后面缺少 `{`",
    related: ["这里缺少 `{`"],
    notes: ["keepalived 会把下一个 `}` 之前的所有行都当成它的内容"],
    help: `写成 \`${block} { … }\``,
  }),
  VR1007: () => ({
    message: "这一行的双引号没有配对",
    label: "从这里开始",
    notes: ["引号不能跨行，引号之后的内容全部丢失"],
    help: '补上结尾的 `"`',
  }),
  VR1008: ({ bytes, limit }) => ({
    message: `这一行有 ${bytes} 字节，keepalived 最多只读 ${limit} 字节`,
    notes: ["keepalived 2.2.7 会把超出部分当成新的一行，更新的版本直接报错", "Baton 会完整读取"],
    help: "把长的值放进变量（`$NAME=…`），或缩短注释",
  }),
  VR1009: ({ count, guess }) => ({
    message:
      guess === "utf-16"
        ? "文件是 UTF-16 编码，配置文件必须用 UTF-8"
        : `这不是文本文件：含有 ${count} 个零字节`,
    help: guess === "utf-16" ? "另存为不带 BOM 的 UTF-8" : "检查路径，可能指到了压缩包或程序",
  }),
  VR1010: ({ word }) => ({
    message: "文件开头有 BOM（字节顺序标记），keepalived 会把它当成第一个单词的一部分",
    label: "看不见的标记",
    notes:
      word === ""
        ? ["keepalived 报一个未知关键字后继续往下读"]
        : [`因此 \`${word}\` 变成未知关键字，它的内容也随之丢失`],
    help: "另存为不带 BOM 的 UTF-8",
  }),
  VR1011: ({ found, ascii }) => ({
    message:
      ascii.trim() === ""
        ? "这里是全角空格或不可见空格，keepalived 只认半角空格"
        : `\`${found}\` 是全角或排版字符，应为半角的 \`${ascii}\``,
    label: ascii.trim() === "" ? "不是普通空格" : `改成 \`${ascii}\``,
    notes: ["从网页复制或用中文输入法录入时容易带进来"],
  }),
  VR1012: ({ count }) => ({
    message: `文件使用 Windows 换行符（共 ${count} 行）`,
    label: "行尾多了回车符",
    notes: ["keepalived 和 Baton 都能读；但脚本若带这种换行符将无法执行"],
  }),
  VR1013: ({ name, braces, suggestion }) => ({
    message: braces ? `变量 \`\${${name}}\` 没有定义` : `变量 \`$${name}\` 没有定义`,
    label: "按原样保留",
    notes: braces ? ["它的花括号会被当成段的花括号"] : [],
    help:
      suggestion === undefined
        ? `在上文定义：\`$${name}=…\`，等号前不能有空格`
        : `是否想写 \`$${suggestion}\`？`,
  }),
  VR1014: ({ name }) => ({
    message: `变量 \`$${name}\` 在这里展开不完：定义引用了自己，或者被代入太多次`,
    label: "永远展开不完",
  }),
  VR1015: ({ problem }) => ({
    message: {
      form: "看不懂这个循环",
      numbers: "这个循环的数值不成立",
      tuples: "列表中各组的长度不一致",
    }[problem],
    help: "写法：`~SEQ(变量, 起, 止) 行` 或 `~LST(变量, a, b, c) 行`",
  }),
  VR1016: ({ pattern, keyword }) => ({
    message: `\`${keyword} ${pattern}\` 没有匹配到任何文件`,
    label: "没有找到",
    notes: ["keepalived 只在日志里提一句，照样启动"],
  }),
  VR1017: ({ pattern, keyword }) => ({
    message: `\`${pattern}\` 没有匹配到文件，而 \`${keyword}\` 要求必须存在`,
    label: "必须存在",
    notes: ["keepalived 不会启动"],
  }),
  VR1018: ({ path, why }) => ({
    message: {
      directory: `\`${path}\` 是目录，不会读取`,
      executable: `\`${path}\` 带有可执行权限，keepalived 不会读取`,
      unreadable: `\`${path}\` 无法读取`,
      "not-regular": `\`${path}\` 不是普通文件，不会读取`,
      "too-large": `\`${path}\` 太大，不可能是配置文件，不会读取`,
      "too-many": `\`${path}\` 匹配的文件太多，其余的不会读取`,
    }[why],
    help: why === "executable" ? `chmod a-x ${path}` : "检查路径和权限",
  }),
  VR1019: ({ path, depth }) => ({
    message: `\`${path}\` 的包含深度达到 ${depth} 层，很可能是文件包含了自己`,
    label: "不再继续读取",
  }),
  VR1020: ({ keyword, expected }) => ({
    message: `\`${keyword}\` 缺少参数（${ARGUMENTS[expected]}）`,
    label: "后面没有内容",
    notes: ["keepalived 读到这一行就以状态码 2 退出，不会启动"],
  }),
  VR1021: ({ keyword, extra, isKeyword }) => ({
    message: `\`${keyword}\` 之后的 \`${extra}\` 会被丢弃`,
    label: "不起作用",
    notes: ["keepalived 对多余的单词不作任何提示"],
    help: isKeyword ? "另起一行" : "删掉多余部分；若是一个整体，请加双引号",
  }),
  VR1022: ({ word }) => ({
    message: `单引号不起引用作用，值就是带引号的 \`${word}\``,
    label: "keepalived 不认单引号",
    help: "改用双引号，或去掉引号",
  }),
  VR1023: ({ keyword, mark, secret, kept }) => ({
    message: secret
      ? `密码到 \`${mark}\` 为止，后面的都成了注释`
      : `单词中间的 \`${mark}\` 也会开始注释：\`${keyword}\` 得到的值是 \`${kept}\``,
    label: `从 \`${mark}\` 起是注释`,
    help: "把整个值放进双引号，别的办法都不管用",
  }),
  VR1024: ({ keyword, mark }) => ({
    message: `反斜杠保护不了 \`${mark}\`，\`${keyword}\` 的值到它之前就结束了`,
    label: "仍然是注释",
    notes: ["keepalived 会读两遍配置，第一遍就去掉了反斜杠；`${_HASH}`、`${_BANG}` 同样无效"],
    help: "把整个值放进双引号",
  }),
  VR1025: ({ keyword, mark }) => ({
    message: `\`${keyword}\` 与值之间用空格分隔，不用 \`${mark}\``,
    label: `去掉 \`${mark}\``,
  }),
  VR1026: ({ word, mark }) => ({
    message: `\`${word}\` 后面多了 \`${mark}\`，换行就表示结束`,
    label: "删掉",
  }),
  VR1040: ({ keyword, expected }) => ({
    message: `\`${keyword}\` 缺少参数（${ARGUMENTS[expected]}）`,
    label: "后面没有内容",
    notes: ["keepalived 会忽略这一行，在没有这项设置的情况下启动"],
  }),
  VR1041: ({ keyword, expected }) => ({
    message: `\`${keyword}\` 缺少参数（${ARGUMENTS[expected]}），而这里本来也用不到它`,
    label: "后面没有内容",
    notes: ["keepalived 同样会忽略这一行"],
    help: "删掉这一行",
  }),
  VR1042: ({ word, suggestion }) => ({
    message: `不认识 \`${word}\`，大概是 \`${suggestion}\`，而后者在这里也不起作用`,
    label: "会被忽略",
    notes: ["keepalived 同样会忽略拼错的这一行"],
    help: `改成 \`${suggestion}\`，或者删掉这一行`,
  }),
  VR1043: ({ text, kind }) => ({
    message:
      kind === "shell"
        ? `\`${text}\` 是 shell 的写法，keepalived 不认识，会原样保留`
        : `\`${text}\` 看起来是还没有渲染的模板`,
    label: "不是有效的值",
    help:
      kind === "shell"
        ? "先渲染再读取（`envsubst` 也不支持默认值），或者在前面定义 `$NAME=值`，这里写 `${NAME}`"
        : "请使用模板渲染之后的文件，而不是模板本身",
  }),
  VR1045: ({ pattern, keyword, names }) => ({
    message: `没有文件匹配 \`${keyword} ${pattern}\`，而 ${list(names)} 在别处也没有定义`,
    label: "什么也没找到",
    notes: ["keepalived 只在日志里提一句，然后在缺少这些内容的情况下运行"],
  }),
  VR1044: ({ names }) => ({
    message: `实例名（${list(names)}）要写在同步组里的 \`group { … }\` 中`,
    label: "这里不认识",
    notes: ["keepalived 会忽略这些名字，并删除没有成员的同步组"],
    help: "在前面加一行 `group {`，在后面加一行 `}`",
  }),
  VR1027: ({ block, kept, lost, dropped }) => ({
    message: dropped
      ? `\`${block}\` 每行只能写一项，\`${kept}\` 和 \`${lost}\` 都会丢失`
      : `\`${block}\` 每行只能写一项，\`${lost}\` 会丢失`,
    label: dropped ? "keepalived 会丢弃整行" : `只读到 \`${kept}\``,
    help: "每项单独占一行",
  }),
  VR1028: () => ({ message: "文件是空的：能启动，但什么也不做" }),
  VR1029: ({ bytes }) => ({
    message: `文件有 ${(bytes / 1_000_000).toFixed(1)} MB，确认没有选错文件？`,
    notes: ["一千个实例的配置大约只有它的十分之一"],
  }),
  VR1030: ({ block, count }) => ({
    message:
      count === 0
        ? `\`${block}\` 没有名字，整段会被跳过`
        : `\`${block}\` 只能有一个名字，整段会被跳过`,
    label: count === 0 ? "缺少名字" : "多于一个单词",
    help: count === 0 ? `写成 \`${block} 名字 {\`` : "把名字连写，或加双引号",
  }),
  VR1031: ({ block, name, line }) => ({
    message: `\`${block} ${name}\` 在第 ${line} 行已经有了，这第二段会被跳过`,
    label: "不读取",
    related: ["以这一段为准"],
    help: "给其中一个换个名字",
  }),
  VR1032: () => ({
    message: "文件不是 UTF-8 编码，有些字符无法识别",
    label: "无法识别的字符",
    help: "先转码，例如：iconv -f GB18030 -t UTF-8",
  }),
  VR1033: ({ code, count }) => ({
    message: `另外还有 ${count} 处 ${code}`,
    help: "先改好前面的，再检查一遍",
  }),
  VR1034: ({ limit, unit }) => ({
    message: `循环和变量展开后超过 ${limit} ${unit === "lines" ? "行" : "个字符"}，不再继续读取`,
  }),
  VR1035: ({ word }) => ({
    message: `行尾的反斜杠只在 \`$NAME=\` 定义里表示续行，这里得到的单词是 \`${word}\``,
    label: "反斜杠成了单词的一部分",
    help: "写在同一行",
  }),
  VR1036: ({ depth }) => ({ message: `花括号嵌套超过 ${depth} 层，而 keepalived 只有三层` }),
  VR1039: ({ name }) => ({
    message: `这里的 \`$${name}\` 不会被替换：后面必须是空格、逗号、\`)\` 或行尾`,
    label: "按原样保留",
    help: `写成 \`\${${name}}\``,
  }),
  VR1038: ({ name }) => ({
    message: `变量定义的等号前不能有空格，\`$${name}\` 仍是未定义`,
    label: "keepalived 当成未知关键字",
    help: `写成 \`$${name}=…\``,
  }),
  VR1037: ({ id }) => ({
    message:
      id === undefined
        ? "带 `@` 条件的行按“没有 config-id 的机器”判断"
        : `带 \`@\` 条件的行按 config-id \`${id}\` 判断`,
    label: "取决于机器",
    help: "用 `-i 名字` 可以按另一台机器来检查",
  }),
};

function unknownKeyword(facts: Facts["VR1001"]): Message {
  const { word, block, suggestion, homes, isBlock, cut } = facts;
  const notes: string[] = [];
  if (cut !== undefined && cut.to > cut.from) {
    notes.push(
      `keepalived 读到这一段的 \`}\` 就提前结束了 \`${cut.name}\`，第 ${cut.from} 到 ${cut.to} 行全部丢失`,
    );
  } else if (isBlock) notes.push("整段内容会被跳过");
  const elsewhere = homes.filter((home) => home !== (block ?? ""));
  const help =
    suggestion !== undefined && elsewhere.length === 0
      ? `是否想写 \`${suggestion}\`？`
      : elsewhere.length > 0
        ? `它属于 ${list(elsewhere.map(blockName))}`
        : undefined;
  return {
    message: `${blockName(block)}里有未知的${isBlock ? "配置段" : "关键字"} \`${word}\``,
    label: suggestion === undefined ? "这里不认识它" : `可能是 \`${suggestion}\``,
    notes,
    ...(help === undefined ? {} : { help }),
  };
}

function commentedHeader(facts: Facts["VR1002"]): Message {
  const { name, headerLine, usedBy, inside } = facts;
  const full = headerOf(facts);
  const isTracked = isTrackedCheck(facts);
  const message = isTracked
    ? `健康检查 \`${name}\` 不会运行：第 ${headerLine} 行的段头被注释掉了`
    : `这一段不起作用：第 ${headerLine} 行的段头 \`${full}\` 被注释掉了`;
  const notes = [
    inside === undefined
      ? "keepalived 会忽略段内各行，报几个未知关键字，然后照常启动"
      : `keepalived 会忽略段头，而这一段的 \`}\` 会提前结束 \`${inside}\` 段`,
  ];
  if (isTracked) {
    notes.push(
      `${list(usedBy.map((user) => `\`${user}\``))} 会成为 MASTER，并且不管业务是否正常都一直占着 VIP`,
    );
  }
  return {
    message,
    label: "没有段头的配置段",
    related: ["这一行是注释", `\`${name}\` 在这里被引用`],
    notes,
    help: `去掉 \`${full}\` 前面的注释符`,
  };
}

const ARGUMENTS: Readonly<Record<ExpectedArgument, string>> = {
  number: "数字",
  seconds: "秒数",
  word: "一个单词",
  address: "地址",
  interface: "网卡名",
  command: "双引号里的命令",
};
