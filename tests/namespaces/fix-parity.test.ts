/**
 * "Safe" is what it says: for every file of the corpus and every example of docs/codes that
 * `--fix` corrects, keepalived itself checks the file before and after. It complains of no
 * more, starts where it started, and runs what the corrected file's plan says, where it ran
 * anything before.
 *
 * Needs: keepalived
 */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { after, test } from "node:test";
import { command as runCheck } from "#cli/check";
import { CORPUS_NETWORK } from "../support/corpus-network.ts";
import { exampleIn } from "../support/page-example.ts";

const KEEPALIVED = process.env["KEEPALIVED"] ?? "/usr/sbin/keepalived";
const root = join(import.meta.dirname, "../..");
const folder = mkdtempSync(join(tmpdir(), "baton-fix-"));
after(() => rmSync(folder, { recursive: true }));
const skip =
  process.getuid?.() !== 0
    ? "needs root"
    : existsSync(KEEPALIVED)
      ? false
      : `needs keepalived: ${KEEPALIVED} is not there`;

interface Verdict {
  /** 0 fine, 6 script security, 5 complaints, 2 it gives up. */
  readonly status: number;
  readonly complaints: readonly string[];
}

/** `keepalived -t` in a network where the corpus' interfaces are. */
function checkFile(path: string): Promise<Verdict> {
  const script = [...CORPUS_NETWORK, 'exec "$0" -t -l -i main -f "$1"'].join("\n");
  return new Promise((resolve, reject) => {
    const argv = ["-n", "-m", "--kill-child", "sh", "-c", script, KEEPALIVED, path];
    const child = spawn("unshare", argv, { stdio: ["ignore", "pipe", "pipe"] });
    let text = "";
    const take = (chunk: Buffer): void => {
      text += chunk.toString();
    };
    child.stdout.on("data", take);
    child.stderr.on("data", take);
    child.once("error", reject);
    child.once("close", (status) => {
      resolve({ status: status ?? 2, complaints: complaintsIn(text) });
    });
  });
}

/** Without the places, which move. */
function complaintsIn(text: string): readonly string[] {
  return text
    .split("\n")
    .map((line) => line.replace(/^.*?\d\d:\d\d:\d\d \d{4}: /, "").replace(/\(Line \d+\) /, ""))
    .map((line) => line.replaceAll(/\(?[^ ]*baton-fix-[^ ]*?:?( Line \d+\))?/g, "FILE"))
    .filter(
      (line) =>
        line.trim() !== "" && !/^(Starting|Configuration is|SECURITY VIOLATION -)/.test(line),
    )
    .toSorted();
}

/** From best to worst; 5 and 2 are both complaints, and 2 ends the reading. */
const RANK: Readonly<Record<number, number>> = { 0: 0, 6: 1, 5: 2, 4: 3, 2: 4 };
const rank = (status: number): number => RANK[status] ?? 5;

/**
 * Every text that has something to correct; pages with several files have their includes beside
 * them.
 */
function texts(): readonly (readonly [string, string])[] {
  const corpus = ["broken", "valid"].flatMap((kind) =>
    readdirSync(join(root, "tests/corpus", kind))
      .filter((name) => name.endsWith(".conf"))
      .map((name) => [name, readFileSync(join(root, "tests/corpus", kind, name), "utf8")] as const),
  );
  const pages = readdirSync(join(root, "docs/codes")).flatMap((name) => {
    const page = readFileSync(join(root, "docs/codes", name), "utf8");
    const files = exampleIn(page, "Bad")?.files ?? [];
    return files.map((text, index) => [`${name}-${index}`, text] as const);
  });
  return [...corpus, ...pages];
}

async function fix(path: string): Promise<void> {
  const nothing = (): void => undefined;
  const io = { stdout: nothing, stderr: nothing, env: {}, isTty: false };
  await runCheck(["--fix", "-i", "main", "--cloud=none", path], io);
}

/**
 * keepalived's own message names a word that the correction uncovers: the line was not read
 * before.
 */
const UNCOVERED: ReadonlySet<string> = new Set([]);

test("every safe correction leaves a file that keepalived likes as much, or better", {
  skip,
  timeout: 600_000,
}, async () => {
  const queue = texts().map(([name, text], index) => {
    const path = join(folder, `${index}-${basename(name)}.conf`);
    writeFileSync(path, text);
    return { name, text, path };
  });
  const problems: string[] = [];
  let corrected = 0;
  let better = 0;
  const worker = async (): Promise<void> => {
    for (let one = queue.pop(); one !== undefined; one = queue.pop()) {
      const { name, text, path } = one;
      await fix(path);
      const fixed = readFileSync(path, "utf8");
      if (fixed === text) continue;
      corrected += 1;
      const beside = `${path}.before.conf`;
      writeFileSync(beside, text);
      const [before, now] = [await checkFile(beside), await checkFile(path)];
      if (
        rank(now.status) < rank(before.status) ||
        now.complaints.length < before.complaints.length
      )
        better += 1;
      const fresh = now.complaints.filter((line) => !before.complaints.includes(line));
      if (rank(now.status) > rank(before.status))
        problems.push(`${name}: ${before.status} became ${now.status}: ${fresh.join("; ")}`);
      else if (
        fresh.length > 0 &&
        now.complaints.length >= before.complaints.length &&
        !UNCOVERED.has(name)
      )
        problems.push(
          `${name}: new: ${fresh.join("; ")} (before: ${before.complaints.join("; ")})`,
        );
    }
  };
  await Promise.all(Array.from({ length: 4 }, worker));
  assert.equal(problems.length, 0, problems.join("\n"));
  assert.ok(corrected > 30, `${corrected} corrected`);
  assert.ok(better > corrected / 2, `${better} of ${corrected} better`);
});
