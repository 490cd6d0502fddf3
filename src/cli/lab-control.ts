/** One question to a lab, and what of the answer is believed. */
import { join } from "node:path";
import { askSocket } from "#lab/sandbox/ask-socket";
import { type LabAnswer, type LabRequest, SOCKET } from "#lab/vpc/lab-protocol";
import { type Found, findLab } from "./lab-folder.ts";

const ANSWER_MS = 5_000;

export type Asked =
  | { readonly kind: "answer"; readonly answer: LabAnswer }
  | Exclude<Found, { readonly kind: "found" }>;

export async function askLab(folder: string, request: LabRequest): Promise<Asked> {
  const found = findLab(folder, SOCKET);
  if (found.kind !== "found") return found;
  const answer = await askSocket(join(folder, SOCKET), request, ANSWER_MS);
  return answer === undefined
    ? { kind: "nobody" }
    : { kind: "answer", answer: answer as LabAnswer };
}
