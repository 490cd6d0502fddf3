/** The page of a command: commander's help, in either language, for the columns of a terminal. */
import { Help } from "commander";
import type { Language } from "#diagnostics/diagnostic";
import { textWidth } from "#diagnostics/render/width";
import {
  type Command,
  type CommandGroup,
  type Definition,
  type Example,
  type Operand,
  type Option,
  type Options,
  type Term,
  type Text,
  text,
} from "./definition.ts";
import type { HelpStyle } from "./io.ts";
import { GLOBAL_OPTIONS } from "./language.ts";
import { wrap } from "./wrap.ts";

const COLUMNS = 80;
/** Longer lines are hard to read. */
const COLUMNS_MAX = 100;
/** A longer term gets a line of its own, so that the texts keep their width. */
const TERM_MAX = 30;
const EXAMPLE_MAX = 44;
const INDENT = 2;

const TITLES = {
  usage: text("usage: ", "用法："),
  arguments: text("arguments:", "参数："),
  options: text("options:", "选项："),
  common: text("common options:", "通用选项："),
  commands: text("commands:", "命令："),
  examples: text("examples:", "示例："),
} as const;

interface Item {
  readonly term: string;
  readonly about: string;
}

/** Commander's `Help`, with the widths of Chinese characters and room for long terms. */
class Page extends Help {
  readonly #color: boolean;

  constructor({ columns, color }: HelpStyle) {
    super();
    this.helpWidth = Math.min(columns ?? COLUMNS, COLUMNS_MAX);
    this.#color = color;
  }

  override displayWidth(line: string): number {
    return textWidth(line);
  }

  override boxWrap(lines: string, width: number): string {
    return lines
      .split("\n")
      .map((line) => wrap(line, width))
      .join("\n");
  }

  override styleTitle(title: string): string {
    return this.#color ? `\u001b[1m${title}\u001b[0m` : title;
  }

  /** Empty if there are no items. */
  list(title: string, items: readonly Item[], least = 0, most = TERM_MAX): readonly string[] {
    if (items.length === 0) return [];
    const widths = items.map(({ term }) => textWidth(term)).filter((one) => one <= most);
    const width = Math.max(...widths, least);
    const lines = items.flatMap(({ term, about }) =>
      textWidth(term) <= width
        ? [this.formatItem(term, width, about, this)]
        : [`${" ".repeat(INDENT)}${term}`, this.formatItem("", width, about, this)],
    );
    return [this.styleTitle(title), ...lines, ""];
  }

  paragraphs(block: string): readonly string[] {
    return block === "" ? [] : [this.boxWrap(block, this.helpWidth ?? COLUMNS), ""];
  }
}

/** @param path the command as typed: `baton havip create` */
export function printHelp(definition: Definition, path: string, style: HelpStyle): string {
  const { commands = [] } = definition;
  const [only] = commands;
  // A group with one command is shown as that command.
  if (only !== undefined && commands.length === 1) {
    return printHelp(only.definition, `${path} ${only.definition.name}`, style);
  }
  const { language } = style;
  if (definition.overview !== undefined) {
    return printOverview(definition.overview, definition.options, definition.notes, style);
  }
  const { summary, details, operands = [], options = {}, common = {} } = definition;
  const { list, examples = [], notes } = definition;
  const page = new Page(style);
  const general = { ...common, ...GLOBAL_OPTIONS };
  const lines = [
    `${page.styleTitle(TITLES.usage[language])}${usageOf(definition, path, language)}`,
    "",
    ...page.paragraphs(summary[language]),
    ...page.paragraphs(details?.[language] ?? ""),
    ...page.list(TITLES.commands[language], commands.map(commandItem(language))),
    ...page.list(TITLES.arguments[language], operands.flatMap(operandItem(language))),
    ...page.list(list?.title[language] ?? "", (list?.items ?? []).map(termItem(language))),
    ...page.list(TITLES.options[language], optionItems(options, language)),
    ...page.list(TITLES.common[language], optionItems(general, language)),
    ...page.list(TITLES.examples[language], examples.map(exampleItem(language)), 0, EXAMPLE_MAX),
    ...page.paragraphs(notes?.[language] ?? ""),
  ];
  return lines.join("\n");
}

/** The page of the program itself: its commands in groups. */
export function printOverview(
  groups: readonly CommandGroup[],
  options: Options | undefined,
  foot: Text | undefined,
  style: HelpStyle,
): string {
  const { language } = style;
  const page = new Page(style);
  const usage = text(
    "baton [--lang en|zh-CN] COMMAND [ARGUMENT ...]",
    "baton [--lang en|zh-CN] 命令 [参数 ...]",
  );
  const names = groups.flatMap(({ commands }) => commands.map(({ name }) => name.length));
  const width = Math.max(...names);
  const lines = [
    `${page.styleTitle(TITLES.usage[language])}${usage[language]}`,
    "",
    ...groups.flatMap(({ title, commands }) =>
      page.list(
        title[language],
        commands.map(({ name, summary }) => ({ term: name, about: summary[language] })),
        width,
      ),
    ),
    ...page.list(TITLES.options[language], optionItems(options ?? {}, language)),
    ...page.paragraphs(foot?.[language] ?? ""),
  ];
  return lines.join("\n");
}

/** One line: the command, `[options]`, and what it takes. */
export function usageOf(
  { commands = [], operands = [] }: Definition,
  path: string,
  language: Language,
): string {
  const some = language === "en" ? "[options]" : "[选项]";
  if (commands.length > 0) return `${path} ${language === "en" ? "COMMAND" : "命令"} ${some}`;
  return [path, some, ...operands.map((one) => operandTerm(one, language))].join(" ");
}

function operandTerm({ name, isOptional, most }: Operand, language: Language): string {
  const term = most === undefined ? name[language] : `${name[language]} ...`;
  return isOptional === true ? `[${term}]` : term;
}

const commandItem =
  (language: Language) =>
  ({ definition }: Command): Item => {
    const operands = (definition.operands ?? []).map((one) => operandTerm(one, language));
    return {
      term: [definition.name, ...operands].join(" "),
      about: definition.summary[language],
    };
  };

const operandItem =
  (language: Language) =>
  ({ name, about }: Operand): readonly Item[] =>
    about === undefined ? [] : [{ term: name[language], about: about[language] }];

const exampleItem =
  (language: Language) =>
  ({ line, about }: Example): Item => ({ term: line, about: about[language] });

const termItem =
  (language: Language) =>
  ({ term, about }: Term): Item => ({ term: term[language], about: about[language] });

/** Leaves out the options that are not shown in the help. */
const optionItems = (options: Options, language: Language): readonly Item[] =>
  Object.entries(options).flatMap(([name, option]) =>
    option.about === undefined
      ? []
      : [{ term: optionTerm(name, option, language), about: option.about[language] }],
  );

export function optionTerm(name: string, option: Option, language: Language): string {
  const short = option.short === undefined ? "    " : `-${option.short}, `;
  if (option.kind === "flag") return `${short}--${name}`;
  const placeholder = option.placeholder[language];
  if (option.kind !== "attached") return `${short}--${name} ${placeholder}`;
  return option.mayStandApart === true
    ? `${short}--${name} [${placeholder}]`
    : `${short}--${name}[=${placeholder}]`;
}
