/**
 * `check`: the blocks to `CheckPlan`. A check that asks nothing is left out, and whoever tracks it
 * runs without it; a rule reports that (rules/checks.ts), with the same functions.
 */
import { type AnyFinding, finding } from "#diagnostics/diagnostic";
import type { Facts } from "#diagnostics/facts";
import { nearest } from "#units/nearest";
import { readPattern } from "#units/pattern";
import { fromSeconds } from "#units/time";
import { type Block, booleanOf, nameOf, numberOf, type Setting } from "../blocks/block.ts";
import { CHECK_DEFAULTS, CHECK_KINDS, type CheckKind, DNS_TYPES } from "../keywords/checks.ts";
import { DATABASE_AT, type DatabaseWord } from "../keywords/gate.ts";
import type { Token } from "../lines/tokens.ts";
import { isAddress, isHost, printHostPort, readHostPort } from "../values/host-port.ts";
import { readInteger } from "../values/numbers.ts";
import { printDatabaseAt, readDatabaseAt } from "./gate.ts";
import type { CheckPlan, CheckTarget, HttpTarget } from "./run-plan.ts";

type Report = (found: AnyFinding) => void;
const isOwn = true;
const ignore: Report = () => {};

export function planCheck(block: Block): CheckPlan | undefined {
  const setting = targetSettings(block).at(-1);
  const target = setting && readTarget(setting, ignore);
  if (target === undefined) return undefined;
  const interval = numberOf(block, "interval") ?? CHECK_DEFAULTS.interval;
  return {
    name: nameOf(block),
    target,
    interval: fromSeconds(interval),
    timeout: fromSeconds(numberOf(block, "timeout") ?? interval),
    rise: numberOf(block, "rise") ?? 1,
    fall: numberOf(block, "fall") ?? 1,
    initFail: booleanOf(block, "init_fail") ?? false,
  };
}

const kindOf = ({ keyword }: Setting): CheckKind | undefined =>
  CHECK_KINDS.find((one) => one === keyword.word);

/** Of more than one, the last one counts. */
export const targetSettings = (block: Block): readonly Setting[] =>
  block.settings.filter((setting) => kindOf(setting) !== undefined);

/** Undefined: nothing can be asked, and it has been reported. */
export function readTarget(setting: Setting, report: Report): CheckTarget | undefined {
  const kind = kindOf(setting);
  const [first, ...more] = setting.args;
  if (kind === "mysql" || kind === "postgresql" || kind === "redis")
    return readDatabase(kind, setting.args, report);
  if (kind === undefined || first === undefined) return undefined;
  switch (kind) {
    case "tcp": {
      const read = readHostPort(first.text);
      if (read.kind === "at") return { kind, ...read.at };
      return refuse(report, kind, first, read.why);
    }
    case "http":
      return readHttp(first, more, report);
    case "dns":
      return readDns(first, more, report);
    case "ping":
      if (isHost(first.text) || isAddress(first.text)) return { kind, host: first.text };
      return refuse(report, kind, first, "host");
  }
}

/** One that is asked by name; its name is resolved at each run. */
export function nameIn(target: CheckTarget): string | undefined {
  const host = hostOf(target);
  return host === undefined || host === "localhost" || isAddress(host) ? undefined : host;
}

function hostOf(target: CheckTarget): string | undefined {
  switch (target.kind) {
    case "tcp":
    case "ping":
      return target.host;
    case "http":
      return new URL(target.url).hostname.replace(/^\[(.*)\]$/, "$1");
    case "mysql":
    case "postgresql":
    case "redis":
      return "host" in target.at ? target.at.host : undefined;
    case "dns":
      return undefined;
  }
}

function refuse(
  report: Report,
  keyword: string,
  { text, span }: Token,
  why: Facts["VR2122"]["why"],
): undefined {
  report(finding("VR2122", span, { keyword, text, why }));
}

