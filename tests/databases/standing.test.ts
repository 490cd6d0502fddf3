/** Whether a database could be promoted: what servers say, and what was seen of the primary. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Facts, Replication, SemiSync } from "#databases/mysql/facts";
import {
  type Memory,
  type PeerView,
  remember,
  standingOf,
  type View,
} from "#databases/mysql/standing";
import type { DatabaseSettings, Standing } from "#databases/port/database";
import { ServerProblem } from "#databases/port/problem";
import { fromMillis, fromSeconds } from "#units/time";

const AT = { host: "10.0.0.2", port: 3_306 };
const SETTINGS: DatabaseSettings = {
  kind: "mysql",
  at: { socket: "/run/mysqld/mysqld.sock" },
  peers: [AT],
  maxLag: fromSeconds(2),
  sync: "required",
  rejoin: "auto",
  interval: fromSeconds(1),
  timeout: fromSeconds(1),
  promoteTimeout: fromSeconds(10),
  demoteTimeout: fromSeconds(5),
};
const PREFERRED: DatabaseSettings = { ...SETTINGS, sync: "preferred" };

const SEMI_SYNC: SemiSync = {
  isSourceEnabled: false,
  isSourceOn: false,
  clients: 0,
  timeoutMs: 10_000,
  waitsWithoutReplica: true,
  isReplicaEnabled: true,
  isReplicaOn: false,
};
const FOLLOWS: Replication = {
  host: AT.host,
  port: AT.port,
  receives: "yes",
  applies: true,
  lag: fromSeconds(0),
  received: "0-1-100",
  isUntouched: false,
};

const server = (state: string, more: Partial<Facts> = {}): Facts => ({
  dialect: "mariadb",
  version: "10.11.19-MariaDB",
  user: "baton",
  isReadOnly: true,
  data: { kind: "mariadb", state, applied: "" },
  position: state,
  isReplicable: true,
  ...more,
});
const replica = (state = "0-1-100", more: Partial<Replication> = {}): Facts =>
  server(state, {
    replication: { ...FOLLOWS, ...more },
    semiSync: { ...SEMI_SYNC, isReplicaOn: true },
  });
const primary = (state = "0-1-100", semiSync: Partial<SemiSync> = {}): Facts =>
  server(state, {
    isReadOnly: false,
    semiSync: { ...SEMI_SYNC, isSourceEnabled: true, isSourceOn: true, clients: 1, ...semiSync },
  });

const seen = (facts: Facts): PeerView => ({ link: { at: AT }, seen: { facts } });
const gone: PeerView = {
  link: { at: AT },
  seen: { problem: new ServerProblem("unreachable", "nobody accepts", "ECONNREFUSED") },
};

/** What is remembered after looks at these moments, in milliseconds. */
function looks(all: readonly (readonly [number, View])[]): Memory | undefined {
  let memory: Memory | undefined;
  for (const [at, view] of all) memory = remember(view, memory, at);
  return memory;
}

const english = ({ why }: Standing): string => why.map(({ en }) => en).join("; ");
const HEALTHY: View = { own: replica(), peers: [seen(primary())] };
const ALONE: View = { own: replica("0-1-100", { receives: "connecting" }), peers: [gone] };

test("a replica that has everything is eligible, and so is it when its primary is gone", () => {
  const memory = looks([
    [0, HEALTHY],
    [1_000, HEALTHY],
    [2_000, ALONE],
  ]);
  assert.equal(standingOf(SETTINGS, HEALTHY, memory, 1_000).eligible, true);
  const standing = standingOf(SETTINGS, ALONE, memory, 2_000);
  assert.deepEqual([standing.role, standing.eligible], ["replica", true]);
});

test("sync required: until the primary may have acknowledged alone, to the millisecond", () => {
  // The look before the last one saw the primary was at 0: what waits now began after that.
  const memory = looks([
    [0, HEALTHY],
    [1_000, HEALTHY],
    [2_000, ALONE],
  ]);
  assert.equal(standingOf(SETTINGS, ALONE, memory, 9_999).eligible, true);
  const late = standingOf(SETTINGS, ALONE, memory, 10_000);
  assert.match(
    english(late),
    /out of reach for longer than its semi-synchronous time-out \(10 s\)/,
  );
  assert.equal(standingOf(PREFERRED, ALONE, memory, 1e9).eligible, true);
});

test("sync required: one look is not enough, nor is a primary that has given up waiting", () => {
  assert.match(
    english(standingOf(SETTINGS, ALONE, looks([[0, HEALTHY]]), 1)),
    /not known whether the primary acknowledged/,
  );
  for (const semiSync of [
    { isSourceOn: false },
    { clients: 0 },
    { waitsWithoutReplica: false },
  ] as const) {
    const view: View = { own: replica(), peers: [seen(primary("0-1-100", semiSync))] };
    const memory = looks([
      [0, HEALTHY],
      [1_000, HEALTHY],
      [2_000, view],
    ]);
    assert.match(english(standingOf(SETTINGS, view, memory, 2_000)), /does not wait/);
    assert.equal(standingOf(SETTINGS, ALONE, memory, 3_000).eligible, false);
    assert.equal(standingOf(PREFERRED, ALONE, memory, 3_000).eligible, true);
  }
});

