/**
 * What keepalived 2.2.7 makes of a file, read from the dump of its running configuration,
 * against our plan: for every file of the corpus, the broken ones too. "Means the same by it"
 * is this test.
 *
 * Needs: keepalived
 */
import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { isDeepStrictEqual } from "node:util";
import { command as runCheck } from "#cli/check";
import { type Reading, readConfiguration } from "#keepalived/read";
import { printIp } from "#units/address";
import type { InstanceConfig, VirtualAddress } from "#vrrp/router/config";
import { dump, skipKeepalived } from "../support/keepalived.ts";

const corpus = join(import.meta.dirname, "../corpus");
const skip = skipKeepalived;

/** The figures that decide who is master and what it holds, as one text per instance. */
type Summary = ReadonlyMap<string, readonly string[]>;

function summaryOfDump(text: string): Summary {
  const lines = text.split("\n").map((line) => line.replace(/^.*?\d\d:\d\d:\d\d \d{4}: /, ""));
  const found = new Map<string, readonly string[]>();
  for (const [index, line] of lines.entries()) {
    const name = /^ VRRP Instance = (.*)$/.exec(line)?.[1];
    if (name === undefined) continue;
    const rest = lines.slice(index + 1);
    const end = rest.findIndex((one) => /^ VRRP Instance = |^------</.test(one));
    found.set(name, figuresOf(rest.slice(0, end < 0 ? undefined : end)));
  }
  return found;
}

