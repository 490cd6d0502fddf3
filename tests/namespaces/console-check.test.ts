/**
 * The console's check page in a browser: the reader of the page's own worker, marks, corrections.
 *
 * Needs: chromium
 */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import type { Browser, Page } from "playwright-core";
import { EXAMPLE, EXAMPLE_PARTNER } from "#console/pages/check/example";
import {
  assertAccessible,
  openBrowser,
  openWindow,
  type Served,
  screenshot,
  servePage,
  someLooks,
} from "../support/console-page.ts";

let browser: Browser;
let served: Served;
const folder = mkdtempSync(join(tmpdir(), "baton-check-page-"));

before(async () => {
  served = await servePage([]);
  browser = await openBrowser();
});
after(async () => {
  await browser.close();
  await served[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

/** A textarea, of which the compiler knows nothing here. */
interface TextField {
  readonly value: string;
  readonly selectionStart: number;
  readonly selectionEnd: number;
}

const field = (page: Page) => page.getByRole("textbox", { name: /keepalived\.conf/ });
const findings = (page: Page) => page.getByRole("region", { name: "Findings" });

test("a pasted file is read as it is typed; a click leads to the place; a button corrects it", async () => {
  await using window = await openWindow(browser);
  const { page } = window;
  await page.goto(served.address("/check"));
  await field(page).fill(EXAMPLE);
  await findings(page).getByText("keepalived would run this, but not as it reads.").waitFor();
  await findings(page).getByText("1 error").waitFor();
  const first = findings(page).getByRole("listitem").first();
  await first.getByRole("button", { name: "line 15" }).click();
  const selected = await field(page).evaluate((element) => {
    const { value, selectionStart, selectionEnd } = element as unknown as TextField;
    return value.slice(selectionStart, selectionEnd);
  });
  assert.equal(selected, "{");
  await first.getByRole("button", { name: "Why this matters VR1002" }).click();
  await first.getByText("A check that is lost this way is never run").waitFor();
  await assertAccessible(page, "findings");
  await first.getByRole("button", { name: "Correct it" }).click();
  await findings(page).getByText("This would run.").waitFor();
  assert.match(await field(page).inputValue(), /^vrrp_script checkhaproxy$/m);

  await findings(page)
    .getByRole("button", { name: /Correct what is certain/ })
    .click();
  await page.getByText("3 places corrected").waitFor();
  assert.doesNotMatch(await field(page).inputValue(), /vrrp_garp_interval 0/);
});

test("two opened files are compared as a pair, and what was chosen is read in the page alone", async () => {
  await using window = await openWindow(browser);
  const { page } = window;
  await page.goto(served.address("/check"));
  await field(page).waitFor();
  const asked: string[] = [];
  page.on("request", (request) => {
    if (request.method() !== "GET") asked.push(request.url());
  });
  const [a, b] = [join(folder, "a.conf"), join(folder, "b.conf")];
  writeFileSync(a, EXAMPLE);
  writeFileSync(b, EXAMPLE_PARTNER.replace("virtual_router_id 51", "virtual_router_id 52"));
  await page.locator('input[type="file"]').setInputFiles([a, b]);
  const pair = findings(page).getByRole("listitem").filter({ hasText: "both files" });
  await pair.getByText("virtual_router_id").first().waitFor();
  await pair.getByRole("button", { name: "b.conf, line" }).click();
  assert.match(
    await page.getByRole("textbox", { name: "b.conf" }).inputValue(),
    /virtual_router_id 52/,
  );
  await page.getByRole("button", { name: "Close the second file" }).click();
  await page.getByRole("textbox", { name: "a.conf" }).waitFor();
  assert.deepEqual(asked, []);
});

test("in both languages and both themes", async () => {
  for (const look of someLooks()) {
    await using window = await openWindow(browser, look);
    const { page } = window;
    await page.goto(served.address("/check"));
    const isEnglish = look.language === "en";
    await page
      .getByRole("button", { name: isEnglish ? "The tutorial's file" : "教程中的文件" })
      .click();
    await page.getByText(isEnglish ? "1 error" : "1 个错误", { exact: true }).waitFor();
    await assertAccessible(page, `${look.language} ${look.theme}`);
    await screenshot(page, `check-${look.language}-${look.theme}`);
  }
});
