/** Findings as they come, and the summary at the end: for people, or a line of JSON each. */
import type { CommandIo } from "#command-line/io";
import { printLocalTime } from "#daemon/local-time";
import type { Language } from "#diagnostics/diagnostic";
import { duration } from "#diagnostics/numbers";
import type { Finding, Verdict } from "#shadow/finding";
import { Summary, type SummaryRow } from "#shadow/summary";
import { printIp, printMac } from "#units/address";
import type { Micros } from "#units/time";
import {
  kindName,
  longest,
  settingSentence,
  whatSentence,
  whySentence,
} from "./shadow-sentences.ts";

const PAGE = "docs/shadow.md";

export interface OutputOptions {
  readonly io: CommandIo;
  readonly language: Language;
  readonly json: boolean;
  /** Also what keepalived and Baton agree about. */
  readonly all: boolean;
  /** Of an instant of the observations, the time by the calendar. */
  readonly dateOf: (at: number) => Date;
}

/** What is known at the end, beside the findings. */
export interface Totals {
  readonly micros: Micros;
  readonly adverts: number;
  /** Decisions that could not be compared. */
  readonly skipped: number;
  readonly packets: number | undefined;
  /** Cut by the capture, of an unknown link layer, or dropped by the kernel. */
  readonly unread: number;
}

const VERDICTS: Readonly<Record<Verdict, Readonly<Record<Language, string>>>> = {
  same: { en: "same", "zh-CN": "一致" },
  expected: { en: "expected", "zh-CN": "预期" },
  unexplained: { en: "UNEXPLAINED", "zh-CN": "未解释" },
};

export class ShadowOutput {
  readonly #options: OutputOptions;
  readonly summary: Summary = new Summary();

  constructor(options: OutputOptions) {
    this.#options = options;
  }

  add(finding: Finding, isRepeated: boolean): void {
    this.summary.add(finding);
    const { io, json, all } = this.#options;
    if (isRepeated) return;
    if (finding.verdict === "same" && !all) return;
    io.stdout(json ? `${JSON.stringify(this.#asJson(finding))}\n` : this.#asText(finding));
  }

  #asText(finding: Finding): string {
    const { language, dateOf } = this.#options;
    const { at, node, instance, what, verdict, section, packets } = finding;
    const en = language === "en";
    const who = node === undefined ? `(${instance})` : `(${instance}) ${printIp(node)}`;
    const head = `${printLocalTime(dateOf(at))} [${VERDICTS[verdict][language]}] ${who} ${whatSentence(what, language)}`;
    const why = whySentence(what, language);
    const setting = verdict === "same" ? undefined : settingSentence(finding, language);
    const lines = [
      head,
      why === undefined ? undefined : `    Baton: ${why}`,
      packets.length === 0 ? undefined : `    ${en ? "packets" : "报文"} ${packets.join(", ")}`,
      setting === undefined ? undefined : `    ${en ? "setting" : "设置"}: ${setting}`,
      section === undefined ? undefined : `    ${PAGE}#${section}`,
    ];
    return `${lines.filter((line) => line !== undefined).join("\n")}\n`;
  }

