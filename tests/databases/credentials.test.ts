/** `credentials_file`, as the clients of MySQL read theirs. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { inspect } from "node:util";
import { readCredentials, withAuthorities } from "#databases/port/credentials";

const FILE = `
# comment
[mysqldump]
user = somebody
[client]
user=baton
password = "p=w#\\"s"   # a comment
ssl_ca = /etc/ssl/db.pem
host = ignored
[replication]
user = 'repl'
password = plain # comment
`;

test("two logins; other sections and keys are others'", () => {
  const read = readCredentials(FILE);
  assert.equal(read.kind, "credentials");
  const { client, replication } = read.credentials;
  assert.deepEqual(
    [client?.user, client?.password?.reveal(), client?.sslCa],
    ["baton", 'p=w#"s', "/etc/ssl/db.pem"],
  );
  assert.deepEqual([replication?.user, replication?.password?.reveal()], ["repl", "plain"]);
  assert.ok(!inspect(read, { depth: 9 }).includes("plain"));
});

test("a login needs a user; a password it may lack", () => {
  const read = readCredentials("[client]\nuser=root\n[replication]\npassword=x\n");
  assert.equal(read.kind, "credentials");
  assert.deepEqual(read.credentials, { client: { user: "root" } });
});

test("a mistake is named by its line, without what stands there", () => {
  const read = readCredentials("[client]\nuser=baton\n!secret!\n");
  assert.deepEqual(read, {
    kind: "mistake",
    line: 3,
    why: "neither [section] nor key = value",
  });
  const early = readCredentials("user=baton\n");
  assert.equal(early.kind === "mistake" ? early.line : 0, 1);
});

test("authorities are read while that is allowed", () => {
  const read = readCredentials(FILE);
  assert.equal(read.kind, "credentials");
  const { client } = withAuthorities(read.credentials, (path) => `text of ${path}`);
  assert.equal(client?.sslCaText, "text of /etc/ssl/db.pem");
});
