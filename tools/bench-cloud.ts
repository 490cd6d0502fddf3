/**
 * How fast and how large is the emulator? Starts `bin/baton cloud serve` with a durable store and
 * asks it, signed, over keep-alive connections from this process: one half reads, one half changes
 * that go to disk, then creates all at once.
 *
 * Usage: node tools/bootstrap.mjs bench-cloud [REQUESTS]
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { Agent, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import {
  dateOf,
  printAuthorization,
  sha256Hex,
  tc3Key,
  tc3Signature,
} from "#cloud/api/signature-tc3";
import { Secret } from "#units/secret";

const SECRETS = { secretId: "AKIDBENCH", secretKey: "SECRETBENCH" };
const CONNECTIONS = 16;
const CREATES = 100;
const program = fileURLToPath(new URL("../bin/baton", import.meta.url));
const requests = Number(process.argv[2] ?? "60000");

const directory = mkdtempSync(join(tmpdir(), "baton-bench-"));
const startedAt = performance.now();
const child = spawn(
  program,
  [
    "cloud",
    "serve",
    "--listen",
    "127.0.0.1:0",
    "--data",
    directory,
    "--auth",
    "strict",
    "--secret-id",
    SECRETS.secretId,
    "--secret-key",
    SECRETS.secretKey,
  ],
  { stdio: ["ignore", "pipe", "inherit"] },
);
const [line] = await once(createInterface({ input: child.stdout }), "line");
const startMillis = performance.now() - startedAt;
const { url }: { url: string } = JSON.parse(String(line));
const { hostname, port, host } = new URL(url);
const agent = new Agent({ keepAlive: true, maxSockets: CREATES });

const now = Math.floor(Date.now() / 1000);
const scope = { date: dateOf(now), service: "vpc", timestamp: `${now}` };
const key = tc3Key(new Secret(SECRETS.secretKey), scope);

class Refused extends Error {
  readonly code: string;
  constructor(action: string, code: string) {
    super(`${action}: ${code}`);
    this.code = code;
  }
}

/** The `Response` of a signed call; throws what is no success. */
async function call(
  action: string,
  parameters: object,
  region: string,
): Promise<Record<string, Record<string, string>>> {
  const body = JSON.stringify(parameters);
  const signed: readonly (readonly [string, string])[] = [
    ["content-type", "application/json"],
    ["host", host],
  ];
  const signature = tc3Signature(key, scope, {
    method: "POST",
    path: "/",
    query: "",
    headers: signed,
    payloadHash: sha256Hex(body),
  });
  const headers = {
    ...Object.fromEntries(signed),
    "x-tc-action": action,
    "x-tc-version": "2017-03-12",
    "x-tc-region": region,
    "x-tc-timestamp": scope.timestamp,
    authorization: printAuthorization({
      ...SECRETS,
      ...scope,
      signedHeaders: ["content-type", "host"],
      signature,
    }),
  };
  const text = await new Promise<string>((resolve, reject) => {
    const sent = request({ agent, hostname, port, method: "POST", headers }, (answer) => {
      let received = "";
      answer.setEncoding("utf8");
      answer.on("data", (chunk: string) => (received += chunk));
      answer.on("end", () => resolve(received));
    });
    sent.on("error", reject);
    sent.end(body);
  });
  const response = JSON.parse(text).Response;
  if (response.Error !== undefined) throw new Refused(action, response.Error.Code);
  return response;
}

interface Result {
  readonly count: number;
  readonly perSecond: number;
  readonly cpuSeconds: number;
}

/** User and system time of the emulator, in seconds (clock ticks are hundredths). */
function cpuOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

async function measure(wanted: number, work: (index: number) => Promise<unknown>): Promise<Result> {
  const cpuBefore = cpuOf(child.pid ?? 0);
  const begin = performance.now();
  let count = 0;
  await Promise.all(
    Array.from({ length: CONNECTIONS }, async () => {
      while (count < wanted) await work(count++);
    }),
  );
  const elapsed = (performance.now() - begin) / 1000;
  return { count, perSecond: count / elapsed, cpuSeconds: cpuOf(child.pid ?? 0) - cpuBefore };
}

/** Resident memory, now and at its highest, in MB. */
function memory(): string {
  const status = readFileSync(`/proc/${child.pid}/status`, "utf8");
  const megabytes = (name: string): string =>
    (Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1]) / 1024).toFixed(0);
  return `resident ${megabytes("VmRSS")} MB, at most ${megabytes("VmHWM")} MB`;
}

const report = (what: string, { count, perSecond, cpuSeconds }: Result): void => {
  const perCore = count / cpuSeconds;
  process.stdout.write(
    `${what.padEnd(24)} ${perSecond.toFixed(0).padStart(6)} /s, ${perCore.toFixed(0).padStart(6)} per core second; ${memory()}\n`,
  );
};

try {
  process.stdout.write(`ready after ${startMillis.toFixed(0)} ms; ${memory()}\n`);
  const region = "ap-guangzhou";
  const vpc = await call("CreateVpc", { VpcName: "v", CidrBlock: "10.0.0.0/16" }, region);
  const VpcId = vpc["Vpc"]?.["VpcId"];
  const zone = { VpcId, SubnetName: "s", CidrBlock: "10.0.1.0/24", Zone: "z" };
  await call("CreateSubnet", zone, region);
  const ids: (string | undefined)[] = [];
  for (let index = 0; index < 10; index++) {
    const made = await call("CreateHaVip", { VpcId, HaVipName: "h" }, region);
    ids.push(made["HaVip"]?.["HaVipId"]);
  }
  report(
    "DescribeHaVips (10)",
    await measure(requests / 2, async () => await call("DescribeHaVips", {}, region)),
  );
  report(
    "ModifyHaVipAttribute",
    await measure(requests / 2, async (index) => {
      const HaVipId = ids[index % ids.length];
      return await call("ModifyHaVipAttribute", { HaVipId, HaVipName: `n${index}` }, region);
    }),
  );
  const other = await call("CreateVpc", { VpcName: "w", CidrBlock: "10.1.0.0/16" }, region);
  const fresh = { VpcId: other["Vpc"]?.["VpcId"], HaVipName: "p" };
  await call("CreateSubnet", { ...zone, VpcId: fresh.VpcId, CidrBlock: "10.1.1.0/24" }, region);
  const begin = performance.now();
  const codes = await Promise.all(
    Array.from({ length: CREATES }, async () => {
      try {
        await call("CreateHaVip", fresh, region);
        return "created";
      } catch (error) {
        if (error instanceof Refused) return error.code;
        throw error;
      }
    }),
  );
  const elapsed = (performance.now() - begin).toFixed(0);
  const counts = [...new Set(codes)].map(
    (code) => `${codes.filter((one) => one === code).length} ${code}`,
  );
  process.stdout.write(
    `${CREATES} CreateHaVip at once in ${elapsed} ms (${counts.join(", ")}); ${memory()}\n`,
  );
} finally {
  child.kill("SIGTERM");
  await once(child, "exit");
  agent.destroy();
  rmSync(directory, { recursive: true });
}
