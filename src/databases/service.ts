/**
 * All databases and checks of a configuration: looks at each regularly, reports what changed, and
 * carries out what is asked. Of the process that talks to databases (src/daemon/databases-main.ts).
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { Credentials } from "./port/credentials.ts";
import {
  type Answer,
  type CheckOutcome,
  type Database,
  type DatabaseCheck,
  type DatabaseModule,
  type DatabaseSettings,
  type Remark,
  type Standing,
  type SurveyAsk,
  type Text,
  UNSEEN,
} from "./port/database.ts";
import { asProblem } from "./port/problem.ts";
import { text } from "./port/texts.ts";
import type {
  CheckTarget,
  DatabaseAsk,
  DatabasesConfiguration,
  DatabaseUnit,
  FromDatabases,
  ToDatabases,
} from "./protocol.ts";
import { Watch } from "./watch.ts";

/** A standing that changed in its figures alone is reported so often. */
const FIGURES_MS = 10_000;
/** After a promotion or demotion it is looked at more often for a while. */
const FAST_MS = 100;
const FAST_FOR_MS = 5_000;

/** What a credentials file holds, or why it cannot be used. */
export type Opened =
  | { readonly kind: "credentials"; readonly credentials: Credentials }
  | { readonly kind: "refused"; readonly why: Text };

export interface ServiceOptions {
  readonly load: (kind: DatabaseUnit["database"]["kind"]) => Promise<DatabaseModule>;
  /** Read before: the process may no longer be allowed to. */
  readonly credentials: (file: string | undefined) => Opened;
  readonly emit: (message: FromDatabases) => void;
}

export class DatabaseService {
  readonly #options: ServiceOptions;
  readonly #units = new Map<string, WatchedUnit>();
  readonly #checks: (WatchedCheck | Text)[] = [];
  #targets: readonly CheckTarget[] = [];

  private constructor(options: ServiceOptions) {
    this.#options = options;
  }

  static async start(
    { units, checks }: DatabasesConfiguration,
    options: ServiceOptions,
  ): Promise<DatabaseService> {
    const service = new DatabaseService(options);
    service.#targets = checks;
    for (const { unit, database: settings } of units) {
      const opened = await service.#open(settings.kind, settings.credentialsFile);
      const database = "why" in opened ? opened.why : opened.module.open(settings, opened.secrets);
      const watched = new WatchedUnit(unit, database, settings, options.emit);
      service.#units.set(unit, watched);
      watched.start();
    }
    for (const [check, { kind, at, credentialsFile }] of checks.entries()) {
      const opened = await service.#open(kind, credentialsFile);
      if ("why" in opened) {
        service.#checks.push(opened.why);
        continue;
      }
      const { module, secrets } = opened;
      const watch = new Watch(module.openCheck(at, secrets), (ageMs) =>
        options.emit({ type: "doubt", check, ageMs }),
      );
      service.#checks.push({ check: module.openCheck(at, secrets), watch });
    }
    return service;
  }

