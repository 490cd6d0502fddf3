/**
 * Notify scripts of one instance or group: one after the other, never two at once, the newest state last.
 *
 * keepalived forks the scripts of every change and lets them race, so the slow one of an old state may finish last. Here a
 * change that comes while scripts run waits; of several that wait only the newest is run, except that STOP is always the
 * last. Order inside one change is keepalived's: the state's own script, then `notify` with four arguments.
 */
import type { NotifyPlan } from "#config/plan";
import type { NotifyResult } from "#contract/status";
import { toMillis } from "#units/time";
import type { Log } from "./log.ts";
import { type CommandRequest, type CommandResult, runCommand } from "./run-command.ts";

export interface Change {
  readonly state: "MASTER" | "BACKUP" | "FAULT" | "STOP" | "DELETED";
  readonly priority: number;
}

type Run = (request: CommandRequest) => Promise<CommandResult>;

const DEADLINE_MS = 30_000;

export class NotifyQueue {
  readonly #kind: "INSTANCE" | "GROUP";
  readonly #name: string;
  readonly #log: Log;
  readonly #run: Run;
  #plan: NotifyPlan;
  #waiting: Change | undefined;
  #busy: Promise<void> | undefined;
  last: NotifyResult | undefined;

  constructor(kind: "INSTANCE" | "GROUP", name: string, plan: NotifyPlan, log: Log, run: Run = runCommand) {
    this.#kind = kind;
    this.#name = name;
    this.#plan = plan;
    this.#log = log;
    this.#run = run;
  }

  set plan(plan: NotifyPlan) {
    this.#plan = plan;
  }

  get queued(): number {
    return (this.#busy === undefined ? 0 : 1) + (this.#waiting === undefined ? 0 : 1);
  }

  push(change: Change): void {
    const isLast = this.#waiting?.state === "STOP" || this.#waiting?.state === "DELETED";
    if (!isLast) this.#waiting = change;
    this.#busy ??= this.#work();
  }

  /** A script outside the order of states (notify_master_rx_lower_pri): it runs beside the queue. */
  runBeside(argv: readonly string[]): void {
    void this.#one({ argv, user: undefined, timeoutMs: DEADLINE_MS }, "MASTER_RX_LOWER_PRI");
  }

  async idle(): Promise<void> {
    while (this.#busy !== undefined) await this.#busy;
  }

  async #work(): Promise<void> {
    for (let change = this.#waiting; change !== undefined; change = this.#waiting) {
      this.#waiting = undefined;
      for (const request of this.#requests(change)) await this.#one(request, change.state);
    }
    this.#busy = undefined;
  }

  async #one(request: CommandRequest, state: string): Promise<void> {
    const at = new Date().toISOString();
    const result = await this.#run(request);
    const { exit, milliseconds, output } = result;
    this.last = { command: request.argv, state, at, exit, milliseconds, output };
    if (result.ok) return;
    const why = result.timedOut ? `ended after ${request.timeoutMs / 1_000} s` : `exit ${exit}`;
    const tail = output === "" ? "" : `: ${output.split("\n").at(-1) ?? ""}`;
    this.#log("warning", `(${this.#name}) notify script ${request.argv.join(" ")}: ${why}${tail}`);
  }

  #requests(change: Change): readonly CommandRequest[] {
    const { master, backup, fault, stop, deleted, any } = this.#plan;
    const own = { MASTER: master, BACKUP: backup, FAULT: fault, STOP: stop, DELETED: deleted ?? fault }[change.state];
    const priority = this.#kind === "GROUP" ? 0 : change.priority;
    const env = {
      BATON_KIND: this.#kind,
      BATON_NAME: this.#name,
      BATON_STATE: change.state,
      BATON_PRIORITY: String(priority),
    };
    const requests: CommandRequest[] = [];
    for (const [command, added] of [
      [own, []],
      [any, [this.#kind, this.#name, change.state, String(priority)]],
    ] as const) {
      if (command === undefined) continue;
      const timeoutMs = command.timeout === undefined ? DEADLINE_MS : toMillis(command.timeout);
      requests.push({ argv: [...command.argv, ...added], user: command.user, timeoutMs, env });
    }
    return requests;
  }
}
