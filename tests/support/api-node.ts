/** A node that is no node, for the app: what it answers is put in, what it was asked is kept. */

import { type AppEnv, makeApp } from "#api/app";
import { Attempts } from "#api/attempts";
import { type Callers, readTokens } from "#api/callers";
import type { Connection } from "#api/connection";
import { Streams, type StreamsOptions } from "#api/streams";
import type { ApiAction, ApiNode, Readiness } from "#daemon/api-port";
import type { ControlAnswer, Status } from "#daemon/control-protocol";
import type { Caller } from "#events/caller";
import { type EventLog, type Found, UNREAD } from "#events/event-log";
import type { EventRecord } from "#events/record";
import { isSelected, type Selection } from "#events/selection";

export const OPS = "0123456789abcdef0123456789abcdef";
export const PROM = "fedcba9876543210fedcba9876543210";
export const TOKENS = `ops ${OPS}\nprom ${PROM} read\n`;

export const STATUS: Status = {
  version: "1.2.3",
  node: "v24.0.0",
  at: "2026-11-30T17:26:25.123Z",
  pid: 4711,
  enginePid: 4712,
  configFile: "/etc/keepalived/keepalived.conf",
  configId: undefined,
  startedAt: "2026-11-30T17:00:00.000Z",
  reloadedAt: undefined,
  engineAnswers: true,
  instances: [],
  groups: [],
  scripts: [],
  engineRestarts: 0,
  logLinesLost: 0,
};

export const event = (id: number, kind: "daemon" | "stall" = "daemon"): EventRecord =>
  ({
    id,
    at: `2026-11-30T17:26:${String(id % 60).padStart(2, "0")}.000000Z`,
    node: "a",
    kind,
    severity: "info",
    text: { en: `event ${id}`, "zh-CN": `事件 ${id}` },
    data: kind === "daemon" ? { what: "started" } : { microseconds: 1 },
  }) as EventRecord;

/** Keeps what is put in; what is `kept` is in its file first. */
export class FakeEvents implements EventLog {
  readonly file: EventRecord[] = [];
  readonly asked: Selection[] = [];
  hasFile = true;
  /** The disk refuses. */
  isUnread = false;
  readonly #listeners = new Set<(events: readonly EventRecord[]) => void>();

  get listeners(): number {
    return this.#listeners.size;
  }

  record(): void {}

  async settled(): Promise<boolean> {
    return await Promise.resolve(true);
  }

  onRecorded(): () => void {
    return () => undefined;
  }

  onKept(listener: (events: readonly EventRecord[]) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  keep(...events: readonly EventRecord[]): void {
    if (this.hasFile) this.file.push(...events);
    for (const listener of this.#listeners) listener(events);
  }

  async find(selection: Selection): Promise<Found> {
    this.asked.push(selection);
    await Promise.resolve();
    if (this.isUnread) return UNREAD;
    const all = this.file.filter((one) => isSelected(one, selection));
    const events = all.slice(0, selection.limit ?? 10_000);
    return { events, next: events.length < all.length ? events.at(-1)?.id : undefined };
  }
}

export interface FakeOptions {
  readonly tokens?: string;
  readonly streams?: Partial<StreamsOptions>;
  readonly act?: ControlAnswer;
  readonly metrics?: string;
}

export class FakeNode implements ApiNode {
  readonly name = "node-a.example";
  readonly language = "en";
  readonly events: FakeEvents = new FakeEvents();
  readonly acts: { readonly action: ApiAction; readonly caller: Caller }[] = [];
  readonly failures: string[] = [];
  readonly refusedFrom: string[] = [];
  /** How often a wrong token waited. */
  waits = 0;
  /** How many requests have come as far as the routes. */
  turns = 0;
  now: Status = STATUS;
  ready: Readiness = "ready";
  fails = false;
  readonly streams: Streams;
  readonly act: ApiNode["act"];
  readonly metrics: ApiNode["metrics"];
  readonly #listeners = new Set<(status: Status) => void>();
  readonly #app: ReturnType<typeof makeApp>;

  constructor({ tokens = TOKENS, streams, act, metrics }: FakeOptions = {}) {
    this.act =
      act &&
      (async (action, caller) => {
        this.acts.push({ action, caller });
        return await Promise.resolve(act);
      });
    this.metrics = metrics === undefined ? undefined : async () => await Promise.resolve([metrics]);
    const callers: Callers = readTokens(tokens).callers;
    this.streams = new Streams({ most: 10, ...streams });
    this.#app = makeApp({
      node: this,
      streams: this.streams,
      attempts: new Attempts({
        report: (_count, from) => this.refusedFrom.push(from),
        wait: async () => {
          this.waits += 1;
          await Promise.resolve();
        },
      }),
      callers: () => callers,
      failed: (what, error) => this.failures.push(`${what}: ${String(error)}`),
    });
  }

  async status(): Promise<Status> {
    if (this.fails) throw new Error("no status");
    return await Promise.resolve(this.now);
  }

  follow(listener: (status: Status) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  get followers(): number {
    return this.#listeners.size;
  }

  change(status: Status): void {
    this.now = status;
    for (const listener of this.#listeners) listener(status);
  }

  async readiness(): Promise<Readiness> {
    return await Promise.resolve(this.ready);
  }

  async check(language: string): Promise<object> {
    return await Promise.resolve({ ok: true, language });
  }

  async turn(): Promise<void> {
    this.turns += 1;
    await Promise.resolve();
  }

  /** As if it had come in there. */
  async ask(
    path: string,
    init: RequestInit = {},
    connection: Partial<Connection> = {},
    more: Partial<AppEnv["Bindings"]> = {},
  ): Promise<Response> {
    return await this.askAt(`http://127.0.0.1:9650${path}`, init, connection, more);
  }

  /** @param url with the name in `Host` */
  async askAt(
    url: string,
    init: RequestInit = {},
    connection: Partial<Connection> = {},
    more: Partial<AppEnv["Bindings"]> = {},
  ): Promise<Response> {
    const env: AppEnv["Bindings"] = {
      connection: {
        through: "loopback",
        isTls: false,
        from: "127.0.0.1:4711",
        certified: undefined,
        ...connection,
      },
      ...more,
    };
    return await this.#app.request(url, init, env);
  }
}

export const bearer = (token: string): Record<string, string> => ({
  authorization: `Bearer ${token}`,
});
