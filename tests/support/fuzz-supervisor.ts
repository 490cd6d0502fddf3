/**
 * A daemon under everything it reads (hostile-inputs.ts), one life after the other. In every third
 * life calls of the system fail as well (inject-faults.ts). A life goes wrong if the process ends
 * before it is asked to, or does not answer in the end, or does not end in order.
 */
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createRng, type Rng } from "#units/rng";
import { freePort, httpRequest, TOKEN } from "./hostile-http.ts";
import {
  below,
  bytes,
  engineLine,
  pickFrom,
  place,
  request,
  serveWorld,
  type World,
} from "./hostile-inputs.ts";
import { mutateConfig } from "./mutate-config.ts";
import { OWN_VIP } from "./own-address.ts";
import { SupervisorDriver } from "./supervisor-driver.ts";

export interface LifeResult {
  readonly inputs: Readonly<Record<string, number>>;
  /** Undefined: all is well. */
  readonly problem: string | undefined;
  readonly reloads: number;
  readonly megabytes: number;
  readonly failedCalls: number;
}

/** Real-time signals by number: JSON, TDATA, STATS_CLEAR and one that nobody knows. */
const SIGNALS: readonly (NodeJS.Signals | number)[] = [
  "SIGHUP",
  "SIGUSR1",
  "SIGUSR2",
  "SIGALRM",
  "SIGIO",
  "SIGPIPE",
  "SIGWINCH",
  36,
  37,
  63,
  40,
];
const CLIENTS_MAX = 70;

function configuration(folder: string, url: string, port: number): string {
  const scripts = ["check", "notify", "reader"].map((name) => `"${folder}/${name}.sh"`);
  const [check, notify, reader] = scripts;
  return `api {
  listen 127.0.0.1:${port}
  listen unix:${folder}/web.sock
  token_file ${folder}/token
}
global_defs {
  router_id fuzz
  state_dump_file ${folder}/keepalived.data
  stats_dump_file ${folder}/keepalived.stats
  json_dump_file ${folder}/keepalived.json
  vrrp_notify_fifo ${folder}/fifo
  vrrp_notify_fifo_script ${reader}
}
vrrp_script check {
  script ${check}
  interval 1
}
track_file value {
  file "${folder}/value"
}
vrrp_track_process p {
  process sleep
}
vrrp_instance VI_1 {
  interface eth0
  virtual_router_id 51
  priority 100
  notify ${notify}
  track_script {
    check weight 1
  }
  track_file {
    value weight 1
  }
  track_process {
    p weight 1
  }
  virtual_ipaddress {
    ${OWN_VIP}/24
  }
  havip {
    endpoint ${url}
  }
}
`;
}

/**
 * Nothing that a daemon wrote is spoilt on the way: it gets its orders, and how it went is
 * looked at afterwards.
 */
class Life {
  readonly #random: Rng;
  readonly #driver: SupervisorDriver;
  readonly #folder: string;
  readonly #world: World;
  readonly #port: number;
  readonly inputs: Record<string, number> = {};
  #clients = 0;
  #webClients = 0;

  constructor(random: Rng, driver: SupervisorDriver, folder: string, world: World, port: number) {
    this.#random = random;
    this.#port = port;
    this.#driver = driver;
    this.#folder = folder;
    this.#world = world;
  }

