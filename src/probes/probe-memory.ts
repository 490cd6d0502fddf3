/**
 * The probes of the last minutes: when each was sent, when it was answered and by whom, and what a
 * window of them says.
 */
import { type Mac, printMac } from "#units/address";
import { type Instant, type Micros, micros } from "#units/time";
import { analyseOutage } from "./outage.ts";
import { type AnsweredProbe, divideProbes } from "./probe-parts.ts";
import type { ProberAnswer, ProberRequest } from "./probe-protocol.ts";

/** Over four minutes at one a millisecond. */
const MEMORY = 1 << 18;

export interface MemoryOptions {
  readonly period: Micros;
  /** Addresses that are asked in turn. */
  readonly targets?: number;
  /** A probe may be answered by several machines, and all of them are counted. */
  readonly countsEach?: boolean;
}

export class ProbeMemory {
  readonly #options: MemoryOptions;
  readonly #sentAt = new Float64Array(MEMORY);
  readonly #answeredAt = new Float64Array(MEMORY);
  readonly #answeredBy = new Float64Array(MEMORY);
  readonly #isTwice = new Uint8Array(MEMORY);
  #count = 0;

  constructor(options: MemoryOptions) {
    this.#options = options;
  }

  /** The number of the probe that is sent now. */
  sent(at: Instant): number {
    const place = this.#count % MEMORY;
    this.#sentAt[place] = at;
    this.#answeredAt[place] = 0;
    this.#isTwice[place] = 0;
    return this.#count++;
  }

  /** The number of the next one. */
  get count(): number {
    return this.#count;
  }

  isRemembered(number: number): boolean {
    return number >= 0 && number < this.#count && this.#count - number <= MEMORY;
  }

  /** The first answer counts. @param by a MAC address; 0: not known */
  answered(number: number, at: Instant, by: number): void {
    const place = number % MEMORY;
    if (this.#answeredAt[place] !== 0) {
      if (by !== this.#answeredBy[place]) this.#isTwice[place] = 1;
      return;
    }
    this.#answeredAt[place] = at;
    this.#answeredBy[place] = by;
  }

  /** Probes are sent in the order of time, so a short window is found without looking at all. */
  #firstSince(from: Instant): number {
    let low = Math.max(0, this.#count - MEMORY);
    let high = this.#count;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#sentAt[middle % MEMORY] ?? 0) < from) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  *#within({ from, to, target }: ProberRequest): Generator<AnsweredProbe & { twice: boolean }> {
    const { targets = 1 } = this.#options;
    for (let number = this.#firstSince(from); number < this.#count; number++) {
      const place = number % MEMORY;
      const sentAt = (this.#sentAt[place] ?? 0) as Instant;
      if (sentAt >= to) return;
      if (place % targets !== target) continue;
      const answer = this.#answeredAt[place] ?? 0;
      const answeredAt = answer === 0 ? undefined : (answer as Instant);
      const mac = answer === 0 ? 0 : (this.#answeredBy[place] ?? 0);
      yield { sentAt, answeredAt, mac, twice: this.#isTwice[place] === 1 };
    }
  }

  answer(request: ProberRequest): ProberAnswer {
    const { period, targets = 1, countsEach = false } = this.#options;
    const probes = [...this.#within(request)];
    const oldest = this.#sentAt[Math.max(0, this.#count - MEMORY) % MEMORY] ?? 0;
    const { turns, longestPause } = readTurns(probes);
    return {
      id: request.id,
      outage: analyseOutage(probes, micros(period * targets)),
      covered: this.#count > 0 && oldest <= request.from,
      turns,
      longestPause,
      ...(countsEach && { twice: probes.filter(({ twice }) => twice).length }),
      ...(request.step !== undefined && {
        parts: divideProbes(probes, request.from, request.step).map(({ mac, ...part }) => ({
          ...part,
          mac: mac === undefined || mac === 0 ? undefined : printMac(mac),
        })),
      }),
    };
  }
}

function readTurns(probes: readonly AnsweredProbe[]): Pick<ProberAnswer, "turns" | "longestPause"> {
  const turns: { mac: string; from: Instant; to: Instant; answers: number }[] = [];
  let lastMac = -1;
  let longestPause = 0;
  let previous: Instant | undefined;
  for (const { sentAt, answeredAt, mac } of probes) {
    if (previous !== undefined) longestPause = Math.max(longestPause, sentAt - previous);
    previous = sentAt;
    if (answeredAt === undefined) continue;
    const turn = turns.at(-1);
    if (turn !== undefined && mac === lastMac) {
      turn.answers += 1;
      turn.to = answeredAt;
    } else turns.push({ mac: printMac(mac as Mac), from: answeredAt, to: answeredAt, answers: 1 });
    lastMac = mac;
  }
  return { turns, longestPause };
}
