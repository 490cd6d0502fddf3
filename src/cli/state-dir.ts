/** The state directory: what a daemon keeps through restarts of the machine. */
import { join } from "node:path";
import { text, type ValueOption, value } from "#command-line/definition";

export const STATE_DIR = "/var/lib/baton";

export const STATE_DIR_OPTION: ValueOption<"value"> = value(
  text("DIR", "目录"),
  text(
    `what outlasts a restart, events among it (default ${STATE_DIR}; with --runtime-dir: state in there)`,
    `重启后仍保留的数据（包括事件）所在目录（默认 ${STATE_DIR}；给出 --runtime-dir 时为其中的 state）`,
  ),
  { completes: "folders" },
);

/** A daemon that is not the machine's own (another `--runtime-dir`) keeps what it has apart. */
export function stateDirOf(stateDir: string | undefined, runtimeDir: string | undefined): string {
  if (stateDir !== undefined) return stateDir;
  return runtimeDir === undefined ? STATE_DIR : join(runtimeDir, "state");
}