  #count(kind: string, by = 1): void {
    this.inputs[kind] = (this.inputs[kind] ?? 0) + by;
  }

  /** One of each, more of what is cheap. */
  step(): void {
    for (let i = 0; i < 4; i++) this.#talk();
    for (let i = 0; i < 4; i++) this.#web();
    const what = below(this.#random, 12);
    if (what < 3) this.#files();
    else if (what < 5) this.#signal();
    else if (what === 5) this.#configure();
    else if (what === 6) this.#scripts();
    else if (what === 7 && below(this.#random, 20) === 0) this.#engine();
  }

  #talk(): void {
    if (this.#clients >= CLIENTS_MAX) return;
    this.#clients += 1;
    const random = this.#random;
    const socket = connect(this.#driver.socket);
    socket.on("error", () => undefined);
    socket.once("close", () => {
      this.#clients -= 1;
    });
    if (below(random, 3) > 0) socket.resume();
    for (let i = 1 + below(random, 4); i > 0; i--) {
      this.#count("requests");
      socket.write(request(random));
    }
    setTimeout(() => socket.destroy(), below(random, 400)).unref();
  }

  #web(): void {
    if (this.#webClients >= CLIENTS_MAX) return;
    this.#webClients += 1;
    const random = this.#random;
    const path = random.pick(["web.sock", "run/api.sock", ""]);
    const socket =
      path === "" ? connect(this.#port, "127.0.0.1") : connect(join(this.#folder, path));
    socket.on("error", () => undefined);
    socket.once("close", () => {
      this.#webClients -= 1;
    });
    if (below(random, 3) > 0) socket.resume();
    for (let i = 1 + below(random, 3); i > 0; i--) {
      this.#count("HTTP requests");
      socket.write(httpRequest(random));
    }
    setTimeout(() => socket.destroy(), below(random, 400)).unref();
  }

  #files(): void {
    this.#count("files");
    const name = this.#random.pick([
      "value",
      "recording",
      "run/status.json",
      "keepalived.data",
      "keepalived.stats",
      "run/baton.pid",
      "credentials",
      "token",
      "web.sock",
    ]);
    place(join(this.#folder, name), this.#random);
  }

  #signal(): void {
    this.#count("signals");
    const signal = this.#random.pick(SIGNALS);
    process.kill(this.#driver.pid, signal);
  }

  #configure(): void {
    this.#count("configurations");
    const path = join(this.#folder, "a.conf");
    const good = configuration(this.#folder, this.#world.url, this.#port);
    if (below(this.#random, 12) === 0) place(path, this.#random);
    else {
      rmSync(path, { recursive: true, force: true });
      const isGood = below(this.#random, 3) === 0;
      writeFileSync(path, isGood ? good : mutateConfig([good], this.#random));
    }
    process.kill(this.#driver.pid, "SIGHUP");
  }

  #scripts(): void {
    this.#count("scripts");
    writeFileSync(join(this.#folder, "output"), bytes(this.#random, 20_000));
    const end = this.#random.pick(["exit 0", "exit 7", "kill -9 $$", "sleep 3", "kill -36 $$"]);
    writeScript(this.#folder, "check", `cat ${this.#folder}/output\n${end}`);
  }

  #engine(): void {
    this.#count("engine lines");
    writeFileSync(join(this.#folder, "engine", "say"), engineLine(this.#random));
  }
}

function writeScript(folder: string, name: string, body: string): void {
  const path = join(folder, `${name}.sh`);
  rmSync(path, { recursive: true, force: true });
  writeFileSync(path, `#!/bin/sh\n${body}\n`);
  chmodSync(path, 0o755);
}

function megabytesOf(pid: number): number {
  try {
    const kilobytes = /^VmHWM:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
    return Number(kilobytes ?? 0) / 1_024;
  } catch {
    return 0;
  }
}

/**
 * @param number a life of the same number is given the same, as far as the machine's speed allows
 */
export async function fuzzLife(number: number, seconds: number): Promise<LifeResult> {
  const random = createRng(number);
  const folder = mkdtempSync(join(tmpdir(), "baton-fuzz-"));
  const world = await serveWorld(random);
  const port = await freePort();
  writeFileSync(join(folder, "token"), `fuzz ${TOKEN}\n`, { mode: 0o600 });
  const hasFaults = number % 3 === 2;
  for (const [name, body] of [
    ["check", "echo fine"],
    ["notify", `head -c 9000 /dev/urandom; echo notified`],
    ["reader", `exec head -c 200 "$1"`],
  ] as const)
    writeScript(folder, name, body);
  mkdirSync(join(folder, "run", "scripts"), { recursive: true });
  chmodSync(join(folder, "run", "scripts"), 0o700);
  for (let i = 0; i < 5; i++)
    place(join(folder, "run", "scripts", String(2 + below(random, 100_000))), random);
  const pick = pickFrom(random);
  const driver = new SupervisorDriver({
    folder,
    config: configuration(folder, world.url, port),
    ...(hasFaults && {
      faults: {
        seed: number,
        rate: 0.003,
        errnos: ["EMFILE", "ENOMEM", "EIO", "EAGAIN", "EACCES"],
      },
    }),
    env: {
      BATON_METADATA_URL: pick([world.url, world.url, "x:", "http://[::1", ""]),
      TENCENTCLOUD_SECRET_ID: pick(["AKIDabc", "AKIDabc\n", "钥", "a b", "", ""]),
      TENCENTCLOUD_CREDENTIALS_FILE: join(folder, "credentials"),
      TENCENTCLOUD_SECRET_KEY: "k",
      NOTIFY_SOCKET: pick(["", "@nobody", "/nonexistent/x", "x".repeat(300)]),
      WATCHDOG_USEC: pick(["1000000", "x", "-5", "1e400"]),
      LC_ALL: pick(["C", "zh_CN.UTF-8", "\u001b"]),
    },
    args: [
      "--record",
      join(folder, "recording"),
      "-p",
      join(folder, "pid"),
      "-r",
      "/nonexistent/p",
    ],
  });
  const life = new Life(random, driver, folder, world, port);
  const problem = await live(life, driver, seconds);
  const megabytes = megabytesOf(driver.pid);
  const ended = driver.ended ?? (await driver.stop());
  const isOrderly = ended.code === 0;
  world.server.close();
  world.server.closeAllConnections();
  rmSync(folder, { recursive: true, force: true });
  const how = isOrderly ? undefined : `ended ${JSON.stringify(ended)}`;
  const wrong = problem ?? how;
  return {
    inputs: { ...life.inputs, "answers of the cloud": world.answered() },
    problem: wrong === undefined ? undefined : `${wrong}\n${driver.output.slice(-6_000)}`,
    reloads: driver.output.split("Reload complete").length - 1,
    megabytes,
    failedCalls: Number(/faults: (\d+) calls/.exec(driver.output)?.[1] ?? 0),
  };
}

async function live(
  life: Life,
  driver: SupervisorDriver,
  seconds: number,
): Promise<string | undefined> {
  const isUp = (): boolean => driver.output.includes("Entering MASTER");
  try {
    await driver.until("it is MASTER", isUp, 60);
    driver.faults(true);
    const end = performance.now() + seconds * 1_000;
    while (performance.now() < end && driver.ended === undefined) {
      life.step();
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    driver.faults(false);
    await driver.until("it answers", async () => {
      const answer = await driver.ask({ command: "ping" });
      return answer?.includes("pong") === true;
    });
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
