/** Which user's program is at the other end of a connection, by the kernel. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { test } from "node:test";
import { socketUser } from "#linux/socket-owner";

const NOBODY = 65_534;
const userAt = ({ remoteAddress, remotePort, localAddress, localPort }: Socket) =>
  socketUser(
    { address: remoteAddress ?? "", port: remotePort ?? 0 },
    { address: localAddress ?? "", port: localPort ?? 0 },
  );

for (const host of ["127.0.0.1", "127.9.9.9"])
  test(`a connection at ${host}: our own, and none that there is not`, async (context) => {
    const server = createServer().listen(0, host);
    context.after(() => server.close());
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const client = connect(port, host);
    context.after(() => client.destroy());
    const [accepted] = (await once(server, "connection")) as [Socket];
    assert.equal(userAt(accepted), process.geteuid?.());
    const local = { address: host, port };
    assert.equal(socketUser({ address: host, port: 1 }, local), undefined);
    assert.equal(socketUser({ address: "::1", port: 1 }, local), undefined);
    assert.equal(socketUser({ address: "", port: 0 }, local), undefined);
  });

const isRoot = process.geteuid?.() === 0;
test("another user's program", {
  skip: !isRoot && "only root becomes another user",
}, async (context) => {
  const server = createServer().listen(0, "127.0.0.1");
  context.after(() => server.close());
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const program = `exec 3<>/dev/tcp/127.0.0.1/${port}; read -r line`;
  const child = spawn("bash", ["-c", program], {
    uid: NOBODY,
    gid: NOBODY,
    stdio: ["pipe", "ignore", "inherit"],
  });
  context.after(() => child.kill());
  const [accepted] = (await once(server, "connection")) as [Socket];
  assert.equal(userAt(accepted), NOBODY);
  accepted.destroy();
});
