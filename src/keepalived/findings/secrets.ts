/**
 * Where secrets stand in the text of a file, so that nobody is shown them: passwords, keys, the
 * definitions they come from, and whatever stands in their place by a mistake (`authpass x`,
 * `auth_pass = x`, `auth_pass old#new`, a commented line).
 *
 * Looked for in the raw lines, not in what was read: a password is most likely to be quoted in a
 * finding when the line was not understood. Too much is hidden rather than too little: all of the
 * line behind the word.
 */
import type { Source } from "#diagnostics/source";
import { nearest } from "#units/nearest";
import { DESTINATIONS } from "../keywords/alert.ts";
import { SECRET_KEYWORDS } from "../keywords/havip.ts";
import type { BlockWord } from "../keywords/keyword.ts";
import { tableOf } from "../keywords/tables.ts";

/** `start` included, `end` not: offsets in the file's text. */
export interface Hidden {
  readonly start: number;
  readonly end: number;
}

export interface SecretPlaces {
  /** By file name, in order. */
  readonly hidden: ReadonlyMap<string, readonly Hidden[]>;
  /** Texts of definitions that end in a secret: they may turn up wherever the name is used. */
  readonly definitions: readonly string[];
}

/** Anywhere in a line, also in a command: `mysqladmin --password=x`. */
const ANYWHERE = new RegExp(
  `auth[-_ ]?pas\\w*|pass(?:wor|w)?d\\w*(?=[ \\t=:"']|$)|auth[-_]?key|\\b(?:${SECRET_KEYWORDS.join("|")})\\b`,
  "gi",
);
/** The address of a chat robot: its key lets anybody write there. */
const ROBOT =
  /https?:\/\/[^ \t"']*(?:[?&](?:key|token|access_token)=|\/hooks?\/|hooks\.slack\.com)/i;
/** A user name, and perhaps a password, in any URL. */
const ACCOUNT = /\b[a-z]+:\/\/[^ \t"'/?#]*@/i;
const ROBOT_OR_ACCOUNT = new RegExp(`${ROBOT.source}|${ACCOUNT.source}`, "i");
const NAMES = /pass|pwd|secret/i;
/** What may stand before the first word: a condition, marks of a comment, a brace. */
const LEAD = /^[ \t]*(?:@\^?[^ \t]*[ \t]+)?[#!{ \t]*/;
const DEFINITION = /^[ \t#!]*(?:@\^?[^ \t]*[ \t]+)?\$(\w+)[ \t]*=/;
const USE = /\$\{?(\w+)/g;
/** Blocks in which every word may be a password that was put in the wrong place. */
const BLOCKS: readonly BlockWord[] = ["authentication", "auth_hmac"];
/** Keywords of these blocks that have an argument which is no secret. */
const OPEN_KEYWORDS: ReadonlySet<string> = new Set([
  "auth_type",
  "active_key",
  "anti_replay",
  "time_window",
  "mode",
]);

/** A path is no secret, and a finding has to name it. */
const KEY_IN_A_FILE = /^key[ \t]+\d+[ \t]+"?file:\/[^\s"]*"?[ \t\r]*(?:[#!].*)?$/;

const IS_DESTINATION: ReadonlySet<string> = new Set(DESTINATIONS);

interface RawLine {
  readonly file: string;
  readonly start: number;
  readonly text: string;
  /** The name it defines; also of the lines that continue a definition. */
  readonly defines: string | undefined;
  /** Column from which it is secret by what it says itself; -1: it is not. */
  readonly from: number;
}

export function findSecrets(sources: readonly Source[]): SecretPlaces {
  const lines: RawLine[] = [];
  const isNear = createGuess();
  for (const source of sources) readLines(source, isNear, lines);
  const tainted = taintedNames(lines);
  const hidden = new Map<string, Hidden[]>();
  const definitions: string[] = [];
  for (const line of lines) {
    const { file, start, text, defines } = line;
    let { from } = line;
    if (defines !== undefined && tainted.has(defines)) {
      from = valueAt(text);
      definitions.push(text.slice(from));
    }
    if (from < 0 || from >= text.length) continue;
    const places = hidden.get(file) ?? [];
    places.push({ start: start + from, end: start + text.length });
    hidden.set(file, places);
  }
  return { hidden, definitions };
}

/** Only lines that matter are kept: secret ones and those of definitions. */
function readLines(source: Source, isNear: (word: string) => boolean, into: RawLine[]): void {
  const { text, name: file } = source;
  let inside: BlockWord | undefined;
  let defines: string | undefined;
  for (let start = 0; start < text.length; ) {
    const found = text.indexOf("\n", start);
    const end = found < 0 ? text.length : found;
    const line = text.slice(start, Math.min(end, start + LOOKED_AT_MAX));
    const at = start;
    start = end + 1;
    const continued: string | undefined = defines;
    defines = continued ?? DEFINITION.exec(line)?.[1];
    const lead = LEAD.exec(line)?.[0].length ?? 0;
    const word = /^[^ \t{}"]*/.exec(line.slice(lead, lead + 64))?.[0] ?? "";
    const entered = /(?:^|[ \t{}#!])(auth(?:entication|_hmac))[ \t]*(?:\{|\r?$)/.exec(line)?.[1];
    const block = BLOCKS.find((one) => one === entered);
    if (block !== undefined) inside = block;
    else if (inside !== undefined && tableOf("vrrp_instance").has(word)) inside = undefined;
    const looked = secretFrom(line, lead, word, block === undefined ? inside : undefined, isNear);
    // What stands further on is not looked at, and not shown.
    const isLong = end - at > LOOKED_AT_MAX;
    const from = isLong && looked < 0 ? LOOKED_AT_MAX : looked;
    if (from >= 0 || defines !== undefined)
      into.push({ file, start: at, text: isLong ? text.slice(at, end) : line, defines, from });
    if (inside !== undefined && line.includes("}")) inside = undefined;
    if (!/\\[ \t\r]*$/.test(line)) defines = undefined;
  }
}

/** The column behind the word that says that a secret follows. */
function secretFrom(
  line: string,
  lead: number,
  word: string,
  inside: BlockWord | undefined,
  isNear: (word: string) => boolean,
): number {
  // A loop has its values in front of the line that it repeats.
  const first = firstMatch(line);
  if (first >= 0) return /^[ \t]*~/.test(line) ? line.indexOf("(") + 1 : first;
  if (isNear(word) || IS_DESTINATION.has(word)) return lead + word.length;
  const url = line.includes("://") ? line.search(ROBOT_OR_ACCOUNT) : -1;
  if (url >= 0) return url;
  if (inside === undefined || word === "") return -1;
  if (KEY_IN_A_FILE.test(line.slice(lead))) return -1;
  if (!OPEN_KEYWORDS.has(word)) {
    const meant = nearest(word, tableOf(inside).keys());
    const isWord = meant !== undefined || tableOf(inside).has(word);
    return isWord ? lead + word.length : lead;
  }
  const argument = /^[ \t]+[^ \t]+/.exec(line.slice(lead + word.length))?.[0].length;
  return argument === undefined ? -1 : lead + word.length + argument;
}

function firstMatch(line: string): number {
  ANYWHERE.lastIndex = 0;
  const match = ANYWHERE.exec(line);
  return match === null ? -1 : match.index + match[0].length;
}

/** Misspellings of `auth_pass`; a file of one word a million times is looked up once. */
function createGuess(): (word: string) => boolean {
  const known = new Map<string, boolean>();
  return (word) => {
    if (word.length < 6 || word.length > 16 || word.charCodeAt(0) === 0x24) return false;
    let near = known.get(word);
    if (near === undefined) {
      near = nearest(word, ["auth_pass"]) !== undefined;
      if (known.size < KNOWN_MAX) known.set(word, near);
    }
    return near;
  };
}

const KNOWN_MAX = 10_000;
/** Several times keepalived's line. */
const LOOKED_AT_MAX = 4_096;

/** Definitions used behind a secret's word, and in those definitions, and so on. */
function taintedNames(lines: readonly RawLine[]): ReadonlySet<string> {
  const uses = new Map<string, Set<string>>();
  const tainted = new Set<string>();
  const queue: string[] = [];
  const taint = (name: string): void => {
    if (tainted.has(name)) return;
    tainted.add(name);
    queue.push(name);
  };
  for (const { text, defines, from } of lines) {
    if (from >= 0) for (const [, name = ""] of text.slice(from).matchAll(USE)) taint(name);
    if (defines === undefined) continue;
    if (NAMES.test(defines)) taint(defines);
    const used = uses.get(defines) ?? new Set();
    uses.set(defines, used);
    for (const [, name = ""] of text.slice(valueAt(text)).matchAll(USE)) used.add(name);
  }
  for (let name = queue.pop(); name !== undefined; name = queue.pop())
    for (const one of uses.get(name) ?? []) taint(one);
  return tainted;
}

/** Behind the `=` of a definition; a continued line is value as a whole. */
const valueAt = (text: string): number => DEFINITION.exec(text)?.[0].length ?? 0;
