/** Two daemons on a HAVIP, with the platform as the third who has to agree. */
import assert from "node:assert/strict";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { HavipStatus } from "#daemon/control-protocol";
import { askDaemon, statusOf } from "#lab/measure/control";
import { printConfig, readExample, TUTORIAL } from "#lab/measure/profile";
import { shadowSystemFolders } from "#lab/sandbox/folders";
import { LabInstance } from "#lab/vpc/lab-instance";
import { Vpc } from "#lab/vpc/vpc";
import { shopLab, VIP } from "../lab/descriptions.ts";

const BATON = fileURLToPath(new URL("../../bin/baton", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "baton-vpc-"));
const CONF = "/etc/keepalived/keepalived.conf";
const machines = new Map<string, LabInstance>();
/** The files, without a `havip` block. */
const plain = new Map<string, string>();
const daemons = new Map<string, ChildProcess>();
let vpc: Vpc;

function machine(name: string): LabInstance {
  const found = machines.get(name);
  assert.ok(found !== undefined);
  return found;
}

async function until(what: string, seconds: number, condition: () => boolean | Promise<boolean>) {
  const end = performance.now() + seconds * 1000;
  while (!(await condition())) {
    if (performance.now() > end) {
      throw new Error(`not within ${seconds} s: ${what}\n${logOf("a")}\n${logOf("b")}`);
    }
    await sleep(20);
  }
}

const logs = new Map<string, string>();
const logOf = (name: string): string => logs.get(name) ?? "";
const holder = (): string | undefined => vpc.nameOf(vpc.havip(VIP)?.holder?.instanceId);
const platformOf = async (name: string): Promise<HavipStatus["platform"] | undefined> =>
  (await statusOf(machine(name).folder))?.instances[0]?.havips[0]?.platform;

function start(name: string, ...more: readonly string[]): void {
  const child = machine(name).spawn(
    [BATON, "run", "-f", CONF, "--runtime-dir", "/run/baton", ...more],
    ["ignore", "ignore", "pipe"],
  );
  child.stderr?.on("data", (bytes) => logs.set(name, logOf(name) + String(bytes)));
  daemons.set(name, child);
}

before(async () => {
  shadowSystemFolders();
  vpc = await Vpc.start({ description: shopLab({ members: ["a", "b"] }) });
  const addresses = { a: vpc.instance("a").address, b: vpc.instance("b").address };
  for (const [name, address] of Object.entries(addresses)) {
    const one = new LabInstance(vpc.instance(name), join(folder, name), vpc.region);
    const peers = Object.values(addresses).filter((other) => other !== address);
    const node = { address, peers, virtualAddress: VIP, priority: 50 };
    plain.set(name, printConfig(TUTORIAL, node));
    one.write(CONF, plain.get(name) ?? "");
    one.write("/etc/keepalived/service-state", "up\n");
    for (const script of ["do_sth.sh", "notify_action.sh"] as const)
      one.write(`/etc/keepalived/${script}`, readExample(script));
    machines.set(name, one);
  }
});

after(async () => {
  for (const child of daemons.values()) child.kill("SIGKILL");
  await vpc.close();
  rmSync(folder, { recursive: true, force: true });
});

describe("a daemon and the platform", () => {
  it("the first master's HAVIP becomes AVAILABLE, and the daemon knows that", async () => {
    start("a", "--cloud");
    await until("a holds the HAVIP", 20, () => holder() === "a");
    start("b", "--cloud");
    await until("a knows", 10, async () => (await platformOf("a")) === "agrees");
    // The log is written by another path than the answer to `status`.
    await until("a logs it", 5, () =>
      /the platform agrees: 172\.16\.0\.135 is ours, after \d\.\d s/.test(logOf("a")),
    );
  });

  it("swallowed announcements are reported within 5 s of MASTER, and end by themselves", async () => {
    vpc.setFault("b", { swallowClaims: true });
    await until("b is BACKUP", 10, () => /Entering BACKUP STATE/.test(logOf("b")));
    const startedAt = performance.now();
    daemons.get("a")?.kill("SIGTERM");
    await until("b is MASTER", 10, () => /Entering MASTER STATE/.test(logOf("b")));
    const masterAt = performance.now();
    await until("b reports", 8, () => /MASTER but the platform does not agree/.test(logOf("b")));
    const took = (performance.now() - masterAt) / 1000;
    assert.ok(took < 5.5, `reported after ${took} s; MASTER after ${masterAt - startedAt} ms`);
    assert.equal(holder(), "a", "the address still points at the machine that is gone");
    assert.equal(await platformOf("b"), "disagrees");
    assert.match(logOf("b"), new RegExp(`bound to ${vpc.instance("a").instanceId}`));

    vpc.setFault("b", {});
    await until("b holds the HAVIP", 15, () => holder() === "b");
    await until("b knows", 15, async () => (await platformOf("b")) === "agrees");
  });

  it("a control plane that is away changes nothing of VRRP", async () => {
    await until("a ended", 10, () => daemons.get("a")?.exitCode !== null);
    const away = (latencyMs: number) =>
      fetch(`${vpc.url}/_baton/faults`, {
        method: "PUT",
        headers: { "X-Baton-Admin": "lab" },
        body: JSON.stringify(latencyMs === 0 ? {} : { latencyMs, httpStatus: 503 }),
      });
    await away(60_000);
    logs.set("a", "");
    start("a", "--cloud");
    await until("a is BACKUP", 20, () => /Entering BACKUP STATE/.test(logOf("a")));
    daemons.get("b")?.kill("SIGTERM");
    await until("a holds the HAVIP", 10, () => holder() === "a");
    await until("a reports", 8, () => logOf("a").includes("no answer"));
    await away(0);
    await until("a knows", 20, async () => (await platformOf("a")) === "agrees");
    assert.ok(readFileSync(join(machine("a").folder, "var/state"), "utf8").includes("MASTER"));
  });
});

