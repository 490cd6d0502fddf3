/** What the newest entry of CHANGELOG.md says, for the changelogs of packages. */
import { readFileSync } from "node:fs";
import { join } from "node:path";

/** One paragraph an element, without line breaks. */
export function newestChanges(root: string): readonly string[] {
  const [, section = ""] = readFileSync(join(root, "CHANGELOG.md"), "utf8").split(/^## /m);
  const [, ...lines] = section.split("\n");
  return lines
    .join("\n")
    .split(/\n(?=- |\n)/)
    .map((paragraph) =>
      paragraph
        .replace(/^\s*- /, "")
        .replaceAll(/\s+/g, " ")
        .trim(),
    )
    .filter((paragraph) => paragraph !== "" && !paragraph.startsWith("#"));
}
