/**
 * The routers of this engine, found by what an input names (lookup.ts) and by deadline.
 *
 * Those that answer for an address have a queue of their own: what they do in time keeps a second
 * owner away, while a take-over that is a moment late only makes the outage so much longer. In one
 * queue a thousand take-overs that are due together would all be ahead of the next advertisement of
 * the first of them.
 */
import { after, earliest, type Instant } from "#units/time";
import { deadline } from "../router/router.ts";
import type { RouterState } from "../router/state.ts";
import { HEAD_START_MAX } from "../router/timing.ts";
import { DueQueue } from "./due-queue.ts";
import type { Instance } from "./instance.ts";
import { Lookup } from "./lookup.ts";

const NONE: readonly Instance[] = [];
/** Of a turn at least this part is for those that own nothing, however many owners are due. */
const OTHERS = 1 / 4;

/**
 * It answers for its addresses, and a peer counts on when it advertises or gives them up; or it
 * keeps others from being elected while it is promoted.
 */
const isOwner = ({ phase: { kind } }: RouterState): boolean =>
  kind === "master" ||
  kind === "switching" ||
  kind === "handover" ||
  kind === "promoting" ||
  kind === "demoting";

export class Instances {
  #all: readonly Instance[] = [];
  #lookup: Lookup | undefined;
  readonly #owners = new DueQueue<Instance>();
  readonly #others = new DueQueue<Instance>();

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
    this.#queueOf(instance).remove(instance);
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
    return earliest(this.#owners.first(), this.#others.first());
  }

  /**
   * Takes out `most` of those that are due, owners first, then earliest first, and with them those
   * that may be a moment later (`readyAt` of the router). Each is to be rescheduled. Where owners
   * are `most` or nearly as many, a few of the others come in addition.
   */
  takeDue(now: Instant, most: number): readonly Instance[] {
    if (!isReached(this.nextDue(), now)) return NONE;
    const end = after(now, HEAD_START_MAX);
    const taken = this.#owners.take(end, most);
    const left = Math.max(most - taken.length, Math.ceil(most * OTHERS));
    if (isReached(this.#others.first(), end)) taken.push(...this.#others.take(end, left));
    return taken;
  }

  /** More owners are due by now than were taken. */
  isOwnerDue(now: Instant): boolean {
    return isReached(this.#owners.first(), now);
  }

  /** It wakes, or is taken before its time, and has nothing to do: rescheduled. */
  wakesAgain(instance: Instance, now: Instant): boolean {
    const due = instance.wakeAgain(now);
    if (due === undefined) return false;
    this.dueAgain(instance, due);
    return true;
  }

  /** Its deadline is `at` now; its retry and whether it is an owner are what they were. */
  dueAgain(instance: Instance, at: Instant): void {
    const { retryAt } = instance;
    const first = retryAt === undefined || at < retryAt ? at : retryAt;
    this.#queueOf(instance).set(instance, first);
  }

  /** After anything that may have moved its deadline or its retry. */
  reschedule(instance: Instance): void {
    const { state, due } = instance;
    const owns = isOwner(state);
    if (owns !== due.isOwner) {
      this.#queueOf(instance).remove(instance);
      due.isOwner = owns;
    }
    this.#queueOf(instance).set(instance, earliest(deadline(state), instance.retryAt));
  }

  #queueOf({ due }: Instance): DueQueue<Instance> {
    return due.isOwner ? this.#owners : this.#others;
  }
}

const isReached = (at: Instant | undefined, now: Instant): boolean => at !== undefined && at <= now;
