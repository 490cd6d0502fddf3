/**
 * A lab that somebody watches: probes each millisecond from the client in the HAVIP's subnet and
 * from outside, who has the address, and a row for every fault with what was noticed of it.
 *
 * Nothing here runs while nobody watches.
 */
import { now } from "#linux/clock";
import { printMac } from "#units/address";
import { elapsed, fromMillis, type Instant, type Micros, micros, toMillis } from "#units/time";
import { type ClientView, Instruments } from "../measure/instruments.ts";
import { type FaultRow, isIsolating, isMeasured } from "./fault-row.ts";
import type { LabNews, LabStatus, ProbeSide } from "./lab-protocol.ts";
import type { RunningLab } from "./running-lab.ts";
import { INTERNET } from "./vpc.ts";

const TICK_MS = 50;
/** What a plot shows is this old, so that late answers are in it. */
const BEHIND: Micros = fromMillis(150);
const STEP: Micros = fromMillis(10);
/** Between two looks at whether something has changed. */
const STATUS_TICKS = 5;
/** After the last one has gone, in case the page is only loaded again. */
const STAY_MS = 5_000;

interface Side {
  readonly side: ProbeSide;
  readonly address: string;
  readonly instruments: Instruments;
  /** Everything before it has been reported. */
  reportedTo: Instant | undefined;
  unansweredAt: Instant | undefined;
  isAsking: boolean;
}

interface Measuring {
  row: FaultRow;
  readonly brokenAt: Instant;
  movedAt: Instant | undefined;
}

export type Watcher = (news: LabNews) => void;

export class LiveLab {
  readonly #lab: RunningLab;
  readonly #status: () => Promise<LabStatus>;
  readonly #watchers = new Set<Watcher>();
  readonly #sides = new Map<ProbeSide, Side>();
  readonly #rows: FaultRow[] = [];
  readonly #events: Extract<LabNews, { readonly news: "event" }>[] = [];
  #measuring: Measuring | undefined;
  #timer: ReturnType<typeof setInterval> | undefined;
  #leaving: ReturnType<typeof setTimeout> | undefined;
  #ticks = 0;
  #lastStatus = "";
  #isClosed = false;

  constructor(lab: RunningLab, status: () => Promise<LabStatus>) {
    this.#lab = lab;
    this.#status = status;
  }

