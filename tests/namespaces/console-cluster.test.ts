/**
 * The console's cluster page in a browser: who owns what, live; a switch and a maintenance with
 * their confirmations.
 *
 * Needs: chromium
 */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Browser } from "playwright-core";
import {
  assertAccessible,
  LOOKS,
  openBrowser,
  openWindow,
  type Served,
  screenshot,
  servePage,
  someLooks,
} from "../support/console-page.ts";
import { OWNER, STANDBY, status, WEAKENED } from "../support/console-status.ts";
import { type FakeNode, fakeNode } from "../support/fake-node.ts";

let browser: Browser;
let first: FakeNode;
let second: FakeNode;
let served: Served;

/** What the owner answers to a switch; a test sets another. */
let act: (path: string, body: unknown) => Response;

const WOULD = {
  outcome: "would-move",
  units: [
    {
      name: "VI_1",
      kind: "instance",
      outcome: "would-move",
      successor: "10.0.0.12",
      text: {
        en: "10.0.0.12 would take over: priority 100, heard 0.4 s ago",
        "zh-CN": "将由 10.0.0.12 接管：优先级 100，0.4 秒前收到其通告",
      },
    },
  ],
};
const MOVED = {
  outcome: "moved",
  units: [
    {
      name: "VI_1",
      kind: "instance",
      outcome: "moved",
      successor: "10.0.0.12",
      bothAnsweredMs: 41,
      tookMs: 220,
      text: { en: "10.0.0.12 has taken over", "zh-CN": "10.0.0.12 已接管" },
    },
  ],
};

const reset = (): void => {
  first.setStatus(status("web-1", [OWNER]));
  second.setStatus(
    status("web-2", [WEAKENED], {
      scripts: [
        {
          name: "check_nginx",
          command: ["/usr/bin/pgrep", "nginx"],
          user: "root",
          intervalSeconds: 2,
          result: "down",
          lastRunAt: new Date().toISOString(),
          lastExit: 1,
          lastMilliseconds: 4,
          lastOutput: "",
          consecutive: 12,
        },
      ],
    }),
  );
  act = (_path, body) => Response.json((body as { dryRun?: true }).dryRun === true ? WOULD : MOVED);
  first.posted.length = 0;
};

before(async () => {
  const answer = (path: string, body: unknown): Response => act(path, body);
  first = fakeNode({ id: "n1", address: "https://10.0.0.11:9650", status: {}, act: answer });
  second = fakeNode({ id: "n2", address: "https://10.0.0.12:9650", status: {}, act: answer });
  served = await servePage([first, second]);
  browser = await openBrowser();
});
after(async () => {
  await browser.close();
  await served[Symbol.asyncDispose]();
});

for (const look of LOOKS) {
  test(`owner, state, reason and troubles are shown and accessible: ${look.language}, ${look.theme}`, async () => {
    reset();
    await using window = await openWindow(browser, look);
    const { page } = window;
    await page.goto(served.address("/cluster"));
    const router = page.getByRole("article", { name: "VI_1 10.0.0.100" });
    await router.waitFor();
    const text = (await router.innerText()).replaceAll(/\s+/g, " ");
    const isEnglish = look.language === "en";
    assert.match(text, isEnglish ? /Owner web-1 for 2 h 4 min/ : /持有者 web-1 已 2 小时 4 分/);
    assert.match(text, /MASTER/);
    assert.match(
      text,
      isEnglish ? /Hears 10\.0\.0\.11 with priority 150/ : /收到 10\.0\.0\.11 的通告/,
    );
    assert.match(text, isEnglish ? /check_nginx takes 20 off/ : /脚本 check_nginx 使优先级降低 20/);
    await assertAccessible(page, "the cluster page");
    await screenshot(page, `cluster-${look.language}-${look.theme}`);
    await page.getByRole("button", { name: isEnglish ? "Switch…" : "切换…" }).click();
    await page
      .getByRole("dialog")
      .getByText(isEnglish ? "would take over" : "将由")
      .waitFor();
    await assertAccessible(page, "the dialog of a switch");
    await screenshot(page, `switch-${look.language}-${look.theme}`, false);
  });
}

for (const look of someLooks()) {
  test(`a gate is shown where it matters: ${look.language}`, async () => {
    reset();
    const closed = { unit: "VI_1", fence: "closed", epoch: 0, marked: true } as const;
    const why = [{ en: "it lost the address unplanned", "zh-CN": "并非按计划失去地址" }];
    const database = { role: "replica", isWritable: false, follows: true, why: [] } as const;
    first.setStatus(
      status("web-1", [
        {
          ...OWNER,
          gate: {
            ...closed,
            phase: "open",
            fence: "open",
            eligible: "yes",
            why: [],
            epoch: 1_796_076_000_000,
            marked: false,
          },
        },
      ]),
    );
    second.setStatus(
      status("web-2", [
        {
          ...STANDBY,
          gate: {
            ...closed,
            phase: "closed",
            eligible: "no",
            why,
            database: { ...database, eligible: false, lagMicros: 1_500_000 },
          },
        },
      ]),
    );
    await using window = await openWindow(browser, look);
    const { page } = window;
    await page.goto(served.address("/cluster"));
    const router = page.getByRole("article", { name: "VI_1 10.0.0.100" });
    await router.waitFor();
    const text = (await router.innerText()).replaceAll(/\s+/g, " ");
    const isEnglish = look.language === "en";
    assert.match(text, isEnglish ? /gate: open \(epoch 1796076000000\)/ : /gate：开放（epoch/);
    assert.match(
      text,
      isEnglish ? /may not be promoted: it lost the address/ : /不可提升：并非按计划失去地址/,
    );
    assert.match(text, isEnglish ? /database 1\.5 s behind/ : /数据库落后 1\.5 秒/);
    await assertAccessible(page, "the cluster page with gates");
    await screenshot(page, `gate-${look.language}-${look.theme}`);
  });
}

