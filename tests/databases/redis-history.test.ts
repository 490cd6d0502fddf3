/** What one Redis has that another lacks, by identities and offsets. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { DatabaseSettings } from "#databases/port/database";
import { Link } from "#databases/port/link";
import { applications } from "#databases/redis/close-writes";
import { compare } from "#databases/redis/compare";
import { CLOSED, type Facts, isClosed, isWritable, parseFacts } from "#databases/redis/facts";
import { type History, hasAll } from "#databases/redis/history";
import { reasons, remember } from "#databases/redis/standing";
import { fromSeconds } from "#units/time";

const NONE = "0".repeat(40);
const of = (id: string, offset: number, earlier?: readonly [string, number]): History => ({
  id,
  offset,
  earlierId: earlier?.[0] ?? NONE,
  earlierEnd: earlier?.[1] ?? -2,
  isEmpty: false,
});

test("the same history: the greater offset has more", () => {
  assert.equal(hasAll(of("x", 10), of("x", 10)), true);
  assert.equal(hasAll(of("x", 10), of("x", 9)), true);
  assert.equal(hasAll(of("x", 9), of("x", 10)), false);
});

test("one was promoted from the other's history", () => {
  const promoted = of("y", 20, ["x", 10]);
  assert.equal(hasAll(promoted, of("x", 10)), true);
  assert.equal(hasAll(promoted, of("x", 11)), false, "the former master wrote on");
  assert.equal(hasAll(of("x", 11), promoted), false);
  assert.equal(hasAll(of("x", 10), promoted), false, "the new master has written");
  const unchanged = of("y", 10, ["x", 10]);
  assert.equal(hasAll(of("x", 11), unchanged), true);
  assert.equal(hasAll(of("x", 9), unchanged), false);
});

test("both began anew from the same history", () => {
  const loaded = of("z", 8, ["x", 8]);
  assert.equal(hasAll(of("y", 20, ["x", 10]), loaded), true, "restarted from an older dump");
  assert.equal(hasAll(of("y", 20, ["x", 10]), of("z", 12, ["x", 12])), false);
  assert.equal(hasAll(of("y", 20, ["x", 10]), of("z", 12, ["x", 8])), false, "it wrote");
});

test("nothing in common, and nothing at all", () => {
  assert.equal(hasAll(of("x", 10), of("y", 10)), undefined);
  const empty: History = { ...of("z", 0), isEmpty: true };
  assert.equal(hasAll(of("x", 10), empty), true);
  assert.equal(hasAll(empty, of("x", 10)), false);
  assert.equal(hasAll(empty, { ...empty, id: "w" }), true);
  assert.equal(hasAll(of("x", 10), of("y", 0)), undefined, "keys of an unknown history");
});

const facts = (history: History, minReplicas = 0): Facts => ({
  history,
  isReplicaWritable: false,
  minReplicas,
  minReplicasMaxLag: 10,
  isLoading: false,
});

test("compared with several: who cannot be compared, or went apart, decides", () => {
  const own = facts(of("x", 10));
  const result = (...peers: readonly (Facts | undefined)[]): string => compare(own, peers).result;
  assert.equal(result(), "unknown");
  assert.equal(result(undefined), "unknown");
  assert.equal(result(facts(of("x", 9))), "ours");
  assert.equal(result(facts(of("x", 11))), "theirs");
  assert.equal(result(facts(of("x", 9)), facts(of("x", 11))), "diverged");
  assert.equal(result(facts(of("y", 20, ["x", 9]))), "diverged");
  assert.equal(result(facts(of("x", 9)), undefined), "unknown");
  assert.equal(result(facts(of("x", 10))), "equal");
  assert.equal(result(facts(of("x", 10), 1_000_000)), "ours", "who takes writes stays");
  assert.equal(compare(facts(of("x", 10), 1_000_000), [own]).result, "theirs");
});

test("INFO and CONFIG GET are read, and anything else is an error", () => {
  const info =
    "# Replication\r\nrole:slave\r\nmaster_host:10.0.0.2\r\nmaster_port:6379\r\n" +
    "master_link_status:up\r\nmaster_sync_in_progress:0\r\nslave_read_only:1\r\n" +
    "master_replid:ab\r\nmaster_replid2:cd\r\nmaster_repl_offset:42\r\nsecond_repl_offset:7\r\n" +
    "# Keyspace\r\ndb0:keys=1,expires=0\r\nloading:0\r\n";
  const config = ["min-replicas-to-write", "1000002", "min-replicas-max-lag", "0"];
  const read = parseFacts(info, config);
  assert.deepEqual(read.history, {
    id: "ab",
    offset: 42,
    earlierId: "cd",
    earlierEnd: 6,
    isEmpty: false,
  });
  assert.deepEqual(read.source, { host: "10.0.0.2", port: 6379, isUp: true, isCopying: false });
  assert.equal(isClosed(read), false, "without a lag the setting has no effect");
  assert.equal(isClosed({ ...read, minReplicasMaxLag: 1 }), true);
  assert.equal(isWritable(read), false);
  assert.equal(isWritable({ ...read, isReplicaWritable: true }), true);
  assert.throws(() => parseFacts("", config), /role:nothing/);
  assert.throws(() => parseFacts(info, []), /lacks a number/);
  assert.throws(() => parseFacts(info.replace("42", "x"), config), /lacks a number/);
});

test("a peer that is this server itself has everything, and shows nothing", () => {
  const own: Facts = { ...facts(of("x", 10), 1_000_000), runId: "r1" };
  assert.equal(compare(own, [own]).result, "unknown");
  assert.equal(compare(own, [{ ...own, runId: "r2" }]).result, "equal");
  const at = { host: "10.0.0.2", port: 6_379 };
  const link = new Link(at, undefined, async () => await Promise.reject(new Error("not asked")));
  const settings: DatabaseSettings = {
    kind: "redis",
    at,
    peers: [at],
    maxLag: fromSeconds(2),
    sync: "preferred",
    rejoin: "auto",
    interval: fromSeconds(1),
    timeout: fromSeconds(1),
    promoteTimeout: fromSeconds(10),
    demoteTimeout: fromSeconds(5),
  };
  const why = (runId: string): readonly string[] =>
    reasons(
      settings,
      { own, peers: [{ link, seen: { facts: { ...own, runId } } }] },
      undefined,
    ).map(({ en }) => en);
  assert.match(why("r1").join(), /Redis at 10\.0\.0\.2:6379 is this server itself/);
  assert.deepEqual(why("r2"), []);
});

test("what has arrived after the master's answer is not behind, however far apart the looks are", () => {
  const link = new Link({ host: "10.0.0.2", port: 6_379 }, undefined, () =>
    Promise.reject(new Error("not asked")),
  );
  const source = { host: "10.0.0.2", port: 6_379, isUp: true, isCopying: false };
  const at = (offset: number): Facts => ({ ...facts(of("x", offset), CLOSED), source });
  const master = (offset: number): Facts => facts(of("x", offset), 0);
  const view = (own: number, primary: number) => ({
    own: at(own),
    peers: [{ link, seen: { facts: master(primary) } }],
  });
  const first = remember(view(10, 20), undefined, { beganAt: 0, later: at(20) });
  assert.equal(first?.lag, 0);
  // A second later, with writers at work: all of the look before, and not yet all of this one.
  assert.equal(remember(view(30, 40), first, { beganAt: 1_001, later: at(41) })?.lag, 0);
  assert.equal(remember(view(30, 40), first, { beganAt: 1_001, later: at(39) })?.lag, 1_001_000);
});

test("connections of replication and of Baton are not an application's", () => {
  const list =
    "id=3 addr=a name= flags=N\nid=4 addr=b name=baton flags=N\nid=5 name= flags=S\n" +
    "id=6 name= flags=M\nid=7 name=app flags=P\n";
  assert.deepEqual(applications(list), ["3", "7"]);
});
