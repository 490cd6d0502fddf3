/** The licences of what others wrote and a package brings along, in one text. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { readLock } from "./pins.ts";
import { Refusal } from "./run-program.ts";

/** A package of npm that has no licence file of its own has that of the one it belongs to. */
const BELONGS_TO: Readonly<Record<string, string>> = { "@koromix/koffi-linux-x64": "koffi" };

/** Throws a `Refusal` if a package has no licence. */
export function gatherLicenses(root: string, packages: readonly string[]): string {
  const lockOf = readLock(root);
  const parts = packages.map((name) => {
    const { version, license } = lockOf(name);
    const heading = `${name} ${version} (${license ?? "see below"})`;
    return `${heading}\n${"=".repeat(heading.length)}\n\n${licenseText(root, name).trim()}\n`;
  });
  const head =
    "Baton is under the Apache License 2.0. These parts of its packages were written by others;\n" +
    "the licence of each follows.\n";
  return [head, ...parts].join("\n\n");
}

export function licenseText(root: string, name: string): string {
  const folder = join(root, "node_modules", BELONGS_TO[name] ?? name);
  const found = readdirSync(folder).find((one) => /^licen[cs]e(?:\.\w+)?$/i.test(one));
  const text = found === undefined ? inReadme(folder) : readFileSync(join(folder, found), "utf8");
  if (text === undefined) throw new Refusal(`the package ${name} has no file with its licence`);
  return text;
}

/** Some have the whole text in their README instead. */
function inReadme(folder: string): string | undefined {
  const name = readdirSync(folder).find((one) => /^readme(?:\.md)?$/i.test(one));
  const text = name === undefined ? "" : readFileSync(join(folder, name), "utf8");
  const section = /^#+ licen[cs]e\s*\n([^]*)$/im.exec(text)?.[1];
  return section?.includes("Permission is hereby granted") ? section : undefined;
}
