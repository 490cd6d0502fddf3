/**
 * Two files as the two nodes of one pair. Instances are partners by name; where names differ, by
 * VRID. What must be the same is compared, what must mirror is mirrored, and what may differ is
 * left alone.
 */
import { type AnyFinding, finding } from "#diagnostics/diagnostic";
import type { Span } from "#diagnostics/source";
import { type Block, blocksOf, lastOfAny, lastSetting, nameOf, placeOf } from "./blocks/block.ts";
import {
  addressesOf,
  downTimerOf,
  gateOf,
  groupOf,
  intervalOf,
  isStrict,
  isUnicast,
  type PasswordSetting,
  passwordOf,
  peersOf,
  preempts,
  priorityOf,
  routerIdOf,
  sourceOf,
  stateOf,
  versionOf,
  writtenPassword,
} from "./model/effective.ts";
import type { Model } from "./model/model.ts";
import { signingBlock } from "./model/signing.ts";
import { signingDifference, signingPlace } from "./pair-signing.ts";
import { planGate } from "./plan/gate.ts";
import { cutPassword } from "./plan/password.ts";
import { trackersOf } from "./plan/trackers.ts";
import type { Reading } from "./read.ts";

interface Side {
  readonly model: Model;
  readonly block: Block;
  readonly file: string;
}

interface Partners {
  readonly first: Side;
  readonly second: Side;
  readonly report: (finding: AnyFinding) => void;
}

export function comparePair(first: Reading, second: Reading): readonly AnyFinding[] {
  const found: AnyFinding[] = [];
  const report = (one: AnyFinding): void => {
    found.push(one);
  };
  const [a, b] = [fileOf(first), fileOf(second)];
  const partners = pairUp(first.model, second.model);
  for (const { own, other } of partners) {
    if (own !== undefined && other !== undefined) {
      comparePartners({
        first: { model: first.model, block: own, file: a },
        second: { model: second.model, block: other, file: b },
        report,
      });
      continue;
    }
    const lonely = own ?? other;
    if (lonely === undefined) continue;
    const missing = own === undefined ? a : b;
    report(finding("VR2502", placeOf(lonely), { instance: nameOf(lonely), missing }));
  }
  return found;
}

const fileOf = (reading: Reading): string => reading.sources[0]?.name ?? "";

interface Couple {
  readonly own: Block | undefined;
  readonly other: Block | undefined;
}

function pairUp(first: Model, second: Model): readonly Couple[] {
  const free = new Set(second.instances);
  const couples = first.instances.map((own): Couple => {
    const named = [...free].find((other) => nameOf(other) === nameOf(own));
    const other = named ?? [...free].find((one) => routerIdOf(one) === routerIdOf(own));
    if (other !== undefined) free.delete(other);
    return { own, other };
  });
  // One instance on each side, neither name nor number in common: still the pair that was meant.
  const [left] = couples;
  const [right] = free;
  if (couples.length === 1 && free.size === 1 && left?.other === undefined) {
    return [{ own: left?.own, other: right }];
  }
  return [...couples, ...[...free].map((other): Couple => ({ own: undefined, other }))];
}

function placeIn(block: Block, ...keywords: readonly [string, ...string[]]): Span {
  const setting = lastOfAny(block, keywords);
  return setting?.args[0]?.span ?? setting?.token.span ?? placeOf(block);
}

function comparePartners(pair: Partners): void {
  compareNumbers(pair);
  compareTransport(pair);
  compareAuthentication(pair);
  compareAddresses(pair);
  comparePreemption(pair);
  compareWeights(pair);
  compareGates(pair);
  const [a, b] = [nameOf(pair.first.block), nameOf(pair.second.block)];
  if (a !== b) {
    const related = [placeOf(pair.second.block)];
    const which = `${a}, ${b}`;
    pair.report(finding("VR2513", placeOf(pair.first.block), { which }, { related }));
  }
}

