/** Which tests somebody means: by file, by folder, by a part of a test's name. */
import { existsSync, readFileSync, statSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { nearest } from "#units/nearest";
import { root, type Stage, testFiles } from "./test-stages.ts";

export type FoundFiles =
  | { readonly kind: "found"; readonly files: readonly string[] }
  | { readonly kind: "unknown"; readonly message: string };

const SUGGESTED = 5;
const END = ".test.ts";

/** Where npm was called, which need not be where it runs us. */
const places = (): readonly string[] => [process.cwd(), process.env["INIT_CWD"] ?? root, root];

function find(name: string): readonly string[] {
  const path = places()
    .map((place) => resolve(place, name))
    .find((candidate) => existsSync(candidate));
  if (path === undefined) return [];
  if (!statSync(path).isDirectory()) return path.endsWith(END) ? [path] : [];
  return testFiles("tests").filter((file) => file.startsWith(join(path, "/")));
}

function suggest(name: string): readonly string[] {
  const all = testFiles("tests").map((file) => relative(root, file));
  const bare = (path: string): string =>
    path.slice(path.lastIndexOf("/") + 1).replace(/\.ts$|\.test\.ts$/, "");
  const same = all.filter((file) => bare(file).includes(bare(name)) || file.includes(name));
  const equal = same.filter((file) => bare(file) === bare(name));
  if (same.length > 0) return (equal.length > 0 ? equal : same).slice(0, SUGGESTED);
  const near = nearest(bare(name), all.map(bare));
  return all.filter((file) => bare(file) === near);
}

/** @param names as typed; none means all, and gives an empty list */
export function findFiles(names: readonly string[]): FoundFiles {
  const files = names.map(find);
  const wrong = names.filter((_, index) => files[index]?.length === 0);
  if (wrong.length === 0) return { kind: "found", files: [...new Set(files.flat())] };
  const message = wrong.map((name) => {
    const near = suggest(name);
    const hint =
      near.length > 0
        ? `did you mean ${near.join(" or ")}?`
        : "give files that end in .test.ts, or folders of them, of tests/";
    return `${name}: no test file, and no folder with one; ${hint}`;
  });
  return { kind: "unknown", message: message.join("\n") };
}

/**
 * As Node.js takes it: text is found wherever it stands, in either case; `/…/` is an expression.
 * Undefined: it is none.
 */
export function readPattern(text: string): string | undefined {
  const [, source, flags] = /^\/(.+)\/([a-z]*)$/s.exec(text) ?? [];
  if (source !== undefined) return isExpression(source, flags ?? "") ? text : undefined;
  return `/${text.replaceAll(/[/\\^$.*+?()[\]{}|]/g, "\\$&")}/i`;
}

const TITLE = /\b(?:test|it|describe|suite)(?:\.\w+)?\(\s*(?:"((?:[^"\\]|\\.)*)"|(?=[^\s"]))/g;

/**
 * Whether a file may have a test of such a name. Node.js finds the name in the test's own title
 * and in the titles around it with its own; a title that is put together while the file runs
 * may be any.
 */
export function mayHaveName(text: string, pattern: string): boolean {
  const [, source = "", flags = ""] = /^\/(.+)\/([a-z]*)$/s.exec(pattern) ?? ["", pattern];
  const wanted = new RegExp(source, flags.replaceAll(/[gy]/g, ""));
  const titles = [...text.matchAll(TITLE)].map(([, title]) => title?.replaceAll('\\"', '"'));
  return titles.some(
    (title) =>
      title === undefined ||
      wanted.test(title) ||
      titles.some((around) => around !== undefined && wanted.test(`${around} ${title}`)),
  );
}

function isExpression(source: string, flags: string): boolean {
  try {
    return new RegExp(source, flags) instanceof RegExp;
  } catch {
    return false;
  }
}

/** Names that resemble what was looked for most. */
export function explainNoMatch(pattern: string, stages: readonly Stage[]): string {
  const files = stages.flatMap((stage) => stage.files);
  const wanted = new Set(pattern.toLowerCase().match(/[a-z0-9]{3,}/g));
  const names = files.flatMap((file) =>
    [...readFileSync(file, "utf8").matchAll(/^\s*(?:test|it|describe)\(\s*["`](.+?)["`],/gm)].map(
      (match) => match[1] ?? "",
    ),
  );
  const shared = (name: string): number =>
    new Set((name.toLowerCase().match(/[a-z0-9]{3,}/g) ?? []).filter((word) => wanted.has(word)))
      .size;
  const near = names
    .filter((name) => shared(name) > 0)
    .toSorted((a, b) => shared(b) - shared(a))
    .slice(0, SUGGESTED);
  const hint =
    near.length > 0
      ? `names that resemble it:${near.map((name) => `\n  ${name}`).join("")}`
      : "a name is the text that test(…) begins with; a FILE is given to `npm test --`";
  return `no test's name matches ${pattern} in ${files.length} files; ${hint}`;
}
