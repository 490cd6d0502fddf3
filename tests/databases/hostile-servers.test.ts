/**
 * Whoever answers at a database's port may be no database, a broken one, or somebody else: every
 * ask ends in time with an answer, memory stays bounded, and nothing is thrown past the caller.
 */
import assert from "node:assert/strict";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { type TestContext, test } from "node:test";
import { readFacts } from "#databases/mysql/facts";
import { dialMySql } from "#databases/mysql/mysql-client";
import { ServerProblem } from "#databases/port/problem";
import { readFacts as readPostgreSql } from "#databases/postgresql/facts";
import { dialCommands } from "#databases/postgresql/pg-client";
import { readFacts as readRedis } from "#databases/redis/facts";
import { dialRedis } from "#databases/redis/redis-client";
import { Secret } from "#units/secret";

const LIMITS = { connectMs: 500, loginMs: 100 };
const LOGIN = { user: "baton", password: new Secret("secret") };

async function serve(context: TestContext, talk: (socket: Socket) => void): Promise<number> {
  // Where the process is the daemon's own this is dropped as well (databases-main.ts).
  for (const method of ["error", "trace"] as const)
    context.mock.method(console, method, () => undefined);
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    talk(socket);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  context.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

const packet = (sequence: number, ...parts: readonly (string | readonly number[])[]): Buffer => {
  const body = Buffer.concat(parts.map((one) => Buffer.from(one as string, "latin1")));
  const head = Buffer.alloc(4);
  head.writeUIntLE(body.length, 0, 3);
  head.writeUInt8(sequence & 0xff, 3);
  return Buffer.concat([head, body]);
};
/** Of MariaDB 10.11, with `mysql_native_password`. */
const GREETING = packet(
  0,
  [10],
  "5.5.5-10.11.6-MariaDB\0",
  [9, 0, 0, 0],
  "abcdefgh\0",
  [0xfe, 0xf7, 45, 2, 0, 0xff, 0x81, 21],
  [0, 0, 0, 0, 0, 0, 0x1d, 0, 0, 0],
  "ijklmnopqrst\0",
  "mysql_native_password\0",
);
const OK = (sequence: number): Buffer => packet(sequence, [0, 0, 0, 2, 0, 0, 0]);

/** Pseudo-random bytes that are the same in each run. */
function noise(seed: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  let x = seed | 1;
  for (let n = 0; n < length; n += 1) {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    bytes[n] = x & 0xff;
  }
  return bytes;
}

/** What a server does that is asked after its greeting, after the login, and from then on. */
const MYSQL: Readonly<Record<string, (socket: Socket) => void>> = {
  "says nothing": () => undefined,
  "closes at once": (socket) => socket.destroy(),
  "speaks another protocol": (socket) => void socket.write("HTTP/1.1 400 Bad Request\r\n\r\n"),
  "sends an error instead of a greeting": (socket) =>
    void socket.write(packet(0, [0xff, 0x69, 0x04], "Host is blocked")),
  "sends an empty packet": (socket) => void socket.write(packet(0)),
  "sends a half greeting": (socket) => void socket.write(GREETING.subarray(0, 30)),
  "announces 16 MB and sends none": (socket) => void socket.write(Buffer.of(255, 255, 255, 0)),
  "cuts the greeting short": (socket) => void socket.write(packet(0, [10], "5.5")),
  "asks for a file": (socket) => afterLogin(socket, () => packet(1, [0xfb], "/etc/shadow")),
  "asks for another login for ever": (socket) => {
    socket.write(GREETING);
    socket.on("data", () => void socket.write(packet(2, [0xfe], "mysql_clear_password\0abc")));
  },
  "asks for a login that nobody knows": (socket) => {
    socket.write(GREETING);
    socket.on("data", () => void socket.write(packet(2, [0xfe], "sha3_future\0abc")));
  },
  "answers with a million columns": (socket) =>
    afterLogin(socket, () => packet(1, [0xfd, 0x40, 0x42, 0x0f])),
  "answers with a length beyond the packet": (socket) =>
    afterLogin(socket, () => packet(1, [0xfe, 255, 255, 255, 255, 255, 255, 255, 255])),
  "answers out of order": (socket) => afterLogin(socket, () => OK(77)),
  "answers more than was asked": (socket) =>
    afterLogin(socket, () => Buffer.concat([OK(1), OK(1), OK(1), OK(1)])),
  "answers with rows of no column": (socket) =>
    afterLogin(socket, () =>
      Buffer.concat([packet(1, [1]), packet(2, [1, 2, 3]), packet(3, [0xfe])]),
    ),
  "answers OK to every statement": (socket) => afterLogin(socket, () => OK(1)),
};

function afterLogin(socket: Socket, answer: () => Buffer): void {
  socket.write(GREETING);
  let count = 0;
  socket.on("data", () => {
    count += 1;
    socket.write(count === 1 ? OK(2) : answer());
  });
}

async function endOfMySql(port: number): Promise<string> {
  try {
    const sql = await dialMySql({ host: "127.0.0.1", port }, LOGIN, LIMITS);
    try {
      return JSON.stringify(await readFacts(sql, 100));
    } finally {
      sql.destroy();
    }
  } catch (error) {
    assert.ok(error instanceof ServerProblem || error instanceof Error, String(error));
    return `${error instanceof ServerProblem ? error.kind : "?"}: ${error.message}`;
  }
}

for (const [what, talk] of Object.entries(MYSQL)) {
  test(`MySQL: a server that ${what}`, async (context) => {
    const port = await serve(context, talk);
    const begun = performance.now();
    const end = await endOfMySql(port);
    assert.match(end, /^(?:unreachable|hung|refused|answer): ./);
    assert.ok(performance.now() - begun < 5_000, end);
  });
}

/** Writes for as long as somebody reads. */
function flood(socket: Socket, chunk: Buffer): void {
  const write = (): void => {
    while (!socket.destroyed && socket.write(chunk));
  };
  socket.on("drain", write);
  write();
}

test("MySQL: rows without an end do not fill the memory", async (context) => {
  const column = packet(
    2,
    [3],
    "def",
    [0, 0, 0, 1],
    "a",
    [0, 12, 33, 0, 0, 0, 0, 0, 253, 0, 0, 0, 0, 0],
  );
  const row = packet(4, [0xfd, 0x00, 0x00, 0x10], "a".repeat(0x10_0000));
  const port = await serve(context, (socket) => {
    socket.write(GREETING);
    let count = 0;
    socket.on("data", () => {
      count += 1;
      if (count === 1) socket.write(OK(2));
      if (count !== 2) return;
      socket.write(Buffer.concat([packet(1, [1]), column, packet(3, [0xfe, 0, 0, 2, 0])]));
      flood(socket, row);
    });
  });
  const sql = await dialMySql({ host: "127.0.0.1", port }, LOGIN, LIMITS);
  await assert.rejects(sql.query("SHOW GLOBAL VARIABLES", 60_000), /more than 64 MB/);
  assert.equal(sql.isOpen, false);
});

test("MySQL: noise, before and after a greeting", async (context) => {
  for (let seed = 1; seed <= 12; seed += 1) {
    const port = await serve(context, (socket) => {
      if (seed % 3 === 1) socket.write(noise(seed * 7919, 400));
      else if (seed % 3 === 2) {
        socket.write(GREETING);
        socket.on("data", () => void socket.write(noise(seed * 104_729, 300)));
      } else afterLogin(socket, () => packet(1, [...noise(seed * 1_299_709, 40 + seed)]));
    });
    assert.match(await endOfMySql(port), /^(?:unreachable|hung|refused|answer): ./, `${seed}`);
  }
});

const REDIS: Readonly<Record<string, (socket: Socket) => void>> = {
  "says nothing": () => undefined,
  "closes at once": (socket) => socket.destroy(),
  "speaks another protocol": (socket) =>
    void socket.on("data", () => socket.write("HTTP/1.1 400 Bad Request\r\n\r\n")),
  "sends what nobody asked for": (socket) => void socket.write("+OK\r\n+OK\r\n+OK\r\n"),
  "answers with a bulk of 1 TB": (socket) =>
    void socket.on("data", () => socket.write("$1099511627776\r\nabc")),
  "answers with an array of 2^32": (socket) =>
    void socket.on("data", () => socket.write("*4294967296\r\n")),
  "answers with an array of a billion": (socket) =>
    void socket.on("data", () => socket.write("*1000000000\r\n+a\r\n")),
  "answers with a deep array": (socket) =>
    void socket.on("data", () => socket.write("*1\r\n".repeat(100_000))),
  "answers with no number": (socket) => void socket.on("data", () => socket.write("$x\r\n")),
  "answers OK to everything": (socket) =>
    void socket.on("data", () => socket.write("+OK\r\n".repeat(4))),
  "answers with an endless line": (socket) =>
    void socket.on("data", () => socket.write(`+${"a".repeat(100_000)}`)),
};

async function endOfRedis(port: number): Promise<string> {
  try {
    const connection = await dialRedis({ host: "127.0.0.1", port }, LOGIN, LIMITS);
    try {
      return JSON.stringify(await readRedis(connection, 100));
    } finally {
      connection.destroy();
    }
  } catch (error) {
    assert.ok(error instanceof Error, String(error));
    return `${error instanceof ServerProblem ? error.kind : "?"}: ${error.message}`;
  }
}

for (const [what, talk] of Object.entries(REDIS)) {
  test(`Redis: a server that ${what}`, async (context) => {
    const port = await serve(context, talk);
    const begun = performance.now();
    const end = await endOfRedis(port);
    assert.match(end, /^(?:unreachable|hung|refused|answer): ./);
    assert.ok(performance.now() - begun < 5_000, end);
  });
}

test("Redis: noise", async (context) => {
  for (let seed = 1; seed <= 40; seed += 1) {
    const port = await serve(context, (socket) => {
      socket.on("data", () => {
        const bytes = noise(seed * 7919, 300);
        bytes.write("+-:$*"[seed % 5] ?? "+", 0);
        bytes.write("\r\n", 5 + (seed % 7));
        socket.write(bytes);
      });
    });
    assert.match(await endOfRedis(port), /^(?:unreachable|hung|refused|answer): ./, `${seed}`);
  }
});

test("Redis: an answer without an end does not fill the memory", async (context) => {
  const port = await serve(context, (socket) => {
    let count = 0;
    socket.on("data", () => {
      count += 1;
      if (count > 1) return;
      socket.write("$1099511627776\r\n");
      flood(socket, Buffer.alloc(0x10_0000, "a"));
    });
  });
  const limits = { connectMs: 500, loginMs: 60_000 };
  await assert.rejects(
    dialRedis({ host: "127.0.0.1", port }, undefined, limits),
    /more than 64 MB/,
  );
});

const message = (type: string, ...parts: readonly (string | readonly number[])[]): Buffer => {
  const body = Buffer.concat(parts.map((one) => Buffer.from(one as string, "latin1")));
  const head = Buffer.alloc(5);
  head.write(type);
  head.writeUInt32BE(body.length + 4, 1);
  return Buffer.concat([head, body]);
};
/** The login is accepted, and a statement awaited. */
const READY = Buffer.concat([message("R", [0, 0, 0, 0]), message("Z", "I")]);

const POSTGRESQL: Readonly<Record<string, (socket: Socket) => void>> = {
  "says nothing": () => undefined,
  "closes at once": (socket) => socket.destroy(),
  "speaks another protocol": (socket) =>
    void socket.on("data", () => socket.write("HTTP/1.1 400 Bad Request\r\n\r\n")),
  "sends what nobody asked for": (socket) => void socket.write(Buffer.concat([READY, READY])),
  "asks for a login that nobody knows": (socket) =>
    void socket.on("data", () => socket.write(message("R", [0, 0, 0, 99]))),
  "asks for SASL and says nonsense": (socket) =>
    void socket.on("data", () => socket.write(message("R", [0, 0, 0, 10], "SCRAM-SHA-256\0\0"))),
  "announces a message of 4 GB": (socket) =>
    void socket.on("data", () => socket.write(Buffer.from([0x44, 0xff, 0xff, 0xff, 0xff, 0x61]))),
  "has no lengths": (socket) =>
    void socket.on("data", () => socket.write(Buffer.from([0x52, 0, 0, 0, 0, 0x52, 0, 0, 0, 0]))),
  "answers with no rows": (socket) =>
    void socket.on("data", () => socket.write(Buffer.concat([READY, message("C", "SELECT 0\0")]))),
  "answers with rows before their names": (socket) =>
    void socket.on("data", () => socket.write(Buffer.concat([READY, message("D", [0, 1, 0, 0])]))),
};

async function endOfPostgreSql(port: number): Promise<string> {
  try {
    const connection = await dialCommands({ host: "127.0.0.1", port }, LOGIN, LIMITS);
    try {
      return JSON.stringify(await readPostgreSql(connection, 100));
    } finally {
      connection.destroy();
    }
  } catch (error) {
    assert.ok(error instanceof Error, String(error));
    return `${error instanceof ServerProblem ? error.kind : "?"}: ${error.message}`;
  }
}

for (const [what, talk] of Object.entries(POSTGRESQL)) {
  test(`PostgreSQL: a server that ${what}`, async (context) => {
    const port = await serve(context, talk);
    const begun = performance.now();
    const end = await endOfPostgreSql(port);
    assert.match(end, /^(?:unreachable|hung|refused|answer): ./);
    assert.ok(performance.now() - begun < 5_000, end);
  });
}

test("PostgreSQL: noise, before and after a login", async (context) => {
  for (let seed = 1; seed <= 40; seed += 1) {
    const port = await serve(context, (socket) => {
      socket.on("data", () => {
        const bytes = noise(seed * 7919, 300);
        bytes.write("RDTZCEKS"[seed % 8] ?? "R", 0);
        bytes.fill(0, 1, 4);
        socket.write(seed % 2 === 0 ? Buffer.concat([READY, bytes]) : bytes);
      });
    });
    assert.match(await endOfPostgreSql(port), /^(?:unreachable|hung|refused|answer): ./, `${seed}`);
  }
});

test("PostgreSQL: rows without an end do not fill the memory", async (context) => {
  const names = message(
    "T",
    [0, 1],
    "a\0",
    [0, 0, 0, 0, 0, 0, 0, 0, 0, 25, 255, 255, 255, 255, 255, 255, 0, 0],
  );
  const row = message("D", [0, 1, 0, 0x10, 0, 0], "a".repeat(0x10_0000));
  const port = await serve(context, (socket) => {
    let count = 0;
    socket.on("data", () => {
      count += 1;
      if (count === 1) socket.write(READY);
      if (count !== 2) return;
      socket.write(names);
      flood(socket, row);
    });
  });
  const connection = await dialCommands({ host: "127.0.0.1", port }, LOGIN, LIMITS);
  await assert.rejects(connection.query("SELECT 1", 60_000), /more than 64 MB/);
  assert.equal(connection.isOpen, false);
});
