/**
 * Several routers: tests/transcripts/*.txt (commands in tests/support/transcript.ts). UPDATE=1
 * rewrites what followed.
 */
import assert from "node:assert/strict";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { runTranscript } from "../../support/transcript.ts";

const folder = join(dirname(fileURLToPath(import.meta.url)), "../../transcripts");
const update = process.env["UPDATE"] === "1";
const RULE = "----\n";

for (const name of readdirSync(folder).toSorted()) {
  if (!name.endsWith(".txt")) continue;
  const path = join(folder, name);
  const [script = "", wanted = ""] = readFileSync(path, "utf8").split(RULE);
  const title = /^# (.*)/.exec(script)?.[1] ?? "";
  test(`${name.slice(0, -4)}: ${title}`, () => {
    assert.ok(title.length > 10, "the first line says what the conversation shows");
    const heard = runTranscript(script);
    if (update) writeFileSync(path, `${script}${RULE}${heard}`);
    else assert.equal(heard, wanted);
  });
}
