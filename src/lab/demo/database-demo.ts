/**
 * `npm start -- --mysql`: a MariaDB pair behind the HAVIP of a VPC on this machine. Clients write
 * through the address while it is broken in every way; at the end the rows that are left are
 * compared with what had been acknowledged.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Language } from "#diagnostics/diagnostic";
import { createRng } from "#units/rng";
import { statusOf } from "../measure/control.ts";
import type { DaemonKind } from "../measure/daemon.ts";
import type { Detection } from "../measure/database-config.ts";
import type { DatabaseFaultName } from "../measure/database-fault-names.ts";
import { DatabaseLab } from "../measure/database-lab.ts";
import { beginRound, type DatabaseResult, runDatabaseFault } from "../measure/database-run.ts";
import { mariadbKit } from "../measure/kit-mariadb.ts";
import { labHosts, VIRTUAL_ADDRESS } from "../measure/lab.ts";
import { TUTORIAL } from "../measure/profile.ts";
import { printMarkdownTable, printTextTable, type Table } from "../measure/table.ts";
import { type DatabaseText, databaseText, printDatabaseOutage } from "./database-text.ts";
import { DemoCloud } from "./demo-cloud.ts";
import type { DemoOptions } from "./demo-options.ts";
import { daemonName } from "./demo-text.ts";
import type { Narrator } from "./narrator.ts";

const NODE_COUNT = 2;
/** As in examples/mysql. */
const DETECTION: Detection = { intervalSeconds: 1, timeoutSeconds: 1, fall: 2 };

export interface DatabaseDemo {
  readonly options: DemoOptions;
  readonly faults: readonly DatabaseFaultName[];
  readonly lang: Language;
  readonly narrator: Narrator;
  readonly scratch: string;
}

interface Pair {
  readonly kind: DaemonKind;
  readonly lab: DatabaseLab;
}

/** The pairs, each in a VPC of its own; ended by `close`. */
export class DatabaseStage {
  readonly #pairs: readonly Pair[];
  readonly #demo: DatabaseDemo;
  readonly #text: DatabaseText;

  private constructor(demo: DatabaseDemo, pairs: readonly Pair[]) {
    this.#demo = demo;
    this.#pairs = pairs;
    this.#text = databaseText(demo.lang);
  }

  static async start(demo: DatabaseDemo): Promise<DatabaseStage> {
    const { options, scratch } = demo;
    const kinds: readonly DaemonKind[] = options.versus ? ["baton", "keepalived"] : ["baton"];
    const pairs = await Promise.all(
      kinds.map(async (kind): Promise<Pair> => {
        const cloud = options.bridge ? undefined : await startCloud(options);
        const lab = await DatabaseLab.start({
          folder: join(scratch, kind),
          profile: TUTORIAL,
          kit: mariadbKit,
          kinds: [kind, kind],
          detection: DETECTION,
          gate: "builtin",
          // The short form runs among other tests.
          slowness: options.quick ? 3 : 1,
          ...(cloud !== undefined && { cloud }),
        });
        return { kind, lab };
      }),
    );
    return new DatabaseStage(demo, pairs);
  }

  /** Every fault, one pair after the other: two at once would take each other's processor. */
  async run(): Promise<number> {
    const { faults, narrator } = this.#demo;
    const startedAt = performance.now();
    const results: DatabaseResult[] = [];
    for (const [index, name] of faults.entries()) {
      narrator.say(`[${index + 1}/${faults.length}] ${this.#text.faultShort[name]}`);
      for (const pair of this.#pairs) results.push(await this.#break(pair, name, index));
    }
    return this.#conclude(results, (performance.now() - startedAt) / 1_000);
  }

  async #break(
    { kind, lab }: Pair,
    name: DatabaseFaultName,
    index: number,
  ): Promise<DatabaseResult> {
    const { narrator, lang, options } = this.#demo;
    const text = this.#text;
    narrator.say(`  ${text.starting(kind)}`);
    const owner = await narrator.during(text.starting(kind), beginRound(lab, name));
    narrator.say(`  ${text.writing(kind, owner.name)}`);
    const refusals: string[] = [];
    const work = runDatabaseFault(lab, name, owner, {
      random: createRng(options.seed * 1_000 + index).real,
      watcher: {
        onBroken: () =>
          narrator.say(`  ${text.fault(name, owner.name, lab.otherThan(owner).name)}`),
        onObserved: async ({ after, ...gap }) => {
          narrator.say(`  ${text.observed(kind, after?.name, printDatabaseOutage(gap, text))}`);
          if (after === undefined) refusals.push(...(await whyNobody(lab, lang)));
          for (const why of refusals) narrator.say(`  ${text.refused(why)}`);
        },
        onHealed: () => narrator.say(`  ${text.healing}`),
      },
    });
    const result = await narrator.during(text.faultShort[name], work);
    const { lost, byBoth, readOnly, stale } = result;
    const isKept = lost + byBoth + readOnly + stale === 0;
    narrator.say(`  ${isKept ? text.kept(result) : text.notKept(result)}`);
    return result;
  }

