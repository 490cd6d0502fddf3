/**
 * Who may ask for more than answers: a name and a token on each line of the token file, and
 * `read` behind them for those who may only read.
 *
 * Tokens are kept as digests, all compared with each request's in constant time, so neither the
 * memory nor the time of an answer says anything about one of them.
 */
import type * as Crypto from "node:crypto";
import { Secret } from "#units/secret";

export interface ApiCaller {
  readonly name: string;
  readonly may: "read" | "operate";
}

export interface TokenProblem {
  readonly line: number;
  readonly why: "form" | "name" | "short" | "right" | "again" | "many";
}

export interface Tokens {
  readonly callers: Callers;
  /** Lines that are not used. */
  readonly problems: readonly TokenProblem[];
}

/** A token of fewer characters could be guessed; `openssl rand -hex 32` makes 64. */
export const TOKEN_MIN = 20;
const TOKEN_MAX = 512;
const CALLERS_MAX = 100;
const NAME = /^[\w.@-]{1,64}$/;

/** `import` of node:crypto evaluates every getter of it. */
const crypto = (): typeof Crypto => process.getBuiltinModule("node:crypto");
const digest = (secret: Secret): Buffer =>
  crypto().createHash("sha256").update(secret.reveal()).digest();

interface Entry extends ApiCaller {
  readonly digest: Buffer;
}

export class Callers {
  readonly #entries: readonly Entry[];

  constructor(entries: readonly Entry[]) {
    this.#entries = entries;
  }

  get names(): readonly string[] {
    return this.#entries.map(({ name }) => name);
  }

  /** Undefined: it is nobody's. */
  find(token: Secret): ApiCaller | undefined {
    const asked = digest(token);
    let found: Entry | undefined;
    for (const entry of this.#entries)
      if (crypto().timingSafeEqual(entry.digest, asked)) found = entry;
    return found && { name: found.name, may: found.may };
  }
}

export const NOBODY: Callers = new Callers([]);

export function readTokens(text: string): Tokens {
  const entries: Entry[] = [];
  const problems: TokenProblem[] = [];
  for (const [index, raw] of text.split("\n").entries()) {
    const [name = "", token = "", right, more] = raw.trim().split(/[ \t]+/);
    if (name === "" || name.startsWith("#")) continue;
    const refuse = (why: TokenProblem["why"]): void => {
      if (problems.length < CALLERS_MAX) problems.push({ line: index + 1, why });
    };
    if (token === "" || more !== undefined || token.length > TOKEN_MAX) refuse("form");
    else if (!NAME.test(name)) refuse("name");
    else if (token.length < TOKEN_MIN) refuse("short");
    else if (right !== undefined && right !== "read") refuse("right");
    else if (entries.some((one) => one.name === name)) refuse("again");
    else if (entries.length >= CALLERS_MAX) refuse("many");
    else {
      const may = right === "read" ? "read" : "operate";
      entries.push({ name, may, digest: digest(new Secret(token)) });
    }
  }
  return { callers: new Callers(entries), problems };
}