function compareNumbers({ first, second, report }: Partners): void {
  const differ = (what: string, a: string, b: string): void => {
    if (a === b) return;
    const related = [placeIn(second.block, what)];
    report(
      finding("VR2501", placeIn(first.block, what), { what, first: a, second: b }, { related }),
    );
  };
  const id = ({ block }: Side): string => String(routerIdOf(block) ?? "?");
  differ("virtual_router_id", id(first), id(second));
  const versions = [
    versionOf(first.block, first.model),
    versionOf(second.block, second.model),
  ] as const;
  const place = placeIn(first.block, "version");
  if (versions[0] !== versions[1]) {
    const facts = { first: versions[0], second: versions[1] };
    report(finding("VR2507", place, facts, { related: [placeIn(second.block, "version")] }));
  }
  const [a, b] = [intervalOf(first.block, first.model), intervalOf(second.block, second.model)];
  if (a !== b && versions[0] === versions[1]) {
    const seconds = { first: String(a / 100), second: String(b / 100) };
    const related = [placeIn(second.block, "advert_int")];
    const at = placeIn(first.block, "advert_int");
    // Version 2 refuses another interval; version 3 backups follow the master's.
    if (versions[0] === 3) report(finding("VR2512", at, seconds, { related }));
    else differ("advert_int", seconds.first, seconds.second);
  }
  const down = ({ block, model }: Side): number => downTimerOf(block, model);
  differ("down_timer_adverts", String(down(first)), String(down(second)));
}

function compareTransport({ first, second, report }: Partners): void {
  const [a, b] = [isUnicast(first.block), isUnicast(second.block)];
  if (a !== b) {
    const word = (unicast: boolean): string => (unicast ? "unicast" : "multicast");
    const facts = { what: "unicast_peer", first: word(a), second: word(b) };
    const related = [placeIn(second.block, "unicast_peer")];
    report(finding("VR2501", placeIn(first.block, "unicast_peer"), facts, { related }));
    return;
  }
  const sources = [sourceOf(first.block)?.text, sourceOf(second.block)?.text] as const;
  if (sources[0] !== undefined && sources[0] === sources[1]) {
    const related = [placeIn(second.block, "unicast_src_ip", "mcast_src_ip")];
    const place = placeIn(first.block, "unicast_src_ip", "mcast_src_ip");
    report(finding("VR2506", place, { address: sources[0] }, { related }));
    return;
  }
  if (!a) return;
  mirror(first, second, report);
  mirror(second, first, report);
}

/** Our source must be among the other's peers. */
function mirror(own: Side, other: Side, report: Partners["report"]): void {
  const source = sourceOf(own.block);
  if (source === undefined) return;
  if (peersOf(other.block).some(({ ip }) => ip.text === source.text)) return;
  const [peer] = peersOf(other.block);
  const facts = { first: own.file, second: other.file, source: source.text };
  const related = peer === undefined ? [] : [peer.token.span];
  report(finding("VR2503", placeIn(own.block, "unicast_src_ip"), facts, { related }));
}

/** Compared as sent, after the cut; the passwords themselves are not printed. */
function compareAuthentication({ first, second, report }: Partners): void {
  const differs = signingDifference(first, second);
  if (differs !== undefined) {
    const related = [signingPlace(second)];
    report(finding("VR2515", signingPlace(first), { differs }, { related }));
  }
  if (signingBlock(first.block) !== undefined || signingBlock(second.block) !== undefined) return;
  if (versionOf(first.block, first.model) === 3 || versionOf(second.block, second.model) === 3)
    return;
  if (isSameAuthentication(sentBy(first), sentBy(second))) return;
  const place = ({ block }: Side): Span => {
    const inner = blocksOf(block, "authentication").at(-1);
    return inner === undefined ? placeOf(block) : placeIn(inner, "auth_pass");
  };
  const isDropped = ({ block, model }: Side): boolean =>
    isStrict(block, model) && writtenPassword(block)?.secret !== undefined;
  const strict = [first, second].filter(isDropped);
  const facts = { strict: strict.length === 1 ? strict[0]?.file : undefined };
  report(finding("VR2504", place(first), facts, { related: [place(second)] }));
}

/** Undefined: authentication type 0. */
function sentBy({ block, model }: Side): PasswordSetting | undefined {
  const password = passwordOf(block, model);
  return password?.secret === undefined ? undefined : password;
}

function isSameAuthentication(
  a: PasswordSetting | undefined,
  b: PasswordSetting | undefined,
): boolean {
  if (a?.secret === undefined || b?.secret === undefined) return a === b;
  return a.kind === b.kind && cutPassword(a.secret).equals(cutPassword(b.secret));
}

