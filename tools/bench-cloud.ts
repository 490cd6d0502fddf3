/**
 * How fast and how large is the emulator? Starts `apps/cloud/main.ts` with a durable store and asks it, signed, over
 * keep-alive connections from this process.
 *
 * Usage: node tools/bench-cloud.ts [SECONDS]
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
} from "../src/provider/signature-tc3.ts";

const SECRETS = { secretId: "AKIDBENCH", secretKey: "SECRETBENCH" };
const CONNECTIONS = 16;
const main = fileURLToPath(new URL("../apps/cloud/main.ts", import.meta.url));
const seconds = Number(process.argv[2] ?? "3");

const directory = mkdtempSync(join(tmpdir(), "baton-bench-"));
const startedAt = performance.now();
const child = spawn(
  process.execPath,
  [
    main,
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
const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });

const now = Math.floor(Date.now() / 1000);
const scope = { date: dateOf(now), service: "vpc", timestamp: `${now}` };
const key = tc3Key(SECRETS.secretKey, scope);

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
  if (response.Error !== undefined) throw new Error(`${action}: ${response.Error.Code}`);
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

async function measure(work: (index: number) => Promise<unknown>): Promise<Result> {
  const cpuBefore = cpuOf(child.pid ?? 0);
  const begin = performance.now();
  let count = 0;
  await Promise.all(
    Array.from({ length: CONNECTIONS }, async () => {
      while (performance.now() - begin < seconds * 1000) await work(count++);
    }),
  );
  const elapsed = (performance.now() - begin) / 1000;
  return { count, perSecond: count / elapsed, cpuSeconds: cpuOf(child.pid ?? 0) - cpuBefore };
}

const residentMegabytes = (): number => {
  const match = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, "utf8"));
  return Number(match?.[1]) / 1024;
};

const report = (what: string, { count, perSecond, cpuSeconds }: Result): void => {
  const perCore = count / cpuSeconds;
  process.stdout.write(
    `${what.padEnd(24)} ${perSecond.toFixed(0).padStart(6)} /s, ${perCore.toFixed(0).padStart(6)} per core second\n`,
  );
};

try {
  process.stdout.write(
    `start ${startMillis.toFixed(0)} ms, resident ${residentMegabytes().toFixed(0)} MB\n`,
  );
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
    await measure(async () => await call("DescribeHaVips", {}, region)),
  );
  report(
    "ModifyHaVipAttribute",
    await measure(async (index) => {
      const HaVipId = ids[index % ids.length];
      return await call("ModifyHaVipAttribute", { HaVipId, HaVipName: `n${index}` }, region);
    }),
  );
  process.stdout.write(`resident afterwards ${residentMegabytes().toFixed(0)} MB\n`);
} finally {
  child.kill("SIGTERM");
  await once(child, "exit");
  agent.destroy();
  rmSync(directory, { recursive: true });
}
