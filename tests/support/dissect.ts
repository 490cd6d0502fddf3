/**
 * Packets on a wire of the lab, captured and dissected by somebody else's code: dumpcap and tshark.
 */
import { execFile } from "node:child_process";
import { once } from "node:events";
import { promisify } from "node:util";
import type { Lab } from "#lab/measure/lab";
import { spawnIn } from "#linux/namespace";

export interface Capture {
  /** Ends the capture; the file is complete then. */
  stop(): Promise<void>;
  readonly file: string;
}

/** Everything that passes the switch port of a node. */
export async function captureAt(lab: Lab, node: string, file: string): Promise<Capture> {
  const argv = ["dumpcap", "-q", "-i", node, "-w", file, "-P"];
  const child = spawnIn(lab.network.bridge, argv, { stdio: ["ignore", "ignore", "pipe"] });
  const exited = once(child, "exit");
  let said = "";
  await new Promise<void>((resolve, reject) => {
    child.stderr?.on("data", (bytes: Buffer) => {
      said += bytes.toString();
      if (said.includes("File:")) resolve();
    });
    child.once("exit", (code) => reject(new Error(`dumpcap ended with ${code}: ${said}`)));
    child.once("error", reject);
  });
  return {
    file,
    stop: async () => {
      child.kill("SIGINT");
      await exited;
    },
  };
}

const FIELDS = [
  "frame.number",
  "frame.time_relative",
  "eth.src",
  "ip.src",
  "ip.dst",
  "ip.ttl",
  "ip.checksum.status",
  "vrrp.version",
  "vrrp.virt_rtr_id",
  "vrrp.prio",
  "vrrp.checksum.status",
  "vrrp.auth_type",
  "vrrp.auth_string",
  "_ws.malformed",
  "_ws.expert.message",
] as const;

export type DissectedPacket = Readonly<Record<(typeof FIELDS)[number], string>>;

/**
 * VRRP packets of a capture, each with tshark's opinion of it. Status "1" is a good checksum. (Not
 * those that an ICMP error quotes: a node without a running daemon says "protocol unreachable".)
 */
export async function dissectVrrp(file: string): Promise<readonly DissectedPacket[]> {
  const argv = ["-r", file, "-Y", "vrrp && !icmp", "-o", "ip.check_checksum:TRUE", "-T", "fields"];
  // Not synchronously: other labs of this process are being watched meanwhile.
  const result = await promisify(execFile)(
    "tshark",
    [...argv, ...FIELDS.flatMap((field) => ["-e", field])],
    { maxBuffer: 1 << 26 },
  );
  return result.stdout
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => {
      const values = line.split("\t");
      return Object.fromEntries(
        FIELDS.map((field, index) => [field, values[index] ?? ""]),
      ) as DissectedPacket;
    });
}
