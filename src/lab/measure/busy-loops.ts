/** A busy loop on each processor, which it does not leave. */
import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";

export class BusyLoops {
  readonly #loops: readonly ChildProcess[];

  constructor() {
    const status = readFileSync("/proc/self/status", "utf8");
    this.#loops = processorsIn(status).map((processor) =>
      spawn("taskset", ["-c", String(processor), process.execPath, "-e", "for (;;);"], {
        stdio: "ignore",
      }),
    );
  }

  get count(): number {
    return this.#loops.length;
  }

  [Symbol.dispose](): void {
    for (const loop of this.#loops) loop.kill("SIGKILL");
  }
}

/** @param status /proc/PID/status: the processors that the process may use */
export function processorsIn(status: string): readonly number[] {
  const list = /^Cpus_allowed_list:\s*(\S+)$/m.exec(status)?.[1] ?? "0";
  return list.split(",").flatMap((range) => {
    const [first = 0, last = first] = range.split("-").map(Number);
    return Array.from({ length: last - first + 1 }, (_, place) => first + place);
  });
}
