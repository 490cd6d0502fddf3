/** Dump files are named by absolute paths. */
import { DUMP_FILES } from "../plan/dumps.ts";
import type { Rule } from "./rule.ts";

export const checkDumpFiles: Rule = ({ model, report }) => {
  for (const { keyword, args } of model.globals.settings) {
    const [path] = args;
    const isDumpFile = DUMP_FILES.some((word) => word === keyword.word);
    if (!isDumpFile || path === undefined || path.text.startsWith("/")) continue;
    report("VR2073", path.span, { keyword: keyword.word, text: path.text });
  }
};
