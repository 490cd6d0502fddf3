/** What CI runs is what a developer runs: workflows and pages name scripts that exist. */
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { parse } from "yaml";

const root = join(import.meta.dirname, "../..");
const read = (path: string): string => readFileSync(join(root, path), "utf8");
const { scripts } = JSON.parse(read("package.json")) as { scripts: Record<string, string> };
const WORKFLOWS = ["check", "package", "test"];
/** What npm itself understands; `npm test` and `npm start` are scripts as well. */
const OF_NPM = new Set(["ci", "run", "sbom", "version", "install"]);

/** `npm run X`, `npm test`, `npm start`: X, in order. */
const scriptsIn = (text: string): string[] =>
  [...text.matchAll(/\bnpm (?:run )?([a-z][a-z:-]*)/g)]
    .map((match) => match[1] ?? "")
    .filter((name) => !OF_NPM.has(name));

interface Workflow {
  readonly on: Readonly<Record<string, unknown>>;
  readonly permissions: Readonly<Record<string, string>>;
  readonly jobs: Readonly<Record<string, { readonly steps: readonly Step[] }>>;
}

interface Step {
  readonly uses?: string;
  readonly run?: string;
}

test("each workflow runs scripts that exist, with actions pinned to a commit", () => {
  const folder = ".github/workflows";
  assert.deepEqual(
    readdirSync(join(root, folder)).toSorted(),
    WORKFLOWS.map((name) => `${name}.yml`),
  );
  for (const name of WORKFLOWS) {
    const workflow = parse(read(`${folder}/${name}.yml`), { strict: true }) as Workflow;
    assert.ok(Object.keys(workflow.on).length > 0, name);
    assert.deepEqual(workflow.permissions, { contents: "read" }, name);
    const steps = Object.values(workflow.jobs).flatMap((job) => job.steps);
    const called = steps.flatMap((step) => scriptsIn(step.run ?? ""));
    assert.ok(called.length > 0, `${name} calls no script`);
    for (const script of called) assert.ok(script in scripts, `${name}: npm run ${script}`);
    for (const { uses } of steps) {
      if (uses !== undefined) assert.match(uses, /^[\w-]+\/[\w-]+@[0-9a-f]{40}$/, name);
    }
  }
});

test("issue forms are forms, and ask for what a report needs", () => {
  const folder = ".github/ISSUE_TEMPLATE";
  for (const name of ["bug", "feature", "question"]) {
    const form = parse(read(`${folder}/${name}.yml`), { strict: true }) as {
      readonly name: string;
      readonly description: string;
      readonly body: readonly { readonly type: string; readonly id?: string }[];
    };
    assert.ok(form.name !== "" && form.description !== "", name);
    const ids = form.body.flatMap((part) => part.id ?? []);
    assert.equal(new Set(ids).size, ids.length);
    assert.ok(ids.length > 0, name);
  }
  assert.match(read(`${folder}/bug.yml`), /baton check --json/);
  assert.match(read(`${folder}/bug.yml`), /--record/);
});

test("pages name scripts that exist, and CONTRIBUTING.md names every script", () => {
  const pages = [
    "README.md",
    "CONTRIBUTING.md",
    ".github/pull_request_template.md",
    "SECURITY.md",
  ].concat(
    readdirSync(join(root, "docs"))
      .filter((name) => name.endsWith(".md"))
      .map((name) => `docs/${name}`),
  );
  const wrong = pages.flatMap((page) =>
    [...read(page).matchAll(/\bnpm run ([a-z][a-z:-]*)/g)]
      .filter((match) => !((match[1] ?? "") in scripts))
      .map((match) => `${page}: ${match[0]}`),
  );
  assert.deepEqual(wrong, []);
  const contributing = scriptsIn(read("CONTRIBUTING.md"));
  const hidden = Object.keys(scripts).filter(
    (name) => name !== "postinstall" && !contributing.includes(name),
  );
  assert.deepEqual(hidden, [], "not in CONTRIBUTING.md");
});

test("links of the pages for contributors lead somewhere", () => {
  for (const page of [
    "CONTRIBUTING.md",
    "CODE_OF_CONDUCT.md",
    "SECURITY.md",
    "docs/release.md",
    "docs/platforms.md",
    "docs/first-change.md",
  ]) {
    for (const [, target = ""] of read(page).matchAll(/\]\(([^)#:]+)(?:#[^)]*)?\)/g)) {
      assert.ok(existsSync(join(root, page, "..", target)), `${page}: ${target}`);
    }
  }
});
