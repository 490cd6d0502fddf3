/**
 * Completion scripts for three shells, made from the definitions. Each script walks along the line
 * to find which command it is in, skips the values of options, and offers what may come next.
 */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Language } from "#diagnostics/diagnostic";
import { resourceUrl } from "#units/installation";
import type { Command, CommandGroup, Operand, Option, Options } from "./definition.ts";
import { GLOBAL_OPTIONS } from "./language.ts";

export type Shell = "bash" | "zsh" | "fish";
export const SHELLS: readonly Shell[] = ["bash", "zsh", "fish"];

/** What completion offers: nothing, paths, or a few names. */
type Choice = "any" | "files" | "folders" | readonly string[] | Instances;

/** What the running daemon says (`baton status --names`), and these names. */
interface Instances {
  readonly besides: readonly string[];
}

const isList = (choice: Choice): choice is readonly string[] => Array.isArray(choice);

interface OptionEntry {
  readonly name: string;
  readonly short: string | undefined;
  readonly about: string;
  /** Undefined if it takes no value, or one that has to be attached. */
  readonly takes: Choice | undefined;
}

/** A command, as a position on the line. */
interface Place {
  /** The commands typed so far, without the program: `havip create`; empty at the start. */
  readonly path: string;
  readonly options: readonly OptionEntry[];
  readonly commands: readonly { readonly name: string; readonly about: string }[];
  /** Of each place of an operand; the last one also of all that follow. Empty: none. */
  readonly operands: readonly Choice[];
  /**
   * The options with a value, which is skipped here: its own, and those of the commands it
   * groups.
   */
  readonly valued: readonly OptionEntry[];
}

export async function completionScript(
  shell: Shell,
  groups: readonly CommandGroup[],
  rootOptions: Options,
  language: Language,
): Promise<string> {
  const entries = groups.flatMap(({ commands }) => commands);
  const options = optionEntries(rootOptions, language);
  const root: Place = {
    path: "",
    options,
    valued: options.filter(takesValue),
    commands: entries.map(({ name, summary }) => ({ name, about: summary[language] })),
    operands: [],
  };
  const loaded = await Promise.all(entries.map(async ({ load }) => await load()));
  const own = loaded.flatMap((command) => placesOf(command, "", language));
  const about = loaded
    .filter(({ definition }) => definition.operands?.[0]?.completes === "commands")
    .flatMap(({ definition }) => placesAbout(definition.name, [root, ...own]));
  const places = [root, ...own.filter(({ path }) => !about.some((one) => one.path === path))];
  places.push(...about);
  switch (shell) {
    case "bash":
      return bashScript(places);
    case "zsh":
      return zshScript(places);
    case "fish":
      return fishScript(places);
  }
}

function placesOf({ definition }: Command, above: string, language: Language): readonly Place[] {
  const { name, options = {}, common = {}, operands = [], commands = [] } = definition;
  const path = above === "" ? name : `${above} ${name}`;
  const below = commands.map((one) => ({ ...one.definition.options, ...one.definition.common }));
  const own = { ...options, ...common, ...GLOBAL_OPTIONS };
  const all = Object.assign({}, ...below, own) as Options;
  const place: Place = {
    path,
    options: optionEntries(own, language),
    valued: optionEntries(all, language).filter(takesValue),
    commands: commands.map((one) => ({
      name: one.definition.name,
      about: one.definition.summary[language],
    })),
    operands: choicesOf(operands),
  };
  return [place, ...commands.flatMap((one) => placesOf(one, path, language))];
}

/** What operands are completed with; one that takes no more than one ends with nothing. */
function choicesOf(operands: readonly Operand[]): readonly Choice[] {
  const choices = operands.map(({ completes, isInstance }): Choice => {
    const fixed = completes === undefined || completes === "commands" ? "any" : completes;
    if (isInstance !== true) return fixed;
    return { besides: typeof fixed === "string" ? [] : fixed };
  });
  const isEndless = (operands.at(-1)?.most ?? 1) > 1;
  return choices.every((one) => one === "any") ? [] : isEndless ? choices : [...choices, "any"];
}

/** `baton help havip …`: the commands once more, below the one that takes their names. */
function placesAbout(name: string, places: readonly Place[]): readonly Place[] {
  const options = places.find(({ path }) => path === name)?.options ?? [];
  const valued = options.filter(takesValue);
  return places.map(({ path, commands }) => ({
    path: `${name} ${path}`.trim(),
    options,
    valued,
    commands,
    operands: [],
  }));
}

const optionEntries = (options: Options, language: Language): readonly OptionEntry[] =>
  Object.entries(options).flatMap(([name, option]) =>
    option.about === undefined
      ? []
      : [
          {
            name,
            short: option.short,
            about: option.about[language],
            takes: choiceOf(option),
          },
        ],
  );

function choiceOf(option: Option): Choice | undefined {
  if (option.kind === "flag") return undefined;
  if (option.kind === "attached" && option.mayStandApart !== true) return undefined;
  return option.accepts?.list ?? option.completes ?? "any";
}

const flagsOf = ({ name, short }: OptionEntry): readonly string[] =>
  short === undefined ? [`--${name}`] : [`-${short}`, `--${name}`];

const takesValue = ({ takes }: OptionEntry): boolean => takes !== undefined;

/** A pattern such as `'havip:--vpc'`: the position on the line, and the token read there. */
const at = (place: Place, tokens: readonly string[]): readonly string[] =>
  tokens.map((word) => `'${place.path}:${word}'`);

/**
 * The patterns of the walk: an option that is followed by its value, and a command that is
 * entered.
 */
