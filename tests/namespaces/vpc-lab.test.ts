/** `baton lab` as a user has it: up, status, exec, fault, a crash, and nothing left. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { askSocket } from "#lab/sandbox/ask-socket";
import { raiseLoopback } from "#lab/vpc/vpc";

const BATON = fileURLToPath(new URL("../../bin/baton", import.meta.url));
const FLOOD = fileURLToPath(new URL("../support/flood-main.ts", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "baton-labs-"));
const env = { ...process.env, BATON_LAB_DIR: folder };
// The test itself may run in a sandbox; the lab makes its own.
Reflect.deleteProperty(env, "BATON_LAB_SANDBOX");

const FILE = `
claim_latency: 100ms
vpcs:
  - name: one
    cidr: 10.0.0.0/16
    subnets:
      - name: s
        cidr: 10.0.0.0/24
        instances:
          - name: web
            address: 10.0.0.5
            allow: [icmp, "tcp 8080"]
            files: { /etc/keepalived/hello: "hello from web" }
            run: [exec sleep 1000, echo started]
          - name: other
        havips:
          - { name: vip, address: 10.0.0.100, members: [web], eip: true }
  - name: two
    cidr: 10.0.0.0/16
    subnets:
      - name: s
        cidr: 10.0.0.0/24
        instances: [{ name: twin, address: 10.0.0.5 }]
`;

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

async function baton(...args: readonly string[]): Promise<Ended> {
  const child = spawn(BATON, ["lab", ...args], { env, stdio: ["ignore", "pipe", "pipe"] });
  let [stdout, stderr] = ["", ""];
  child.stdout.on("data", (bytes) => {
    stdout += String(bytes);
  });
  child.stderr.on("data", (bytes) => {
    stderr += String(bytes);
  });
  const code = await new Promise<number | null>((resolve) => {
    child.on("close", resolve);
  });
  return { code, stdout, stderr };
}

interface Up {
  readonly child: ChildProcess;
  readonly events: Record<string, unknown>[];
  readonly ended: Promise<number | null>;
}

const labs = new Set<ChildProcess>();

async function up(...args: readonly string[]): Promise<Up> {
  const child = spawn(BATON, ["lab", "up", "--json", ...args], {
    env,
    stdio: ["ignore", "pipe", "inherit"],
  });
  labs.add(child);
  const events: Record<string, unknown>[] = [];
  let text = "";
  child.stdout.on("data", (bytes) => {
    text += String(bytes);
    for (let end = text.indexOf("\n"); end >= 0; end = text.indexOf("\n")) {
      events.push(JSON.parse(text.slice(0, end)) as Record<string, unknown>);
      text = text.slice(end + 1);
    }
  });
  const ended = new Promise<number | null>((resolve) => {
    child.on("close", resolve);
  });
  await until("the lab is up", () => events.some((one) => one["event"] === "up"));
  return { child, events, ended };
}

async function until(what: string, condition: () => boolean): Promise<void> {
  const end = performance.now() + 60_000;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`never: ${what}`);
    await sleep(20);
  }
}

/** Processes that have the lab's folder in their command line or environment. */
const leftovers = (): readonly string[] =>
  readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((name) => {
      try {
        return readFileSync(`/proc/${name}/cmdline`, "utf8").includes(folder);
      } catch {
        return false;
      }
    });

// The test's own network may be a fresh one, in which not even 127.0.0.1 answers.
before(() => raiseLoopback());
after(() => {
  // Also those of a test that failed half-way.
  for (const child of labs) child.kill("SIGKILL");
  rmSync(folder, { recursive: true, force: true });
});