  /** Returns what ends it. The rows so far come at once, the status soon. */
  watch(watcher: Watcher): () => void {
    this.#watchers.add(watcher);
    clearTimeout(this.#leaving);
    this.#lastStatus = "";
    for (const row of this.#rows) watcher({ news: "row", row });
    for (const event of this.#events) watcher(event);
    this.#timer ??= setInterval(() => this.#tick(), TICK_MS);
    return () => {
      this.#watchers.delete(watcher);
      if (this.#watchers.size > 0) return;
      clearTimeout(this.#leaving);
      this.#leaving = setTimeout(() => void this.#rest(), STAY_MS);
    };
  }

  get isWatched(): boolean {
    return this.#watchers.size > 0;
  }

  /** Those that watch later get the latest of them too. */
  note(event: Extract<LabNews, { readonly news: "event" }>): void {
    this.#events.push(event);
    if (this.#events.length > EVENTS_MAX) this.#events.shift();
    this.emit(event);
  }

  emit(news: LabNews): void {
    for (const watcher of this.#watchers) watcher(news);
  }

  #tick(): void {
    this.#ticks += 1;
    if (this.#ticks % STATUS_TICKS === 1) void this.#look();
    for (const side of this.#sides.values()) void this.#reportProbes(side);
    this.#followRow();
  }

  async #look(): Promise<void> {
    this.#settleSides();
    const status = await this.#status();
    const holders = this.holders();
    const probed = [...this.#sides.values()].map(({ side, address }) => ({ side, address }));
    // Counters of frames grow all the time and are no change.
    const text = JSON.stringify([
      status.instances.map(({ commands, faultOrders }) => [commands, faultOrders]),
      status.havips,
      holders,
      probed,
    ]);
    if (text === this.#lastStatus) return;
    this.#lastStatus = text;
    this.emit({ news: "status", status, holders, probed });
  }

  /** The instances that have the address on their interface. */
  holders(): readonly string[] {
    return this.#sides.get("client")?.instruments.holders() ?? [];
  }

  /** Probes what there is to probe: the first HAVIP, and its public address. */
  #settleSides(): void {
    if (this.#isClosed) return;
    const [havip] = this.#lab.havips();
    const client = havip === undefined ? undefined : this.#lab.clientOf(havip.subnetId);
    this.#settle("client", client === undefined ? undefined : havip?.address, client ?? "");
    const outside = this.#lab.vpc.hasInternet ? havip?.publicAddress : undefined;
    this.#settle("internet", outside, INTERNET);
  }

  #settle(name: ProbeSide, address: string | undefined, from: string): void {
    const running = this.#sides.get(name);
    if (running?.address === address) return;
    this.#sides.delete(name);
    void running?.instruments.close();
    if (address === undefined) return;
    const nodes = name === "client" ? this.#lab.vpc.instances().map((one) => one.name) : [];
    const side: Side = {
      side: name,
      address,
      instruments: new Instruments({
        network: {
          namespaceOf: (host) => this.#lab.vpc.host(host).namespace,
          macOf: (host) => this.#lab.vpc.host(host).mac,
        },
        nodes: nodes.filter((node) => node !== from),
        client: from,
        virtualAddress: address,
        // Made again at the next look.
        onEnded: () => {
          if (this.#sides.get(name) === side) this.#sides.delete(name);
          void side.instruments.close();
        },
      }),
      reportedTo: undefined,
      unansweredAt: undefined,
      isAsking: false,
    };
    this.#sides.set(name, side);
  }

  async #reportProbes(side: Side): Promise<void> {
    if (side.isAsking) return;
    const at = now();
    const to = (Math.floor((at - BEHIND) / STEP) * STEP) as Instant;
    const from = side.reportedTo ?? ((to - STEP) as Instant);
    if (to <= from) return;
    side.isAsking = true;
    try {
      const parts = await side.instruments.parts(from, to, STEP);
      side.reportedTo = to;
      if (parts === undefined) return;
      const unanswered = parts.findLast(({ lost }) => lost > 0);
      if (unanswered !== undefined) side.unansweredAt = unanswered.from;
      const names = new Map(
        this.#lab.vpc.wires.hosts().map(({ name, mac }) => [printMac(mac), name]),
      );
      this.emit({
        news: "probes",
        side: side.side,
        parts: parts.map(({ from: start, mac, ...part }) => ({
          ...part,
          at: wallTime(start),
          by: mac === undefined ? undefined : names.get(mac),
        })),
      });
    } catch {
      // The prober has ended; another is made.
    } finally {
      side.isAsking = false;
    }
  }

  /**
   * Injects a fault: what clients notice from now on is its row. One that is still being measured
   * ends here. If the fault is refused, there is no row.
   */
  async break(instance: string, order: string, inject: () => Promise<void> | void): Promise<void> {
    if (!this.isWatched) return await inject();
    const brokenAt = now();
    const row = this.#newRow(instance, order);
    await inject();
    this.#finish(brokenAt);
    this.#measuring = { row, brokenAt, movedAt: undefined };
    this.#put(row);
  }

  #newRow(instance: string, order: string): FaultRow {
    const holders = this.holders();
    return {
      id: (this.#rows.at(-1)?.id ?? 0) + 1,
      at: Date.now(),
      instance,
      order,
      state: "measuring",
      before: holders,
      after: holders,
      boundBefore: this.#bound(),
      boundAfter: this.#bound(),
      outageMilliseconds: undefined,
      lost: undefined,
      sent: undefined,
      pauseMilliseconds: undefined,
      outsideOutageMilliseconds: undefined,
      outsideLost: undefined,
      bothMilliseconds: undefined,
    };
  }

  #bound(): string | undefined {
    return this.#lab.havips()[0]?.instance;
  }

  #put(row: FaultRow): void {
    const known = this.#rows.findIndex(({ id }) => id === row.id);
    if (known < 0) this.#rows.push(row);
    else this.#rows[known] = row;
    if (this.#rows.length > ROWS_MAX) this.#rows.shift();
    this.emit({ news: "row", row });
  }

  #followRow(): void {
    const measuring = this.#measuring;
    if (measuring === undefined) return;
    const at = now();
    const holders = this.holders();
    const bound = this.#bound();
    const { row, brokenAt } = measuring;
    const hasMoved = bound !== row.boundBefore && bound !== undefined && holders.includes(bound);
    if (hasMoved) measuring.movedAt ??= at;
    if (`${holders.join()} ${bound}` !== `${row.after.join()} ${row.boundAfter}`) {
      measuring.row = { ...row, after: holders, boundAfter: bound };
      this.#put(measuring.row);
    }
    const unansweredAt = [...this.#sides.values()]
      .flatMap((side) => side.unansweredAt ?? [])
      .filter((time) => time >= brokenAt)
      .toSorted((a, b) => b - a)[0];
    if (isMeasured({ brokenAt, movedAt: measuring.movedAt, unansweredAt }, at)) this.#finish(at);
  }

  #finish(at: Instant): void {
    const measuring = this.#measuring;
    if (measuring === undefined) return;
    this.#measuring = undefined;
    void this.#conclude(measuring, at);
  }

  async #conclude({ row, brokenAt }: Measuring, at: Instant): Promise<void> {
    const see = async (name: ProbeSide): Promise<ClientView | undefined> => {
      try {
        return await this.#sides.get(name)?.instruments.outage(brokenAt, at);
      } catch {
        // It was not probed all the time; then nothing is said.
        return undefined;
      }
    };
    const client = this.#sides.get("client")?.instruments;
    const names = this.#lab.vpc
      .instances()
      .map(({ name }) => name)
      .filter((name) => name !== row.instance || !isIsolating(row.order));
    const both = client?.overlap(names, brokenAt, at).total;
    const [inside, outside] = await Promise.all([see("client"), see("internet")]);
    this.#put({
      ...row,
      state: "done",
      after: row.after.filter((name) => names.includes(name)),
      outageMilliseconds: inside?.totalMilliseconds,
      lost: inside?.lost,
      sent: inside?.sent,
      pauseMilliseconds: inside?.longestPauseMilliseconds,
      outsideOutageMilliseconds: outside?.totalMilliseconds,
      outsideLost: outside?.lost,
      bothMilliseconds: both === undefined ? undefined : toMillis(both),
    });
  }

  async #rest(): Promise<void> {
    if (this.isWatched) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#measuring = undefined;
    const sides = [...this.#sides.values()];
    this.#sides.clear();
    await Promise.all(sides.map(async ({ instruments }) => await instruments.close()));
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#watchers.clear();
    clearTimeout(this.#leaving);
    await this.#rest();
  }
}

const ROWS_MAX = 200;
const EVENTS_MAX = 200;

/** Milliseconds since 1970 of an instant of this machine's clock. */
export function wallTime(at: Instant): number {
  return Date.now() - toMillis(micros(elapsed(at, now())));
}
