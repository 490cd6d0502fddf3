/** Sends one request to a socket that expects one JSON object per line. */
import { createConnection } from "node:net";

/** The answer's line. Undefined if nobody listens, or no whole line came in time. */
export function askSocket(
  path: string,
  request: unknown,
  milliseconds: number,
): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = createConnection(path);
    let text = "";
    const finish = (answer: string | undefined): void => {
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
      if (end >= 0) finish(text.slice(0, end));
    });
  });
}
