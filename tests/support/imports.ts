/** What a source file imports, read from its text. */

export interface Import {
  readonly specifier: string;
  readonly typeOnly: boolean;
  /** `import("...")`: loaded when it is reached. */
  readonly isDynamic: boolean;
  readonly line: number;
}

const STATEMENT =
  /^[ \t]*(?:import|export)\s+(type\s+)?((?:[\w$*]+\s*,?\s*)?(?:\*\s+as\s+[\w$]+\s*)?(?:\{[^}]*\}\s*)?)(?:from\s*)?["']([^"'\n]+)["']/gm;
const DYNAMIC = /\bimport\(\s*["']([^"'\n]+)["']\s*\)/g;

export function readImports(text: string): Import[] {
  const line = (index: number): number => text.slice(0, index).split("\n").length;
  const found: Import[] = [];
  for (const match of text.matchAll(STATEMENT)) {
    const names = /\{([^}]*)\}/.exec(match[2] ?? "")?.[1];
    const allTypes =
      names !== undefined &&
      names.trim() !== "" &&
      names.split(",").every((name) => name.trim() === "" || name.trim().startsWith("type "));
    found.push({
      specifier: match[3] ?? "",
      typeOnly: match[1] !== undefined || allTypes,
      isDynamic: false,
      line: line(match.index),
    });
  }
  for (const match of text.matchAll(DYNAMIC)) {
    found.push({
      specifier: match[1] ?? "",
      typeOnly: false,
      isDynamic: true,
      line: line(match.index),
    });
  }
  return found;
}
