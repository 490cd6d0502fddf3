/**
 * What a row of the keyword tables says. The tables are the one place that knows which keywords
 * there are; reader, rules, `baton check`, the documentation page and the formatter all read them.
 */
import type { Loss, NoNeed } from "#diagnostics/facts";

export type BlockWord =
  | "api"
  | "alert"
  | "authentication"
  | "auth_hmac"
  | "bfd_instance"
  | "check"
  | "events"
  | "garp_group"
  | "gate"
  | "global_defs"
  | "havip"
  | "mysql"
  | "postgresql"
  | "redis"
  | "static_track_group"
  | "tls"
  | "track_file"
  | "vrrp_instance"
  | "vrrp_script"
  | "vrrp_sync_group"
  | "vrrp_track_process";

/** What stands on one line of a list. */
export type ItemKind =
  | "address"
  | "delay"
  | "interface"
  | "name"
  | "peer"
  | "route"
  | "rule"
  | "text"
  | "tracked";

export interface NumberTakes {
  readonly kind: "integer" | "decimal";
  readonly min: number;
  readonly max: number;
  /** May stand alone. */
  readonly optional?: true;
  /**
   * What keepalived makes of text that is no number; undefined: it refuses it. See
   * values/numbers.ts.
   */
  readonly bad?: "digits" | "microseconds";
  /** A number from 0 to below `min` becomes `min`. */
  readonly raises?: true;
  /**
   * The value that counts after a refusal, where it differs from the default of a keyword that is
   * not written.
   */
  readonly refused?: number;
}

/** The arguments of a keyword. Times are in seconds unless the row has another unit. */
export type Takes =
  | { readonly kind: "flag" }
  /** `[bool]`: no argument means true. */
  | { readonly kind: "boolean" }
  | NumberTakes
  | {
      readonly kind: "choice";
      readonly of: readonly string[];
      readonly optional?: true;
      /** Numbers, of which keepalived takes the digits a word begins with: `3x` is 3. */
      readonly bad?: "digits";
    }
  | { readonly kind: "address"; readonly family: 4 | 6 | "any"; readonly multicast?: true }
  | { readonly kind: "interface" }
  /** Exactly one word. */
  | { readonly kind: "text" }
  /** One word that is never printed. */
  | { readonly kind: "secret" }
  /** From `min` to `max` of them. */
  | { readonly kind: "secrets"; readonly min: number; readonly max: number }
  /** From `min` to `max` arguments that only keepalived interprets. */
  | {
      readonly kind: "texts";
      readonly min: number;
      readonly max: number;
      /** They are never printed, and nobody needs them. */
      readonly isSecret?: true;
    }
  /** A program with arguments in one (quoted) word, then `[user [group]]`. */
  | {
      readonly kind: "command";
      readonly user: boolean;
      readonly optional?: true;
      /** `timeout SECONDS` may follow, of `ACTION_SECONDS`; this is what counts without it. */
      readonly timeout?: number;
    }
  /** A program and its parameters, each a word. */
  | { readonly kind: "program" }
  | { readonly kind: "user" }
  /** `N [reverse|noreverse]`; beyond the limit keepalived takes the limit, or the default. */
  | { readonly kind: "weight"; readonly limit: number; readonly beyond: "limit" | "default" }
  /** `{ … }`, one item a line. */
  | { readonly kind: "list"; readonly of: ItemKind }
  | { readonly kind: "block"; readonly block: BlockWord; readonly named: boolean }
  /** A block of another service: skipped as a whole. */
  | { readonly kind: "foreign" };

/** What Baton does about it. */
export type Acts =
  | { readonly kind: "yes" }
  /**
   * Read, checked, and not carried out: an error where the machine would do without something it
   * was promised.
   */
  | {
      readonly kind: "without";
      readonly severity: "error" | "warning";
      readonly loss: Loss;
    }
  /** Read, checked, and nothing to do here. */
  | { readonly kind: "no-need"; readonly why: NoNeed; readonly quiet: boolean }
  /** Another service's. */
  | { readonly kind: "foreign" };

