/** What the console's server has: asked once the access key is there. */
import { type Signal, signal } from "@preact/signals";
import type { Failure } from "./failure.ts";
import { accessKey, getJson } from "./http.ts";
import type { Session } from "./session-shape.ts";

export const session: Signal<Session | undefined> = signal(undefined);
export const sessionFailure: Signal<Failure | undefined> = signal(undefined);

/** Called when the page starts, and with every key that is given. */
export async function startSession(): Promise<void> {
  if (accessKey.peek() === undefined) return;
  const answer = await getJson<Session>("/api/session");
  if (answer.kind === "failed") sessionFailure.value = answer;
  else {
    sessionFailure.value = undefined;
    session.value = answer.body;
  }
}
