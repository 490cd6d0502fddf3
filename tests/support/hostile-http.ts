/** What a client may send to the HTTP API: right, nearly right, broken, cut. */
import { createServer } from "node:net";
import type { Rng } from "#units/rng";
import { below, bytes, mutate, pickFrom } from "./hostile-inputs.ts";

export const TOKEN = "fuzz-0123456789abcdef0123456789";

const TARGETS = [
  "/healthz",
  "/readyz",
  "/metrics",
  "/v1/status",
  "/v1/events",
  "/v1/events?limit=3&kind=state&kind=x",
  "/v1/events?since=2026-11-30T17:26:25Z&after=1",
  "/v1/check",
  "/openapi.json",
  "/v1/switch",
  "/v1/maintenance",
  "/v1/../v1//status",
  "/%00%ff%2e%2e",
  "//",
  "*",
  "http://127.0.0.1/v1/status",
  "http://[::1",
  `/${"x".repeat(4_000)}`,
];
const METHODS = [
  "GET",
  "GET",
  "GET",
  "HEAD",
  "POST",
  "POST",
  "OPTIONS",
  "TRACE",
  "CONNECT",
  "get",
  "X",
];
const HEADERS = [
  "Accept: text/event-stream",
  "Accept: text/event-stream",
  "Accept-Language: zh-CN,*;q=0.1",
  "Accept-Language: ;;q=,=-",
  "Last-Event-ID: 3",
  "Last-Event-ID: -1e9",
  "Content-Type: application/json",
  `Authorization: Bearer ${TOKEN}`,
  "Authorization: Bearer x",
  "Authorization: \x80\xff",
  "Origin: null",
  "Sec-Fetch-Site: cross-site",
  "Expect: 100-continue",
  "Expect: nothing",
  "Upgrade: websocket",
  "Connection: Upgrade",
  "Connection: close",
  "Transfer-Encoding: chunked",
  "Transfer-Encoding: gzip",
  "Content-Length: 5",
  "Content-Length: -5",
  "Content-Length: 99999999999999",
  "Cookie: a=b",
  ": no name",
  " folded",
  `X: ${"y".repeat(7_000)}`,
];
const HOSTS = ["127.0.0.1", "localhost:9650", "evil.example", "", "a b", "[::1]:1", "@", "x/../y"];

const BODY = {
  names: ["VI_1"],
  all: true,
  to: "192.0.2.1",
  waitSeconds: 1,
  dryRun: true,
  why: "fuzz",
};

export function httpRequest(random: Rng): Buffer {
  const pick = pickFrom(random);
  if (below(random, 8) === 0) return bytes(random, 600);
  const body = below(random, 2) === 0 ? JSON.stringify(mutate(BODY, random)) : "";
  const isChunked = below(random, 6) === 0;
  const head = [
    `${pick(METHODS)} ${pick(TARGETS)} HTTP/1.${below(random, 2)}`,
    `Host: ${below(random, 3) === 0 ? pick(HOSTS) : "127.0.0.1"}`,
    ...Array.from({ length: below(random, 5) }, () => pick(HEADERS)),
    ...(isChunked
      ? ["Transfer-Encoding: chunked"]
      : body === ""
        ? []
        : [`Content-Length: ${Buffer.byteLength(body) + (below(random, 5) === 0 ? 3 : 0)}`]),
  ].join("\r\n");
  const sent = isChunked
    ? `${body.length.toString(16)}\r\n${body}\r\n${pick(["0\r\n\r\n", "", "zz\r\n", "0\r\nX: y\r\n\r\n"])}`
    : body;
  const whole = Buffer.from(`${head}\r\n\r\n${sent}`, "latin1");
  const many = below(random, 10) === 0 ? 1 + below(random, 40) : 1;
  const all = Buffer.concat(Array.from({ length: many }, () => whole));
  return below(random, 6) === 0 ? all.subarray(0, below(random, all.length + 1)) : all;
}

/** One that is free now. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === "object" && address !== null ? address.port : 0;
}