function compareAddresses({ first, second, report }: Partners): void {
  const texts = ({ block }: Side): readonly string[] => addressesOf(block).map(({ ip }) => ip.text);
  const [a, b] = [texts(first), texts(second)];
  const firstOnly = a.filter((text) => !b.includes(text));
  const secondOnly = b.filter((text) => !a.includes(text));
  if (firstOnly.length === 0 && secondOnly.length === 0) return;
  const place = ({ block }: Side): Span =>
    lastSetting(block, "virtual_ipaddress")?.token.span ?? placeOf(block);
  const facts = { firstOnly, secondOnly };
  report(finding("VR2505", place(first), facts, { related: [place(second)] }));
}

function comparePreemption({ first, second, report }: Partners): void {
  const related = [placeIn(second.block, "priority")];
  const place = placeIn(first.block, "priority");
  const [a, b] = [preempts(first.block, first.model), preempts(second.block, second.model)];
  if (a !== b) {
    const word = (preempt: boolean): string => (preempt ? "preempt" : "nopreempt");
    const other = [placeIn(second.block, "nopreempt", "preempt", "state")];
    const at = placeIn(first.block, "nopreempt", "preempt", "state");
    report(finding("VR2510", at, { first: word(a), second: word(b) }, { related: other }));
  }
  const priorities = [priorityOf(first.block), priorityOf(second.block)] as const;
  // Equal priorities with nopreempt on both are what the clouds' tutorials ask for.
  if (priorities[0] === priorities[1] && (a || b)) {
    const facts = { priority: priorities[0], preempt: true };
    report(finding("VR2508", place, facts, { related }));
  }
  if (
    stateOf(first.block, first.model) === "MASTER" &&
    stateOf(second.block, second.model) === "MASTER"
  ) {
    const states = [placeIn(second.block, "state")];
    report(finding("VR2509", placeIn(first.block, "state"), {}, { related: states }));
  }
}

/** Either node may become the owner, and decides by its own file then. */
function compareGates({ first, second, report }: Partners): void {
  const [a, b] = [gateTextsOf(first), gateTextsOf(second)];
  const place = ({ block, model }: Side): Span => {
    const gate = gateOf(block, model);
    return placeOf(gate ?? block);
  };
  for (const what of ["gate", "database", "fence", "sync", "takeover_probe"] as const) {
    if (a[what] === b[what]) continue;
    const facts = { what, first: a[what], second: b[what] };
    report(finding("VR2514", place(first), facts, { related: [place(second)] }));
    // Without a gate the rest of it differs too.
    if (what === "gate") return;
  }
}

type GateText = "gate" | "database" | "fence" | "sync" | "takeover_probe";

/** As a person would say it; equal texts mean the same. */
function gateTextsOf({ block, model }: Side): Readonly<Record<GateText, string>> {
  const group = groupOf(block, model);
  const gate = (group && planGate(group, model)) ?? planGate(block, model);
  const none = { database: "none", fence: "none", sync: "none", takeover_probe: "none" };
  if (gate === undefined) return { gate: "off", ...none };
  const ports = gate.fence.map(({ protocol, port }) => `${protocol} ${port}`).toSorted();
  return {
    gate: "on",
    database: gate.database?.kind ?? "none",
    fence: ports.length === 0 ? "none" : ports.join(", "),
    sync: gate.database?.sync ?? "none",
    takeover_probe: gate.probe,
  };
}

/** A failing check must bring the stronger node below the weaker one. */
function compareWeights({ first, second, report }: Partners): void {
  const gap = priorityOf(first.block) - priorityOf(second.block);
  const [strong, weak] = gap > 0 ? [first, second] : [second, first];
  if (gap === 0 || !preempts(weak.block, weak.model)) return;
  const trackers = trackersOf(strong.block, strong.model).filter(({ kind }) => kind !== "file");
  const total = trackers.reduce((sum, { weight }) => sum + Math.abs(weight), 0);
  // Several checks may fail together; then their sum counts, and only a sum that is too small is
  // certain.
  if (total === 0 || total > Math.abs(gap) || trackers.some(({ weight }) => weight === 0)) return;
  for (const { name, weight } of trackers) {
    const facts = { weight: Math.abs(weight), gap: Math.abs(gap), tracker: name };
    report(finding("VR2511", placeIn(strong.block, "priority"), facts));
  }
}
