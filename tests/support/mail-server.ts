/** A real SMTP server (Debian's aiosmtpd) in a namespace, and the letters it took. */
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { changeLink } from "#linux/links";
import { type Namespace, spawnIn } from "#linux/namespace";
import { mustDo } from "#linux/result";
import type { Rtnetlink } from "#linux/rtnetlink";
import { until } from "./daemon-bench.ts";

const PROGRAM = "/usr/bin/aiosmtpd";
const HANDLER = "aiosmtpd.handlers.Mailbox";
/** Its letters, one file each. */
const LOOPBACK_INDEX = 1;

export const skipMail: string | false = existsSync(PROGRAM) ? false : `needs aiosmtpd: ${PROGRAM}`;

export interface LetterTaken {
  /** Of the envelope. */
  readonly sender: string;
  readonly recipients: readonly string[];
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
}

export class MailServer {
  readonly #folder: string;
  readonly #child: ChildProcess;
  #seen = 0;

  private constructor(folder: string, child: ChildProcess) {
    this.#folder = folder;
    this.#child = child;
  }

  static async start(
    place: { readonly namespace: Namespace; readonly rtnetlink: Rtnetlink },
    folder: string,
    port = 2_525,
  ): Promise<MailServer> {
    mustDo(changeLink(place.rtnetlink, LOOPBACK_INDEX, { up: true }));
    const argv = [PROGRAM, "-n", "-u", "-l", `127.0.0.1:${port}`, "-c", HANDLER, folder];
    const child = spawnIn(place.namespace, argv, {
      stdio: ["ignore", "ignore", "inherit"],
      diesWithParent: true,
    });
    // It makes its folders before it listens, and both at once.
    await until("the mail server's folders", () => existsSync(join(folder, "new")));
    return new MailServer(folder, child);
  }

  get #files(): readonly string[] {
    return readdirSync(join(this.#folder, "new")).toSorted();
  }

  get count(): number {
    return this.#files.length;
  }

  /** Those that came since the last time, in their order. */
  take(): readonly LetterTaken[] {
    const files = this.#files;
    const fresh = files.slice(this.#seen);
    this.#seen = files.length;
    return fresh.map((file) => readLetter(readFileSync(join(this.#folder, "new", file), "utf8")));
  }

  async untilCount(count: number): Promise<void> {
    await until(`${count} letters, not ${this.count}`, () => this.count >= count);
  }

  async close(): Promise<void> {
    this.#child.kill("SIGKILL");
    if (this.#child.exitCode === null && this.#child.signalCode === null)
      await once(this.#child, "exit");
  }
}

function readLetter(text: string): LetterTaken {
  const [head = "", ...rest] = text.replaceAll("\r\n", "\n").split("\n\n");
  const headers = new Map(
    head
      .replaceAll(/\n[ \t]+/g, " ")
      .split("\n")
      .map((line) => {
        const at = line.indexOf(":");
        return [line.slice(0, at).toLowerCase(), line.slice(at + 1).trim()] as const;
      }),
  );
  return {
    sender: headers.get("x-mailfrom") ?? "",
    recipients: (headers.get("x-rcptto") ?? "").split(", "),
    headers,
    body: rest.join("\n\n"),
  };
}
