/** `state_dump_file`, `stats_dump_file`, `json_dump_file`, `json_version`, `data_use_instance`. */
import { type Block, booleanOf, textOf } from "../blocks/block.ts";
import type { Model } from "../model/model.ts";
import type { DumpPlan } from "./run-plan.ts";

export const DUMP_FILES = ["state_dump_file", "stats_dump_file", "json_dump_file"] as const;

/** Undefined: nothing is written about them. */
export function dumpsOf({ globals, root }: Model): DumpPlan | undefined {
  const [stateFile, statsFile, jsonFile] = DUMP_FILES.map((word) => pathOf(globals, word));
  const isVersion2 = textOf(globals, "json_version") === "2";
  const name = textOf(root, "instance");
  // Without a name there is nothing to use; a `/` would lead into another folder.
  const instance =
    booleanOf(globals, "data_use_instance") === true && name !== undefined
      ? name.replaceAll("/", "_")
      : undefined;
  const plan: DumpPlan = {
    ...(stateFile !== undefined && { stateFile }),
    ...(statsFile !== undefined && { statsFile }),
    ...(jsonFile !== undefined && { jsonFile }),
    ...(isVersion2 && { jsonVersion: 2 }),
    ...(instance !== undefined && { instance }),
  };
  return Object.keys(plan).length === 0 ? undefined : plan;
}

/** Any other path is reported (rules/dump-files.ts), and the default counts. */
function pathOf(globals: Block, word: (typeof DUMP_FILES)[number]): string | undefined {
  const path = textOf(globals, word);
  return path?.startsWith("/") === true ? path : undefined;
}
