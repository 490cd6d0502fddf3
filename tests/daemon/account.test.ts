import assert from "node:assert/strict";
import { test } from "node:test";
import { type Account, type FindAccount, findAccount, resolveIdentity } from "#daemon/account";

const root = { uid: 0, gid: 0 };
const alice = { uid: 1000, gid: 1000 };
const ACCOUNTS: Readonly<Record<string, Account>> = {
  "passwd/alice": { id: 1000, group: 1000 },
  "passwd/mysql": { id: 27, group: 28 },
  "group/ops": { id: 99, group: 99 },
};
const find: FindAccount = (database, name) => ACCOUNTS[`${database}/${name}`];
const withDefault: FindAccount = (database, name) =>
  database === "passwd" && name === "keepalived_script" ? { id: 500, group: 501 } : undefined;

test("without a user: keepalived_script where it exists, else root itself", () => {
  assert.deepEqual(resolveIdentity(undefined, root, find), {
    kind: "identity",
    identity: { name: "root", uid: undefined, gid: undefined },
  });
  assert.deepEqual(resolveIdentity(undefined, root, withDefault), {
    kind: "identity",
    identity: { name: "keepalived_script", uid: 500, gid: 501 },
  });
});

test("a user brings its own group unless another is named", () => {
  const resolved = (user: string, group: string | undefined): unknown =>
    resolveIdentity({ user, group }, root, find);
  assert.deepEqual(resolved("mysql", undefined), {
    kind: "identity",
    identity: { name: "mysql", uid: 27, gid: 28 },
  });
  assert.deepEqual(resolved("mysql", "ops"), {
    kind: "identity",
    identity: { name: "mysql", uid: 27, gid: 99 },
  });
  assert.deepEqual(resolved("mysql", "nobody-knows"), {
    kind: "problem",
    problem: { kind: "no-such-group", name: "nobody-knows" },
  });
  assert.deepEqual(resolved("bob", undefined), {
    kind: "problem",
    problem: { kind: "no-such-user", name: "bob" },
  });
});

test("a daemon that is not root runs scripts as itself only", () => {
  assert.deepEqual(resolveIdentity({ user: "alice", group: undefined }, alice, find), {
    kind: "identity",
    identity: { name: "alice", uid: undefined, gid: undefined },
  });
  assert.deepEqual(resolveIdentity({ user: "mysql", group: undefined }, alice, find), {
    kind: "problem",
    problem: { kind: "not-root", user: "mysql" },
  });
});

test("names and numbers of this machine", () => {
  assert.deepEqual(findAccount("passwd", "root"), { id: 0, group: 0 });
  assert.deepEqual(findAccount("group", "root"), { id: 0, group: 0 });
  assert.deepEqual(findAccount("passwd", "4000000"), { id: 4_000_000, group: 4_000_000 });
  assert.equal(findAccount("passwd", "no-such-user-here"), undefined);
  assert.equal(findAccount("passwd", "--service=x"), undefined);
});
