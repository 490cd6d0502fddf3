/**
 * The reader runs in a browser: bundled without Node.js, evaluated in a context that has nothing
 * but the language.
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { createContext, runInContext } from "node:vm";
import { build } from "esbuild";

const root = join(import.meta.dirname, "../..");

test("configuration and diagnostics bundle for the browser and give the same result there", async () => {
  const result = await build({
    stdin: {
      contents: `
        import { readConfiguration } from "#keepalived/read";
        import { formatText } from "#keepalived/format";
        import { renderTerminal } from "#diagnostics/render/terminal";
        import { mapSources } from "#diagnostics/source";
        export function run(text) {
          const reading = readConfiguration([{ name: "keepalived.conf", text }], { language: "zh-CN" });
          const sources = mapSources(reading.sources);
          return JSON.stringify({
            plan: reading.plan,
            printed: reading.diagnostics.map((one) => renderTerminal(one, sources, { color: false, language: "zh-CN" })),
            formatted: formatText({ name: "a", text }) !== undefined,
          });
        }`,
      resolveDir: root,
      loader: "js",
    },
    bundle: true,
    platform: "browser",
    format: "iife",
    globalName: "baton",
    write: false,
    logLevel: "error",
  });
  assert.deepEqual(result.errors, []);
  const [file] = result.outputFiles;
  assert.ok(file !== undefined);
  assert.ok(!/\brequire\(|node:/.test(file.text), "no trace of Node.js");
  const folder = join(root, "tests/configs/tutorial");
  const text = readFileSync(join(folder, "input.conf"), "utf8");
  const context = createContext({ text });
  const json: unknown = runInContext(`${file.text}; baton.run(text)`, context);
  const answer = JSON.parse(String(json)) as {
    plan: unknown;
    printed: string[];
    formatted: boolean;
  };
  const typed = JSON.parse(readFileSync(join(folder, "typed.json"), "utf8")) as { plan: unknown };
  assert.deepEqual(answer.plan, typed.plan);
  assert.equal(answer.printed.join("\n"), readFileSync(join(folder, "diagnostics.zh.txt"), "utf8"));
  assert.equal(answer.formatted, true);
});
