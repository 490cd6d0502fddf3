/** What checks find out about real servers on this machine. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createSocket, type Socket as Datagrams } from "node:dgram";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { createServer as createHttp, type RequestListener } from "node:http";
import { createServer as createHttps } from "node:https";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { dnsProbe } from "#daemon/checks/dns";
import { emitQuery, parseAnswer } from "#daemon/checks/dns-message";
import { httpProbe } from "#daemon/checks/http";
import { loadProbe } from "#daemon/checks/load-probe";
import { inHosts, resolveHost } from "#daemon/checks/names";
import type { Found, Probe, Run } from "#daemon/checks/probe";
import { tcpProbe } from "#daemon/checks/tcp";
import type { CheckOutcome } from "#databases/port/database";
import type { HttpTarget } from "#keepalived/plan/run-plan";
import { makeAuthority, makeCertificate } from "../support/certificates.ts";

const runOf = (controller = new AbortController(), timeoutMs = 10_000): Run => ({
  timeoutMs,
  signal: controller.signal,
});

const say = ({ kind, text }: Found): string => `${kind}: ${text.en}`;
const ask = async (probe: Probe, timeoutMs?: number): Promise<string> =>
  say(await probe(runOf(undefined, timeoutMs)));

async function listen(context: TestContext, server: Server): Promise<number> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => sockets.add(socket));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  context.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

test("tcp: a connection is good, a closed port is bad; given up, it is closed", async (context) => {
  const server = createServer();
  const port = await listen(context, server);
  assert.equal(await ask(tcpProbe("127.0.0.1", port)), "good: connected");
  assert.equal(await ask(tcpProbe("localhost", port)), "good: connected");
  const closed = createServer();
  const free = await listen(context, closed);
  closed.close();
  await once(closed, "close");
  assert.equal(
    await ask(tcpProbe("127.0.0.1", free)),
    `bad: 127.0.0.1:${free}: nobody listens there (ECONNREFUSED)`,
  );
  const controller = new AbortController();
  const asked = tcpProbe("127.0.0.1", port)(runOf(controller));
  controller.abort();
  assert.equal(say(await asked), "bad: given up");
});

const target = (port: number, path = "/", changes: Partial<HttpTarget> = {}): HttpTarget => ({
  kind: "http",
  url: `http://127.0.0.1:${port}${path}`,
  status: { from: 200, to: 299 },
  ...changes,
});

const PAGES: RequestListener = (request, response) => {
  const { url = "", headers } = request;
  if (url === "/host") return void response.end(`host ${headers.host}`);
  if (url === "/moved") return void response.writeHead(302, { Location: "/host" }).end();
  if (url === "/large") return void response.end(`${"x".repeat(70_000)}end`);
  if (url === "/slow") return void response.write("half of it");
  if (url === "/cut") {
    response.writeHead(200, { "Content-Length": "1000" }).write("half of it");
    return void setImmediate(() => response.destroy());
  }
  if (url === "/hang") return undefined;
  return void response.writeHead(503).end();
};

test("http: status, body, Host; a redirect is an answer", async (context) => {
  const port = await listen(context, createHttp(PAGES));
  const http = async (path: string, changes?: Partial<HttpTarget>): Promise<string> =>
    await ask(await httpProbe(target(port, path, changes)));
  assert.equal(await http("/host"), "good: status 200");
  assert.equal(await http("/sick"), "bad: status 503, not 200-299");
  assert.equal(await http("/sick", { status: { from: 503, to: 503 } }), "good: status 503");
  assert.equal(await http("/moved"), "bad: status 302, not 200-299");
  const body = `^host 127\\.0\\.0\\.1:${port}$`;
  assert.equal(await http("/host", { body }), "good: status 200");
  const hostHeader = "www.example.com";
  const named = { hostHeader, body: "^host www\\.example\\.com$" };
  assert.equal(await http("/host", named), "good: status 200");
  assert.equal(
    await http("/host", { hostHeader, body }),
    "bad: status 200, but the pattern is not in the body",
  );
  assert.equal(await http("/large", { body: "x{100}" }), "good: status 200");
  assert.equal(
    await http("/large", { body: "end" }),
    "bad: status 200, but the pattern is not in the first 64 KB of the body",
  );
  // Without a pattern the body does not matter.
  assert.equal(await http("/slow"), "good: status 200");
  assert.match(await http("/cut", { body: "whole" }), /^bad: .*reset \(ECONNRESET\)$/);
});

test("http: given up, the connection is closed, before the answer and within it", async (context) => {
  const server = createHttp(PAGES);
  const port = await listen(context, server);
  for (const path of ["/hang", "/slow"]) {
    const controller = new AbortController();
    const asked = (await httpProbe(target(port, path, { body: "whole" })))(runOf(controller));
    const [request] = (await once(server, "request")) as [{ socket: Socket }];
    const closed = new Promise((resolve) => {
      request.socket.once("close", resolve).on("error", () => undefined);
    });
    controller.abort();
    assert.equal(say(await asked), "bad: given up");
    await closed;
  }
});

test("http: what is no HTTP is bad, and more of it keeps nobody", async (context) => {
  const server = createServer((socket) => {
    socket.on("error", () => undefined);
    socket.end("SSH-2.0-OpenSSH_9.2\r\n".repeat(1_000));
  });
  const port = await listen(context, server);
  assert.match(await ask(await httpProbe(target(port))), /^bad: .*HPE_/);
});

test("https: certificates are validated, by name and authority", async (context) => {
  const folder = mkdtempSync(join(tmpdir(), "baton-checks-"));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  const authority = makeAuthority(folder, "authority");
  const { cert, key } = makeCertificate(folder, authority, "web", "DNS:web.example.com");
  const served: string[] = [];
  const server = createHttps({ cert: readFileSync(cert), key: readFileSync(key) }, (_, response) =>
    response.end("fine"),
  );
  server.on("secureConnection", (socket) => served.push(String(socket.servername)));
  server.on("tlsClientError", () => undefined);
  const port = await listen(context, server);
  const https = async (tls: HttpTarget["tls"]): Promise<string> => {
    const url = `https://127.0.0.1:${port}/`;
    return await ask(await httpProbe({ ...target(port), url, ...(tls !== undefined && { tls }) }));
  };
  const caFile = authority.cert;
  const name = "web.example.com";
  assert.equal(await https({ isVerified: true, name, caFile }), "good: status 200");
  assert.deepEqual(served, [name]);
  assert.match(await https({ isVerified: true, name }), /UNABLE_TO_VERIFY_LEAF_SIGNATURE/);
  assert.match(await https({ isVerified: true, caFile }), /ERR_TLS_CERT_ALTNAME_INVALID/);
  const other = "www.example.com";
  assert.match(await https({ isVerified: true, caFile, name: other }), /ALTNAME_INVALID/);
  assert.equal(await https({ isVerified: false }), "good: status 200");
  const missing = join(folder, "missing.crt");
  assert.equal(
    await https({ isVerified: true, caFile: missing }),
    `bad: ${missing} cannot be read (ENOENT)`,
  );
});

test("https: an authority that is no ordinary file, or endless, keeps neither thread nor memory", async (context) => {
  const folder = mkdtempSync(join(tmpdir(), "baton-checks-"));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  const pipe = join(folder, "pipe");
  execFileSync("mkfifo", [pipe]);
  const large = join(folder, "large");
  writeFileSync(large, "");
  truncateSync(large, 2 ** 40);
  const read = async (caFile: string): Promise<string> =>
    await ask(
      await httpProbe({
        ...target(1),
        url: "https://127.0.0.1:1/",
        tls: { isVerified: true, caFile },
      }),
    );
  assert.equal(await read(pipe), `bad: ${pipe} cannot be read (EINVAL)`);
  assert.equal(await read("/dev/zero"), "bad: /dev/zero cannot be read (EINVAL)");
  assert.equal(await read(large), `bad: ${large} cannot be read (EFBIG)`);
  assert.equal(await read(folder), `bad: ${folder} cannot be read (EINVAL)`);
});

test("dns: a server that there is no route to is bad at once", async () => {
  const server = { host: "255.255.255.255", port: 53 };
  const asked = dnsProbe({ kind: "dns", server, name: "a.example", type: "A" });
  assert.match(await ask(asked), /^bad: 255\.255\.255\.255:53: .*(?:EACCES|ENETUNREACH)/);
});

const answerTo = (query: Buffer, changes: (answer: Buffer) => void, more = Buffer.of()): Buffer => {
  // Without the query's own additional record.
  const answer = Buffer.concat([query.subarray(0, -11), more]);
  answer.writeUInt16BE(0x8180, 2);
  answer.writeUInt16BE(0, 10);
  changes(answer);
  return answer;
};
/** `NAME A 192.0.2.7`, with a pointer to the name of the question. */
const RECORD_A = Buffer.from("c00c000100010000003c0004c0000207", "hex");

