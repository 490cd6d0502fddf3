/** Where a lab is found, and one question to it. */
import { tmpdir } from "node:os";
import { join } from "node:path";
import { askSocket } from "../lab/ask-socket.ts";
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

export async function askLab(folder: string, request: LabRequest): Promise<Asked> {
  const answer = await askSocket(join(folder, SOCKET), request, ANSWER_MS);
  return answer === undefined
    ? { kind: "nobody" }
    : { kind: "answer", answer: answer as LabAnswer };
}
