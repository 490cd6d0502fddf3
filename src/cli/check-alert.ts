/** `--live`: who may read the file with the addresses of chat robots. */
import { statSync } from "node:fs";
import { type AnyFinding, finding } from "#diagnostics/diagnostic";
import { blocksOf } from "#keepalived/blocks/block";
import { DESTINATIONS } from "#keepalived/keywords/alert";
import type { Model } from "#keepalived/model/model";

/** One finding for each file: what is wrong with it is its mode. */
export function assessAlertFiles({ root }: Model): readonly AnyFinding[] {
  const seen = new Set<string>();
  return blocksOf(root, "alert").flatMap((block) =>
    block.settings.flatMap(({ keyword, token }) => {
      const path = token.span.file;
      const isSecret = DESTINATIONS.some((word) => word === keyword.word);
      if (!isSecret || seen.has(path)) return [];
      seen.add(path);
      const mode = modeOf(path) ?? 0;
      const facts = { path, mode: mode.toString(8), keyword: keyword.word };
      return (mode & OTHERS_READ) === 0 ? [] : [finding("VR5120", token.span, facts)];
    }),
  );
}

/** A group may be meant to. */
const OTHERS_READ = 0o004;

/** A file that cannot be looked at is reported where it is read. */
function modeOf(path: string): number | undefined {
  try {
    return statSync(path).mode & 0o777;
  } catch {
    return undefined;
  }
}
