/**
 * `baton console` beside two real daemons, by their control sockets: what the page shows is what
 * they do.
 *
 * Needs: chromium
 */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { test } from "node:test";
import type { Page } from "playwright-core";
import { FAST } from "#lab/measure/profile";
import { buildPage, openBrowser, openWindow, screenshot } from "../support/console-page.ts";
import { withLab } from "../support/lab.ts";

const BATON = join(import.meta.dirname, "../../bin/baton");

interface Running {
  readonly child: ChildProcess;
  /** With the access key. */
  readonly open: string;
}

async function startConsole(args: readonly string[]): Promise<Running> {
  const child = spawn(BATON, ["console", "--json", "--listen", "127.0.0.1:0", ...args], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  for await (const line of createInterface({ input: child.stdout })) {
    const { open } = JSON.parse(line) as { readonly open: string };
    return { child, open };
  }
  throw new Error("the console has ended");
}

/** One that does not end is a failure, and is not left behind. */
async function endOf(child: ChildProcess): Promise<void> {
  child.kill("SIGTERM");
  const deadline = setTimeout(() => child.kill("SIGKILL"), 10_000);
  if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
  clearTimeout(deadline);
  assert.equal(child.signalCode, null, "the console does not end");
  assert.equal(child.exitCode, 0);
}

/** From `a` to `b` by a switch, which is then taken back: neither preempts, so `b` keeps it. */
async function moveInPage(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Switch…" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByText("would move", { exact: true }).waitFor();
  await dialog.getByLabel("Reason").fill("a test");
  await screenshot(page, "daemon-switch", false);
  await dialog.getByRole("button", { name: "Switch now" }).click();
  await dialog.getByRole("heading", { name: "Moved" }).waitFor();
  await screenshot(page, "daemon-switched", false);
  await dialog.getByRole("button", { name: "Close" }).click();
  await page.locator(".owner strong", { hasText: /^b$/ }).waitFor();
  await page.getByRole("button", { name: "Switch back" }).click();
  await dialog.getByRole("button", { name: "Switch back now" }).click();
  await dialog.getByRole("button", { name: "Close" }).click();
  await page.getByRole("button", { name: "Switch back" }).waitFor({ state: "hidden" });
}

/** What it did, with its reason, and what both nodes made of it. */
async function seeEvents(page: Page): Promise<void> {
  await page.getByRole("link", { name: "Timeline" }).click();
  await page.locator("li.event", { hasText: "a test" }).first().waitFor();
  const moves = page.locator("li.event", { hasText: "state · " });
  await moves.filter({ hasText: "MASTER" }).nth(2).waitFor();
  await screenshot(page, "daemon-timeline");
}

test("who owns the address, a switch and back, its events, and a fail-over, without a reload", async (context) => {
  buildPage();
  await withLab(context, { profile: FAST, kinds: ["baton", "baton"] }, async (lab) => {
    await lab.startDaemons();
    const nodes = lab.nodes.map(({ name, folder }) => `${name}=${join(folder, "run/baton")}`);
    const { child, open } = await startConsole(nodes.flatMap((node) => ["--node", node]));
    const browser = await openBrowser();
    try {
      await using window = await openWindow(browser);
      const { page } = window;
      await page.goto(open);
      await page.getByText("The address has exactly one owner.").waitFor();
      const owner = page.locator(".owner strong");
      assert.equal(await owner.innerText(), "a");
      await screenshot(page, "daemon-before");
      await moveInPage(page);
      await seeEvents(page);
      await lab.node("b").stopDaemon();
      await page.getByRole("link", { name: "Cluster" }).click();
      await page.locator(".owner strong", { hasText: /^a$/ }).waitFor();
      await page.getByText(/^b does not answer/).waitFor();
      await screenshot(page, "daemon-after");
    } finally {
      await browser.close();
      await endOf(child);
    }
  });
});
