import assert from "node:assert/strict";
import { openSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { printEntry } from "#daemon/log-line";
import { openLog } from "#daemon/open-log";
import { Syslog } from "#daemon/syslog";
import { makeFolder, until } from "../support/daemon-bench.ts";
import { UnixReader } from "../support/unix-reader.ts";

const AT = new Date(2026, 10, 3, 4, 5, 6);
const form = (facility: number, format: "text" | "json" = "text") =>
  ({ kind: "syslog", format, tag: { facility, ident: "Keepalived_vrrp", pid: 7 } }) as const;
const printed = (...[of, level, text]: Parameters<typeof printEntry>): string =>
  Buffer.from(printEntry(of, level, text, { priority: 100 }, AT)).toString();

function socketIn(context: TestContext): string {
  return join(makeFolder(context).path, "log");
}

function listen(context: TestContext, path: string): UnixReader {
  const reader = new UnixReader(path);
  context.after(() => reader.close());
  return reader;
}

const text = (number: number): Uint8Array => Buffer.from(`line ${number}`);

test("a line is what syslog(3) writes, with keepalived's name and the facility asked for", () => {
  assert.equal(
    printed(form(3), "info", "(VI_1) Entering MASTER STATE", {}),
    "<30>Nov  3 04:05:06 Keepalived_vrrp[7]: (VI_1) Entering MASTER STATE",
  );
  assert.equal(
    printed(form(16), "error", "two\nlines\u001b", {}),
    "<131>Nov  3 04:05:06 Keepalived_vrrp[7]: error: two lines·",
  );
  assert.equal(
    printed(form(23, "json"), "warning", "w", {}),
    `<188>Nov  3 04:05:06 Keepalived_vrrp[7]: {"at":"${AT.toISOString()}","level":"warning","message":"w","priority":100}`,
  );
});

test("lines wait for a reader that is slow, in their order", async (context) => {
  const path = socketIn(context);
  const reader = listen(context, path);
  const syslog = new Syslog(path);
  context.after(() => syslog.close());
  // Far more than a socket holds unread.
  for (let number = 0; number < 900; number++) assert.ok(syslog.write(text(number)));
  const seen: string[] = [];
  await until("all are there", () => {
    seen.push(...reader.read());
    return seen.length === 900;
  });
  assert.deepEqual(
    seen,
    Array.from({ length: 900 }, (_, number) => `line ${number}`),
  );
});

test("a reader that is started again gets what was written meanwhile", async (context) => {
  const path = socketIn(context);
  const first = listen(context, path);
  const syslog = new Syslog(path);
  context.after(() => syslog.close());
  assert.ok(syslog.write(text(1)));
  assert.deepEqual(first.read(), ["line 1"]);
  first.close();
  assert.ok(syslog.write(text(2)));
  assert.equal(syslog.errno, "ECONNREFUSED");
  rmSync(path, { force: true });
  assert.ok(syslog.write(text(3)));
  const second = listen(context, path);
  const seen: string[] = [];
  await until("both are there", () => {
    seen.push(...second.read());
    return seen.length === 2;
  });
  assert.deepEqual(seen, ["line 2", "line 3"]);
});

test("what waits is bounded, what is lost is counted, and said to the reader that missed it", async (context) => {
  const path = socketIn(context);
  const err = join(makeFolder(context).path, "stderr");
  const log = openLog({
    format: "text",
    most: "info",
    syslog: { facility: 16, isConsoleToo: false, path },
    fd: openSync(err, "a"),
  });
  context.after(() => log.close());
  // Nobody listens: stderr is in use too, and says why.
  assert.match(readFileSync(err, "utf8"), /ENOENT; no syslog daemon runs here/);
  const long = "x".repeat(1_000);
  for (let number = 0; number < 1_500; number++) log("info", `${number} ${long}`);
  const lost = log.dropped();
  assert.ok(lost > 0 && lost < 700, `${lost} lost`);
  // The first line that waits is the warning that there is no reader.
  const waiting = 1_501 - lost;
  const reader = listen(context, path);
  const seen: string[] = [];
  await until("what waited is there", () => {
    seen.push(...reader.read());
    return seen.length === waiting;
  });
  log("info", "again");
  await until("and the rest", () => {
    seen.push(...reader.read());
    return seen.length === waiting + 2;
  });
  assert.match(seen.at(-2) ?? "", new RegExp(`^<132>.*: warning: ${lost} log lines were lost$`));
  assert.match(seen.at(-1) ?? "", /: again$/);
});