test("a node that answers something else is named, and the others are shown as usual", async () => {
  reset();
  second.setStatus({ ...status("web-2", []), instances: [5, null] });
  await using window = await openWindow(browser);
  const { page } = window;
  await page.goto(served.address("/cluster"));
  await page.getByText("this version of the console cannot show").first().waitFor();
  const router = page.getByRole("article", { name: "VI_1 10.0.0.100" });
  await router.waitFor();
  assert.match((await router.innerText()).replaceAll(/\s+/g, " "), /Owner web-1/);
  reset();
  await page.getByText(/Hears 10\.0\.0\.11 with priority 150/).waitFor();
});

test("a change is seen without a reload, and so is a node that no longer answers", async () => {
  reset();
  await using window = await openWindow(browser);
  const { page } = window;
  await page.goto(served.address("/cluster"));
  await page.getByText("The address has exactly one owner.").waitFor();
  second.setStatus(status("web-2", [{ ...STANDBY, state: "MASTER" }]));
  await page.getByText("10.0.0.100 has 2 owners: web-1, web-2").waitFor();
  await screenshot(page, "cluster-two-owners");
  first.setStatus(status("web-1", [{ ...OWNER, state: "FAULT" }]));
  await page.getByText("The address has exactly one owner.").waitFor();
  second.setStatus(status("web-2", [{ ...OWNER, state: "FAULT" }]));
  await page.getByText("10.0.0.100 has no owner").waitFor();
  await screenshot(page, "cluster-no-owner");
});

test("a switch asks first, says what would happen, moves, and says what happened", async () => {
  reset();
  await using window = await openWindow(browser);
  const { page } = window;
  await page.goto(served.address("/cluster"));
  await page.getByRole("button", { name: "Switch…" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByText("10.0.0.12 would take over").waitFor();
  await dialog.getByRole("combobox", { name: "To" }).selectOption("10.0.0.12");
  await dialog.getByLabel("Reason").fill("kernel update");
  await dialog.getByText("10.0.0.12 would take over").waitFor();
  await dialog.getByRole("button", { name: "Switch now" }).click();
  await dialog.getByText("10.0.0.12 has taken over").waitFor();
  await dialog.getByText("41 ms").waitFor();
  await screenshot(page, "switch-done", false);
  await page.keyboard.press("Enter");
  await dialog.waitFor({ state: "hidden" });
  assert.deepEqual(
    first.posted.map(({ body }) => body),
    [
      { names: ["VI_1"], dryRun: true },
      { names: ["VI_1"], to: "10.0.0.12", dryRun: true },
      { names: ["VI_1"], to: "10.0.0.12", why: "kernel update" },
    ],
  );
  // At once, or when the button is free again.
  await page.locator(":focus", { hasText: "Switch…" }).waitFor();
});

test("a dry run that says nobody can take over leaves no way to switch", async () => {
  reset();
  act = () =>
    Response.json(
      {
        outcome: "refused",
        units: [
          {
            name: "VI_1",
            kind: "instance",
            outcome: "stays",
            text: { en: "10.0.0.12 is in FAULT", "zh-CN": "10.0.0.12 处于 FAULT" },
          },
        ],
      },
      { status: 409 },
    );
  await using window = await openWindow(browser);
  const { page } = window;
  await page.goto(served.address("/cluster"));
  await page.getByRole("button", { name: "Switch…" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByText("10.0.0.12 is in FAULT").waitFor();
  assert.equal(await dialog.getByRole("button", { name: "Switch now" }).isDisabled(), true);
  await screenshot(page, "switch-refused", false);
  await page.keyboard.press("Escape");
  await dialog.waitFor({ state: "hidden" });
  assert.deepEqual(
    first.posted.map(({ body }) => body),
    [{ names: ["VI_1"], dryRun: true }],
  );
});

test("maintenance begins with its time and reason, is shown, and ends", async () => {
  reset();
  act = (path, body) => {
    if (path === "/v1/switch") return Response.json({ switch: WOULD });
    const isOn = "on" in (body as object);
    const maintenance = {
      since: new Date().toISOString(),
      until: new Date(Date.now() + 1_800_000).toISOString(),
      reason: "new disks",
      lastResort: false,
      by: "ops (api, 127.0.0.1:4711)",
    };
    first.setStatus(status("web-1", [STANDBY], isOn ? { maintenance } : {}));
    return Response.json({ maintenance: isOn ? maintenance : null });
  };
  await using window = await openWindow(browser);
  const { page } = window;
  await page.goto(served.address("/cluster"));
  const node = page.getByRole("article", { name: "web-1", exact: true });
  await node.getByRole("button", { name: "Maintenance…" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByText("10.0.0.12 would take over").waitFor();
  await dialog.getByLabel("For").selectOption("30 minutes");
  await dialog.getByLabel("Reason").fill("new disks");
  await screenshot(page, "maintenance-dialog", false);
  await assertAccessible(page, "the dialog of a maintenance");
  await dialog.getByRole("button", { name: "Begin maintenance" }).click();
  await node.getByText("new disks").waitFor();
  await page.getByText("web-1 is in maintenance").waitFor();
  await screenshot(page, "maintenance-on");
  await assertAccessible(page, "a node in maintenance");
  await node.getByRole("button", { name: "End maintenance" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "End maintenance" }).click();
  await node.getByText("new disks").waitFor({ state: "hidden" });
  assert.deepEqual(first.posted.map(({ body }) => body).slice(1), [
    { on: { forSeconds: 1_800, reason: "new disks" } },
    { off: true },
  ]);
});