describe("a daemon with a havip block, and a pair cut apart", () => {
  it("a havip block asks without the option, and a reload takes it away and brings it back", async () => {
    daemons.get("a")?.kill("SIGTERM");
    await until("a ended", 10, () => daemons.get("a")?.exitCode !== null);
    const one = machine("b");
    const withBlock = `global_defs {\n    havip {\n    }\n}\n${plain.get("b") ?? ""}`;
    one.write(CONF, withBlock);
    logs.set("b", "");
    start("b");
    await until("b knows", 20, async () => (await platformOf("b")) === "agrees");
    const counters = (await statusOf(one.folder))?.instances[0]?.havips[0]?.counters;
    assert.ok(counters !== undefined && counters.agreed >= 1, JSON.stringify(counters));
    const reload = async (text: string): Promise<void> => {
      const before = logOf("b").split("Reload complete").length;
      one.write(CONF, text);
      daemons.get("b")?.kill("SIGHUP");
      await until("reloaded", 10, () => logOf("b").split("Reload complete").length > before);
    };
    await reload(plain.get("b") ?? "");
    assert.equal(await platformOf("b"), undefined);
    await reload(withBlock);
    await until("b knows again", 10, async () => (await platformOf("b")) === "agrees");
  });

  it("two nodes that do not hear each other both say so, and nobody says that the cloud agrees", async () => {
    logs.set("a", "");
    start("a", "--cloud");
    await until("a is BACKUP", 20, () => /Entering BACKUP STATE/.test(logOf("a")));
    vpc.setApart(["a", "b"], true);
    try {
      await until("a is MASTER too", 15, () => /Entering MASTER STATE/.test(logOf("a")));
      for (const name of ["a", "b"]) {
        await until(`${name} says so`, 30, async () => (await platformOf(name)) === "disputed");
        assert.match(logOf(name), /MASTER and .* announces? .*too/);
      }
      const said = await askDaemon(join(machine("b").folder, "run/baton/control.sock"), {
        command: "explain",
        lang: "zh-CN",
      });
      assert.match(JSON.stringify(said), /双主已持续/);
    } finally {
      vpc.setApart(["a", "b"], false);
    }
    const asked = async (): Promise<number> => {
      const all = await Promise.all(["a", "b"].map(async (name) => await platformOf(name)));
      return all.filter((one) => one !== "not-asked").length;
    };
    await until("one is left", 15, async () => (await asked()) === 1);
    daemons.get("a")?.kill("SIGTERM");
    await until("a ended", 10, () => daemons.get("a")?.exitCode !== null);
    await until("b has it", 20, () => holder() === "b");
  });

  it("baton check --live on the machine finds nothing wrong with the cloud's side", async () => {
    const child = machine("b").spawn(
      [BATON, "check", "--live", "--json", CONF],
      ["ignore", "pipe", "inherit"],
    );
    let text = "";
    child.stdout?.on("data", (bytes) => (text += String(bytes)));
    await once(child, "close");
    const { findings } = JSON.parse(text) as { findings: readonly { code: string }[] };
    assert.deepEqual(
      findings.filter(({ code }) => code.startsWith("VR52")),
      [],
    );
    // The machine's own findings show that it was looked at: the address is here.
    assert.ok(
      findings.some(({ code }) => code === "VR5111"),
      text,
    );
  });
});
