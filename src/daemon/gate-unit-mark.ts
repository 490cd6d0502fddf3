/**
 * The mark of one unit: its file, and why this node counts as a former primary that nobody knows
 * to have everything. Writes come one after the other.
 */
import type { Language } from "#diagnostics/diagnostic";
import { now } from "#linux/clock";
import { elapsed, type Instant, toSeconds } from "#units/time";
import { markPath, readMark, writeMark } from "./gate-mark.ts";
import { type Marked, notRecorded, unreadableMark } from "./gate-texts.ts";
import type { Log } from "./log.ts";

export interface UnitMarkOptions {
  /** Undefined: it is kept in memory only. */
  readonly stateDir: string | undefined;
  readonly unit: string;
  readonly log: Log;
  readonly language: Language;
}

/** What a router hears of others. */
export interface Heard {
  readonly isBackup: boolean;
  /** The address of the master that is heard. */
  readonly master: string | undefined;
  /** No master has been heard for as long as it takes to take over. */
  readonly isMasterDown: boolean;
  /** Since any advertisement of another router; undefined: there was none. */
  readonly advertSecondsAgo: number | undefined;
}

/**
 * Reasons of a loss that leave the interface as it was: who becomes master elsewhere is heard. Not
 * so after a stall (this node did not run), nor with a rival (who is master already). A fault may
 * be the link's: `couldNotHear`.
 */
const CAN_HEAR: ReadonlySet<string> = new Set(["fault", "engine-died", "refused", "maintenance"]);

export class UnitMark {
  readonly #options: UnitMarkOptions;
  #epoch = 0;
  #wasPrimary = false;
  #since: string = new Date().toISOString();
  #writing: Promise<unknown> = Promise.resolve();
  #marked: Marked | undefined;
  /** The loss it is marked for, of which the demotion may have to be tried again. */
  #lost: { readonly reason: string; readonly at: Instant } | undefined;
  #couldHear = false;
  #isDemoted = false;

  constructor(options: UnitMarkOptions) {
    this.#options = options;
  }

  get path(): string {
    return markPath(this.#options.stateDir ?? "", this.#options.unit);
  }

  get epoch(): number {
    return this.#epoch;
  }

  get marked(): Marked | undefined {
    return this.#marked;
  }

  /** Why the demotion that failed was asked for; undefined: none did. */
  get demotionOwed(): string | undefined {
    return this.#isDemoted ? undefined : this.#lost?.reason;
  }

  /** At the start. */
  read(): void {
    const { stateDir, unit, log, language } = this.#options;
    if (stateDir === undefined) return;
    const read = readMark(stateDir, unit);
    if (read.kind === "none") return;
    if (read.kind === "unreadable") {
      log("error", `(${unit}) ${unreadableMark(this.path)[language]}`);
      this.#marked = "unreadable";
      return;
    }
    const { epoch, wasPrimary, since } = read.mark;
    this.#epoch = epoch;
    this.#wasPrimary = wasPrimary;
    this.#since = since;
    if (wasPrimary) this.#marked = "restart";
  }

  // ---- why it is marked ----------------------------------------------------------------------

  /** It was primary, and has lost the address without a plan. */
  lost(reason: string): void {
    this.#marked = "unplanned";
    // The engine's clock, as that of what it hears: it also counts while the machine sleeps.
    this.#lost = { reason, at: now() };
    this.#couldHear = CAN_HEAR.has(reason);
    this.#isDemoted = false;
  }

  /** A promotion or a planned demotion failed halfway. */
  failed(reason: string): void {
    if (this.#marked !== undefined) return;
    this.lost(reason);
    this.#marked = "failed";
  }

  demoted(): void {
    this.#isDemoted = true;
  }

  /** A link failed: a master elsewhere would not have been heard. */
  couldNotHear(): void {
    this.#couldHear = false;
  }

  /** Nobody else has been master since it lost the address, and it has been demoted. */
  isShownByNoMaster({ isBackup, isMasterDown, advertSecondsAgo }: Heard): boolean {
    const lost = this.#lost;
    if (!isBackup || !isMasterDown || !this.#couldHear || !this.#isDemoted) return false;
    if (lost === undefined) return false;
    return advertSecondsAgo === undefined || advertSecondsAgo > toSeconds(elapsed(lost.at, now()));
  }

  unmark(): void {
    this.#marked = undefined;
    this.#lost = undefined;
  }

  // ---- the file ------------------------------------------------------------------------------

  /**
   * The number of a promotion. It grows over all nodes of a unit as far as their clocks agree. A
   * counter of each node would not: whatever is fenced by it would refuse the node that counts
   * behind.
   */
  next(): number {
    this.#epoch = Math.max(this.#epoch + 1, Date.now());
    return this.#epoch;
  }

  /** Resolves to why it is not on the disk, or undefined. */
  async keep(wasPrimary: boolean): Promise<string | undefined> {
    if (wasPrimary !== this.#wasPrimary) this.#since = new Date().toISOString();
    this.#wasPrimary = wasPrimary;
    const { stateDir, unit } = this.#options;
    if (stateDir === undefined) return undefined;
    const mark = { epoch: this.#epoch, wasPrimary, since: this.#since };
    const written = this.#writing.then(async () => await writeMark(stateDir, unit, mark));
    this.#writing = written;
    return await written;
  }

  /** As `keep`; nobody waits for the disk. */
  note(wasPrimary: boolean): void {
    const { unit, log, language } = this.#options;
    void this.keep(wasPrimary).then((failed) => {
      if (failed !== undefined)
        log("error", `(${unit}) ${notRecorded(this.path, failed)[language]}`);
    });
  }

  async settled(): Promise<void> {
    await this.#writing;
  }
}