const walk = (
  places: readonly Place[],
): { readonly skips: readonly string[]; readonly enters: readonly string[] } => ({
  skips: places.flatMap((place) => at(place, place.valued.flatMap(flagsOf))),
  enters: places.flatMap((place) =>
    at(
      place,
      place.commands.map(({ name }) => name),
    ),
  ),
});

/** The script of the shell, with its lists in the places marked for them. */
function fill(shell: Shell, lists: Readonly<Record<string, string>>): string {
  const path = fileURLToPath(resourceUrl(`src/command-line/shells/baton.${shell}`));
  return readFileSync(path, "utf8").replaceAll(
    /@([A-Z]+)@/g,
    (_, name: string) => lists[name] ?? "",
  );
}

/** A shell's `case` over the place of the operand: its number is in `n`. */
function operandCase(choices: readonly Choice[], reply: (choice: Choice) => string): string {
  const [first] = choices;
  if (first === undefined) return ":";
  if (choices.length === 1) return reply(first);
  const arms = choices.map((choice, index) => {
    const pattern = index === choices.length - 1 ? "*" : `${index}`;
    return `${pattern}) ${reply(choice)} ;;`;
  });
  return `case $n in ${arms.join(" ")} esac`;
}

function bashScript(places: readonly Place[]): string {
  const { skips, enters } = walk(places);
  const reply = (choice: Choice): string => {
    if (choice === "any") return ":";
    if (choice === "files") return "_baton_paths -f";
    if (choice === "folders") return "_baton_paths -d";
    return isList(choice)
      ? `_baton_list '${choice.join(" ")}'`
      : `_baton_list '${choice.besides.join(" ")}'; _baton_instances`;
  };
  const values = places.flatMap((place) =>
    place.valued.map(
      (option) =>
        `    ${at(place, flagsOf(option)).join("|")}) ${reply(option.takes ?? "any")}; return ;;`,
    ),
  );
  const next = places.map((place) => {
    const options = place.options.flatMap(flagsOf).join(" ");
    const commands = place.commands.map(({ name }) => name);
    const rest = commands.length > 0 ? reply(commands) : operandCase(place.operands, reply);
    return `    '${place.path}') if [[ $cur == -* ]]; then _baton_list '${options}'; else ${rest}; fi ;;`;
  });
  return fill("bash", {
    SKIPS: skips.join("|"),
    ENTERS: enters.join("|"),
    VALUES: values.join("\n"),
    NEXT: next.join("\n"),
  });
}

function zshScript(places: readonly Place[]): string {
  const { skips, enters } = walk(places);
  const quoted = (tokens: string): string => `'${tokens.replaceAll("'", "'\\''")}'`;
  const item = (word: string, about: string): string =>
    quoted(`${word.replaceAll(":", "\\:")}:${about}`);
  const reply = (choice: Choice): string => {
    if (choice === "any") return ":";
    if (choice === "files") return "_files";
    if (choice === "folders") return "_files -/";
    return isList(choice)
      ? `compadd -- ${choice.join(" ")}`
      : `compadd -- ${choice.besides.join(" ")}; _baton_instances`;
  };
  const values = places.flatMap((place) =>
    place.valued.map(
      (option) =>
        `    ${at(place, flagsOf(option)).join("|")}) ${reply(option.takes ?? "any")}; return ;;`,
    ),
  );
  const next = places.map((place) => {
    const options = place.options.flatMap((one) =>
      flagsOf(one).map((name) => item(name, one.about)),
    );
    const commands = place.commands.map(({ name, about }) => item(name, about));
    const rest =
      commands.length > 0
        ? `items=(${commands.join(" ")}); _describe command items`
        : operandCase(place.operands, reply);
    return `    '${place.path}') if [[ $PREFIX == -* ]]; then
        items=(${options.join(" ")}); _describe -o option items
      else ${rest}; fi ;;`;
  });
  return fill("zsh", {
    SKIPS: skips.join("|"),
    ENTERS: enters.join("|"),
    VALUES: values.join("\n"),
    NEXT: next.join("\n"),
  });
}

function fishScript(places: readonly Place[]): string {
  const { skips, enters } = walk(places);
  const quoted = (tokens: string): string =>
    `'${tokens.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
  const namesIn = (choices: readonly string[] | Instances): string =>
    isList(choices) ? choices.join(" ") : `${choices.besides.join(" ")} (__baton_instances)`;
  const choice = (takes: Choice | undefined): string => {
    if (takes === undefined) return "";
    if (takes === "files") return " -r -F";
    if (takes === "folders") return " -x -a '(__fish_complete_directories)'";
    return takes === "any" ? " -x" : ` -x -a ${quoted(namesIn(takes))}`;
  };
  const lines = places.flatMap((place) => {
    const start = `complete -c baton -n ${quoted(`__baton_is '${place.path}'`)}`;
    const rest = place.operands.flatMap((choices, index) => {
      const isLast = index === place.operands.length - 1;
      const where = `__baton_is '${place.path}' ${index}${isLast ? " more" : ""}`;
      const here = `complete -c baton -n ${quoted(where)}`;
      if (choices === "files") return [`${here} -F`];
      return typeof choices === "string" ? [] : [`${here} -a ${quoted(namesIn(choices))}`];
    });
    return [
      ...place.commands.map(({ name, about }) => `${start} -a ${name} -d ${quoted(about)}`),
      ...(place.commands.length > 0 ? [] : rest),
      ...place.options.map(({ name, short, about, takes }) => {
        const letter = short === undefined ? "" : ` -s ${short}`;
        return `${start} -l ${name}${letter}${choice(takes)} -d ${quoted(about)}`;
      }),
    ];
  });
  return fill("fish", {
    SKIPS: skips.join(" "),
    ENTERS: enters.join(" "),
    LINES: lines.join("\n"),
  });
}
