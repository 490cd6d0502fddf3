/** The state directory: what a daemon keeps through restarts of the machine. */
import { existsSync } from "node:fs";
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

/**
 * Where to read what a daemon kept. One that was started with `--runtime-dir` keeps it in there,
 * also if that is the usual one; without options on the line the reader cannot know.
 *
 * @param usual the two folders, for tests
 */
export function stateDirToRead(
  {
    stateDir,
    runtimeDir,
  }: { readonly stateDir?: string | undefined; readonly runtimeDir?: string | undefined },
  file: string,
  usual: { readonly state: string; readonly runtime: string },
): string {
  if (stateDir !== undefined || runtimeDir !== undefined) return stateDirOf(stateDir, runtimeDir);
  const inRuntime = join(usual.runtime, "state");
  const isThereOnly = !existsSync(join(usual.state, file)) && existsSync(join(inRuntime, file));
  return isThereOnly ? inRuntime : usual.state;
}
