/**
 * The console's timeline in a browser: events of two nodes merged, filtered, followed, exported.
 *
 * Needs: chromium
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import type { Browser, Page } from "playwright-core";
import type { EventRecord } from "#events/record";
import { eventsOfOwner, eventsOfStandby, happening } from "../support/console-events.ts";
import {
  assertAccessible,
  LOOKS,
  openBrowser,
  openWindow,
  type Served,
  screenshot,
  servePage,
} from "../support/console-page.ts";
import { OWNER, STANDBY, status } from "../support/console-status.ts";
import { type FakeNode, fakeNode } from "../support/fake-node.ts";

let browser: Browser;
let first: FakeNode;
let served: Served;

const since = (seconds: number): string => new Date(Date.now() - seconds * 1_000).toISOString();

before(async () => {
  first = fakeNode({
    id: "n1",
    address: "https://10.0.0.11:9650",
    status: status("web-1", [{ ...STANDBY, since: since(899) }]),
    events: eventsOfOwner(),
  });
  const second = fakeNode({
    id: "n2",
    address: "https://10.0.0.12:9650",
    status: status("web-2", [{ ...OWNER, since: since(1_498.6) }]),
    events: eventsOfStandby(),
  });
  served = await servePage([first, second]);
  browser = await openBrowser();
});
after(async () => {
  await browser.close();
  await served[Symbol.asyncDispose]();
});

const rows = (page: Page): ReturnType<Page["locator"]> => page.locator("li.event");

/** Retried until it is so; the last row is there, and none after it. */
async function countIs(page: Page, count: number): Promise<void> {
  await page.locator(`ol:has(> li.event:nth-child(${count}):last-child)`).waitFor();
}

for (const look of LOOKS) {
  test(`events of both nodes in one order, accessible: ${look.language}, ${look.theme}`, async () => {
    await using window = await openWindow(browser, look);
    const { page } = window;
    await page.goto(served.address("/timeline?range=1h"));
    await rows(page).nth(9).waitFor();
    const nodes = await rows(page).locator(".where strong").allInnerTexts();
    assert.equal(nodes.join(" "), "web-1 web-1 web-2 web-2 web-1 web-1 web-1 web-2 web-1 web-1");
    await assertAccessible(page, "the timeline");
    await screenshot(page, `timeline-${look.language}-${look.theme}`);
  });
}

test("filters are kept in the address, and can be taken back", async () => {
  await using window = await openWindow(browser);
  const { page } = window;
  await page.goto(served.address("/timeline?range=1h"));
  await rows(page).nth(9).waitFor();
  await page.getByRole("button", { name: "warning and worse" }).click();
  await countIs(page, 2);
  assert.match(page.url(), /severity=warning/);
  await page.reload();
  await countIs(page, 2);
  await page.getByRole("button", { name: "all" }).last().click();
  await page.getByLabel("Node", { exact: true }).selectOption("web-2");
  await countIs(page, 3);
  await page.getByLabel("Find text").fill("priority 0");
  await countIs(page, 1);
  await page.getByText("All kinds").click();
  await screenshot(page, "timeline-filtered");
  await assertAccessible(page, "the choice of kinds");
});

test("what happens now is on top at once, unless nobody follows", async () => {
  await using window = await openWindow(browser);
  const { page } = window;
  await page.goto(served.address("/timeline?range=1h"));
  await rows(page).nth(9).waitFor();
  const event = (id: number, en: string): EventRecord =>
    happening({ id, node: "web-1", ago: 0, kind: "operator", text: [en, en] });
  first.record(event(8, "root (socket) asked for a reload"));
  await rows(page).first().getByText("root (socket) asked for a reload").waitFor();
  await page.getByLabel("Follow").uncheck();
  await countIs(page, 11);
  first.record(event(9, "unseen"));
  await page.getByLabel("Follow").check();
  await rows(page).first().getByText("unseen").waitFor();
});

test("what is shown can be saved as JSON and as a table", async () => {
  await using window = await openWindow(browser);
  const { page } = window;
  await page.goto(served.address("/timeline?range=1h&kind=check"));
  await rows(page).nth(1).waitFor();
  const save = async (name: string): Promise<string> => {
    const download = page.waitForEvent("download");
    await page.getByRole("button", { name }).click();
    return readFileSync(await (await download).path(), "utf8");
  };
  const json = JSON.parse(await save("JSON")) as readonly { readonly kind: string }[];
  assert.deepEqual(
    json.map(({ kind }) => kind),
    ["check", "check"],
  );
  assert.match(await save("CSV"), /^\uFEFFat,node,severity,kind,.*\r\n.*,web-1,info,check,/);
});