describe("baton lab", () => {
  it("shows the mistakes of a file and starts nothing", async () => {
    const file = join(folder, "bad.yaml");
    writeFileSync(file, "vpcs:\n  - name: x\n    cidrs: 1\n");
    const { code, stderr } = await baton("up", "-f", file);
    assert.equal(code, 1);
    assert.match(stderr, /bad\.yaml:3:5: a VPC has no cidrs/);
    assert.match(stderr, /bad\.yaml:2:5: cidr is missing/);
    const nowhere = await baton("up", "-f", join(folder, "nowhere.yaml"));
    assert.match(
      nowhere.stderr,
      /^baton lab: \/.*\/nowhere\.yaml cannot be read: there is no such file \(ENOENT\)\n$/,
    );
    const status = await baton("status", "--json");
    assert.equal(status.code, 1);
    assert.match(status.stdout, /no lab called default is up/);
  });

  it("is up, shows itself, lets programs in, takes faults, and goes", async () => {
    const file = join(folder, "lab.yaml");
    writeFileSync(file, FILE);
    const lab = await up("-f", file);
    await until("echo", () => lab.events.some((one) => one["text"] === "started"));

    const status = JSON.parse((await baton("status", "--json")).stdout) as {
      readonly instances: readonly { readonly name: string; readonly address: string }[];
      readonly havips: readonly { readonly state: string; readonly publicAddress: string }[];
    };
    assert.deepEqual(
      status.instances.map((one) => one.name),
      ["web", "other", "twin"],
    );
    assert.equal(status.havips[0]?.state, "UNBIND");
    assert.match(status.havips[0]?.publicAddress ?? "", /^203\.0\.113\./);

    const hello = await baton("exec", "web", "--", "cat", "/etc/keepalived/hello");
    assert.deepEqual([hello.code, hello.stdout], [0, "hello from web"]);
    const failing = await baton("exec", "other", "sh", "-c", "exit 7");
    assert.equal(failing.code, 7);
    const missing = await baton("exec", "other", "--", "no-such-program");
    assert.deepEqual(
      [missing.code, missing.stderr],
      [
        127,
        "baton lab exec: there is no program `no-such-program` in other; instances run this machine's programs, so install it here\n",
      ],
    );
    const listening = lab.events.find((one) => one["event"] === "listening");
    const health = await fetch(`${String(listening?.["url"])}/_baton/health`);
    assert.deepEqual(await health.json(), { status: "ok" });

    assert.equal((await baton("fault", "web", "delay", "50ms")).code, 0);
    assert.equal((await baton("fault", "web", "dealy", "50ms")).code, 2);
    assert.equal((await baton("fault", "nobody", "cut")).code, 1);
    assert.equal((await baton("fault", "web", "swallow-claims")).code, 0);
    assert.equal((await baton("fault", "web", "unplug")).code, 0);
    assert.match((await baton("status")).stdout, /web .* delay 50ms, swallow-claims, unplug {2,}/);
    assert.equal((await baton("fault", "web", "heal")).code, 0);

    const malformed = await askSocket(
      join(folder, "default", "control.sock"),
      { command: 1 },
      5_000,
    );
    assert.match(malformed ?? "", /^\{"ok":false,"error":"command is 1; wanted is an object with /);

    const second = await baton("up");
    assert.match(second.stderr, /a lab called default is up already/);
    assert.equal((await baton("down")).code, 0);
    assert.equal(await lab.ended, 0);
    assert.equal(existsSync(join(folder, "default")), false);
    assert.deepEqual(leftovers(), []);
  });
});

describe("the example of docs/lab.md", () => {
  const path = fileURLToPath(new URL("../../examples/tutorial/lab.yaml", import.meta.url));

  it("is the file that the page says to run", () => {
    const page = readFileSync(new URL("../../docs/lab.md", import.meta.url), "utf8");
    assert.equal(/```yaml\n([^]*?)```/.exec(page)?.[1], readFileSync(path, "utf8"));
    assert.ok(page.includes("baton lab up -f examples/tutorial/lab.yaml"));
  });

  it("names a missing file with the place that was looked at, and why", async () => {
    const alone = join(folder, "alone.yaml");
    writeFileSync(alone, readFileSync(path));
    const { code, stderr } = await baton("up", "-f", alone);
    assert.equal(code, 1);
    assert.match(
      stderr,
      /alone\.yaml:18:56: \/.*\/node-a\.conf cannot be read: there is no such file \(ENOENT\)\n/,
    );
  });

  it("runs as it is written: one of its two instances gets the HAVIP", async () => {
    const lab = await up("-f", path, "--name", "example");
    await until("the HAVIP is bound", () =>
      lab.events.some((one) => one["event"] === "moved"),
    ).catch((error: unknown) =>
      assert.fail(`${String(error)}\n${JSON.stringify(lab.events.slice(-80))}`),
    );
    assert.equal((await baton("down", "--name", "example")).code, 0);
    assert.equal(await lab.ended, 0);
  });
});

describe("baton lab, killed and flooded", () => {
  it("killed with -9, leaves no process behind", async () => {
    const lab = await up("-f", join(folder, "lab.yaml"), "--name", "crash");
    lab.child.kill("SIGKILL");
    await lab.ended;
    await until("all gone", () => leftovers().length === 0);
    // The folder is all that is left: no obstacle, and gone with the next start of any lab.
    assert.ok(existsSync(join(folder, "crash")));
    const again = await up("-f", join(folder, "lab.yaml"), "--name", "next");
    assert.ok(!existsSync(join(folder, "crash")));
    again.child.kill("SIGINT");
    assert.equal(await again.ended, 0);
  });

  it("floods of announcements and of noise do not hold up status, nor fill the log", async () => {
    const lab = await up("-f", join(folder, "lab.yaml"), "--name", "flood");
    const program = [process.execPath, "--disable-warning=ExperimentalWarning", FLOOD];
    const count = 60_000;
    const flood = async (name: string, kind: string): Promise<Ended> =>
      await baton("exec", "--name", "flood", name, ...program, kind, `${count}`);
    let going = true;
    const floods = Promise.all([flood("web", "claim"), flood("other", "noise")]).finally(() => {
      going = false;
    });
    interface Shown {
      readonly instances: readonly { readonly dropped: Readonly<Record<string, number>> }[];
    }
    let shown: Shown = { instances: [] };
    const look = async (): Promise<void> => {
      const { code, stdout } = await baton("status", "--json", "--name", "flood");
      assert.equal(code, 0, "an answer within the client's five seconds");
      shown = JSON.parse(stdout) as Shown;
    };
    while (going) await look();
    for (const { code, stdout, stderr } of await floods)
      assert.deepEqual([code, stdout], [0, `sent ${count}\n`], stderr);
    await look();
    const [web, other] = shown.instances;
    assert.ok((web?.dropped["claim-limited"] ?? 0) > count / 10, JSON.stringify(shown));
    assert.ok((other?.dropped["not-ipv4"] ?? 0) > count / 10, JSON.stringify(shown));
    const lines = lab.events.filter((one) => one["event"] === "cloud").length;
    assert.ok(lines < 200, `${lines} lines about refused announcements`);
    lab.child.kill("SIGINT");
    assert.equal(await lab.ended, 0);
  });
});