  async #open(
    kind: CheckTarget["kind"],
    file: string | undefined,
  ): Promise<{ readonly module: DatabaseModule; readonly secrets: Credentials } | { why: Text }> {
    const module = await this.#options.load(kind);
    const opened = this.#options.credentials(file);
    return opened.kind === "refused" ? opened : { module, secrets: opened.credentials };
  }

  /** Resolves when the answer has been emitted; nothing rejects. */
  async take(message: ToDatabases): Promise<void> {
    const { emit } = this.#options;
    switch (message.type) {
      case "configure":
        return;
      case "ask": {
        const unit = this.#units.get(message.unit);
        const { id, ask } = message;
        if (unit === undefined)
          return emit({ type: "answer", id, answer: unknownUnit(message.unit) });
        return emit({ id, ...(await unit.take(ask)) });
      }
      case "check":
        return emit({ type: "checked", id: message.id, outcome: await this.#check(message) });
    }
  }

  async #check({
    check,
    timeoutMs,
  }: Extract<ToDatabases, { type: "check" }>): Promise<CheckOutcome> {
    const found = this.#checks[check];
    if (found === undefined) return { ok: "unknown", why: unknownCheck(check) };
    if ("en" in found) return { ok: false, why: found };
    const target = this.#targets[check];
    const begun = performance.now();
    const outcome = await found.check.run(target?.query, timeoutMs);
    if (outcome.ok === true) found.watch.keep(timeoutMs);
    else found.watch.pause();
    const lost = outcome.ok === true && target !== undefined ? this.#lostRole(target) : undefined;
    if (lost !== undefined) return { ok: false, why: lost };
    return target?.survey === undefined || outcome.ok !== true
      ? outcome
      : await this.#survey(target, target.survey, timeoutMs - (performance.now() - begun));
  }

  /** A server that answers; if its settings cannot be read, that is a remark. */
  async #survey(
    { kind, at, credentialsFile }: CheckTarget,
    ask: SurveyAsk,
    timeoutMs: number,
  ): Promise<CheckOutcome> {
    const opened = await this.#open(kind, credentialsFile);
    if ("why" in opened) return { ok: false, why: opened.why };
    const { module, secrets } = opened;
    try {
      return { ok: true, remarks: (await module.survey?.(at, secrets, ask, timeoutMs)) ?? [] };
    } catch (error) {
      return { ok: true, remarks: [notRead(asProblem(error).message)] };
    }
  }

  /** A primary that answers, and takes no writes any more, is of no use behind the address. */
  #lostRole({ kind, at }: CheckTarget): Text | undefined {
    const where = JSON.stringify([kind, at]);
    return [...this.#units.values()].find((unit) => unit.where === where)?.lostRole();
  }

  async close(): Promise<void> {
    for (const one of this.#checks) {
      if ("en" in one) continue;
      one.check.close();
      one.watch.close();
    }
    await Promise.all([...this.#units.values()].map((unit) => unit.close()));
  }
}

const notRead = (why: string): Remark => ({
  kind: "server",
  why: text(`its settings could not be read: ${why}`, `无法读取其设置：${why}`),
  fix: text("give the account the rights of the example", "按示例授予该账号权限"),
});

interface WatchedCheck {
  readonly check: DatabaseCheck;
  /** Between its runs. */
  readonly watch: Watch;
}

type Result =
  | { readonly type: "answer"; readonly answer: Answer }
  | Omit<Extract<FromDatabases, { type: "compared" }>, "id">
  | Omit<Extract<FromDatabases, { type: "looked" }>, "id">;

class WatchedUnit {
  /** Which server it is, to be compared. */
  readonly where: string;
  readonly #unit: string;
  readonly #database: Database | Text;
  readonly #intervalMs: number;
  readonly #emit: (message: FromDatabases) => void;
  #isClosed = false;
  #fastUntil = 0;
  #wake: AbortController = new AbortController();
  #emitted = "";
  #emittedAt = 0;

  constructor(
    unit: string,
    database: Database | Text,
    { interval, kind, at }: DatabaseSettings,
    emit: (message: FromDatabases) => void,
  ) {
    this.#unit = unit;
    this.#database = database;
    this.#intervalMs = interval / 1_000;
    this.where = JSON.stringify([kind, at]);
    this.#emit = emit;
  }

  start(): void {
    this.#watch().catch((error: unknown) => {
      // Looks never reject: a mistake of ours, which the supervisor logs with its place.
      process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
      process.exit(1);
    });
  }

  async #watch(): Promise<void> {
    while (!this.#isClosed) {
      const begun = performance.now();
      const standing =
        "en" in this.#database ? broken(this.#database) : await this.#database.look();
      this.#report(standing);
      const isFast = performance.now() < this.#fastUntil;
      const wait = isFast ? Math.min(FAST_MS, this.#intervalMs) : this.#intervalMs;
      await this.#pause(Math.max(1, wait - (performance.now() - begun)));
    }
  }

  async #pause(ms: number): Promise<void> {
    this.#wake = new AbortController();
    await sleep(ms, undefined, { signal: this.#wake.signal }).catch(() => undefined);
  }

  #report(standing: Standing): void {
    const now = performance.now();
    const text = withoutFigures(standing);
    if (text === this.#emitted && now - this.#emittedAt < FIGURES_MS) return;
    this.#emitted = text;
    this.#emittedAt = now;
    this.#emit({ type: "standing", unit: this.#unit, standing });
  }

  lostRole(): Text | undefined {
    return "en" in this.#database ? undefined : this.#database.lostRole?.();
  }

  async take(ask: DatabaseAsk): Promise<Result> {
    const database = this.#database;
    if ("en" in database) return refuse(ask, database);
    switch (ask.kind) {
      case "promote":
        return { type: "answer", answer: await this.#task(() => database.promote(ask)) };
      case "demote":
        return { type: "answer", answer: await this.#task(() => database.demote(ask)) };
      case "compare":
        return { type: "compared", comparison: await database.compare() };
      case "look": {
        const standing = await database.look();
        this.#report(standing);
        return { type: "looked", standing };
      }
    }
  }

  async #task(work: () => Promise<Answer>): Promise<Answer> {
    const answer = await work();
    this.#fastUntil = performance.now() + FAST_FOR_MS;
    this.#wake.abort();
    return answer;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#wake.abort();
    if (!("en" in this.#database)) await this.#database.close();
  }
}

function withoutFigures(standing: Standing): string {
  return JSON.stringify(standing, (key, value: unknown) =>
    key === "position" || key === "lagMicros" ? undefined : value,
  );
}

const broken = (why: Text): Standing => ({ ...UNSEEN, why: [why] });

function refuse({ kind }: DatabaseAsk, text: Text): Result {
  if (kind === "compare") return { type: "compared", comparison: { result: "unknown" } };
  if (kind === "look") return { type: "looked", standing: broken(text) };
  return { type: "answer", answer: { ok: false, code: "not-configured", text } };
}

const unknownUnit = (unit: string): Answer => ({
  ok: false,
  code: "not-configured",
  text: { en: `no database is configured for ${unit}`, "zh-CN": `${unit} 未配置数据库` },
});

const unknownCheck = (check: number): Text => ({
  en: `no check ${check} is configured`,
  "zh-CN": `未配置检查 ${check}`,
});
