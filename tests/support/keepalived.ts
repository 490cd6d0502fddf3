/**
 * The installed keepalived in namespaces of its own: what it says of a file, and what it makes of
 * one.
 */
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CORPUS_NETWORK } from "./corpus-network.ts";

export const KEEPALIVED: string = process.env["KEEPALIVED"] ?? "/usr/sbin/keepalived";

/** Why there is nothing to compare with; false: there is. */
export const skipKeepalived: string | false =
  process.getuid?.() !== 0
    ? "needs root"
    : existsSync(KEEPALIVED)
      ? false
      : `needs keepalived: ${KEEPALIVED} is not there`;

/** keepalived itself, dumping what it understood. */
const DUMP = [...CORPUS_NETWORK, 'exec "$0" -n -l -d -P -i main -f "$1"'].join("\n");
const TIMEOUT = 30_000;

/**
 * Output up to the end of the dump; shorter when keepalived gives up before; undefined when the
 * machine is too busy.
 */
export function dump(path: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const child = spawn(
      "unshare",
      ["-n", "-m", "--kill-child", "sh", "-c", DUMP, KEEPALIVED, path],
      { stdio: ["ignore", "pipe", "pipe"] },
    );
    let text = "";
    const stop = (): void => void child.kill("SIGKILL");
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      stop();
    }, TIMEOUT);
    const take = (chunk: Buffer): void => {
      text += chunk.toString();
      if (text.includes("------< Interfaces >------")) stop();
    };
    child.stdout.on("data", take);
    child.stderr.on("data", take);
    child.on("close", () => {
      clearTimeout(timer);
      resolve(late ? undefined : text);
    });
  });
}

/** The same of a text. */
export async function dumpOf(text: string): Promise<string | undefined> {
  const folder = mkdtempSync(join(tmpdir(), "baton-dump-"));
  try {
    const path = join(folder, "keepalived.conf");
    writeFileSync(path, text);
    return await dump(path);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/**
 * Lines without time stamps, by the name in each line that `head` matches, up to the next such line
 * or section.
 */
export function sections(text: string, head: RegExp): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>();
  let own: string[] | undefined;
  for (const raw of text.split("\n")) {
    const line = raw.replace(/^.*?\d\d:\d\d:\d\d \d{4}: /, "");
    const name = head.exec(line)?.[1];
    if (name !== undefined) {
      own = [];
      found.set(name, own);
    } else if (/^ \S|^------/.test(line)) own = undefined;
    else own?.push(line.trim());
  }
  return found;
}

/** `Label = value` of a section. */
export const valueOf = (lines: readonly string[], label: string): string | undefined =>
  lines.find((line) => line.startsWith(`${label} = `))?.slice(label.length + 3);

export interface Answer {
  readonly status: number;
  readonly text: string;
}

/**
 * `keepalived -t` of each text, one after the other in one namespace: some ten milliseconds each.
 */
export function ask(texts: ReadonlyMap<string, string>): ReadonlyMap<string, Answer> {
  const folder = mkdtempSync(join(tmpdir(), "baton-ask-"));
  try {
    const names = [...texts.keys()];
    for (const [index, name] of names.entries())
      writeFileSync(join(folder, `${index}.conf`), texts.get(name) ?? "");
    const each = `cd ${folder}; for f in *.conf; do "$0" -t -i main -f $f >$f.out 2>&1; echo $? >$f.rc; done`;
    const script = [...CORPUS_NETWORK, each].join("\n");
    spawnSync("unshare", ["-n", "-m", "sh", "-c", script, KEEPALIVED], { timeout: 240_000 });
    const read = (file: string): string => readFileSync(join(folder, file), "utf8").trim();
    return new Map(
      names.map((name, index): [string, Answer] => [
        name,
        { status: Number(read(`${index}.conf.rc`)), text: read(`${index}.conf.out`) },
      ]),
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
}