  #asJson(finding: Finding): object {
    const { language, dateOf } = this.#options;
    const { at, node, what, instance, verdict, section, packets } = finding;
    return {
      type: "finding",
      at: dateOf(at).toISOString(),
      instance,
      ...(node === undefined ? {} : { node: printIp(node) }),
      verdict,
      ...(section === undefined ? {} : { page: `${PAGE}#${section}` }),
      packets,
      ...printed(what),
      text: whatSentence(what, language),
      baton: whySentence(what, language),
      setting: verdict === "same" ? undefined : settingSentence(finding, language),
    };
  }

  /** The summary; the exit status of the command. */
  end(totals: Totals): number {
    const { io, json, language } = this.#options;
    const { summary } = this;
    const unexplained = summary.count("unexplained");
    if (json) {
      const rows = summary.rows().map(({ node, ...row }) => ({
        ...row,
        ...(node === undefined ? {} : { node: printIp(node) }),
      }));
      io.stdout(`${JSON.stringify({ type: "summary", ...totals, unexplained, rows })}\n`);
    } else io.stdout(this.#summaryText(totals, language));
    return unexplained > 0 ? 1 : 0;
  }

  #summaryText(totals: Totals, language: Language): string {
    const en = language === "en";
    const { summary } = this;
    const lines = ["", this.#totalsLine(totals, language)];
    for (const verdict of ["unexplained", "expected", "same"] as const) {
      const rows = summary.rows().filter((row) => row.verdict === verdict);
      if (rows.length === 0) continue;
      lines.push(`${VERDICTS[verdict][language]}:`);
      for (const row of rows) lines.push(`    ${rowLine(row, language)}`);
    }
    const count = summary.count("unexplained");
    const { length: shown } = summary.examples;
    if (count > 0) lines.push(...summary.examples.map((one) => this.#asText(one).trimEnd()));
    if (count > shown)
      lines.push(en ? `… and ${count - shown} more` : `……另有 ${count - shown} 个`);
    lines.push(this.#lastLine(count, language));
    return `${lines.join("\n")}\n`;
  }

  #totalsLine({ micros, adverts, skipped, packets, unread }: Totals, language: Language): string {
    const parts =
      language === "en"
        ? [
            `${duration(micros)} observed`,
            packets === undefined ? undefined : `${packets} packets`,
            `${adverts} advertisements`,
            skipped > 0 ? `${skipped} decisions not compared` : undefined,
            unread > 0 ? `${unread} packets not read` : undefined,
          ]
        : [
            `观察了 ${duration(micros)}`,
            packets === undefined ? undefined : `${packets} 个报文`,
            `${adverts} 个通告`,
            skipped > 0 ? `${skipped} 个决定无法比较` : undefined,
            unread > 0 ? `${unread} 个报文未读` : undefined,
          ];
    return parts.filter((part) => part !== undefined).join(language === "en" ? ", " : "，");
  }

  #lastLine(unexplained: number, language: Language): string {
    const expected = this.summary.count("expected");
    const same = this.summary.count("same");
    if (language === "en")
      return `${same} the same, ${expected} expected differences (${PAGE}), ${unexplained} unexplained`;
    return `${same} 个一致，${expected} 个预期差异（${PAGE}），${unexplained} 个未解释`;
  }
}

function rowLine(row: SummaryRow, language: Language): string {
  const { node, instance, kind, count, longestMicros, section } = row;
  const en = language === "en";
  const who = node === undefined ? `(${instance})` : `(${instance}) ${printIp(node)}`;
  const most =
    longestMicros === undefined
      ? ""
      : en
        ? `, ${longest(longestMicros)} at the most`
        : `，最长 ${longest(longestMicros)}`;
  const page = section === undefined ? "" : `  ${PAGE}#${section}`;
  return `${count} × ${who} ${kindName(kind, language)}${most}${page}`;
}

const ADDRESSES: ReadonlySet<string> = new Set(
  "from to other owner over a b instead address".split(" "),
);

/** The numbers, with addresses as people write them; of a reason or a refusal its kind. */
function printed(what: Finding["what"]): object {
  const { kind, ...rest } = what;
  const entries = Object.entries(rest).flatMap(([name, one]: [string, unknown]) => {
    if (typeof one === "object" && one !== null && "kind" in one) return [[name, one.kind]];
    if (typeof one !== "number") return [[name, one]];
    if (name === "mac") return [[name, printMac(one as Parameters<typeof printMac>[0])]];
    const isAddress = ADDRESSES.has(name);
    return [[name, isAddress ? printIp(one as Parameters<typeof printIp>[0]) : one]];
  });
  return { kind, ...Object.fromEntries(entries) };
}
