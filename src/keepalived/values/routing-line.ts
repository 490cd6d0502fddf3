/** The tokens of a route or rule, one after the other, and what can be wrong with one. */
import { finding } from "#diagnostics/diagnostic";
import type { RoutingProblem } from "#diagnostics/facts-routing";
import { bitsOf, readIp } from "#units/address";
import { nearest } from "#units/nearest";
import type { Named, Network, Realms } from "#vrrp/router/routes";
import type { Token } from "../lines/tokens.ts";
import { prefixOfMask } from "./ip.ts";
import type { ItemContext } from "./item-line.ts";

export class RoutingLine {
  readonly #context: ItemContext;
  #at = 0;
  /** A problem was reported: the line is left out. */
  isBad = false;

  constructor(context: ItemContext) {
    this.#context = context;
  }

  get text(): string {
    return this.#context.tokens.map(({ text }) => text).join(" ");
  }

  /** Undefined at the end. */
  next(): Token | undefined {
    return this.#context.tokens[this.#at++];
  }

  peek(): string | undefined {
    return this.#context.tokens[this.#at]?.text;
  }

  /** Takes the next word if it is this one. */
  takes(word: string): boolean {
    if (this.peek() !== word) return false;
    this.#at++;
    return true;
  }

  /** Only the first problem of a line is reported: what follows may follow from it. */
  refuse(token: Token, why: RoutingProblem, options: readonly string[] = []): undefined {
    if (!this.isBad) {
      const block = this.#context.keyword.word;
      const suggestion = nearest(token.text, options);
      const facts = { block, word: token.text, why, suggestion };
      this.#context.report(finding("VR2140", token.span, facts));
    }
    this.isBad = true;
    return undefined;
  }

  argument(of: Token): Token | undefined {
    const token = this.next();
    return token ?? this.refuse(of, "missing");
  }

  number(of: Token, min: number, max: number): number | undefined {
    const token = this.argument(of);
    return token === undefined ? undefined : this.numberIn(token, token.text, min, max);
  }

  /** Decimal, or hexadecimal with 0x; `text` is the token's, or a part of it. */
  numberIn(token: Token, text: string, min: number, max: number): number | undefined {
    if (!/^([0-9]+|0x[0-9a-fA-F]+)$/.test(text)) return this.refuse(token, "not-a-number");
    const value = Number(text);
    return value >= min && value <= max ? value : this.refuse(token, "out-of-range");
  }

  /** `80` or `80-90`. */
  range(of: Token, max: number): { readonly from: number; readonly to: number } | undefined {
    const token = this.argument(of);
    if (token === undefined) return undefined;
    const [first = "", last = first, ...rest] = token.text.split("-");
    const from = this.numberIn(token, first, 0, max);
    const to = this.numberIn(token, last, 0, max);
    if (from === undefined || to === undefined) return undefined;
    return rest.length > 0 || from > to ? this.refuse(token, "not-a-number") : { from, to };
  }

  /** A number, or a name that the machine knows. */
  named(of: Token, max: number): Named | undefined {
    const token = this.argument(of);
    if (token === undefined) return undefined;
    if (/^[0-9]/.test(token.text)) return this.numberIn(token, token.text, 0, max);
    return token.text;
  }

  /** `TO` or `FROM/TO`; names of rt_realms. */
  realms(of: Token): Realms | undefined {
    const token = this.argument(of);
    if (token === undefined) return undefined;
    const [first = "", second, ...rest] = token.text.split("/");
    if (first === "" || second === "" || rest.length > 0) return this.refuse(token, "not-a-number");
    const read = (text: string): Named | undefined =>
      /^[0-9]/.test(text) ? this.numberIn(token, text, 0, 65_535) : text;
    const to = read(second ?? first);
    const from = second === undefined ? 0 : read(first);
    return to === undefined || from === undefined ? undefined : { from, to };
  }

  choice<T extends string>(of: Token, choices: readonly T[]): T | undefined {
    const token = this.argument(of);
    if (token === undefined) return undefined;
    const found = choices.find((one) => one === token.text);
    return found ?? this.refuse(token, "not-a-choice", choices);
  }

  address(of: Token): ReturnType<typeof readIp> {
    const token = this.argument(of);
    if (token === undefined) return undefined;
    return readIp(token.text) ?? this.refuse(token, "not-an-address");
  }

  network(of: Token): Network | undefined {
    const token = this.argument(of);
    if (token === undefined) return undefined;
    return networkOf(token.text) ?? this.refuse(token, "not-an-address");
  }
}

/** `10.0.0.0/8`, `10.0.0.0/255.0.0.0`, `2001:db8::/32`, or an address alone. */
export function networkOf(text: string): Network | undefined {
  const [host = "", length, ...rest] = text.split("/");
  const address = readIp(host);
  if (address === undefined || rest.length > 0) return undefined;
  const bits = bitsOf(address);
  if (length === undefined) return { address, prefix: bits };
  const prefix = /^[0-9]{1,3}$/.test(length) ? Number(length) : prefixOfMask(length);
  return prefix === undefined || prefix > bits ? undefined : { address, prefix };
}