/** `URL [status A-B] [body PATTERN] [host NAME] [tls insecure | tls name NAME | tls ca FILE]…` */
function readHttp(first: Token, more: readonly Token[], report: Report): HttpTarget | undefined {
  const url = URL.parse(first.text);
  const problem = urlProblem(url, first.text);
  if (url === null || problem !== undefined) {
    // Neither are the options of any use then.
    refuse(report, "http", first, problem ?? "url");
    return undefined;
  }
  url.hash = "";
  const draft: HttpDraft = { status: { from: 200, to: 299 }, tls: { isVerified: true } };
  const options = new Options("http", more, report);
  for (let option = options.next(); option !== undefined; option = options.next()) {
    readHttpOption(option, options, draft, report);
  }
  const hasTls = url.protocol === "https:";
  if (draft.tlsAt !== undefined && !hasTls) refuse(report, "http", draft.tlsAt, "tls");
  const { status, body, hostHeader, tls } = draft;
  return {
    kind: "http",
    url: url.href,
    status,
    ...(body === undefined ? {} : { body }),
    ...(hostHeader === undefined ? {} : { hostHeader }),
    ...(hasTls ? { tls } : {}),
  };
}

interface HttpDraft {
  status: HttpTarget["status"];
  body?: string;
  hostHeader?: string;
  tls: NonNullable<HttpTarget["tls"]>;
  tlsAt?: Token;
}

