/** A real Prometheus in a network namespace of a lab, and what it answers. */
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { type Namespace, spawnIn } from "#linux/namespace";
import { until } from "./daemon-bench.ts";

const ADDRESS = "127.0.0.1:9090";

export interface Series {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: number;
}

/** Asks several expressions at once, from inside the namespace. */
const ASK = `
  const all = JSON.parse(process.argv[1]);
  const ask = async (expr) => {
    const url = "http://${ADDRESS}/api/v1/query?query=" + encodeURIComponent(expr);
    return await (await fetch(url)).json();
  };
  Promise.all(all.map(ask)).then(
    (answers) => process.stdout.write(JSON.stringify(answers)),
    (error) => process.stdout.write(JSON.stringify({ error: String(error.cause ?? error) })),
  );
`;

interface Answer {
  readonly status: string;
  readonly error?: string;
  readonly data?: {
    readonly resultType: string;
    readonly result: readonly { metric: Record<string, string>; value: [number, string] }[];
  };
}

export class Prometheus {
  readonly #namespace: Namespace;

  constructor(namespace: Namespace) {
    this.#namespace = namespace;
  }

  /** Series of each expression; an expression that cannot be evaluated fails the test. */
  async query(exprs: readonly string[]): Promise<readonly (readonly Series[])[]> {
    const found = await this.#ask(exprs);
    if (!Array.isArray(found)) throw new Error(JSON.stringify(found));
    return (found as Answer[]).map(({ status, error, data }, place) => {
      if (status !== "success" || data === undefined)
        throw new Error(`${exprs[place]}: ${error ?? status}`);
      return data.result.map(({ metric, value: [, text] }) => ({ metric, value: Number(text) }));
    });
  }

  async one(expr: string): Promise<readonly Series[]> {
    return (await this.query([expr]))[0] ?? [];
  }

  async isUp(): Promise<boolean> {
    return Array.isArray(await this.#ask(["vector(1)"]));
  }

  async #ask(exprs: readonly string[]): Promise<unknown> {
    const child = spawnIn(this.#namespace, [process.execPath, "-e", ASK, JSON.stringify(exprs)], {
      stdio: ["ignore", "pipe", "inherit"],
      diesWithParent: true,
    });
    let text = "";
    child.stdout?.on("data", (part: Buffer) => (text += part.toString()));
    await new Promise((resolve) => child.once("close", resolve));
    return text === "" ? { error: "no answer" } : JSON.parse(text);
  }

  /** Until the expression has a series; how soon is not what is tested. */
  async untilSome(what: string, expr: string): Promise<void> {
    const end = performance.now() + 60_000;
    while ((await this.one(expr)).length === 0)
      if (performance.now() > end) throw new Error(`not within 60 s: ${what} (${expr})`);
  }
}

export async function startPrometheus(
  context: TestContext,
  namespace: Namespace,
  folder: string,
  config: string,
): Promise<Prometheus> {
  const file = join(folder, "prometheus.yml");
  writeFileSync(file, config);
  const checked = spawnSync("promtool", ["check", "config", file], { encoding: "utf8" });
  if (checked.status !== 0) throw new Error(checked.stdout + checked.stderr);
  const child = spawnIn(
    namespace,
    [
      "prometheus",
      `--config.file=${file}`,
      `--storage.tsdb.path=${join(folder, "tsdb")}`,
      `--web.listen-address=${ADDRESS}`,
      "--log.level=warn",
    ],
    { stdio: ["ignore", "ignore", "inherit"], diesWithParent: true },
  );
  const ended = new Promise((resolve) => child.once("close", resolve));
  context.after(async () => {
    child.kill("SIGKILL");
    await ended;
  });
  const prometheus = new Prometheus(namespace);
  let isUp = false;
  const look = async (): Promise<void> => {
    while (!isUp && child.exitCode === null) isUp = await prometheus.isUp();
  };
  await Promise.all([look(), until("Prometheus answers", () => isUp, 60)]);
  return prometheus;
}
