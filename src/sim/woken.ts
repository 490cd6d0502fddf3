/**
 * When a machine's engine had its first turn after something was wrong with it. A wake-up that was
 * put off by busy processors or a slow system call comes late also when the cause has ended by
 * then; what the engine owes counts from that turn.
 */

import type { MachineView } from "./cluster-view.ts";
import type { ClusterFacts } from "./facts.ts";

export class Woken {
  readonly #facts: ClusterFacts;
  readonly #at = new Map<number, number>();

  constructor(facts: ClusterFacts) {
    this.#facts = facts;
  }

  /** For the hook `loopDone`. */
  loopDone(machine: MachineView): void {
    if ((this.#at.get(machine.id) ?? Number.NEGATIVE_INFINITY) < this.#facts.unwellAt(machine))
      this.#at.set(machine.id, this.#facts.now);
  }

  /** Undefined: it has had none yet. */
  at(machine: MachineView): number | undefined {
    const at = this.#at.get(machine.id);
    return at === undefined || at < this.#facts.unwellAt(machine) ? undefined : at;
  }
}