function urlProblem(url: URL | null, text: string): Facts["VR2122"]["why"] | undefined {
  if (url === null || !/^https?:\/\//i.test(text) || url.hostname === "") return "url";
  return url.username === "" && url.password === "" ? undefined : "account";
}

const HTTP_OPTIONS = ["status", "body", "host", "tls"] as const;
const TLS_OPTIONS = ["insecure", "name", "ca"] as const;

function readHttpOption(option: Token, options: Options, draft: HttpDraft, report: Report): void {
  switch (options.known(option, HTTP_OPTIONS)) {
    case undefined:
      return;
    case "status":
      draft.status = readStatus(options.value(option), report) ?? draft.status;
      return;
    case "body": {
      const value = options.value(option);
      if (value !== undefined && isPattern(value, report)) draft.body = value.text;
      return;
    }
    case "host": {
      const value = options.value(option);
      if (value === undefined) return;
      if (readHostPort(value.text, 80).kind === "at") draft.hostHeader = value.text;
      else refuse(report, "host", value, "host");
      return;
    }
    case "tls": {
      const what = options.value(option);
      if (what === undefined) return;
      draft.tlsAt = option;
      readTls(what, options, draft, report);
    }
  }
}

function readTls(what: Token, options: Options, draft: HttpDraft, report: Report): void {
  switch (options.known(what, TLS_OPTIONS)) {
    case undefined:
      return;
    case "insecure":
      draft.tls = { ...draft.tls, isVerified: false };
      return;
    case "name": {
      const value = options.value(what);
      if (value === undefined) return;
      if (isHost(value.text)) draft.tls = { ...draft.tls, name: value.text };
      else refuse(report, "tls name", value, "host");
      return;
    }
    case "ca": {
      const value = options.value(what);
      if (value === undefined) return;
      if (value.text.startsWith("/")) draft.tls = { ...draft.tls, caFile: value.text };
      else report(finding("VR2073", value.span, { keyword: "tls ca", text: value.text }));
    }
  }
}

const STATUS = { min: 100, max: 599 } as const;

/** `200`, `200-299` */
function readStatus(token: Token | undefined, report: Report): HttpTarget["status"] | undefined {
  if (token === undefined) return undefined;
  const [, low, high] = /^([0-9]{3})(?:-([0-9]{3}))?$/.exec(token.text) ?? [];
  const from = readInteger(low ?? "");
  const to = readInteger(high ?? low ?? "");
  const isFit =
    from !== undefined && to !== undefined && from >= STATUS.min && to <= STATUS.max && from <= to;
  if (isFit) return { from, to };
  return refuse(report, "status", token, "status");
}

function isPattern({ text, span }: Token, report: Report): boolean {
  const read = readPattern(text);
  if (read.kind === "pattern") return true;
  report(finding("VR2123", span, { text, why: read.why, at: read.at + 1 }));
  return false;
}

/** `[SOCKET | HOST[:PORT]] [credentials_file FILE] [query TEXT]` */
function readDatabase(
  kind: DatabaseWord,
  args: readonly Token[],
  report: Report,
): CheckTarget | undefined {
  const known: readonly string[] =
    kind === "redis" ? ["credentials_file"] : ["credentials_file", "query"];
  const [first] = args;
  const isPlace = first !== undefined && !known.includes(first.text);
  const at = readDatabaseAt(isPlace ? first.text : DATABASE_AT[kind], kind);
  if (at === undefined) return first && refuse(report, kind, first, "host");
  const options = new Options(kind, isPlace ? args.slice(1) : args, report);
  let credentialsFile: string | undefined;
  let query: string | undefined;
  for (let option = options.next(); option !== undefined; option = options.next()) {
    const word = options.known(option, known);
    const value = word === undefined ? undefined : options.value(option);
    if (value === undefined) continue;
    if (word === "query") query = value.text;
    else if (value.text.startsWith("/")) credentialsFile = value.text;
    else {
      const facts = { keyword: "credentials_file", text: value.text };
      report(finding("VR2073", value.span, facts));
    }
  }
  return {
    kind,
    at,
    ...(credentialsFile === undefined ? {} : { credentialsFile }),
    ...(query === undefined ? {} : { query }),
  };
}

const DNS_PORT = 53;

/** `dns SERVER[:PORT] NAME [TYPE]` */
function readDns(
  first: Token,
  [name, type]: readonly Token[],
  report: Report,
): CheckTarget | undefined {
  const read = readHostPort(first.text, DNS_PORT);
  if (read.kind !== "at" || !isAddress(read.at.host)) return refuse(report, "dns", first, "server");
  if (name === undefined) return undefined;
  if (!isHost(name.text)) return refuse(report, "dns", name, "name");
  const known = DNS_TYPES.find((one) => one === type?.text.toUpperCase());
  if (type !== undefined && known === undefined) {
    const suggestion = nearest(type.text.toUpperCase(), DNS_TYPES);
    const facts = {
      keyword: "dns",
      text: type.text,
      choices: DNS_TYPES,
      suggestion,
      used: "A",
      isOwn,
    };
    report(finding("VR2004", type.span, { ...facts, isOwn }));
  }
  return { kind: "dns", server: read.at, name: name.text, type: known ?? "A" };
}

/** Options behind a target, one after the other. */
class Options {
  readonly #keyword: string;
  readonly #tokens: readonly Token[];
  readonly #report: Report;
  #at = 0;

  constructor(keyword: string, tokens: readonly Token[], report: Report) {
    this.#keyword = keyword;
    this.#tokens = tokens;
    this.#report = report;
  }

  next(): Token | undefined {
    return this.#tokens[this.#at++];
  }

  /** The one it is, or a finding. */
  known<W extends string>({ text, span }: Token, all: readonly W[]): W | undefined {
    const word = all.find((one) => one === text);
    if (word === undefined) {
      const facts = { keyword: this.#keyword, word: text, dropped: false };
      this.#report(finding("VR2047", span, { ...facts, suggestion: nearest(text, all) }));
    }
    return word;
  }

  /** What stands behind the option. */
  value(option: Token): Token | undefined {
    const value = this.next();
    if (value === undefined) {
      const facts = { keyword: this.#keyword, option: option.text };
      this.#report(finding("VR2124", option.span, facts));
    }
    return value;
  }
}

/** For `baton config show --effective`: as it could be written behind its keyword. */
export function printCheckTarget(target: CheckTarget): string {
  switch (target.kind) {
    case "tcp":
      return printHostPort(target);
    case "ping":
      return target.host;
    case "dns":
      return `${printHostPort(target.server)} ${target.name} ${target.type}`;
    case "http":
      return printHttp(target);
    case "mysql":
    case "postgresql":
    case "redis": {
      const { credentialsFile, query } = target;
      return [
        printDatabaseAt(target.at),
        ...(credentialsFile === undefined ? [] : [`credentials_file ${credentialsFile}`]),
        ...(query === undefined ? [] : [`query "${query}"`]),
      ].join(" ");
    }
  }
}

function printHttp({ url, status, body, hostHeader, tls }: HttpTarget): string {
  return [
    url,
    `status ${status.from}-${status.to}`,
    ...(body === undefined ? [] : [`body "${body}"`]),
    ...(hostHeader === undefined ? [] : [`host ${hostHeader}`]),
    ...(tls?.isVerified === false ? ["tls insecure"] : []),
    ...(tls?.name === undefined ? [] : [`tls name ${tls.name}`]),
    ...(tls?.caFile === undefined ? [] : [`tls ca ${tls.caFile}`]),
  ].join(" ");
}