test("sync required: what the primary had before must have arrived", () => {
  const behind: View = { own: replica("0-1-50"), peers: [seen(primary("0-1-100"))] };
  const memory = looks([
    [0, behind],
    [1_000, behind],
    [2_000, behind],
  ]);
  assert.equal(memory?.synchronousUntil, undefined);
});

test("a standby that never saw its primary is not eligible", () => {
  assert.equal(standingOf(PREFERRED, ALONE, undefined, 0).eligible, false);
});

test("lag counts from the server's clock, unless nothing is missing", () => {
  const late = (state: string): View => ({
    own: replica(state, { lag: fromMillis(2_500) }),
    peers: [seen(primary("0-1-100"))],
  });
  const lagging = standingOf(PREFERRED, late("0-1-90"), looks([[0, late("0-1-90")]]), 0);
  assert.match(english(lagging), /2.5 s behind, max_lag allows 2 s/);
  assert.equal(lagging.lagMicros, 2_500_000);
  const complete = standingOf(PREFERRED, late("0-1-100"), looks([[0, late("0-1-100")]]), 0);
  assert.equal(complete.eligible, true);
});

test("threads that do not run, and transactions of its own", () => {
  const why = (own: Facts): string => {
    const view: View = { own, peers: [seen(primary())] };
    return english(standingOf(PREFERRED, view, looks([[0, view]]), 0));
  };
  assert.match(why(replica("0-1-100", { receives: "stopped" })), /IO thread is stopped/);
  assert.match(
    why(replica("0-1-100", { applies: false, applyError: "Duplicate entry" })),
    /SQL thread is stopped: Duplicate entry/,
  );
  assert.match(why(replica("0-1-90", { receives: "connecting" })), /does not reach the primary/);
  assert.match(why(replica("0-1-100,0-2-101")), /that the primary has not: 0-2-101/);
  assert.match(why({ ...replica(), isReplicable: false }), /could not be followed/);
});

test("what has transactions of its own does not follow", () => {
  const view: View = { own: replica("0-1-100,0-2-101"), peers: [seen(primary())] };
  assert.equal(standingOf(PREFERRED, view, looks([[0, view]]), 0).follows, false);
});

test("nobody takes writes and everybody answers: who has everything may, whatever its threads do", () => {
  const own = replica("0-1-100", { receives: "stopped", receiveError: "1236" });
  assert.equal(
    standingOf(SETTINGS, { own, peers: [seen(server("0-1-90"))] }, undefined, 0).eligible,
    true,
  );
  const less = standingOf(SETTINGS, { own, peers: [seen(server("0-1-105"))] }, undefined, 0);
  assert.match(english(less), /that this one has not: 0-1-101…105/);
  const pending = replica("0-1-90", { applies: false, received: "0-1-100" });
  const waiting = standingOf(
    SETTINGS,
    { own: pending, peers: [seen(server("0-1-90"))] },
    undefined,
    0,
  );
  assert.match(english(waiting), /SQL thread is stopped/);
});

test("one that follows nobody is eligible if nobody has more", () => {
  const alone = server("0-1-100");
  const of = (peer: PeerView, settings = SETTINGS): Standing =>
    standingOf(settings, { own: alone, peers: [peer] }, undefined, 0);
  assert.equal(of(seen(replica("0-1-90"))).eligible, true);
  assert.match(english(of(seen(replica("0-1-105")))), /that this one has not: 0-1-101…105/);
  assert.match(english(of(seen(primary("0-1-100")))), /takes writes/);
  assert.match(
    english(of(seen(server("0-1-90,0-2-95")))),
    /both databases have .*here 0-1-91…100, there 0-2-95/,
  );
  assert.match(english(of(gone)), /follows no other database/);
  assert.equal(of(gone, PREFERRED).eligible, true);
});

test("two that take writes: the one with less is not eligible", () => {
  const of = (own: string, peer: string): boolean =>
    standingOf(SETTINGS, { own: primary(own), peers: [seen(primary(peer))] }, undefined, 0)
      .eligible;
  assert.deepEqual([of("0-1-100", "0-1-90"), of("0-1-90", "0-1-100")], [true, false]);
});

test("a peer with this server's own number is this server: what it says is worth nothing", () => {
  const serverId = "1";
  const own = { ...replica(), serverId };
  const other = (id: string): View => ({ own, peers: [seen({ ...primary(), serverId: id })] });
  const memory = looks([
    [0, other("2")],
    [1_000, other("2")],
  ]);
  assert.equal(standingOf(SETTINGS, other("2"), memory, 1_000).eligible, true);
  const itself = standingOf(SETTINGS, { own, peers: [seen(own)] }, memory, 1_000);
  assert.match(english(itself), /at 10\.0\.0\.2:3306 has the server_id of this one \(1\)/);
  assert.equal(itself.eligible, false);
  assert.equal(standingOf(SETTINGS, other("1"), memory, 1_000).eligible, false);
});
