/** One gate in the supervisor, with programs and a database that answer when the test says so. */
import type { TestContext } from "node:test";
import { GateUnit, type UnitRequest } from "#daemon/gate-unit";
import type { Heard } from "#daemon/gate-unit-mark";
import { OutputTail } from "#daemon/output-tail";
import type { CommandEnd } from "#daemon/run-command";
import type {
  Database,
  Answer as DatabaseAnswer,
  OpenDatabase,
  Standing,
} from "#databases/port/database";
import type { NewEvent } from "#events/record";
import type { GatePlan } from "#keepalived/plan/run-plan";
import { fromMillis } from "#units/time";
import { keepLog } from "./daemon-bench.ts";

export interface FakeProgram {
  readonly argv: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly signals: string[];
  exit(code: number): void;
}

export const gatePlan = (more: Partial<GatePlan> = {}): GatePlan => ({
  unit: "VI_1",
  promote: script("promote"),
  demote: script("demote"),
  promoteTimeout: fromMillis(10_000),
  demoteTimeout: fromMillis(5_000),
  fence: [{ protocol: "tcp", port: 3306 }],
  onRefusal: "backup",
  hold: fromMillis(30_000),
  probe: "arp",
  resetConnections: true,
  drain: fromMillis(0),
  ...more,
});

const script = (name: string): NonNullable<GatePlan["promote"]> => ({
  command: { argv: [`/etc/baton/${name}`], user: undefined, timeout: undefined },
  timeout: fromMillis(10_000),
});

export const MYSQL: NonNullable<GatePlan["database"]> = {
  kind: "mysql",
  at: { socket: "/run/mysqld.sock" },
  peers: [{ host: "192.0.2.2", port: 3306 }],
  maxLag: fromMillis(1_000),
  sync: "required",
  rejoin: "auto",
  interval: fromMillis(1_000),
  timeout: fromMillis(1_000),
  promoteTimeout: fromMillis(10_000),
  demoteTimeout: fromMillis(5_000),
};

export const replica = (more: Partial<Standing> = {}): Standing => ({
  role: "replica",
  isWritable: false,
  follows: true,
  eligible: true,
  why: [],
  ...more,
});

export class GateBench {
  readonly said: string[] = [];
  readonly programs: FakeProgram[] = [];
  readonly events: NewEvent[] = [];
  readonly lines: string[];
  readonly database: FakeDatabase = new FakeDatabase();
  heard: Heard | undefined;
  readonly unit: GateUnit;
  #run = 0;

  /** Timers are the test's from here on (`context.mock.timers`). */
  constructor(context: TestContext, plan: Partial<GatePlan> = {}, stateDir?: string) {
    context.mock.timers.enable({ apis: ["setTimeout"] });
    const { log, lines } = keepLog();
    this.lines = lines;
    this.unit = new GateUnit(gatePlan(plan), {
      subject: { kind: "INSTANCE", name: "VI_1" },
      launcher: {
        start: (command, environment, onEnd) => this.#start(command, environment, onEnd),
      },
      openDatabase: (_unit, _plan, onStanding) => this.database.open(onStanding),
      log,
      language: "en",
      events: { record: (event) => void this.events.push(event) },
      stateDir,
      heard: async () => await Promise.resolve(this.heard),
      answer: (run, outcome) => void this.said.push(`${run} ${outcome}`),
      eligible: (isEligible) => void this.said.push(isEligible ? "eligible" : "not eligible"),
      successorServes: () => void this.said.push("successor serves"),
      changed: () => undefined,
    });
    this.said.push(`engine: ${String(this.unit.forEngine())}`);
  }

  #start(
    { argv }: { readonly argv: readonly string[] },
    environment: Readonly<Record<string, string>>,
    onEnd: (end: CommandEnd) => void,
  ): { signal: (signal: string) => void; output: OutputTail } {
    const signals: string[] = [];
    const exit = (code: number): void => onEnd({ kind: "exit", code });
    this.programs.push({ argv, environment, signals, exit });
    return { signal: (signal) => void signals.push(signal), output: new OutputTail() };
  }

  /** The number of the request. */
  ask(kind: "promote" | "demote", reason: string, more: Partial<UnitRequest> = {}): number {
    this.#run += 1;
    const timeoutMs = kind === "promote" ? 10_000 : 5_000;
    const about = { kind, reason, isPlanned: false, peer: "192.0.2.2", timeoutMs, priority: 100 };
    this.unit.request({ ...about, number: this.#run, ...more });
    return this.#run;
  }

  /** What was begun is asked for; disks need real time. */
  async settle(): Promise<void> {
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
  }

  /** The program that was started last. */
  get last(): FakeProgram {
    const last = this.programs.at(-1);
    if (last === undefined) throw new Error("no program was started");
    return last;
  }

  /** Ends the program that was started last. */
  async exit(code: number): Promise<void> {
    this.last.exit(code);
    await this.settle();
  }

  /** Promoted, as after an election. */
  async promote(): Promise<void> {
    this.ask("promote", "master-down");
    await this.settle();
    await this.exit(0);
  }

  take(): readonly string[] {
    return this.said.splice(0);
  }
}

export class FakeDatabase implements Database {
  readonly asked: string[] = [];
  stands: (standing: Standing) => void = () => undefined;
  standing: Standing = replica();
  answer: () => Promise<DatabaseAnswer> = async () => await Promise.resolve({ ok: true });

  open(onStanding: (standing: Standing) => void): this {
    this.stands = onStanding;
    return this;
  }

  async look(): Promise<Standing> {
    return await Promise.resolve(this.standing);
  }

  async promote(ask: { reason: string; acceptLoss: boolean }): Promise<DatabaseAnswer> {
    this.asked.push(`promote ${ask.reason}${ask.acceptLoss ? " accept-loss" : ""}`);
    return await this.answer();
  }

  async demote(ask: {
    reason: string;
    isPlanned: boolean;
    peer?: string;
  }): Promise<DatabaseAnswer> {
    this.asked.push(
      `demote ${ask.reason}${ask.isPlanned ? " planned" : ""} ${ask.peer ?? ""}`.trim(),
    );
    return await this.answer();
  }

  async compare(): ReturnType<Database["compare"]> {
    return await Promise.resolve({ result: "ours" });
  }

  async close(): Promise<void> {
    this.asked.push("close");
    return await Promise.resolve();
  }
}

/** None is ever eligible. */
export const noDatabase: OpenDatabase = (_unit, { kind }, onStanding) => {
  const text = { en: `this version cannot ask ${kind}`, "zh-CN": `此版本不支持 ${kind}` };
  const standing: Standing = {
    role: "unreachable",
    isWritable: false,
    follows: false,
    eligible: false,
    why: [text],
  };
  queueMicrotask(() => onStanding(standing));
  const refused = async (): Promise<DatabaseAnswer> =>
    await Promise.resolve({ ok: false, code: "no-client", text });
  return {
    look: async () => await Promise.resolve(standing),
    promote: refused,
    demote: refused,
    compare: async () => await Promise.resolve({ result: "unknown" }),
    close: async () => await Promise.resolve(),
  };
};
