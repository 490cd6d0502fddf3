/**
 * A second control socket, for members of the group `baton`: it answers what only reads. Through
 * which socket a request comes is decided by the kernel (its owner, group and mode 0660), what may
 * be asked there by this file. Its clients are counted apart, so they cannot keep root out: with
 * one socket for all, and SO_PEERCRED to distinguish them, a reader could take every place.
 *
 * Without that group in /etc/group there is no such socket.
 */
import { chmodSync, chownSync } from "node:fs";
import type { Server } from "node:net";
import type { Language } from "#diagnostics/diagnostic";
import { groupInFile, READERS } from "./account.ts";
import { errnoOf } from "./contain.ts";
import type { ControlRequest } from "./control-protocol.ts";
import { type ClientLimits, type Handler, serveControl } from "./control-server.ts";
import type { Log } from "./log.ts";
import { daemonMessages } from "./messages.ts";
import { removeFile } from "./own-files.ts";

const CHANGES: Readonly<Record<ControlRequest["command"], boolean>> = {
  status: false,
  watch: false,
  explain: false,
  metrics: false,
  ping: false,
  reload: true,
  switch: true,
  maintenance: true,
  promote: true,
};
const MODE = 0o660;
/**
 * Of the descriptors of this process, half of what the control socket gets; and few, for what one
 * has not read yet is kept for each.
 */
const LIMITS: ClientLimits = { most: 64, share: 8 };

const REFUSAL: Readonly<Record<Language, { readonly error: string; readonly help: string }>> = {
  en: {
    error: `only root may ask for that; members of the group ${READERS} may read`,
    help: "try with sudo",
  },
  "zh-CN": { error: `该操作仅限 root；${READERS} 组成员只能读取`, help: "请用 sudo" },
};

export const readingOnly =
  (handle: Handler): Handler =>
  async (request, client) => {
    if (!CHANGES[request.command]) return await handle(request, client);
    const language = "lang" in request ? (request.lang ?? "en") : "en";
    return { ok: false, ...REFUSAL[language] };
  };

export interface ReaderSocketOptions {
  readonly path: string;
  readonly handle: Handler;
  readonly log: Log;
  readonly language: Language;
  /** The group's number; undefined for that of `baton` in /etc/group. */
  readonly group?: number;
}

/** Undefined if there is no such group, or the socket cannot be made, which is logged. */
export async function serveReaders(options: ReaderSocketOptions): Promise<Server | undefined> {
  const { path, handle, log, language, group = groupInFile(READERS) } = options;
  // One of an earlier daemon: the group may be gone since.
  removeFile(path);
  if (group === undefined) return undefined;
  try {
    const server = await serveControl(path, readingOnly(handle), log, LIMITS);
    try {
      // It belongs to its owner alone until the group is the right one.
      chownSync(path, process.geteuid?.() ?? 0, group);
      chmodSync(path, MODE);
      return server;
    } catch (error) {
      server.close();
      throw error;
    }
  } catch (error) {
    removeFile(path);
    log("warning", daemonMessages(language).noReaderSocket(path, errnoOf(error)));
    return undefined;
  }
}
