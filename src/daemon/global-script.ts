/** `startup_script` and `shutdown_script`: run once, and waited for, but not for ever. */
import type { CommandPlan } from "#keepalived/plan/run-plan";
import { toMillis } from "#units/time";
import type { Launcher } from "./launcher.ts";
import type { Log } from "./log.ts";
import type { DaemonMessages } from "./messages.ts";

const TIMEOUT_MS = 10_000;

export class GlobalScript {
  readonly #launcher: Launcher;
  readonly #log: Log;
  readonly #messages: DaemonMessages;
  #end: (() => void) | undefined;

  constructor(launcher: Launcher, log: Log, messages: DaemonMessages) {
    this.#launcher = launcher;
    this.#log = log;
    this.#messages = messages;
  }

  /** Asks one that runs to end. */
  end(): void {
    this.#end?.();
  }

  async run(word: string, command: CommandPlan | undefined): Promise<void> {
    if (command === undefined) return;
    const milliseconds = command.timeout === undefined ? TIMEOUT_MS : toMillis(command.timeout);
    await new Promise<void>((resolve) => {
      const running = this.#launcher.start(command, {}, (end) => {
        clearTimeout(timer);
        this.#end = undefined;
        if (end.kind !== "exit" || end.code !== 0) {
          const how = end.kind === "exit" ? `exit ${end.code}` : end.kind;
          const detail = `${how}: ${running.output.lastLine()}`;
          this.#log("warning", this.#messages.globalFailed(word, detail));
        }
        resolve();
      });
      const timer = setTimeout(() => {
        this.#log("warning", this.#messages.timedOut(word, milliseconds / 1_000));
        running.signal("SIGKILL");
        resolve();
      }, milliseconds);
      this.#end = () => running.signal("SIGTERM");
    });
  }
}
