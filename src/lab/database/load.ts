/** The lab's end of the load program: starts it in a client's namespace, collects what it saw. */
import type { ChildProcess } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { type Namespace, spawnIn } from "#linux/namespace";
import type { Instant } from "#units/time";
import type { Acknowledged, FailedStatement, Ledger, StaleAnswer } from "./ledger.ts";
import type { LoadLine, LoadOptions, LoadRecords } from "./load-protocol.ts";

const PROGRAM = fileURLToPath(new URL("load-main.ts", import.meta.url));
const QUIET = "--disable-warning=ExperimentalWarning";

export class DatabaseLoad {
  readonly #child: ChildProcess;
  readonly #ready = Promise.withResolvers<void>();
  readonly #waiting: PromiseWithResolvers<void>[] = [];
  readonly #acknowledged: Acknowledged[] = [];
  readonly #failed: FailedStatement[] = [];
  readonly #stale: StaleAnswer[] = [];
  #answers = 0;

  constructor(client: Namespace, options: LoadOptions) {
    this.#child = spawnIn(client, [process.execPath, QUIET, PROGRAM, JSON.stringify(options)], {
      stdio: ["pipe", "pipe", "inherit"],
      diesWithParent: true,
    });
    const { stdout, stdin } = this.#child;
    if (stdout === null || stdin === null) throw new Error("the load has no pipes");
    // It ends with the process, which is noticed below.
    stdin.on("error", () => undefined);
    createInterface({ input: stdout }).on("line", (line) => this.#take(line));
    this.#child.once("close", (code, signal) => {
      const problem = new Error(`the load ended: ${signal ?? `exit code ${code}`}`);
      for (const one of [this.#ready, ...this.#waiting]) one.reject(problem);
    });
    // Whoever closes it early does not ask.
    this.#ready.promise.catch(() => undefined);
  }

  #take(line: string): void {
    const message = JSON.parse(line) as LoadLine;
    if (message.kind === "ready") this.#ready.resolve();
    else {
      this.#record(message);
      this.#waiting.shift()?.resolve();
    }
  }

  #record({ acknowledged, failed, stale, answers }: LoadRecords): void {
    for (const [writer, seq, server, at] of acknowledged) {
      this.#acknowledged.push({ writer, seq, server, at: at as Instant });
    }
    for (const [code, at] of failed) this.#failed.push({ code, at: at as Instant });
    for (const [server, at, behind] of stale) {
      this.#stale.push({ server, at: at as Instant, behind });
    }
    this.#answers += answers;
  }

  /** Resolves when the first write is acknowledged. */
  started(): Promise<void> {
    return this.#ready.promise;
  }

  /** Everything until now. */
  async ledger(): Promise<Ledger> {
    const waiting = Promise.withResolvers<void>();
    this.#waiting.push(waiting);
    this.#child.stdin?.write("\n");
    await waiting.promise;
    return {
      acknowledged: this.#acknowledged,
      failed: this.#failed,
      stale: this.#stale,
      answers: this.#answers,
    };
  }

  close(): void {
    this.#child.kill("SIGKILL");
  }
}
