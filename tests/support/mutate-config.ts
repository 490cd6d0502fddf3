/**
 * A configuration made worse: bytes, lines, tokens, braces, characters of other alphabets, and
 * parts of other files.
 */
import type { Rng } from "#units/rng";

const PIECES: readonly string[] = [
  ..."{}\n \"'#!\\$~@=\t\r\0；“”　｛｝：".split(""),
  "\r\n",
  "${",
  "\ufeff",
  "\u2028",
  "\u0301",
  "\ud83d\ude00",
  "\ud83d",
  "$A=x\n",
  "$A=$A $A\n",
  "$M= \\\n a {\\\n }\n",
  "${A}",
  "$M\n",
  "~SEQ(i,3) ",
  "~LST({a,b},{1,2}) ",
  // What never ended, or took gigabytes, once.
  "~SEQ(A,1,0,5) ",
  "~SEQ(A,9223372036854775806,1,9223372036854775807) x $A\n",
  "~SEQ(a,1,100000) ~SEQ(b,1,100000) \n",
  "~SEQ(a,1,100000) ~SEQ(b,1,100000) @no x\n",
  "~SEQ(a,1,99999999999999999999) x\n",
  `~LST(a${",1".repeat(500)}) ~LST(b${",2".repeat(500)}) v$a$b\n`,
  "$D0=xx\n$D1=${D0}${D0}\n$D2=${D1}${D1}${D1}\n$D3=${D2}${D2}${D2}${D2}\n${D3}${D3}\n",
  "$E=\\\n $E \\\n $E\n$E\n",
  "x ".repeat(3_000),
  "a {".repeat(300),
  `${"}".repeat(300)}\n`,
  `include {${"a,{b,c}".repeat(200)}}.conf\n`,
  `auth_pass ${"passwd".repeat(1_000)}\n`,
  '$PASS=a b#c\nauth_pass $PASS "x\n',
  "@main ",
  "@^main ",
  "include a.conf\n",
  "include {a,b}.conf\n",
  "includea b.conf\n",
  "${_ENV X}",
  "${_RANDOM 1 2}",
  "vrrp_instance A {\n",
  "#vrrp_script check {\n",
  "vrrp_sync_group G {\n group {\n A\n",
  "vrrp_script s {\n",
  "global_defs {\n",
  "virtual_ipaddress {\n",
  "virtual_ipaddress 10.0.0.1\n",
  "unicast_peer {\n",
  "track_script {\n",
  "authentication {\n",
  "auth_pass a#b\n",
  "priority 300\n",
  "10.0.0.1/24\n",
  "10.0.0.1/255.255.255.0 dev eth0 label eth0:0123456789abcdef\n",
  "::1/64\n",
  "99999999999999999999",
  "-1",
  "1e9",
];

type Mutation = (text: string, other: string, random: Rng) => string;

const within = (text: string, random: Rng): number => random.between(0, text.length);

const MUTATIONS: readonly Mutation[] = [
  function flipBytes(text, _, random) {
    const bytes = new TextEncoder().encode(text);
    for (let count = random.between(1, 4); count > 0 && bytes.length > 0; count--) {
      const at = random.between(0, bytes.length - 1);
      bytes[at] = (bytes[at] ?? 0) ^ (1 << random.between(0, 7));
    }
    return new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
  },
  function deleteLines(text, _, random) {
    const lines = text.split("\n");
    lines.splice(random.between(0, lines.length - 1), random.between(1, 3));
    return lines.join("\n");
  },
  function doubleLines(text, _, random) {
    const lines = text.split("\n");
    const from = random.between(0, lines.length - 1);
    const part = lines.slice(from, from + random.between(1, 8));
    const copies = random.between(1, 20);
    for (let count = 0; count < copies; count++) lines.splice(from, 0, ...part);
    return lines.join("\n");
  },
  function swapLines(text, _, random) {
    const lines = text.split("\n");
    const [a, b] = [random.between(0, lines.length - 1), random.between(0, lines.length - 1)];
    [lines[a], lines[b]] = [lines[b] ?? "", lines[a] ?? ""];
    return lines.join("\n");
  },
  function joinLines(text, _, random) {
    const lines = text.split("\n");
    const at = random.between(0, lines.length - 1);
    return [...lines.slice(0, at), lines.slice(at, at + 2).join(" "), ...lines.slice(at + 2)].join(
      "\n",
    );
  },
  function splice(text, other, random) {
    return text.slice(0, within(text, random)) + other.slice(within(other, random));
  },
  function insertPart(text, other, random) {
    const at = within(text, random);
    const from = within(other, random);
    const part = other.slice(from, from + random.between(1, 200));
    return text.slice(0, at) + part + text.slice(at);
  },
  function insertPieces(text, _, random) {
    let result = text;
    for (let count = random.between(1, 4); count > 0; count--) {
      const at = within(result, random);
      const piece = random.pick(PIECES);
      result = result.slice(0, at) + piece + result.slice(at);
    }
    return result;
  },
  function cut(text, _, random) {
    const at = within(text, random);
    return text.slice(0, at) + text.slice(at + random.between(1, 40));
  },
  function truncate(text, _, random) {
    return text.slice(0, within(text, random));
  },
  function swapTokens(text, _, random) {
    const tokens = text.split(/(\s+)/);
    const [a, b] = [random.between(0, tokens.length - 1), random.between(0, tokens.length - 1)];
    [tokens[a], tokens[b]] = [tokens[b] ?? "", tokens[a] ?? ""];
    return tokens.join("");
  },
  function changeNumber(text, _, random) {
    const numbers = [...text.matchAll(/\d+/g)];
    if (numbers.length === 0) return text;
    const found = random.pick(numbers);
    const value = random.pick(["0", "-1", "256", "65536", "4294967296", "1.5", "", "010"]);
    return text.slice(0, found.index) + value + text.slice(found.index + found[0].length);
  },
  function braceStorm(text, _, random) {
    const at = within(text, random);
    const storm = (
      ["{", "}", "{}", "{\n", "}\n", "a {\n", "{ } "][random.between(0, 6)] ?? ""
    ).repeat(random.between(1, 300));
    return text.slice(0, at) + storm + text.slice(at);
  },
  function longLine(text, _, random) {
    const at = within(text, random);
    return text.slice(0, at) + "word ".repeat(random.between(150, 1_000)) + text.slice(at);
  },
  function otherLineEnds(text) {
    return text.replaceAll("\n", "\r\n");
  },
];

const LENGTH_MAX = 100_000;

/** One to five changes. */
export function mutateConfig(texts: readonly string[], random: Rng): string {
  let text = random.pick(texts);
  for (let count = random.between(1, 5); count > 0; count--) {
    text = random.pick(MUTATIONS)(text, random.pick(texts), random);
  }
  return text.slice(0, LENGTH_MAX);
}
