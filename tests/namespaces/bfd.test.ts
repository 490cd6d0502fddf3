/**
 * `bfd_instance` and `track_bfd` of a running daemon, with BIRD at the other end: MASTER when the
 * session is up, FAULT within the detection time when BIRD hangs, MASTER again afterwards; another
 * program that has the port is named.
 *
 * Needs: bird
 */
import assert from "node:assert/strict";
import { type ChildProcess, spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import { openBfdSocket } from "#linux/bfd-socket";
import { must } from "#linux/result";
import { startBird } from "../support/bird.ts";
import { makeFolder, until } from "../support/daemon-bench.ts";
import { type Cable, layCable } from "../support/linux-net.ts";
import { endProgram, spawnLogged } from "../support/logged-program.ts";

const BATON = fileURLToPath(new URL("../../bin/baton", import.meta.url));
const CONFIG = `
bfd_instance RIGHT {
    neighbor_ip 192.0.2.2
    source_ip 192.0.2.1
    min_rx 50
    min_tx 50
    multiplier 3
}
vrrp_instance VI {
    interface eth0
    virtual_router_id 9
    advert_int 0.2
    version 3
    virtual_ipaddress {
        192.0.2.200
    }
    track_bfd {
        RIGHT
    }
}
`;

class Node {
  readonly folder: string;
  readonly cable: Cable = layCable();
  readonly #programs: ChildProcess[] = [];

  constructor(context: TestContext) {
    this.folder = makeFolder(context).path;
    mkdirSync(this.file("state"));
    writeFileSync(this.file("keepalived.conf"), CONFIG);
  }

  file(name: string): string {
    return join(this.folder, name);
  }

  get log(): string {
    return readFileSync(this.file("log"), "utf8");
  }

  #keep(child: ChildProcess): ChildProcess {
    this.#programs.push(child);
    return child;
  }

  baton(): ChildProcess {
    const paths = ["-f", this.file("keepalived.conf"), "--runtime-dir", this.file("run")];
    const argv = [BATON, "run", ...paths, "--state-dir", this.file("state")];
    return this.#keep(spawnLogged(this.cable.left.namespace, argv, this.file("log")));
  }

  bird(): ChildProcess {
    return this.#keep(startBird(this.cable.right.namespace, this.folder, this.file("bird-log")));
  }

  status(...more: readonly string[]): string {
    const argv = ["status", "--runtime-dir", this.file("run"), ...more];
    return spawnSync(BATON, argv, { encoding: "utf8" }).stdout;
  }

  async close(): Promise<void> {
    for (const child of this.#programs) await endProgram(child);
    this.cable[Symbol.dispose]();
  }
}

async function withNode(context: TestContext, use: (node: Node) => Promise<void>): Promise<void> {
  const node = new Node(context);
  try {
    await use(node);
  } catch (error) {
    context.diagnostic(node.log.slice(-4_000));
    throw error;
  } finally {
    await node.close();
  }
}

const count = (node: Node, what: RegExp): number => [...node.log.matchAll(what)].length;
const MASTER = /\(VI\) Entering MASTER STATE/g;
const UP = /BFD_Instance\(RIGHT\) Entering Up state: neighbor 192\.0\.2\.2/g;

test("an instance follows its session: FAULT when the neighbor hangs, MASTER when it is back", async (context) => {
  await withNode(context, async (node) => {
    node.baton();
    await until("it waits for the session", () => /\(VI\) Entering FAULT STATE/.test(node.log));
    assert.match(node.log, /BFD session/);
    const bird = node.bird();
    await until("the session is up", () => count(node, UP) === 1);
    await until("it is MASTER", () => count(node, MASTER) === 1);
    assert.match(node.status(), /BFD session RIGHT: Up for .*, neighbor 192\.0\.2\.2/);
    const { sessions } = JSON.parse(node.status("--json")) as {
      sessions: readonly { name: string; state: string; remoteState: string; refused: number }[];
    };
    const [session] = sessions;
    assert.deepEqual(
      [session?.name, session?.state, session?.remoteState, session?.refused],
      ["RIGHT", "up", "up", 0],
    );
    bird.kill("SIGSTOP");
    const down = /Entering Down state: .*, nothing was received within the detection time/;
    await until("it notices", () => down.test(node.log));
    await until("FAULT", () => count(node, /\(VI\) Entering FAULT STATE/g) === 2);
    assert.match(
      node.status("--lang", "zh-CN"),
      /BFD 会话 RIGHT：Down 已 .*检测时间内没有收到报文/,
    );
    bird.kill("SIGCONT");
    await until("it is MASTER again", () => count(node, MASTER) === 2);
  });
});

test("another program has the port: it is named, and the session comes up when it is free", async (context) => {
  await withNode(context, async (node) => {
    const other = node.cable.left.namespace.within(() => must(openBfdSocket()));
    node.baton();
    await until("it says so", () => /another program .* UDP port 3784/.test(node.log));
    node.bird();
    other.close();
    await until("the session is up", () => count(node, UP) === 1);
  });
});
