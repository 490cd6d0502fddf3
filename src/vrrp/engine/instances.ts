/** The routers of this engine, found by what an input names (lookup.ts) and by deadline. */
import { after, earliest, type Instant } from "#units/time";
import { deadline } from "../router/router.ts";
import { HEAD_START_MAX } from "../router/timing.ts";
import { DueQueue } from "./due-queue.ts";
import type { Instance } from "./instance.ts";
import { Lookup } from "./lookup.ts";

const NONE: readonly Instance[] = [];

export class Instances {
  #all: readonly Instance[] = [];
  #lookup: Lookup | undefined;
  readonly #due = new DueQueue<Instance>();

  /** In the order of the configuration; last those that a reload removed and that hand over. */
  get all(): readonly Instance[] {
    return this.#all;
  }

  replace(all: readonly Instance[]): void {
    this.#all = all;
    this.#lookup = undefined;
  }

  remove(instance: Instance): void {
    this.replace(this.#all.filter((one) => one !== instance));
    this.#due.remove(instance);
  }

  get lookup(): Lookup {
    this.#lookup ??= new Lookup(this.#all);
    return this.#lookup;
  }

  /** The interface, VRID or addresses of an instance are others than before. */
  lookupChanged(): void {
    this.#lookup = undefined;
  }

  /** When the first one is due; undefined: none at any time. */
  nextDue(): Instant | undefined {
    return this.#due.first();
  }

  /**
   * Takes out `most` of those that are due, earliest first, and with them those that may be a
   * moment later (`readyAt` of the router). Each is to be rescheduled.
   */
  takeDue(now: Instant, most: number): readonly Instance[] {
    if (!this.isDue(now)) return NONE;
    return this.#due.take(after(now, HEAD_START_MAX), most);
  }

  isDue(now: Instant): boolean {
    const first = this.#due.first();
    return first !== undefined && first <= now;
  }

  /** It wakes, or is taken before its time, and has nothing to do: rescheduled. */
  wakesAgain(instance: Instance, now: Instant): boolean {
    const due = instance.wakeAgain(now);
    if (due === undefined) return false;
    this.dueAgain(instance, due);
    return true;
  }

  /** Its deadline is `at` now; its retry is what it was. */
  dueAgain(instance: Instance, at: Instant): void {
    const { retryAt } = instance;
    this.#due.set(instance, retryAt === undefined || at < retryAt ? at : retryAt);
  }

  /** After anything that may have moved its deadline or its retry. */
  reschedule(instance: Instance): void {
    this.#due.set(instance, earliest(deadline(instance.state), instance.retryAt));
  }
}
