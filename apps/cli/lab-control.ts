/** Where a lab is found, and one question to it. */
import { createConnection } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type LabAnswer, type LabRequest, SOCKET } from "../vpc/lab-protocol.ts";

const ANSWER_MS = 5_000;

/** Of the user's own: two users' labs do not meet. */
export function labFolder(name: string, env: Readonly<Record<string, string | undefined>>): string {
  const base = env["BATON_LAB_DIR"] ?? join(tmpdir(), `baton-lab-${process.getuid?.() ?? 0}`);
  if (!/^[a-z0-9][a-z0-9-]*$/i.test(name)) throw new Error(`${name} is not a name for a lab`);
  return join(base, name);
}

export type Asked =
  | { readonly kind: "answer"; readonly answer: LabAnswer }
  | { readonly kind: "nobody" };

export function askLab(folder: string, request: LabRequest): Promise<Asked> {
  return new Promise((resolve) => {
    const socket = createConnection(join(folder, SOCKET));
    let text = "";
    const finish = (asked: Asked): void => {
      socket.destroy();
      resolve(asked);
    };
    socket.setTimeout(ANSWER_MS, () => finish({ kind: "nobody" }));
    socket.on("error", () => finish({ kind: "nobody" }));
    socket.on("end", () => finish({ kind: "nobody" }));
    socket.on("connect", () => socket.write(`${JSON.stringify(request)}\n`));
    socket.on("data", (bytes) => {
      text += bytes.toString("utf8");
      const end = text.indexOf("\n");
      if (end >= 0) finish({ kind: "answer", answer: JSON.parse(text.slice(0, end)) as LabAnswer });
    });
  });
}