  #conclude(results: readonly DatabaseResult[], seconds: number): number {
    const { narrator, options } = this.#demo;
    const text = this.#text;
    const table = databaseTable(results, text);
    narrator.print(`\n${printTextTable(table)}\n\n${text.legend}\n`);
    if (options.json !== undefined) {
      writeFileSync(options.json, `${JSON.stringify({ seed: options.seed, results }, null, 2)}\n`);
    }
    if (options.report !== undefined) {
      const parts = [
        `# ${text.title}`,
        text.settings.trim(),
        printMarkdownTable(table),
        text.legend,
      ];
      writeFileSync(options.report, `${parts.join("\n\n")}\n`);
    }
    // keepalived is there for comparison: only Baton's rows decide about success.
    const own = results.filter(({ daemon }) => daemon === "baton");
    const bad = own.filter(({ problems }) => problems.length > 0);
    if (bad.length > 0) {
      narrator.print(text.notAllKept(bad.map(({ fault }) => text.faultShort[fault])));
      return 1;
    }
    const writes = own.reduce((all, one) => all + one.acknowledged, 0);
    narrator.print(text.allKept(own.length, writes, seconds.toFixed(0)));
    return 0;
  }

  async close(): Promise<void> {
    await Promise.all(this.#pairs.map(({ lab }) => lab.close()));
  }
}

async function startCloud({ claimLatency }: DemoOptions): Promise<DemoCloud> {
  const hosts = labHosts(NODE_COUNT);
  const nodes = hosts.slice(0, NODE_COUNT).map(({ name }) => name);
  const cloud = await DemoCloud.start({
    hosts,
    nodes,
    virtualAddress: VIRTUAL_ADDRESS,
    claimLatency,
  });
  await cloud.applyForHavip();
  return cloud;
}

/** What the daemons that run say about it; keepalived says nothing. */
async function whyNobody({ lab }: DatabaseLab, lang: Language): Promise<readonly string[]> {
  const reasons: string[] = [];
  for (const node of lab.nodes.filter((one) => one.kind === "baton" && one.isRunning())) {
    const status = await statusOf(node.folder);
    const why = status?.instances[0]?.why[lang];
    if (why !== undefined) reasons.push(`${node.name}: ${why}`);
  }
  return reasons;
}

/** One row for each result, in the order given; a fault's name is shown in its first row only. */
export function databaseTable(results: readonly DatabaseResult[], text: DatabaseText): Table {
  const left = new Set([0, 1, 7, 8]);
  return {
    columns: text.columns.map((title, index) => ({
      title,
      align: left.has(index) ? "left" : "right",
    })),
    rows: results.map((one, index) => [
      results[index - 1]?.fault === one.fault ? "" : text.faultShort[one.fault],
      daemonName(one.daemon),
      printDatabaseOutage(one, text),
      String(one.lost),
      String(one.byBoth),
      String(one.readOnly),
      String(one.stale),
      `${one.before} → ${one.after ?? text.nobody}`,
      one.problems.length === 0
        ? "✓"
        : `✗ ${one.problems.map((problem) => text.problem[problem]).join(text.separator)}`,
    ]),
  };
}
