/**
 * The HTTP API of a real daemon: TLS, tokens and certificates of callers, what a reload changes,
 * answers as the document says, and readiness while there is no engine.
 *
 * Needs: openssl
 */
import assert from "node:assert/strict";
import type { ChildProcess } from "node:child_process";
import { closeSync, copyFileSync, mkdirSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import * as v from "valibot";
import { CHECK, EVENTS, STATUS } from "#api/shapes";
import type { Status } from "#daemon/control-protocol";
import { daemonPids, RUNTIME_DIR } from "#lab/measure/daemon";
import type { LabNode } from "#lab/measure/node";
import { FAST } from "#lab/measure/profile";
import { type Certificate, makeAuthority, makeCertificate } from "../support/certificates.ts";
import { until } from "../support/daemon-bench.ts";
import { withLab } from "../support/lab.ts";

const BATON = fileURLToPath(new URL("../../bin/baton", import.meta.url));
const OPS = "0123456789abcdef0123456789abcdef";
const FRESH = "fresh-0123456789abcdef0123456789";
const CONFIG = "/etc/keepalived/api.conf";

interface Ran {
  readonly code: number | null;
  readonly text: string;
}

async function run(node: LabNode, argv: readonly string[]): Promise<Ran> {
  const child = node.spawn(argv, "pipe");
  let text = "";
  for (const stream of [child.stdout, child.stderr])
    stream?.on("data", (chunk: Buffer) => (text += chunk.toString()));
  const code = await new Promise<number | null>((resolve) => child.once("close", resolve));
  return { code, text };
}

/** Asks from within the namespace; "-" and the system's name of the failure if nobody answers. */
const ASK = `
const [url, options] = [process.argv[1], JSON.parse(process.argv[2])];
const { readFileSync } = process.getBuiltinModule("node:fs");
for (const name of ["ca", "cert", "key"])
  if (options[name] !== undefined) options[name] = readFileSync(options[name]);
const { request } = process.getBuiltinModule(url.startsWith("https:") ? "node:https" : "node:http");
const asked = request(url, { ...options, agent: false }, (answer) => {
  let text = "";
  answer.on("data", (part) => (text += part));
  answer.on("end", () => process.stdout.write(answer.statusCode + " " + text));
});
asked.on("error", (error) => process.stdout.write("- " + error.code));
asked.end(options.body);
`;

interface Asked {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

async function ask(
  node: LabNode,
  url: string,
  options: Asked = {},
): Promise<readonly [string, string]> {
  const { text } = await run(node, [process.execPath, "-e", ASK, url, JSON.stringify(options)]);
  const at = text.indexOf(" ");
  return [text.slice(0, at), text.slice(at + 1)];
}

const bearer = (token: string): Asked => ({ headers: { authorization: `Bearer ${token}` } });

interface Files {
  readonly authority: Certificate;
  readonly server: Certificate;
  readonly alice: Certificate;
  readonly mallory: Certificate;
}

function makeFiles(folder: string, address: string): Files {
  const authority = makeAuthority(folder, "authority");
  const callers = makeAuthority(folder, "callers");
  return {
    authority,
    server: makeCertificate(folder, authority, "server", `IP:${address},IP:127.0.0.1`),
    alice: makeCertificate(folder, callers, "alice"),
    mallory: makeCertificate(folder, makeAuthority(folder, "others"), "mallory"),
  };
}

function start(node: LabNode, ...more: readonly string[]): ChildProcess {
  const log = openSync(join(node.folder, "stderr"), "a");
  const argv = [BATON, "run", "-f", CONFIG, "--runtime-dir", RUNTIME_DIR, ...more];
  const child = node.spawn(argv, log);
  closeSync(log);
  return child;
}

const configOf = (node: LabNode, api: string): string =>
  `${api}\n${readFileSync(join(node.folder, "etc", "keepalived.conf"), "utf8")}`;

/** A node with an API on loopback and on its address, with TLS. */
class SecureNode {
  readonly node: LabNode;
  readonly files: Files;
  readonly tokens: string;
  readonly ca: string;
  readonly #folder: string;

  constructor(node: LabNode) {
    this.node = node;
    this.#folder = join(node.folder, "etc", "tls");
    mkdirSync(this.#folder);
    this.files = makeFiles(this.#folder, node.address);
    this.tokens = join(this.#folder, "token");
    writeFileSync(this.tokens, `ops ${OPS}\n`, { mode: 0o600 });
    this.ca = this.inside(this.files.authority.cert);
    this.configure(9_651);
  }

  /** As the node sees the path. */
  inside(path: string): string {
    return path.replace(join(this.node.folder, "etc"), "/etc/keepalived");
  }

  configure(port: number): void {
    const { server } = this.files;
    const api = `api {
  listen 127.0.0.1:9650
  listen ${this.node.address}:${port}
  token_file ${this.inside(this.tokens)}
  tls {
    cert_file ${this.inside(server.cert)}
    key_file ${this.inside(server.key)}
    client_ca_file ${this.inside(join(this.#folder, "callers.crt"))}
  }
}`;
    writeFileSync(join(this.node.folder, "etc", "api.conf"), configOf(this.node, api));
  }

  renew(): void {
    makeCertificate(this.#folder, this.files.authority, "server", `IP:${this.node.address}`);
  }

  log(): string {
    return readFileSync(join(this.node.folder, "stderr"), "utf8");
  }

  async listens(port: number): Promise<void> {
    const line = `listening on ${this.node.address}:${port}`;
    await until("it listens", () => this.log().includes(line));
  }

  async reload(): Promise<void> {
    const { code, text } = await run(this.node, [BATON, "reload", "--runtime-dir", RUNTIME_DIR]);
    assert.equal(code, 0, text);
  }

  async ask(port: number, path: string, more: Asked = {}): Promise<readonly [string, string]> {
    const host = port === 9_650 ? "127.0.0.1" : this.node.address;
    return await ask(this.node, `https://${host}:${port}${path}`, { ca: this.ca, ...more });
  }
}

async function commandAsks({ node, ca }: SecureNode): Promise<void> {
  const tokenFile = "/etc/keepalived/tls/ops";
  writeFileSync(join(node.folder, "etc", "tls", "ops"), `${OPS}\n`, { mode: 0o600 });
  const status = async (...more: readonly string[]): Promise<Ran> =>
    await run(node, [BATON, "status", "--node", `https://${node.address}:9651`, ...more]);
  const known = await status("--json", "--ca", ca, "--token-file", tokenFile);
  assert.equal(known.code, 0, known.text);
  const read = JSON.parse(known.text) as Status;
  assert.equal(read.instances[0]?.state, "MASTER");
  assert.deepEqual(read.api?.listen.toSorted(), [
    "127.0.0.1:9650",
    `${node.address}:9651`,
    `unix:${RUNTIME_DIR}/api.sock`,
  ]);
  assert.ok(v.is(STATUS, read), "the status is not as the document says");
  const untrusted = await status();
  assert.match(untrusted.text, /certificate is not trusted; give its authority with --ca/);
  const nobody = await status("--ca", ca, "--lang", "zh-CN");
  assert.match(nobody.text, /401, 此操作需要令牌或证书/);
  assert.equal(nobody.code, 1);
}

async function callersAsk(secure: SecureNode): Promise<void> {
  const { node, files } = secure;
  const certified = ({ cert, key }: Certificate): Asked => ({
    cert: secure.inside(cert),
    key: secure.inside(key),
  });
  assert.equal((await secure.ask(9_651, "/healthz"))[0], "200");
  assert.equal((await secure.ask(9_651, "/readyz"))[0], "200");
  assert.equal((await secure.ask(9_651, "/v1/status", certified(files.alice)))[0], "200");
  assert.equal((await secure.ask(9_651, "/v1/status", certified(files.mallory)))[0], "401");
  assert.equal((await ask(node, `http://${node.address}:9651/healthz`))[0], "-");
  const read = async (path: string): Promise<unknown> => {
    const [code, text] = await secure.ask(9_650, path);
    assert.equal(code, "200", `${path}: ${text}`);
    return JSON.parse(text);
  };
  assert.ok(v.is(EVENTS, await read("/v1/events")), "events are not as the document says");
  assert.ok(v.is(CHECK, await read("/v1/check")), "findings are not as the document says");
  assert.match((await secure.ask(9_650, "/metrics"))[1], /^# HELP /m);
}

/** What was opened with files that cannot be used any more goes on, and is said to. */
async function filesChange(secure: SecureNode): Promise<void> {
  const { files, tokens } = secure;
  writeFileSync(tokens, `ops ${FRESH}\n`);
  copyFileSync(files.alice.cert, files.server.cert);
  secure.configure(9_652);
  await secure.reload();
  await until("it is reported", () => /no TLS.*server\.(?:crt|key)/.test(secure.log()));
  assert.equal((await secure.ask(9_650, "/v1/status"))[0], "200");
  assert.equal((await secure.ask(9_650, "/v1/status", bearer(OPS)))[0], "401");
  secure.renew();
  await secure.reload();
  await secure.listens(9_652);
  assert.equal((await secure.ask(9_652, "/v1/status", bearer(FRESH)))[0], "200");
  assert.deepEqual(await secure.ask(9_651, "/healthz"), ["-", "ECONNREFUSED"]);
  const log = secure.log();
  assert.ok(!log.includes(OPS) && !log.includes(FRESH), "a token in the log");
}

test("TLS, tokens, certificates, a reload", async (context) => {
  await withLab(context, { profile: FAST, kinds: ["baton"] }, async (lab) => {
    const [node] = lab.nodes;
    assert.ok(node);
    const secure = new SecureNode(node);
    const daemon = start(node);
    context.after(() => daemon.kill("SIGKILL"));
    await until("it owns the address", () => secure.log().includes("Entering MASTER STATE"));
    await secure.listens(9_651);
    await commandAsks(secure);
    await callersAsk(secure);
    await filesChange(secure);
    const ended = new Promise((resolve) => daemon.once("exit", resolve));
    daemon.kill("SIGTERM");
    await ended;
    assert.ok(!(await run(node, ["ls", RUNTIME_DIR])).text.includes(".sock"));
  });
});

test("--api, a stream of the status, and readiness while there is no engine", async (context) => {
  await withLab(context, { profile: FAST, kinds: ["baton"] }, async (lab) => {
    const [node] = lab.nodes;
    assert.ok(node);
    writeFileSync(join(node.folder, "etc", "api.conf"), configOf(node, ""));
    const daemon = start(node, "--api");
    context.after(() => daemon.kill("SIGKILL"));
    const log = (): string => readFileSync(join(node.folder, "stderr"), "utf8");
    await until("it owns the address", () => log().includes("Entering MASTER STATE"));
    await until("it listens", () => log().includes("listening on 127.0.0.1:9650"));
    const url = "http://127.0.0.1:9650";
    const watch = node.spawn([BATON, "status", "--json", "--watch", "--node", url], "pipe");
    context.after(() => watch.kill("SIGKILL"));
    const seen: Status[] = [];
    let waiting = "";
    watch.stdout?.on("data", (part: Buffer) => {
      const lines = (waiting + part.toString()).split("\n");
      waiting = lines.pop() ?? "";
      for (const line of lines) seen.push(JSON.parse(line) as Status);
    });
    await until("the first one is there", () => seen.length > 0);
    assert.equal((await ask(node, `${url}/readyz`))[0], "200");
    const { engine } = daemonPids("baton", daemon.pid ?? 0);
    assert.ok(engine !== undefined);
    process.kill(engine, "SIGKILL");
    await until("another engine is there", () =>
      seen.some(
        ({ enginePid, engineAnswers }) =>
          engineAnswers && enginePid !== engine && enginePid !== undefined,
      ),
    );
    const ready = async (): Promise<string> => (await ask(node, `${url}/readyz`))[0];
    let now = await ready();
    for (let tries = 0; now !== "200" && tries < 100; tries++) now = await ready();
    assert.equal(now, "200");
    const [, events] = await ask(node, `${url}/v1/events?kind=engine&newest=true`);
    const read = v.parse(EVENTS, JSON.parse(events));
    assert.ok(
      read.events.some(({ data }) => data["what"] === "ended"),
      events,
    );
    assert.equal((await ask(node, `${url}/v1/switch`, { method: "POST", body: "{}" }))[0], "403");
    const ended = new Promise((resolve) => watch.once("exit", resolve));
    daemon.kill("SIGTERM");
    await ended;
  });
});