async function dnsServer(
  context: TestContext,
  answer: (query: Buffer, nth: number) => readonly Buffer[],
): Promise<number> {
  const socket: Datagrams = createSocket("udp4");
  let nth = 0;
  socket.on("message", (query, { port, address }) => {
    for (const one of answer(query, nth)) socket.send(one, port, address);
    nth += 1;
  });
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  context.after(() => socket.close());
  return socket.address().port;
}

const dns = async (port: number, timeoutMs?: number): Promise<string> =>
  await ask(
    dnsProbe({
      kind: "dns",
      server: { host: "127.0.0.1", port },
      name: "www.Example.com",
      type: "A",
    }),
    timeoutMs,
  );

const withOne = (query: Buffer): Buffer =>
  answerTo(query, (answer) => answer.writeUInt16BE(1, 6), RECORD_A);

test("dns: a record is good; no such name, no such record, a server that refuses are bad", async (context) => {
  const good = await dnsServer(context, (query) => [withOne(query)]);
  assert.equal(await dns(good), "good: 1 A record");
  const none = await dnsServer(context, (query) => [answerTo(query, () => undefined)]);
  assert.equal(await dns(none), "bad: it has no A record of www.Example.com");
  const refuses = await dnsServer(context, (query) => [
    answerTo(query, (answer) => answer.writeUInt16BE(0x8183, 2)),
  ]);
  assert.equal(await dns(refuses), "bad: the server answered NXDOMAIN");
  const cut = await dnsServer(context, (query) => [
    answerTo(query, (answer) => answer.writeUInt16BE(0x8380, 2)),
  ]);
  assert.equal(await dns(cut), "good: an answer that is too large for a datagram");
});

