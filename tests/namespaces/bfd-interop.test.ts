/**
 * BFD sessions with the daemons of others, over a cable between two namespaces: up with agreed
 * intervals, down when they hang, up again, and down there when we stop sending.
 *
 * Needs: bird, bfdd, keepalived
 */
import assert from "node:assert/strict";
import { type ChildProcess, spawnSync } from "node:child_process";
import { chmodSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { findKeepalived } from "#lab/measure/daemon";
import { type BfdSocket, openBfdSocket } from "#linux/bfd-socket";
import { now } from "#linux/clock";
import type { Namespace } from "#linux/namespace";
import { IncomingPackets } from "#linux/packet-batch";
import { must, mustDo } from "#linux/result";
import { fromMillis } from "#units/time";
import {
  DATAGRAM_LENGTH,
  emitDatagram,
  FIRST_SOURCE_PORT,
  parseDatagram,
} from "#vrrp/bfd/datagram";
import {
  deadlineOf,
  detectionTime,
  openSession,
  type Session,
  type SessionConfig,
  type SessionEffect,
  type SessionEvent,
  step,
} from "#vrrp/bfd/session";
import { birdSocket, startBird } from "../support/bird.ts";
import { makeFolder, until } from "../support/daemon-bench.ts";
import { type Cable, layCable } from "../support/linux-net.ts";
import { spawnLogged } from "../support/logged-program.ts";

const CONFIG: SessionConfig = {
  discriminator: 0x0badcafe,
  desiredMinTx: fromMillis(50),
  requiredMinRx: fromMillis(50),
  detectMultiplier: 3,
  idleTx: fromMillis(1_000),
  isPassive: false,
};

/** Our end, on the left side: the session that ships, on the socket that ships. */
class OurEnd implements Disposable {
  readonly changes: Extract<SessionEffect, { kind: "stateChanged" }>[] = [];
  readonly refused: string[] = [];
  session: Session = openSession(CONFIG, now());
  readonly #cable: Cable;
  readonly #socket: BfdSocket;
  readonly #incoming = new IncomingPackets();
  readonly #timer: NodeJS.Timeout;
  #id = 0;

  constructor(cable: Cable) {
    this.#cable = cable;
    this.#socket = cable.left.namespace.within(() => must(openBfdSocket()));
    this.#timer = setInterval(() => this.#turn(), 2);
  }

  #turn(): void {
    const count = this.#incoming.receive(this.#socket.fd);
    for (let place = 0; place < count; place++) {
      const parsed = parseDatagram(this.#incoming.packet(place));
      if (parsed.kind === "drop") this.refused.push(parsed.drop.kind);
      else if (parsed.datagram.source === this.#cable.right.address)
        this.#take({ kind: "packetReceived", packet: parsed.datagram.packet });
    }
    const deadline = deadlineOf(this.session);
    if (deadline !== undefined && deadline <= now()) this.#take({ kind: "timeReached" });
  }

  #take(event: SessionEvent): void {
    const { session, effects } = step(CONFIG, this.session, event, now(), Math.random());
    this.session = session;
    for (const effect of effects) {
      if (effect.kind === "stateChanged") this.changes.push(effect);
      else {
        const bytes = new Uint8Array(DATAGRAM_LENGTH);
        const to = this.#cable.right.address;
        const fields = { source: this.#cable.left.address, destination: to, ttl: 255 };
        const more = { sourcePort: FIRST_SOURCE_PORT, id: this.#id++ };
        emitDatagram(bytes, { ...fields, ...more }, effect.packet);
        mustDo(this.#socket.send(bytes, to));
      }
    }
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    this.#socket.close();
  }
}

interface Peer {
  readonly name: string;
  /** Starts it on the right side. */
  start(namespace: Namespace, folder: string, log: string): ChildProcess[];
  /** Does it say that the session is up? */
  isUp(namespace: Namespace, folder: string): boolean;
}

const OURS = "192.0.2.1";
const THEIRS = "192.0.2.2";
const run = (namespace: Namespace, argv: readonly string[]): string => {
  const [program = "", ...args] = argv;
  return namespace.within(() => spawnSync(program, args, { encoding: "utf8" }).stdout);
};

const BIRD: Peer = {
  name: "BIRD",
  start: (namespace, folder, log) => [startBird(namespace, folder, log)],
  isUp: (namespace, folder) =>
    / Up /.test(
      run(namespace, ["birdc", "-r", "-s", birdSocket(folder), "show", "bfd", "sessions"]),
    ),
};

const FRR: Peer = {
  name: "FRR",
  start(namespace, folder, log) {
    const file = join(folder, "frr.conf");
    writeFileSync(
      file,
      `bfd
 peer ${OURS} local-address ${THEIRS} interface eth0
  detect-multiplier 3
  receive-interval 50
  transmit-interval 50
  no shutdown
`,
    );
    // The daemons give up root, and write their sockets there.
    assert.equal(spawnSync("chown", ["frr:frr", folder, file]).status, 0);
    const common = (name: string): readonly string[] => [
      `/usr/lib/frr/${name}`,
      "-i",
      join(folder, `${name}.pid`),
      "-z",
      join(folder, "zserv.api"),
      "--vty_socket",
      folder,
      "-f",
      name === "bfdd" ? file : "/dev/null",
      "-u",
      "frr",
      "-g",
      "frr",
      "--log",
      "stdout",
      ...(name === "bfdd" ? ["--bfdctl", join(folder, "bfdd.sock")] : []),
    ];
    return ["zebra", "bfdd"].map((name) => spawnLogged(namespace, common(name), log));
  },
  isUp: (namespace, folder) =>
    /Status: up/.test(run(namespace, ["vtysh", "--vty_socket", folder, "-c", "show bfd peers"])),
};

const KEEPALIVED: Peer = {
  name: "keepalived",
  start(namespace, folder, log) {
    const file = join(folder, "keepalived.conf");
    writeFileSync(
      file,
      `bfd_instance LEFT {
    neighbor_ip ${OURS}
    source_ip ${THEIRS}
    min_rx 50
    min_tx 50
    idle_tx 300
    multiplier 3
}
vrrp_instance VI {
    interface eth0
    virtual_router_id 9
    virtual_ipaddress {
        192.0.2.200
    }
    track_bfd {
        LEFT
    }
}
`,
    );
    const pids = ["-p", "-r", "-b"].flatMap((option) => [option, join(folder, `pid${option}`)]);
    const argv = [findKeepalived() ?? "keepalived", "-n", "-l", "-D", "-f", file, ...pids];
    return [spawnLogged(namespace, argv, log)];
  },
  isUp(_namespace, folder) {
    const log = readFileSync(join(folder, "log"), "utf8");
    const states = [...log.matchAll(/\(LEFT\) Entering (\w+) state/gi)];
    return states.at(-1)?.[1]?.toLowerCase() === "up";
  },
};

async function withPeer(
  context: TestContext,
  peer: Peer,
  use: (
    ours: OurEnd,
    peer: { readonly isUp: () => boolean; hang(on: boolean): void },
  ) => Promise<void>,
): Promise<void> {
  const folder = makeFolder(context).path;
  chmodSync(folder, 0o755);
  using cable = layCable();
  const log = join(folder, "log");
  const children = peer.start(cable.right.namespace, folder, log);
  const ours = new OurEnd(cable);
  try {
    await use(ours, {
      isUp: () => peer.isUp(cable.right.namespace, folder),
      hang: (on) => {
        for (const { pid } of children) signalAll(pid, on ? "SIGSTOP" : "SIGCONT");
      },
    });
  } catch (error) {
    context.diagnostic(readFileSync(log, "utf8").slice(-4_000));
    context.diagnostic(JSON.stringify({ session: ours.session, refused: ours.refused }));
    throw error;
  } finally {
    ours[Symbol.dispose]();
    for (const { pid } of children) signalAll(pid, "SIGKILL");
  }
}

/** The process and its children: keepalived has one for BFD. */
function signalAll(pid: number | undefined, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  const list = `/proc/${pid}/task/${pid}/children`;
  if (!existsSync(list)) return;
  const children = readFileSync(list, "utf8").trim().split(" ");
  for (const child of children) if (child !== "") signalAll(Number(child), signal);
  process.kill(pid, signal);
}

for (const peer of [BIRD, FRR, KEEPALIVED]) {
  test(`${peer.name}: up, down when it hangs, up again, and down there when we stop sending`, async (context) => {
    await withPeer(context, peer, async (ours, theirs) => {
      await until("ours is up", () => ours.session.state === "up");
      await until("theirs is up", theirs.isUp);
      await until("the poll is answered", () => ours.session.announced.before === undefined);
      await until("intervals are agreed", () => detectionTime(ours.session) === fromMillis(150));
      theirs.hang(true);
      await until("ours is down", () => ours.session.state === "down");
      assert.equal(ours.changes.at(-1)?.diagnostic, 1, "control detection time expired");
      theirs.hang(false);
      await until("ours is up again", () => ours.session.state === "up");
      await until("theirs is up again", theirs.isUp);
      assert.deepEqual(ours.refused, []);
      ours[Symbol.dispose]();
      await until("theirs is down", () => !theirs.isUp());
    });
  });
}
