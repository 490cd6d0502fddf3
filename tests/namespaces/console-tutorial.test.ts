/**
 * The tutorial in the browser, with real daemons in the laboratory's network: apply, see UNBIND,
 * start, AVAILABLE, bind a public address, break the owner, and read what a client noticed.
 *
 * Needs: chromium
 */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import type { Browser, Locator, Page } from "playwright-core";
import { raiseLoopback } from "#lab/vpc/vpc";
import {
  assertAccessible,
  buildPage,
  openBrowser,
  openWindow,
  screenshot,
  someLooks,
} from "../support/console-page.ts";

const BATON = fileURLToPath(new URL("../../bin/baton", import.meta.url));
const VIP = "172.16.0.135";
/** Daemons, a laboratory and a browser on a machine that may do something else too. */
const LONG_MS = 60_000;

const folder = mkdtempSync(join(tmpdir(), "baton-console-"));
let browser: Browser;
let child: ChildProcess;
/** With the access key. */
let address: URL;

before(async () => {
  raiseLoopback();
  buildPage();
  const env = { ...process.env, BATON_LAB_DIR: folder };
  // The test itself may run in a sandbox; the lab makes its own.
  Reflect.deleteProperty(env, "BATON_LAB_SANDBOX");
  const args = ["console", "--lab", "--listen", "127.0.0.1:0", "--json"];
  child = spawn(BATON, args, { env, stdio: ["ignore", "pipe", "inherit"] });
  const { stdout } = child;
  assert.ok(stdout !== null);
  address = await new Promise<URL>((resolve, reject) => {
    child.once("exit", (code) => reject(new Error(`baton console: exit ${code}`)));
    createInterface({ input: stdout }).once("line", (line) => {
      resolve(new URL((JSON.parse(line) as { readonly open: string }).open));
    });
  });
  browser = await openBrowser();
});
after(async () => {
  await browser.close();
  child.kill("SIGKILL");
  rmSync(folder, { recursive: true, force: true });
});

const at = (path: string): string => new URL(`${path}${address.hash}`, address).href;
const region = (page: Page, name: string): Locator =>
  page.getByRole("region", { name, exact: true });
const rowOf = (page: Page, what: string): Locator =>
  page.getByRole("row").filter({ hasText: what });

/** Who has the address, as the topology says it. */
async function owner(page: Page): Promise<string> {
  const label = (await page.locator(".topology").getAttribute("aria-label")) ?? "";
  return /is bound to (\w+)/.exec(label)?.[1] ?? assert.fail(label);
}

test("the tutorial, step by step", async () => {
  await using window = await openWindow(browser);
  const { page } = window;
  page.setDefaultTimeout(LONG_MS);

  // Step 1: apply.
  await page.goto(at("/havip"));
  await page.getByRole("button", { name: "Apply" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Name").fill("tutorial");
  await dialog.getByRole("textbox", { name: "Address" }).fill(VIP);
  for (const name of ["a", "b"]) {
    await dialog.getByRole("checkbox", { name: new RegExp(`^${name} `) }).check();
  }
  await dialog.getByRole("button", { name: "Apply" }).click();
  await page.getByRole("cell", { name: "UNBIND" }).waitFor();

  // Steps 2 and 3: the daemons.
  await page.getByRole("link", { name: "Laboratory" }).click();
  await page.getByRole("button", { name: "Start a, b" }).click();
  await page.locator('.topology[aria-label*="is bound to"]').waitFor();
  const first = await owner(page);
  await page.getByRole("link", { name: "HAVIPs" }).click();
  await page.getByRole("cell", { name: "AVAILABLE" }).waitFor();

  // Step 4: the public address.
  await page.getByRole("button", { name: "Bind", exact: true }).click();
  await dialog.getByRole("button", { name: "Apply for one" }).click();
  await dialog.getByRole("button", { name: "OK" }).click();
  await page.getByRole("button", { name: "Unbind" }).waitFor();

  // Step 5: break the owner.
  await page.getByRole("link", { name: "Laboratory" }).click();
  const outside = page.getByRole("figure").filter({ hasText: "From the internet to 203.0.113." });
  await outside.getByText(/last second: [1-9]\d* probes, 0 lost/).waitFor();
  const second = first === "a" ? "b" : "a";
  await region(page, first).getByRole("button", { name: "Stop" }).click();
  const stopped = rowOf(page, "Stop");
  await stopped.getByText(`${first} → ${second}`).first().waitFor();
  await stopped.getByText("measuring").waitFor({ state: "detached" });
  const cells = await stopped.getByRole("cell").allTextContents();
  assert.equal(cells[3], `${first} → ${second}`, "what the platform says");
  assert.match(cells[5] ?? "", /^\d+ of [1-9]\d+$/, "probes of the client");
  assert.notEqual(cells[6], "not measured", "probes from outside");

  await region(page, first).getByRole("button", { name: "Start", exact: true }).click();
  await region(page, first).getByText("runs").waitFor();
  await region(page, second).getByRole("button", { name: "Cut off" }).click();
  const cut = rowOf(page, "Cut off");
  await cut.getByText(`${second} → ${first}`).last().waitFor();
  await cut.getByText("measuring").waitFor({ state: "detached" });
  assert.equal(await owner(page), first);
  await region(page, second).getByRole("button", { name: "Heal" }).click();
  await assertAccessible(page, "the laboratory");

  // What the nodes say of it, as one sequence.
  await page.getByRole("link", { name: "Cluster" }).click();
  await page.getByText("BACKUP").first().waitFor();
  await screenshot(page, "tutorial-cluster");
  // A planned move, by the owner's own dry run and with a confirmation.
  await page.getByRole("button", { name: "Switch…" }).click();
  await dialog.getByText("would move").first().waitFor();
  await dialog.getByRole("button", { name: "Switch now" }).click();
  await dialog.getByText("moved", { exact: true }).waitFor();
  await screenshot(page, "tutorial-switch");
  await dialog.getByRole("button", { name: "Close" }).click();
  await page.getByText("stays BACKUP until switched back").waitFor();
  await page.getByRole("link", { name: "Timeline" }).click();
  const listed = page.getByRole("listitem").filter({ hasText: "VI_1" });
  await listed.first().waitFor();
  await screenshot(page, "tutorial-timeline");
});

test("the laboratory in both languages and both themes", async () => {
  for (const look of someLooks()) {
    await using window = await openWindow(browser, look);
    const { page } = window;
    page.setDefaultTimeout(LONG_MS);
    await page.goto(at("/lab"));
    // Rows and events of before are there for a page that is opened later.
    await page.getByRole("row").nth(1).waitFor();
    await page.locator(".plot canvas").first().waitFor();
    await assertAccessible(page, `${look.language} ${look.theme}`);
    if (process.env["BATON_SCREENSHOTS"] !== undefined) await page.waitForTimeout(3_000);
    await screenshot(page, `lab-${look.language}-${look.theme}`);
  }
});

test("Ctrl-C ends the console and its laboratory, with a page still open, and leaves nothing", async () => {
  await using window = await openWindow(browser);
  await window.page.goto(at("/lab"));
  await window.page.getByText("live", { exact: true }).waitFor();
  const ended = new Promise((resolve) => {
    child.once("exit", resolve);
  });
  child.kill("SIGINT");
  assert.equal(await ended, 0);
  assert.deepEqual(
    readdirSync(folder).filter((name) => !name.endsWith(".lock")),
    [],
  );
});
