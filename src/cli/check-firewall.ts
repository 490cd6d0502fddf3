/**
 * Finds rules of this machine's packet filter that would drop VRRP. It asks `nft`, and reports
 * nothing where `nft` cannot be asked.
 */
import { execFile } from "node:child_process";

const PROTOCOL = 112;

export async function checkFirewall(): Promise<readonly string[]> {
  const text = await ask("nft", ["-j", "list", "ruleset"]);
  return text === undefined ? [] : droppingRules(text);
}

function ask(program: string, args: readonly string[]): Promise<string | undefined> {
  return new Promise((resolve) => {
    execFile(program, [...args], { timeout: 5_000, maxBuffer: 16_000_000 }, (error, stdout) => {
      resolve(error === null ? stdout : undefined);
    });
  });
}

interface Chain {
  readonly name: string;
  readonly policy: string;
  readonly table: string;
}

/**
 * Finds, in the output of `nft -j list ruleset`, input chains that drop by policy and do not
 * mention VRRP, and rules that drop it.
 */
export function droppingRules(json: string): readonly string[] {
  const chains: Chain[] = [];
  const allowed = new Set<string>();
  const drops: string[] = [];
  for (const item of readItems(json)) {
    const chain = record(item["chain"]);
    if (chain?.["hook"] === "input") {
      const table = `${String(chain["family"])} ${String(chain["table"])}`;
      chains.push({ name: String(chain["name"]), policy: String(chain["policy"]), table });
    }
    const rule = record(item["rule"]);
    if (rule === undefined || !mentionsVrrp(rule["expr"])) continue;
    const text = JSON.stringify(rule["expr"]);
    const place = `${String(rule["family"])} ${String(rule["table"])} ${String(rule["chain"])}`;
    if (/"(drop|reject)"/.test(text)) drops.push(place);
    else allowed.add(`${String(rule["family"])} ${String(rule["table"])}`);
  }
  const closed = chains
    .filter(({ policy, table }) => policy === "drop" && !allowed.has(table))
    .map(({ table, name }) => `${table} ${name} (policy drop)`);
  return [...drops, ...closed];
}

function readItems(json: string): readonly Record<string, unknown>[] {
  const items: Record<string, unknown>[] = [];
  try {
    const list = record(JSON.parse(json))?.["nftables"];
    if (!Array.isArray(list)) return items;
    for (const item of list) {
      const one = record(item);
      if (one !== undefined) items.push(one);
    }
  } catch {
    // There is no output, or another version wrote it: then nothing is known.
  }
  return items;
}

function record(value: unknown): Record<string, unknown> | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value))
    : undefined;
}

const mentionsVrrp = (expression: unknown): boolean =>
  new RegExp(`"right":\\s*(?:${PROTOCOL}|"vrrp"|\\{"set":\\[[^\\]]*(?:${PROTOCOL}|"vrrp"))`).test(
    JSON.stringify(expression ?? null),
  );
