/**
 * Who owns the address of one virtual router, by the advertisements of all: how long nobody
 * advertised, whether two did at the same time, and who else answers for the address by ARP.
 */
import type { IpAddress, Mac } from "#units/address";
import { after, elapsed, fromCentis, type Instant, type Micros } from "#units/time";
import { slackOf } from "./adopt.ts";
import type { SeenAdvert } from "./comparison.ts";
import type { What } from "./finding.ts";

/** Of one VRID; more are forgotten, the oldest first. */
const SOURCES_MAX = 32;
const ANSWERERS_MAX = 32;

interface Source {
  readonly from: IpAddress;
  last: SeenAdvert;
  /** Since when it has been owner this time. */
  since: Instant;
  /** When it sent priority 0, if it has not advertised since. */
  releasedAt: Instant | undefined;
  /** The number of the last packet, priority 0 included. */
  packet: number | undefined;
  mac: Mac | undefined;
}

interface Overlap {
  readonly a: Source;
  readonly b: Source;
  readonly from: Instant;
  /** The last advertisement of the one while the other advertised too. */
  to: Instant;
  isReported: boolean;
}

type Report = (at: Instant, what: What, packets: readonly number[]) => void;

export class Owners {
  readonly #tolerance: Micros;
  readonly #report: Report;
  readonly #sources = new Map<IpAddress, Source>();
  #overlap: Overlap | undefined;
  /** MAC addresses that were reported since the owner changed. */
  readonly #answerers = new Set<Mac>();

  constructor(tolerance: Micros, report: Report) {
    this.#tolerance = tolerance;
    this.#report = report;
  }

  advert(advert: SeenAdvert, mac: Mac | undefined): void {
    const { from, at } = advert;
    const known = this.#sources.get(from);
    if (known !== undefined && mac !== undefined) known.mac = mac;
    if (advert.priority === 0) {
      if (known !== undefined && known.releasedAt === undefined) {
        known.releasedAt = at;
        known.packet = advert.packet;
      }
      return this.#closeOverlap(at);
    }
    const isOwner = known !== undefined && this.#isLive(known, at);
    const source = this.#take(advert, mac, isOwner);
    if (!isOwner) this.#becameOwner(source, known, at);
    this.#extendOverlap(source, at);
  }

  #take(advert: SeenAdvert, mac: Mac | undefined, isOwner: boolean): Source {
    const { from, at } = advert;
    const known = this.#sources.get(from);
    const before = { ...known };
    const source: Source = {
      from,
      last: advert,
      since: isOwner ? (before.since ?? at) : at,
      releasedAt: undefined,
      packet: advert.packet,
      mac: mac ?? before.mac,
    };
    if (known === undefined && this.#sources.size >= SOURCES_MAX) {
      const [oldest] = [...this.#sources.values()].toSorted((a, b) => a.last.at - b.last.at);
      if (oldest !== undefined) this.#sources.delete(oldest.from);
    }
    this.#sources.set(from, source);
    return source;
  }

  #isLive({ last, releasedAt }: Source, at: Instant): boolean {
    const interval = fromCentis(last.interval);
    return (
      releasedAt === undefined && at - last.at <= interval + slackOf(interval, this.#tolerance)
    );
  }

  /** @param before the same router, the last time it was owner */
  #becameOwner(source: Source, before: Source | undefined, at: Instant): void {
    this.#answerers.clear();
    const others = [...this.#sources.values()].filter((one) => one.from !== source.from);
    const other = others.find((one) => this.#isLive(one, at));
    if (other !== undefined) {
      this.#closeOverlap(at);
      this.#overlap = { a: other, b: source, from: at, to: at, isReported: false };
      return;
    }
    const earlier = before === undefined ? others : [...others, before];
    const [last] = earlier.toSorted((a, b) => endOf(b) - endOf(a));
    if (last === undefined) return;
    const gap = elapsed(endOf(last), at);
    const why = last.releasedAt === undefined ? "no-advertisement" : "priority-0";
    const packets = [last.packet, source.packet].filter((one) => one !== undefined);
    const what = { kind: "no-owner", micros: gap, after: why, from: last.from, to: source.from };
    this.#report(at, what as What, packets);
  }

  #extendOverlap(source: Source, at: Instant): void {
    const open = this.#overlap;
    if (open === undefined) return;
    const [a, b] = [this.#sources.get(open.a.from), this.#sources.get(open.b.from)];
    if (a === undefined || b === undefined || !this.#isLive(a, at) || !this.#isLive(b, at))
      return this.#closeOverlap(at);
    // The one that was there before goes on although the other has begun.
    if (source.from === open.a.from) open.to = at;
    const lasted = elapsed(open.from, open.to);
    const interval = fromCentis(source.last.interval);
    if (open.isReported || lasted <= 2 * interval + this.#tolerance) return;
    open.isReported = true;
    this.#reportOverlap(open, at, true);
  }

  #closeOverlap(at: Instant): void {
    const open = this.#overlap;
    if (open === undefined) return;
    this.#overlap = undefined;
    if (!open.isReported && open.to - open.from > this.#tolerance)
      this.#reportOverlap(open, at, false);
  }

  #reportOverlap({ a, b, from, to }: Overlap, at: Instant, goesOn: boolean): void {
    const lasted = elapsed(from, to);
    const packets = [a.packet, b.packet].filter((one) => one !== undefined);
    const what = { kind: "two-owners", micros: lasted, a: a.from, b: b.from, goesOn } as const;
    this.#report(at, what, packets);
  }

  /** ARP with `address` as its sender's. */
  answered(address: IpAddress, mac: Mac, at: Instant, packet: number | undefined): void {
    const owner = [...this.#sources.values()]
      .filter((one) => this.#isLive(one, at))
      .toSorted((a, b) => b.since - a.since)
      .at(0);
    if (owner?.mac === undefined || owner.mac === mac) return;
    // A new owner announces the address at the same moment as it advertises.
    if (at <= after(owner.since, this.#tolerance) || this.#answerers.has(mac)) return;
    const from = [...this.#sources.values()].find((one) => one.mac === mac);
    if (from !== undefined && this.#isLive(from, at)) return;
    if (this.#answerers.size >= ANSWERERS_MAX) return;
    this.#answerers.add(mac);
    const packets = packet === undefined ? [] : [packet];
    const what = { address, mac, owner: owner.from, from: from?.from } as const;
    this.#report(at, { kind: "address-answered", ...what }, packets);
  }
}

/** When it was owner for the last time, as far as others know. */
const endOf = ({ last, releasedAt }: Source): Instant => releasedAt ?? last.at;
