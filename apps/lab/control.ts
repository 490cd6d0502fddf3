/**
 * What baton's control socket says about a node, for the account of the demonstration. Anything that goes wrong here is
 * no answer: the demonstration judges by addresses and probes, not by what a daemon says of itself.
 */
import { createConnection } from "node:net";
import { join } from "node:path";
import type { ControlAnswer, ControlRequest, InstanceStatus, Status } from "#contract/status";

const ANSWER_MILLISECONDS = 1_000;

export function askDaemon(
  socketPath: string,
  request: ControlRequest,
): Promise<ControlAnswer | undefined> {
  return new Promise((resolve) => {
    const socket = createConnection(socketPath);
    let text = "";
    const finish = (answer: ControlAnswer | undefined): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(ANSWER_MILLISECONDS, () => finish(undefined));
    socket.on("error", () => finish(undefined));
    socket.on("end", () => finish(undefined));
    socket.on("connect", () => socket.write(`${JSON.stringify(request)}\n`));
    socket.on("data", (bytes) => {
      text += bytes.toString("utf8");
      const end = text.indexOf("\n");
      if (end >= 0) finish(parseAnswer(text.slice(0, end)));
    });
  });
}

function parseAnswer(line: string): ControlAnswer | undefined {
  try {
    return JSON.parse(line) as ControlAnswer;
  } catch {
    return undefined;
  }
}

/** Folder of the node outside → its daemon's status. */
export async function statusOf(nodeFolder: string): Promise<Status | undefined> {
  const answer = await askDaemon(join(nodeFolder, "run/baton/control.sock"), { command: "status" });
  return answer?.ok === true && "status" in answer ? answer.status : undefined;
}

export async function whyOf(nodeFolder: string, lang: "en" | "zh"): Promise<string | undefined> {
  const status = await statusOf(nodeFolder);
  const instance: InstanceStatus | undefined = status?.instances[0];
  return lang === "zh" ? instance?.why["zh-CN"] : instance?.why.en;
}
