/**
 * Waits for asynchronous work: polls it with a growing pause, until it ends or the time is
 * over.
 */
import type { CallFailure } from "./call-failure.ts";
import type { CloudClient } from "./client.ts";

export type Waited =
  | { readonly kind: "done" }
  /** The service tried and failed, with its own message. */
  | { readonly kind: "failed"; readonly output: string }
  | { readonly kind: "still-running"; readonly afterMs: number }
  | CallFailure;

const FIRST_PAUSE_MS = 100;
const PAUSE_MAX_MS = 1_000;

type Status = { readonly status: string; readonly output: string } | CallFailure;

async function poll(
  client: CloudClient,
  timeoutMs: number,
  ask: () => Promise<Status>,
): Promise<Waited> {
  const startedAt = client.now();
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(PAUSE_MAX_MS, pause * 1.5)) {
    const found = await ask();
    if ("kind" in found) return found;
    if (found.status === "SUCCESS") return { kind: "done" };
    if (found.status !== "RUNNING") return { kind: "failed", output: found.output };
    const afterMs = client.now() - startedAt;
    if (afterMs + pause > timeoutMs) return { kind: "still-running", afterMs };
    await client.sleep(pause);
  }
}

/** Work that is polled by the RequestId of its call: HAVIPs and interfaces. */
export async function waitForRequest(
  client: CloudClient,
  requestId: string,
  timeoutMs: number,
): Promise<Waited> {
  return await poll(client, timeoutMs, async () => {
    const result = await client.call("DescribeVpcTaskResult", { TaskId: requestId });
    if (result.kind !== "answer") return result;
    return { status: result.answer.Status, output: result.answer.Output };
  });
}

/** Work with a TaskId: elastic addresses. */
export async function waitForTask(
  client: CloudClient,
  taskId: string,
  timeoutMs: number,
): Promise<Waited> {
  return await poll(client, timeoutMs, async () => {
    const result = await client.call("DescribeTaskResult", { TaskId: Number(taskId) });
    if (result.kind !== "answer") return result;
    return { status: result.answer.Result, output: "" };
  });
}