function figuresOf(lines: readonly string[]): readonly string[] {
  const value = (label: string): string =>
    lines
      .map((line) => line.trim())
      .find((line) => line.startsWith(`${label} = `))
      ?.slice(label.length + 3) ?? "";
  const list = (label: RegExp): readonly string[] => {
    const at = lines.findIndex((line) => label.test(line));
    if (at < 0) return [];
    const rest = lines.slice(at + 1);
    const end = rest.findIndex((line) => !line.startsWith("     "));
    return rest.slice(0, end < 0 ? undefined : end).map((line) => line.trim());
  };
  const [amount = "", unit = ""] = value("Advert interval").split(" ");
  const password = value("Authentication type") === "none" ? "" : value("Password");
  return [
    `interface ${value("Interface")}`,
    `vrid ${value("Virtual Router ID")}`,
    `version ${value("VRRP Version")}`,
    `priority ${value("Priority")}`,
    `interval ${unit.startsWith("milli") ? Number(amount) / 10 : Number(amount) * 100}`,
    `preempt ${value("Preempt") === "enabled"}`,
    `preempt delay ${Number.parseFloat(value("Preempt delay") || "0")}`,
    `down timer ${value("Down timer adverts")}`,
    `garp ${value("Gratuitous ARP delay")} ${value("Gratuitous ARP repeat")} ${value("Gratuitous ARP refresh")}`,
    `lower ${value("Gratuitous ARP lower priority delay")} ${value("Gratuitous ARP lower priority repeat")}`,
    `answers weaker ${value("Send advert after receive lower priority advert")}`,
    `answers stronger ${value("Send advert after receive higher priority advert")}`,
    `password ${password}`,
    ...list(/^ {3}Virtual IP \(/).map((item) => `address ${addressIn(item)}`),
    ...list(/^ {3}Virtual IP Excluded/).map((item) => `excluded ${addressIn(item)}`),
    ...list(/^ {3}Unicast Peer :/).map((item) => `peer ${item.split(" ")[0]}`),
    ...["scripts", "interfaces", "files", "processes"].flatMap((kind) =>
      list(new RegExp(`^ {3}Tracked ${kind} ?:`)).map((item) => `track ${item.replace(",", "")}`),
    ),
  ].toSorted();
}

function addressIn(item: string): string {
  const tokens = item.split(" ");
  const [host = ""] = tokens;
  const device = tokens[tokens.indexOf("dev") + 1] ?? "";
  const longest = host.includes(":") ? 128 : 32;
  return `${host.includes("/") ? host : `${host}/${longest}`} ${device}`;
}

function summaryOfPlan(reading: Reading): Summary {
  return new Map(
    reading.plan.instances.map(({ config }) => [config.router.name, figuresOfConfig(config)]),
  );
}

function figuresOfConfig(config: InstanceConfig): readonly string[] {
  const { router, transport } = config;
  const { announce } = router;
  const address = (item: VirtualAddress): string =>
    `${printIp(item.address)}/${item.prefix} ${item.interface ?? config.interface}`;
  const implied = [...config.addresses, ...config.excludedAddresses].map((item) => item.interface);
  return [
    `interface ${config.interface}`,
    `vrid ${router.vrid}`,
    `version ${router.version}`,
    `priority ${router.priority}`,
    `interval ${router.advertInterval}`,
    `preempt ${router.preempt}`,
    `preempt delay ${router.preemptDelay / 1_000_000}`,
    `down timer ${router.downTimerAdverts}`,
    `garp ${announce.delay / 1_000_000} ${announce.repeat} ${announce.refresh / 1_000_000}`,
    `lower ${announce.lowerPrioDelay / 1_000_000} ${announce.lowerPrioRepeat}`,
    `answers weaker ${!router.lowerPrioNoAdvert}`,
    `answers stronger ${router.higherPrioSendAdvert}`,
    `password ${config.authentication?.secret.reveal() ?? ""}`,
    ...config.addresses.map((item) => `address ${address(item)}`),
    ...config.excludedAddresses.map((item) => `excluded ${address(item)}`),
    ...(transport.kind === "unicast"
      ? transport.peers.map((peer) => `peer ${printIp(peer.address)}`)
      : []),
    ...router.trackers
      // Interfaces that an address brings along are tracked by keepalived too, and not in this
      // list.
      .filter(
        ({ kind, name, weight }) =>
          !(kind === "interface" && weight === 0 && implied.includes(name)),
      )
      .map(
        ({ name, weight, reverse }) => `track ${name} weight ${weight}${reverse ? " reverse" : ""}`,
      ),
  ].toSorted();
}

/**
 * Where we differ on purpose, or a file does not get as far as a dump. Each has a finding that
 * says so.
 */
const DIFFERENT: ReadonlySet<string> = new Set([
  "script-after-use.conf",
  "authentication-header.conf",
  "line-too-long.conf",
  "recursive-include.conf",
  "recursive-definition.conf",
  "virtual-mac.conf",
  "weight-out-of-range.conf",
  // They name programs, accounts and interfaces that this machine does not have.
  "script-security-without-user.conf",
  "template-percent.conf",
  "relative-path.conf",
  "script-in-tmp.conf",
  "single-quotes.conf",
]);

/**
 * Corrected, they have a check without its program: keepalived drops it, here it counts as
 * failed.
 */
const NO_PROGRAM: ReadonlySet<string> = new Set([
  "commented-header.conf",
  "commented-header-with-brace.conf",
]);

/** The dump lists a group's trackers with the group, the plan with each member. */
const GROUP_TRACKERS: ReadonlySet<string> = new Set(["sync-group-with-weights.conf"]);

/**
 * keepalived takes a second to start, so an ordinary run asks about every fourth broken file;
 * PARITY=all about all.
 */
const STRIDE = process.env["PARITY"] === "all" ? 1 : 4;

/**
 * The broken ones as `--fix` leaves them: a correction must mean to keepalived what it means to
 * us.
 */
async function writeCorrected(): Promise<string> {
  const to = mkdtempSync(join(tmpdir(), "baton-corrected-"));
  const nothing = (): void => undefined;
  const io = { stdout: nothing, stderr: nothing, env: {}, isTty: false };
  for (const name of readdirSync(join(corpus, "broken")).filter((one) => one.endsWith(".conf"))) {
    const path = join(to, name);
    const text = readFileSync(join(corpus, "broken", name), "utf8");
    writeFileSync(path, text);
    await runCheck(["--fix", "-i", "main", "--cloud=none", path], io);
    if (readFileSync(path, "utf8") === text) rmSync(path);
  }
  return to;
}

const corrected = skip === false ? await writeCorrected() : "";
after(() => rmSync(corrected, { recursive: true, force: true }));

const folderOf = (kind: string): string => (kind === "corrected" ? corrected : join(corpus, kind));

/**
 * Blocks that keepalived has not, and which decide there what it runs otherwise: it knows nothing
 * of a check that is tracked, and would preempt (docs/gate.md).
 */
const OURS = /^\s*(gate|check\s+\S+)\s*\{/m;

const filesIn = (folder: string): readonly string[] =>
  readdirSync(folderOf(folder))
    .filter((name) => name.endsWith(".conf") && !DIFFERENT.has(name))
    .filter((name) => !OURS.test(readFileSync(join(folderOf(folder), name), "utf8")))
    .filter((name) => folder !== "corrected" || !NO_PROGRAM.has(name))
    .toSorted()
    .filter((_, index) => index % (folder === "valid" ? Math.ceil(STRIDE / 2) : STRIDE) === 0);

for (const folder of ["valid", "broken", "corrected"]) {
  test(`${folder}: keepalived runs what the plan says`, { skip, timeout: 300_000 }, async () => {
    const names = filesIn(folder);
    const queue = [...names];
    const problems: string[] = [];
    let compared = 0;
    const worker = async (): Promise<void> => {
      for (let name = queue.pop(); name !== undefined; name = queue.pop()) {
        const path = join(folderOf(folder), name);
        const text = readFileSync(path, "utf8");
        const reading = readConfiguration([{ name: path, text }], {
          configId: "main",
          cloud: "none",
        });
        const output = await dump(path);
        if (output === undefined) continue;
        const theirs = summaryOfDump(output);
        if (theirs.size === 0) {
          if (reading.wouldRun && reading.plan.instances.length > 0) {
            problems.push(`${name}: keepalived runs nothing`);
          }
          continue;
        }
        compared++;
        const ours = summaryOfPlan(reading);
        const plain = (summary: Summary): object =>
          Object.fromEntries(
            [...summary].map(([instance, figures]) => [
              instance,
              figures.filter((one) => !GROUP_TRACKERS.has(name) || !one.startsWith("track ")),
            ]),
          );
        if (isDeepStrictEqual(plain(ours), plain(theirs))) continue;
        // Its two processes write one log: a line of one may come between those of a list.
        const again = await dump(path);
        try {
          assert.deepEqual(plain(ours), plain(again === undefined ? theirs : summaryOfDump(again)));
        } catch (error) {
          problems.push(`${name}: ${error instanceof Error ? error.message : String(error)}`);
        }
      }
    };
    // keepalived waits most of the time it needs to start.
    await Promise.all(Array.from({ length: 8 }, worker));
    assert.equal(problems.length, 0, problems.join("\n\n"));
    assert.ok(compared > names.length / 2, `${compared} of ${names.length} compared`);
  });
}
