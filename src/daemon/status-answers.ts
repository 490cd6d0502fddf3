/**
 * The answers to `status`: one for all who ask meanwhile, whole or brief, and all of them together
 * take a bounded part of the time.
 */
import type { Language } from "#diagnostics/diagnostic";
import type { BriefSnapshot } from "#vrrp/engine/engine-link";
import type { BriefStatus, ControlAnswer, Status } from "./control-protocol.ts";
import type { Snapshot } from "./engine-process.ts";
import { SharedWork, Turns } from "./shared-work.ts";
import { briefStatus, type StatusParts, wholeStatus } from "./whole-status.ts";

/** Asks the engine; undefined: it did not answer. */
export interface StatusSources {
  readonly parts: () => StatusParts;
  readonly whole: () => Promise<Snapshot | undefined>;
  readonly brief: () => Promise<Snapshot<BriefSnapshot> | undefined>;
}
type Whole = Extract<ControlAnswer, { readonly status: Status }>;
type Brief = Extract<ControlAnswer, { readonly brief: BriefStatus }>;

export class StatusAnswers {
  readonly #whole: SharedWork<Whole>;
  readonly #brief: Readonly<Record<Language, SharedWork<Brief>>>;

  constructor({ parts, ...engine }: StatusSources) {
    const turns = new Turns();
    const brief = (language: Language): SharedWork<Brief> =>
      new SharedWork(async () => {
        const snapshot = await engine.brief();
        return { ok: true, brief: briefStatus(parts(), snapshot, language) };
      }, turns);
    this.#whole = new SharedWork(async () => {
      const snapshot = await engine.whole();
      return { ok: true, status: wholeStatus(parts(), snapshot) };
    }, turns);
    this.#brief = { en: brief("en"), "zh-CN": brief("zh-CN") };
  }

  /** @param brief the language of a brief one */
  async get(brief: Language | undefined): Promise<Whole | Brief> {
    return brief === undefined ? await this.#whole.get() : await this.#brief[brief].get();
  }

  async whole(): Promise<Status> {
    return (await this.#whole.get()).status;
  }
}
