/**
 * What a test file may leave changed in its process without noticing: looked at before and after.
 */
import { setTimeout as sleep } from "node:timers/promises";

export interface ProcessState {
  /** What can be put back, as text by name. */
  readonly values: ReadonlyMap<string, string>;
  readonly handles: ReadonlyMap<string, number>;
}

const POLL_MILLISECONDS = 10;
/** Writes and calls under way, our own reports among them: they end on their own. */
const REQUEST = /WriteWrap$|ShutdownWrap$|Req(?:uest|Callback|Wrap|Promise)/;

/** Timers, servers, sockets and children that keep the process alive, by kind. */
export function openHandles(): ReadonlyMap<string, number> {
  const found = new Map<string, number>();
  for (const kind of process.getActiveResourcesInfo()) {
    if (!REQUEST.test(kind)) found.set(kind, (found.get(kind) ?? 0) + 1);
  }
  return found;
}

export function lookAround(): ProcessState {
  const found = new Map<string, string>([
    ["current folder", process.cwd()],
    ["file mode mask", process.umask().toString(8)],
    ["exit code", String(process.exitCode)],
  ]);
  for (const [name, value] of Object.entries(process.env)) {
    found.set(`environment variable ${name}`, value ?? "");
  }
  for (const name of process.eventNames()) {
    found.set(`listeners of ${String(name)}`, String(process.listenerCount(name)));
  }
  for (const name of Object.getOwnPropertyNames(globalThis)) found.set(`global ${name}`, "there");
  return { values: found, handles: openHandles() };
}

function compare(before: ProcessState, after: ProcessState): string[] {
  const names = new Set([...before.values.keys(), ...after.values.keys()]);
  const changed = [...names].flatMap((name) => {
    const [was, is] = [before.values.get(name) ?? "none", after.values.get(name) ?? "none"];
    return was === is ? [] : [`${name}: ${was} before, ${is} now`];
  });
  const opened = [...after.handles].flatMap(([kind, count]) => {
    const more = count - (before.handles.get(kind) ?? 0);
    return more > 0 ? [`still open: ${kind} (${more})`] : [];
  });
  return [...changed, ...opened];
}

/** Waits for handles that are being closed. */
export async function findLeftovers(
  before: ProcessState,
  waitMilliseconds: number,
): Promise<readonly string[]> {
  const until = performance.now() + waitMilliseconds;
  for (;;) {
    const found = compare(before, lookAround());
    if (found.length === 0 || performance.now() >= until) return found;
    await sleep(POLL_MILLISECONDS);
  }
}
