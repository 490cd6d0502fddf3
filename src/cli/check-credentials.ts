/**
 * `--live`: the files with the accounts of databases, of gates and checks. One that is not there,
 * that others can read, or that is not root's is not used when the daemon runs.
 */
import { type AnyFinding, finding } from "#diagnostics/diagnostic";
import type { Span } from "#diagnostics/source";
import type { Block } from "#keepalived/blocks/block";
import { CHECK_KINDS } from "#keepalived/keywords/checks";
import { DATABASES } from "#keepalived/keywords/gate";
import type { Model } from "#keepalived/model/model";
import type { Machine } from "./check-machine.ts";

/** One finding for each file. */
export function assessCredentials({ root }: Model, machine: Machine): readonly AnyFinding[] {
  const seen = new Set<string>();
  return filesIn(root).flatMap(({ path, place }) => {
    if (!path.startsWith("/") || seen.has(path)) return [];
    seen.add(path);
    const why = problemOf(path, machine);
    return why === undefined ? [] : [finding("VR5121", place, { path, why })];
  });
}

function problemOf(path: string, machine: Machine): "missing" | "mode" | "owner" | undefined {
  const facts = machine.file(path);
  if (facts?.kind !== "file") return "missing";
  if (facts.ownerId !== 0) return "owner";
  return (facts.mode & OTHERS) === 0 ? undefined : "mode";
}

/** Of group and others: reading, writing, and running. */
const OTHERS = 0o077;

interface NamedFile {
  readonly path: string;
  readonly place: Span;
}

/** In a gate's database a setting of its own; in a check the word behind the option. */
function filesIn(block: Block): readonly NamedFile[] {
  const isDatabase = DATABASES.some((word) => word === block.word);
  const own = block.settings.flatMap(({ keyword, args }): NamedFile[] => {
    const { word } = keyword;
    const isTarget = block.word === "check" && CHECK_KINDS.some((kind) => kind === word);
    const at = isTarget
      ? args.findIndex(({ text }) => text === "credentials_file") + 1
      : isDatabase && word === "credentials_file"
        ? 0
        : args.length;
    const path = isTarget && at === 0 ? undefined : args[at];
    return path === undefined ? [] : [{ path: path.text, place: path.span }];
  });
  return [...own, ...block.blocks.flatMap(filesIn)];
}
