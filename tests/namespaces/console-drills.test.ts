/**
 * The console's drill reports in a browser.
 *
 * Needs: chromium
 */
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import type { Browser } from "playwright-core";
import { reportExtension } from "#console-server/report-routes";
import {
  assertAccessible,
  LOOKS,
  openBrowser,
  openWindow,
  type Served,
  screenshot,
  servePage,
} from "../support/console-page.ts";

const folder = mkdtempSync(join(tmpdir(), "baton-reports-"));
let browser: Browser;
let served: Served;
let bare: Served;

const run = (plan: string, outageMs: number, phases: object, pass = true): object => ({
  plan,
  outageMs,
  bothAnsweredMs: plan === "switch" ? 38 : 0,
  phases,
  pass,
});

before(async () => {
  const killed = { detect: 92, elect: 8, gate: 31, announce: 4 };
  writeFileSync(
    join(folder, "monday.json"),
    JSON.stringify({
      title: "VI_1 web-1 ⇄ web-2",
      at: "2026-11-30T08:00:00Z",
      objectiveMs: 200,
      runs: [
        run("switch", 0, {}),
        run("kill-engine", 135, killed),
        run("kill-engine", 318, { ...killed, platform: 180 }, false),
      ],
    }),
  );
  writeFileSync(join(folder, "monday.html"), "<p>monday</p>");
  writeFileSync(
    join(folder, "sunday.json"),
    JSON.stringify({
      title: "VI_1",
      at: "2026-11-29T08:00:00Z",
      objectiveMs: 200,
      runs: [run("switch", 0, {}), run("switch", 1, {})],
    }),
  );
  served = await servePage([], [reportExtension(folder)]);
  bare = await servePage([]);
  browser = await openBrowser();
});
after(async () => {
  await browser.close();
  await served[Symbol.asyncDispose]();
  await bare[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

for (const look of LOOKS) {
  test(`reports, their figures and phases, accessible: ${look.language}, ${look.theme}`, async () => {
    await using window = await openWindow(browser, look);
    const { page } = window;
    await page.goto(served.address("/drills"));
    const report = page.getByRole("article", { name: "VI_1 web-1 ⇄ web-2" });
    await report.waitFor();
    const text = (await report.innerText()).replaceAll(/\s+/g, " ");
    const isEnglish = look.language === "en";
    assert.match(text, isEnglish ? /Longest outage 318 ms/ : /最长中断 318 ms/);
    assert.match(text, isEnglish ? /2 of 3 passed/ : /3 次中 2 次通过/);
    await assertAccessible(page, "the drill reports");
    await screenshot(page, `drills-${look.language}-${look.theme}`);
  });
}

test("another report is chosen, and a file that people read is saved", async () => {
  await using window = await openWindow(browser);
  const { page } = window;
  await page.goto(served.address("/drills"));
  const download = page.waitForEvent("download");
  await page.getByRole("button", { name: "html" }).click();
  assert.equal(readFileSync(await (await download).path(), "utf8"), "<p>monday</p>");
  await page
    .getByRole("navigation", { name: /Reports/ })
    .getByRole("button")
    .nth(1)
    .click();
  await page.getByText("2 of 2 passed").waitFor();
});

test("without a folder the page says how to get one", async () => {
  await using window = await openWindow(browser);
  const { page } = window;
  await page.goto(bare.address("/drills"));
  await page.getByText("baton console --reports").waitFor();
  await assertAccessible(page, "no reports");
  await screenshot(page, "drills-none");
});
