/** Headings of the manual pages, in both languages. */
import { type Text, text } from "#command-line/definition";

export const TITLES = {
  name: text("NAME", "名称"),
  synopsis: text("SYNOPSIS", "概要"),
  description: text("DESCRIPTION", "描述"),
  commands: text("COMMANDS", "命令"),
  arguments: text("ARGUMENTS", "参数"),
  options: text("OPTIONS", "选项"),
  common: text("COMMON OPTIONS", "通用选项"),
  examples: text("EXAMPLES", "示例"),
  files: text("FILES", "文件"),
  signals: text("SIGNALS", "信号"),
  environment: text("ENVIRONMENT", "环境变量"),
  exit: text("EXIT STATUS", "退出码"),
  keepalived: text("OPTIONS OF KEEPALIVED", "keepalived 的选项"),
  syntax: text("SYNTAX", "语法"),
  differences: text("DIFFERENCES FROM KEEPALIVED", "与 keepalived 的差异"),
  also: text("SEE ALSO", "参见"),
} as const satisfies Readonly<Record<string, Text>>;
