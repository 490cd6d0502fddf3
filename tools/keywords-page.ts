/**
 * docs/keywords.md from the keyword tables: every keyword of keepalived.conf, its argument, default
 * and range, since when keepalived has it, and what Baton does about it.
 *
 *     node tools/bootstrap.mjs keywords-page
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { BlockWord, Keyword, KeywordTable, Takes } from "#keepalived/keywords/keyword";
import { ROOT } from "#keepalived/keywords/root";
import { TABLES } from "#keepalived/keywords/tables";
import { DIFFERENCES } from "./man/differences.ts";

const PAGE = join(import.meta.dirname, "../docs/keywords.md");

const range = (min: number, max: number): string => {
  const top = max >= 2_147_483_647 ? "" : String(max);
  return top === "" ? `from ${min}` : `${min} to ${max}`;
};

function argument({ takes, unit }: Keyword): string {
  const suffix = unit === undefined ? "" : ` ${unit}`;
  return `${describe(takes)}${suffix}`;
}

function describe(takes: Takes): string {
  switch (takes.kind) {
    case "flag":
      return "none";
    case "boolean":
      return "[on or off]";
    case "integer":
      return `${takes.optional === true ? "[number]" : "number"}, ${range(takes.min, takes.max)}`;
    case "decimal":
      return `decimal, ${range(takes.min, takes.max)}`;
    case "weight":
      return `number, ${-takes.limit} to ${takes.limit}, [reverse]`;
    case "choice":
      return takes.of.map((one) => `\`${one}\``).join(" or ");
    case "address":
      return takes.multicast === true ? "multicast address" : "address";
    case "interface":
      return "interface";
    case "text":
    case "secret":
      return "word";
    case "secrets":
      return takes.min === takes.max ? "word" : `${takes.min} to ${takes.max} arguments`;
    case "texts":
      return takes.min === takes.max
        ? `${takes.min} arguments`
        : `${takes.min} to ${takes.max} arguments`;
    case "command":
      return `"command"${takes.user ? " [user [group]]" : ""}${takes.timeout === undefined ? "" : ` [timeout N], default ${takes.timeout}`}`;
    case "program":
      return "program [parameter …]";
    case "user":
      return "user [group]";
    case "list":
      return `{ ${takes.of} on each line }`;
    case "block":
      return takes.named ? "NAME { … }" : "{ … }";
    case "foreign":
      return "{ … }";
  }
}

function acts({ acts: what }: Keyword): string {
  switch (what.kind) {
    case "yes":
      return "yes";
    case "without":
      return what.severity === "error" ? "**no: error**" : "no: warning";
    case "no-need":
      return "nothing to do";
    case "foreign":
      return "another service";
  }
}

function row(keyword: Keyword): string {
  const cells = [
    `\`${keyword.word}\``,
    argument(keyword),
    keyword.default ?? "",
    keyword.since === "baton" ? "Baton only" : keyword.since,
    acts(keyword),
    [
      keyword.purpose,
      ...(keyword.deprecated === undefined ? [] : ["deprecated"]),
      ...(keyword.conflicts === undefined ? [] : [`not with ${keyword.conflicts.join(", ")}`]),
    ].join("; "),
  ];
  return `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
}

const HEAD =
  "| keyword | argument | default | since | Baton acts on it | purpose |\n|---|---|---|---|---|---|";

const tableText = (table: KeywordTable): string =>
  `${HEAD}\n${[...table.values()].map(row).join("\n")}\n`;

const BLOCKS: readonly BlockWord[] = [
  "global_defs",
  "vrrp_instance",
  "authentication",
  "auth_hmac",
  "havip",
  "gate",
  "mysql",
  "postgresql",
  "redis",
  "api",
  "events",
  "tls",
  "alert",
  "vrrp_sync_group",
  "vrrp_script",
  "check",
  "vrrp_track_process",
  "track_file",
  "garp_group",
  "static_track_group",
  "bfd_instance",
];

function notActedOn(): string {
  const all = [ROOT, ...BLOCKS.map((block) => TABLES[block])].flatMap((table) => [
    ...table.values(),
  ]);
  const named = (severity: "error" | "warning"): string =>
    [
      ...new Set(
        all.flatMap(({ word, acts: what }) =>
          what.kind === "without" && what.severity === severity ? [`\`${word}\``] : [],
        ),
      ),
    ].join(", ");
  return `**An error**, because the machine would do without something it was promised: ${named("error")}.

**A warning**, because what moves the address is not affected: ${named("warning")}.

Besides keywords: \`auth_type AH\` (VR4011) is an error; \`autojoin\`, \`use_vmac\` and a finite \`preferred_lft\` of single addresses, and
kernel flags of IPv4 ones, are a warning.
`;
}

const differences = (): string =>
  [
    "| keepalived | Baton |\n|---|---|",
    ...DIFFERENCES.map(({ keepalived, baton }) => `| ${keepalived.en} | ${baton.en} |`),
  ].join("\n");

export function keywordsPage(): string {
  const count = [ROOT, ...Object.values(TABLES)].reduce((sum, table) => sum + table.size, 0);
  const sections = BLOCKS.map((block) => {
    const title = block === "static_track_group" ? "track_group" : block;
    return `## ${title}\n\n${tableText(TABLES[block])}`;
  });
  return `# Keywords

Made from the tables in \`src/keepalived/keywords/\` by \`tools/keywords-page.ts\`; ${count} rows. "Since" is the first keepalived release with a
parser that knows the keyword. Times are in seconds unless another unit is given.

Baton reads every keyword of keepalived and checks its argument. "Nothing to do" means that nothing is lost: the keyword concerns
keepalived's own processes, files or buffers, or only counts together with one that is reported anyway.

## What Baton does not act on

${notActedOn()}
## Where Baton differs on purpose

${differences()}

## The root of a file

${tableText(ROOT)}
${sections.join("\n")}`;
}

if (process.argv[1] === import.meta.filename) writeFileSync(PAGE, keywordsPage());
