/** `auth_hmac`: what its keys are, and what counts of the block. */
import type { Span } from "#diagnostics/source";
import { Secret } from "#units/secret";
import type { SigningConfig, SigningKey } from "#vrrp/router/config";
import { type Block, blocksOf, numberOf, textOf } from "../blocks/block.ts";
import { byteLength } from "../lines/tokens.ts";
import type { KeyFileReader } from "../values/key-file.ts";
import { intervalOf, isStrict } from "./effective.ts";
import type { Model } from "./model.ts";

/** Bytes of a key: a digest of SHA-256 to a block of it. */
export const KEY_BYTES = { min: 32, max: 64 } as const;
const KEY_ID_MAX = 255;
/** Seconds; three advertisements if that is more. */
const WINDOW_MIN = 5;

export type KeyProblem =
  | { readonly kind: "id" }
  /** Behind `hex:` there is something else, or half a byte. */
  | { readonly kind: "hex" }
  /** A key as text may have the printable letters of ASCII. */
  | { readonly kind: "letters" }
  | { readonly kind: "length"; readonly bytes: number }
  | { readonly kind: "file"; readonly path: string; readonly error: string };

/** A line `key ID VALUE`. */
export interface WrittenKey {
  /** Of the keyword: what follows is secret. */
  readonly place: Span;
  /** Undefined: not a number that a key may have. */
  readonly id: number | undefined;
  readonly problem: KeyProblem | undefined;
  /** Hexadecimal digits; empty where a file is named and nobody reads files here. */
  readonly secret: Secret;
  /** Another line before it has the same id, and counts. */
  readonly isSecond: boolean;
  readonly file: { readonly path: string; readonly mode: number } | undefined;
}

/** The last block counts. */
export const signingBlock = (instance: Block): Block | undefined =>
  blocksOf(instance, "auth_hmac").at(-1);

export function writtenKeys(block: Block, model: Model): readonly WrittenKey[] {
  const seen = new Set<number>();
  return block.settings.flatMap(({ keyword, token, value }): WrittenKey[] => {
    if (keyword.word !== "key" || value.kind !== "secrets") return [];
    const [number, text] = value.secrets;
    const id = idOf(number?.reveal() ?? "");
    const isSecond = id !== undefined && seen.has(id);
    if (id !== undefined) seen.add(id);
    const read = readKey(text?.reveal() ?? "", model.keyFile);
    const problem = id === undefined ? ({ kind: "id" } as const) : read.problem;
    return [{ ...read, place: token.span, id, isSecond, problem }];
  });
}

function idOf(text: string): number | undefined {
  const id = /^[0-9]{1,3}$/.test(text) ? Number(text) : 0;
  return id >= 1 && id <= KEY_ID_MAX ? id : undefined;
}

type ReadKey = Pick<WrittenKey, "problem" | "secret" | "file">;
const NOTHING: ReadKey = { problem: undefined, secret: new Secret(""), file: undefined };

function readKey(text: string, keyFile: KeyFileReader | undefined): ReadKey {
  const path = /^file:(.*)$/s.exec(text)?.[1];
  if (path === undefined) return { ...NOTHING, ...decode(text) };
  if (!path.startsWith("/"))
    return { ...NOTHING, problem: { kind: "file", path, error: "relative" } };
  if (keyFile === undefined) return NOTHING;
  const found = keyFile(path);
  if (found.kind === "refused")
    return { ...NOTHING, problem: { kind: "file", path, error: found.error } };
  // As keepalived has it: the ends of lines behind the key do not belong to it.
  return {
    ...NOTHING,
    ...decode(found.text.replace(/[\r\n]+$/, "")),
    file: { path, mode: found.mode },
  };
}

function decode(text: string): Pick<ReadKey, "problem" | "secret"> {
  const digits = /^hex:(.*)$/s.exec(text)?.[1];
  const isHex = digits !== undefined && digits.length % 2 === 0 && /^[0-9a-fA-F]*$/.test(digits);
  if (digits !== undefined && !isHex) return { ...NOTHING, problem: { kind: "hex" } };
  if (digits === undefined && !/^[\x20-\x7e]*$/.test(text))
    return { ...NOTHING, problem: { kind: "letters" } };
  const hex = digits?.toLowerCase() ?? hexOf(text);
  const bytes = hex.length / 2;
  if (bytes < KEY_BYTES.min || bytes > KEY_BYTES.max)
    return { ...NOTHING, problem: { kind: "length", bytes } };
  return { problem: undefined, secret: new Secret(hex) };
}

function hexOf(text: string): string {
  let hex = "";
  for (let at = 0; at < byteLength(text); at++)
    hex += text.charCodeAt(at).toString(16).padStart(2, "0");
  return hex;
}

export const usableKeys = (keys: readonly WrittenKey[]): readonly SigningKey[] =>
  keys.flatMap(({ id, problem, secret, isSecond }) =>
    id === undefined || problem !== undefined || isSecond ? [] : [{ id, secret }],
  );

export const modeOf = (block: Block, instance: Block, model: Model): SigningConfig["mode"] => {
  const mode = textOf(block, "mode");
  const isOther = mode === "permissive" || mode === "receive-only";
  return isOther && !isStrict(instance, model) ? mode : "enforce";
};

export const antiReplayOf = (block: Block): SigningConfig["antiReplay"] =>
  textOf(block, "anti_replay") === "monotonic" ? "monotonic" : "time";

/** Undefined: there is no block, or none that could be used, which is reported and fatal. */
export function signingOf(instance: Block, model: Model): SigningConfig | undefined {
  const block = signingBlock(instance);
  if (block === undefined) return undefined;
  const keys = usableKeys(writtenKeys(block, model));
  const active = numberOf(block, "active_key");
  if (active === undefined || !keys.some(({ id }) => id === active)) return undefined;
  const adverts = Math.ceil((intervalOf(instance, model) * 3) / 100);
  return {
    keys,
    active,
    mode: modeOf(block, instance, model),
    antiReplay: antiReplayOf(block),
    window: numberOf(block, "time_window") ?? Math.max(adverts, WINDOW_MIN),
  };
}