export interface Keyword {
  readonly word: string;
  readonly takes: Takes;
  /** First keepalived release with a parser that knows it; "baton" for our own. */
  readonly since: string;
  /** As one would write it; undefined: unset. */
  readonly default?: string;
  readonly unit?: "s" | "ms" | "µs" | "bytes";
  readonly acts: Acts;
  readonly conflicts?: readonly string[];
  /** keepalived calls it deprecated; the word to use, or "" for none. */
  readonly deprecated?: string;
  /** May stand several times. */
  readonly repeatable?: true;
  /**
   * keepalived says that the argument is missing and goes on without the line; where it is not
   * there, it stops.
   */
  readonly bareIsSkipped?: true;
  readonly purpose: string;
}

export type KeywordTable = ReadonlyMap<string, Keyword>;

export const table = (rows: readonly Keyword[]): KeywordTable =>
  new Map(rows.map((row) => [row.word, row]));

// Short names, so that a table reads as a table.

export const flag: Takes = { kind: "flag" };
export const boolean: Takes = { kind: "boolean" };
export const text: Takes = { kind: "text" };
export const secret: Takes = { kind: "secret" };
export const secrets = (min: number, max: number): Takes => ({ kind: "secrets", min, max });
export const interfaceName: Takes = { kind: "interface" };
export const user: Takes = { kind: "user" };
export const command: Takes = { kind: "command", user: true };
export const integer = (min: number, max: number): Takes => ({ kind: "integer", min, max });
/** keepalived takes the digits that a word begins with: `5s` is 5. */
export const looseInteger = (min: number, max: number): Takes => ({
  kind: "integer",
  min,
  max,
  bad: "digits",
});
/** Its reader for times takes the digits as millionths of a second: `5s` is 0.000005. */
export const looseDecimal = (min: number, max: number): Takes => ({
  kind: "decimal",
  min,
  max,
  bad: "microseconds",
});
const UINT_MAX = 4_294_967_295;
export const INT_MAX = 2_147_483_647;
/**
 * The ranges of keepalived's `garp_*` keywords, of an instance and global; a delay in microseconds
 * has to fit 32 bits.
 */
export const GARP_DELAY: Takes = looseInteger(0, Math.floor(UINT_MAX / 1_000_000));
export const GARP_REFRESH: Takes = looseInteger(0, UINT_MAX);
export const GARP_LOWER_REPEAT: Takes = looseInteger(0, INT_MAX);
export const GARP_REPEAT: Takes = {
  kind: "integer",
  min: 1,
  max: UINT_MAX,
  bad: "digits",
  raises: true,
};
export const decimal = (min: number, max: number): Takes => ({ kind: "decimal", min, max });
export const maybeInteger = (min: number, max: number): Takes => ({
  kind: "integer",
  min,
  max,
  optional: true,
});
export const choice = (...of: readonly string[]): Takes => ({ kind: "choice", of });
export const version: Takes = { kind: "choice", of: ["2", "3"], bad: "digits" };
export const maybeChoice = (...of: readonly string[]): Takes => ({
  kind: "choice",
  of,
  optional: true,
});
export const address = (family: 4 | 6 | "any"): Takes => ({ kind: "address", family });
export const texts = (min: number, max: number): Takes => ({ kind: "texts", min, max });
export const secretTexts = (min: number, max: number): Takes => ({
  kind: "texts",
  min,
  max,
  isSecret: true,
});
export const list = (of: ItemKind): Takes => ({ kind: "list", of });
export const block = (word: BlockWord, named: boolean): Takes => ({
  kind: "block",
  block: word,
  named,
});

export const yes: Acts = { kind: "yes" };
export const without = (loss: Loss): Acts => ({ kind: "without", severity: "error", loss });
export const less = (loss: Loss): Acts => ({ kind: "without", severity: "warning", loss });
/**
 * Marks the keywords that keepalived skips where their argument is missing (each tried with 2.2.7).
 */
export const skippedBare = (
  rows: readonly Keyword[],
  keywords: readonly string[],
): readonly Keyword[] =>
  rows.map((row) => (keywords.includes(row.word) ? { ...row, bareIsSkipped: true } : row));
/**
 * Nothing to do. Reported once for each reason; "always" means only together with one that is
 * reported anyway.
 */
export const quiet = (why: NoNeed): Acts => ({ kind: "no-need", why, quiet: why === "always" });
