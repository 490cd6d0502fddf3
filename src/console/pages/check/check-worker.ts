/** Reads configurations beside the page, so that typing is never held up. */
import type { WorkerAnswer, WorkerRequest } from "./check-protocol.ts";
import { examine, fixAll } from "./examine.ts";

const answer = (value: WorkerAnswer): void => postMessage(value);

addEventListener("message", ({ data }: MessageEvent<WorkerRequest>) => {
  const { id } = data;
  if (data.kind === "examine") answer({ kind: "examined", id, examined: examine(data) });
  else answer({ kind: "fixed", id, ...fixAll(data) });
});
