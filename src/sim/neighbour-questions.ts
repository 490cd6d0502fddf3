/**
 * How long what a machine sends to another one waits for the answer to its kernel's question for
 * the MAC address.
 */
import type { IpAddress } from "#units/address";
import type { MachineView } from "./cluster-view.ts";
import type { ClusterFacts } from "./facts.ts";
import type { NeighbourState } from "./neighbours.ts";

interface Question {
  readonly askedAt: number;
  /** Undefined: packets still wait. */
  readonly endedAt: number | undefined;
}

export class NeighbourQuestions {
  readonly #facts: ClusterFacts;
  /** The last one of each machine for each address. */
  readonly #last = new Map<string, Question>();

  constructor(facts: ClusterFacts) {
    this.#facts = facts;
  }

  /** See `Observer.neighbour`. */
  changed(machine: MachineView, address: IpAddress, state: NeighbourState): void {
    const name = `${machine.id}>${address}`;
    const { now } = this.#facts;
    const last = this.#last.get(name);
    if (state === "incomplete") this.#last.set(name, { askedAt: now, endedAt: undefined });
    else if (last !== undefined && last.endedAt === undefined)
      this.#last.set(name, { askedAt: last.askedAt, endedAt: now });
  }

  /** Microseconds that a packet waited, or waits, if the question was asked at `from` or later. */
  wait(machine: MachineView, address: IpAddress, from: number): number {
    const last = this.#last.get(`${machine.id}>${address}`);
    if (last === undefined || last.askedAt < from) return 0;
    return (last.endedAt ?? this.#facts.now) - last.askedAt;
  }
}
