/** One question to a socket that speaks a JSON object a line. */
import { createConnection } from "node:net";

/** Undefined: nobody is there, or no whole answer came in time. */
export function askSocket(path: string, request: unknown, milliseconds: number): Promise<unknown> {
  return new Promise((resolve) => {
    const socket = createConnection(path);
    let text = "";
    const finish = (answer: unknown): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.setEncoding("utf8");
    socket.setTimeout(milliseconds, () => finish(undefined));
    socket.on("error", () => finish(undefined));
    socket.on("end", () => finish(undefined));
    socket.on("connect", () => socket.write(`${JSON.stringify(request)}\n`));
    socket.on("data", (more: string) => {
      text += more;
      const end = text.indexOf("\n");
      if (end >= 0) finish(readJson(text.slice(0, end)));
    });
  });
}

function readJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
