/** Mail to servers on loopback that refuse, hang and break off; the real one is in namespaces. */
import assert from "node:assert/strict";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { test } from "node:test";
import { sendLetter } from "#daemon/alert-mail";
import { type CallOutcome, failureSentence } from "#daemon/alert-outcome";
import type { MailPlan } from "#keepalived/plan/run-plan";
import { fromMillis } from "#units/time";

const LETTER = { subject: "[R] ü", text: "a\n.b\n", at: new Date("2026-11-30T17:02:12Z") };
const HOST = { name: "db1", user: "root" };

type Answers = (line: string, socket: Socket) => string | undefined;

const FINE: Answers = (line) => {
  if (/^(?:EHLO|HELO)/.test(line)) return "250 test";
  if (line === "DATA") return "354 go on";
  if (line === "QUIT") return "221 bye";
  return "250 ok";
};

interface SmtpTest {
  readonly outcome: CallOutcome;
  readonly lines: readonly string[];
}

/** One connection; `answers` gives the answer of each line outside of a letter. */
async function sent(
  answers: Answers,
  more: Partial<MailPlan> = {},
  greeting = "220 test",
): Promise<SmtpTest> {
  const lines: string[] = [];
  const server: Server = createServer((socket) => {
    let rest = "";
    let isLetter = false;
    if (greeting !== "") socket.write(`${greeting}\r\n`);
    socket.on("error", () => undefined);
    socket.on("data", (chunk) => {
      const parts = (rest + chunk.toString("utf8")).split("\r\n");
      rest = parts.pop() ?? "";
      for (const line of parts) {
        lines.push(line);
        if (isLetter && line !== ".") continue;
        isLetter = line === "DATA";
        const text = answers(line, socket);
        if (text !== undefined) socket.write(`${text}\r\n`);
        if (line === "QUIT") socket.end();
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const plan: MailPlan = {
    server: { host: "127.0.0.1", port },
    to: [{ address: "ops@example.com" }, { name: "Zweite, Person", address: "b@example.com" }],
    from: undefined,
    helo: undefined,
    connectTimeout: fromMillis(400),
    faults: true,
    ...more,
  };
  try {
    return { outcome: await sendLetter(plan, LETTER, HOST), lines };
  } finally {
    server.close();
  }
}

const said = (outcome: CallOutcome): string =>
  outcome.kind === "arrived"
    ? `arrived ${outcome.refused?.join(" ") ?? ""}`.trim()
    : `${outcome.isForGood ? "for good" : "again"}: ${failureSentence(outcome.why, "en")}`;

test("a letter with what is not ASCII, a dot and names arrives whole", async () => {
  const { outcome, lines } = await sent(FINE);
  assert.equal(said(outcome), "arrived");
  assert.deepEqual(lines.slice(0, 5), [
    "EHLO db1",
    "MAIL FROM:<root@db1>",
    "RCPT TO:<ops@example.com>",
    "RCPT TO:<b@example.com>",
    "DATA",
  ]);
  assert.ok(lines.includes("..b"), "a leading dot is doubled");
  assert.ok(lines.some((line) => line.startsWith("Subject: =?UTF-8?")));
  assert.match(lines.join("\n"), /To: ops@example\.com, "Zweite, Person" <b@example\.com>/);
  assert.ok(lines.includes("Date: Mon, 30 Nov 2026 17:02:12 +0000"));
});

test("a server that knows no EHLO gets HELO", async () => {
  const { outcome, lines } = await sent((line, socket) =>
    line.startsWith("EHLO") ? "502 what?" : FINE(line, socket),
  );
  assert.equal(said(outcome), "arrived");
  assert.equal(lines[1], "HELO db1");
});

test("refusals: 5xx for good, 4xx again, and of one recipient only", async () => {
  const on =
    (start: string, text: string): Answers =>
    (line, socket) =>
      line.startsWith(start) ? text : FINE(line, socket);
  const marked = said((await sent(on("MAIL", "550 5.7.1 not you\u001b[31m"))).outcome);
  assert.ok(marked.endsWith("not you·[31m"), marked);
  assert.match(
    said((await sent(on("MAIL", "550 5.7.1 not you"))).outcome),
    /^for good: refused: 550 .*5\.7\.1 not you$/,
  );
  assert.match(
    said((await sent(on("DATA", "451 later"))).outcome),
    /^again: refused: 451 .*later$/,
  );
  assert.match(said((await sent(on("RCPT", "550 nobody"))).outcome), /^for good: refused: 550 /);
  assert.equal(
    said((await sent(on("RCPT TO:<b@", "550 nobody"))).outcome),
    "arrived b@example.com",
  );
});

test("who does not greet, stops answering, breaks off or talks for ever is left", async () => {
  assert.equal(said((await sent(FINE, {}, "")).outcome), "again: no answer within 0.4 s");
  const stops = await sent((line, socket) =>
    line.startsWith("MAIL") ? undefined : FINE(line, socket),
  );
  assert.equal(said(stops.outcome), "again: no answer within 0.4 s");
  const breaks = await sent((line, socket) => {
    if (!line.startsWith("RCPT")) return FINE(line, socket);
    socket.destroy();
    return undefined;
  });
  assert.match(said(breaks.outcome), /^again: cannot be reached \(ECONN/);
  const endless = await sent((line, socket) => {
    if (!line.startsWith("EHLO")) return FINE(line, socket);
    for (let nth = 0; nth < 4_000; nth++) socket.write(`250-${"x".repeat(60)}\r\n`);
    return undefined;
  });
  assert.match(said(endless.outcome), /^again: /);
});

test("nobody there", async () => {
  const { outcome } = await sent(FINE, { server: { host: "127.0.0.1", port: 1 } });
  assert.equal(said(outcome), "again: cannot be reached (ECONNREFUSED)");
});

test("a server that offers encryption and fails at it gets the letter nevertheless", async () => {
  const { outcome, lines } = await sent((line, socket) => {
    if (line.startsWith("EHLO")) return "250-test\r\n250 STARTTLS";
    if (line === "STARTTLS") return "454 not now";
    return FINE(line, socket);
  });
  assert.equal(said(outcome), "arrived");
  assert.ok(lines.includes("STARTTLS"));
});
