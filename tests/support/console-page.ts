/**
 * The console's page in Debian's Chromium: built if needed, served by the real application in this
 * process, driven by playwright-core.
 */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import type { AxeResults, RunOptions } from "axe-core";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";
import { readAssets } from "#console-server/assets";
import { type Extension, makeConsoleApp } from "#console-server/console-app";
import type { NodePort } from "#console-server/node-port";
import { type RunningConsole, serveConsole } from "#console-server/serve";
import type { Language } from "#diagnostics/diagnostic";
import { Secret } from "#units/secret";

const root = join(import.meta.dirname, "../..");
export const PAGE_FOLDER: string = join(root, "dist/console");
export const ACCESS_KEY = "the-key-of-a-test";

export function buildPage(): void {
  const tool = join(root, "tools/build-console.ts");
  const { status, stderr } = spawnSync(
    process.execPath,
    [...process.execArgv, tool, "--if-needed"],
    {
      encoding: "utf8",
      timeout: 120_000,
    },
  );
  assert.equal(status, 0, stderr);
}

export interface Served extends AsyncDisposable {
  readonly running: RunningConsole;
  /** With the access key, as `baton console` prints it. @param path such as `/timeline` */
  address(path?: string): string;
}

export async function servePage(
  nodes: readonly NodePort[],
  extensions: readonly Extension[] = [],
): Promise<Served> {
  buildPage();
  const errors: unknown[] = [];
  const app = makeConsoleApp({
    version: "0.0.0-test",
    gate: { key: new Secret(ACCESS_KEY), names: [] },
    assets: readAssets(PAGE_FOLDER),
    nodes,
    extensions,
    onError: (error) => errors.push(error),
  });
  const running = await serveConsole(app, { host: "127.0.0.1", port: 0, tls: undefined });
  return {
    running,
    address: (path = "/") => `${running.url}${path}#key=${ACCESS_KEY}`,
    [Symbol.asyncDispose]: async () => {
      await running.close();
      assert.deepEqual(errors, [], "the console's server");
    },
  };
}

export interface Look {
  readonly language: Language;
  readonly theme: "light" | "dark";
}

/** Each language and each theme once; for screenshots, each with each. */
export const LOOKS: readonly Look[] = [
  { language: "en", theme: "light" },
  { language: "zh-CN", theme: "dark" },
  ...(process.env["BATON_SCREENSHOTS"] === undefined
    ? []
    : ([
        { language: "en", theme: "dark" },
        { language: "zh-CN", theme: "light" },
      ] as const)),
];

/** Each language and each theme once; all of them when somebody is going to look. */
export const someLooks = (): readonly Look[] =>
  process.env["BATON_SCREENSHOTS"] === undefined ? LOOKS.slice(0, 2) : LOOKS;

export async function openBrowser(): Promise<Browser> {
  // Tests in namespaces begin with a loopback interface that is down.
  if (process.getuid?.() === 0) spawnSync("ip", ["link", "set", "lo", "up"]);
  return await chromium.launch({
    executablePath: "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
  });
}

export interface Window extends AsyncDisposable {
  readonly context: BrowserContext;
  readonly page: Page;
}

/**
 * A page with nothing kept from an earlier one. When it is closed, it must have asked nobody but
 * its server, and neither it nor its policy may have complained.
 */
export async function openWindow(
  browser: Browser,
  { language, theme }: Look = { language: "en", theme: "light" },
): Promise<Window> {
  const context = await browser.newContext({
    locale: language,
    colorScheme: theme,
    viewport: { width: 1280, height: 860 },
    reducedMotion: "reduce",
    timezoneId: "Asia/Shanghai",
    acceptDownloads: true,
  });
  const page = await context.newPage();
  const problems: string[] = [];
  page.on("pageerror", (error) => problems.push(`${error.message}\n${error.stack}`));
  page.on("console", (message) => {
    // A refusal of the server that the page shows is logged by Chromium too.
    if (message.type() === "error" && !message.text().startsWith("Failed to load resource"))
      problems.push(message.text());
  });
  page.on("request", (request) => {
    const { hostname, protocol } = new URL(request.url());
    if (hostname !== "127.0.0.1" && !["data:", "blob:"].includes(protocol))
      problems.push(`asked ${request.url()}`);
  });
  return {
    context,
    page,
    [Symbol.asyncDispose]: async () => {
      await context.close();
      assert.deepEqual(problems, [], "the page");
    },
  };
}

declare global {
  /** In the page. */
  var axe: { run(options: RunOptions): Promise<AxeResults> };
}

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** No violation that axe-core calls serious or critical, in what the page shows now. */
export async function assertAccessible(page: Page, what: string): Promise<void> {
  // The protocol's own evaluation: the page's policy forbids scripts from elsewhere.
  await page.evaluate(AXE);
  const { violations } = await page.evaluate(
    async () => await globalThis.axe.run({ resultTypes: ["violations"] }),
  );
  const serious = violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html}\n${node.failureSummary}`));
  assert.deepEqual(serious, [], what);
}

/** With BATON_SCREENSHOTS=FOLDER, for people: PNG files of what the tests saw. */
export async function screenshot(page: Page, name: string, fullPage = true): Promise<void> {
  const folder = process.env["BATON_SCREENSHOTS"];
  if (folder === undefined) return;
  await page.screenshot({ path: join(folder, `${name}.png`), fullPage });
}
