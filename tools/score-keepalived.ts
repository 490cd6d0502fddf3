/**
 * Asks the installed keepalived (`keepalived -t`) about every file of the corpus and writes
 * docs/check-compared.md: what it says of the broken files beside what `baton check` says, and
 * whether it accepts the valid ones.
 *
 *     sudo node tools/score-keepalived.ts
 *
 * Needs root (or user namespaces): keepalived is run in a network namespace with the interfaces
 * that the files name.
 */
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CORPUS_NETWORK } from "../tests/support/corpus-network.ts";

const root = join(import.meta.dirname, "..");
const corpus = join(root, "tests/corpus");
const KEEPALIVED = process.env["KEEPALIVED"] ?? "/usr/sbin/keepalived";

interface Answer {
  readonly status: number;
  /** Lines it names, without doubles: it reads a file up to four times. */
  readonly lines: readonly number[];
  readonly messages: readonly string[];
}

const SETUP = [...CORPUS_NETWORK, 'exec "$0" -t -i main -f "$1"'].join("\n");

function ask(path: string): Answer {
  const result = spawnSync("unshare", ["-n", "-m", "sh", "-c", SETUP, KEEPALIVED, path], {
    encoding: "utf8",
    timeout: 30_000,
  });
  const text = `${result.stdout}${result.stderr}`.trim();
  const messages = [...new Set(text.split("\n").map((line) => line.replace(`${path}: `, "")))];
  const lines = [...new Set([...text.matchAll(/Line (\d+)\)/g)].map((match) => Number(match[1])))];
  return { status: result.status ?? -1, lines, messages: messages.filter((line) => line !== "") };
}

const filesIn = (folder: string): readonly string[] =>
  readdirSync(join(corpus, folder))
    .filter((name) => name.endsWith(".conf"))
    .toSorted();

const expected = new Map(
  readFileSync(join(corpus, "broken/expected.txt"), "utf8")
    .trimEnd()
    .split("\n")
    .map((line): [string, string] => [
      line.split(": ")[0] ?? "",
      line.split(": ").slice(1).join(": "),
    ]),
);

type Verdict = "names the line" | "complains, not of the line" | "says nothing";

/** 6 is keepalived's word about script security, which is no complaint about the mistake. */
function assess(answer: Answer, places: readonly number[]): Verdict {
  if (answer.lines.some((line) => places.includes(line))) return "names the line";
  return answer.status === 0 || answer.status === 6 ? "says nothing" : "complains, not of the line";
}

const escape = (text: string): string => text.replaceAll("|", "\\|").replaceAll("<", "&lt;");

function main(): void {
  const version = spawnSync(KEEPALIVED, ["-v"], { encoding: "utf8" });
  const name = /Keepalived (v[0-9.]+)/.exec(`${version.stdout}${version.stderr}`)?.[1] ?? "?";
  const verdicts = new Map<Verdict, number>();
  const rows = filesIn("broken").map((file) => {
    const answer = ask(join(corpus, "broken", file));
    const findings = expected.get(file) ?? "";
    const places = [...findings.matchAll(/@(\d+)/g)].map((match) => Number(match[1]));
    const verdict = assess(answer, places);
    verdicts.set(verdict, (verdicts.get(verdict) ?? 0) + 1);
    const said = answer.messages.length === 0 ? "" : escape(answer.messages[0] ?? "");
    return `| ${file.replace(/\.conf$/, "")} | ${findings} | ${answer.status} | ${verdict} | ${answer.messages.length} | ${said} |`;
  });
  const refused = filesIn("valid").filter((file) => {
    const { status } = ask(join(corpus, "valid", file));
    return status !== 0 && status !== 6;
  });
  const total = rows.length;
  const count = (verdict: Verdict): number => verdicts.get(verdict) ?? 0;
  const text = `# \`baton check\` beside \`keepalived -t\`

Made by \`tools/score-keepalived.ts\` with keepalived ${name}. Each of the ${total} broken files in \`tests/corpus/broken\` holds one mistake;
Baton names every one of them at its line (the corpus test requires it).

| keepalived ${name} | files |
|---|---|
| names the line of the mistake | ${count("names the line")} of ${total} |
| complains, but not of the line | ${count("complains, not of the line")} of ${total} |
| says nothing | ${count("says nothing")} of ${total} |

It accepts ${filesIn("valid").length - refused.length} of the ${filesIn("valid").length} files in \`tests/corpus/valid\`${refused.length === 0 ? "" : ` (not: ${refused.join(", ")})`}, as Baton does.

Columns: the file, Baton's findings (\`!\`: it would not run), keepalived's exit status, its verdict, how many different messages it prints
for the one mistake, and the first of them.

| file | Baton | status | keepalived | messages | first message |
|---|---|---|---|---|---|
${rows.join("\n")}
`;
  writeFileSync(
    join(root, "docs/check-compared.md"),
    text.replaceAll(`${corpus}/`, "").replaceAll(`${root}/`, ""),
  );
  process.stdout.write(`${text.split("\n").slice(7, 16).join("\n")}\n`);
}

main();
