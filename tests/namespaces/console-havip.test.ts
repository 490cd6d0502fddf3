/**
 * The console's HAVIP page in a browser, against the emulated cloud: the tutorial's dialogs.
 *
 * Needs: chromium
 */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Browser, Locator, Page } from "playwright-core";
import { cloudExtension } from "#console-server/cloud-routes";
import { openTutorialCloud, type TutorialCloud } from "../support/console-cloud-desk.ts";
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
let tutorial: TutorialCloud;

before(async () => {
  tutorial = await openTutorialCloud();
  served = await servePage([], [cloudExtension(tutorial.access)]);
  browser = await openBrowser();
});
after(async () => {
  await browser.close();
  await served[Symbol.asyncDispose]();
});

const dialog = (page: Page): Locator => page.getByRole("dialog");
const cell = (page: Page, index: number): Locator => page.getByRole("cell").nth(index);

test("apply with the form's and the platform's checks, see UNBIND, then who announced it", async () => {
  await using window = await openWindow(browser);
  const { page } = window;
  await page.goto(served.address("/havip"));
  await page.getByText("No HAVIPs in this region").waitFor();
  await page.getByRole("button", { name: "Apply" }).click();
  const form = dialog(page);
  await form.getByRole("button", { name: "Apply" }).click();
  await form.getByText("Give it a name").waitFor();
  await form.getByLabel("Name").fill("web");
  const address = form.getByRole("textbox", { name: "Address" });
  await address.fill("172.16.1.9");
  await form.getByText("It is not in 172.16.0.0/24").waitFor();
  await assertAccessible(page, "the application");
  // What the page cannot know, the platform refuses.
  await address.fill("172.16.0.2");
  await form.getByRole("button", { name: "Apply" }).click();
  await form.getByRole("alert").getByText("InvalidParameterValue").waitFor();
  await address.fill("172.16.0.135");
  for (const name of ["a", "b"]) {
    await form.getByRole("checkbox", { name: new RegExp(`^${name} `) }).check();
  }
  await form.getByRole("button", { name: "Apply" }).click();
  await page.getByText("web was applied for").waitFor();
  await cell(page, 0).getByText("UNBIND").waitFor();
  assert.equal(await cell(page, 1).textContent(), "172.16.0.135");
  assert.match((await cell(page, 5).textContent()) ?? "", /2 instances/);

  const claim = { vip: "172.16.0.135", networkInterfaceId: tutorial.interfaces[0] };
  assert.deepEqual((await tutorial.cloud.admin("POST", "garp", claim)).body, { accepted: true });
  // The list is fresh without a click.
  await cell(page, 0).getByText("AVAILABLE").waitFor();
  assert.match((await cell(page, 3).textContent()) ?? "", /^a ·.*ins-/);
});

test("bind a public address that is applied for on the way, rename, drift range", async () => {
  await using window = await openWindow(browser);
  const { page } = window;
  await page.goto(served.address("/havip"));
  await page.getByRole("button", { name: "Bind", exact: true }).click();
  await dialog(page).getByRole("button", { name: "Apply for one" }).click();
  await dialog(page).getByRole("radio").check();
  await assertAccessible(page, "the addresses to bind");
  await dialog(page).getByRole("button", { name: "OK" }).click();
  await page.getByRole("button", { name: "Unbind" }).waitFor();
  assert.match((await cell(page, 4).textContent()) ?? "", /^203\.0\.113\./);

  await page.getByRole("button", { name: "Rename web" }).click();
  await dialog(page).getByLabel("Name").fill("mysql");
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: "Rename mysql" }).waitFor();

  await page.getByRole("button", { name: "2 instances" }).click();
  await dialog(page).getByRole("checkbox", { name: /^b / }).uncheck();
  await dialog(page).getByRole("button", { name: "OK" }).click();
  await page.getByRole("button", { name: "1 instance" }).waitFor();
});

test("in both languages and both themes", async () => {
  for (const look of someLooks()) {
    await using window = await openWindow(browser, look);
    const { page } = window;
    await page.goto(served.address("/havip"));
    await page.getByText("mysql").waitFor();
    await assertAccessible(page, `${look.language} ${look.theme}`);
    await screenshot(page, `havip-${look.language}-${look.theme}`);
    await page.getByRole("button", { name: /^(?:Apply|申请)$/ }).click();
    await dialog(page).waitFor();
    await assertAccessible(page, `applying, ${look.language} ${look.theme}`);
    await screenshot(page, `havip-apply-${look.language}-${look.theme}`);
    await page.keyboard.press("Escape");
    await dialog(page).waitFor({ state: "detached" });
  }
});

test("a HAVIP with a public address is not released, unbound it is", async () => {
  await using window = await openWindow(browser);
  const { page } = window;
  await page.goto(served.address("/havip"));
  await page.getByRole("button", { name: "Release" }).click();
  await dialog(page).getByText("It is in use").waitFor();
  await dialog(page).getByRole("button", { name: "Release the HAVIP" }).click();
  await dialog(page).getByRole("alert").getByText("UnsupportedOperation").waitFor();
  await dialog(page).getByRole("button", { name: "Cancel" }).click();
  await page.getByRole("button", { name: "Unbind" }).click();
  await dialog(page).getByRole("button", { name: "OK" }).click();
  await page.getByRole("button", { name: "Bind", exact: true }).waitFor();
  await page.getByRole("button", { name: "Release" }).click();
  await dialog(page).getByRole("button", { name: "Release the HAVIP" }).click();
  await page.getByText("No HAVIPs in this region").waitFor();
});
