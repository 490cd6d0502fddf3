/** Kills a process while it writes events, and looks at what it left. */
import { spawn } from "node:child_process";
import { readdirSync } from "node:fs";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { readEvents } from "#daemon/event-reader";
import type { Rng } from "#units/rng";

const MAIN = fileURLToPath(new URL("./event-burst-main.ts", import.meta.url));

export interface Kills {
  readonly kills: number;
  readonly acknowledged: number;
  /** Numbers that were acknowledged and are not in the file. */
  readonly missing: readonly number[];
  /** Numbers that are there twice. */
  readonly doubled: readonly number[];
  /** Kept, and killed before that could be said. */
  readonly unacknowledged: number;
  /** Files beside the file that are not SQLite's own. */
  readonly others: readonly string[];
}

/** The same file through all the kills. Rejects if it cannot be read after one. */
export async function killWhileWriting(folder: string, kills: number, rng: Rng): Promise<Kills> {
  const acknowledged = new Set<number>();
  let next = 1;
  let found = new Set<number>();
  let doubled: readonly number[] = [];
  for (let nth = 0; nth < kills; nth += 1) {
    const said = await writeUntilKilled(folder, next, rng.between(1, 1_500));
    for (const number of said) acknowledged.add(number);
    const numbers = readAll(folder);
    found = new Set(numbers);
    doubled = numbers.filter((number, index) => numbers.indexOf(number) !== index).slice(0, 10);
    next = Math.max(...found, ...said) + 1;
  }
  const missing = [...acknowledged].filter((number) => !found.has(number));
  return {
    kills,
    acknowledged: acknowledged.size,
    missing,
    doubled,
    unacknowledged: found.size - acknowledged.size + missing.length,
    others: readdirSync(folder).filter((name) => !/^events\.db(?:-wal|-shm)?$/.test(name)),
  };
}

/** @param most it is killed in the middle of what it says, when it has said so many */
async function writeUntilKilled(folder: string, first: number, most: number): Promise<number[]> {
  const child = spawn(
    process.execPath,
    ["--disable-warning=ExperimentalWarning", MAIN, folder, String(first)],
    { stdio: ["ignore", "pipe", "inherit"], env: process.env },
  );
  const said: number[] = [];
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  for await (const line of createInterface(child.stdout)) {
    said.push(Number(line));
    if (said.length === most) child.kill("SIGKILL");
  }
  await ended;
  // The last line may have been cut.
  return said.filter((number, index) => index === 0 || number === (said[index - 1] ?? 0) + 1);
}

function readAll(folder: string): number[] {
  const numbers: number[] = [];
  for (let after = 0; ; ) {
    const read = readEvents(folder, { after });
    if (read.kind !== "found") throw new Error(`${read.kind}: ${JSON.stringify(read)}`);
    for (const { data } of read.events) if ("number" in data) numbers.push(Number(data["number"]));
    if (read.next === undefined) return numbers;
    after = read.next;
  }
}
