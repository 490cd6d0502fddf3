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

test("the page shows who owns the address, and a fail-over without a reload", async (context) => {
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
      await page
        .getByText(/^Heard nobody|^Hears/)
        .first()
        .waitFor();
      await screenshot(page, "daemon-before");
      await lab.node("a").stopDaemon();
      await page.locator(".owner strong", { hasText: /^b$/ }).waitFor();
      await page.getByText("a does not answer").waitFor();
      await screenshot(page, "daemon-after");
    } finally {
      await browser.close();
      await endOf(child);
    }
  });
});
