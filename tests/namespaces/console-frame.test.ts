/**
 * The console's frame in a browser: the access key, pages, languages, themes, keyboard.
 *
 * Needs: chromium
 */
import assert from "node:assert/strict";
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import type { Browser } from "playwright-core";
import {
  ACCESS_KEY,
  assertAccessible,
  openBrowser,
  openWindow,
  PAGE_FOLDER,
  type Served,
  screenshot,
  servePage,
} from "../support/console-page.ts";
import { OWNER, status } from "../support/console-status.ts";
import { fakeNode } from "../support/fake-node.ts";

let browser: Browser;
let served: Served;

before(async () => {
  const node = { id: "n1", address: "10.0.0.11", status: status("web-1", [OWNER]) };
  served = await servePage([fakeNode(node)]);
  browser = await openBrowser();
});
after(async () => {
  await browser.close();
  await served[Symbol.asyncDispose]();
});

test("without the key the page asks for it, refuses a wrong one, and takes the right one", async () => {
  await using window = await openWindow(browser);
  const { page } = window;
  await page.goto(`${served.running.url}/timeline`);
  await assertAccessible(page, "the page that asks for the key");
  await screenshot(page, "sign-in-en-light");
  await page.getByLabel("Key").fill("not-this-one");
  await page.keyboard.press("Enter");
  await page.getByRole("alert").waitFor();
  await page.getByLabel("Key").fill(served.address());
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { level: 1, name: "Timeline" }).waitFor();
});

test("the key of the printed address leaves the address bar, and is known after a reload", async () => {
  await using window = await openWindow(browser);
  const { page } = window;
  await page.goto(served.address("/timeline"));
  await page.getByRole("navigation").waitFor();
  assert.equal(page.url(), `${served.running.url}/timeline`);
  await page.reload();
  await page.getByRole("navigation").waitFor();
  assert.equal((await page.content()).includes(ACCESS_KEY), false);
});

test("language and colours follow the system, then the choice, which is kept", async () => {
  await using window = await openWindow(browser, { language: "zh-CN", theme: "dark" });
  const { page } = window;
  await page.goto(served.address("/timeline"));
  await page.getByRole("heading", { level: 1, name: "时间线" }).waitFor();
  const root = page.locator("html");
  assert.equal(await root.getAttribute("data-theme"), "dark");
  assert.equal(await root.getAttribute("lang"), "zh-CN");
  await page.getByRole("button", { name: "English" }).click();
  await page.getByRole("button", { name: "Light" }).click();
  await page.reload();
  await page.getByRole("heading", { level: 1, name: "Timeline" }).waitFor();
  assert.equal(await root.getAttribute("data-theme"), "light");
  assert.equal(await page.title(), "Timeline · Baton");
});

test("every page is reached with the keyboard alone, and the way back is the browser's", async () => {
  await using window = await openWindow(browser);
  const { page } = window;
  await page.goto(served.address());
  await page.getByRole("navigation").waitFor();
  await page.keyboard.press("Tab");
  assert.equal(await page.locator(":focus").textContent(), "Skip to the page");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { level: 1, name: "Timeline" }).waitFor();
  assert.equal(await page.locator(":focus").getAttribute("id"), "page");
  await page.goBack();
  await page.getByRole("heading", { level: 1, name: "Cluster" }).waitFor();
});

test("all pages together are under 300 kB compressed, and one page is loaded with what it needs", async (context) => {
  const assets = join(PAGE_FOLDER, "assets");
  const files = readdirSync(assets).filter((name) => name.endsWith(".gz"));
  const total = files.reduce((sum, name) => sum + statSync(join(assets, name)).size, 0);
  assert.ok(files.length > 5);
  assert.ok(total < 300_000, `${total} bytes`);
  await using window = await openWindow(browser);
  const { page } = window;
  await page.goto(served.address());
  await page.getByText("The address has exactly one owner.").waitFor();
  const [paint, sent] = await page.evaluate(() => {
    const entries = performance.getEntriesByType("resource") as unknown as readonly {
      readonly encodedBodySize: number;
    }[];
    return [performance.now(), entries.reduce((sum, one) => sum + one.encodedBodySize, 0)] as const;
  });
  context.diagnostic(`the first page: ${sent} bytes, complete within ${Math.round(paint)} ms`);
  assert.ok(sent > 10_000 && sent < 100_000, `${sent} bytes`);
});
