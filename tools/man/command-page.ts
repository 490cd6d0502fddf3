/** The manual page of a command, from its definition. */
import type {
  Command,
  CommandEntry,
  Definition,
  Operand,
  Option,
  Options,
  Text,
} from "#command-line/definition";
import { text } from "#command-line/definition";
import { usageOf } from "#command-line/help";
import { GLOBAL_OPTIONS } from "#command-line/language";
import type { Language } from "#diagnostics/diagnostic";
import { bold, code, italic, ManPage, type PageHead } from "./roff.ts";
import { RUN_FILES, RUN_SIGNALS } from "./run-page.ts";
import { TITLES } from "./titles.ts";

/** What only root runs is in section 8. */
const FOR_ROOT: ReadonlySet<string> = new Set([
  "run",
  "reload",
  "release",
  "migrate",
  "shadow",
  "lab",
]);

export const sectionOf = (name: string): 1 | 8 => (FOR_ROOT.has(name) ? 8 : 1);

export function commandPage(
  { name, summary }: CommandEntry,
  { definition }: Command,
  head: Omit<PageHead, "name" | "section">,
  language: Language,
): string {
  const title = `baton-${name}`;
  const page = new ManPage({ ...head, name: title, section: sectionOf(name) }, language);
  const { notes, examples = [], details } = definition;
  page.section(TITLES.name[language]).name(title, summary[language]);
  page.section(TITLES.synopsis[language]);
  synopsis(page, definition, `baton ${name}`, language);
  page.section(TITLES.description[language]);
  page.paragraph(definition.summary[language], details?.[language] ?? "");
  const [end, ...others] = split(notes?.[language] ?? "");
  page.paragraph(...others);
  body(page, definition, `baton ${name}`, language);
  if (name === "run") aboutRun(page, definition, language);
  if (examples.length > 0) {
    page.section(TITLES.examples[language]);
    page.list(examples.map(({ line, about }) => [bold(line), about[language]]));
  }
  if (end !== undefined) page.section(TITLES.exit[language]).paragraph(end);
  page.section(TITLES.also[language]).paragraph(SEE_ALSO);
  return page.toString();
}

/** The exit statuses among the notes, which have a heading of their own here; the others. */
function split(notes: string): readonly [string | undefined, ...string[]] {
  const prefix = /^(?:Exit status: |退出码：)/;
  const lines = notes.split("\n");
  const end = lines.find((one) => prefix.test(one))?.replace(prefix, "");
  return [end, ...lines.filter((one) => !prefix.test(one))];
}

const SEE_ALSO = "`baton`(8), `baton.conf`(5)";

function synopsis(page: ManPage, definition: Definition, path: string, language: Language): void {
  page.example(usageOf(definition, path, language));
}

function body(page: ManPage, definition: Definition, path: string, language: Language): void {
  const { operands = [], options = {}, common = {}, list, commands = [] } = definition;
  const shown = operands.filter(({ about }) => about !== undefined);
  if (shown.length > 0) {
    page.section(TITLES.arguments[language]);
    page.list(shown.map((one) => operandItem(one, language)));
  }
  if (list !== undefined) {
    page.section(list.title[language].replace(/[:：]$/, "").toUpperCase());
    page.list(list.items.map(({ term, about }) => [bold(term[language]), about[language]]));
  }
  optionSection(page, TITLES.options, options, language);
  for (const { definition: part } of commands) partOf(page, part, path, language);
  optionSection(page, TITLES.common, { ...common, ...GLOBAL_OPTIONS }, language);
}

/** One of the commands of a group: `baton havip create`. */
function partOf(page: ManPage, definition: Definition, above: string, language: Language): void {
  const { name, summary, details, operands = [], options = {}, list, examples = [] } = definition;
  page.section(`${above} ${name}`.toUpperCase());
  synopsis(page, definition, `${above} ${name}`, language);
  page.paragraph(summary[language], details?.[language] ?? "");
  page.list([
    ...operands.filter(({ about }) => about !== undefined).map((one) => operandItem(one, language)),
    ...(list?.items ?? []).map(
      ({ term, about }) => [bold(term[language]), about[language]] as const,
    ),
    ...optionItems(options, language),
    ...examples.map(({ line, about }) => [bold(line), about[language]] as const),
  ]);
}

const operandItem = ({ name, about }: Operand, language: Language): readonly [string, string] => [
  italic(name[language]),
  about?.[language] ?? "",
];

function optionSection(page: ManPage, title: Text, options: Options, language: Language): void {
  const items = optionItems(options, language);
  if (items.length > 0) page.section(title[language]).list(items);
}

export const optionItems = (
  options: Options,
  language: Language,
): readonly (readonly [string, string])[] =>
  Object.entries(options).flatMap(([name, option]) =>
    option.about === undefined
      ? []
      : [[optionTerm(name, option, language), option.about[language]] as const],
  );

function optionTerm(name: string, option: Option, language: Language): string {
  const names = [...(option.short === undefined ? [] : [`-${option.short}`]), `--${name}`];
  const shown = names.map(bold).join(", ");
  if (option.kind === "flag") return shown;
  const value = italic(option.placeholder[language]);
  if (option.kind !== "attached") return `${shown} ${value}`;
  return option.mayStandApart === true ? `${shown} [${value}]` : `${shown}[=${value}]`;
}

const ACCEPTED = text(
  "These options of keepalived are accepted too, so that a unit file or a script needs another program's name and nothing else. What has no effect here is named once in the log, with the reason; `-s` and `-C` are refused.",
  "以下 keepalived 选项同样可用，因此 unit 文件或脚本只需改动程序名。在此无效的选项会在日志中说明一次及其原因；`-s` 和 `-C` 会被拒绝。",
);

function aboutRun(page: ManPage, { options = {} }: Definition, language: Language): void {
  page.section(TITLES.keepalived[language]).paragraph(ACCEPTED[language]);
  const quiet = Object.entries(options).filter(([, { about }]) => about === undefined);
  const names = quiet.map(([name, option]) => {
    const short = option.short === undefined ? "" : `-${option.short}, `;
    return code(`${short}--${name}`);
  });
  page.list([[names.join(";  "), ""]]);
  page.section(TITLES.signals[language]);
  page.list(RUN_SIGNALS.map(({ term, about }) => [bold(term), about[language]]));
  page.section(TITLES.files[language]);
  page.list(RUN_FILES.map(({ term, about }) => [italic(term), about[language]]));
}