test("dns: a lost datagram is sent again; what answers no question of ours is ignored", async (context) => {
  const lossy = await dnsServer(context, (query, nth) => (nth === 0 ? [] : [withOne(query)]));
  assert.equal(await dns(lossy, 300), "good: 1 A record");
  const noisy = await dnsServer(context, (query) => [
    Buffer.from("nonsense"),
    Buffer.alloc(12),
    answerTo(query, (answer) => answer.writeUInt16BE(answer.readUInt16BE(0) ^ 1, 0)),
    answerTo(query, (answer) => answer.writeUInt8(answer.readUInt8(13) ^ 1, 13)),
    withOne(query).subarray(0, -2),
    withOne(query),
  ]);
  assert.equal(await dns(noisy), "good: 1 A record");
  const closed = createSocket("udp4").bind(0, "127.0.0.1");
  await once(closed, "listening");
  const { port } = closed.address();
  closed.close();
  assert.match(await dns(port), /nobody listens there \(ECONNREFUSED\)/);
});

test("dns: no message, however broken, throws", () => {
  const query = emitQuery(7, "www.example.com", "A");
  const whole = withOne(query);
  assert.deepEqual(parseAnswer(whole, 7, "www.example.com", "A"), {
    kind: "records",
    count: 1,
    isTruncated: false,
  });
  for (let length = 0; length < whole.length; length += 1) {
    const found = parseAnswer(whole.subarray(0, length), 7, "www.example.com", "A");
    assert.equal(found, undefined, `${length} bytes`);
  }
  for (let at = 0; at < whole.length; at += 1) {
    for (const byte of [0, 1, 0x3f, 0x40, 0xc0, 0xff]) {
      const broken = Buffer.from(whole);
      broken[at] = byte;
      parseAnswer(broken, 7, "www.example.com", "A");
    }
  }
});

test("names: /etc/hosts first, IPv4 before IPv6; a file that cannot be read is a shortage here", async (context) => {
  const hosts = "::1 web6 web\n# 192.0.2.9 web\n192.0.2.8 Web # here\nnonsense web\n";
  assert.equal(inHosts(hosts, "WEB"), "192.0.2.8");
  assert.equal(inHosts(hosts, "web6"), "::1");
  assert.equal(inHosts(hosts, "here"), undefined);
  const folder = mkdtempSync(join(tmpdir(), "baton-checks-"));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, "hosts");
  const missing = await resolveHost("localhost", runOf(), file);
  assert.deepEqual(missing, { kind: "address", address: "127.0.0.1" });
  writeFileSync(file, "192.0.2.8 web\n");
  const found = await resolveHost("web", runOf(), file);
  assert.deepEqual(found, { kind: "address", address: "192.0.2.8" });
  const refused = await resolveHost("web", runOf(), folder);
  assert.ok(refused.kind === "bad");
  assert.equal(refused.errno, "EISDIR");
});

test("databases: what their process says, in time for the check", async () => {
  const at = { host: "127.0.0.1", port: 3_306 };
  const why = { en: "read-only", "zh-CN": "只读" };
  const outcomes: readonly CheckOutcome[] = [
    { ok: true },
    { ok: false, why },
    { ok: "unknown", why },
  ];
  const found: string[] = [];
  for (const outcome of outcomes) {
    const probe = await loadProbe({ kind: "mysql", at }, async (_, timeoutMs) => {
      assert.ok(timeoutMs < 1_000 && timeoutMs >= 900);
      return await Promise.resolve(outcome);
    });
    found.push(await ask(probe, 1_000));
  }
  assert.deepEqual(found, ["good: it answered", "bad: read-only", "unknown: read-only"]);
});
