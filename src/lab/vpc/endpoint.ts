/**
 * What an instance finds at 169.254.0.23: its metadata, as on the platform, and here the
 * cloud's API too, so that a guest without a route to the outside can use it. Only the guest
 * itself can reach it.
 */
import type { Server } from "node:http";
import type { CloudRequest, CloudResponse } from "#cloud/server/message";
import { makeServer } from "#cloud/server/server";
import { AF_INET, SOCK_CLOEXEC, SOCK_NONBLOCK, SOCKADDR_IN } from "#linux/abi";
import * as libc from "#linux/ffi";
import { addHostAddress } from "#linux/links";
import { LinuxError, must, mustDo } from "#linux/result";
import { type Ipv4, ipv4, printMac } from "#units/address";
import type { Host } from "./wires.ts";

export const METADATA_ADDRESS: Ipv4 = ipv4(0xa9fe0017);
export const METADATA_URL = "http://169.254.0.23";
const METADATA_PATH = "/latest/meta-data/";
const PORT = 80;
const SOCK_STREAM = 1;

export interface Metadata {
  readonly instanceId: string;
  readonly interfaceId: string;
  readonly address: string;
  readonly region: string;
}

export function serveInstance(
  host: Host,
  metadata: Metadata,
  handle: (request: CloudRequest) => Promise<CloudResponse>,
  onError: (error: unknown) => void,
): Server {
  const lo = must(host.rtnetlink.links()).find((link) => link.name === "lo");
  if (lo !== undefined) mustDo(addHostAddress(host.rtnetlink, lo.index, METADATA_ADDRESS, 32));
  const answers = metadataAnswers(host, metadata);
  const server = makeServer((request) => {
    const path = request.target.split("?", 1)[0] ?? "";
    if (!path.startsWith(METADATA_PATH)) return handle(request);
    const text = answers.get(path.slice(METADATA_PATH.length).replace(/\/$/, ""));
    const headers = { "Content-Type": "text/plain" };
    return Promise.resolve(
      text === undefined
        ? { status: 404, headers, body: "404 - Not Found" }
        : { status: 200, headers, body: text },
    );
  }, onError);
  // Node.js would open the socket later, in another namespace: the change of namespace lasts
  // for one synchronous call.
  server.listen({ fd: host.namespace.within(() => openSocket()) });
  return server;
}

function metadataAnswers(
  { mac }: Host,
  { instanceId, interfaceId, address, region }: Metadata,
): ReadonlyMap<string, string> {
  const nic = `network/interfaces/macs/${printMac(mac)}`;
  return new Map([
    ["instance-id", instanceId],
    ["local-ipv4", address],
    ["mac", printMac(mac)],
    ["placement/region", region],
    ["network/interfaces/macs", `${printMac(mac)}/`],
    [`${nic}/primary-local-ipv4`, address],
    // The platform has no such path; here it saves a question.
    [`${nic}/network-interface-id`, interfaceId],
  ]);
}

function openSocket(): number {
  const fd = libc.socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) throw new LinuxError(libc.failure("socket(AF_INET)"));
  const address = new Uint8Array(SOCKADDR_IN.size);
  const view = new DataView(address.buffer);
  view.setUint16(SOCKADDR_IN.family, AF_INET, true);
  view.setUint16(SOCKADDR_IN.port, PORT);
  view.setUint32(SOCKADDR_IN.address, METADATA_ADDRESS);
  if (libc.bind(fd, address, address.length) === 0) return fd;
  const failure = libc.failure("bind(169.254.0.23:80)");
  libc.close(fd);
  throw new LinuxError(failure);
}
