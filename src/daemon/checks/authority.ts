/**
 * `tls ca FILE`, read at each run, so that a new certificate counts at once. Whatever the file is,
 * its reader takes no more than its share: of memory, and of the few threads of this process that
 * wait for disks, which also write who was primary (gate-mark.ts).
 */
import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";

/** All authorities of Debian are a quarter of it. */
const BYTES_MAX = 1_048_576;

/** What is being read: a file on a disk that hangs waits once, and not once for each run. */
const reading = new Map<string, Promise<string>>();

/** Rejects with an error that has a code. */
export async function readAuthority(path: string): Promise<string> {
  let text = reading.get(path);
  if (text === undefined) {
    text = read(path).finally(() => reading.delete(path));
    reading.set(path, text);
  }
  return await text;
}

async function read(path: string): Promise<string> {
  // Nobody writes into a pipe that is here by mistake.
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    return await readSome(file);
  } finally {
    await file.close();
  }
}

async function readSome(file: FileHandle): Promise<string> {
  const stats = await file.stat();
  if (!stats.isFile()) throw problem("EINVAL", "no ordinary file");
  if (stats.size > BYTES_MAX) throw problem("EFBIG", "too large");
  const bytes = Buffer.alloc(stats.size);
  const { bytesRead } = await file.read(bytes, 0, bytes.length, 0);
  return bytes.toString("utf8", 0, bytesRead);
}

const problem = (code: string, message: string): Error =>
  Object.assign(new Error(message), { code });
