/**
 * Whether what a node answered is a status that the page can show. A node may run another version,
 * or be no Baton: it is shown as one that cannot be read, and the others as usual. Pure, and
 * without a library, which would be more than all of this.
 */
import type { Status } from "#daemon/control-protocol";

type Check = (value: unknown) => boolean;
type Fields = Readonly<Record<string, Check>>;

const text: Check = (value) => typeof value === "string";
const number: Check = (value) => typeof value === "number";
const flag: Check = (value) => typeof value === "boolean";
const maybe =
  (check: Check): Check =>
  (value) =>
    value === undefined || value === null || check(value);
const list =
  (check: Check): Check =>
  (value) =>
    Array.isArray(value) && value.every(check);
const object =
  (fields: Fields): Check =>
  (value) => {
    if (typeof value !== "object" || value === null) return false;
    const members = value as Readonly<Record<string, unknown>>;
    return Object.entries(fields).every(([name, check]) => check(members[name]));
  };

const both: Fields = { en: text, "zh-CN": text };
const NAMED: Fields = { name: text, state: text };

const INSTANCE = object({
  ...NAMED,
  since: text,
  forSeconds: number,
  why: object({ ...both, reason: object({ kind: text }) }),
  interface: maybe(text),
  vrid: number,
  source: maybe(text),
  linkUp: flag,
  basePriority: number,
  effectivePriority: number,
  trackers: list(object({})),
  standby: maybe(
    object({ master: maybe(object({ address: text, priority: number, heardSecondsAgo: number })) }),
  ),
  holdDown: maybe(object({})),
  peers: list(object({ address: text, heardSecondsAgo: maybe(number) })),
  addresses: list(object({ address: text, error: maybe(text), foreign: list(text) })),
  claim: maybe(object({ address: text, mac: maybe(text), count: number })),
  lease: object({ guarantee: text, seconds: number }),
  counters: object({}),
  gate: maybe(
    object({ unit: text, phase: text, eligible: text, why: list(object(both)), epoch: number }),
  ),
  switched: maybe(object({ at: text, to: text, by: text })),
  havips: list(object({ address: text, platform: text })),
  history: list(object({ at: text, from: text, to: text, why: object(both) })),
  notify: object({ last: maybe(object({})), queued: number }),
});

const STATUS = object({
  version: text,
  host: maybe(text),
  at: text,
  startedAt: text,
  configFile: text,
  engineAnswers: flag,
  instances: list(INSTANCE),
  groups: list(object({ ...NAMED, members: list(object(NAMED)) })),
  scripts: list(object({ name: text, command: list(text), result: text, consecutive: number })),
  maintenance: maybe(object({ since: text, by: text, until: maybe(text), reason: maybe(text) })),
});

export const isStatus = (value: unknown): value is Status => STATUS(value);
