/**
 * The answers to `status`: one for all who ask meanwhile, whole or brief, and all of them together
 * take a bounded part of the time.
 */
import type { Language } from "#diagnostics/diagnostic";
import type { BriefStatus, ControlAnswer, Status } from "./control-protocol.ts";
import type { Snapshot } from "./engine-process.ts";
import { SharedWork, Turns } from "./shared-work.ts";
import { briefStatus, type StatusParts, wholeStatus } from "./whole-status.ts";

interface Known {
  readonly parts: StatusParts;
  /** Undefined: the engine did not answer. */
  readonly snapshot: Snapshot | undefined;
}
type Whole = Extract<ControlAnswer, { readonly status: Status }>;
type Brief = Extract<ControlAnswer, { readonly brief: BriefStatus }>;

export class StatusAnswers {
  readonly #whole: SharedWork<Whole>;
  readonly #brief: Readonly<Record<Language, SharedWork<Brief>>>;

  /** @param read asks the engine */
  constructor(read: () => Promise<Known>) {
    const turns = new Turns();
    const brief = (language: Language): SharedWork<Brief> =>
      new SharedWork(async () => {
        const { parts, snapshot } = await read();
        return { ok: true, brief: briefStatus(parts, snapshot, language) };
      }, turns);
    this.#whole = new SharedWork(async () => {
      const { parts, snapshot } = await read();
      return { ok: true, status: wholeStatus(parts, snapshot) };
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
